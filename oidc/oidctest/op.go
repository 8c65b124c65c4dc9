// Package oidctest is an OpenID Provider for tests: correct by default, and
// hostile by one edit. It fails the test on a request that it does not know
// or that breaks a rule, so a client cannot pass by doing something else.
//
// [Cases] is the table of what a provider can do wrong, and of what it may do
// although it looks wrong.
package oidctest

import (
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

	// Tenant, if set, is the one of everybody who signs in, a GUID: the provider has
	// several. Its Issuer ends in "/common", and its tokens are of "/" and the tenant.
	Tenant string

	// SignedIn: there is a session, so prompt=none succeeds.
	SignedIn bool

	// LoginForm is shown to who has no session; without it, coming is
	// signing in.
	LoginForm bool

	// AnswersFirst: of the requests that have come, the first that has no answer is
	// answered when somebody signs in. One with prompt=none is shown the login form, too.
	AnswersFirst bool

	// Password is the one of everybody, for the password grant; without it,
	// nobody has one.
	Password string

	// RefreshTokens are issued and rotated. The use of an old one fails the
	// test and revokes all that came of the same sign-in (RFC 9700 4.14.2).
	RefreshTokens bool

	// KeepRefreshTokens issues no new one at a refresh: the old one goes on.
	KeepRefreshTokens bool

	// RepeatNonce puts the nonce of the sign-in into the ID Tokens of its
	// refreshes, too (OIDC Core 12.2 allows both).
	RepeatNonce bool

	// RequirePAR takes requests only if they were pushed (RFC 9126 5).
	RequirePAR bool

	// PlainResponses answers a request for a response in a JWT (JARM) with one
	// that is none.
	PlainResponses bool

	// RequireNonce wants a nonce in every DPoP proof, and another one each time
	// (RFC 9449 8).
	RequireNonce bool

	// SignUserinfo answers with a JWT (OIDC Core 5.3.2).
	SignUserinfo bool

	// CheckSession offers session management (OIDC Session Management 1.0).
	CheckSession bool

	// SessionID is the sid of ID Tokens (Front-Channel Logout 3), and of logout tokens
	// (see [OP.BackChannelLogout]).
	SessionID string

	// Audience, if set, is the API that access tokens are for, which are JWTs then
	// (RFC 9068).
	Audience string

	// Lifetime of the access tokens; default an hour.
	Lifetime time.Duration

	// Keys are published. The first one signs, unless there is a Signer.
	Keys   []*Key
	Signer *Key

	// JWKSPath is where the keys are; default "/jwks".
	JWKSPath string

	// HideHeaders exposes no header to other origins.
	HideHeaders bool

	// NoCORS are endpoints that no other origin may read.
	NoCORS []string

	// ContentTypes replace those of answers in JSON, by endpoint.
	ContentTypes map[string]string

	// The edits change an answer before it is sent; nil leaves it alone.
	EditMetadata      func(metadata map[string]any)
	EditJWKS          func(jwks map[string]any)
	EditCallback      func(parameters url.Values)
	EditResponse      func(header, claims map[string]any) // in a JWT (JARM 2.1)
	EditPush          func(response map[string]any)
	EditTokenResponse func(response map[string]any)
	EditIDToken       func(header, claims map[string]any)
	EditUserinfo      func(claims map[string]any)
	EditUserinfoJWT   func(header, claims map[string]any)
	EditSignout       func(parameters url.Values)

	// EditBody changes the bytes of an answer in JSON.
	EditBody func(endpoint string, body string) string

	// ReplaceIDToken changes the ID Token after it was signed, ReplaceResponse a
	// signed response, ReplaceUserinfo a signed answer of the userinfo endpoint.
	ReplaceIDToken  func(token string) string
	ReplaceResponse func(token string) string
	ReplaceUserinfo func(token string) string

	// Respond takes over the answer to a request, by its endpoint, if it
	// returns true. See [OP.Answer].
	Respond func(endpoint string, w http.ResponseWriter, r *http.Request) bool

	// Hold is called when a request has come, which counts already, and before it is
	// answered. It may wait.
	Hold func(endpoint string, r *http.Request)

	tb testing.TB

	// What a profile brings; see [Profile.Play].
	profile *Profile
	mapped  func(address string) string
	paths   map[string]string // endpoints
	issued  Issued

	mu           sync.Mutex
	browserState string // of Session Management

	authTime int64                 // of the session, seconds since the epoch
	waiting  []url.Values          // authorization requests; see AnswersFirst
	codes    map[string]url.Values // authorization requests by unused code
	refresh  map[string]*grant     // by refresh token
	pushed   map[string]url.Values // by request_uri
	bound    map[string]string     // thumbprints by access token
	proofs   map[string]bool       // used, by jti
	nonce    string                // that a DPoP proof has to hold
	revoked  []string
	requests []string
	secrets  []string
}

// Endpoints, as they are named in the request log.
const (
	Discovery  = "discovery"
	JWKS       = "jwks"
	Authorize  = "authorize"
	Login      = "login"
	Token      = "token"
	Userinfo   = "userinfo"
	EndSession = "end_session"
	PAR        = "par"
	Revocation = "revocation"

	CheckSessionFrame = "check_session"
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
		Keys:     []*Key{NewKey("RS256", "key-1")},
		JWKSPath: "/jwks",
		tb:       tb,
		codes:    map[string]url.Values{},
		refresh:  map[string]*grant{},
		bound:    map[string]string{},
	}
}

