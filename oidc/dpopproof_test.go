package oidc

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const proofURL = "https://api.example/things"

// proofKey is a public key as a proof brings it.
func proofKey(t testing.TB, alg string) map[string]any {
	t.Helper()
	return decodeJWK(t, jose.JSONWebKey{Key: testKeys()[kidOf[alg]].private.Public()})
}

func thumbprintOf(t testing.TB, alg string) string {
	t.Helper()
	key, err := parseJWK([]byte(encode(t, proofKey(t, alg))))
	if err != nil {
		t.Fatal(err)
	}
	thumbprint, err := keyThumbprint(key)
	if err != nil {
		t.Fatal(err)
	}
	return thumbprint
}

func goodProof(t testing.TB, alg string) (header, claims map[string]any) {
	t.Helper()
	ath := sha256.Sum256([]byte(testAccessToken))
	return map[string]any{"typ": "dpop+jwt", "alg": alg, "jwk": proofKey(t, alg)}, map[string]any{
		"jti": mark + "-jti", "htm": "GET", "htu": proofURL, "iat": noon.Unix(), "ath": b64(ath[:]), "nonce": "current",
	}
}

func goodExpectedProof(t testing.TB, alg string) *ExpectedDPoPProof {
	t.Helper()
	return &ExpectedDPoPProof{
		Method: "GET", URL: proofURL + "?page=1", AccessToken: testAccessToken, Thumbprint: thumbprintOf(t, alg),
		ValidNonce: func(nonce string) bool { return nonce == "current" },
	}
}

// proofCase is one difference from a good proof.
type proofCase struct {
	name string
	edit func(header, claims map[string]any, e *ExpectedDPoPProof)
	want error
}

