//go:build !js

package api

import (
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// stepUser is a user as an OidcClient gets it.
type stepUser struct {
	userJSON
	Extra map[string]strictjson.RawMessage `json:"extra"`
}

// signInBySteps signs in as an app does that keeps the user itself.
func (tab *tab) signInBySteps(op *oidctest.OP, args object) *stepUser {
	tab.t.Helper()
	var request signinRequestJSON
	tab.must("createSignin", args, &request)
	var user stepUser
	tab.must("processSignin", object{"url": op.Visit(request.URL)}, &user)
	return &user
}

// refreshOf are the arguments that renew a user.
func refreshOf(user *stepUser) object {
	return object{"refresh_token": user.RefreshToken, "id_token": user.IDToken, "scope": user.Scope}
}

// Settings about the provider and about single requests count for an
// OidcClient, too.
func TestStepsSettings(t *testing.T) {
	elsewhere := metadata("userinfo_endpoint", testIssuer+"/userinfo")
	tests := []struct {
		name  string
		value any
		check func(t *testing.T, w *world, user *stepUser, s *sent)
	}{
		{"metadata", elsewhere, func(t *testing.T, w *world, _ *stepUser, _ *sent) {
			if w.op.Count(oidctest.Discovery) != 0 {
				t.Error("metadata was fetched")
			}
		}},
		{"metadataSeed", object{"jwks_uri": testIssuer + "/jwks?tenant=8"}, func(t *testing.T, _ *world, _ *stepUser, s *sent) {
			s.to(t, testIssuer+"/jwks?tenant=8")
		}},
		{"metadataUrl", testIssuer + "/.well-known/openid-configuration?tenant=9", func(t *testing.T, _ *world, _ *stepUser, s *sent) {
			s.to(t, testIssuer+"/.well-known/openid-configuration?tenant=9")
		}},
		{"signingKeys", nil, func(t *testing.T, w *world, _ *stepUser, _ *sent) {
			if w.op.Count(oidctest.JWKS) != 0 {
				t.Error("keys were fetched")
			}
		}},
		{"par", "required", func(t *testing.T, w *world, _ *stepUser, _ *sent) {
			if w.op.Count(oidctest.PAR) != 1 {
				t.Error("the request was not pushed")
			}
		}},
		{"mergeClaimsStrategy", object{"array": "merge"}, func(t *testing.T, _ *world, user *stepUser, _ *sent) {
			if got := string(user.Profile["groups"]); got != `["a","b"]` {
				t.Errorf("groups = %s", got)
			}
		}},
		{"loadUserInfo", false, func(t *testing.T, w *world, _ *stepUser, _ *sent) {
			if w.op.Count(oidctest.Userinfo) != 0 {
				t.Error("the userinfo endpoint was asked")
			}
		}},
		{"refreshTokenAllowedScope", "openid", func(t *testing.T, _ *world, _ *stepUser, s *sent) {
			if got := s.values(t, "refresh_token", "scope"); !slices.Equal(got, []string{"openid"}) {
				t.Errorf("scope %q", got)
			}
		}},
		{"extraHeaders", object{"X-One": "1"}, func(t *testing.T, _ *world, _ *stepUser, s *sent) {
			for _, req := range s.requests {
				if req.Header["x-one"] != "1" {
					t.Errorf("%s: header %v", req.URL, req.Header)
				}
			}
		}},
		{"revokeTokenTypes", []string{"access_token"}, func(*testing.T, *world, *stepUser, *sent) {}}, // accepted
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.op.EditIDToken = func(_, claims map[string]any) { claims["groups"] = []string{"a"} }
			w.op.EditUserinfo = func(claims map[string]any) { claims["groups"] = []string{"b"} }
			w.settings["loadUserInfo"] = true
			w.settings = w.with(tt.name, tt.value)
			if tt.name == "signingKeys" {
				w.settings = w.with(tt.name, []any{w.op.PublicJWK()})
			}
			s := watch(w)
			tab := w.openSteps()
			user := tab.signInBySteps(w.op, nil)
			tab.must("useRefreshToken", refreshOf(user), nil)
			tt.check(t, w, user, s)
		})
	}
}

