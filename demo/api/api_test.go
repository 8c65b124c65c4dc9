package api_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcspa/oidcspa/demo/api"
	"github.com/oidcspa/oidcspa/oidc"
)

const (
	issuer   = "https://op.example.test"
	audience = "https://api.example.test"
	site     = "https://app.example.test"
)

var noon = time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)

// An op is a provider without a network: an [oidc.Transport] that answers
// for it, and a signer.
type op struct {
	t *testing.T

	mu      sync.Mutex // guards all of the below
	key     *ecdsa.PrivateKey
	kid     string
	fetches int           // of the JWKS
	down    bool          // nothing answers
	hold    chan struct{} // if not nil, answers wait for it
	noCache []bool        // of each fetch of the JWKS
}

func newOP(t *testing.T) *op {
	o := &op{t: t}
	o.rotate("key-1")
	return o
}

func (o *op) rotate(kid string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		o.t.Fatal(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.key, o.kid = key, kid
}

// Do is part of [oidc.Transport].
func (o *op) Do(_ context.Context, req *oidc.Request) (*oidc.Response, error) {
	if o.hold != nil {
		<-o.hold
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down {
		return nil, oidc.ErrNetwork
	}
	var body any
	switch req.URL {
	case issuer + "/.well-known/openid-configuration":
		body = map[string]any{
			"issuer":                                issuer,
			"authorization_endpoint":                issuer + "/authorize",
			"token_endpoint":                        issuer + "/token",
			"jwks_uri":                              issuer + "/jwks",
			"response_types_supported":              []string{"code"},
			"subject_types_supported":               []string{"public"},
			"id_token_signing_alg_values_supported": []string{"ES256"},
		}
	case issuer + "/jwks":
		o.fetches++
		o.noCache = append(o.noCache, req.NoCache)
		body = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: o.key.Public(), KeyID: o.kid, Algorithm: "ES256", Use: "sig"}}}
	default:
		return &oidc.Response{Status: http.StatusNotFound}, nil
	}
	data, err := json.Marshal(body)
	return &oidc.Response{Status: 200, Header: map[string]string{"content-type": "application/json"}, Body: data}, err
}

// token makes an access token; set are pairs of a claim and a value, where
// nil takes the claim out. The claim "typ" is the header.
func (o *op) token(set ...any) string {
	o.t.Helper()
	claims := map[string]any{
		"iss": issuer, "aud": audience, "sub": "user-1", "client_id": "app", "scope": "openid api",
		"jti": "token-1", "iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix(),
	}
	typ := "at+jwt"
	for i := 0; i < len(set); i += 2 {
		switch name := set[i].(string); {
		case name == "typ":
			typ = set[i+1].(string)
		case set[i+1] == nil:
			delete(claims, name)
		default:
			claims[name] = set[i+1]
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	signingKey := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: o.key, KeyID: o.kid}}
	signer, err := jose.NewSigner(signingKey, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		o.t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		o.t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		o.t.Fatal(err)
	}
	compact, err := jws.CompactSerialize()
	if err != nil {
		o.t.Fatal(err)
	}
	return compact
}

