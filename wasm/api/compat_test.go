//go:build !js

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// sent is what the provider was sent, in order.
type sent struct {
	mu       sync.Mutex
	requests []oidc.Request
}

// watch writes down what a world's provider is sent from now on.
func watch(w *world) *sent {
	s := &sent{}
	w.transport.Fail = func(req *oidc.Request) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, *req)
		return nil
	}
	return s
}

// values returns those of a parameter in forms with a grant_type.
func (s *sent) values(t *testing.T, grantType, name string) []string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var values []string
	for _, req := range s.requests {
		form, err := url.ParseQuery(req.Body)
		if err != nil {
			t.Fatal(err)
		}
		if form.Get("grant_type") == grantType {
			values = append(values, form[name]...)
		}
	}
	return values
}

func TestExtraTokenParams(t *testing.T) {
	tests := []struct {
		name              string
		setting, argument any
		code, refresh     []string // with the argument for the renewal alone
	}{
		{"none", nil, nil, nil, nil},
		{"setting", object{"tenant": "a b"}, nil, []string{"a b"}, nil},
		{"number", object{"tenant": 7}, nil, []string{"7"}, nil},
		{"argument", nil, object{"tenant": "c"}, []string{"c"}, []string{"c"}},
		{"argument over setting", object{"tenant": "a"}, object{"tenant": "c"}, []string{"c"}, []string{"c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings = w.with("extraTokenParams", tt.setting)
			tab, args := w.open(), object{}
			if tt.argument != nil {
				args["extraTokenParams"] = tt.argument
			}
			tab.must(redirect, args, nil)
			s := watch(w)
			tab.must("signinCallback", object{"url": w.op.Visit(tab.address)}, nil)
			tab.must(silent, args, nil)
			if got := s.values(t, "authorization_code", "tenant"); !slices.Equal(got, tt.code) {
				t.Errorf("with the code %q, want %q", got, tt.code)
			}
			if got := s.values(t, "refresh_token", "tenant"); !slices.Equal(got, tt.refresh) {
				t.Errorf("with the refresh token %q, want %q", got, tt.refresh)
			}
		})
	}
	w := newWorld(t)
	w.settings = w.with("extraTokenParams", object{"client_secret": "x"})
	w.connect().mustFail("open", object{"version": Version, "settings": w.settings}, oidc.ErrInvalidConfig)
}

func TestExtraTokenParamsAtRefresh(t *testing.T) {
	for _, tt := range []struct {
		setting, argument any
		want              []string
	}{
		{false, nil, nil},
		{true, nil, []string{"a"}},
		{true, object{"tenant": "c"}, []string{"c"}},
		{true, object{}, nil},
	} {
		t.Run(fmt.Sprint(tt.setting, tt.argument), func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings = w.with("extraTokenParams", object{"tenant": "a"})
			w.settings["extraTokenParamsAtRefresh"] = tt.setting
			tab, args := w.open(), object{}
			tab.signIn(w.op)
			if tt.argument != nil {
				args["extraTokenParams"] = tt.argument
			}
			s := watch(w)
			tab.must(silent, args, nil)
			if got := s.values(t, "refresh_token", "tenant"); !slices.Equal(got, tt.want) {
				t.Errorf("with the refresh token %q, want %q", got, tt.want)
			}
		})
	}
}