// What a call brings beside its response or its tokens.
func TestStepsArguments(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	s := watch(w)
	record := w.transport.Fail
	var online atomic.Bool
	w.transport.Fail = func(req *oidc.Request) error {
		if err := record(req); err != nil || req.Method != "POST" || online.Load() {
			return err
		}
		return oidc.ErrNetwork
	}
	tab := w.openSteps()
	var request signinRequestJSON
	tab.must("createSignin", nil, &request)
	back := w.op.Visit(request.URL)
	for _, headers := range []any{object{"X-One": 1}, object{"X-One": nil, "X-Two": []string{}}, "X-One: 1"} {
		tab.mustFail("processSignin", object{"url": back, "extraHeaders": headers}, oidc.ErrInvalidArgument)
		tab.mustFail("useRefreshToken", object{"refresh_token": "x", "extraHeaders": headers}, oidc.ErrInvalidArgument)
	}
	tab.mustFail("processSignin", object{"url": back, "keepState": true, "extraHeaders": nil}, oidc.ErrNetwork)
	online.Store(true)
	var user stepUser
	tab.must("processSignin", object{"url": back, "keepState": true, "extraHeaders": object{"X-One": "1"}}, &user)
	refresh := refreshOf(&user)
	refresh["extraHeaders"] = object{"X-One": "2"}
	tab.must("useRefreshToken", refresh, nil)
	var got []string
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, req := range s.requests {
		if req.Method == "POST" {
			got = append(got, req.Header["x-one"])
		} else if req.Header["x-one"] != "" {
			t.Errorf("%s has the header of a token request", req.URL)
		}
	}
	if want := []string{"", "1", "2"}; !slices.Equal(got, want) {
		t.Errorf("X-One = %q, want %q", got, want)
	}
}

// A world without keys: that the program is asked for one is what matters.
func TestTokenProof(t *testing.T) {
	tab := newWorld(t).openSteps()
	for _, params := range []any{nil, object{"nonce": "n"}} {
		tab.mustFail("tokenProof", params, oidc.ErrUnsupported)
	}
	for _, params := range []any{object{"nonce": object{}}, object{"store": object{}}} {
		tab.mustFail("tokenProof", params, oidc.ErrInvalidArgument)
	}
}

// to fails unless a request went to url.
func (s *sent) to(t *testing.T, url string) {
	t.Helper()
	for _, req := range s.requests {
		if req.URL == url {
			return
		}
	}
	t.Errorf("no request to %s", url)
}

// What the token endpoint says beside the protocol is for an OidcClient alone.
func TestStepsExtra(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	tab := w.openSteps()
	if user := tab.signInBySteps(w.op, nil); user.Extra != nil {
		t.Errorf("extra = %s", user.Extra)
	}
	w.op.Edit(func() {
		w.op.EditTokenResponse = func(response map[string]any) { response["tenant"] = object{"id": 7} }
	})
	user := tab.signInBySteps(w.op, nil)
	var renewed stepUser
	tab.must("useRefreshToken", refreshOf(user), &renewed)
	for method, extra := range map[string]map[string]strictjson.RawMessage{"processSignin": user.Extra, "useRefreshToken": renewed.Extra} {
		if len(extra) != 1 || string(extra["tenant"]) != `{"id":7}` {
			t.Errorf("%s: extra = %s", method, extra)
		}
	}
	other := w.open()
	other.signIn(w.op)
	var session stepUser
	other.must("getUser", nil, &session)
	if session.Extra != nil {
		t.Errorf("the user of a session has extra = %s", session.Extra)
	}
}

