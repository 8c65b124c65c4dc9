package oidctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the algorithms
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"strings"
	"sync"
	"time"
)

// A Key signs ID Tokens. [NewKey] makes one.
type Key struct {
	ID  string // kid
	Alg string // the algorithm that it signs by

	private crypto.Signer
}

// NewKey returns a key for one of the asymmetric algorithms of RFC 7518 3.1,
// EdDSA or Ed25519. The same algorithm and id give the same key, as long as
// the program runs.
func NewKey(alg, id string) *Key {
	private, err := privateKey(alg, id)
	if err != nil {
		panic("oidctest: " + alg + ": " + err.Error()) // no random bits
	}
	return &Key{ID: id, Alg: alg, private: private}
}

// privateKeys are kept: an RSA key takes longer than most tests.
var privateKeys = struct {
	sync.Mutex
	byName map[string]crypto.Signer
}{byName: map[string]crypto.Signer{}}

func privateKey(alg, id string) (crypto.Signer, error) {
	kind := map[string]string{"RS": "RSA", "PS": "RSA", "Ed": "Ed25519"}[alg[:2]]
	if kind == "" {
		kind = alg
	}
	privateKeys.Lock()
	defer privateKeys.Unlock()
	name := kind + " " + id
	if private := privateKeys.byName[name]; private != nil {
		return private, nil
	}
	private, err := generate(kind)
	privateKeys.byName[name] = private
	return private, err
}

func generate(kind string) (crypto.Signer, error) {
	switch kind {
	case "RSA":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "Ed25519":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	curve := map[string]elliptic.Curve{
		"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521(),
	}[kind]
	return ecdsa.GenerateKey(curve, rand.Reader)
}

// JWK returns the public key as it is published, with kid, alg and use.
func (k *Key) JWK() map[string]any {
	jwk := map[string]any{"kid": k.ID, "alg": k.Alg, "use": "sig"}
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		jwk["kty"], jwk["n"], jwk["e"] = "RSA", encode(public.N.Bytes()), "AQAB"
	case *ecdsa.PublicKey:
		point, err := public.Bytes() // 4, x, y
		if err != nil {
			panic("oidctest: " + err.Error()) // the curve is one of ours
		}
		half := len(point) / 2
		jwk["kty"], jwk["crv"] = "EC", public.Params().Name
		jwk["x"], jwk["y"] = encode(point[1:half+1]), encode(point[half+1:])
	case ed25519.PublicKey:
		jwk["kty"], jwk["crv"], jwk["x"] = "OKP", "Ed25519", encode(public)
	}
	return jwk
}

// sign returns the signature of a JWS (RFC 7518 3, RFC 8037 3.1).
func (k *Key) sign(input string) ([]byte, error) {
	if private, ok := k.private.(ed25519.PrivateKey); ok {
		return ed25519.Sign(private, []byte(input)), nil
	}
	hash := hashOf(k.Alg)
	digest := digest(hash, input)
	switch private := k.private.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, digest)
		if err != nil {
			return nil, err
		}
		size := (private.Params().BitSize + 7) / 8
		signature := make([]byte, 2*size)
		r.FillBytes(signature[:size])
		s.FillBytes(signature[size:])
		return signature, nil
	default:
		var options crypto.SignerOpts = hash
		if strings.HasPrefix(k.Alg, "PS") {
			options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
		}
		return k.private.Sign(rand.Reader, digest, options)
	}
}

// hashOf returns the hash of a signature algorithm; Ed25519 has SHA-512.
func hashOf(alg string) crypto.Hash {
	switch {
	case strings.HasSuffix(alg, "256"):
		return crypto.SHA256
	case strings.HasSuffix(alg, "384"):
		return crypto.SHA384
	}
	return crypto.SHA512
}

func digest(hash crypto.Hash, text string) []byte {
	h := hash.New()
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}

// halfHash is at_hash (OIDC Core 3.1.3.6).
func halfHash(alg, text string) string {
	sum := digest(hashOf(alg), text)
	return encode(sum[:len(sum)/2])
}

// encode is base64url without padding.
func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// Certificate returns a certificate of the key, as the member x5c of a JWK has
// it (RFC 7517 4.7).
func (k *Key) Certificate() string {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.private.Public(), k.private)
	if err != nil {
		panic("oidctest: " + err.Error()) // the key is one of ours
	}
	return base64.StdEncoding.EncodeToString(der)
}
