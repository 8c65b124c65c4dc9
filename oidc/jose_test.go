package oidc

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"testing"
)

// Tokens of the specifications themselves: nothing of them was made here.
func TestSpecificationVectors(t *testing.T) {
	tests := []struct {
		name, key, alg, token, payload string
	}{
		{
			"7515-A.3 ES256",
			`{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`,
			"ES256",
			"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ." +
				"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
			"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}",
		},
		{
			"8037-A.4 EdDSA",
			`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
			"EdDSA",
			"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc." +
				"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
			"Example of Ed25519 signing",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := ParseKeys([]byte(`{"keys":[` + tt.key + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			h, payload, err := verifyJWS(tt.token, keys, []string{tt.alg})
			if err != nil || string(payload) != tt.payload || h.Alg != tt.alg {
				t.Errorf("payload = %q, error = %v", payload, err)
			}
		})
	}
}

func TestSignatureAlgorithms(t *testing.T) {
	for _, alg := range asymmetricAlgorithms {
		payload := `{"alg":"` + alg + `"}`
		token := sign(t, alg, encode(t, goodHeader(alg)), payload)
		keys := testKeySet(t)
		t.Run("7515-5.2 "+alg, func(t *testing.T) {
			h, got, err := verifyJWS(token, keys, []string{alg})
			if err != nil || string(got) != payload || h.Kid != kidOf[alg] {
				t.Errorf("payload = %q, error = %v", got, err)
			}
		})
		t.Run("3.1.3.7-7 "+alg+" not on the list", func(t *testing.T) {
			others := slices.DeleteFunc(slices.Clone(asymmetricAlgorithms), func(a string) bool { return a == alg })
			_, _, err := verifyJWS(token, keys, others)
			checkError(t, err, ErrAlgNotAllowed)
		})
		t.Run("3.1.3.7-7 "+alg+" with an empty list", func(t *testing.T) {
			_, _, err := verifyJWS(token, keys, nil)
			checkError(t, err, ErrAlgNotAllowed)
		})
		t.Run("7515-5.2 "+alg+" one bit flipped", func(t *testing.T) {
			parts := strings.Split(token, ".")
			for part, want := range []error{ErrKeyNotFound, ErrSignatureInvalid, ErrSignatureInvalid} {
				data := unb64(t, parts[part])
				at := len(data) - 1
				if part == 0 { // in the value of kid
					at = bytes.Index(data, []byte(`"kid":"`)) + len(`"kid":"`)
				}
				if part == 1 { // in a value, so that the JSON stays well-formed
					at = len(data) - 3
				}
				data[at] ^= 1
				flipped := slices.Clone(parts)
				flipped[part] = b64(data)
				_, _, err := verifyJWS(strings.Join(flipped, "."), keys, []string{alg})
				checkError(t, err, want)
			}
		})
		t.Run("7515-5.2 "+alg+" signature too short", func(t *testing.T) {
			parts := strings.Split(token, ".")
			signature := unb64(t, parts[2])
			for _, cut := range [][]byte{signature[:1], signature[:len(signature)-1], append(signature, 0), make([]byte, len(signature))} {
				_, _, err := verifyJWS(parts[0]+"."+parts[1]+"."+b64(cut), keys, []string{alg})
				checkError(t, err, ErrSignatureInvalid)
			}
		})
	}
}

// A key verifies the algorithms of its type and curve, nothing else.
func TestAlgorithmConfusion(t *testing.T) {
	for _, signed := range asymmetricAlgorithms {
		for _, claimed := range asymmetricAlgorithms {
			if signed == claimed || kidOf[signed] == "ed" && kidOf[claimed] == "ed" {
				continue
			}
			header := goodHeader(signed)
			header["alg"] = claimed
			want := ErrKeyNotFound // the kid names a key of another type
			if kidOf[signed] == kidOf[claimed] {
				want = ErrSignatureInvalid
			}
			t.Run("8725-3.1 "+signed+" as "+claimed, func(t *testing.T) {
				_, _, err := verifyJWS(sign(t, signed, encode(t, header), `{}`), testKeySet(t), asymmetricAlgorithms)
				checkError(t, err, want)
			})
		}
	}
}

// HMAC with the public key as the secret, the oldest trick.
func TestHMACWithThePublicKey(t *testing.T) {
	public := testKeys()["rsa"].private.Public().(*rsa.PublicKey)
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]byte{
		"PEM":     pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		"DER":     der,
		"modulus": public.N.Bytes(),
		"JWK":     []byte(encode(t, publicJWK(t, "rsa"))),
		"nothing": nil,
	}
	for name, secret := range secrets {
		for _, kid := range []any{"rsa", nil} {
			header := map[string]any{"alg": "HS256", "kid": kid}
			token := signHS256(encode(t, header), `{}`, secret)
			t.Run("3.1.3.7-8 HS256 with "+name, func(t *testing.T) {
				for _, allowed := range [][]string{asymmetricAlgorithms, {"HS256"}} {
					_, _, err := verifyJWS(token, testKeySet(t), allowed)
					checkError(t, err, ErrAlgNotAllowed)
				}
			})
		}
	}
}

func TestHeader(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(header map[string]any) { header[name] = value }
	}
	tests := []struct {
		name string
		edit func(header map[string]any)
		want error
	}{
		{"7515-4.1 valid", func(map[string]any) {}, nil},
		{"7515-4 an unknown member", set("x", 1), nil},
		{"7515-4.1.1 alg missing", func(h map[string]any) { delete(h, "alg") }, ErrAlgNotAllowed},
		{"7515-4.1.1 alg null", set("alg", nil), ErrAlgNotAllowed},
		{"7515-4.1.1 alg empty", set("alg", ""), ErrAlgNotAllowed},
		{"7515-4.1.1 alg an array", set("alg", []string{"EdDSA"}), ErrTokenMalformed},
		{"7515-4.1.1 alg in another case", set("alg", "EDDSA"), ErrAlgNotAllowed},
		{"7515-4.1.1 alg with a space", set("alg", "EdDSA "), ErrAlgNotAllowed},
		{"7518-3.6 alg none", set("alg", "none"), ErrAlgNotAllowed},
		{"7518-3.6 alg None", set("alg", "None"), ErrAlgNotAllowed},
		{"7518-3.2 alg HS256", set("alg", "HS256"), ErrAlgNotAllowed},
		{"7518-4 alg of an encryption", set("alg", "RSA-OAEP"), ErrAlgNotAllowed},
		{"7515-4.1.2 jku", set("jku", "https://evil.example/jwks"), nil},
		{"7515-4.1.3 jwk", set("jwk", map[string]any{"kty": "OKP"}), nil},
		{"7515-4.1.3 jwk null", set("jwk", nil), nil},
		{"7515-4.1.3 the issuer's own jwk", set("jwk", publicJWK(t, "ed")), nil},
		{"7515-4.1.5 x5u", set("x5u", "https://evil.example/cert"), nil},
		{"7515-4.1.6 x5c", set("x5c", []string{"AAAA"}), nil},
		{"7515-4.1.11 crit", set("crit", []string{"exp"}), ErrHeaderNotAllowed},
		{"7515-4.1.11 crit empty", set("crit", []string{}), ErrHeaderNotAllowed},
		{"7515-4.1.11 crit null", set("crit", nil), ErrHeaderNotAllowed},
		{"7797-3 b64 false", set("b64", false), ErrHeaderNotAllowed},
		{"7797-3 b64 true", set("b64", true), ErrHeaderNotAllowed},
		{"7797-6 b64 and crit", func(h map[string]any) { h["b64"], h["crit"] = false, []string{"b64"} }, ErrHeaderNotAllowed},
		{"7515-4.1.4 kid a number", set("kid", 1), ErrTokenMalformed},
		{"7515-4.1.9 typ a number", set("typ", 1), ErrTokenMalformed},
		{"7515-4.1.6 x5c that nobody can read", set("x5c", 7), nil},
		{"8555-6.5.2 a member that the library cannot read", set("nonce", 1), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := goodHeader("EdDSA")
			tt.edit(header)
			_, payload, err := verifyJWS(sign(t, "EdDSA", encode(t, header), `{}`), testKeySet(t), []string{"EdDSA", "none", "HS256"})
			checkError(t, err, tt.want)
			if (payload == nil) != (err != nil) {
				t.Errorf("payload = %q with error %v", payload, err)
			}
		})
	}
}

// Headers that are signed, but are not a JSON object of this kind.
func TestHeaderMalformed(t *testing.T) {
	for name, header := range map[string]string{
		"7515-4 not JSON":           mark,
		"7515-4 null":               `null`,
		"7515-4 an array":           `[{"alg":"EdDSA"}]`,
		"7515-4 a string":           `"EdDSA"`,
		"7515-4 a member twice":     `{"alg":"EdDSA","kid":"ed","alg":"EdDSA"}`,
		"7515-4 an escaped twin":    `{"alg":"EdDSA","kid":"ed","\u0061lg":"EdDSA"}`,
		"7515-4 trailing data":      `{"alg":"EdDSA","kid":"ed"}{}`,
		"7515-4 invalid UTF-8":      "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"x\":\"\xff\"}",
		"7515-4 a byte order mark":  "\ufeff{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
		"7515-4 nested too deeply":  `{"alg":"EdDSA","kid":"ed","x":` + strings.Repeat("[", 80) + strings.Repeat("]", 80) + `}`,
		"7515-4 an unfinished text": `{"alg":"EdDSA`,
		"7515-4 longer than any":    headerOfLength(maxHeaderLength + 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := verifyJWS(sign(t, "EdDSA", header, `{}`), testKeySet(t), []string{"EdDSA"})
			checkError(t, err, ErrTokenMalformed)
		})
	}
}

// headerOfLength returns a header that has so many bytes, or one more, in base64url.
func headerOfLength(n int) string {
	const before, behind = `{"alg":"EdDSA","kid":"ed","x":"`, `"}`
	return before + strings.Repeat("x", (3*n+3)/4-len(before+behind)) + behind
}

// A header that is as long as it may be is read.
func TestLongestHeader(t *testing.T) {
	token := sign(t, "EdDSA", headerOfLength(maxHeaderLength), `{}`)
	if length := strings.IndexByte(token, '.'); length != maxHeaderLength {
		t.Fatalf("a header of %d bytes", length)
	}
	_, _, err := verifyJWS(token, testKeySet(t), []string{"EdDSA"})
	checkError(t, err, nil)
}

func TestCompactSerialization(t *testing.T) {
	good := sign(t, "EdDSA", encode(t, goodHeader("EdDSA")), `{"a":"`+mark+`"}`)
	parts := strings.Split(good, ".")
	tests := []struct{ name, token string }{
		{"7515-7.1 empty", ""},
		{"7515-7.1 one part", parts[0]},
		{"7515-7.1 two parts", parts[0] + "." + parts[1]},
		{"7515-7.1 two parts and a dot", parts[0] + "." + parts[1] + "."},
		{"7515-7.1 four parts", good + "." + parts[2]},
		{"7516-7.1 five parts", good + "." + parts[1] + "." + parts[2]},
		{"7515-7.1 a dot in front", "." + good},
		{"7515-7.1 a dot behind", good + "."},
		{"7515-7.1 no header", "." + parts[1] + "." + parts[2]},
		{"7515-7.1 two dots", ".."},
		{"7515-7.1 a million dots", strings.Repeat(".", 1_000_000)},
		{"7515-7.1 as many dots as fit", strings.Repeat(".", maxTokenLength)},
		{"7515-7.1 a million dots behind", good + strings.Repeat(".", 1_000_000)},
		{"7515-7.1 ten megabytes", parts[0] + "." + strings.Repeat("A", 10_000_000) + "." + parts[2]},
		{"7515-2 padding", parts[0] + "." + parts[1] + "=." + parts[2]},
		{"7515-2 padding of the signature", good + "=="},
		{"7515-2 a space before", " " + good},
		{"7515-2 a space behind", good + " "},
		{"7515-2 a line break behind", good + "\n"},
		{"7515-2 a line break in the header", parts[0][:4] + "\n" + parts[0][4:] + "." + parts[1] + "." + parts[2]},
		{"7515-2 a line break in the payload", parts[0] + "." + parts[1][:4] + "\r\n" + parts[1][4:] + "." + parts[2]},
		{"7515-2 the other alphabet", parts[0] + "." + parts[1] + "." + "+/" + parts[2][2:]},
		{"7515-2 stray bits at the end", good[:len(good)-1] + string(good[len(good)-1]+1)},
		{"7515-7.2 JSON serialization", `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := verifyJWS(tt.token, testKeySet(t), []string{"EdDSA"})
			checkError(t, err, ErrTokenMalformed)
		})
	}
}

// An empty payload is well-formed as a JWS, and no token.
func TestEmptyPayload(t *testing.T) {
	token := sign(t, "EdDSA", encode(t, goodHeader("EdDSA")), "")
	_, _, err := verifyJWS(token, testKeySet(t), []string{"EdDSA"})
	checkError(t, err, nil)
	_, err = parseClaims(nil)
	checkError(t, err, ErrTokenMalformed)
}

// No token of one bit's difference is accepted.
func TestEveryBit(t *testing.T) {
	for _, alg := range []string{"EdDSA", "Ed25519"} {
		token := sign(t, alg, encode(t, goodHeader(alg)), `{"sub":"`+mark+`"}`)
		keys := testKeySet(t, "ed")
		for i := range len(token) * 8 {
			flipped := []byte(token)
			flipped[i/8] ^= 1 << (i % 8)
			if _, _, err := verifyJWS(string(flipped), keys, []string{"EdDSA", "Ed25519"}); err == nil {
				t.Errorf("%s: accepted with bit %d flipped", alg, i)
			}
		}
	}
}

// An algorithm that is never accepted is told by its name.
func TestCheckAlgorithms(t *testing.T) {
	if err := CheckAlgorithms(asymmetricAlgorithms); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"", "none", "HS256", "rs256", "RS265", "RSA-OAEP"} {
		if err := CheckAlgorithms([]string{"RS256", name}); !errors.Is(err, ErrInvalidConfig) || !strings.Contains(err.Error(), `"`+name+`" is none of RS256, `) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
