//go:build !js

package api

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

// one is a setting or an argument that shows in a parameter of a request.
type one struct {
	name  string
	value any
	call  string // the method that sends the request
	param string // of the URL
	want  []string
}

const (
	redirect = "signinRedirect"
	silent   = "signinSilent"
	popup    = "signinPopup"
	signout  = "signoutRedirect"

	signoutInPopup = "signoutPopup"
	signoutInFrame = "signoutSilent"
)

// requestParameters are those that settings and single sign-ins share.
var requestParameters = []one{
	{"response_type", "code", redirect, "response_type", []string{"code"}},
	{"redirect_uri", "https://app.example.test/other", redirect, "redirect_uri", []string{"https://app.example.test/other"}},
	{"scope", "email", redirect, "scope", []string{"openid email"}},
	{"prompt", "login", redirect, "prompt", []string{"login"}},
	{"display", "popup", redirect, "display", []string{"popup"}},
	{"max_age", 300, redirect, "max_age", []string{"300"}},
	{"max_age", 0, redirect, "max_age", []string{"0"}},
	{"ui_locales", "fr de", redirect, "ui_locales", []string{"fr de"}},
	{"acr_values", "phr", redirect, "acr_values", []string{"phr"}},
	{"claims", object{"id_token": object{"email": nil}}, redirect, "claims", []string{`{"id_token":{"email":null}}`}},
	{"claims", `{"userinfo":{"email":null}}`, redirect, "claims", []string{`{"userinfo":{"email":null}}`}},
	{"response_mode", "fragment", redirect, "response_mode", []string{"fragment"}},
	{"resource", "https://api.example", redirect, "resource", []string{"https://api.example"}},
	{"resource", []string{"https://a.example", "https://b.example"}, redirect, "resource", []string{"https://a.example", "https://b.example"}},
	{"extraQueryParams", object{"a": "b c"}, redirect, "a", []string{"b c"}},
	{"extraQueryParams", object{"a": ""}, redirect, "a", nil},
	{"extraQueryParams", object{"a": true}, redirect, "a", []string{"true"}},
	{"extraQueryParams", object{"a": 1.5}, redirect, "a", []string{"1.5"}},
	{"extraQueryParams", object{"a": -0.001}, redirect, "a", []string{"-0.001"}},
	{"extraQueryParams", object{"a": 1700000000}, redirect, "a", []string{"1700000000"}},
	{"extraQueryParams", object{"a": 9007199254740993}, redirect, "a", []string{"9007199254740993"}},
}

