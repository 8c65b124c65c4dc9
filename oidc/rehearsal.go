package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// Rehearse takes a response that nobody gave along the way of the response to
// this transaction, as far as a signature that nobody made lets it come:
// [ErrSignatureInvalid] if it came that far. It sends nothing, and has keys of its
// own. A browser compiles a function when it is called first: the response itself
// then takes less time.
func (tx *Transaction) Rehearse(ctx context.Context, m *Metadata, now time.Time) error {
	callback, err := tx.ParseCallback(m, tx.specimenURL(), now)
	if err != nil {
		return err
	}
	keys, err := ParseKeys(specimenKeys())
	if err != nil {
		return err
	}
	token := keys.specimen(m.SigningAlgorithms())
	tokens, err := callback.Exchange(ctx, stage{token}, m)
	if err != nil {
		return err
	}
	if _, err := ReadIDToken(token); err != nil {
		return err
	}
	_, err = tx.Expect(m, tokens).VerifyIDToken(tokens.IDToken, keys, now)
	return err
}

// specimenKeys are keys that nobody signs with: a modulus of ones, the base points
// of P-256 and Ed25519. Rarer curves are not worth their place.
func specimenKeys() []byte {
	return []byte(`{"keys":[{"kty":"RSA","kid":"none","e":"AQAB","n":"` + strings.Repeat("_", 341) + `w"},` +
		`{"kty":"EC","kid":"none","crv":"P-256","x":"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY","y":"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"},` +
		`{"kty":"OKP","kid":"none","crv":"Ed25519","x":"WGZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY"}]}`)
}

// specimenURL is the redirect URI with a response.
func (tx *Transaction) specimenURL() string {
	mark := "?"
	switch {
	case tx.ResponseMode == "fragment":
		mark = "#"
	case strings.Contains(tx.RedirectURI, "?"):
		mark = "&"
	}
	response := &params{}
	response.add("code", "none")
	response.add("state", tx.State.Reveal())
	response.add("iss", tx.Issuer)
	return tx.RedirectURI + mark + response.encode()
}

// specimen returns what looks like an ID Token that a key of the set has signed
// with one of the algorithms; "" if none can.
func (s *KeySet) specimen(algorithms []string) Secret {
	for _, key := range s.keys {
		for _, alg := range algorithms {
			if !slices.Contains(key.algorithms, alg) {
				continue
			}
			head, _ := strictjson.Marshal(map[string]string{"alg": alg, "kid": key.kid}) // strings can be written
			const claims = `{"iss":"none","sub":"none","aud":"none","exp":1,"iat":1,"nonce":"none"}`
			signature := make([]byte, key.signatureLength())
			for i := 1; i < len(signature); i += 2 { // begins with a zero: less than any modulus
				signature[i] = 1
			}
			encode := base64.RawURLEncoding.EncodeToString
			return Secret(encode(head) + "." + encode([]byte(claims)) + "." + encode(signature))
		}
	}
	return ""
}

// signatureLength returns how long the signatures of a key are (RFC 7518 3.3 and
// 3.4, RFC 8032 5.1.6).
func (k *jwk) signatureLength() int {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return public.Size()
	case *ecdsa.PublicKey:
		return 2 * ((public.Curve.Params().BitSize + 7) / 8)
	default:
		return ed25519.SignatureSize
	}
}

// A stage is a transport that has tokens without asking anybody.
type stage struct{ idToken Secret }

// Do is [Transport].
func (s stage) Do(context.Context, *Request) (*Response, error) {
	return &Response{
		Status: 200,
		Header: map[string]string{"content-type": "application/json"},
		Body:   []byte(`{"access_token":"none","token_type":"Bearer","expires_in":1,"id_token":"` + s.idToken.Reveal() + `"}`),
	}, nil
}
