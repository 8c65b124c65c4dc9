package session

import (
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Who has prepared has the keys before the response is there, and the request
// does not wait for them. Nobody else asks for keys before tokens are there.
func TestReadyForTheResponse(t *testing.T) {
	popup := func(w *world, client *Client, tab *tab) {
		tab.popup = func(ctx context.Context, popup Popup) (string, error) {
			synctest.Wait()
			return "", errors.Join(ErrPopupClosed, tab.Navigate(ctx, popup.Address))
		}
		_, err := client.SigninPopup(w.t.Context(), SigninArgs{})
		mustFail(w.t, "a popup that is closed", err, ErrPopupClosed)
	}
	redirect := func(w *world, client *Client, _ *tab) {
		if err := client.SigninRedirect(w.t.Context(), SigninArgs{}); err != nil {
			w.t.Error(err)
		}
	}
	tests := []struct {
		name     string
		prepared bool
		onePage  bool
		leave    func(*world, *Client, *tab)
		keys     int // requests while the provider has the request
	}{
		{"redirect", true, false, redirect, 1},
		{"popup", true, false, popup, 1},
		{"popup of a program of one page", true, true, popup, 1},
		{"the program goes, too", true, true, redirect, 0},
		{"not prepared", false, false, redirect, 0},
		{"popup, not prepared", false, false, popup, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t, w.onePage = t, tt.onePage
				w.restart()
				client, tab := w.open(false)
				if tt.prepared {
					if err := client.Prepare(t.Context()); err != nil {
						t.Fatal(err)
					}
					if n := w.op.Count(oidctest.JWKS); n != 0 {
						t.Errorf("%d requests for keys before a request has been handed out", n)
					}
				}
				tt.leave(w, client, tab)
				synctest.Wait()
				if n := w.op.Count(oidctest.JWKS); n != tt.keys {
					t.Errorf("%d requests for keys, want %d", n, tt.keys)
				}
				if tab.address == "" {
					t.Error("the request was not handed out")
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

// counting counts the bytes that are drawn.
type counting struct{ n atomic.Int64 }

func (c *counting) Read(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return rand.Read(p)
}

// Where somebody waits for the request itself, none is made to be thrown away.
func TestPrepareBesideSignin(t *testing.T) {
	drawn := func(t *testing.T, signin bool) int64 {
		var n int64
		synctest.Test(t, func(t *testing.T) {
			w, source, hold := newWorld(t), &counting{}, make(chan struct{})
			w.t = t
			w.registry = NewRegistry(Config{Transport: held{w.transport, hold}, Rand: source, Logf: t.Logf})
			client, _ := w.open(false)
			var prepared, redirected error
			go func() { prepared = client.Prepare(t.Context()) }()
			if signin {
				go func() { redirected = client.SigninRedirect(t.Context(), SigninArgs{}) }()
			}
			synctest.Wait()
			close(hold)
			synctest.Wait()
			if prepared != nil || redirected != nil {
				t.Error(prepared, redirected)
			}
			n = source.n.Load()
			_ = client.RemoveUser(t.Context())
		})
		return n
	}
	if alone, beside := drawn(t, false), drawn(t, true); alone == 0 || beside != alone {
		t.Errorf("%d random bytes beside a sign-in; one request takes %d", beside, alone)
	}
}

// held is a transport that waits.
type held struct {
	oidc.Transport
	until chan struct{}
}

// Do is [oidc.Transport].
func (h held) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	<-h.until
	return h.Transport.Do(ctx, req)
}
