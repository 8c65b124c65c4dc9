//go:build js && wasm

package jsbridge

import (
	"context"

	"github.com/hack-pad/safejs"
)

// An ES256Key is a key pair of WebCrypto's for ECDSA with P-256 and SHA-256.
// The private key cannot be extracted: not by this program, nor by anything
// that takes the program over.
type ES256Key struct {
	private safejs.Value
	x, y    string // base64url
}

// GenerateES256Key makes a key pair. The error is an [*Error], or the cause of
// ctx when that ends first.
func GenerateES256Key(ctx context.Context) (*ES256Key, error) {
	pair, err := subtle(ctx, "generateKey", p256(), false, []any{"sign", "verify"})
	if err != nil {
		return nil, err
	}
	private, err := pair.Get("privateKey")
	if err != nil {
		return nil, caught(err)
	}
	public, err := pair.Get("publicKey")
	if err != nil {
		return nil, caught(err)
	}
	exported, err := subtle(ctx, "exportKey", "jwk", public)
	if err != nil {
		return nil, err
	}
	x, _ := stringMember(exported, "x")
	y, _ := stringMember(exported, "y")
	return &ES256Key{private: private, x: x, y: y}, nil
}

// Coordinates returns the public key: the members x and y of its JWK.
func (k *ES256Key) Coordinates() (x, y string) { return k.x, k.y }

// Sign returns the signature over data in the form of JWS: r and s, 32 bytes
// each (RFC 7518 3.4).
func (k *ES256Key) Sign(ctx context.Context, data []byte) ([]byte, error) {
	algorithm := p256()
	algorithm["hash"] = "SHA-256"
	input, err := toUint8Array(data)
	if err != nil {
		return nil, err
	}
	buffer, err := subtle(ctx, "sign", algorithm, k.private, input)
	if err != nil {
		return nil, err
	}
	class, err := safejs.Global().Get("Uint8Array")
	if err != nil {
		return nil, caught(err)
	}
	array, err := class.New(buffer)
	if err != nil {
		return nil, caught(err)
	}
	signature := make([]byte, 64)
	n, err := safejs.CopyBytesToGo(signature, array)
	return signature[:n], caught(err)
}

func p256() map[string]any {
	return map[string]any{"name": "ECDSA", "namedCurve": "P-256"}
}

// subtle calls a method of crypto.subtle, which exists in secure contexts
// only, and waits for its promise.
func subtle(ctx context.Context, method string, args ...any) (safejs.Value, error) {
	crypto, err := safejs.Global().Get("crypto")
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	api, err := crypto.Get("subtle")
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	promise, err := api.Call(method, args...)
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	return Await(ctx, promise)
}

func toUint8Array(data []byte) (safejs.Value, error) {
	class, err := safejs.Global().Get("Uint8Array")
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	array, err := class.New(len(data))
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	_, err = safejs.CopyBytesToJS(array, data)
	return array, caught(err)
}