// A provider without a sign-out of its own lets in whoever was there before, but for a prompt.
func TestPromptAfterSignout(t *testing.T) {
	for _, tt := range []struct {
		name         string
		on, ends     bool // the setting; the provider has a sign-out
		out, popup   bool // somebody signs out; the sign-in after that is in a window
		prompt, want string
	}{
		{"a first sign-in", true, false, false, false, "", ""},
		{"after a sign-out", true, false, true, false, "", "login"},
		{"in a window", true, false, true, true, "", "login"},
		{"which the provider knows of", true, true, true, false, "", ""},
		{"with a prompt", true, false, true, false, "consent", "consent"},
		{"without the setting", false, false, true, false, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.settings = w.with("promptAfterSignout", tt.on)
			if !tt.ends {
				w.op.EditMetadata = func(metadata map[string]any) { delete(metadata, "end_session_endpoint") }
			}
			tab := w.open()
			tab.signIn(w.op)
			switch {
			case tt.out && tt.ends:
				tab.must(signout, nil, nil)
			case tt.out:
				tab.mustFail(signout, nil, oidc.ErrUnsupported)
			}
			for i := range 2 { // the second is after a sign-in
				if tt.popup {
					tab.must(popup, object{"prompt": tt.prompt}, nil)
				} else {
					tab.must(redirect, object{"prompt": tt.prompt}, nil)
				}
				if got := tab.query().Get("prompt"); i == 0 && got != tt.want || i == 1 && got != tt.prompt {
					t.Errorf("sign-in %d has the prompt %q, want %q", i+1, got, tt.want)
				}
				if !tt.popup {
					tab.must("signinCallback", object{"url": w.op.Visit(tab.address)}, nil)
				}
			}
		})
	}
}

func TestExtraHeaders(t *testing.T) {
	w := newWorld(t)
	w.settings = w.with("extraHeaders", object{"X-One": "1", "Accept": "text/html"})
	w.settings["loadUserInfo"] = true
	s := watch(w)
	w.open().signIn(w.op)
	if len(s.requests) != 4 {
		t.Fatalf("%d requests, want discovery, jwks, token and userinfo", len(s.requests))
	}
	for _, req := range s.requests {
		header := http.Header{}
		for name, value := range req.Header {
			header.Add(name, value)
		}
		if got := header.Values("X-One"); !slices.Equal(got, []string{"1"}) {
			t.Errorf("%s: X-One = %q", req.URL, got)
		}
		if header.Get("Accept") == "text/html" || len(header.Values("Accept")) != 1 {
			t.Errorf("%s: Accept = %q", req.URL, header.Values("Accept"))
		}
	}
	w.connect().mustFail("open", object{"version": Version, "settings": w.with("extraHeaders", object{"X-One": 1})}, oidc.ErrInvalidConfig)
}

// The page says what a header is that is a function there.
func TestExtraHeaderFunctions(t *testing.T) {
	tests := []struct {
		name   string
		answer service
		want   []string
		code   oidc.Code
	}{
		{"value", answer(object{"headers": object{"X-Made": "now"}}), []string{"now"}, ""},
		{"null", answer(object{"headers": object{"X-Made": nil}}), nil, ""},
		{"empty", answer(object{"headers": object{"X-Made": ""}}), nil, ""},
		{"nothing", answer(object{"headers": object{}}), nil, ""},
		{"a number", answer(object{"headers": object{"X-Made": 1}}), nil, session.ErrInternal},
		{"a function that throws", refusal(`{"code":"invalid_config"}`), nil, oidc.ErrInvalidConfig},
		{"a bug", refusal(`{"code":"internal"}`), nil, session.ErrInternal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.settings = w.with("extraHeaders", object{"X-One": "1", "X-Made": nil})
			s := watch(w)
			for _, tab := range []*tab{w.open(), w.openSteps()} {
				s.requests = nil
				tab.offer("headers", tt.answer)
				if tt.code != "" {
					_, message := tab.mustFail("metadata", nil, tt.code)
					if tt.code != session.ErrInternal && !strings.Contains(message, "extraHeaders") {
						t.Errorf("message %q", message)
					}
				} else {
					tab.must("metadata", nil, nil)
				}
				if n := len(s.requests); n > 1 || n == 1 && tt.code != "" {
					t.Fatalf("%d requests", n)
				}
				for _, req := range s.requests { // the second page finds it cached
					header := http.Header{}
					for name, value := range req.Header {
						header.Add(name, value)
					}
					if got := header.Values("X-Made"); !slices.Equal(got, tt.want) || header.Get("X-One") != "1" {
						t.Errorf("X-Made = %q, X-One = %q", got, header.Get("X-One"))
					}
				}
			}
		})
	}
}