func proofCases(t *testing.T) []proofCase {
	header := func(name string, value any) func(_, _ map[string]any, _ *ExpectedDPoPProof) {
		return func(h, _ map[string]any, _ *ExpectedDPoPProof) { h[name] = value }
	}
	key := func(name string, value any) func(_, _ map[string]any, _ *ExpectedDPoPProof) {
		return func(h, _ map[string]any, _ *ExpectedDPoPProof) { h["jwk"].(map[string]any)[name] = value }
	}
	claim := func(name string, value any) func(_, _ map[string]any, _ *ExpectedDPoPProof) {
		return func(_, c map[string]any, _ *ExpectedDPoPProof) { c[name] = value }
	}
	expect := func(edit func(*ExpectedDPoPProof)) func(_, _ map[string]any, _ *ExpectedDPoPProof) {
		return func(_, _ map[string]any, e *ExpectedDPoPProof) { edit(e) }
	}
	cases := []proofCase{
		{"4.3 valid", func(_, _ map[string]any, _ *ExpectedDPoPProof) {}, nil},
		{"4.3-4 typ JWT", header("typ", "JWT"), ErrTypeNotAllowed},
		{"4.3-4 typ of an access token", header("typ", "at+jwt"), ErrTypeNotAllowed},
		{"4.3-4 typ missing", header("typ", nil), ErrTypeNotAllowed},
		{"4.3-4 typ with its prefix", header("typ", "application/dpop+jwt"), nil},
		{"4.3-5 alg none", header("alg", "none"), ErrAlgNotAllowed},
		{"4.3-5 alg HS256", header("alg", "HS256"), ErrAlgNotAllowed},
		{"4.3-5 alg not on the list", expect(func(e *ExpectedDPoPProof) { e.Algorithms = []string{"ES256"} }), ErrAlgNotAllowed},
		{"4.3-5 HS256 on the list", func(h, _ map[string]any, e *ExpectedDPoPProof) {
			h["alg"], e.Algorithms = "HS256", []string{"HS256"}
		}, ErrAlgNotAllowed},
		{"7515-4.1.11 crit", header("crit", []string{"b64"}), ErrHeaderNotAllowed},
		{"7515-4.1.2 jku", header("jku", "https://evil.example"), ErrHeaderNotAllowed},
		{"7515-4.1.6 x5c", header("x5c", []string{}), ErrHeaderNotAllowed},
		{"7515-4.1.4 kid", header("kid", "any"), nil},
		{"4.3-7 jwk missing", func(h, _ map[string]any, _ *ExpectedDPoPProof) { delete(h, "jwk") }, ErrDPoPKeyInvalid},
		{"4.3-7 jwk null", header("jwk", nil), ErrDPoPKeyInvalid},
		{"4.3-7 jwk a string", header("jwk", "x"), ErrDPoPKeyInvalid},
		{"4.3-7 jwk of another type", header("jwk", proofKey(t, "ES256")), ErrDPoPKeyInvalid},
		{"4.3-7 jwk for encryption", key("use", "enc"), ErrDPoPKeyInvalid},
		{"4.3-6 another key", key("x", b64([]byte(strings.Repeat("x", 32)))), ErrSignatureInvalid},

		{"4.3-8 another htm", claim("htm", "POST"), ErrDPoPMethodMismatch},
		{"4.3-8 htm in lower case", claim("htm", "get"), ErrDPoPMethodMismatch},
		{"4.3-9 another path", claim("htu", proofURL+"/1"), ErrDPoPURLMismatch},
		{"4.3-9 another host", claim("htu", "https://evil.example/things"), ErrDPoPURLMismatch},
		{"4.3-9 another scheme", claim("htu", "http://api.example/things"), ErrDPoPURLMismatch},
		{"4.3-9 another port", claim("htu", "https://api.example:444/things"), ErrDPoPURLMismatch},
		{"4.3-9 relative", claim("htu", "/things"), ErrDPoPURLMismatch},
		{"4.3-9 with user and password", claim("htu", "https://u:p@api.example/things"), ErrDPoPURLMismatch},
		{"4.3-9 query and fragment", claim("htu", proofURL+"?page=2#x"), nil},
		{"4.3-9 in upper case, with the port", claim("htu", "HTTPS://API.example:443/things"), nil},
		{"4.3-9 nothing to compare with", expect(func(e *ExpectedDPoPProof) { e.URL = "" }), ErrDPoPURLMismatch},
		{"4.3-10 another nonce", claim("nonce", "old"), ErrDPoPNonceInvalid},
		{"4.3-10 nonce missing", func(_, c map[string]any, _ *ExpectedDPoPProof) { delete(c, "nonce") }, ErrDPoPNonceInvalid},
		{"4.3-10 no nonce wanted", func(_, c map[string]any, e *ExpectedDPoPProof) {
			delete(c, "nonce")
			e.ValidNonce = nil
		}, nil},
		{"4.3-11 as old as allowed, with the leeway", claim("iat", noon.Unix()-89), nil},
		{"4.3-11 too old", claim("iat", noon.Unix()-90), ErrDPoPProofExpired},
		{"4.3-11 as new as allowed", claim("iat", noon.Unix()+30), nil},
		{"4.3-11 from the future", claim("iat", noon.Unix()+31), ErrIssuedInFuture},
		{"4.3-11 another window", func(_, c map[string]any, e *ExpectedDPoPProof) {
			c["iat"], e.MaxAge, e.Leeway = noon.Unix()-11, 10*time.Second, time.Second
		}, ErrDPoPProofExpired},
		{"4.3-12a another token", expect(func(e *ExpectedDPoPProof) { e.AccessToken += "x" }), ErrDPoPTokenMismatch},
		{"4.3-12a ath missing", func(_, c map[string]any, _ *ExpectedDPoPProof) { delete(c, "ath") }, ErrDPoPTokenMismatch},
		{"4.3-12b another key", expect(func(e *ExpectedDPoPProof) { e.Thumbprint = thumbprintOf(t, "ES256") }), ErrDPoPKeyMismatch},
		{"4.3-12b bound to none", expect(func(e *ExpectedDPoPProof) { e.Thumbprint = "" }), ErrDPoPKeyMismatch},
		{"4.2 jti too long", claim("jti", strings.Repeat("x", maxProofID+1)), ErrClaimInvalid},
		{"4.2 nonce a number", claim("nonce", 1), ErrClaimInvalid},
		{"4.2 iat a string", claim("iat", "1"), ErrClaimInvalid},
	}
	for _, name := range []string{"jti", "htm", "htu", "iat"} {
		cases = append(cases, proofCase{"4.3-3 " + name + " missing",
			func(_, c map[string]any, _ *ExpectedDPoPProof) { delete(c, name) }, ErrClaimInvalid})
	}
	for _, name := range privateMembers {
		cases = append(cases, proofCase{"4.3-7 a key with " + name, key(name, ""), ErrDPoPKeyInvalid})
	}
	return cases
}

