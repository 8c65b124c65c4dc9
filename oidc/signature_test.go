package oidc

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"slices"
	"testing"
)

// Signatures that are wrong in their arithmetic, after the classes of Project
// Wycheproof's tests for RSASSA-PKCS1-v1_5, ECDSA and EdDSA, made for the keys
// of these tests.

// signed returns a token with a signature that forge makes of the right one
// and of what was signed.
func signed(t *testing.T, alg string, forge func(signature []byte, input string) []byte) string {
	t.Helper()
	token := sign(t, alg, encode(t, goodHeader(alg)), `{"sub":"s"}`)
	parts, err := splitToken(token)
	if err != nil {
		t.Fatal(err)
	}
	input := parts[0] + "." + parts[1]
	return input + "." + b64(forge(unb64(t, parts[2]), input))
}

// checkSignature verifies a token with the provider's keys.
func checkSignature(t *testing.T, alg, token string, want error) {
	t.Helper()
	_, _, err := verifyJWS(token, testKeySet(t), []string{alg})
	checkError(t, err, want)
}

// encodeRSA returns the encoded message of a PKCS #1 v1.5 signature with the
// SHA-256 digest of input (RFC 8017 9.2).
func encodeRSA(input string) (em []byte, separator int) {
	// DigestInfo of SHA-256, less the digest.
	prefix, _ := hex.DecodeString("3031300d060960864801650304020105000420")
	info := append(prefix, digest("RS256", []byte(input))...)
	separator = 256 - len(info) - 1
	em = append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, separator-2)...)
	return append(append(em, 0), info...), separator
}

// power signs an encoded message as it is.
func power(em []byte) []byte {
	key := testKeys()["rsa"].private.(*rsa.PrivateKey)
	return new(big.Int).Exp(new(big.Int).SetBytes(em), key.D, key.N).FillBytes(make([]byte, 256))
}

func TestForgedPadding(t *testing.T) {
	tests := []struct {
		name string
		edit func(em []byte, separator int) []byte
		want error
	}{
		{"8017-9.2 valid", func(em []byte, _ int) []byte { return em }, nil},
		{"8017-9.2 first byte", func(em []byte, _ int) []byte { em[0] = 1; return em }, ErrSignatureInvalid},
		{"8017-9.2 type of an encryption", func(em []byte, _ int) []byte { em[1] = 2; return em }, ErrSignatureInvalid},
		{"8017-9.2 type of raw data", func(em []byte, _ int) []byte { em[1] = 0; return em }, ErrSignatureInvalid},
		{"8017-9.2 padding of zeros", func(em []byte, at int) []byte { clear(em[2:at]); return em }, ErrSignatureInvalid},
		{"8017-9.2 a byte of the padding", func(em []byte, _ int) []byte { em[2] = 0xfe; return em }, ErrSignatureInvalid},
		{"8017-9.2 the last byte of the padding", func(em []byte, at int) []byte { em[at-1] = 0x7f; return em }, ErrSignatureInvalid},
		{"8017-9.2 no separator", func(em []byte, at int) []byte { em[at] = 0xff; return em }, ErrSignatureInvalid},
		{"8017-9.2 short padding, and bytes behind the digest", func(em []byte, at int) []byte {
			info := slices.Clone(em[at:])
			short := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, 8)...)
			return append(append(short, info...), make([]byte, 256-len(short)-len(info))...)
		}, ErrSignatureInvalid},
		{"8017-9.2 OID of SHA-384", func(em []byte, at int) []byte { em[at+15] = 2; return em }, ErrSignatureInvalid},
		{"8017-9.2 NULL of the algorithm changed", func(em []byte, at int) []byte { em[at+16] = 4; return em }, ErrSignatureInvalid},
		{"8017-9.2 length of the digest changed", func(em []byte, at int) []byte { em[at+19] = 0x1f; return em }, ErrSignatureInvalid},
		{"8017-9.2 parameters left out", func(em []byte, at int) []byte {
			info := slices.Concat([]byte{0x30, 0x2f, 0x30, 0x0b}, em[at+5:at+16], em[at+18:])
			pad := bytes.Repeat([]byte{0xff}, 256-3-len(info))
			return slices.Concat([]byte{0, 1}, pad, []byte{0}, info)
		}, ErrSignatureInvalid},
		{"8017-9.2 the digest alone", func(em []byte, _ int) []byte {
			pad := bytes.Repeat([]byte{0xff}, 256-3-32)
			return slices.Concat([]byte{0, 1}, pad, []byte{0}, em[256-32:])
		}, ErrSignatureInvalid},
		{"8017-9.2 last byte of the digest", func(em []byte, _ int) []byte { em[255] ^= 1; return em }, ErrSignatureInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := signed(t, "RS256", func(_ []byte, input string) []byte { return power(tt.edit(encodeRSA(input))) })
			checkSignature(t, "RS256", token, tt.want)
		})
	}
}

