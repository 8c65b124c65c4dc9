package op_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/demo/visitor"
)

func TestMetadata(t *testing.T) {
	v := newVisit(t, func(c *op.Config) { c.Issuer += "/tenant" })
	visitor.Check(t, "metadata", v.Metadata(), map[string]any{
		"issuer":                 v.Issuer,
		"authorization_endpoint": v.Issuer + "/authorize",
		"token_endpoint":         v.Issuer + "/token",
		"userinfo_endpoint":      v.Issuer + "/userinfo",
		"jwks_uri":               v.Issuer + "/jwks",
		"end_session_endpoint":   v.Issuer + "/logout",
		"revocation_endpoint":    v.Issuer + "/revoke",
		"authorization_response_iss_parameter_supported": true,
	})
	if paths := v.op.Paths(); paths.Token != "/tenant/token" {
		t.Errorf("Paths().Token = %q", paths.Token)
	}
	if a := v.Tokens(); a["access_token"] == nil {
		t.Error("no access token under an issuer with a path")
	}
}

func TestCodeFlow(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		t.Run(algorithm, func(t *testing.T) {
			v := newVisit(t, func(c *op.Config) {
				c.SigningAlgorithm = algorithm
				c.Audience = "https://api.example.test"
				c.AccessTokenLifetime = 90 * time.Second
				c.IDTokenLifetime = 60 * time.Second
			})
			a := v.NewAttempt()
			callback := v.SignIn(a)
			visitor.Check(t, "callback", map[string]any{"state": callback.Get("state"), "iss": callback.Get("iss")},
				map[string]any{"state": "state-1", "iss": v.Issuer})
			status, tokens := v.Exchange(a, callback)
			if status != http.StatusOK {
				t.Fatalf("status %d: %v", status, tokens)
			}
			visitor.Check(t, "token response", tokens, map[string]any{"token_type": "Bearer", "expires_in": 90.0})

			visitor.Check(t, "access token header", v.Part(tokens["access_token"], 0), map[string]any{"typ": "at+jwt", "alg": algorithm})
			access := v.Part(tokens["access_token"], 1)
			visitor.Check(t, "access token", access, map[string]any{
				"iss": v.Issuer, "aud": "https://api.example.test", "sub": "demo-user-1",
				"client_id": clientID, "scope": "openid profile email offline_access api",
				"exp": access["iat"].(float64) + 90,
			})
			if jti, _ := access["jti"].(string); jti == "" {
				t.Error("access token without jti")
			}

			visitor.Check(t, "ID Token header", v.Part(tokens["id_token"], 0), map[string]any{"alg": algorithm})
			id := v.Part(tokens["id_token"], 1)
			visitor.Check(t, "ID Token", id, map[string]any{
				"iss": v.Issuer, "aud": clientID, "sub": "demo-user-1", "nonce": "nonce-1",
				"name": "Demo User", "email": "demo@example.test", "exp": id["iat"].(float64) + 60,
			})
			if _, ok := id["auth_time"].(float64); !ok {
				t.Error("ID Token without auth_time")
			}
		})
	}
}

func TestClaimsFollowTheScope(t *testing.T) {
	v := newVisit(t, nil)
	id := v.Part(v.Tokens("scope", "openid email")["id_token"], 1)
	visitor.Check(t, "ID Token", id, map[string]any{"email": "demo@example.test", "name": nil})
}

func TestUserInfo(t *testing.T) {
	v := newVisit(t, nil)
	tokens := v.Tokens()
	r, err := http.NewRequest("GET", v.Issuer+"/userinfo", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+tokens["access_token"].(string))
	visitor.Check(t, "userinfo", v.JSON(v.Do(r)), map[string]any{"sub": "demo-user-1", "name": "Demo User"})
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
			v := newVisit(t, nil)
			got := v.Callback(v.Authorize(v.NewAttempt(tt.set...)))
			if got.Get("error") != tt.want || got.Get("state") != "state-1" || got.Get("iss") != v.Issuer {
				t.Errorf("got %v, want the error %s with state and iss", got, tt.want)
			}
		})
	}
}

