package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // for crypto.Hash
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// A signer makes the signatures of one key of the provider.
type signer struct {
	private crypto.Signer
	sign    func(private crypto.Signer, alg string, input []byte) ([]byte, error)
}

// testKeys are the provider's keys by their kid, made once.
var testKeys = sync.OnceValue(func() map[string]signer {
	keys := map[string]signer{}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	keys["rsa"] = signer{rsaKey, signRSA}
	for kid, curve := range map[string]elliptic.Curve{
		"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521(),
	} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			panic(err)
		}
		keys[kid] = signer{key, signECDSA}
	}
	// From a seed, so that its signatures are the same in every run.
	keys["ed"] = signer{ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), signEd25519}
	return keys
})

// kidOf names the key that signs with an algorithm.
var kidOf = map[string]string{
	"RS256": "rsa", "RS384": "rsa", "RS512": "rsa",
	"PS256": "rsa", "PS384": "rsa", "PS512": "rsa",
	"ES256": "p256", "ES384": "p384", "ES512": "p521",
	"EdDSA": "ed", "Ed25519": "ed",
}

// hashOf returns the hash function of an algorithm.
func hashOf(alg string) crypto.Hash {
	switch {
	case strings.HasSuffix(alg, "256"):
		return crypto.SHA256
	case strings.HasSuffix(alg, "384"):
		return crypto.SHA384
	}
	return crypto.SHA512
}

func digest(alg string, data []byte) []byte {
	h := hashOf(alg).New()
	h.Write(data)
	return h.Sum(nil)
}

func signRSA(private crypto.Signer, alg string, input []byte) ([]byte, error) {
	key := private.(*rsa.PrivateKey)
	if strings.HasPrefix(alg, "PS") {
		return rsa.SignPSS(rand.Reader, key, hashOf(alg), digest(alg, input), nil)
	}
	return rsa.SignPKCS1v15(nil, key, hashOf(alg), digest(alg, input))
}

func signECDSA(private crypto.Signer, alg string, input []byte) ([]byte, error) {
	key := private.(*ecdsa.PrivateKey)
	r, s, err := ecdsa.Sign(rand.Reader, key, digest(alg, input))
	if err != nil {
		return nil, err
	}
	size := (key.Params().BitSize + 7) / 8
	return append(fixed(r, size), fixed(s, size)...), nil
}

func fixed(n *big.Int, size int) []byte { return n.FillBytes(make([]byte, size)) }

func signEd25519(private crypto.Signer, _ string, input []byte) ([]byte, error) {
	return ed25519.Sign(private.(ed25519.PrivateKey), input), nil
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func unb64(t testing.TB, part string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// goodHeader is the header of a correct token that is signed with alg.
func goodHeader(alg string) map[string]any {
	return map[string]any{"alg": alg, "kid": kidOf[alg], "typ": "JWT"}
}

// sign returns a token of which header and payload are exactly these bytes.
// The key is the one of alg, whatever the header says.
func sign(t testing.TB, alg, header, payload string) string {
	t.Helper()
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	key := testKeys()[kidOf[alg]]
	signature, err := key.sign(key.private, alg, []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64(signature)
}

// signHS256 signs with a shared secret.
func signHS256(header, payload string, secret []byte) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + b64(mac.Sum(nil))
}

// publicJWK returns a key as the provider publishes it.
func publicJWK(t testing.TB, kid string) map[string]any {
	t.Helper()
	key := jose.JSONWebKey{Key: testKeys()[kid].private.Public(), KeyID: kid, Use: "sig"}
	return decodeJWK(t, key)
}

// testKeySet returns the provider's published keys, or those with the kids.
func testKeySet(t testing.TB, kids ...string) *KeySet {
	t.Helper()
	if len(kids) == 0 {
		kids = []string{"rsa", "p256", "p384", "p521", "ed"}
	}
	var published []map[string]any
	for _, kid := range kids {
		published = append(published, publicJWK(t, kid))
	}
	keys, err := ParseKeys([]byte(jwks(t, published...)))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func jwks(t testing.TB, keys ...map[string]any) string {
	t.Helper()
	return encode(t, map[string]any{"keys": keys})
}

// decodeJWK turns a key into members that a test can edit.
func decodeJWK(t testing.TB, key jose.JSONWebKey) map[string]any {
	t.Helper()
	data, err := key.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatal(err)
	}
	return members
}
