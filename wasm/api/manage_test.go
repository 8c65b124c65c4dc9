//go:build !js

package api

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

// fullUser is every member that a page can give.
var fullUser = object{
	"access_token": "access-2", "token_type": "bearer", "refresh_token": "refresh-2", "scope": "api", "expires_at": 4_000_000_000,
	"session_state": "session-2", "profile": object{"sub": "me", "role": "admin"}, "state": object{"cart": 7}, "url_state": "en",
	"extraTokenResponseProperties": object{"tenant": "a"}, "response_parameters": object{"kc_action_status": "success"},
}

// All that a page gives comes back from getUser, in every tab.
func TestStoreUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		tab, other := w.open(), w.open()
		tab.must("storeUser", object{"user": fullUser}, nil)
		want := maps.Clone(fullUser)
		for _, tab := range []interface{ getUser() object }{tab, other} {
			if got := tab.getUser(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("getUser = %v, want %v", got, want)
			}
		}
		synctest.Wait()
		for _, tab := range []interface{ names() []session.EventName }{tab, other} {
			if names := tab.names(); !slices.Equal(names, []session.EventName{session.UserLoaded}) {
				t.Errorf("events = %v", names)
			}
		}
		// An app may store in its handler of userLoaded.
		stored := tab.getUser()
		delete(stored, "response_parameters") // which toStorageString() leaves out
		tab.must("storeUser", object{"user": stored}, nil)
		synctest.Wait()
		if names := tab.names(); len(names) > 0 {
			t.Errorf("events = %v, although nothing has changed", names)
		}
		for _, nobody := range []object{{"user": nil}, {}} {
			tab.must("storeUser", object{"user": fullUser}, nil)
			tab.must("storeUser", nobody, nil)
			if user := other.getUser(); user != nil {
				t.Errorf("getUser = %v", user)
			}
		}
	})
	seen := []string{"id_token"} // TestStoreOwnIDToken
	for name := range fullUser {
		seen = append(seen, name)
	}
	complete(t, reflect.TypeFor[userJSON](), seen)
}

func (tab *tab) getUser() object {
	tab.t.Helper()
	var user object
	tab.must("getUser", nil, &user)
	if user != nil {
		user["expires_at"] = int(user["expires_at"].(float64))
	}
	return user
}

func TestStoreUserRefusals(t *testing.T) {
	tests := []struct {
		name, member string
		value        any
		want         oidc.Code
		text         string
	}{
		{"no access token", "access_token", nil, oidc.ErrInvalidArgument, "access_token"},
		{"an unknown member", "expired", true, oidc.ErrInvalidArgument, "expired"},
		{"a token of another type", "refresh_token", 7, oidc.ErrInvalidArgument, "user"},
		{"an end of another type", "expires_at", "soon", oidc.ErrInvalidArgument, "user"},
		{"a long one", "state", strings.Repeat("x", userLimit), oidc.ErrInvalidArgument, "at most 131072"},
		{"a key that nobody has", "token_type", "DPoP", oidc.ErrDPoPKeyLost, "key"},
		{"no ID Token of anybody", "id_token", "a.b.c", oidc.ErrTokenMalformed, "ID Token"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tab := w.open()
			user := maps.Clone(fullUser)
			user[tt.member] = tt.value
			if _, message := tab.mustFail("storeUser", object{"user": user}, tt.want); !strings.Contains(message, tt.text) {
				t.Errorf("the message is %q", message)
			}
			if user := tab.getUser(); user != nil {
				t.Error("somebody is signed in")
			}
		})
	}
	newWorld(t).open().mustFail("storeUser", object{"user": "me"}, oidc.ErrInvalidArgument)
}

// What comes from getUser can be stored with more in its profile.
func TestStoreOwnIDToken(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	tab.signIn(w.op)
	user := tab.getUser()
	user["profile"].(map[string]any)["role"] = "admin"
	page := maps.Clone(user) // as apps have it
	page["session_state"], page["refresh_token"], page["state"] = nil, nil, nil
	tab.must("storeUser", object{"user": page}, nil)
	if now := tab.getUser(); fmt.Sprint(now) != fmt.Sprint(user) {
		t.Errorf("getUser = %v, want %v", now, user)
	}
	user["profile"].(map[string]any)["sub"] = "subject-2"
	tab.mustFail("storeUser", object{"user": user}, oidc.ErrSubjectChanged)
}

