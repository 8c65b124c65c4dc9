package session

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A provider whose overload looks like the end of a session ends none.
func TestOverload(t *testing.T) {
	blind := func(w *world, tab *tab) { // the browser keeps the cookies from the frame
		w.op.SignedIn = false
	}
	errorPage := func(_ *world, tab *tab) {
		tab.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
	}
	tests := []struct {
		name    string
		refresh bool
		lost    int // answers of the token endpoint
		edit    func(*world, *tab)
	}{
		{"two lost answers, a blind frame", true, 2, blind},
		{"three lost answers, a blind frame", true, 3, blind},
		{"two lost answers, an error page in the frame", true, 2, errorPage},
		{"an error page in the frame for a minute after the token", false, 0, errorPage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = tt.refresh
				lost := tt.lost
				w.transport.Fail = func(req *oidc.Request) error {
					if lost > 0 && strings.Contains(req.Body, "grant_type=refresh_token") {
						lost--
						return oidc.ErrTimeout
					}
					return nil
				}
				client, tab := w.open(false)
				w.signIn(client, tab)
				tab.set(func() { w.op.Edit(func() { tt.edit(w, tab) }) })
				time.Sleep(time.Hour + time.Minute)
				tab.set(func() { tab.frame = nil })
				time.Sleep(20 * time.Minute)
				synctest.Wait()
				user, _ := client.session.current()
				if user == nil || user.left(time.Now()) <= 0 {
					t.Errorf("user = %v, want one with a good token", user)
				}
				client.session.stopTimer()
			})
		})
	}
}

// What the next token needs is there before the refresh token is used: keys that
// cannot be had waste none. The answer to the probe is metadata like any other.
func TestNothingIsWasted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		w.signIn(client, tab)
		w.op.Edit(func() {
			w.op.Answer(oidctest.JWKS, func(rw http.ResponseWriter, _ *http.Request) { status(503)(rw) })
		})
		time.Sleep(2 * time.Hour) // metadata and keys are too old
		w.op.ResetRequests()
		client.Wake()
		time.Sleep(time.Minute)
		if n := w.op.Count(oidctest.Token); n > 0 || w.op.Count(oidctest.JWKS) == 0 {
			t.Errorf("%d token requests while there are no keys", n)
		}
		client.session.stopTimer()
	})
	w := newWorld(t)
	client, _ := w.open(false)
	for range 2 {
		if err := client.session.provider.probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.op.ResetRequests()
	if _, err := client.session.provider.fetchMetadata(t.Context()); err != nil || len(w.op.Requests()) > 0 {
		t.Errorf("requests after a probe: %v, %v", w.op.Requests(), err)
	}
}
