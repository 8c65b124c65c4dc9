// Package op is an issuer on this machine for the tests of the examples.
package op

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Audience is that of the API.
const Audience = "https://api.example"

// An Issuer serves its metadata and its key, and signs.
type Issuer struct {
	URL    string
	tb     testing.TB
	signer jose.Signer
}

// New starts one that signs with a key on P-256.
func New(tb testing.TB) *Issuer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return With(tb, "ES256", key, key.Public())
}

// With starts one that signs with some key.
func With(tb testing.TB, alg string, private, public any) *Issuer {
	tb.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)
	serve := func(path string, document any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(document) // who asks may be gone
		})
	}
	serve("/.well-known/openid-configuration", map[string]any{"issuer": server.URL, "jwks_uri": server.URL + "/jwks"})
	serve("/jwks", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: "key-1", Use: "sig", Algorithm: alg}}})
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: jose.JSONWebKey{Key: private, KeyID: "key-1"}},
		(&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		tb.Fatal(err)
	}
	return &Issuer{URL: server.URL, tb: tb, signer: signer}
}

// Token returns an access token with the claims that many providers send.
func (is *Issuer) Token(audience, scope string) string {
	is.tb.Helper()
	now := time.Now().Unix()
	payload, err := json.Marshal(map[string]any{
		"iss": is.URL, "aud": audience, "sub": "jane", "client_id": "app", "scope": scope,
		"jti": rand.Text(), "iat": now, "exp": now + 3600, "auth_time": now, "acr": "1",
		"roles": []string{"user", "editor"}, "email": "jane@example.com", "name": "Jane Doe",
	})
	if err != nil {
		is.tb.Fatal(err)
	}
	signed, err := is.signer.Sign(payload)
	if err != nil {
		is.tb.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		is.tb.Fatal(err)
	}
	return token
}

// Ask sends a request with a token, "" for none, and returns what comes back.
func Ask(tb testing.TB, address, method, token string) (status int, body string) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, address, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res.StatusCode, string(data)
}
