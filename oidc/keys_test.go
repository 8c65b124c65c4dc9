package oidc

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestFetchKeys(t *testing.T) {
	const uri = testIssuer + "/jwks"
	for _, noCache := range []bool{false, true} {
		var sent *Request
		transport := fakeTransport{"GET " + uri: func(req *Request) (*Response, error) {
			sent = req
			return respond(200, "application/jwk-set+json", jwks(t, publicJWK(t, "ed")))(req)
		}}
		keys, err := FetchKeys(t.Context(), transport, uri, noCache)
		if err != nil || len(keys.keys) != 1 {
			t.Fatalf("keys = %v, error = %v", keys, err)
		}
		if sent.NoCache != noCache || !strings.Contains(sent.Header["Accept"], "application/jwk-set+json") {
			t.Errorf("request = %+v, want NoCache %t", sent, noCache)
		}
	}
}

// Insecure addresses are refused before any request.
func TestFetchKeysURI(t *testing.T) {
	tests := []struct {
		name, uri string
		want      error
	}{
		{"10.1 http", "http://op.example/jwks", ErrInsecureURL},
		{"10.1 empty", "", ErrMetadataInvalid},
		{"10.1 relative", "/jwks", ErrMetadataInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := FetchKeys(t.Context(), fakeTransport{}, tt.uri, false)
			checkError(t, err, tt.want)
			if keys != nil {
				t.Error("keys came with an error")
			}
		})
	}
}

func TestParseKeys(t *testing.T) {
	good := encode(t, publicJWK(t, "ed"))
	tests := []struct {
		name, data string
		want       error
	}{
		{"5 valid", `{"keys":[` + good + `]}`, nil},
		{"5 an unknown member", `{"x":1,"keys":[` + good + `]}`, nil},
		{"5 empty", ``, ErrKeysInvalid},
		{"5 null", `null`, ErrKeysInvalid},
		{"5 keys missing", `{}`, ErrKeysInvalid},
		{"5 keys null", `{"keys":null}`, ErrKeysInvalid},
		{"5 keys an object", `{"keys":` + good + `}`, ErrKeysInvalid},
		{"5 no key", `{"keys":[]}`, ErrKeysInvalid},
		{"5 keys twice", `{"keys":[` + good + `],"keys":[` + good + `]}`, ErrKeysInvalid},
		{"5 keys in upper case", `{"KEYS":[` + good + `]}`, ErrKeysInvalid},
		{"5 a key without the set", good, ErrKeysInvalid},
		{"5 HTML", `<!doctype html>`, ErrKeysInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := ParseKeys([]byte(tt.data))
			checkError(t, err, tt.want)
			if (keys == nil) != (err != nil) {
				t.Errorf("keys = %v with error %v", keys, err)
			}
		})
	}
}

