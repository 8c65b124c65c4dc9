//go:build known

package session

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// "an interactive sign-in is stronger than the end of the session before it:
// idle" (docs/who-is-signed-in.md, rule 2): while somebody types in a window of the app,
// the page that waits for it is not sent away.
func TestKnownIdleDuringPopup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime = 24 * time.Hour
		w.settings.Idle = IdleSettings{Timeout: time.Minute}
		client, tab, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		leaves := len(tab.addresses)
		tab.popup = func(_ context.Context, p Popup) (string, error) {
			time.Sleep(65 * time.Second) // somebody types in the window
			return w.op.Visit(p.URL), nil
		}
		user, err := client.SigninPopup(t.Context(), SigninArgs{})
		tab.set(func() {
			for _, address := range tab.addresses[leaves:] {
				if !strings.Contains(address, "response_type") {
					t.Errorf("the page that waits for the window is sent away for doing nothing; had it stayed: %v, %v", user != nil, err)
				}
			}
		})
		_ = client.RemoveUser(t.Context())
	})
}

// "Who signs in stays" (docs/who-is-signed-in.md): who has signed in while the
// tokens of the idle user are revoked is not sent away to end the session at the provider.
func TestKnownSigninDuringIdleSignout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime, w.op.RefreshTokens = 24*time.Hour, true
		w.settings.Idle = IdleSettings{Timeout: time.Minute}
		client, tab, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		leaves := len(tab.addresses)
		w.op.Edit(func() {
			w.op.Subject = "subject-2"
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Revocation {
					time.Sleep(1500 * time.Millisecond)
				}
			}
		})
		tab.popup = func(_ context.Context, p Popup) (string, error) {
			time.Sleep(61 * time.Second)
			return w.op.Visit(p.URL), nil
		}
		if _, err := client.SigninPopup(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		before := len(tab.addresses) // the window's is among them, if at all
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if user := client.Current(); user == nil || user.Subject() != "subject-2" {
			t.Error("Bob is not signed in")
		}
		if len(tab.addresses) > before {
			t.Errorf("Bob has signed in, and the page is sent away to sign out: %.60s", tab.addresses[before])
		}
		_ = leaves
		_ = client.RemoveUser(t.Context())
	})
}