func TestSettings(t *testing.T) {
	tests := append(slices.Clone(requestParameters),
		one{"authority", "https://op.example.test/tenant", redirect, "", nil},
		one{"client_id", "other", redirect, "client_id", []string{"other"}},
		one{"silent_redirect_uri", "https://app.example.test/silent", silent, "redirect_uri", []string{"https://app.example.test/silent"}},
		one{"silent_redirect_uri", "https://app.example.test/silent", redirect, "redirect_uri", []string{"https://app.example.test/callback.html"}},
		one{"redirect_uri", "https://app.example.test/other", silent, "redirect_uri", []string{"https://app.example.test/other"}},
		one{"post_logout_redirect_uri", "https://app.example.test/bye", signout, "post_logout_redirect_uri", []string{"https://app.example.test/bye"}},
		one{"prompt", "login", silent, "prompt", []string{"none"}},
		one{"popup_redirect_uri", "https://app.example.test/popup", popup, "redirect_uri", []string{"https://app.example.test/popup"}},
		one{"popup_redirect_uri", "https://app.example.test/popup", redirect, "redirect_uri", []string{"https://app.example.test/callback.html"}},
		one{"redirect_uri", "https://app.example.test/other", popup, "redirect_uri", []string{"https://app.example.test/other"}},
		one{"popup_post_logout_redirect_uri", "https://app.example.test/bye", signoutInPopup, "post_logout_redirect_uri", []string{"https://app.example.test/bye"}},
		one{"popup_post_logout_redirect_uri", "https://app.example.test/bye", signout, "post_logout_redirect_uri", []string{"https://app.example.test/"}},
		one{"popup_post_logout_redirect_uri", "https://app.example.test/bye", signoutInFrame, "post_logout_redirect_uri", []string{"https://app.example.test/bye"}},
		one{"post_logout_redirect_uri", "https://app.example.test/bye", signoutInPopup, "post_logout_redirect_uri", []string{"https://app.example.test/bye"}},
		one{"display", "page", popup, "display", []string{"popup"}},
		one{"metadata", metadata("authorization_endpoint", testIssuer+"/authorize?tenant=7"), redirect, "tenant", []string{"7"}},
		one{"metadata", nil, redirect, "tenant", nil},
		one{"metadataSeed", object{"authorization_endpoint": testIssuer + "/authorize?tenant=8"}, redirect, "tenant", []string{"8"}},
		one{"omitScopeWhenRequesting", true, redirect, "scope", nil},
		one{"omitScopeWhenRequesting", false, redirect, "scope", []string{"openid profile"}},
		one{"disablePKCE", true, redirect, "code_challenge_method", []string{"S256"}}, // on purpose
		one{"response_mode", "jwt", redirect, "response_mode", []string{"jwt"}},
	)
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s=%v %s", tt.name, tt.value, tt.call), func(t *testing.T) {
			w := newWorld(t)
			w.settings = w.with(tt.name, tt.value)
			w.op.ClientID = w.settings["client_id"].(string)
			w.op.Issuer = w.settings["authority"].(string)
			tab := w.open()
			tab.must(tt.call, nil, nil)
			check(t, tab, tt, w.op.Issuer)
		})
	}
	seen := behaviours
	for _, tt := range tests {
		seen = append(seen, tt.name)
	}
	complete(t, reflect.TypeFor[settingsJSON](), seen)
}

func TestSigninArguments(t *testing.T) {
	redirectOnly := []one{
		{"login_hint", "me@example.test", redirect, "login_hint", []string{"me@example.test"}},
		{"nonce", "nonce-of-the-app-with-256-bits-of-randomnes", redirect, "nonce", []string{"nonce-of-the-app-with-256-bits-of-randomnes"}},
		{"id_token_hint", "a.b.c", redirect, "id_token_hint", []string{"a.b.c"}},
		{"request", "a.b.c", redirect, "request", []string{"a.b.c"}},
	}
	tests := append(slices.Clone(requestParameters), redirectOnly...)
	for _, tt := range tests {
		tt.call = silent
		if tt.name == "prompt" {
			tt.want = []string{"none"}
		}
		tests = append(tests, tt)
	}
	for _, tt := range append(slices.Clone(requestParameters), redirectOnly...) {
		tt.call = popup
		tests = append(tests, tt)
	}
	tests = append(tests, one{"request_uri", "https://app.example.test/request", redirect, "request_uri", []string{"https://app.example.test/request"}})
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s=%v %s", tt.name, tt.value, tt.call), func(t *testing.T) {
			w := newWorld(t)
			// The argument wins over the setting.
			if _, known := w.settings[tt.name]; !known && settable(tt.name) {
				w.settings = w.with(tt.name, other(tt.name))
			}
			tab := w.open()
			// The URL alone matters here, not whether the sign-in succeeds.
			_ = tab.call(tt.call, object{tt.name: tt.value}, nil)
			check(t, tab, tt, w.op.Issuer)
		})
	}
	for _, method := range []string{redirect, silent, popup} {
		newWorld(t).open().mustFail(method, object{"response_type": "token"}, oidc.ErrUnsupported)
	}
	seen := []string{
		"state", "return_to", // TestFlow
		"url_state", "extraTokenParams", "skipUserInfo", // TestURLState, TestExtraTokenParams, TestSkipUserInfo
		"forceIframeAuth", "silentRequestTimeoutInSeconds", // TestForceIframeAuth, TestSilentRequestTimeoutArgument
	}
	for _, tt := range tests {
		seen = append(seen, tt.name)
	}
	complete(t, reflect.TypeFor[signinJSON](), seen)
	complete(t, reflect.TypeFor[silentJSON](), seen)
}