// The request with a refresh token takes parameters of its own; those of the
// settings are not for it.
func TestUseRefreshTokenArguments(t *testing.T) {
	tests := []struct {
		name  string
		value any
		param string
		want  []string
	}{
		{"redirect_uri", nil, "redirect_uri", nil},
		{"redirect_uri", "https://app.example.test/other", "redirect_uri", []string{"https://app.example.test/other"}},
		{"resource", nil, "resource", nil},
		{"resource", "https://api.example", "resource", []string{"https://api.example"}},
		{"resource", []string{"https://a.example", "https://b.example"}, "resource", []string{"https://a.example", "https://b.example"}},
		{"extraTokenParams", nil, "tenant", nil},
		{"extraTokenParams", object{"tenant": 7}, "tenant", []string{"7"}},
	}
	for _, tt := range tests {
		w := newWorld(t)
		w.op.RefreshTokens = true
		w.settings = w.with("resource", "https://setting.example")
		w.settings["extraTokenParams"] = object{"tenant": "setting"}
		tab := w.openSteps()
		args := refreshOf(tab.signInBySteps(w.op, nil))
		args[tt.name] = tt.value
		s := watch(w)
		tab.must("useRefreshToken", args, nil)
		if got := s.values(t, "refresh_token", tt.param); !slices.Equal(got, tt.want) {
			t.Errorf("%s %v: %s = %q, want %q", tt.name, tt.value, tt.param, got, tt.want)
		}
	}
	refused := map[string]any{"resource": 7, "extraTokenParams": object{"scope": "x"}, "timeout": 1, "profile": object{}}
	for name, value := range refused {
		w := newWorld(t)
		tab := w.openSteps()
		tab.mustFail("useRefreshToken", object{"refresh_token": "x", name: value}, oidc.ErrInvalidArgument)
	}
}

func TestUseRefreshTokenTimeout(t *testing.T) {
	for seconds, want := range map[any]time.Duration{nil: 4 * time.Second, 1: time.Second, 20: 20 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings = w.with("requestTimeoutInSeconds", 4)
			tab := w.openSteps()
			args := refreshOf(tab.signInBySteps(w.op, nil))
			args["timeoutInSeconds"] = seconds
			w.op.Edit(func() { w.op.Hold = func(_ string, r *http.Request) { <-r.Context().Done() } })
			start := time.Now()
			tab.mustFail("useRefreshToken", args, oidc.ErrTimeout)
			if took := time.Since(start); took != want {
				t.Errorf("timeoutInSeconds %v: it took %v, want %v", seconds, took, want)
			}
		})
	}
}

func TestStepsSkipUserInfo(t *testing.T) {
	for _, skip := range []bool{false, true} {
		w := newWorld(t)
		w.settings = w.with("loadUserInfo", true)
		w.openSteps().signInBySteps(w.op, object{"skipUserInfo": skip})
		if asked := w.op.Count(oidctest.Userinfo) > 0; asked == skip {
			t.Errorf("skipUserInfo %t: the userinfo endpoint was asked: %t", skip, asked)
		}
	}
}

// The password of the tests is no good for their provider: its answer is
// written here.
func TestCredentialsOfSteps(t *testing.T) {
	for _, skip := range []bool{false, true} {
		w := newWorld(t)
		w.settings = w.with("loadUserInfo", true)
		now := time.Now().Unix()
		idToken := w.op.Sign(map[string]any{"alg": "RS256", "kid": "key-1"}, map[string]any{"iss": w.op.Issuer, "sub": w.op.Subject, "aud": w.op.ClientID, "iat": now, "exp": now + 60})
		answers := map[string]string{
			oidctest.Token:    `{"access_token":"a","token_type":"Bearer","tenant":1,"id_token":"` + idToken + `"}`,
			oidctest.Userinfo: `{"sub":"` + w.op.Subject + `","email":"me@example.test"}`,
		}
		w.op.Respond = func(endpoint string, rw http.ResponseWriter, _ *http.Request) bool {
			if answers[endpoint] == "" {
				return false
			}
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write([]byte(answers[endpoint]))
			return true
		}
		var user stepUser
		w.openSteps().must("processCredentials", object{"username": "me", "password": "p", "skipUserInfo": skip}, &user)
		if _, asked := user.Profile["email"]; asked == skip || string(user.Extra["tenant"]) != "1" {
			t.Errorf("skipUserInfo %t: email %t, extra %s", skip, asked, user.Extra)
		}
	}
}
