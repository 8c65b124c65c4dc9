//go:build js && wasm

package main

import (
	"context"

	"github.com/oidcspa/oidcspa/jsbridge"
	"github.com/oidcspa/oidcspa/oidc"
)

// signer is [oidc.Signer] with a key of WebCrypto's.
type signer struct {
	*jsbridge.ES256Key
}

func newSigner(ctx context.Context) (oidc.Signer, error) {
	key, err := jsbridge.GenerateES256Key(ctx)
	if err != nil {
		return nil, err
	}
	return signer{key}, nil
}

// Algorithm names the algorithm of the key.
func (signer) Algorithm() string { return "ES256" }

// PublicJWK returns the public key.
func (s signer) PublicJWK() map[string]string {
	x, y := s.Coordinates()
	return map[string]string{"kty": "EC", "crv": "P-256", "x": x, "y": y}
}