func settable(name string) bool {
	return slices.Contains(tags(reflect.TypeFor[settingsJSON]()), name)
}

// other is a setting that an argument has to replace.
func other(name string) any {
	switch name {
	case "max_age":
		return 77
	case "claims":
		return object{"id_token": object{"name": nil}}
	case "response_mode":
		return "query"
	case "response_type":
		return "code"
	case "resource":
		return "https://other.example"
	case "extraQueryParams":
		return object{"a": "other", "b": "other"}
	}
	return "other"
}

func TestSignoutArguments(t *testing.T) {
	tests := []one{
		{"post_logout_redirect_uri", "https://app.example.test/bye", signout, "post_logout_redirect_uri", []string{"https://app.example.test/bye"}},
		{"id_token_hint", "a.b.c", signout, "id_token_hint", []string{"a.b.c"}},
		{"extraQueryParams", object{"logout_hint": 1234567}, signout, "logout_hint", []string{"1234567"}},
	}
	for _, tt := range slices.Clone(tests) {
		tt.call = signoutInPopup
		tests = append(tests, tt)
	}
	for _, tt := range slices.Clone(tests[:3]) {
		tt.call = signoutInFrame
		tests = append(tests, tt)
	}
	seen := []string{"state", "url_state", "silentRequestTimeoutInSeconds"} // TestFlow, TestURLState, TestSilentSignoutTimeout
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.call, func(t *testing.T) {
			w := newWorld(t)
			tab := w.open()
			tab.must(tt.call, object{tt.name: tt.value}, nil)
			check(t, tab, tt, w.op.Issuer)
		})
		seen = append(seen, tt.name)
	}
	complete(t, reflect.TypeFor[silentSignoutJSON](), seen)
}

// check compares the parameter of the URL that the tab was sent to.
func check(t *testing.T, tab *tab, tt one, issuer string) {
	t.Helper()
	if !strings.HasPrefix(tab.visited(), issuer+"/") {
		t.Errorf("the tab was sent to another provider than %s", issuer)
	}
	if got := tab.query()[tt.param]; !slices.Equal(got, tt.want) {
		t.Errorf("%s = %q, want %q", tt.param, got, tt.want)
	}
}

// complete fails for a member of the type that was not tested.
func complete(t *testing.T, typ reflect.Type, seen []string) {
	t.Helper()
	for _, name := range tags(typ) {
		if !slices.Contains(seen, name) {
			t.Errorf("no test shows that %s has an effect", name)
		}
	}
}