// Edit changes fields while requests may be on their way.
func (op *OP) Edit(change func()) {
	op.mu.Lock()
	defer op.mu.Unlock()
	change()
}

// Answer takes over the answers of one endpoint.
func (op *OP) Answer(endpoint string, handler http.HandlerFunc) {
	op.Respond = func(asked string, w http.ResponseWriter, r *http.Request) bool {
		if asked != endpoint {
			return false
		}
		handler(w, r)
		return true
	}
}

// Rotate replaces the keys by a new one of the same algorithm.
func (op *OP) Rotate() {
	op.Keys = []*Key{NewKey(op.Keys[0].Alg, op.Keys[0].ID+"-rotated")}
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

// Secrets returns what has passed and must be found in no error and no log:
// codes, tokens, states, nonces and verifiers.
func (op *OP) Secrets() []string {
	op.mu.Lock()
	defer op.mu.Unlock()
	return slices.Clone(op.secrets)
}

// remember adds to the secrets.
func (op *OP) remember(secrets ...string) {
	for _, secret := range secrets {
		if secret != "" {
			op.secrets = append(op.secrets, secret)
		}
	}
}

// ServeHTTP answers like a provider, with CORS for every origin.
func (op *OP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	endpoint, handler, respond, hold := op.lookup(r)
	// A client that was refused finds out why; it cannot read the answer.
	blind := r.Header.Get("Sec-Fetch-Mode") == "no-cors"
	if r.Method != http.MethodOptions && !blind && handler != nil {
		op.log(endpoint, r)
	}
	if hold != nil {
		hold(endpoint, r)
	}
	op.allow(w.Header(), endpoint)
	if r.Method == http.MethodOptions || blind {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if handler == nil {
		if r.URL.Path != "/favicon.ico" {
			op.tb.Errorf("oidctest: unknown request: %s %s", r.Method, r.URL.Path)
		}
		http.NotFound(w, r)
		return
	}
	if respond != nil && respond(endpoint, w, r) {
		return
	}
	op.mu.Lock()
	defer op.mu.Unlock()
	handler(w, r)
}

// lookup returns what is needed to answer a request.
func (op *OP) lookup(r *http.Request) (
	endpoint string, handler http.HandlerFunc,
	respond func(string, http.ResponseWriter, *http.Request) bool, hold func(string, *http.Request),
) {
	op.mu.Lock()
	defer op.mu.Unlock()
	endpoint, handler = op.route(r)
	return endpoint, handler, op.Respond, op.Hold
}

// allow lets every origin read, unless the endpoint does not.
func (op *OP) allow(header http.Header, endpoint string) {
	header.Set("Cache-Control", "no-store")
	op.mu.Lock()
	defer op.mu.Unlock()
	if !slices.Contains(op.NoCORS, endpoint) {
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Access-Control-Allow-Headers", "authorization, dpop")
		if !op.HideHeaders {
			header.Set("Access-Control-Expose-Headers", "DPoP-Nonce, WWW-Authenticate, Retry-After")
		}
	}
}

// log notes a request, and fails the test on one with cookies where there
// must be none.
func (op *OP) log(endpoint string, r *http.Request) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.requests = append(op.requests, endpoint)
	if !slices.Contains([]string{Authorize, Login, EndSession, CheckSessionFrame}, endpoint) && r.Header.Get("Cookie") != "" {
		op.tb.Errorf("oidctest: cookies at the %s endpoint", endpoint)
	}
}

func (op *OP) route(r *http.Request) (endpoint string, handler http.HandlerFunc) {
	path := strings.TrimPrefix(r.URL.Path, issuerPath(op.Issuer))
	method := r.Method
	if method == http.MethodOptions {
		method = r.Header.Get("Access-Control-Request-Method")
	}
	routes := map[string]struct {
		endpoint string
		handler  http.HandlerFunc
	}{
		"GET /.well-known/openid-configuration": {Discovery, op.metadata},
		// Where it may have moved, see [Cases].
		"GET /.well-known/openid-configuration/": {Discovery, op.metadata},

		"GET " + op.JWKSPath: {JWKS, op.jwks},
		"GET /authorize":     {Authorize, op.authorize},
		"POST /login":        {Login, op.login},
		"POST /token":        {Token, op.token},
		"GET /userinfo":      {Userinfo, op.userinfo},
		"GET /logout":        {EndSession, op.signout},
		"POST /logout":       {EndSession, op.signout},
		"POST /par":          {PAR, op.push},
		"POST /revoke":       {Revocation, op.revoke},
		"GET /check-session": {CheckSessionFrame, op.checkSession},
	}
	if op.profile != nil { // the same handlers, at its own addresses
		for _, route := range routes {
			if route.endpoint == op.paths[r.URL.Path] {
				return route.endpoint, route.handler
			}
		}
		return "", nil
	}
	route := routes[method+" "+path]
	return route.endpoint, route.handler
}

func issuerPath(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}
