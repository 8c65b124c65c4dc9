package op

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"sync"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// keys are the signing keys of a provider, the newest first: that one signs.
type keys struct {
	algorithm goidc.SignatureAlgorithm

	mu   sync.Mutex // guards jwks
	jwks []goidc.JSONWebKey
}

func newKeys(algorithm string) (*keys, error) {
	k := &keys{algorithm: goidc.SignatureAlgorithm(algorithm)}
	return k, k.rotate()
}

func (k *keys) set(context.Context) (goidc.JSONWebKeySet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return goidc.JSONWebKeySet{Keys: slices.Clone(k.jwks)}, nil
}

func (k *keys) rotate() error {
	key, err := generate(k.algorithm)
	if err != nil {
		return err
	}
	jwk := goidc.JSONWebKey{
		Key:       key,
		KeyID:     rand.Text(),
		Algorithm: string(k.algorithm),
		Use:       string(goidc.KeyUsageSignature),
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.jwks = slices.Insert(k.jwks, 0, jwk)
	return nil
}

func generate(algorithm goidc.SignatureAlgorithm) (crypto.Signer, error) {
	switch algorithm {
	case goidc.RS256:
		return rsa.GenerateKey(rand.Reader, 2048)
	case goidc.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		return nil, fmt.Errorf("op: signing algorithm %q is neither RS256 nor ES256", algorithm)
	}
}
