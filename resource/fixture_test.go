package resource_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

const (
	issuer   = "https://op.example"
	audience = "https://api.example"

	// mark is part of every secret and of every claim value about the
	// End-User, and so of no answer and no error.
	mark = "s3cr3t"
)

var noon = time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)

// A provider answers as an issuer without a network ([oidc.Transport]), and
// signs.
type provider struct {
	t testing.TB

	mu            sync.Mutex // guards all of the below
	key           crypto.Signer
	kid           string
	alg           string
	cache         string   // Cache-Control of all answers
	age           string   // their Age, from a cache on the way
	down          bool     // nothing answers
	requests      []string // "jwks", "jwks past the cache", "metadata"
	hold          chan struct{}
	introspection string // the endpoint in the metadata
	takes         func() // happens while it answers
}

func newProvider(t testing.TB) *provider {
	p := &provider{t: t}
	p.rotate("key-1")
	return p
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (p *provider) rotate(kid string) {
	key := newKey(p.t)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key, p.kid, p.alg = key, kid, "ES256"
}

// Do is part of [oidc.Transport].
func (p *provider) Do(_ context.Context, req *oidc.Request) (*oidc.Response, error) {
	if p.hold != nil {
		<-p.hold
	}
	if p.takes != nil {
		p.takes()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var body any
	switch req.URL {
	case issuer + "/.well-known/openid-configuration":
		p.requests = append(p.requests, "metadata")
		body = map[string]any{
			"introspection_endpoint": p.introspection,
			"issuer":                 issuer, "authorization_endpoint": issuer + "/authorize",
			"token_endpoint": issuer + "/token", "jwks_uri": issuer + "/jwks",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"ES256"},
		}
	case issuer + "/jwks":
		name := "jwks"
		if req.NoCache {
			name += " past the cache"
		}
		p.requests = append(p.requests, name)
		body = p.jwks()
	default:
		p.t.Errorf("unexpected request for %s", req.URL)
	}
	if p.down {
		return nil, oidc.ErrNetwork
	}
	data, err := json.Marshal(body)
	return &oidc.Response{Status: 200, Header: map[string]string{
		"content-type": "application/json", "cache-control": p.cache, "age": p.age,
	}, Body: data}, err
}

// jwks are the keys; of who holds mu, or is alone.
func (p *provider) jwks() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: p.kid, Use: "sig"}}}
}

// A claims is the claims of a token, and its header where a name begins with
// "header ".
type claims map[string]any

// token returns an access token, good but for what edit sets; nil takes a
// claim out.
func (p *provider) token(edit claims) string {
	p.t.Helper()
	set := map[string]any{
		"iss": issuer, "aud": audience, "sub": mark + "-user", "client_id": "app", "scope": "read write",
		"jti": mark + "-token", "iat": noon.Unix(), "exp": noon.Add(5 * time.Minute).Unix(),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	header := map[string]any{"alg": p.alg, "kid": p.kid, "typ": "at+jwt"}
	return sign(p.t, p.key, header, set, edit)
}

// sign makes a JWS of header and claims after edit.
func sign(t testing.TB, key crypto.Signer, header, set map[string]any, edit claims) string {
	t.Helper()
	for name, value := range edit {
		target := set
		if member, ok := strings.CutPrefix(name, "header "); ok {
			target, name = header, member
		}
		target[name] = value
		if value == nil {
			delete(target, name)
		}
	}
	return jws(t, key, encode(t, header), encode(t, set))
}

// jws signs what is to be header and payload, whatever that is.
func jws(t testing.TB, key crypto.Signer, header, payload []byte) string {
	t.Helper()
	input := b64(header) + "." + b64(payload)
	if private, ok := key.(ed25519.PrivateKey); ok {
		return input + "." + b64(ed25519.Sign(private, []byte(input)))
	}
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A client has a key of its own.
type client struct {
	t   testing.TB
	key *ecdsa.PrivateKey
	n   int // proofs made
}

func newClient(t testing.TB) *client { return &client{t: t, key: newKey(t)} }

func (c *client) jwk() jose.JSONWebKey { return jose.JSONWebKey{Key: c.key.Public()} }

// binding is the claim cnf of a token for this client.
func (c *client) binding() map[string]any {
	c.t.Helper()
	key := c.jwk()
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		c.t.Fatal(err)
	}
	return map[string]any{"jkt": b64(sum)}
}

// proof returns a proof for GET /things, good but for what edit sets.
func (c *client) proof(token string, edit claims) string {
	c.t.Helper()
	c.n++
	sum := sha256.Sum256([]byte(token))
	set := map[string]any{
		"jti": mark + "-proof-" + string(rune('a'+c.n)), "htm": "GET", "htu": audience + "/things",
		"iat": noon.Unix(), "ath": b64(sum[:]),
	}
	return sign(c.t, c.key, map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": c.jwk()}, set, edit)
}

// A sent request is a GET of /things with these header fields: name, value,
// name, value.
func get(h http.Handler, fields ...string) *httptest.ResponseRecorder {
	return request(h, "/things", fields...)
}

func request(h http.Handler, target string, fields ...string) *httptest.ResponseRecorder {
	return requestIn(context.Background(), h, target, fields...)
}

func requestIn(ctx context.Context, h http.Handler, target string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, "GET", target, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// reached answers 204 and tells whose token it was.
var reached = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Subject", resource.ClaimsFrom(r.Context()).Subject)
	w.WriteHeader(http.StatusNoContent)
})

// newMiddleware returns one at noon that asks p, after edit.
func newMiddleware(t testing.TB, p *provider, edit func(*resource.Config)) *resource.Middleware {
	t.Helper()
	config := resource.Config{
		Issuers: []resource.Issuer{{Issuer: issuer, Audiences: []string{audience}}}, Transport: p,
		Now: func() time.Time { return noon },
		Refused: func(_ *http.Request, err error) {
			if err == nil || strings.Contains(err.Error(), mark) {
				t.Errorf("refused with %v", err)
			}
		},
	}
	if edit != nil {
		edit(&config)
	}
	m, err := resource.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// withDPoP takes tokens that are bound to a key.
func withDPoP(config *resource.Config) { config.DPoP.BaseURL = audience }

// check compares status and challenge, and looks for secrets in the answer.
func check(t *testing.T, w *httptest.ResponseRecorder, status int, challenge string) {
	t.Helper()
	if got := strings.Join(w.Header().Values("WWW-Authenticate"), "; "); w.Code != status || got != challenge {
		t.Errorf("got %d %q, want %d %q", w.Code, got, status, challenge)
	}
	if status >= 400 && (strings.Contains(w.Body.String(), mark) || w.Header().Get("X-Subject") != "" ||
		w.Header().Get("Cache-Control") != "no-store") {
		t.Errorf("answer %v %s", w.Header(), w.Body)
	}
}