// tags returns the JSON members of a struct.
func tags(typ reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(typ) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// behaviours are settings that no URL shows; the tests below do.
var behaviours = []string{
	"loadUserInfo", "automaticSilentRenew", "includeIdTokenInSilentRenew",
	"silentRequestTimeoutInSeconds", "accessTokenExpiringNotificationTimeInSeconds",
	"par", "revokeTokensOnSignout", "dpop", "metadataUrl", "signingKeys",
	"trusted_audiences", "allowed_tenants", // TestTrust
	"fetch",                                                                     // TestFetch
	"client_secret", "client_authentication", "token_endpoint_auth_signing_alg", // TestClientSecret
	"restore",       // TestRestore
	"prepare",       // TestPrepare
	"signoutMethod", // TestSignoutMethod
	// compat_test.go
	"extraTokenParams", "extraTokenParamsAtRefresh", "promptAfterSignout", "extraHeaders", "filterProtocolClaims", "staleStateAgeInSeconds", "fetchRequestCredentials", "revokeTokenTypes",
	"refreshTokenAllowedScope", "requestTimeoutInSeconds", "mergeClaimsStrategy", "extraTokenResponseKeys",
	// watch_test.go
	"monitorSession", "monitorAnonymousSession", "checkSessionIntervalInSeconds", "stopCheckSessionOnError",
	"query_status_response_type", "idle", "logoutEvents",
}

func TestDPoP(t *testing.T) {
	w := newWorld(t)
	w.settings = w.with("dpop", true)
	tab := w.open()
	tab.must(redirect, nil, nil)
	// A world without keys: that it is asked for one is what matters.
	tab.mustFail("signinCallback", object{"url": w.op.Visit(tab.address)}, oidc.ErrUnsupported)
	tab.mustFail("dpopProof", object{"url": "https://api.example.test/", "method": "GET"}, session.ErrNotSignedIn)
}

// The code is bound to a key where that is asked for, and there is one.
func TestDPoPOptions(t *testing.T) {
	tests := []struct {
		value any
		want  oidc.Code // of a redirect in a program without keys
		open  oidc.Code
	}{
		{nil, "", ""},
		{false, "", ""},
		{object{}, "", ""},
		{object{"bind_authorization_code": false}, "", ""},
		{object{"bind_authorization_code": true}, oidc.ErrUnsupported, ""},
		{object{"bind_authorization_code": "yes"}, "", oidc.ErrInvalidConfig},
		{object{"store": object{}}, "", oidc.ErrInvalidConfig},
		{"yes", "", oidc.ErrInvalidConfig},
		{[]any{}, "", oidc.ErrInvalidConfig},
	}
	for _, tt := range tests {
		w := newWorld(t)
		tab := w.connect()
		params := object{"version": Version, "settings": w.with("dpop", tt.value)}
		if tt.open != "" {
			tab.mustFail("open", params, tt.open)
			continue
		}
		tab.must("open", params, nil)
		if tt.want != "" {
			tab.mustFail(redirect, nil, tt.want)
		} else {
			tab.must(redirect, nil, nil)
		}
	}
}

const testIssuer = "https://op.example.test"

// metadata is what an app may say of its provider.
func metadata(name, value string) object {
	return object{
		"issuer": testIssuer, "authorization_endpoint": testIssuer + "/authorize",
		"token_endpoint": testIssuer + "/token", "jwks_uri": testIssuer + "/jwks", name: value,
	}
}

// What the app says of tokens decides who is signed in.
func TestTrust(t *testing.T) {
	const tenant, other = "9188040d-6c67-4c5b-b112-36a304b66dad", "72f988bf-86f1-41af-91ab-2d7cd011db47"
	tests := []struct {
		setting string
		value   any
		open    oidc.Code
		want    oidc.Code
	}{
		{"trusted_audiences", nil, "", oidc.ErrAudienceMismatch},
		{"trusted_audiences", []string{"other"}, "", oidc.ErrAudienceMismatch},
		{"trusted_audiences", []string{"other", "api"}, "", ""},
		{"trusted_audiences", []string{"other api"}, oidc.ErrInvalidConfig, ""},
		{"trusted_audiences", []string{""}, oidc.ErrInvalidConfig, ""},
		{"trusted_audiences", "api", oidc.ErrInvalidConfig, ""},
		{"allowed_tenants", nil, "", ""},
		{"allowed_tenants", []string{}, oidc.ErrInvalidConfig, ""},
		{"allowed_tenants", []string{other, tenant}, "", ""},
		{"allowed_tenants", []string{other}, "", oidc.ErrIssuerMismatch},
		{"allowed_tenants", []string{"common"}, oidc.ErrInvalidConfig, ""},
		{"allowed_tenants", []string{tenant + " " + other}, oidc.ErrInvalidConfig, ""},
		{"allowed_tenants", tenant, oidc.ErrInvalidConfig, ""},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s=%v", tt.setting, tt.value), func(t *testing.T) {
			w := newWorld(t)
			if tt.setting == "allowed_tenants" {
				w.op.Issuer, w.op.Tenant = w.op.Issuer+"/common", tenant
				w.settings["authority"] = w.op.Issuer
			} else {
				w.op.EditIDToken = func(_, claims map[string]any) { claims["aud"] = []string{w.op.ClientID, "api"} }
			}
			params := object{"version": Version, "settings": w.with(tt.setting, tt.value)}
			tab := w.connect()
			if tt.open != "" {
				tab.mustFail("open", params, tt.open)
				return
			}
			tab.must("open", params, nil)
			tab.must(redirect, nil, nil)
			response := object{"url": w.op.Visit(tab.address)}
			if tt.want != "" {
				tab.mustFail("signinCallback", response, tt.want)
			} else {
				tab.must("signinCallback", response, nil)
			}
		})
	}
}