// handler returns the API, at noon unless now says something else.
func (o *op) handler(now func() time.Time) http.Handler {
	if now == nil {
		now = func() time.Time { return noon }
	}
	h, err := api.New(api.Config{
		Issuer: issuer, Audience: audience, Scopes: []string{"api"}, Origins: []string{site},
		Transport: o, Now: now,
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return h
}

func call(h http.Handler, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/api/hello", nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHello(t *testing.T) {
	o := newOP(t)
	w := call(o.handler(nil), "Bearer "+o.token())
	var got map[string]string
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Code != 200 || got["sub"] != "user-1" || got["scope"] != "openid api" || got["message"] == "" {
		t.Errorf("got %d %v", w.Code, got)
	}
}

func TestRefusals(t *testing.T) {
	o := newOP(t)
	stranger := newOP(t)
	tests := []struct {
		name, authorization string
		status              int
		challenge           string
	}{
		{"no header", "", 401, "Bearer"},
		{"another scheme", "Basic x", 401, "Bearer"},
		{"no token", "Bearer not-a-token", 401, `Bearer error="invalid_token", error_description="token_malformed"`},
		{"an ID Token", "Bearer " + o.token("typ", "JWT"), 401, `Bearer error="invalid_token", error_description="typ_not_allowed"`},
		{"another issuer", "Bearer " + o.token("iss", "https://evil.example.test"), 401, `Bearer error="invalid_token", error_description="issuer_mismatch"`},
		{"another audience", "Bearer " + o.token("aud", "x"), 401, `Bearer error="invalid_token", error_description="audience_mismatch"`},
		{"expired", "Bearer " + o.token("exp", noon.Add(-time.Minute).Unix()), 401, `Bearer error="invalid_token", error_description="token_expired"`},
		{"another key under the same name", "Bearer " + stranger.token(), 401, `Bearer error="invalid_token", error_description="signature_invalid"`},
		{"without the scope", "Bearer " + o.token("scope", "openid"), 403, `Bearer error="insufficient_scope", scope="api"`},
	}
	h := o.handler(nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := call(h, tt.authorization)
			if got := w.Header().Get("WWW-Authenticate"); w.Code != tt.status || got != tt.challenge {
				t.Errorf("got %d %q, want %d %q", w.Code, got, tt.status, tt.challenge)
			}
		})
	}
}

func TestKeyRotation(t *testing.T) {
	o := newOP(t)
	now := noon
	h := o.handler(func() time.Time { return now })
	steps := []struct {
		name    string
		do      func()
		status  int
		fetches int // so far
	}{
		{"first request fetches", func() {}, 200, 1},
		{"second does not", func() {}, 200, 1},
		{"unknown key within a minute", func() { o.rotate("key-2") }, 401, 1},
		{"unknown key after a minute", func() { now = now.Add(time.Minute) }, 200, 2},
		{"and that key is kept", func() {}, 200, 2},
		{"unknown key at once", func() { o.rotate("key-3") }, 401, 2},
	}
	for _, s := range steps {
		s.do()
		exp := o.token("exp", now.Add(time.Minute).Unix())
		if w := call(h, "Bearer "+exp); w.Code != s.status || o.fetches != s.fetches {
			t.Errorf("%s: status %d and %d fetches, want %d and %d", s.name, w.Code, o.fetches, s.status, s.fetches)
		}
	}
	if o.noCache[0] || !o.noCache[1] {
		t.Errorf("past the cache: %v, want only the second fetch", o.noCache)
	}
}

func TestOneFetchForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOP(t)
		o.hold = make(chan struct{})
		h := o.handler(nil)
		token := o.token()
		codes := make(chan int, 5)
		for range 5 {
			go func() { codes <- call(h, "Bearer "+token).Code }()
		}
		synctest.Wait() // all of them wait for the fetch
		close(o.hold)
		for range 5 {
			if code := <-codes; code != 200 {
				t.Errorf("status %d, want 200", code)
			}
		}
		if o.fetches != 1 {
			t.Errorf("%d fetches, want 1", o.fetches)
		}
	})
}

func TestProviderDown(t *testing.T) {
	o := newOP(t)
	o.down = true
	now := noon
	h := o.handler(func() time.Time { return now })
	if w := call(h, "Bearer "+o.token()); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503", w.Code)
	}
	o.down, now = false, now.Add(5*time.Second)
	if w := call(h, "Bearer "+o.token()); w.Code != 200 {
		t.Errorf("status %d once the provider is back, want 200", w.Code)
	}
}

func TestCORS(t *testing.T) {
	tests := []struct{ name, method, origin, want string }{
		{"the site", "GET", site, site},
		{"preflight of the site", "OPTIONS", site, site},
		{"a stranger", "GET", "https://evil.example.test", ""},
		{"preflight of a stranger", "OPTIONS", "https://evil.example.test", ""},
		{"own origin", "GET", "", ""},
	}
	h := newOP(t).handler(nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/api/hello", nil)
			r.Header.Set("Origin", tt.origin)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != tt.want {
				t.Errorf("Access-Control-Allow-Origin = %q, want %q", got, tt.want)
			}
			if allowed := strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), "Authorization"); allowed != (tt.want != "") {
				t.Errorf("Authorization allowed: %v", allowed)
			}
		})
	}
}
