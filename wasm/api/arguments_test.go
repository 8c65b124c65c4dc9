//go:build !js

package api

import (
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Build tools make text of numbers and truth values.
func TestValuesOfAnotherType(t *testing.T) {
	w := newWorld(t)
	w.op.ClientID = "12345"
	for name, value := range map[string]any{
		"client_id": 12345, "loadUserInfo": "false", "accessTokenExpiringNotificationTimeInSeconds": "60", "scope": []string{"openid", "email"},
		"monitorSession": "false", "checkSessionIntervalInSeconds": "2.5", "max_age": "0",
	} {
		w.settings[name] = value
	}
	tab := w.open()
	tab.must(redirect, object{"login_hint": 12345, "extraQueryParams": object{"kc_idp_hint": nil, "a": 1}, "skipUserInfo": "true"}, nil)
	sent, err := url.Parse(tab.visited())
	if err != nil {
		t.Fatal(err)
	}
	q := sent.Query()
	for name, want := range map[string]string{
		"client_id": "12345", "scope": "openid email", "max_age": "0", "login_hint": "12345", "a": "1",
	} {
		if got := q.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if q.Has("kc_idp_hint") {
		t.Error("null was sent")
	}
	tab.must("signinCallback", object{"url": w.op.Visit(tab.address)}, nil)
	if n := w.op.Count(oidctest.Userinfo); n != 0 {
		t.Errorf("%d userinfo requests", n)
	}
}

// The arguments of a sign-in that no URL shows.

func TestSkipUserInfo(t *testing.T) {
	for _, method := range []string{redirect, popup, silent} {
		for _, skip := range []any{nil, false, true} {
			t.Run(fmt.Sprint(method, skip), func(t *testing.T) {
				w := newWorld(t)
				w.settings = w.with("loadUserInfo", true)
				tab := w.open()
				tab.must(method, object{"skipUserInfo": skip}, nil)
				if method == redirect {
					tab.must("signinCallback", object{"url": w.op.Visit(tab.address)}, nil)
				}
				if asked := w.op.Count(oidctest.Userinfo) > 0; asked == (skip == true) {
					t.Errorf("the userinfo endpoint was asked: %t", asked)
				}
			})
		}
	}
}

func TestForceIframeAuth(t *testing.T) {
	for _, force := range []any{nil, false, true} {
		w := newWorld(t)
		w.op.RefreshTokens = true
		tab := w.open()
		tab.signIn(w.op)
		tab.must(silent, object{"forceIframeAuth": force}, nil)
		if framed := len(tab.frames) > 0; framed != (force == true) {
			t.Errorf("forceIframeAuth %v: a frame: %t", force, framed)
		}
	}
}

func TestSilentRequestTimeoutArgument(t *testing.T) {
	tests := []struct {
		seconds any
		want    time.Duration
	}{
		{nil, 7 * time.Second}, {0, 7 * time.Second},
		{0.5, 500 * time.Millisecond}, {20, 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.seconds), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings = w.with("silentRequestTimeoutInSeconds", 7)
				tab := w.open()
				tab.must(silent, object{"silentRequestTimeoutInSeconds": tt.seconds}, nil)
				if got := tab.frames[0].Timeout; got != tt.want.Milliseconds() {
					t.Errorf("the frame may live %d ms, want %v", got, tt.want)
				}
			})
		})
	}
}

// A renewal with a state gives it to the user, one without leaves it.
func TestSilentState(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	tab.must(redirect, object{"state": 1}, nil)
	var user userJSON
	tab.must("signinCallback", object{"url": w.op.Visit(tab.address)}, &user)
	for _, tt := range []struct {
		argument any
		want     string
	}{{nil, `1`}, {object{"a": 2}, `{"a":2}`}, {nil, `{"a":2}`}} {
		tab.must(silent, object{"state": tt.argument}, &user)
		if string(user.State) != tt.want {
			t.Errorf("state = %s, want %s", user.State, tt.want)
		}
	}
}
