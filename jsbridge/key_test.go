//go:build js && wasm

package jsbridge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"testing"
)

func TestES256Key(t *testing.T) {
	key, err := GenerateES256Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x, y := key.Coordinates()
	point := []byte{4} // uncompressed
	for _, coordinate := range []string{x, y} {
		data, err := base64.RawURLEncoding.DecodeString(coordinate)
		if err != nil || len(data) != 32 {
			t.Fatalf("a coordinate has %d bytes, %v", len(data), err)
		}
		point = append(point, data...)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}

	message := []byte("header.payload")
	signature, err := key.Sign(t.Context(), message)
	if err != nil || len(signature) != 64 {
		t.Fatalf("Sign = %d bytes, %v", len(signature), err)
	}
	sum := sha256.Sum256(message)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(public, sum[:], r, s) {
		t.Error("the signature does not verify")
	}
	if ecdsa.Verify(public, make([]byte, 32), r, s) {
		t.Error("the signature verifies for something else")
	}
	if _, err := subtle(t.Context(), "exportKey", "jwk", key.private); err == nil {
		t.Error("the private key was extracted")
	}
}