func TestVerifyDPoPProof(t *testing.T) {
	for _, tt := range proofCases(t) {
		t.Run("9449-"+tt.name, func(t *testing.T) {
			header, claims := goodProof(t, "EdDSA")
			e := goodExpectedProof(t, "EdDSA")
			tt.edit(header, claims, e)
			got, err := e.VerifyDPoPProof(sign(t, "EdDSA", encode(t, header), encode(t, claims)), noon)
			checkError(t, err, tt.want)
			if (got == nil) != (err != nil) {
				t.Errorf("proof = %v with error %v", got, err)
			}
		})
	}
}

func TestDPoPProofIsComplete(t *testing.T) {
	header, claims := goodProof(t, "EdDSA")
	e := goodExpectedProof(t, "EdDSA")
	got, err := e.VerifyDPoPProof(sign(t, "EdDSA", encode(t, header), encode(t, claims)), noon)
	if err != nil {
		t.Fatal(err)
	}
	want := DPoPProof{ID: mark + "-jti", Thumbprint: e.Thumbprint, Nonce: "current", IssuedAt: noon.Unix(), Expiry: noon.Unix() + 90}
	if *got != want {
		t.Errorf("proof = %+v, want %+v", *got, want)
	}
	// Expiry is when it is refused, whoever asks.
	last := sign(t, "EdDSA", encode(t, header), encode(t, claims))
	if _, err := e.VerifyDPoPProof(last, time.Unix(got.Expiry-1, 0)); err != nil {
		t.Errorf("a second before: %v", err)
	}
	_, err = e.VerifyDPoPProof(last, time.Unix(got.Expiry, 0))
	checkError(t, err, ErrDPoPProofExpired)
}

func TestDPoPProofAlgorithms(t *testing.T) {
	for _, alg := range asymmetricAlgorithms {
		t.Run("9449-4.3-5 "+alg, func(t *testing.T) {
			header, claims := goodProof(t, alg)
			_, err := goodExpectedProof(t, alg).VerifyDPoPProof(sign(t, alg, encode(t, header), encode(t, claims)), noon)
			checkError(t, err, nil)
		})
	}
}

func TestDPoPProofMalformed(t *testing.T) {
	header, claims := goodProof(t, "EdDSA")
	good := sign(t, "EdDSA", encode(t, header), encode(t, claims))
	flipped := []byte(good)
	flipped[len(flipped)-3] ^= 1
	tests := []struct {
		name, proof string
		want        error
	}{
		{"4.3-2 empty", "", ErrTokenMalformed},
		{"4.3-2 two proofs in one header", good + ", " + good, ErrTokenMalformed},
		{"4.3-2 too long", good + strings.Repeat("A", maxProofLength), ErrTokenMalformed},
		{"4.3-2 header null", sign(t, "EdDSA", "null", encode(t, claims)), ErrTokenMalformed},
		{"4.3-2 header in upper case", sign(t, "EdDSA", strings.ToUpper(encode(t, header)), encode(t, claims)), ErrTypeNotAllowed},
		{"4.3-3 claims null", sign(t, "EdDSA", encode(t, header), "null"), ErrTokenMalformed},
		{"4.3-3 a claim twice", sign(t, "EdDSA", encode(t, header), `{"jti":"a","jti":"b"}`), ErrTokenMalformed},
		{"4.3-6 one bit flipped", string(flipped), ErrSignatureInvalid},
	}
	for _, tt := range tests {
		t.Run("9449-"+tt.name, func(t *testing.T) {
			_, err := goodExpectedProof(t, "EdDSA").VerifyDPoPProof(tt.proof, noon)
			checkError(t, err, tt.want)
		})
	}
}

// The sender chooses the key: none that costs much to verify with, and none
// that is easily guessed.
func TestDPoPProofKeySize(t *testing.T) {
	for bits, want := range map[int]error{1024: ErrDPoPKeyInvalid, 4096: nil, 4104: ErrDPoPKeyInvalid} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		header, claims := goodProof(t, "RS256")
		header["jwk"] = decodeJWK(t, jose.JSONWebKey{Key: key.Public()})
		input := b64([]byte(encode(t, header))) + "." + b64([]byte(encode(t, claims)))
		signature, err := signRSA(key, "RS256", []byte(input))
		if err != nil {
			t.Fatal(err)
		}
		_, err = parseProof(input+"."+b64(signature), nil)
		checkError(t, err, want)
	}
}

