//go:build !js

package explore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// A signer is the name of a key. Its signature is that name: who could forge one is
// not the question here.
type signer string

// newKey is [session.Config].NewKey.
func (p *program) newKey(context.Context) (oidc.Signer, error) {
	p.w.gate(p, "makes a key")()
	p.w.keys++
	return signer(fmt.Sprintf("key %d", p.w.keys)), nil
}

// Algorithm is [oidc.Signer].
func (signer) Algorithm() string { return "EdDSA" }

// PublicJWK is [oidc.Signer].
func (k signer) PublicJWK() map[string]string {
	return map[string]string{"kty": "OKP", "crv": "Ed25519", "x": encode([]byte(k))}
}

// Sign is [oidc.Signer].
func (k signer) Sign(context.Context, []byte) ([]byte, error) { return []byte(k), nil }

// A proof is what a header DPoP says (RFC 9449 4.2).
type proof struct {
	key      string
	ID       string `json:"jti"`
	Method   string `json:"htm"`
	URI      string `json:"htu"`
	IssuedAt int64  `json:"iat"`
	Token    string `json:"ath"`
	Nonce    string `json:"nonce"`
}

func readProof(text string) (p proof, ok bool) {
	parts := strings.Split(text, ".")
	var header struct {
		JWK map[string]string `json:"jwk"`
	}
	if len(parts) != 3 {
		return p, false
	}
	for i, part := range []any{&header, &p} {
		if data, err := base64.RawURLEncoding.DecodeString(parts[i]); err != nil || strictjson.Unmarshal(data, part) != nil {
			return p, false
		}
	}
	p.key = header.JWK["x"]
	return p, p.key != "" && parts[2] == p.key
}

// prove looks at the proof of a request that brings a token, or none, as its server
// does (RFC 9449 4.3). It returns the key, empty without a proof, and the refusal of a
// server that wants its nonce.
func (w *world) prove(req *oidc.Request, token string) (key string, refusal *oidc.Response) {
	text := req.Header["DPoP"]
	if text == "" {
		return "", nil
	}
	p, ok := readProof(text)
	address, _, _ := strings.Cut(req.URL, "?")
	server := originOf(address)
	hash := ""
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		hash = encode(sum[:])
	}
	switch {
	case !ok:
		w.violate("proof", "a proof that is none")
	case p.Method != req.Method || p.URI != address:
		w.violate("proof", "a proof for "+p.Method+" "+p.URI+" goes with another request")
	case p.Token != hash:
		w.violate("proof", "a proof for another token")
	case w.proofs[p.ID]:
		w.violate("proof", "a proof goes with a second request")
	case p.Nonce != "" && !strings.HasPrefix(p.Nonce, server+"#"):
		w.violate("proof", "a proof has the nonce of another server")
	}
	w.proofs[p.ID] = true
	now := w.nonce(server, 0)
	if !w.nonces || p.Nonce == now || p.Nonce == w.nonce(server, 1) {
		return p.key, nil
	}
	refusal = answer(400, `{"error":"use_dpop_nonce"}`)
	if token != "" {
		refusal = answer(401, "")
		refusal.Header["www-authenticate"] = `DPoP error="use_dpop_nonce"`
	}
	refusal.Header["dpop-nonce"] = now
	return p.key, refusal
}

// nonce is the one that a server gives now, or so many before that.
func (w *world) nonce(server string, before int) string {
	return fmt.Sprintf("%s#%d", server, int(time.Since(w.began)/(3*time.Minute))-before)
}

func originOf(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// bearer returns the token of a request, and whether its scheme is the one of bound
// tokens.
func bearer(req *oidc.Request) (token string, bound bool) {
	scheme, token, _ := strings.Cut(req.Header["Authorization"], " ")
	return token, scheme == "DPoP"
}

// proves tells whether a request brings what its token is bound to.
func (w *world) proves(token *accessToken, bound bool, key string) bool {
	if bound == (token.key != "") && key == token.key {
		return true
	}
	w.violate("proof", fmt.Sprintf("a token that is bound to %q is sent with a proof of %q", token.key, key))
	return false
}