func TestForgedRSANumbers(t *testing.T) {
	n := testKeys()["rsa"].private.(*rsa.PrivateKey).N
	number := func(of func(s *big.Int) *big.Int) func([]byte, string) []byte {
		return func(signature []byte, _ string) []byte {
			return of(new(big.Int).SetBytes(signature)).FillBytes(make([]byte, 257))
		}
	}
	tests := []struct {
		name  string
		forge func([]byte, string) []byte
	}{
		{"8017-8.2.2 0", func([]byte, string) []byte { return make([]byte, 256) }},
		{"8017-8.2.2 1", func([]byte, string) []byte { return fixed(big.NewInt(1), 256) }},
		{"8017-8.2.2 the modulus", func([]byte, string) []byte { return fixed(n, 256) }},
		{"8017-8.2.2 one less than the modulus", func([]byte, string) []byte { return fixed(new(big.Int).Sub(n, big.NewInt(1)), 256) }},
		{"8017-8.2.2 a zero in front", number(func(s *big.Int) *big.Int { return s })},
		{"8017-8.2.2 plus the modulus", number(func(s *big.Int) *big.Int { return s.Add(s, n) })},
		{"8017-8.2.2 less the modulus", func(s []byte, _ string) []byte {
			return fixed(new(big.Int).Sub(n, new(big.Int).SetBytes(s)), 256)
		}},
		{"8017-8.2.2 empty but for a byte", func([]byte, string) []byte { return []byte{0} }},
	}
	for _, alg := range []string{"RS256", "PS256"} {
		for _, tt := range tests {
			t.Run(alg+" "+tt.name, func(t *testing.T) {
				checkSignature(t, alg, signed(t, alg, tt.forge), ErrSignatureInvalid)
			})
		}
	}
}

