//go:build !js

package api

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// The page is asked for the window that it opened, with all that it needs.
func TestPopup(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	var user userJSON
	tab.must("signinPopup", object{"window": 3, "state": object{"cart": 7}}, &user)
	if string(user.State) != `{"cart":7}` || len(tab.stored) != 0 {
		t.Errorf("signinPopup = %+v, %d transactions stored", user, len(tab.stored))
	}
	tab.must("signoutPopup", object{"window": 4}, nil)
	if len(tab.popups) != 2 {
		t.Fatalf("%d windows, want 2", len(tab.popups))
	}
	for i, window := range []int64{3, 4} {
		if p := tab.popups[i]; p.Window != window || p.State == "" || p.Timeout != 15*60*1000 {
			t.Errorf("the page was asked for %+v", p)
		}
	}
}

// Nobody else can hold a window: if its tab goes away, the sign-in is over.
func TestCloseDuringPopup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tab, other := w.open(), w.open()
		begun := make(chan struct{})
		tab.offer("popup", func(ctx context.Context, _ []byte) (any, error) {
			close(begun)
			<-tab.connection.Done()
			return nil, ctx.Err()
		})
		client, failed := tab.connection.client, make(chan error, 1)
		go func() {
			_, err := client.SigninPopup(t.Context(), session.SigninArgs{Window: 1})
			failed <- err
		}()
		<-begun
		tab.connection.Close()
		if err := <-failed; codeOf(err) != session.ErrPageGone {
			t.Errorf("SigninPopup = %v, want page_gone", err)
		}
		if len(other.popups) != 0 {
			t.Error("another tab was asked")
		}
	})
}

// What the page says of a window reaches the caller.
func TestPopupCodes(t *testing.T) {
	codes := []oidc.Code{
		session.ErrPopupBlocked, session.ErrPopupClosed, session.ErrPopupSevered, oidc.ErrAborted, oidc.ErrTimeout,
	}
	for _, method := range []string{"signinPopup", "signoutPopup"} {
		for _, code := range codes {
			t.Run(method+" "+string(code), func(t *testing.T) {
				w := newWorld(t)
				tab := w.open()
				late := make(chan struct{})
				tab.refuse("popup", `{"code":"`+string(code)+`"}`)
				tab.offer("popup.late", func(ctx context.Context, _ []byte) (any, error) {
					close(late)
					<-tab.connection.Done()
					return nil, ctx.Err()
				})
				tab.mustFail(method, nil, code)
				if method == "signinPopup" && (code == session.ErrPopupClosed || code == session.ErrPopupSevered) {
					<-late
				}
			})
		}
	}
}
