package op_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/demo/op"
)

func TestMetadata(t *testing.T) {
	b := newBrowser(t, func(c *op.Config) { c.Issuer += "/tenant" })
	var got map[string]any
	if err := json.Unmarshal([]byte(b.get(b.issuer+"/.well-known/openid-configuration").body), &got); err != nil {
		t.Fatal(err)
	}
	check(t, "metadata", got, map[string]any{
		"issuer":                 b.issuer,
		"authorization_endpoint": b.issuer + "/authorize",
		"token_endpoint":         b.issuer + "/token",
		"userinfo_endpoint":      b.issuer + "/userinfo",
		"jwks_uri":               b.issuer + "/jwks",
		"end_session_endpoint":   b.issuer + "/logout",
		"revocation_endpoint":    b.issuer + "/revoke",
		"authorization_response_iss_parameter_supported": true,
	})
	if paths := b.op.Paths(); paths.Token != "/tenant/token" {
		t.Errorf("Paths().Token = %q", paths.Token)
	}
	if a := b.tokens(); a["access_token"] == nil {
		t.Error("no access token under an issuer with a path")
	}
}

func TestCodeFlow(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		t.Run(algorithm, func(t *testing.T) {
			b := newBrowser(t, func(c *op.Config) {
				c.SigningAlgorithm = algorithm
				c.Audience = "https://api.example.test"
				c.AccessTokenLifetime = 90 * time.Second
				c.IDTokenLifetime = 60 * time.Second
			})
			a := newAttempt()
			callback := b.signIn(a)
			check(t, "callback", map[string]any{"state": callback.Get("state"), "iss": callback.Get("iss")},
				map[string]any{"state": "state-1", "iss": b.issuer})
			status, tokens := b.exchange(a, callback)
			if status != http.StatusOK {
				t.Fatalf("status %d: %v", status, tokens)
			}
			check(t, "token response", tokens, map[string]any{"token_type": "Bearer", "expires_in": 90.0})

			check(t, "access token header", part(t, tokens["access_token"], 0), map[string]any{"typ": "at+jwt", "alg": algorithm})
			access := part(t, tokens["access_token"], 1)
			check(t, "access token", access, map[string]any{
				"iss": b.issuer, "aud": "https://api.example.test", "sub": "demo-user-1",
				"client_id": clientID, "scope": "openid profile email offline_access api",
				"exp": access["iat"].(float64) + 90,
			})
			if jti, _ := access["jti"].(string); jti == "" {
				t.Error("access token without jti")
			}

			check(t, "ID Token header", part(t, tokens["id_token"], 0), map[string]any{"alg": algorithm})
			id := part(t, tokens["id_token"], 1)
			check(t, "ID Token", id, map[string]any{
				"iss": b.issuer, "aud": clientID, "sub": "demo-user-1", "nonce": "nonce-1",
				"name": "Demo User", "email": "demo@example.test", "exp": id["iat"].(float64) + 60,
			})
			if _, ok := id["auth_time"].(float64); !ok {
				t.Error("ID Token without auth_time")
			}
		})
	}
}

func TestClaimsFollowTheScope(t *testing.T) {
	id := part(t, newBrowser(t, nil).tokens("scope", "openid email")["id_token"], 1)
	check(t, "ID Token", id, map[string]any{"email": "demo@example.test", "name": nil})
}

