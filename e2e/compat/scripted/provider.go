//go:build !js

// Package scripted is a provider that answers as a scenario says, and writes
// down what it is asked: for comparing two clients, request by request. It
// checks nothing of a request; package oidctest does that.
package scripted

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A Script says how a provider answers. Its zero value is a provider that
// does everything right, for somebody who is signed in. In the members to
// merge, null removes.
type Script struct {
	SignedOut bool           `json:"signedOut"` // prompt=none is refused with login_required
	Remembers bool           `json:"remembers"` // a login ends signedOut, and a sign-out begins it
	Session   string         `json:"session"`   // session_state; without one there is no session management
	Check     string         `json:"check"`     // what the frame of check_session_iframe answers, in place of what is true
	Frames    bool           `json:"frames"`    // what a frame asks for is written down as such
	Metadata  map[string]any `json:"metadata"`  // merged into the metadata
	Callback  map[string]any `json:"callback"`  // merged into the parameters of the response
	Tokens    map[string]any `json:"tokens"`    // merged into token responses
	Claims    map[string]any `json:"claims"`    // merged into ID Tokens
	Userinfo  map[string]any `json:"userinfo"`  // merged into the answer of the userinfo endpoint

	// Answers are given once each, in their order, in place of the usual one.
	Answers map[string][]Answer `json:"answers"` // by endpoint
}

// An Answer is a whole HTTP response.
type Answer struct {
	Status int               `json:"status"` // default 200
	Type   string            `json:"type"`   // default application/json
	Header map[string]string `json:"header"`
	Body   any               `json:"body"` // JSON, unless it is a string
	Hang   bool              `json:"hang"` // no response at all
}

// A Provider is one of many below one address.
type Provider struct {
	base string // its issuer
	op   *oidctest.OP

	mu       sync.Mutex
	script   Script            // guarded by mu, as all below
	log      []string          // what was asked
	names    map[string]string // of values that differ from run to run
	requests map[string]url.Values
	count    map[string]int
	checked  string // the last question of the frame, and its answer
	ended    chan struct{}
}

// New returns a provider with the issuer base.
func New(tb testing.TB, base string) *Provider {
	return &Provider{
		base:     base,
		op:       oidctest.New(tb),
		names:    map[string]string{},
		requests: map[string]url.Values{},
		count:    map[string]int{},
		ended:    make(chan struct{}),
	}
}

// Follow makes the provider answer as the script says from now on.
func (p *Provider) Follow(script Script) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = script
}

// End lets go of the requests that hang.
func (p *Provider) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ended:
	default:
		close(p.ended)
	}
}

// Log returns the requests in their order, one line for the request and one
// for each header and parameter.
func (p *Provider) Log() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log)
}

// Name replaces the values of this provider's that differ from run to run.
func (p *Provider) Name(text string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.name(text)
}

func (p *Provider) name(text string) string {
	// The longest first: one value may begin with another.
	values := slices.SortedFunc(maps.Keys(p.names), func(a, b string) int { return len(b) - len(a) })
	for _, value := range values {
		text = strings.ReplaceAll(text, value, p.names[value])
	}
	return text
}

// endpoints by path.
var endpoints = map[string]string{
	"/.well-known/openid-configuration": "discovery",
	"/jwks":                             "jwks",
	"/authorize":                        "authorize",
	"/token":                            "token",
	"/userinfo":                         "userinfo",
	"/logout":                           "logout",
	"/revoke":                           "revoke",
	"/check":                            "check",
}

// ServeHTTP answers what comes below the path of the issuer.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// With cookies, an asterisk stands for nothing.
	w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	w.Header().Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
	w.Header().Set("Access-Control-Expose-Headers", "*")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	base, _ := url.Parse(p.base)
	endpoint, ok := endpoints[strings.TrimPrefix(r.URL.Path, base.Path)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.mu.Lock()
	if endpoint != "check" || r.Method == http.MethodGet {
		p.record(endpoint, r, string(body))
	}
	answer, scripted := p.next(endpoint)
	p.mu.Unlock()
	switch {
	case scripted && answer.Hang:
		select {
		case <-p.ended:
		case <-r.Context().Done():
		}
	case scripted:
		answer.write(w)
	default:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.serve(endpoint, w, r, string(body))
	}
}

// next takes the answer that is scripted for an endpoint.
func (p *Provider) next(endpoint string) (Answer, bool) {
	queue := p.script.Answers[endpoint]
	if len(queue) == 0 {
		return Answer{}, false
	}
	p.script.Answers[endpoint] = queue[1:]
	return queue[0], true
}

func (a *Answer) write(w http.ResponseWriter) {
	body, isText := a.Body.(string)
	if !isText && a.Body != nil {
		data, err := json.Marshal(a.Body)
		if err != nil {
			panic(err) // it came from JSON
		}
		body = string(data)
	}
	w.Header().Set("Content-Type", "application/json")
	if a.Type != "" {
		w.Header().Set("Content-Type", a.Type)
	}
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(max(a.Status, http.StatusOK))
	_, _ = io.WriteString(w, body)
}

