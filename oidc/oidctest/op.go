// Package oidctest is an OpenID Provider for tests: correct by default, and
// hostile by one edit. It fails the test on a request that it does not know
// or that breaks a rule, so a client cannot pass by doing something else.
package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An OP is one provider. Its fields are set before the first request, or
// under [OP.Edit].
type OP struct {
	Issuer   string // where it is served
	ClientID string
	Subject  string

	// SignedIn: there is a session, so prompt=none succeeds.
	SignedIn bool

	// RefreshTokens are issued and rotated; the use of an old one is refused.
	RefreshTokens bool

	// Lifetime of the access tokens; default an hour.
	Lifetime time.Duration

	// The edits change an answer before it is sent; nil leaves it alone.
	EditMetadata      func(metadata map[string]any)
	EditJWKS          func(jwks map[string]any)
	EditCallback      func(parameters url.Values)
	EditTokenResponse func(response map[string]any)
	EditIDToken       func(header, claims map[string]any)
	EditUserinfo      func(claims map[string]any)

	// ReplaceIDToken changes the ID Token after it was signed.
	ReplaceIDToken func(token string) string

	// Respond takes over the answer to a request, by its endpoint, if it
	// returns true.
	Respond func(endpoint string, w http.ResponseWriter, r *http.Request) bool

	// Hold is called before a request is answered, and may wait.
	Hold func(endpoint string, r *http.Request)

	tb  testing.TB
	key *rsa.PrivateKey

	mu       sync.Mutex
	codes    map[string]url.Values // authorization requests by unused code
	refresh  map[string]bool       // refresh tokens; false once used
	requests []string
}

// testKey is generated once: it takes longer than most tests.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// Endpoints, as they are named in the request log.
const (
	Discovery  = "discovery"
	JWKS       = "jwks"
	Authorize  = "authorize"
	Token      = "token"
	Userinfo   = "userinfo"
	EndSession = "end_session"
)

// New returns a provider with a session for "subject-1", for the client "app",
// with the issuer https://op.example.test. Use it with [OP.Transport], or
// serve it over HTTP and set Issuer to its address.
func New(tb testing.TB) *OP {
	return &OP{
		Issuer:   "https://op.example.test",
		ClientID: "app",
		Subject:  "subject-1",
		SignedIn: true,
		Lifetime: time.Hour,
		tb:       tb,
		key:      testKey(),
		codes:    map[string]url.Values{},
		refresh:  map[string]bool{},
	}
}

// Edit changes fields while requests may be on their way.
func (op *OP) Edit(change func()) {
	op.mu.Lock()
	defer op.mu.Unlock()
	change()
}

// Requests returns the endpoints in the order in which they were asked.
func (op *OP) Requests() []string {
	op.mu.Lock()
	defer op.mu.Unlock()
	return slices.Clone(op.requests)
}

// Count returns how often an endpoint was asked.
func (op *OP) Count(endpoint string) int {
	n := 0
	for _, request := range op.Requests() {
		if request == endpoint {
			n++
		}
	}
	return n
}

// ResetRequests empties the log.
func (op *OP) ResetRequests() {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.requests = nil
}

// ServeHTTP answers like a provider, with CORS for every origin.
func (op *OP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op.mu.Lock()
	hold := op.Hold
	op.mu.Unlock()
	if endpoint, _ := op.route(r); hold != nil {
		hold(endpoint, r)
	}
	op.mu.Lock()
	defer op.mu.Unlock()
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Allow-Headers", "authorization")
	header.Set("Cache-Control", "no-store")
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if r.Header.Get("Sec-Fetch-Mode") == "no-cors" {
		// A client that was refused finds out why; it cannot read the answer.
		w.WriteHeader(http.StatusNoContent)
		return
	}
	endpoint, handler := op.route(r)
	if handler == nil {
		if r.URL.Path != "/favicon.ico" {
			op.tb.Errorf("oidctest: unknown request: %s %s", r.Method, r.URL.Path)
		}
		http.NotFound(w, r)
		return
	}
	op.requests = append(op.requests, endpoint)
	if endpoint != Authorize && endpoint != EndSession && r.Header.Get("Cookie") != "" {
		op.tb.Errorf("oidctest: cookies at the %s endpoint", endpoint)
	}
	if op.Respond != nil && op.Respond(endpoint, w, r) {
		return
	}
	handler(w, r)
}