// RFC 3986 6.2.2 and 6.2.3.
func TestNormalizeURL(t *testing.T) {
	tests := []struct{ name, raw, want string }{
		{"as it is", "https://api.example/a/b", "https://api.example/a/b"},
		{"6.2.2.1 host and scheme", "HTTPS://API.Example/A", "https://api.example/A"},
		{"6.2.2.1 percent-encoding", "https://api.example/a%2fb", "https://api.example/a%2Fb"},
		{"6.2.2.2 unreserved", "https://api.example/%7euser/%41", "https://api.example/~user/A"},
		{"6.2.2.2 a space stays", "https://api.example/a%20b", "https://api.example/a%20b"},
		{"6.2.2.3 dot segments", "https://api.example/a/./b/../c", "https://api.example/a/c"},
		{"6.2.2.3 dot segments, encoded", "https://api.example/a/%2e%2E/c", "https://api.example/c"},
		{"6.2.2.3 above the root", "https://api.example/../c", "https://api.example/c"},
		{"two slashes stay", "https://api.example/a//b", "https://api.example/a//b"},
		{"a slash at the end stays", "https://api.example/a/", "https://api.example/a/"},
		{"6.2.3 empty path", "https://api.example", "https://api.example/"},
		{"6.2.3 empty path with query", "https://api.example?x", "https://api.example/"},
		{"6.2.3 default port", "https://api.example:443/", "https://api.example/"},
		{"6.2.3 default port of http", "http://api.example:80/", "http://api.example/"},
		{"6.2.3 empty port", "https://api.example:/", "https://api.example/"},
		{"6.2.3 port of the other scheme", "http://api.example:443/", "http://api.example:443/"},
		{"IPv6", "http://[::1]:8080/", "http://[::1]:8080/"},
		{"another scheme", "ftp://api.example/", ""},
		{"no host", "https:///a", ""},
		{"no URL", "https://api.example/%zz", ""},
		{"user", "https://me@api.example/", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := normalizeURL(tt.raw)
			if got != tt.want || ok != (tt.want != "") {
				t.Errorf("normalizeURL(%q) = %q, %t, want %q", tt.raw, got, ok, tt.want)
			}
		})
	}
}

func FuzzDPoPProof(f *testing.F) {
	for i, claims := range seeds(f, "dpop") {
		f.Add(`{"typ":"dpop+jwt","alg":"EdDSA","jwk":KEY}`, claims, uint32(i*97))
		f.Add(`{"typ":"dpop+jwt","alg":"EdDSA"}`, claims, uint32(i*31))
		f.Add(`{"typ":"dpop+jwt","alg":"none","jwk":{"kty":"oct","k":"AA"}}`, claims, uint32(i))
	}
	f.Fuzz(func(t *testing.T, header string, claims []byte, bit uint32) {
		e := goodExpectedProof(t, "EdDSA")
		header = strings.ReplaceAll(header, "KEY", encode(t, proofKey(t, "EdDSA")))
		token := sign(t, "EdDSA", header, string(claims))
		got, err := e.VerifyDPoPProof(token, noon)
		if (got == nil) != (err != nil) {
			t.Fatalf("proof = %v with error %v", got, err)
		}
		checkFuzzError(t, err)
		if got == nil {
			return
		}
		if got.ID == "" || got.Nonce != "current" || got.Thumbprint != e.Thumbprint || got.Expiry <= noon.Unix() {
			t.Fatalf("accepted: %+v", got)
		}
		var members map[string]any
		if err := json.Unmarshal(claims, &members); err != nil || members["htm"] != "GET" {
			t.Fatalf("accepted %s", claims)
		}
		flipped := []byte(token)
		at := int(bit) % (len(flipped) * 8)
		flipped[at/8] ^= 1 << (at % 8)
		if _, err := e.VerifyDPoPProof(string(flipped), noon); err == nil {
			t.Fatalf("accepted with bit %d flipped", at)
		}
		e.Method = "POST"
		if _, err := e.VerifyDPoPProof(token, noon); !errors.Is(err, ErrDPoPMethodMismatch) {
			t.Fatalf("for another method: %v", err)
		}
	})
}

// FuzzNormalizeURL: normalizing twice changes nothing more.
func FuzzNormalizeURL(f *testing.F) {
	for _, seed := range []string{"https://api.example/a/../b%7e", "http://[::1]:80", "https://h/%2e%2e/%252e", "HTTPS://H:443//."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once, ok := normalizeURL(raw)
		if !ok {
			return
		}
		if twice, ok := normalizeURL(once); !ok || twice != once {
			t.Fatalf("%q becomes %q, and then %q", raw, once, twice)
		}
	})
}
