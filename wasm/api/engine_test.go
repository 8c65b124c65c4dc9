//go:build !js

package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

// restoring is a tab with a session of which the program does not know.
func restoring(w *world) *tab {
	tab := w.connect()
	tab.must("open", object{"version": Version, "signed_in": true, "settings": w.settings}, nil)
	return tab
}

func TestPrepare(t *testing.T) {
	for value, want := range map[any]oidc.Code{nil: "", "intent": "", "idle": "", "always": oidc.ErrInvalidConfig, true: oidc.ErrInvalidConfig} {
		w := newWorld(t)
		tab := w.connect()
		params := object{"version": Version, "settings": w.with("prepare", value)}
		if want != "" {
			tab.mustFail("open", params, want)
			continue
		}
		tab.must("open", params, nil)
		tab.must("prepare", nil, nil)
		if got := w.op.Requests(); !slices.Equal(got, []string{oidctest.Discovery}) {
			t.Errorf("prepare %v: requests %v", value, got)
		}
		tab.must(redirect, nil, nil)
		if n := w.op.Count(oidctest.Discovery); n != 1 {
			t.Errorf("prepare %v: metadata was fetched %d times", value, n)
		}
		tab.mustFail("prepare", object{"return_to": "https://app.example.test/"}, oidc.ErrInvalidArgument)
	}
}

// The callback page tells of a response before the app's page is there.
func TestArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tab := w.open()
		tab.must(redirect, nil, nil)
		address, response, _ := strings.Cut(w.op.Visit(tab.address), "?")
		url, arrival := "https://app.example.test/?oidcspa.arrival=1-2&"+response, object{"address": address, "mark": "1-2"}
		callback := w.connect()
		callback.mustFail("arrive", object{"url": url, "arrival": arrival, "more": 1}, oidc.ErrInvalidArgument)
		callback.must("arrive", object{"url": url, "arrival": arrival}, nil)
		if err := callback.conn.Notify("close", nil); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := w.op.Count(oidctest.Token); n != 1 {
			t.Errorf("%d token requests", n)
		}
	})
}

// A page of a new tab asks how to hand on a response that another tab has left for. It gets nothing
// that the sign-in is completed with.
func TestAwaits(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	tab.must(redirect, object{"return_to": "https://app.example.test/orders", "state": "of the app"}, nil)
	url := w.op.Visit(tab.address)
	state, err := oidc.CallbackState(url)
	if err != nil {
		t.Fatal(err)
	}
	callback := w.connect()
	callback.mustFail("awaits", object{"state": state.Reveal(), "keep": true}, oidc.ErrInvalidArgument)
	var way map[string]any
	callback.must("awaits", object{"state": state.Reveal() + "x"}, &way)
	if way != nil {
		t.Errorf("another state: %v", way)
	}
	callback.must("awaits", object{"state": state.Reveal()}, &way)
	names := slices.Sorted(maps.Keys(way))
	if want := []string{"address", "client", "expires_at", "return_to"}; !slices.Equal(names, want) || way["return_to"] != "https://app.example.test/orders" {
		t.Errorf("the page gets %v, want %v", names, want)
	}
	// What it keeps of that has no record, and where the response arrived.
	address, response, _ := strings.Cut(url, "?")
	way["record"], way["arrival"] = nil, object{"address": address, "mark": "1-2"}
	other := w.open()
	other.offer("transactions.take", func(context.Context, []byte) (any, error) { return way, nil })
	other.offer("transactions.put", func(context.Context, []byte) (any, error) {
		t.Error("the new tab gets something to keep")
		return nil, nil
	})
	var user struct {
		State string `json:"state"`
	}
	other.must("signinCallback", object{"url": "https://app.example.test/?oidcspa.arrival=1-2&" + response}, &user)
	if user.State != "of the app" {
		t.Errorf("the state of the app is %q", user.State)
	}
}