// A frozen page is waited for, but not for ever.
func TestExtraHeaderOfFrozenPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings = w.with("extraHeaders", object{"X-Made": nil})
		tab := w.open()
		tab.offer("headers", func(ctx context.Context, _ []byte) (any, error) {
			<-tab.connection.Done()
			return nil, ctx.Err()
		})
		start := time.Now()
		tab.mustFail("metadata", nil, session.ErrPageGone)
		if took := time.Since(start); took != serviceTimeout {
			t.Errorf("it took %v", took)
		}
		other := w.open()
		other.offer("headers", answer(object{"headers": object{"X-Made": "now"}}))
		tab.must("metadata", nil, nil)
	})
}

// answer is a service that answers with a value.
func answer(value any) service {
	return func(context.Context, []byte) (any, error) { return value, nil }
}

// refusal is a service that fails as the page's do.
func refusal(data string) service {
	return func(context.Context, []byte) (any, error) {
		return nil, &jsonrpc.Error{Code: applicationError, Message: "page", Data: []byte(data)}
	}
}

func TestRequestTimeout(t *testing.T) {
	for setting, want := range map[any]time.Duration{
		nil: 10 * time.Second, 0: 10 * time.Second, 2: 2 * time.Second, 0.5: time.Second / 2, 20: 20 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.settings = w.with("requestTimeoutInSeconds", setting)
			w.op.Hold = func(_ string, r *http.Request) { <-r.Context().Done() }
			for _, tab := range []*tab{w.open(), w.openSteps()} {
				start := time.Now()
				tab.mustFail("metadata", nil, oidc.ErrTimeout)
				if took := time.Since(start); took != want {
					t.Errorf("requestTimeoutInSeconds %v: it took %v", setting, took)
				}
			}
		})
	}
}

func TestMergeClaimsStrategy(t *testing.T) {
	tests := []struct {
		value any
		want  string
	}{
		{nil, `["b","c"]`},
		{object{}, `["b","c"]`},
		{object{"array": "replace"}, `["b","c"]`},
		{object{"array": "merge"}, `["a","b","c"]`},
	}
	for _, tt := range tests {
		w := newWorld(t)
		w.op.EditIDToken = func(_, claims map[string]any) { claims["groups"] = []string{"a", "b"} }
		w.op.EditUserinfo = func(claims map[string]any) { claims["groups"] = []string{"b", "c"} }
		w.settings = w.with("mergeClaimsStrategy", tt.value)
		w.settings["loadUserInfo"] = true
		if got := w.open().signIn(w.op).Profile["groups"]; string(got) != tt.want {
			t.Errorf("mergeClaimsStrategy %v: groups = %s, want %s", tt.value, got, tt.want)
		}
	}
	w := newWorld(t)
	for _, value := range []any{object{"array": "append"}, "merge", 1} {
		w.connect().mustFail("open", object{"version": Version, "settings": w.with("mergeClaimsStrategy", value)}, oidc.ErrInvalidConfig)
	}
}

func TestRefreshTokenAllowedScope(t *testing.T) {
	for setting, want := range map[any][]string{nil: {"openid profile"}, "": {"openid profile"}, "profile email": {"profile"}} {
		w := newWorld(t)
		w.op.RefreshTokens = true
		w.settings = w.with("refreshTokenAllowedScope", setting)
		tab := w.open()
		tab.signIn(w.op)
		s := watch(w)
		tab.must(silent, nil, nil)
		if got := s.values(t, "refresh_token", "scope"); !slices.Equal(got, want) {
			t.Errorf("refreshTokenAllowedScope %v: scope %q, want %q", setting, got, want)
		}
	}
}

