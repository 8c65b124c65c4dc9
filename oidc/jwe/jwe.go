// Package jwe decrypts ID Tokens (RFC 7516) for a client that has registered
// a key for it. It is a package of its own so that only programs that decrypt
// hold the code.
//
//	decrypter, err := jwe.New(jwe.Key{ID: "enc-1", Private: privateKey})
//	expected.Decrypt = decrypter.Decrypt
//	claims, err := expected.VerifyIDToken(tokens.IDToken, keys, now)
//
// Decryption proves nothing about who encrypted: the public key is public. The
// token within is verified as any other.
package jwe

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// maxLength bounds a token in bytes, before anything reads it.
const maxLength = 384 << 10

// minRSABits is the smallest RSA modulus accepted (RFC 7518 4.3).
const minRSABits = 2048

// The key algorithms are those that neither a password nor a shared secret
// opens, and of those for RSA the one that is safe (RFC 8725 3.2).
var (
	rsaAlgorithms     = []jose.KeyAlgorithm{jose.RSA_OAEP_256}
	ecAlgorithms      = []jose.KeyAlgorithm{jose.ECDH_ES, jose.ECDH_ES_A128KW, jose.ECDH_ES_A192KW, jose.ECDH_ES_A256KW}
	contentEncryption = []jose.ContentEncryption{
		jose.A128CBC_HS256, jose.A192CBC_HS384, jose.A256CBC_HS512, jose.A128GCM, jose.A192GCM, jose.A256GCM,
	}
)

// A Key is a private key of the client's.
type Key struct {
	ID      string            // kid; empty to try the key for every token
	Private crypto.PrivateKey // *rsa.PrivateKey, or *ecdsa.PrivateKey on a NIST curve
}

// String returns "[redacted]".
func (Key) String() string { return "[redacted]" }

// GoString returns "[redacted]".
func (Key) GoString() string { return "[redacted]" }

// A Decrypter opens tokens with the keys of a client.
type Decrypter struct{ keys []Key }

// String returns "[redacted]".
func (*Decrypter) String() string { return "[redacted]" }

// GoString returns "[redacted]".
func (*Decrypter) GoString() string { return "[redacted]" }

// New returns a decrypter. Its one failure is [oidc.ErrInvalidConfig]: there
// is no key, or one of another type or below 2048 bits.
func New(keys ...Key) (*Decrypter, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("decryption key: %w", oidc.ErrInvalidConfig)
	}
	for _, key := range keys {
		if algorithmsOf(key) == nil {
			return nil, fmt.Errorf("decryption key: %w", oidc.ErrInvalidConfig)
		}
	}
	return &Decrypter{keys: slices.Clone(keys)}, nil
}

// algorithmsOf returns what a key can open; nil for one that is of no use.
func algorithmsOf(key Key) []jose.KeyAlgorithm {
	switch private := key.Private.(type) {
	case *rsa.PrivateKey:
		if private != nil && private.N.BitLen() >= minRSABits {
			return rsaAlgorithms
		}
	case *ecdsa.PrivateKey:
		if private != nil && private.Curve != nil && slices.Contains([]string{"P-256", "P-384", "P-521"}, private.Params().Name) {
			return ecAlgorithms
		}
	}
	return nil
}

// header is the protected header of a JWE (RFC 7516 4.1).
type header struct {
	Alg  jose.KeyAlgorithm      `json:"alg"`
	Enc  jose.ContentEncryption `json:"enc"`
	Kid  string                 `json:"kid"`
	Cty  string                 `json:"cty"`
	Zip  strictjson.RawMessage  `json:"zip"`
	Crit strictjson.RawMessage  `json:"crit"`
}

// Decrypt returns the token within an encrypted one: a JWS, still to be
// verified (OIDC Core 3.1.3.7 step 1). It is what
// [oidc.ExpectedIDToken.Decrypt] takes. Codes: [oidc.ErrTokenNotEncrypted],
// [oidc.ErrTokenMalformed], [oidc.ErrHeaderNotAllowed] for compression and
// extensions, [oidc.ErrTypeNotAllowed], [oidc.ErrAlgNotAllowed],
// [oidc.ErrDecryptionFailed].
func (d *Decrypter) Decrypt(token oidc.Secret) (oidc.Secret, error) {
	text := token.Reveal()
	if len(text) > maxLength {
		return "", oidc.ErrTokenMalformed
	}
	switch strings.Count(text, ".") {
	case 4: // RFC 7516 7.1
	case 2:
		return "", oidc.ErrTokenNotEncrypted
	default:
		return "", oidc.ErrTokenMalformed
	}
	h, err := parseHeader(text)
	if err != nil {
		return "", err
	}
	encrypted, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{h.Alg}, []jose.ContentEncryption{h.Enc})
	if err != nil {
		return "", oidc.ErrTokenMalformed
	}
	for _, key := range d.keys {
		if h.Kid != "" && key.ID != "" && key.ID != h.Kid || !slices.Contains(algorithmsOf(key), h.Alg) {
			continue
		}
		if within, err := encrypted.Decrypt(key.Private); err == nil {
			return oidc.Secret(within), nil
		}
	}
	return "", oidc.ErrDecryptionFailed
}

// parseHeader refuses what would make opening the token expensive or
// ambiguous, before the library sees it (RFC 8725 3.6 and 3.11).
func parseHeader(token string) (*header, error) {
	part, _, _ := strings.Cut(token, ".")
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil || strings.ContainsAny(part, "\r\n") {
		return nil, oidc.ErrTokenMalformed
	}
	var h header
	if strictjson.Unmarshal(data, &h) != nil {
		return nil, oidc.ErrTokenMalformed
	}
	switch {
	case h.Zip != nil, h.Crit != nil:
		return nil, oidc.ErrHeaderNotAllowed
	case !slices.Contains(rsaAlgorithms, h.Alg) && !slices.Contains(ecAlgorithms, h.Alg),
		!slices.Contains(contentEncryption, h.Enc):
		return nil, oidc.ErrAlgNotAllowed
	case h.Cty != "" && !strings.EqualFold(h.Cty, "JWT"): // RFC 7519 5.2
		return nil, oidc.ErrTypeNotAllowed
	}
	return &h, nil
}
