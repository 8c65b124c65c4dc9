//go:build known

package session

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// The provider has new keys since the sign-in, and a refresh brings no ID Token that
// would have them fetched (OIDC Core 12.2): the signed userinfo is verified with them
// nevertheless, and the session goes on.
func TestKnownUserinfoByNewKeys(t *testing.T) {
	for _, idToken := range []bool{true, false} {
		t.Run(fmt.Sprintf("with an ID Token %t", idToken), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens, w.op.SignUserinfo = true, true
				w.settings.LoadUserinfo = true
				w.op.Respond = func(endpoint string, rw http.ResponseWriter, _ *http.Request) bool {
					if endpoint == oidctest.JWKS {
						rw.Header().Set("Cache-Control", "max-age=86400")
					}
					return false
				}
				client, tab := w.open(false)
				w.signIn(client, tab)
				time.Sleep(30 * time.Second) // the keys are good for longer
				w.op.Edit(func() {
					w.op.Rotate()
					w.op.SignedIn = false // or the browser keeps the provider's cookies from the frame
					w.op.EditTokenResponse = func(response map[string]any) {
						if !idToken {
							delete(response, "id_token")
						}
					}
				})
				if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
					t.Errorf("SigninSilent = %v", err)
				}
				time.Sleep(time.Hour)
				if user, err := client.User(t.Context()); user == nil || err != nil {
					t.Errorf("an hour later %v, %v; heard %v", user != nil, err, tab.heard())
				}
			})
		})
	}
}

// A response that belongs to nothing leaves who is signed in alone: what that person's own
// sign-in brought with it, the app's state and what the response said, is not given to the
// call that reads the stray one, which an attacker's link may have brought.
func TestKnownStrayResponseBringsNoState(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	if err := client.SigninRedirect(t.Context(), SigninArgs{State: strictjson.RawMessage(`"/pay"`), URLState: "link"}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SigninCallback(t.Context(), w.op.Visit(tab.address)+"&kc_action_status=success"); err != nil {
		t.Fatal(err)
	}
	other := newTab(w.op)
	user, err := w.openIn(other, true).SigninCallback(t.Context(), "https://app.example.test/callback.html?code=c&state=forged")
	if err != nil || user == nil {
		t.Fatalf("SigninCallback = %v, %v", user, err)
	}
	if user.State != nil || user.URLState != "" || user.Response != nil {
		t.Errorf("a stray response brings state %s, url_state %q and %v of another sign-in", user.State, user.URLState, user.Response)
	}
}

// A state that is the name of something else that the tab keeps is one that it does not know:
// the sign-in that has left begins again, or who is signed in stays.
func TestKnownStateOfANote(t *testing.T) {
	for _, state := range []string{"forged", "underway", "restore:" + "ISSUER" + ":" + "CLIENT"} {
		for _, signedIn := range []bool{true, false} {
			t.Run(fmt.Sprintf("%.8s, signed in %t", state, signedIn), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.settings.Restore = RestoreRedirect
					client, tab := w.open(false)
					if signedIn {
						w.signIn(client, tab)
					}
					if err := client.mark(t.Context(), 1); err != nil {
						t.Fatal(err)
					}
					_ = w.redirect(client, tab)
					state = strings.NewReplacer("ISSUER", w.settings.Issuer, "CLIENT", w.settings.ClientID).Replace(state)
					gone := len(tab.addresses)
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					user, err := client.SigninCallback(ctx, "https://app.example.test/callback.html?code=c&state="+url.QueryEscape(state))
					if user == nil && len(tab.addresses) == gone {
						t.Errorf("nobody, and the tab stays: %v", err)
					}
				})
			})
		}
	}
}
