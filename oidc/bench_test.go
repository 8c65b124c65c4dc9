package oidc

import (
	"strings"
	"testing"
)

// BenchmarkVerifyIDToken measures a whole verification: decoding, signature
// and all claims.
func BenchmarkVerifyIDToken(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		b.Run(alg, func(b *testing.B) {
			claims, e := goodClaims(), goodExpectation()
			delete(claims, "at_hash")
			e.Algorithms = []string{alg}
			token := Secret(sign(b, alg, encode(b, goodHeader(alg)), encode(b, claims)))
			keys := testKeySet(b, kidOf[alg])
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.VerifyIDToken(token, keys, noon); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}

// BenchmarkMalformed shows that bad input costs no more time and memory than
// its length explains.
func BenchmarkMalformed(b *testing.B) {
	const size = 10 << 20
	inputs := map[string]string{
		"10 MB token":     b64([]byte(`{"alg":"EdDSA"}`)) + "." + strings.Repeat("a", size) + ".a",
		"a million dots":  strings.Repeat(".", 1_000_000),
		"100000 brackets": sign(b, "EdDSA", encode(b, goodHeader("EdDSA")), strings.Repeat("[", 100_000)),
		"huge number":     sign(b, "EdDSA", encode(b, goodHeader("EdDSA")), `{"exp":1e400}`),
	}
	for name, token := range inputs {
		b.Run(name, func(b *testing.B) {
			keys, e := testKeySet(b, "ed"), goodExpectation()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.VerifyIDToken(Secret(token), keys, noon); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
	documents := map[string]string{
		"10 MB metadata":    `{"issuer":"` + strings.Repeat("x", size) + `"}`,
		"truncated JSON":    strings.Repeat(`{"a":[`, 1000),
		"a million members": `{` + strings.Repeat(`"a":1,`, 1_000_000) + `"b":1}`,
	}
	for name, document := range documents {
		b.Run(name, func(b *testing.B) {
			transport := fakeTransport{"GET " + ConfigurationURL(testIssuer): respond(200, "application/json", document)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := FetchMetadata(b.Context(), transport, testIssuer); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
