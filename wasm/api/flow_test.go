//go:build !js

package api

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

func TestFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		tab := w.open()
		var user *userJSON
		if tab.must("getUser", nil, &user); user != nil {
			t.Errorf("getUser before = %+v", user)
		}

		tab.must("signinRedirect", object{"state": object{"cart": 7}, "return_to": "https://app.example.test/shop"}, nil)
		for _, stored := range tab.stored {
			if stored.ReturnTo != "https://app.example.test/shop" || stored.ExpiresAt == 0 {
				t.Errorf("stored = %+v", stored)
			}
		}
		tab.must("signinCallback", object{"url": w.op.Visit(tab.visited())}, &user)
		if user.AccessToken == "" || user.RefreshToken == "" || string(user.State) != `{"cart":7}` || len(tab.stored) != 0 {
			t.Errorf("signinCallback = %+v, %d transactions left", user, len(tab.stored))
		}
		synctest.Wait()
		if names := tab.names(); !slices.Equal(names, []session.EventName{session.UserLoaded}) || !tab.hint {
			t.Errorf("events %v, hint %t", names, tab.hint)
		}

		var again, renewed *userJSON
		tab.must("getUser", object{}, &again)
		if again.AccessToken != user.AccessToken {
			t.Error("getUser has another token")
		}
		tab.must("signinSilent", object{}, &renewed)
		if renewed.AccessToken == user.AccessToken || renewed.RefreshToken == user.RefreshToken || string(renewed.State) != `{"cart":7}` {
			t.Errorf("signinSilent = %+v", renewed)
		}

		tab.must("signoutRedirect", object{"state": []int{1}}, nil)
		if hint := tab.query().Get("id_token_hint"); hint != renewed.IDToken {
			t.Error("signoutRedirect sends no id_token_hint")
		}
		back := w.op.Visit(tab.visited())
		var result map[string]json.RawMessage
		tab.must("signoutCallback", object{"url": back}, &result)
		if string(result["state"]) != "[1]" || len(tab.stored) != 0 {
			t.Errorf("signoutCallback = %s, %d transactions left", result["state"], len(tab.stored))
		}
		tab.must("signoutCallback", object{"url": back}, &result)
		if string(result["state"]) != "null" {
			t.Errorf("signoutCallback again = %s", result["state"])
		}
		var none *signoutResult
		if tab.must("signoutCallback", object{"url": "https://app.example.test/"}, &none); none != nil {
			t.Errorf("signoutCallback without a state = %+v", none)
		}
		var nobody *userJSON
		if tab.must("getUser", nil, &nobody); nobody != nil {
			t.Error("the user is still there")
		}
		synctest.Wait()
		want := []session.EventName{session.UserLoaded, session.UserUnloaded}
		if names := tab.names(); !slices.Equal(names, want) || tab.hint {
			t.Errorf("events %v, hint %t; want %v", names, tab.hint, want)
		}
	})
}

func TestTwoTabs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first, second := w.open(), w.open()
		user := first.signIn(w.op)
		var other userJSON
		second.must("getUser", nil, &other)
		if other.AccessToken != user.AccessToken {
			t.Error("the tabs have different tokens")
		}
		second.must("removeUser", nil, nil)
		synctest.Wait()
		want := []session.EventName{session.UserLoaded, session.UserUnloaded}
		for _, tab := range []*tab{first, second} {
			if names := tab.names(); !slices.Equal(names, want) || tab.hint {
				t.Errorf("events %v, hint %t; want %v", names, tab.hint, want)
			}
		}
		if again := second.signIn(w.op); again.AccessToken == user.AccessToken {
			t.Error("a second sign-in brought the first token")
		}
	})
}

// A tab of another client hears nothing.
func TestTwoClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first := w.open()
		w.settings = w.with("client_id", "other")
		second := w.open()
		first.signIn(w.op)
		var user *userJSON
		second.must("getUser", nil, &user)
		synctest.Wait()
		if user != nil || len(second.events) > 0 || second.hint {
			t.Error("a session reached another client")
		}
	})
}

// waiting lets a frame of tab begin, and keeps it from ending before the
// connection does.
func waiting(tab *tab) (begun chan struct{}) {
	begun = make(chan struct{})
	tab.offer("frame", func(ctx context.Context, _ []byte) (any, error) {
		close(begun)
		<-tab.connection.Done()
		return nil, ctx.Err()
	})
	return begun
}

// The frame of a tab that goes away moves to another tab, and fails if there
// is none.
func TestCloseDuringFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first, second := w.open(), w.open()
		begun := waiting(first)
		go func() { _ = first.call("signinSilent", nil, nil) }()
		<-begun
		joined := make(chan error, 1)
		go func() { joined <- second.call("signinSilent", nil, nil) }()
		synctest.Wait() // the second tab waits for the same renewal
		first.connection.Close()
		if err := <-joined; err != nil {
			t.Fatal(err)
		}
		if n := w.op.Count(oidctest.Authorize); n != 1 || len(second.frames) != 1 {
			t.Errorf("%d authorization requests, %d frames in the other tab; want one", n, len(second.frames))
		}

		begun = waiting(second)
		last := make(chan error, 1)
		client := second.connection.client
		go func() {
			_, err := client.SigninSilent(t.Context(), session.SigninArgs{})
			last <- err
		}()
		<-begun
		second.connection.Close()
		if err := <-last; codeOf(err) != session.ErrPageGone {
			t.Errorf("SigninSilent without a tab = %v, want page_gone", err)
		}
		_ = client.RemoveUser(t.Context()) // ends the watch over the token
	})
}

// A tab that never answers is asked in vain for a bounded time.
func TestFrozenTab(t *testing.T) {
	for _, method := range []string{"signinRedirect", "signinSilent", "signoutRedirect", "signinCallback"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				tab := w.open()
				params := object{}
				if method == "signinCallback" {
					tab.must("signinRedirect", nil, nil)
					params["url"] = w.op.Visit(tab.visited())
				}
				tab.freeze()
				ctx, cancel := context.WithTimeout(t.Context(), 2*serviceTimeout+1)
				defer cancel()
				done := make(chan struct{})
				go func() {
					defer close(done)
					tab.mustFail(method, params, oidc.ErrTimeout)
				}()
				select {
				case <-done:
				case <-ctx.Done():
					t.Errorf("%s still waits after %v", method, 2*serviceTimeout)
				}
			})
		})
	}
}

// Where one tab is frozen, another one renews.
func TestFrozenTabAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		frozen, awake := w.open(), w.open()
		frozen.freeze()
		frozen.must("signinSilent", nil, nil)
		if len(awake.frames) != 1 {
			t.Errorf("%d frames in the tab that is awake", len(awake.frames))
		}
	})
}

// A caller that gives up does not take the result from the others.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tab := w.open()
		release := make(chan struct{})
		tab.offer("frame", func(_ context.Context, params []byte) (any, error) {
			<-release
			return tab.frame(w.op, params)
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = tab.conn.Call(ctx, "signinSilent", nil, nil) }()
		synctest.Wait()
		second := make(chan error)
		go func() { second <- tab.call("signinSilent", nil, nil) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(release)
		if err := <-second; err != nil {
			t.Errorf("signinSilent = %v", err)
		}
		if len(tab.frames) != 1 {
			t.Errorf("%d frames, want one", len(tab.frames))
		}
	})
}
