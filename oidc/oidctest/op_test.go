package oidctest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// verifier belongs to the challenge of address (RFC 7636 appendix B).
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// A complaint is a test that fails.
type complaint struct {
	testing.TB
	count int
}

func (c *complaint) Errorf(string, ...any) { c.count++ }

// TestStrict: a client cannot pass by breaking a rule.
func TestStrict(t *testing.T) {
	same := func(url.Values) {}
	tests := []struct {
		name string
		do   func(op *oidctest.OP)
		want int // complaints
	}{
		{"sign-in", func(op *oidctest.OP) { post(op, codeForm(op)) }, 0},
		{"unknown address", func(op *oidctest.OP) { send(op, http.MethodGet, "/nowhere", nil, "") }, 1},
		{"wrong verb", func(op *oidctest.OP) { send(op, http.MethodGet, "/token", nil, "") }, 1},
		{"cookie at the token endpoint", func(op *oidctest.OP) { send(op, http.MethodPost, "/token", codeForm(op), "a=b") }, 1},
		{"no PKCE", func(op *oidctest.OP) {
			op.Visit(address(op, func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") }))
		}, 2},
		{"PKCE plain", func(op *oidctest.OP) {
			op.Visit(address(op, func(q url.Values) { q.Set("code_challenge_method", "plain") }))
		}, 1},
		{"no openid", func(op *oidctest.OP) { op.Visit(address(op, func(q url.Values) { q.Set("scope", "email") })) }, 1},
		{"no state", func(op *oidctest.OP) { op.Visit(address(op, func(q url.Values) { q.Del("state") })) }, 1},
		{"a parameter twice", func(op *oidctest.OP) { op.Visit(address(op, func(q url.Values) { q.Add("nonce", "x") })) }, 1},
		{"a code twice", func(op *oidctest.OP) {
			form := codeForm(op)
			post(op, form)
			post(op, form)
		}, 1},
		{"wrong verifier", func(op *oidctest.OP) {
			form := codeForm(op)
			form.Set("code_verifier", "x")
			post(op, form)
		}, 1},
		{"other redirect_uri", func(op *oidctest.OP) {
			form := codeForm(op)
			form.Set("redirect_uri", "x")
			post(op, form)
		}, 1},
		{"a secret", func(op *oidctest.OP) {
			form := codeForm(op)
			form.Set("client_secret", "x")
			post(op, form)
		}, 1},
		{"userinfo without a token", func(op *oidctest.OP) { send(op, http.MethodGet, "/userinfo", nil, "") }, 1},
		{"a browser sent elsewhere", func(op *oidctest.OP) { op.Visit("https://evil.example/authorize") }, 1},
		{"authorization request", func(op *oidctest.OP) { op.Visit(address(op, same)) }, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &complaint{TB: t}
			tt.do(oidctest.New(c))
			if c.count != tt.want {
				t.Errorf("%d complaints, want %d", c.count, tt.want)
			}
		})
	}
}

// A refresh token that is used twice takes the one that came of it along
// (RFC 9700 4.14.2).
func TestRefreshTokenFamily(t *testing.T) {
	c := &complaint{TB: t}
	op := oidctest.New(c)
	op.RefreshTokens = true
	var last string
	op.EditTokenResponse = func(response map[string]any) { last, _ = response["refresh_token"].(string) }
	post(op, codeForm(op))
	refresh := func(token string) int {
		return post(op, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {op.ClientID}})
	}
	first := last
	if status := refresh(first); status != http.StatusOK || last == first {
		t.Errorf("the first use: status %d", status)
	}
	if status := refresh(first); status != http.StatusBadRequest || c.count != 1 {
		t.Errorf("the second use: status %d, %d complaints", status, c.count)
	}
	if status := refresh(last); status != http.StatusBadRequest {
		t.Errorf("the token that came of the first use: status %d", status)
	}
}

// Without a session, the login form is shown, and signs in.
func TestLoginForm(t *testing.T) {
	op := oidctest.New(t)
	op.SignedIn, op.LoginForm = false, true
	request := address(op, func(url.Values) {})
	if to := op.Visit(request); to != "" {
		t.Errorf("sent on to %s", to)
	}
	_, query, _ := strings.Cut(request, "?")
	w := send(op, http.MethodPost, "/login", url.Values{"request": {query}}, "")
	if to := w.Header().Get("Location"); !strings.Contains(to, "code=") {
		t.Errorf("the form sends to %q", to)
	}
	if to := op.Visit(address(op, func(q url.Values) { q.Set("prompt", "none") })); !strings.Contains(to, "code=") {
		t.Errorf("with a session, prompt=none sends to %q", to)
	}
}

// The transport keeps the bounds of a browser.
func TestTransportBounds(t *testing.T) {
	op := oidctest.New(t)
	op.NoCORS = []string{oidctest.JWKS}
	ended, end := context.WithCancel(t.Context())
	end()
	tests := []struct {
		name string
		ctx  context.Context
		path string
		want error
	}{
		{"as it should be", t.Context(), "/.well-known/openid-configuration", nil},
		{"without CORS", t.Context(), "/jwks", oidc.ErrCORSRefused},
		{"given up", ended, "/jwks", oidc.ErrAborted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := op.Transport().Do(tt.ctx, &oidc.Request{Method: http.MethodGet, URL: op.Base() + tt.path})
			if err != tt.want {
				t.Errorf("Do = %v, want %v", err, tt.want)
			}
		})
	}
}

// codeForm visits the provider and returns the token request for the code.
func codeForm(op *oidctest.OP) url.Values {
	u, err := url.Parse(op.Visit(address(op, func(url.Values) {})))
	if err != nil {
		return nil
	}
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "client_id": {op.ClientID},
		"redirect_uri": {"https://app.example.test/"}, "code_verifier": {verifier},
	}
}

func post(op *oidctest.OP, form url.Values) (status int) {
	return send(op, http.MethodPost, "/token", form, "").Code
}

func send(op *oidctest.OP, method, path string, form url.Values, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, op.Base()+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	op.ServeHTTP(w, r)
	return w
}