// serve gives the usual answer.
func (p *Provider) serve(endpoint string, w http.ResponseWriter, r *http.Request, body string) {
	switch endpoint {
	case "discovery":
		respond(w, p.metadata())
	case "jwks":
		respond(w, map[string]any{"keys": []any{p.op.PublicJWK()}})
	case "authorize":
		p.authorize(w, r)
	case "token":
		form, _ := url.ParseQuery(body)
		respond(w, p.tokens(form))
	case "userinfo":
		respond(w, merge(map[string]any{"sub": "subject-1", "email": "user@example.test"}, p.script.Userinfo))
	case "logout":
		p.logout(w, r)
	case "check":
		p.check(w, r, body)
	default:
		respond(w, map[string]any{})
	}
}

func (p *Provider) metadata() map[string]any {
	metadata := map[string]any{
		"issuer":                                p.base,
		"authorization_endpoint":                p.base + "/authorize",
		"token_endpoint":                        p.base + "/token",
		"userinfo_endpoint":                     p.base + "/userinfo",
		"jwks_uri":                              p.base + "/jwks",
		"end_session_endpoint":                  p.base + "/logout",
		"revocation_endpoint":                   p.base + "/revoke",
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"code_challenge_methods_supported":      []string{"S256"},
		"dpop_signing_alg_values_supported":     []string{"ES256"},
		// All providers of a run share one redirect URI.
		"authorization_response_iss_parameter_supported": true,
	}
	if p.script.Session != "" {
		metadata["check_session_iframe"] = p.base + "/check"
	}
	return merge(metadata, p.script.Metadata)
}

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	response := map[string]any{"state": q.Get("state"), "iss": p.base}
	if p.script.Session != "" {
		response["session_state"] = p.script.Session
	}
	if q.Get("prompt") == "none" && p.script.SignedOut {
		response["error"] = "login_required"
	} else {
		p.script.SignedOut = p.script.SignedOut && !p.script.Remembers
		code := p.serial("code")
		p.requests[code] = q
		response["code"] = code
	}
	p.redirect(w, r, q.Get("redirect_uri"), q.Get("response_mode"), merge(response, p.script.Callback))
}

func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	p.script.SignedOut = p.script.SignedOut || p.script.Remembers
	q := r.URL.Query()
	response := map[string]any{}
	if q.Has("state") {
		response["state"] = q.Get("state")
	}
	p.redirect(w, r, q.Get("post_logout_redirect_uri"), "", merge(response, p.script.Callback))
}

func (p *Provider) redirect(w http.ResponseWriter, r *http.Request, to, mode string, parameters map[string]any) {
	if to == "" {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!doctype html><title>at the provider</title>")
		return
	}
	query := url.Values{}
	for name, value := range parameters {
		query.Set(name, fmt.Sprint(value))
	}
	separator := "?"
	if mode == "fragment" {
		separator = "#"
	} else if strings.Contains(to, "?") {
		separator = "&"
	}
	if len(query) > 0 {
		to += separator + query.Encode()
	}
	//lint:ignore gosec G710: the scenario says where to
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// tokens is what the token endpoint answers.
func (p *Provider) tokens(form url.Values) map[string]any {
	request := p.requests[form.Get("code")]
	accessToken := p.serial("access")
	scope := request.Get("scope")
	if form.Get("scope") != "" {
		scope = form.Get("scope")
	}
	now := time.Now().Unix()
	claims := map[string]any{
		"iss": p.base, "sub": "subject-1", "aud": cmp.Or(form.Get("client_id"), "app"), "exp": now + 300, "iat": now, "name": "Test User",
		"jti": p.serial("jti"), // or two tokens of one second are the same
	}
	if nonce := request.Get("nonce"); nonce != "" {
		claims["nonce"] = nonce
	}
	if request.Has("max_age") {
		claims["auth_time"] = now
	}
	tokens := map[string]any{
		"access_token":  accessToken,
		"token_type":    "Bearer",
		"expires_in":    3600,
		"refresh_token": p.serial("refresh"),
	}
	if strings.Contains(scope, "openid") {
		token := p.op.Sign(map[string]any{"alg": "RS256", "kid": p.op.Keys[0].ID}, merge(claims, p.script.Claims))
		p.names[token] = p.serial("id-token")
		tokens["id_token"] = token
	}
	return merge(tokens, p.script.Tokens)
}

// serial returns a value that tells its kind and how many came before it.
func (p *Provider) serial(kind string) string {
	p.count[kind]++
	return fmt.Sprintf("%s-%d", kind, p.count[kind])
}

// merge returns object with the changes; null removes.
func merge(object, changes map[string]any) map[string]any {
	for name, value := range changes {
		if value == nil {
			delete(object, name)
		} else {
			object[name] = value
		}
	}
	return object
}

func respond(w http.ResponseWriter, object map[string]any) {
	(&Answer{Body: object}).write(w)
}