func TestProviderSettings(t *testing.T) {
	w := newWorld(t)
	w.settings = w.with("signingKeys", []any{w.op.PublicJWK()})
	w.open().signIn(w.op)
	if n := w.op.Count(oidctest.JWKS); n != 0 {
		t.Errorf("signingKeys: %d requests for keys", n)
	}
	w = newWorld(t)
	w.settings = w.with("metadataUrl", "https://op.example.test/elsewhere")
	w.transport.Fail = func(req *oidc.Request) error {
		if req.URL == "https://op.example.test/elsewhere" {
			return oidc.ErrCORSRefused
		}
		return nil
	}
	w.open().mustFail(redirect, nil, oidc.ErrCORSRefused)
	refusals := []struct {
		name  string
		value any
		want  oidc.Code
	}{
		{"metadata", "text", oidc.ErrInvalidConfig},
		{"metadata", []any{}, oidc.ErrInvalidConfig},
		{"metadata", metadata("issuer", "https://evil.example"), oidc.ErrIssuerMismatch},
		{"metadata", metadata("token_endpoint", "http://op.example/token"), oidc.ErrInsecureURL},
		{"metadataSeed", 7, oidc.ErrInvalidConfig},
		{"metadataUrl", "http://op.example/", oidc.ErrInsecureURL},
		{"signingKeys", object{}, oidc.ErrKeysInvalid},
		{"signingKeys", []any{}, oidc.ErrKeysInvalid},
	}
	for _, tt := range refusals {
		w := newWorld(t)
		w.connect().mustFail("open", object{"version": Version, "settings": w.with(tt.name, tt.value)}, tt.want)
	}
}

// A page says what else it may sign in with.
func TestPeers(t *testing.T) {
	for _, tt := range []struct {
		peers any
		want  oidc.Code
	}{
		{nil, ""},
		{[]any{[]any{"https://other.example", "https://app.example.test/callback.html"}}, session.ErrRedirectURIShared},
		{[]any{[]any{"https://other.example", nil, "https://app.example.test/callback.html"}}, session.ErrRedirectURIShared},
		{[]any{[]any{"https://other.example", "https://app.example.test/callback.html?op=2"}}, ""},
		{[]any{[]any{"https://op.example.test", "https://app.example.test/callback.html"}}, ""},
		{[]any{7, nil, []any{}, []any{nil, nil, nil}, []any{7, "https://app.example.test/callback.html"}}, ""},
	} {
		w := newWorld(t)
		w.op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
		tab := w.connect()
		tab.must("open", object{"version": Version, "settings": w.settings, "peers": tt.peers}, nil)
		if tt.want != "" {
			tab.mustFail(redirect, nil, tt.want)
		} else {
			tab.must(redirect, nil, nil)
		}
	}
}

func TestPAR(t *testing.T) {
	tests := []struct {
		mode string
		want int
	}{
		{"auto", 0},
		{"off", 0},
		{"required", 1},
	}
	for _, tt := range tests {
		w := newWorld(t)
		w.settings = w.with("par", tt.mode)
		w.open().signIn(w.op)
		if n := w.op.Count(oidctest.PAR); n != tt.want {
			t.Errorf("par %s: %d requests were pushed, want %d", tt.mode, n, tt.want)
		}
	}
	w := newWorld(t)
	w.settings = w.with("par", "perhaps")
	w.open().mustFail(redirect, nil, oidc.ErrInvalidArgument)
}