func TestRestore(t *testing.T) {
	tests := []struct {
		setting any
		user    bool
		frames  int
		leaves  bool
	}{
		{nil, true, 1, false},
		{"silent", true, 1, false},
		{"off", false, 0, false},
		{"redirect", false, 0, true},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.settings = w.with("restore", tt.setting)
			tab := restoring(w)
			left := false
			tab.offer("navigate", func(ctx context.Context, params []byte) (any, error) {
				left = true
				return tab.navigate(ctx, params)
			})
			var user *userJSON
			tab.must("getUser", object{"return_to": "https://app.example.test/shop"}, &user)
			if (user != nil) != tt.user || len(tab.frames) != tt.frames || left != tt.leaves {
				t.Errorf("restore %v: user %t, %d frames, leaves %t", tt.setting, user != nil, len(tab.frames), left)
			}
			if left && tab.query().Get("prompt") != "none" {
				t.Error("the provider may show something")
			}
			for _, stored := range tab.stored { // the mark of the tab is no sign-in
				if stored.Restore != (stored.ReturnTo == "https://app.example.test/shop") {
					t.Errorf("restore %t, return_to %q", stored.Restore, stored.ReturnTo)
				}
			}
			tab.must("removeUser", nil, nil)
		})
	}
	w := newWorld(t)
	w.settings = w.with("restore", "always")
	w.connect().mustFail("open", object{"version": Version, "settings": w.settings}, oidc.ErrInvalidConfig)
}

// A session that ends by itself says why; one that cannot be restored, too.
func TestReasons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.SignedIn = false
		tab := restoring(w)
		tab.must("getUser", nil, nil)
		synctest.Wait()
		if len(tab.events) != 1 || tab.events[0].Name != session.RestoreError || tab.events[0].Error.Data.Error != "login_required" {
			t.Errorf("events = %+v", tab.events)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tab := w.open()
		tab.signIn(w.op)
		synctest.Wait()
		tab.names()
		w.op.Edit(func() { w.op.SignedIn = false })
		time.Sleep(time.Hour)
		synctest.Wait()
		last := tab.events[len(tab.events)-1]
		if last.Name != session.UserUnloaded || last.Error == nil || last.Error.Data.Error != "login_required" {
			t.Errorf("last event = %+v", last)
		}
	})
}

// A page that is shown again has a renewal tried that waits.
func TestWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		tab := w.open()
		tab.must("wake", nil, nil)
		tab.signIn(w.op)
		var down atomic.Bool
		down.Store(true)
		w.op.Edit(func() {
			w.op.Respond = func(endpoint string, rw http.ResponseWriter, _ *http.Request) bool {
				if !down.Load() || endpoint != oidctest.Token {
					return false
				}
				http.Error(rw, "", http.StatusServiceUnavailable) // tried again after a pause
				return true
			}
		})
		time.Sleep(2 * time.Hour)
		down.Store(false)
		w.op.ResetRequests()
		synctest.Wait()
		if n := w.op.Count(oidctest.Token); n > 0 {
			t.Errorf("%d requests within the pause", n)
		}
		tab.must("wake", nil, nil)
		synctest.Wait()
		if n := w.op.Count(oidctest.Token); n != 1 {
			t.Errorf("%d requests after the wake-up, want 1", n)
		}
		tab.must("removeUser", nil, nil)
	})
}

func TestStats(t *testing.T) {
	w := newWorld(t)
	tab := w.connect()
	var before, after statsResult
	tab.must("stats", nil, &before) // before "open"
	tab = w.open()
	tab.signIn(w.op)
	tab.must(silent, nil, nil)
	tab.must("stats", nil, &after)
	if len(before.Requests) > 0 || after.Requests["token"].Count != 2 || after.Renewals.Count != 1 {
		t.Errorf("stats before %+v, after %+v", before, after)
	}
	for _, kind := range []string{"discovery", "jwks", "authorize", "token"} {
		if after.Requests[kind].Count == 0 {
			t.Errorf("no %s request is counted", kind)
		}
	}
}

// A clock that is wrong is told with the difference.
func TestSkew(t *testing.T) {
	w := newWorld(t)
	w.op.EditIDToken = func(_, claims map[string]any) { claims["iat"] = time.Now().Unix() + 600 }
	tab := w.open()
	tab.must(redirect, nil, nil)
	data, _ := tab.mustFail("signinCallback", object{"url": w.op.Visit(tab.address)}, oidc.ErrClockSkew)
	if !slices.Contains([]int64{599, 600, 601}, data.Skew) {
		t.Errorf("skew = %d, want 600", data.Skew)
	}
}
