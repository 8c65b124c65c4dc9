package oidc

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// This file is the only one that knows the JOSE library.

// maxTokenLength bounds a token in bytes, before anything reads it.
const maxTokenLength = 256 << 10

// maxHeaderLength bounds the header of a token in bytes, in base64url: whoever sends one has it
// read before anything is verified. A chain of three certificates that nobody here looks
// at fits (x5c, RFC 7515 4.1.6).
const maxHeaderLength = 16 << 10

// minRSABits is the smallest RSA modulus accepted (RFC 7518 3.3).
const minRSABits = 2048

// maxKeysTried bounds the signatures verified for a token without a kid.
const maxKeysTried = 8

// asymmetricAlgorithms are all that are ever accepted for a signature. EdDSA
// has two names: Ed25519 is its fully specified one (RFC 9864).
var asymmetricAlgorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA", "Ed25519",
}

// CheckAlgorithms returns nil if each is one that can be accepted for a signature. Code:
// [ErrInvalidConfig].
func CheckAlgorithms(names []string) error {
	for _, name := range names {
		if !slices.Contains(asymmetricAlgorithms, name) {
			return fmt.Errorf("%q is none of %s: %w", name, strings.Join(asymmetricAlgorithms, ", "), ErrInvalidConfig)
		}
	}
	return nil
}

// header is the protected header of a JWS (RFC 7515 4.1). A key that a token
// brings or points to (jwk, jku, x5u, x5c) is passed over: those of the issuer
// alone verify (RFC 8725 3.10).
type header struct {
	Alg  string                `json:"alg"`
	Kid  string                `json:"kid"`
	Typ  string                `json:"typ"`
	Crit strictjson.RawMessage `json:"crit"`
	B64  strictjson.RawMessage `json:"b64"`
}

// splitToken cuts a compact serialization into its three parts without
// allocating for what is no token (RFC 7515 7.1).
func splitToken(token string) (parts [3]string, err error) {
	if len(token) > maxTokenLength {
		return parts, fmt.Errorf("longer than 256 KiB; have the provider put less into it, such as groups: %w", ErrTokenMalformed)
	}
	first := strings.IndexByte(token, '.')
	last := strings.LastIndexByte(token, '.')
	if first <= 0 || last == first || last == len(token)-1 || strings.IndexByte(token[first+1:last], '.') >= 0 {
		if strings.Count(token, ".") == 4 { // RFC 7516 7.1
			return parts, fmt.Errorf("encrypted; register the client for tokens that are signed alone: %w", ErrTokenMalformed)
		}
		return parts, ErrTokenMalformed
	}
	return [3]string{token[:first], token[first+1 : last], token[last+1:]}, nil
}

// decodePart is base64url without padding, line breaks or stray bits
// (RFC 7515 2).
func decodePart(part string) ([]byte, error) {
	if strings.ContainsAny(part, "\r\n") {
		return nil, ErrTokenMalformed
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, ErrTokenMalformed
	}
	return data, nil
}

// parseHeader decodes the protected header and refuses what would let the
// token choose how it is verified (RFC 8725 3.1; RFC 7515 4.1.11).
func parseHeader(part string, algorithms []string) (*header, error) {
	if len(part) > maxHeaderLength {
		return nil, ErrTokenMalformed
	}
	data, err := decodePart(part)
	if err != nil {
		return nil, err
	}
	var h header
	if !startsObject(data) || strictjson.Unmarshal(data, &h) != nil {
		return nil, ErrTokenMalformed
	}
	if h.Crit != nil || h.B64 != nil {
		return nil, ErrHeaderNotAllowed
	}
	if !slices.Contains(algorithms, h.Alg) || !slices.Contains(asymmetricAlgorithms, h.Alg) {
		return nil, ErrAlgNotAllowed
	}
	return &h, nil
}

// verifyJWS verifies the signature of token with a key of the issuer's and
// returns its header and payload. The payload means nothing before.
func verifyJWS(token string, keys *KeySet, algorithms []string) (*header, []byte, error) {
	parts, err := splitToken(token)
	if err != nil {
		return nil, nil, err
	}
	h, err := parseHeader(parts[0], algorithms)
	if err != nil {
		return nil, nil, err
	}
	payload, err := decodePart(parts[1])
	if err != nil {
		return nil, nil, err
	}
	signature, err := decodePart(parts[2])
	if err != nil {
		return nil, nil, err
	}
	candidates := keys.candidates(h, payload)
	if len(candidates) == 0 {
		return nil, nil, ErrKeyNotFound
	}
	for _, key := range candidates {
		if verifySignature(parts[0]+"."+parts[1], signature, h.Alg, key.public) {
			return h, payload, nil
		}
	}
	return nil, nil, ErrSignatureInvalid
}