func TestRevokeTokens(t *testing.T) {
	for _, wanted := range []bool{false, true} {
		w := newWorld(t)
		w.op.RefreshTokens = true
		w.settings = w.with("revokeTokensOnSignout", wanted)
		tab := w.open()
		user := tab.signIn(w.op)
		tab.must("revokeTokens", object{"types": []string{"access_token"}}, nil)
		if !w.op.Revoked(user.AccessToken) || w.op.Revoked(user.RefreshToken) {
			t.Error("the wrong token was revoked")
		}
		tab.must(signout, nil, nil)
		if w.op.Revoked(user.RefreshToken) != wanted {
			t.Errorf("revokeTokensOnSignout %t: revoked %t", wanted, !wanted)
		}
		tab.mustFail("revokeTokens", nil, session.ErrNotSignedIn)
	}
}

func TestLoadUserInfo(t *testing.T) {
	for _, load := range []bool{false, true} {
		w := newWorld(t)
		w.settings = w.with("loadUserInfo", load)
		user := w.open().signIn(w.op)
		if _, ok := user.Profile["email"]; ok != load {
			t.Errorf("loadUserInfo %t: profile has an email: %t", load, ok)
		}
	}
}

func TestIncludeIDTokenInSilentRenew(t *testing.T) {
	for _, include := range []bool{false, true} {
		w := newWorld(t)
		w.settings = w.with("includeIdTokenInSilentRenew", include)
		tab := w.open()
		tab.signIn(w.op)
		tab.must(silent, nil, nil)
		if tab.query().Has("id_token_hint") != include {
			t.Errorf("includeIdTokenInSilentRenew %t: id_token_hint %t", include, !include)
		}
	}
}

func TestSilentRequestTimeout(t *testing.T) {
	tests := []struct {
		seconds any
		want    time.Duration
	}{
		{nil, 10 * time.Second}, {0, 10 * time.Second},
		{1, time.Second}, {0.5, 500 * time.Millisecond}, {1e300, time.Minute},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.seconds), func(t *testing.T) {
			w := newWorld(t)
			w.settings = w.with("silentRequestTimeoutInSeconds", tt.seconds)
			tab := w.open()
			tab.must(silent, nil, nil)
			if got := tab.frames[0].Timeout; got != tt.want.Milliseconds() {
				t.Errorf("the frame may live %d ms, want %v", got, tt.want)
			}
		})
	}
}

func TestExpiringNotification(t *testing.T) {
	tests := []struct {
		seconds any
		want    time.Duration // before the end of an hour
	}{
		{nil, time.Minute}, {0, time.Minute}, {30, 30 * time.Second}, {7200, 20 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.seconds), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings = w.with("accessTokenExpiringNotificationTimeInSeconds", tt.seconds)
				w.settings["automaticSilentRenew"] = false
				tab := w.open()
				tab.signIn(w.op)
				synctest.Wait()
				tab.names()
				time.Sleep(time.Hour - tt.want - time.Second)
				if names := tab.names(); len(names) > 0 {
					t.Errorf("events %v too early", names)
				}
				time.Sleep(2 * time.Second)
				if names := tab.names(); !slices.Equal(names, []session.EventName{session.AccessTokenExpiring}) {
					t.Errorf("events = %v", names)
				}
			})
		})
	}
}

func TestAutomaticSilentRenew(t *testing.T) {
	tests := []struct {
		setting any
		want    int
	}{{nil, 1}, {true, 1}, {false, 0}}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.setting), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings = w.with("automaticSilentRenew", tt.setting)
				tab := w.open()
				tab.signIn(w.op)
				w.op.ResetRequests()
				time.Sleep(time.Hour)
				if n := w.op.Count(oidctest.Authorize); n != tt.want {
					t.Errorf("%d renewals in an hour, want %d", n, tt.want)
				}
			})
		})
	}
}