func TestFilterProtocolClaims(t *testing.T) {
	tests := []struct {
		value   any
		without []string // of what the ID Token has
	}{
		{nil, []string{"acr", "nonce"}},
		{true, []string{"acr", "nonce"}},
		{false, nil},
		{[]string{"acr", "sub"}, []string{"acr"}},
		{[]string{}, nil},
	}
	for _, tt := range tests {
		w := newWorld(t)
		w.op.EditIDToken = func(_, claims map[string]any) { claims["acr"] = "1" }
		w.settings = w.with("filterProtocolClaims", tt.value)
		profile := w.open().signIn(w.op).Profile
		for _, name := range []string{"sub", "iss", "acr", "nonce"} {
			if _, ok := profile[name]; ok == slices.Contains(tt.without, name) {
				t.Errorf("filterProtocolClaims %v: %s in %v", tt.value, name, slices.Sorted(maps.Keys(profile)))
			}
		}
	}
	w := newWorld(t)
	w.connect().mustFail("open", object{"version": Version, "settings": w.with("filterProtocolClaims", "yes")}, oidc.ErrInvalidConfig)
}

func TestStaleStateAge(t *testing.T) {
	for _, tt := range []struct {
		setting any
		after   time.Duration
		want    oidc.Code
	}{
		{nil, 14 * time.Minute, ""},
		{nil, 16 * time.Minute, oidc.ErrTransactionExpired},
		{60, 59 * time.Second, ""},
		{60, 61 * time.Second, oidc.ErrTransactionExpired},
		{3600, 59 * time.Minute, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.settings = w.with("staleStateAgeInSeconds", tt.setting)
			tab := w.open()
			tab.must(redirect, nil, nil)
			time.Sleep(tt.after)
			params := object{"url": w.op.Visit(tab.address)}
			if tt.want != "" {
				tab.mustFail("signinCallback", params, tt.want)
			} else {
				tab.must("signinCallback", params, nil)
			}
		})
	}
}

func TestFetchRequestCredentials(t *testing.T) {
	for value, want := range map[any]bool{nil: false, "": false, "omit": false, "same-origin": false, "include": true} {
		w := newWorld(t)
		w.settings = w.with("fetchRequestCredentials", value)
		w.settings["loadUserInfo"] = true
		s := watch(w)
		w.open().signIn(w.op)
		w.registry = session.NewRegistry(session.Config{Transport: w.transport})
		w.openSteps().signInBySteps(w.op, nil)
		if len(s.requests) != 8 {
			t.Fatalf("%d requests, want discovery, jwks, token and userinfo twice", len(s.requests))
		}
		for _, req := range s.requests {
			if got := req.Cookies; got != (want && !strings.HasSuffix(req.URL, "/jwks")) {
				t.Errorf("fetchRequestCredentials %v: %s with cookies: %t", value, req.URL, got)
			}
		}
	}
	w := newWorld(t)
	for _, value := range []any{"all", true} {
		w.connect().mustFail("open", object{"version": Version, "settings": w.with("fetchRequestCredentials", value)}, oidc.ErrInvalidConfig)
	}
}

func TestRevokeTokenTypes(t *testing.T) {
	tests := []struct {
		name            string
		setting         any
		call            string
		params          any
		access, refresh bool
	}{
		{"both by default", nil, "revokeTokens", nil, true, true},
		{"setting", []string{"access_token"}, "revokeTokens", nil, true, false},
		{"argument over setting", []string{"access_token"}, "revokeTokens", object{"types": []string{"refresh_token"}}, false, true},
		{"an empty argument", nil, "revokeTokens", object{"types": []string{}}, false, false},
		{"sign-out by default", nil, signout, nil, false, true},
		{"sign-out with the setting", []string{"access_token", "refresh_token"}, signout, nil, true, true},
		{"sign-out with nothing", []string{}, signout, nil, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings = w.with("revokeTokenTypes", tt.setting)
			w.settings = w.with("scope", "openid offline_access")
			tab := w.open()
			user := tab.signIn(w.op)
			tab.must(tt.call, tt.params, nil)
			if w.op.Revoked(user.AccessToken) != tt.access || w.op.Revoked(user.RefreshToken) != tt.refresh {
				t.Error("the wrong tokens were revoked")
			}
		})
	}
	w := newWorld(t)
	w.settings = w.with("revokeTokenTypes", []string{"id_token"})
	tab := w.open()
	tab.signIn(w.op)
	tab.mustFail("revokeTokens", nil, oidc.ErrInvalidArgument)
}

