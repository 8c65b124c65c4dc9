package session

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// An app that signs in whenever nobody is there, and reads no response, is told so after
// a few round trips, whichever clients of the tab sign in; who clicks, or thinks, is not.
func TestUnreadSignins(t *testing.T) {
	visit := func(t *testing.T, w *world, client *Client, tab *tab) { w.op.Visit(tab.address) }
	tests := []struct {
		name  string
		pause time.Duration
		back  func(t *testing.T, w *world, client *Client, tab *tab) // before the next page signs in
		want  oidc.Code
	}{
		{"no page reads a response", 300 * time.Millisecond, visit, ErrCallbackUnread},
		{"slowly", unreadPause - time.Millisecond, visit, ErrCallbackUnread},
		{"somebody comes back after a while", unreadPause, visit, ""},
		{"the last one is read", time.Second, func(t *testing.T, w *world, client *Client, tab *tab) {
			if _, err := client.SigninCallback(t.Context(), w.op.Visit(tab.address)); err != nil {
				t.Error(err)
			}
			_ = client.RemoveUser(t.Context())
		}, ""},
		{"refusals are read", time.Second, func(t *testing.T, w *world, client *Client, tab *tab) {
			_, err := client.SigninCallback(t.Context(), refusal(tab.address, "access_denied"))
			mustFail(t, "SigninCallback", err, oidc.ErrProvider)
		}, ""},
		{"the sign-ins are of another client", time.Second, func(_ *testing.T, _ *world, _ *Client, tab *tab) {
			kept := tab.transactions[underwayMark]
			kept.Client = "https://other.example.test:app"
			tab.transactions[underwayMark] = kept
		}, ErrCallbackUnread},
		{"refusals without a state are read", time.Second, func(t *testing.T, w *world, client *Client, _ *tab) {
			_, err := client.SigninCallback(t.Context(), w.settings.RedirectURI+"?error=invalid_scope")
			mustFail(t, "SigninCallback", err, oidc.ErrProvider)
		}, ""},
		{"an earlier release has kept the mark", time.Second, func(_ *testing.T, _ *world, _ *Client, tab *tab) {
			kept := tab.transactions[underwayMark]
			state, _, _ := parseUnderway(Kept{Record: kept.Record})
			kept.Record = []byte(state)
			tab.transactions[underwayMark] = kept
		}, ""},
		{"the clock is set back", -time.Second, visit, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var set atomic.Int64 // nanoseconds
				tab := newTab(w.op)
				for page := range unreadLimit + 1 {
					w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Now: func() time.Time { return time.Now().Add(time.Duration(set.Load())) }})
					client := w.openIn(tab, false)
					for _, state := range []string{`1`, `2`} { // a page counts once
						err := client.SigninRedirect(t.Context(), SigninArgs{State: strictjson.RawMessage(state)})
						switch {
						case page < unreadLimit || tt.want == "":
							if err != nil {
								t.Fatalf("page %d: %v", page, err)
							}
						default:
							mustFail(t, "SigninRedirect", err, tt.want)
						}
					}
					tt.back(t, w, client, tab)
					client.Close()
					time.Sleep(max(tt.pause, 0))
					set.Add(int64(min(tt.pause, 0)))
				}
				if want := 2 * unreadLimit; tt.want != "" && len(tab.addresses) != want {
					t.Errorf("the tab has left %d times, want %d", len(tab.addresses), want)
				}
				time.Sleep(unreadPause)
				client := w.openIn(tab, false)
				if err := client.SigninRedirect(t.Context(), SigninArgs{}); err != nil {
					t.Errorf("later: %v", err)
				}
			})
		})
	}
}

// So is one whose request is an object of its own, with which no sign-in begins again.
func TestUnreadSigninsWithAnObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tab := newTab(w.op)
		for page := range unreadLimit + 1 {
			client := w.openIn(tab, false)
			err := client.SigninRedirect(t.Context(), SigninArgs{RequestURI: "urn:ietf:params:oauth:request_uri:of-the-app"})
			if page < unreadLimit && err != nil {
				t.Fatalf("page %d: %v", page, err)
			} else if page == unreadLimit {
				mustFail(t, "SigninRedirect", err, ErrCallbackUnread)
			}
			client.Close()
		}
	})
}