// Each row changes one thing of a good key. Whether the key is used or not,
// it does no harm to a good key beside it (RFC 7517 5).
func TestParseKeysOneKey(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(key map[string]any) { key[name] = value }
	}
	without := func(name string) func(map[string]any) {
		return func(key map[string]any) { delete(key, name) }
	}
	rsaAlgorithms := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	tests := []struct {
		name string
		kid  string
		edit func(key map[string]any)
		want []string // the algorithms that the key may verify; none: the key is skipped
	}{
		{"7517-4 an RSA key", "rsa", func(map[string]any) {}, rsaAlgorithms},
		{"7517-4 a P-256 key", "p256", func(map[string]any) {}, []string{"ES256"}},
		{"7517-4 a P-384 key", "p384", func(map[string]any) {}, []string{"ES384"}},
		{"7517-4 a P-521 key", "p521", func(map[string]any) {}, []string{"ES512"}},
		{"8037-2 an Ed25519 key", "ed", func(map[string]any) {}, []string{"EdDSA", "Ed25519"}},
		{"7517-4.2 use missing", "ed", without("use"), []string{"EdDSA", "Ed25519"}},
		{"7517-4.2 use enc", "ed", set("use", "enc"), nil},
		{"7517-4.2 use an array", "ed", set("use", []string{"sig"}), nil},
		{"7517-4.3 key_ops verify", "ed", set("key_ops", []string{"verify"}), []string{"EdDSA", "Ed25519"}},
		{"7517-4.3 key_ops encrypt", "ed", set("key_ops", []string{"encrypt"}), nil},
		{"7517-4.3 key_ops empty", "ed", set("key_ops", []string{}), nil},
		{"7517-4.4 alg of the key", "rsa", set("alg", "PS256"), []string{"PS256"}},
		{"7517-4.4 alg of another type", "rsa", set("alg", "ES256"), nil},
		{"7517-4.4 alg for encryption", "rsa", set("alg", "RSA-OAEP"), nil},
		{"7517-4.4 alg none", "rsa", set("alg", "none"), nil},
		{"7517-4.4 alg HS256", "rsa", set("alg", "HS256"), nil},
		{"7517-4.4 alg EdDSA", "ed", set("alg", "EdDSA"), []string{"EdDSA", "Ed25519"}},
		{"9864-2 alg Ed25519", "ed", set("alg", "Ed25519"), []string{"EdDSA", "Ed25519"}},
		{"9864-2 alg Ed448", "ed", set("alg", "Ed448"), nil},
		{"7517-4.5 kid missing", "ed", without("kid"), []string{"EdDSA", "Ed25519"}},
		{"7517-4.5 kid a number", "ed", set("kid", 1), nil},
		{"7517-4.1 kty missing", "ed", without("kty"), nil},
		{"7517-4.1 kty unknown", "ed", set("kty", "XYZ"), nil},
		{"7518-6.2.1.1 curve unknown", "p256", set("crv", "secp256k1"), nil},
		{"7518-6.2.1.1 another curve", "p256", set("crv", "P-384"), nil},
		{"7518-6.2.1 a point off the curve", "p256", set("x", b64(make([]byte, 32))), nil},
		{"7518-6.2.1.3 y missing", "p256", without("y"), nil},
		{"7518-6.3.1 n missing", "rsa", without("n"), nil},
		{"7518-6.3.1 n with padding", "rsa", set("n", "AQAB="), nil},
		{"7518-6.3.1 e missing", "rsa", without("e"), nil},
		{"7518-3.3 n of 2047 bits", "rsa", set("n", b64(append([]byte{0x7f}, make([]byte, 255)...))), nil},
		{"8037-2 x too short", "ed", set("x", b64(make([]byte, 31))), nil},
		{"8037-2 X25519", "ed", set("crv", "X25519"), nil},
		{"7517-4.7 a broken certificate", "ed", set("x5c", []string{"AAAA"}), []string{"EdDSA", "Ed25519"}},
		{"7517-4.7 the certificate of another key", "rsa", set("x5c", []string{certificate(t)}), rsaAlgorithms},
		{"7517-4.8 a broken thumbprint", "ed", set("x5t", "AAAA"), []string{"EdDSA", "Ed25519"}},
		{"7517-4.6 x5u elsewhere", "ed", set("x5u", "https://evil.example/"), []string{"EdDSA", "Ed25519"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := publicJWK(t, tt.kid)
			tt.edit(key)
			good := publicJWK(t, "p256")
			good["kid"] = "good"
			keys, err := ParseKeys([]byte(jwks(t, key, good)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, parsed := range keys.keys[:len(keys.keys)-1] {
				got = append(got, parsed.algorithms...)
			}
			if !slices.Equal(got, tt.want) || keys.keys[len(keys.keys)-1].kid != "good" {
				t.Errorf("algorithms = %v, want %v, of %d keys", got, tt.want, len(keys.keys))
			}
		})
	}
}

// Keys that a provider must never publish, or that are too weak.
func TestParseKeysUnusable(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	member := func(data string) map[string]any {
		var key map[string]any
		if err := json.Unmarshal([]byte(data), &key); err != nil {
			t.Fatal(err)
		}
		return key
	}
	keys := map[string]map[string]any{
		"7518-3.3 RSA of 1024 bits":      decodeJWK(t, jose.JSONWebKey{Key: weak.Public()}),
		"7518-6.4 a symmetric key":       decodeJWK(t, jose.JSONWebKey{Key: []byte(mark + "-shared-by-nobody")}),
		"7518-6.4 symmetric, for HS256":  decodeJWK(t, jose.JSONWebKey{Key: make([]byte, 32), Algorithm: "HS256"}),
		"7518-6.3.2 a private RSA key":   decodeJWK(t, jose.JSONWebKey{Key: testKeys()["rsa"].private}),
		"7518-6.2.2 a private EC key":    decodeJWK(t, jose.JSONWebKey{Key: testKeys()["p256"].private}),
		"8037-2 a private Ed25519 key":   decodeJWK(t, jose.JSONWebKey{Key: testKeys()["ed"].private}),
		"7518-6.3.2 d empty":             member(`{"kty":"RSA","n":"AQAB","e":"AQAB","d":""}`),
		"7518-6.3.2 d a number":          member(`{"kty":"RSA","n":"AQAB","e":"AQAB","d":1}`),
		"7517-4 an empty object":         {},
		"7517-4 all members of no value": member(`{"kty":null,"use":null,"alg":null,"kid":null}`),
	}
	for name, key := range keys {
		t.Run(name, func(t *testing.T) {
			_, err := ParseKeys([]byte(jwks(t, key)))
			checkError(t, err, ErrKeysInvalid)
		})
	}
	for _, raw := range []string{`null`, `1`, `"x"`, `[]`, `{"kty":"OKP","kty":"OKP"}`} {
		t.Run("7517-5 the element "+raw, func(t *testing.T) {
			_, err := ParseKeys([]byte(`{"keys":[` + raw + `]}`))
			checkError(t, err, ErrKeysInvalid)
		})
	}
}

// OIDC Core 10.1: the kid selects; without one every key that fits is tried,
// within bounds.
func TestKeySelection(t *testing.T) {
	other := publicJWK(t, "p384")
	other["kty"], other["kid"] = "unknown", "ed"
	many := make([]map[string]any, 0, 10)
	for range 9 {
		wrong := publicJWK(t, "ed")
		wrong["x"] = b64([]byte(strings.Repeat("x", 32)))
		delete(wrong, "kid")
		many = append(many, wrong)
	}
	withoutKid := publicJWK(t, "ed")
	delete(withoutKid, "kid")
	tests := []struct {
		name string
		kid  any // of the token
		keys []map[string]any
		want error
	}{
		{"10.1 kid known", "ed", []map[string]any{publicJWK(t, "rsa"), publicJWK(t, "ed")}, nil},
		{"10.1 kid unknown", "new", []map[string]any{publicJWK(t, "ed")}, ErrKeyNotFound},
		{"10.1 kid in another case", "ED", []map[string]any{publicJWK(t, "ed")}, ErrKeyNotFound},
		{"10.1 kid of a key of another type", "rsa", []map[string]any{publicJWK(t, "rsa"), publicJWK(t, "ed")}, ErrKeyNotFound},
		{"10.1 kid shared with an unusable key", "ed", []map[string]any{other, publicJWK(t, "ed")}, nil},
		{"10.1 kid of no key, the only key has none", "ed", []map[string]any{withoutKid}, ErrKeyNotFound},
		{"10.1 kid-absent-single-jwks", nil, []map[string]any{publicJWK(t, "ed")}, nil},
		{"10.1 kid-absent-multiple-jwks", nil, []map[string]any{many[0], publicJWK(t, "rsa"), publicJWK(t, "ed")}, nil},
		{"10.1 kid absent, no key of the type", nil, []map[string]any{publicJWK(t, "rsa")}, ErrKeyNotFound},
		{"10.1 kid absent, the eighth key", nil, append(many[:7:7], publicJWK(t, "ed")), nil},
		{"10.1 kid absent, the ninth key", nil, append(many[:8:8], publicJWK(t, "ed")), ErrSignatureInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := ParseKeys([]byte(jwks(t, tt.keys...)))
			if err != nil {
				t.Fatal(err)
			}
			header := goodHeader("EdDSA")
			header["kid"] = tt.kid
			token := sign(t, "EdDSA", encode(t, header), `{}`)
			_, payload, err := verifyJWS(token, keys, []string{"EdDSA"})
			checkError(t, err, tt.want)
			if (payload == nil) != (err != nil) {
				t.Errorf("payload = %q with error %v", payload, err)
			}
		})
	}
	t.Run("10.1 no keys at all", func(t *testing.T) {
		token := sign(t, "EdDSA", encode(t, goodHeader("EdDSA")), `{}`)
		_, _, err := verifyJWS(token, nil, []string{"EdDSA"})
		checkError(t, err, ErrKeyNotFound)
	})
}

// certificate is one of a key that nobody else has, as x5c holds it.
func certificate(t *testing.T) string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: noon}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}