func TestForgedECDSA(t *testing.T) {
	for alg, kid := range map[string]string{"ES256": "p256", "ES384": "p384", "ES512": "p521"} {
		params := testKeys()[kid].private.(*ecdsa.PrivateKey).Params()
		size, n, one := (params.BitSize+7)/8, params.N, big.NewInt(1)
		pair := func(r, s *big.Int) []byte { return append(fixed(r, size), fixed(s, size)...) }
		halves := func(signature []byte) (r, s *big.Int) {
			return new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		}
		tests := []struct {
			name  string
			forge func(r, s *big.Int) []byte
			want  error
		}{
			{"7518-3.4 valid", pair, nil},
			{"7518-3.4 0 and 0", func(_, _ *big.Int) []byte { return pair(new(big.Int), new(big.Int)) }, ErrSignatureInvalid},
			{"7518-3.4 0 and 1", func(_, _ *big.Int) []byte { return pair(new(big.Int), one) }, ErrSignatureInvalid},
			{"7518-3.4 1 and 0", func(_, _ *big.Int) []byte { return pair(one, new(big.Int)) }, ErrSignatureInvalid},
			{"7518-3.4 1 and 1", func(_, _ *big.Int) []byte { return pair(one, one) }, ErrSignatureInvalid},
			{"7518-3.4 n and n", func(_, _ *big.Int) []byte { return pair(n, n) }, ErrSignatureInvalid},
			{"7518-3.4 n less 1 twice", func(_, _ *big.Int) []byte {
				return pair(new(big.Int).Sub(n, one), new(big.Int).Sub(n, one))
			}, ErrSignatureInvalid},
			{"7518-3.4 the prime of the field", func(_, s *big.Int) []byte { return pair(params.P, s) }, ErrSignatureInvalid},
			{"7518-3.4 r of 0", func(_, s *big.Int) []byte { return pair(new(big.Int), s) }, ErrSignatureInvalid},
			{"7518-3.4 s of 0", func(r, _ *big.Int) []byte { return pair(r, new(big.Int)) }, ErrSignatureInvalid},
			{"7518-3.4 r and s exchanged", func(r, s *big.Int) []byte { return pair(s, r) }, ErrSignatureInvalid},
			{"7518-3.4 r negated", func(r, s *big.Int) []byte { return pair(new(big.Int).Sub(n, r), s) }, ErrSignatureInvalid},
			{"7518-3.4 DER", func(r, s *big.Int) []byte {
				der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
				if err != nil {
					t.Fatal(err)
				}
				return der
			}, ErrSignatureInvalid},
			{"7518-3.4 a zero before each half", func(r, s *big.Int) []byte {
				return append(fixed(r, size+1), fixed(s, size+1)...)
			}, ErrSignatureInvalid},
			{"7518-3.4 r alone", func(r, _ *big.Int) []byte { return fixed(r, size) }, ErrSignatureInvalid},
		}
		for _, tt := range tests {
			t.Run(alg+" "+tt.name, func(t *testing.T) {
				token := signed(t, alg, func(signature []byte, _ string) []byte { return tt.forge(halves(signature)) })
				checkSignature(t, alg, token, tt.want)
			})
		}
	}
}

func TestForgedEdDSA(t *testing.T) {
	// The order of the base point (RFC 8032 5.1).
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	// Little-endian numbers, as the signature has them.
	add := func(s []byte, n *big.Int) []byte {
		s = slices.Clone(s)
		slices.Reverse(s)
		sum := fixed(new(big.Int).Add(new(big.Int).SetBytes(s), n), 32)
		slices.Reverse(sum)
		return sum
	}
	identity := append([]byte{1}, make([]byte, 31)...)
	tests := []struct {
		name  string
		forge func(signature []byte, _ string) []byte
		want  error
	}{
		{"8032-5.1.7 valid", func(s []byte, _ string) []byte { return s }, nil},
		{"8032-5.1.7 S plus the order", func(s []byte, _ string) []byte { return append(s[:32:32], add(s[32:], order)...) }, ErrSignatureInvalid},
		{"8032-5.1.7 S of 0", func(s []byte, _ string) []byte { return append(s[:32:32], make([]byte, 32)...) }, ErrSignatureInvalid},
		{"8032-5.1.7 R of 0", func(s []byte, _ string) []byte { return append(make([]byte, 32), s[32:]...) }, ErrSignatureInvalid},
		{"8032-5.1.7 R the identity, S of 0", func([]byte, string) []byte { return append(identity[:32:32], make([]byte, 32)...) }, ErrSignatureInvalid},
		{"8032-5.1.7 R with the other sign", func(s []byte, _ string) []byte { s[31] ^= 0x80; return s }, ErrSignatureInvalid},
		{"8032-5.1.7 S and R exchanged", func(s []byte, _ string) []byte { return append(s[32:64:64], s[:32]...) }, ErrSignatureInvalid},
		{"8032-5.1.7 all bits set", func([]byte, string) []byte { return bytes.Repeat([]byte{0xff}, 64) }, ErrSignatureInvalid},
		{"8032-5.1.7 R alone", func(s []byte, _ string) []byte { return s[:32] }, ErrSignatureInvalid},
	}
	for _, alg := range []string{"EdDSA", "Ed25519"} {
		for _, tt := range tests {
			t.Run(alg+" "+tt.name, func(t *testing.T) {
				checkSignature(t, alg, signed(t, alg, tt.forge), tt.want)
			})
		}
	}
}