// A list, a set of parameters and all settings together have an end: what is
// longer keeps all tabs waiting.
func TestTooManySettings(t *testing.T) {
	many := func(n int) (list []string, params object) {
		params = object{}
		for i := range n {
			list, params[fmt.Sprint("p", i)] = append(list, "https://a.example"), "1"
		}
		return list, params
	}
	for n, want := range map[int]oidc.Code{most: "", most + 1: oidc.ErrInvalidConfig} {
		list, params := many(n)
		for name, value := range map[string]any{
			"fetch": object{"allow": list}, "resource": list, "extraQueryParams": params, "extraTokenParams": params,
			"filterProtocolClaims": list, "extraTokenResponseKeys": list, "revokeTokenTypes": list,
		} {
			w := newWorld(t)
			tab := w.connect()
			err := tab.call("open", object{"version": Version, "signed_in": false, "settings": w.with(name, value)}, nil)
			checkCode(t, fmt.Sprint(name, " with ", n), err, want)
			if want != "" && !strings.Contains(err.Error(), name) {
				t.Errorf("%s is not named: %v", name, err)
			}
			tab.connection.Close()
		}
		if want != "" {
			want = oidc.ErrInvalidArgument
		}
		w := newWorld(t)
		tab := w.open()
		for _, name := range []string{"resource", "extraQueryParams", "extraTokenParams"} {
			value := any(params)
			if name == "resource" {
				value = list
			}
			checkCode(t, fmt.Sprint("the argument ", name, " with ", n), tab.call(redirect, object{name: value}, nil), want)
		}
	}
	w := newWorld(t)
	tab := w.connect()
	err := tab.call("open", object{"version": Version, "settings": w.with("scope", strings.Repeat("x", largest))}, nil)
	checkCode(t, "a long setting", err, oidc.ErrInvalidConfig)
}

// checkCode checks the code of a call that failed, "" for none.
func checkCode(t *testing.T, what string, err error, want oidc.Code) {
	t.Helper()
	var refusal *jsonrpc.Error
	var data errorData
	if errors.As(err, &refusal) {
		if err := strictjson.Unmarshal(refusal.Data, &data); err != nil {
			t.Fatal(err)
		}
	}
	if data.Code != want || (err == nil) != (want == "") {
		t.Errorf("%s: error %v with the code %q, want %q", what, err, string(data.Code), string(want))
	}
}

// Each sign-out goes by a form where the setting says so, also with an ID Token that no address
// holds; what a sign-in asks for does not.
func TestSignoutMethod(t *testing.T) {
	for method, want := range map[string]string{"get": "", "post": "/logout"} {
		w := newWorld(t)
		w.settings = w.with("signoutMethod", method)
		tab := w.open()
		var submitted addressJSON
		tab.offer("submit", func(_ context.Context, params []byte) (any, error) {
			return nil, tab.read(params, &submitted, func() {})
		})
		hint := strings.Repeat("e", 10_000)
		action := want
		if want != "" {
			action = w.op.Base() + want
		}
		carries := func(name string, to addressJSON) {
			t.Helper()
			if to.Action != action || strings.Contains(to.URL, hint) != (method == "post") {
				t.Errorf("%s, %s: the form goes to %q, want %q; the hint is there: %t", method, name, to.Action, action, strings.Contains(to.URL, hint))
			}
		}
		tab.signIn(w.op)
		tab.must("signoutSilent", object{"id_token_hint": hint}, nil)
		carries("frame", tab.frames[len(tab.frames)-1].addressJSON)
		tab.must("signoutPopup", object{"id_token_hint": hint}, nil)
		carries("popup", tab.popups[len(tab.popups)-1].addressJSON)
		tab.address = ""
		tab.must(signout, object{"id_token_hint": hint}, nil)
		if method == "get" {
			submitted.URL = tab.address
		}
		carries("redirect", submitted)
	}
}
