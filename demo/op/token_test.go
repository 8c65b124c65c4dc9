package op_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/demo/visitor"
)

func TestTokenErrors(t *testing.T) {
	tests := []struct {
		name string
		edit func(form url.Values)
	}{
		{"wrong verifier", func(f url.Values) { f.Set("code_verifier", strings.Repeat("v", 43)) }},
		{"no verifier", func(f url.Values) { f.Del("code_verifier") }},
		{"another redirect_uri", func(f url.Values) { f.Set("redirect_uri", goodbyeURI) }},
		{"unknown code", func(f url.Values) { f.Set("code", "x") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisit(t, nil)
			a := v.NewAttempt()
			form := url.Values{
				"grant_type":    {"authorization_code"},
				"code":          {v.SignIn(a).Get("code")},
				"redirect_uri":  {redirectURI},
				"code_verifier": {a.Verifier},
			}
			tt.edit(form)
			status, body := v.Token(form)
			if status != http.StatusBadRequest || body["error"] != "invalid_grant" {
				t.Errorf("got %d %v, want 400 invalid_grant", status, body)
			}
		})
	}
}

func TestCodeIsForOneUse(t *testing.T) {
	v := newVisit(t, nil)
	a := v.NewAttempt()
	callback := v.SignIn(a)
	v.Exchange(a, callback)
	if status, body := v.Exchange(a, callback); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("got %d %v, want 400 invalid_grant", status, body)
	}
}

func TestRefreshTokenIsForWhoAsks(t *testing.T) {
	tests := []struct {
		name, scope string
		always      bool
		want        bool
	}{
		{"with offline_access", "openid offline_access", false, true},
		{"without", "openid", false, false},
		{"without, but always", "openid", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisit(t, func(c *op.Config) { c.IssueRefreshTokens = tt.always })
			if _, got := v.Tokens("scope", tt.scope)["refresh_token"]; got != tt.want {
				t.Errorf("refresh token: %v, want %v", got, tt.want)
			}
		})
	}
}

func TestRefreshRotation(t *testing.T) {
	v := newVisit(t, nil)
	first := v.Tokens()
	status, second := v.Refresh(first["refresh_token"])
	if status != http.StatusOK || second["refresh_token"] == nil || second["refresh_token"] == first["refresh_token"] {
		t.Fatalf("status %d; want new tokens", status)
	}
	id := v.Part(second["id_token"], 1)
	visitor.Check(t, "ID Token", id, map[string]any{"sub": "demo-user-1", "auth_time": v.Part(first["id_token"], 1)["auth_time"]})

	if status, body := v.Refresh(first["refresh_token"]); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("replay: %d %v, want 400 invalid_grant", status, body)
	}
	if status, body := v.Refresh(second["refresh_token"]); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("the newest after a replay: %d %v, want 400 invalid_grant", status, body)
	}
}

func TestRevocation(t *testing.T) {
	v := newVisit(t, nil)
	token := v.Tokens()["refresh_token"].(string)
	form := url.Values{"client_id": {clientID}, "token": {token}, "token_type_hint": {"refresh_token"}}
	if got := v.Post(v.Issuer+"/revoke", form); got.Status != http.StatusOK {
		t.Fatalf("revocation: %d %s", got.Status, got.Body)
	}
	if status, body := v.Refresh(token); status != http.StatusBadRequest {
		t.Errorf("after revocation: %d %v", status, body)
	}
}

