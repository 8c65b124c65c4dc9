package oidctest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A prover makes proofs, right ones but for an edit.
type prover struct {
	t       *testing.T
	private *ecdsa.PrivateKey
}

func newProver(t *testing.T) prover {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return prover{t, private}
}

func (p prover) proof(edit func(header, claims map[string]any)) string {
	point, err := p.private.PublicKey.Bytes()
	if err != nil {
		p.t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	header := map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": map[string]any{
		"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:]),
	}}
	claims := map[string]any{"jti": rand.Text(), "htm": "POST", "htu": "https://op.example.test/token", "iat": time.Now().Unix()}
	edit(header, claims)
	parts := [2]string{}
	for i, object := range []map[string]any{header, claims} {
		data, err := json.Marshal(object)
		if err != nil {
			p.t.Fatal(err)
		}
		parts[i] = b64(data)
	}
	input := parts[0] + "." + parts[1]
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, p.private, sum[:])
	if err != nil {
		p.t.Fatal(err)
	}
	return input + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// postProof posts a token request with a proof.
func postProof(op *oidctest.OP, form url.Values, proof string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, op.Base()+"/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("DPoP", proof)
	w := httptest.NewRecorder()
	op.ServeHTTP(w, r)
	return w
}

// TestStrictProofs: a client cannot pass with a proof that breaks a rule
// (RFC 9449 4.3).
func TestStrictProofs(t *testing.T) {
	claim := func(name string, value any) func(h, c map[string]any) {
		return func(_, c map[string]any) { c[name] = value }
	}
	tests := []struct {
		name string
		edit func(header, claims map[string]any)
		want int // complaints
	}{
		{"as it should be", func(_, _ map[string]any) {}, 0},
		{"another method", claim("htm", "GET"), 1},
		{"another address", claim("htu", "https://op.example.test/userinfo"), 1},
		{"an address with a query", claim("htu", "https://op.example.test/token?a=b"), 1},
		{"no jti", claim("jti", ""), 1},
		{"of yesterday", claim("iat", time.Now().Unix()-86400), 1},
		{"typ of another kind", func(h, _ map[string]any) { h["typ"] = "JWT" }, 1},
		{"no key", func(h, _ map[string]any) { delete(h, "jwk") }, 1},
		{"the key of somebody else", func(h, _ map[string]any) {
			newProver(t).proof(func(other, _ map[string]any) { h["jwk"] = other["jwk"] })
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &complaint{TB: t}
			op := oidctest.New(c)
			w := postProof(op, codeForm(op), newProver(t).proof(tt.edit))
			if c.count < tt.want || tt.want == 0 && c.count != 0 {
				t.Errorf("%d complaints, want %d", c.count, tt.want)
			}
			if tt.want == 0 && !strings.Contains(w.Body.String(), `"token_type":"DPoP"`) {
				t.Error("the token is not bound")
			}
		})
	}
}

// A bound code and a bound refresh token want their key; a nonce is good once.
func TestBoundGrants(t *testing.T) {
	same := func(_, _ map[string]any) {}
	c := &complaint{TB: t}
	op := oidctest.New(c)
	op.RefreshTokens = true
	var last string
	op.EditTokenResponse = func(response map[string]any) { last, _ = response["refresh_token"].(string) }
	p := newProver(t)
	used := p.proof(same)
	postProof(op, codeForm(op), used)
	refresh := func(proof string) int {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {last}, "client_id": {op.ClientID}}
		return postProof(op, form, proof).Code
	}
	if status := refresh(p.proof(same)); status != http.StatusOK || c.count != 0 {
		t.Errorf("refresh with the key: status %d, %d complaints", status, c.count)
	}
	if refresh(used); c.count != 1 {
		t.Errorf("a proof used twice: %d complaints, want 1", c.count)
	}
	if refresh(newProver(t).proof(same)); c.count != 2 {
		t.Errorf("refresh with another key: %d complaints, want 2", c.count)
	}

	op.RequireNonce = true
	w := postProof(op, codeForm(op), p.proof(same))
	nonce := w.Header().Get("DPoP-Nonce")
	if w.Code != http.StatusBadRequest || nonce == "" || !strings.Contains(w.Body.String(), "use_dpop_nonce") {
		t.Errorf("without a nonce: status %d", w.Code)
	}
	withNonce := func(_, claims map[string]any) { claims["nonce"] = nonce }
	if w = postProof(op, codeForm(op), p.proof(withNonce)); w.Code != http.StatusOK {
		t.Errorf("with the nonce: status %d", w.Code)
	}
	if w = postProof(op, codeForm(op), p.proof(withNonce)); w.Code != http.StatusBadRequest {
		t.Errorf("with the nonce of before: status %d", w.Code)
	}
	if c.count != 2 {
		t.Errorf("%d complaints, want 2", c.count)
	}
}

func TestBoundCodeElsewhere(t *testing.T) {
	c := &complaint{TB: t}
	op := oidctest.New(c)
	u, err := url.Parse(op.Visit(address(op, func(q url.Values) { q.Set("dpop_jkt", "of-another-key") })))
	if err != nil {
		t.Fatal(err)
	}
	form := codeForm(op)
	form.Set("code", u.Query().Get("code"))
	same := func(_, _ map[string]any) {}
	if w := postProof(op, form, newProver(t).proof(same)); w.Code != http.StatusBadRequest || c.count != 1 {
		t.Errorf("status %d, %d complaints, want 400 and 1", w.Code, c.count)
	}
}