func TestUnregisteredRedirectURIIsAPage(t *testing.T) {
	v := newVisit(t, nil)
	got := v.Authorize(v.NewAttempt("redirect_uri", "http://evil.localhost/callback.html"))
	if got.Status != http.StatusBadRequest || got.Location != nil {
		t.Errorf("status %d, location %v; want 400 and none", got.Status, got.Location)
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
	v := newVisit(t, nil)
	v.Tokens()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := v.Authorize(v.NewAttempt(tt.set...))
			if tt.form {
				if !strings.Contains(got.Body, `type="password"`) {
					t.Errorf("status %d, location %v; want a form", got.Status, got.Location)
				}
				return
			}
			callback := v.Callback(got)
			if callback.Get("error") != tt.want || (tt.want == "") != callback.Has("code") {
				t.Errorf("callback has %v, want the error %q", callback, tt.want)
			}
		})
	}
}

func TestSessionOfAnotherUser(t *testing.T) {
	v := newVisit(t, func(c *op.Config) { c.Users = append(c.Users, op.DemoUser(), op.User{Name: "second", Password: "2"}) })
	hint := v.Tokens()["id_token"].(string)
	second := v.Submit(v.Authorize(v.NewAttempt("prompt", "login")), visitor.Credentials("second", "2"))
	if !v.Callback(second).Has("code") {
		t.Fatal("the second user could not sign in")
	}
	got := v.Callback(v.Authorize(v.NewAttempt("prompt", "none", "id_token_hint", hint)))
	if got.Get("error") != "login_required" {
		t.Errorf("got %v, want login_required", got)
	}
}

func TestWrongPassword(t *testing.T) {
	v := newVisit(t, nil)
	a := v.NewAttempt()
	page := v.Submit(v.Authorize(a), visitor.Credentials("demo", "wrong"))
	if page.Status != http.StatusOK || !strings.Contains(page.Body, `role="alert"`) || !strings.Contains(page.Body, `value="demo"`) {
		t.Fatalf("status %d, want the form with a message and the name: %s", page.Status, page.Body)
	}
	if got := v.Callback(v.Authorize(v.NewAttempt("prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("there is a session after a wrong password: %v", got)
	}
	if got := v.Callback(v.Submit(page, visitor.Credentials("demo", "demo"))); !got.Has("code") {
		t.Errorf("second try: %v, want a code", got)
	}
}

func TestCancel(t *testing.T) {
	v := newVisit(t, nil)
	got := v.Callback(v.Submit(v.Authorize(v.NewAttempt()), url.Values{"action": {"cancel"}}))
	if got.Get("error") != "access_denied" || got.Get("state") != "state-1" {
		t.Errorf("got %v, want access_denied with the state", got)
	}
}

func TestFormPolicy(t *testing.T) {
	v := newVisit(t, nil)
	page := v.Authorize(v.NewAttempt())
	csp := page.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self' " + app} {
		if !strings.Contains(csp, want) {
			t.Errorf("CSP %q lacks %q", csp, want)
		}
	}
	if strings.Contains(page.Body, "<script") || strings.Contains(page.Body, "<style") {
		t.Error("the page has something inline")
	}
	if style := v.Get(v.Issuer + "/style.css"); style.Status != http.StatusOK {
		t.Errorf("style sheet: status %d", style.Status)
	}
}

func TestSessionCookie(t *testing.T) {
	v := newVisit(t, nil)
	got := v.Submit(v.Authorize(v.NewAttempt()), visitor.Credentials("demo", "demo"))
	cookie := got.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie lacks %s", want)
		}
	}
	v.op.EndSessions()
	if got := v.Callback(v.Authorize(v.NewAttempt("prompt", "none"))); got.Get("error") != "login_required" {
		t.Errorf("after EndSessions: %v, want login_required", got)
	}
}