func TestLogout(t *testing.T) {
	back := url.Values{"post_logout_redirect_uri": {goodbyeURI}, "state": {"bye"}, "client_id": {clientID}}
	with := func(name, value string) url.Values {
		v := url.Values{name: {value}}
		for k := range back {
			v[k] = back[k]
		}
		return v
	}
	tests := []struct {
		name   string
		params func(idToken string) url.Values
		click  bool
	}{
		{"with a hint", func(id string) url.Values { return with("id_token_hint", id) }, false},
		{"without a hint", func(string) url.Values { return back }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := newVisit(t, nil)
			got := v.Get(v.Issuer + "/logout?" + tt.params(v.Tokens()["id_token"].(string)).Encode())
			if tt.click {
				if !v.Callback(v.Authorize(v.NewAttempt("prompt", "none"))).Has("code") {
					t.Fatal("the session ended before the click")
				}
				got = v.Submit(got, url.Values{"action": {"sign-out"}})
			}
			if got.Location == nil || got.Location.String() != goodbyeURI+"?state=bye" {
				t.Fatalf("status %d, location %v; %s", got.Status, got.Location, got.Body)
			}
			if got := v.Callback(v.Authorize(v.NewAttempt("prompt", "none"))); got.Get("error") != "login_required" {
				t.Errorf("after sign-out: %v, want login_required", got)
			}
		})
	}
}

// An ID Token is a hint longer than it is a proof.
func TestLogoutWithAnExpiredHint(t *testing.T) {
	v := newVisit(t, func(c *op.Config) { c.IDTokenLifetime = -time.Hour })
	hint := v.Tokens()["id_token"].(string)
	got := v.Get(v.Issuer + "/logout?" + url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {goodbyeURI}}.Encode())
	if got.Location == nil || got.Location.String() != goodbyeURI {
		t.Errorf("status %d, location %v; %s", got.Status, got.Location, got.Body)
	}
}

func TestLogoutToAnUnregisteredPlace(t *testing.T) {
	v := newVisit(t, nil)
	hint := v.Tokens()["id_token"].(string)
	got := v.Get(v.Issuer + "/logout?" + url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"http://evil.localhost/"}}.Encode())
	if got.Status != http.StatusBadRequest || got.Location != nil {
		t.Errorf("status %d, location %v; want 400 and none", got.Status, got.Location)
	}
}

func TestCORS(t *testing.T) {
	const stranger = "http://evil.localhost:8000"
	tests := []struct {
		name, method, path, origin string
		want                       string // Access-Control-Allow-Origin
		status                     int    // 0: any
	}{
		{"discovery", "GET", "/.well-known/openid-configuration", app, app, 200},
		{"discovery for a stranger", "GET", "/.well-known/openid-configuration", stranger, "", 200},
		{"keys", "GET", "/jwks", app, app, 200},
		{"keys for a stranger", "GET", "/jwks", stranger, "", 200},
		{"token error", "POST", "/token", app, app, 0},
		{"token for a stranger", "POST", "/token", stranger, "", 0},
		{"token preflight", "OPTIONS", "/token", app, app, 204},
		{"userinfo preflight", "OPTIONS", "/userinfo", app, app, 204},
		{"userinfo preflight of a stranger", "OPTIONS", "/userinfo", stranger, "", 403},
		{"authorization is for navigation", "GET", "/authorize", app, "", 0},
	}
	v := newVisit(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequest(tt.method, v.Issuer+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", tt.origin)
			got := v.Do(r)
			if allow := got.Header.Get("Access-Control-Allow-Origin"); allow != tt.want {
				t.Errorf("Access-Control-Allow-Origin = %q, want %q", allow, tt.want)
			}
			if tt.status != 0 && got.Status != tt.status {
				t.Errorf("status %d, want %d", got.Status, tt.status)
			}
			if got.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials are allowed")
			}
		})
	}
}

func TestRotateKey(t *testing.T) {
	v := newVisit(t, nil)
	before := v.Part(v.Tokens()["id_token"], 0)["kid"]
	if err := v.op.RotateKey(); err != nil {
		t.Fatal(err)
	}
	after := v.Part(v.Tokens("prompt", "login")["id_token"], 0)["kid"]
	if before == after {
		t.Error("the old key still signs")
	}
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal([]byte(v.Get(v.Issuer+"/jwks").Body), &set); err != nil {
		t.Fatal(err)
	}
	published := map[any]bool{}
	for _, key := range set.Keys {
		published[key["kid"]] = true
		if key["d"] != nil {
			t.Error("the JWKS holds a private key")
		}
	}
	if !published[before] || !published[after] {
		t.Error("the JWKS lacks the old or the new key")
	}
}