// The nonce of the app is compared like any other.
func TestNonce(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	w.op.EditIDToken = func(_, claims map[string]any) { claims["nonce"] = "another" }
	tab.must(redirect, object{"nonce": "nonce-of-the-app-with-256-bits-of-randomnes"}, nil)
	tab.mustFail("signinCallback", object{"url": w.op.Visit(tab.address)}, oidc.ErrNonceMismatch)
}

// What the app adds to the state comes back with the user, and with a refusal.
func TestURLState(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	tab.must(redirect, object{"url_state": "to;from", "state": 7}, nil)
	var user userJSON
	tab.must("signinCallback", object{"url": w.op.Visit(tab.address)}, &user)
	if user.URLState != "to;from" {
		t.Errorf("url_state = %q", user.URLState)
	}
	tab.must(silent, nil, &user)
	if user.URLState != "to;from" {
		t.Errorf("url_state = %q after a renewal", user.URLState)
	}
	tab.must(redirect, object{"url_state": "again", "state": 8}, nil)
	refused := "https://app.example.test/callback.html?error=access_denied&iss=" + url.QueryEscape(testIssuer) +
		"&state=" + tab.query().Get("state") // as it is, with its semicolon
	data, _ := tab.mustFail("signinCallback", object{"url": refused}, oidc.ErrProvider)
	if data.URLState != "again" || string(data.State) != "8" {
		t.Errorf("the refusal has url_state %q and state %q", data.URLState, data.State)
	}
	tab.must(signout, object{"url_state": "bye", "state": 9}, nil)
	var result signoutResult
	tab.must("signoutCallback", object{"url": w.op.Visit(tab.address)}, &result)
	if string(result.State) != "9" || result.URLState != "bye" {
		t.Errorf("the sign-out comes back with %s and %q", result.State, result.URLState)
	}
}

// Members that the setting names stay with the user, those of the protocol and
// others do not, and a renewal changes what it brings.
func TestExtraTokenResponseKeys(t *testing.T) {
	tests := []struct {
		name           string
		keys           any
		signed, silent string
	}{
		{"none", nil, "", ""},
		{"empty", []string{}, "", ""},
		{"named", []string{"tenant", "account"}, `{"account":{"id":7},"tenant":"a"}`, `{"account":{"id":7},"tenant":"b"}`},
		{"one", []string{"account"}, `{"account":{"id":7}}`, `{"account":{"id":7}}`},
		{"one that never comes", []string{"missing"}, "", ""},
		{"of the protocol", []string{"access_token", "id_token"}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.op.EditTokenResponse = func(response map[string]any) {
				response["tenant"], response["account"], response["other"] = "a", object{"id": 7}, true
			}
			w.settings = w.with("extraTokenResponseKeys", tt.keys)
			tab := w.open()
			tab.signIn(w.op)
			check := func(when, want string) {
				t.Helper()
				got := ""
				if kept, ok := tab.getUser()["extraTokenResponseProperties"]; ok {
					encoded, _ := json.Marshal(kept)
					got = string(encoded)
				}
				if got != want {
					t.Errorf("%s: %s, want %s", when, got, want)
				}
			}
			check("after the sign-in", tt.signed)
			w.op.EditTokenResponse = func(response map[string]any) { response["tenant"] = "b" }
			tab.must(silent, nil, nil)
			check("after the renewal", tt.silent)
		})
	}
	w := newWorld(t)
	for _, value := range []any{"tenant", []int{1}} {
		w.connect().mustFail("open", object{"version": Version, "settings": w.with("extraTokenResponseKeys", value)}, oidc.ErrInvalidConfig)
	}
}