func (op *OP) route(r *http.Request) (endpoint string, handler http.HandlerFunc) {
	path := strings.TrimPrefix(r.URL.Path, issuerPath(op.Issuer))
	routes := map[string]struct {
		endpoint string
		handler  http.HandlerFunc
	}{
		"GET /.well-known/openid-configuration": {Discovery, op.metadata},
		"GET /jwks":                             {JWKS, op.jwks},
		"GET /authorize":                        {Authorize, op.authorize},
		"POST /token":                           {Token, op.token},
		"GET /userinfo":                         {Userinfo, op.userinfo},
		"GET /logout":                           {EndSession, op.logout},
	}
	route := routes[r.Method+" "+path]
	return route.endpoint, route.handler
}

func issuerPath(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

func (op *OP) metadata(w http.ResponseWriter, _ *http.Request) {
	base := strings.TrimSuffix(op.Issuer, "/")
	metadata := map[string]any{
		"issuer":                                         op.Issuer,
		"authorization_endpoint":                         base + "/authorize",
		"token_endpoint":                                 base + "/token",
		"userinfo_endpoint":                              base + "/userinfo",
		"jwks_uri":                                       base + "/jwks",
		"end_session_endpoint":                           base + "/logout",
		"response_types_supported":                       []string{"code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	}
	answer(w, http.StatusOK, metadata, op.EditMetadata)
}

func (op *OP) jwks(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"keys": []any{op.PublicJWK()}}, op.EditJWKS)
}

// PublicJWK returns the key that ID Tokens are signed with.
func (op *OP) PublicJWK() map[string]any {
	exponent := []byte{1, 0, 1}
	return map[string]any{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "key-1",
		"n": base64.RawURLEncoding.EncodeToString(op.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(exponent),
	}
}

// answer sends JSON after the edit.
func answer(w http.ResponseWriter, status int, object map[string]any, edit func(map[string]any)) {
	if edit != nil {
		edit(object)
	}
	data, err := json.Marshal(object)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// authorize signs in at once: who wants to see a login form uses a real
// provider.
func (op *OP) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	op.checkAuthorize(q)
	response := url.Values{"state": {q.Get("state")}, "iss": {op.Issuer}}
	if q.Get("prompt") == "none" && !op.SignedIn {
		response.Set("error", "login_required")
	} else {
		op.SignedIn = true
		code := random()
		op.codes[code] = q
		response.Set("code", code)
	}
	if op.EditCallback != nil {
		op.EditCallback(response)
	}
	redirect, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "redirect_uri", http.StatusBadRequest)
		return
	}
	parameters := redirect.Query()
	maps.Copy(parameters, response)
	redirect.RawQuery = parameters.Encode()
	http.Redirect(w, r, redirect.String(), http.StatusSeeOther)
}

// checkAuthorize fails the test on a request that breaks a rule.
func (op *OP) checkAuthorize(q url.Values) {
	for name, values := range q {
		if len(values) > 1 && name != "resource" {
			op.tb.Errorf("oidctest: parameter %s comes %d times (RFC 6749 3.1)", name, len(values))
		}
	}
	want := map[string]string{
		"client_id": op.ClientID, "response_type": "code", "code_challenge_method": "S256",
	}
	for name, value := range want {
		if q.Get(name) != value {
			op.tb.Errorf("oidctest: %s = %q, want %q", name, q.Get(name), value)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) != 43 {
			op.tb.Errorf("oidctest: %s has %d characters, want 256 random bits", name, len(q.Get(name)))
		}
	}
	if !slices.Contains(strings.Fields(q.Get("scope")), "openid") {
		op.tb.Errorf("oidctest: scope lacks openid (OIDC Core 3.1.2.1)")
	}
}

func (op *OP) logout(w http.ResponseWriter, r *http.Request) {
	op.SignedIn = false
	q := r.URL.Query()
	redirect, err := url.Parse(q.Get("post_logout_redirect_uri"))
	if err != nil || redirect.Host == "" {
		_, _ = w.Write([]byte("signed out"))
		return
	}
	if state := q.Get("state"); state != "" {
		redirect.RawQuery = url.Values{"state": {state}}.Encode()
	}
	http.Redirect(w, r, redirect.String(), http.StatusSeeOther)
}

func random() string { return rand.Text() }

func sha256Half(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