func TestSigninCredentials(t *testing.T) {
	tests := []struct {
		name     string
		args     object
		want     oidc.Code
		userinfo int
		x        []string
	}{
		{"plain", object{}, "", 1, []string{"setting"}},
		{"skipUserInfo", object{"skipUserInfo": true}, "", 0, []string{"setting"}},
		{"extraTokenParams", object{"extraTokenParams": object{"x": 1}}, "", 1, []string{"1"}},
		{"another password", object{"password": "p"}, oidc.ErrProvider, 0, []string{"setting"}},
		{"parameters that are none", object{"extraTokenParams": object{"x": object{}}}, oidc.ErrInvalidArgument, 0, nil},
		{"an unknown argument", object{"user": "ada"}, oidc.ErrInvalidArgument, 0, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.Password = "secret-of-the-user"
			w.settings = w.with("loadUserInfo", true)
			w.settings["extraTokenParams"] = object{"x": "setting"}
			sent := watch(w)
			tab := w.open()
			args := object{"username": "ada", "password": "secret-of-the-user"}
			maps.Copy(args, tt.args)
			if tt.want != "" {
				tab.mustFail("signinCredentials", args, tt.want)
			} else {
				var user userJSON
				tab.must("signinCredentials", args, &user)
				if now := tab.getUser(); now == nil || now["access_token"] != user.AccessToken {
					t.Errorf("getUser = %v", now)
				}
			}
			if x := sent.values(t, "password", "x"); !slices.Equal(x, tt.x) {
				t.Errorf("x = %q, want %q", x, tt.x)
			}
			if n := w.op.Count(oidctest.Userinfo); n != tt.userinfo {
				t.Errorf("%d userinfo requests, want %d", n, tt.userinfo)
			}
		})
	}
}

func TestSilentSignoutTimeout(t *testing.T) {
	for _, tt := range []struct {
		setting, argument any
		want              time.Duration
	}{
		{nil, nil, 10 * time.Second},
		{3, nil, 3 * time.Second},
		{3, 5, 5 * time.Second},
	} {
		w := newWorld(t)
		w.settings = w.with("silentRequestTimeoutInSeconds", tt.setting)
		tab := w.open()
		tab.must("signoutSilent", object{"silentRequestTimeoutInSeconds": tt.argument}, nil)
		if got := tab.frames[0].Timeout; got != tt.want.Milliseconds() {
			t.Errorf("%v, %v: the frame may live %d ms, want %v", tt.setting, tt.argument, got, tt.want)
		}
	}
}

// The state reaches the page that waits, and comes back in the frame.
func TestSignoutSilent(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	tab.signIn(w.op)
	tab.offer("frame", func(_ context.Context, params []byte) (any, error) {
		result, err := tab.frame(w.op, params)
		back, parseErr := url.Parse(result.(frameResult).URL)
		if parseErr != nil || back.Query().Get("state") != tab.query().Get("state") {
			t.Errorf("the frame ends at %v", back)
		}
		return result, err
	})
	tab.must("signoutSilent", object{"url_state": "en"}, nil)
	if state := tab.query().Get("state"); !strings.HasSuffix(state, ";en") || len(tab.stored) != 0 {
		t.Errorf("the state has no url_state, or is stored: %d", len(tab.stored))
	}
	if user := tab.getUser(); user != nil {
		t.Error("the user is still there")
	}
	tab.mustFail("signoutSilent", object{"window": 1}, oidc.ErrInvalidArgument)
	tab.refuse("frame", `{"code":"frame_no_response"}`)
	tab.mustFail("signoutSilent", nil, session.ErrFrameNoResponse)
}

func TestSilentRenew(t *testing.T) {
	for _, tt := range []struct {
		setting, on bool
		want        int
	}{
		{true, true, 1},
		{true, false, 0},
		{false, true, 1},
		{false, false, 0},
	} {
		t.Run(fmt.Sprintf("%t, then %t", tt.setting, tt.on), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings = w.with("automaticSilentRenew", tt.setting)
				tab := w.open()
				tab.signIn(w.op)
				tab.must("silentRenew", object{"on": tt.on}, nil)
				tab.must("silentRenew", object{"on": tt.on}, nil)
				w.op.ResetRequests()
				time.Sleep(time.Hour)
				if n := w.op.Count(oidctest.Authorize); n != tt.want {
					t.Errorf("%d renewals in an hour, want %d", n, tt.want)
				}
				tab.mustFail("silentRenew", object{"on": "yes"}, oidc.ErrInvalidArgument)
			})
		})
	}
}

func TestDPoPJkt(t *testing.T) {
	w := newWorld(t)
	var thumbprint *string
	if w.open().must("dpopJkt", nil, &thumbprint); thumbprint != nil {
		t.Errorf("a thumbprint without dpop: %s", *thumbprint)
	}
	w.settings = w.with("dpop", true)
	// A world without keys: that it is asked for one is what matters.
	w.open().mustFail("dpopJkt", nil, oidc.ErrUnsupported)
}

func TestQuerySessionStatusArguments(t *testing.T) {
	for _, tt := range []struct {
		args  object
		param string
		want  string
	}{
		{nil, "scope", "openid"},
		{object{"scope": "openid email"}, "scope", "openid email"},
		{object{"login_hint": "ada"}, "login_hint", "ada"},
		{object{"redirect_uri": "https://app.example.test/other"}, "redirect_uri", "https://app.example.test/other"},
	} {
		w := newWorld(t)
		w.op.CheckSession = true
		tab := w.open()
		tab.must("querySessionStatus", tt.args, nil)
		if got := tab.query().Get(tt.param); got != tt.want {
			t.Errorf("%v: %s = %q, want %q", tt.args, tt.param, got, tt.want)
		}
	}
	newWorld(t).open().mustFail("querySessionStatus", object{"return_to": "/"}, oidc.ErrInvalidArgument)
}
