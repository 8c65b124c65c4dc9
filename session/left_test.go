package session

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// What a tab keeps for a response that is used leads back, too.
func TestReturnAddressStaysWithTheResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		if err := client.SigninRedirect(t.Context(), SigninArgs{ReturnTo: "https://app.example.test/shop"}); err != nil {
			t.Fatal(err)
		}
		kept := "nothing"
		w.op.Edit(func() {
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Token {
					tab.set(func() {
						for _, transaction := range tab.transactions {
							kept = transaction.ReturnTo
						}
					})
				}
			}
		})
		if _, err := client.SigninCallback(t.Context(), w.op.Visit(tab.address)); err != nil || kept != "https://app.example.test/shop" {
			t.Errorf("a sign-in that begins again from the next page leads to %q, %v", kept, err)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// A page that is left while it completes a sign-in leaves that to the next page of its
// tab, which has the user, or an error: the code is sent once, whichever program is there.
func TestPageIsLeftDuringCallback(t *testing.T) {
	tests := []struct {
		name    string
		then    func(w *world, tab *tab, url *string) // before the next page of the tab is there
		want    oidc.Code
		revoked int
	}{
		{"the page is there again", func(*world, *tab, *string) {}, "", 0},
		{"when the tokens are there", func(*world, *tab, *string) { time.Sleep(aheadLimit / 2) }, "", 0},
		{"too late", func(*world, *tab, *string) { time.Sleep(2 * aheadLimit) }, oidc.ErrStateUnknown, 1},
		{"in another program", func(w *world, _ *tab, _ *string) { w.restart() }, oidc.ErrStateUnknown, 1},
		{"with another response", func(_ *world, _ *tab, url *string) { *url += "&more=1" }, oidc.ErrStateUnknown, 1},
		{"after a sign-out", func(w *world, _ *tab, _ *string) {
			other, _ := w.open(false)
			_ = other.SignoutSilent(w.t.Context(), SignoutArgs{})
		}, ErrNotSignedIn, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				w.op.RefreshTokens, w.settings.ManualRenew = true, true
				client, tab := w.open(false)
				url := w.redirect(client, tab)
				w.op.Hold = func(endpoint string, _ *http.Request) {
					if endpoint == oidctest.Token {
						time.Sleep(time.Second)
					}
				}
				leaves, leave := context.WithCancel(t.Context())
				go func() { _, _ = client.SigninCallback(leaves, url) }()
				synctest.Wait()
				leave()
				client.Close()
				synctest.Wait()
				registry := w.registry
				tt.then(w, tab, &url)
				if registry == w.registry && client.Current() != nil {
					t.Error("somebody is signed in before the page has the user")
				}
				back := w.openIn(tab, false)
				user, err := back.SigninCallback(t.Context(), url)
				if tt.want != "" {
					mustFail(t, "SigninCallback", err, tt.want)
				} else if err != nil || user.Subject() != w.op.Subject {
					t.Errorf("got %v, %v", user, err)
				}
				if n := w.op.Count(oidctest.Token); n != 1 || len(tab.transactions) > 0 {
					t.Errorf("%d token requests; the tab keeps %d", n, len(tab.transactions))
				}
				time.Sleep(2 * aheadLimit)
				synctest.Wait()
				if n := w.op.Count(oidctest.Revocation); n != tt.revoked || registry == w.registry && registry.absences.count() > 0 {
					t.Errorf("%d revocations, want %d; %d absences", n, tt.revoked, registry.absences.count())
				}
				_ = back.RemoveUser(t.Context())
			})
		})
	}
}