// verifySignature verifies the signature of input with one key, which is one for
// alg (RFC 7518 3, RFC 8037 3.1). The library would read the whole header first,
// and fail for a certificate that nobody needs.
func verifySignature(input string, signature []byte, alg string, key any) bool {
	hash, digest := digestBy(alg, input)
	switch public := key.(type) {
	case *rsa.PublicKey:
		if strings.HasPrefix(alg, "PS") {
			return rsa.VerifyPSS(public, hash, digest, signature, nil) == nil
		}
		return rsa.VerifyPKCS1v15(public, hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		half := (public.Params().BitSize + 7) / 8
		if len(signature) != 2*half {
			return false
		}
		return ecdsa.VerifyASN1(public, digest, sequence(signature[:half], signature[half:]))
	case ed25519.PublicKey:
		return ed25519.Verify(public, []byte(input), signature)
	}
	return false
}

// sequence returns positive integers in the DER encoding (X.690 8.3, 8.9).
func sequence(integers ...[]byte) []byte {
	var body []byte
	for _, integer := range integers {
		integer = append([]byte{0}, bytes.TrimLeft(integer, "\x00")...)
		if len(integer) > 1 && integer[1] < 0x80 {
			integer = integer[1:]
		}
		body = element(body, 2, integer)
	}
	return element(nil, 0x30, body)
}

// element appends an element of less than 256 bytes.
func element(to []byte, tag byte, content []byte) []byte {
	length := byte(len(content) & 0xff)
	if to = append(to, tag); length >= 0x80 {
		to = append(to, 0x81)
	}
	return append(append(to, length), content...)
}

// digestBy hashes with the function of a signature algorithm: RS256 means
// SHA-256. Ed25519 signs with SHA-512.
func digestBy(alg, text string) (crypto.Hash, []byte) {
	switch {
	case strings.HasSuffix(alg, "256"):
		sum := sha256.Sum256([]byte(text))
		return crypto.SHA256, sum[:]
	case strings.HasSuffix(alg, "384"):
		sum := sha512.Sum384([]byte(text))
		return crypto.SHA384, sum[:]
	}
	sum := sha512.Sum512([]byte(text))
	return crypto.SHA512, sum[:]
}

// keyMembers are the members of a public key that the library gets to see
// (RFC 7517 4, RFC 7518 6, RFC 8037 2). Certificates are not among them: the
// key is trusted because of where it comes from, and the library would throw
// a good key away for a certificate that it cannot read.
type keyMembers struct {
	Kty string `json:"kty"`
	Kid string `json:"kid,omitempty"`
	Alg string `json:"alg,omitempty"`
	Crv string `json:"crv,omitempty"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
}

// parseJWK decodes one public signature key (RFC 7517 4).
func parseJWK(data []byte) (*jwk, error) {
	var attributes struct {
		keyMembers
		Use    string   `json:"use"`
		KeyOps []string `json:"key_ops"`
		D      string   `json:"d"`

		Issuer strictjson.RawMessage `json:"issuer"` // of Microsoft; what is no address is something else
	}
	if err := strictjson.Unmarshal(data, &attributes); err != nil {
		return nil, ErrKeysInvalid
	}
	if attributes.Use != "" && attributes.Use != "sig" || attributes.D != "" ||
		attributes.KeyOps != nil && !slices.Contains(attributes.KeyOps, "verify") {
		return nil, ErrKeysInvalid
	}
	public, err := strictjson.Marshal(attributes.keyMembers)
	if err != nil {
		return nil, ErrKeysInvalid
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(public); err != nil {
		return nil, ErrKeysInvalid
	}
	key := &jwk{kid: parsed.KeyID, alg: parsed.Algorithm, public: parsed.Key}
	if issuer := textOf(attributes.Issuer); strings.Contains(issuer, "://") {
		key.issuer = issuer
	}
	key.algorithms = keyAlgorithms(key)
	if len(key.algorithms) == 0 {
		return nil, ErrKeysInvalid
	}
	return key, nil
}

// keyAlgorithms returns the algorithms that a key can verify: the type and
// the curve of the key decide, and its own alg if it names one (RFC 7517 4.4,
// RFC 8725 3.1). It is empty for keys that are too weak, private or symmetric.
func keyAlgorithms(key *jwk) []string {
	var algorithms []string
	switch public := key.public.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() >= minRSABits {
			algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
		}
	case *ecdsa.PublicKey:
		switch public.Params().Name {
		case "P-256":
			algorithms = []string{"ES256"}
		case "P-384":
			algorithms = []string{"ES384"}
		case "P-521":
			algorithms = []string{"ES512"}
		}
	case ed25519.PublicKey:
		algorithms = []string{"EdDSA", "Ed25519"}
		if key.alg == "EdDSA" || key.alg == "Ed25519" {
			return algorithms
		}
	}
	if key.alg == "" {
		return algorithms
	}
	if slices.Contains(algorithms, key.alg) {
		return []string{key.alg}
	}
	return nil
}

// keyThumbprint returns the SHA-256 thumbprint of a key in base64url
// (RFC 7638 3).
func keyThumbprint(key *jwk) (string, error) {
	public := jose.JSONWebKey{Key: key.public}
	sum, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", ErrDPoPKeyInvalid
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}