func TestUserInfo(t *testing.T) {
	b := newBrowser(t, nil)
	tokens := b.tokens()
	r, err := http.NewRequest("GET", b.issuer+"/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+tokens["access_token"].(string))
	var got map[string]any
	if err := json.Unmarshal([]byte(b.do(r).body), &got); err != nil {
		t.Fatal(err)
	}
	check(t, "userinfo", got, map[string]any{"sub": "demo-user-1", "name": "Demo User"})
}

func TestAuthorizationErrors(t *testing.T) {
	tests := []struct {
		name string
		set  []string
		want string
	}{
		{"without code_challenge", []string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
		{"plain code_challenge", []string{"code_challenge_method", "plain"}, "invalid_request"},
		{"prompt=none without a session", []string{"prompt", "none"}, "login_required"},
		{"prompt=none and login", []string{"prompt", "none login"}, "invalid_request"},
		{"unknown scope", []string{"scope", "openid admin"}, "invalid_scope"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBrowser(t, nil)
			got := b.callback(b.authorize(newAttempt(tt.set...)))
			if got.Get("error") != tt.want || got.Get("state") != "state-1" || got.Get("iss") != b.issuer {
				t.Errorf("got %v, want the error %s with state and iss", got, tt.want)
			}
		})
	}
}

func TestUnregisteredRedirectURIIsAPage(t *testing.T) {
	b := newBrowser(t, nil)
	got := b.authorize(newAttempt("redirect_uri", "http://evil.localhost/callback.html"))
	if got.status != http.StatusBadRequest || got.location != nil {
		t.Errorf("status %d, location %v; want 400 and none", got.status, got.location)
	}
}

func TestSession(t *testing.T) {
	tests := []struct {
		name string
		set  []string
		form bool   // is a form shown?
		want string // else: the error, or empty
	}{
		{"again", nil, false, ""},
		{"prompt=none", []string{"prompt", "none"}, false, ""},
		{"prompt=login", []string{"prompt", "login"}, true, ""},
		{"prompt=select_account", []string{"prompt", "select_account"}, true, ""},
		{"max_age long", []string{"max_age", "3600"}, false, ""},
		{"max_age=0", []string{"max_age", "0"}, true, ""},
		{"max_age=0 and prompt=none", []string{"max_age", "0", "prompt", "none"}, false, "login_required"},
	}
	b := newBrowser(t, nil)
	b.tokens()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := b.authorize(newAttempt(tt.set...))
			if tt.form {
				if !strings.Contains(got.body, `type="password"`) {
					t.Errorf("status %d, location %v; want a form", got.status, got.location)
				}
				return
			}
			callback := b.callback(got)
			if callback.Get("error") != tt.want || (tt.want == "") != callback.Has("code") {
				t.Errorf("callback has %v, want the error %q", callback, tt.want)
			}
		})
	}
}

func TestSessionOfAnotherUser(t *testing.T) {
	b := newBrowser(t, func(c *op.Config) { c.Users = append(c.Users, op.DemoUser(), op.User{Name: "second", Password: "2"}) })
	hint := b.tokens()["id_token"].(string)
	second := b.submit(b.authorize(newAttempt("prompt", "login")), signIn("second", "2"))
	if !b.callback(second).Has("code") {
		t.Fatal("the second user could not sign in")
	}
	got := b.callback(b.authorize(newAttempt("prompt", "none", "id_token_hint", hint)))
	if got.Get("error") != "login_required" {
		t.Errorf("got %v, want login_required", got)
	}
}

func TestWrongPassword(t *testing.T) {
	b := newBrowser(t, nil)
	a := newAttempt()
	page := b.submit(b.authorize(a), signIn("demo", "wrong"))
	if page.status != http.StatusOK || !strings.Contains(page.body, `role="alert"`) || !strings.Contains(page.body, `value="demo"`) {
		t.Fatalf("status %d, want the form with a message and the name: %s", page.status, page.body)
	}
	if got := b.callback(b.authorize(newAttempt("prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("there is a session after a wrong password: %v", got)
	}
	if got := b.callback(b.submit(page, signIn("demo", "demo"))); !got.Has("code") {
		t.Errorf("second try: %v, want a code", got)
	}
}

func TestCancel(t *testing.T) {
	b := newBrowser(t, nil)
	got := b.callback(b.submit(b.authorize(newAttempt()), url.Values{"action": {"cancel"}}))
	if got.Get("error") != "access_denied" || got.Get("state") != "state-1" {
		t.Errorf("got %v, want access_denied with the state", got)
	}
}

func TestFormPolicy(t *testing.T) {
	b := newBrowser(t, nil)
	page := b.authorize(newAttempt())
	csp := page.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self' " + app} {
		if !strings.Contains(csp, want) {
			t.Errorf("CSP %q lacks %q", csp, want)
		}
	}
	if strings.Contains(page.body, "<script") || strings.Contains(page.body, "<style") {
		t.Error("the page has something inline")
	}
	if style := b.get(b.issuer + "/style.css"); style.status != http.StatusOK {
		t.Errorf("style sheet: status %d", style.status)
	}
}

func TestSessionCookie(t *testing.T) {
	b := newBrowser(t, nil)
	got := b.submit(b.authorize(newAttempt()), signIn("demo", "demo"))
	cookie := got.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie lacks %s", want)
		}
	}
	b.op.EndSessions()
	if got := b.callback(b.authorize(newAttempt("prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("after EndSessions: %v, want login_required", got)
	}
}
