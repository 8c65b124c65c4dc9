package oidc

import (
	"strings"
	"testing"
)

// Payloads that are signed by the provider and are still no set of claims.
func TestIDTokenPayload(t *testing.T) {
	good := encode(t, goodClaims())
	inside := strings.TrimSuffix(good, "}")
	tests := []struct {
		name, payload string
		want          error
	}{
		{"7519-7.2 valid", good, nil},
		{"7519-7.2 white space around", " " + good + "\n", nil},
		{"7519-7.2 empty", "", ErrTokenMalformed},
		{"7519-7.2 null", "null", ErrTokenMalformed},
		{"7519-7.2 an array", "[" + good + "]", ErrTokenMalformed},
		{"7519-7.2 a string", `"` + mark + `"`, ErrTokenMalformed},
		{"7519-7.2 truncated", inside, ErrTokenMalformed},
		{"7519-7.2 trailing data", good + "{}", ErrTokenMalformed},
		{"7519-4 sub twice", inside + `,"sub":"admin"}`, ErrTokenMalformed},
		{"7519-4 sub twice, the same", inside + `,"sub":"` + testSubject + `"}`, ErrTokenMalformed},
		{"7519-4 sub twice, once escaped", inside + `,"\u0073ub":"admin"}`, ErrTokenMalformed},
		{"7519-4 an unknown claim twice", inside + `,"x":1,"x":2}`, ErrTokenMalformed},
		{"7519-4 Sub beside sub", inside + `,"Sub":"admin"}`, nil},
		{"7519-4 ISS for iss", strings.Replace(good, `"iss"`, `"ISS"`, 1), ErrClaimInvalid},
		{"8259-8.1 invalid UTF-8", inside + ",\"x\":\"\xff\"}", ErrTokenMalformed},
		{"8259-8.1 a byte order mark", "\ufeff" + good, ErrTokenMalformed},
		{"8259-9 nested too deeply", inside + `,"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, ErrTokenMalformed},
		{"8259-9 nested as deeply as may be", inside + `,"x":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, nil},
		{"8259-6 a number with a leading zero", strings.Replace(good, `"exp":`, `"exp":0`, 1), ErrTokenMalformed},
		{"8259-6 NaN", strings.Replace(good, `"exp":1795262700`, `"exp":NaN`, 1), ErrTokenMalformed},
		{"3.1.3.7-9 exp 1e400", strings.Replace(good, `"exp":1795262700`, `"exp":1e400`, 1), ErrClaimInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := sign(t, "EdDSA", encode(t, goodHeader("EdDSA")), tt.payload)
			claims, err := goodExpectation().VerifyIDToken(Secret(token), testKeySet(t, "ed"), noon)
			checkError(t, err, tt.want)
			if (claims == nil) != (err != nil) {
				t.Errorf("claims = %v with error %v", claims, err)
			}
			if claims != nil && claims.Subject != testSubject {
				t.Errorf("sub = %q", claims.Subject)
			}
		})
	}
}

func TestIDTokenType(t *testing.T) {
	tests := []struct {
		typ  any
		want error
	}{
		{"JWT", nil},
		{"jwt", nil},
		{"application/jwt", nil},
		{"", nil},
		{"at+jwt", ErrTypeNotAllowed},
		{"application/at+jwt", ErrTypeNotAllowed},
		{"logout+jwt", ErrTypeNotAllowed},
		{"dpop+jwt", ErrTypeNotAllowed},
		{"JWT ", ErrTypeNotAllowed},
		{"JOSE", ErrTypeNotAllowed},
	}
	for _, tt := range tests {
		t.Run("8725-3.11 typ "+tt.typ.(string), func(t *testing.T) {
			header := goodHeader("EdDSA")
			header["typ"] = tt.typ
			token := sign(t, "EdDSA", encode(t, header), encode(t, goodClaims()))
			_, err := goodExpectation().VerifyIDToken(Secret(token), testKeySet(t, "ed"), noon)
			checkError(t, err, tt.want)
		})
	}
	t.Run("8725-3.11 typ absent", func(t *testing.T) {
		token := sign(t, "EdDSA", `{"alg":"EdDSA","kid":"ed"}`, encode(t, goodClaims()))
		_, err := goodExpectation().VerifyIDToken(Secret(token), testKeySet(t, "ed"), noon)
		checkError(t, err, nil)
	})
}

// What the signature says comes before what the claims say.
func TestIDTokenSignature(t *testing.T) {
	header, claims := encode(t, goodHeader("EdDSA")), encode(t, goodClaims())
	good := sign(t, "EdDSA", header, claims)
	parts := strings.Split(good, ".")
	otherClaims := goodClaims()
	otherClaims["sub"] = "admin"
	tests := []struct {
		name, token string
		want        error
	}{
		{"3.1.3.7-6 valid", good, nil},
		{"3.1.3.7-6 other claims under the same signature", parts[0] + "." + b64([]byte(encode(t, otherClaims))) + "." + parts[2], ErrSignatureInvalid},
		{"3.1.3.7-6 none, without a signature", b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", ErrTokenMalformed},
		{"3.1.3.7-7 none, with a signature", b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + "." + parts[2], ErrAlgNotAllowed},
		{"3.1.3.7-7 an algorithm that was not agreed on", sign(t, "RS256", encode(t, goodHeader("RS256")), claims), ErrAlgNotAllowed},
		{"3.1.3.7-7 the other name of EdDSA", sign(t, "Ed25519", encode(t, goodHeader("Ed25519")), claims), ErrAlgNotAllowed},
		{"3.1.3.7-6 not a token", mark, ErrTokenMalformed},
		{"3.1.3.7-6 no token", "", ErrTokenMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := goodExpectation().VerifyIDToken(Secret(tt.token), testKeySet(t), noon)
			checkError(t, err, tt.want)
			if (got == nil) != (err != nil) {
				t.Errorf("claims = %v with error %v", got, err)
			}
		})
	}
}

// OIDC Core 3.1.3.6: at_hash is half of the hash that the algorithm names.
func TestAtHash(t *testing.T) {
	for _, alg := range asymmetricAlgorithms {
		whole := digest(alg, []byte(testAccessToken))
		for name, tt := range map[string]struct {
			hash []byte
			want error
		}{
			"the left half":  {whole[:len(whole)/2], nil},
			"the right half": {whole[len(whole)/2:], ErrAtHashMismatch},
			"16 bytes":       {digest("RS256", []byte(testAccessToken))[:15], ErrAtHashMismatch},
		} {
			t.Run("3.1.3.6 "+alg+" "+name, func(t *testing.T) {
				claims, e := goodClaims(), goodExpectation()
				claims["at_hash"], e.Algorithms = b64(tt.hash), []string{alg}
				token := sign(t, alg, encode(t, goodHeader(alg)), encode(t, claims))
				_, err := e.VerifyIDToken(Secret(token), testKeySet(t), noon)
				checkError(t, err, tt.want)
			})
		}
	}
	// The example of OIDC Core, appendix A.4.
	const token, want = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "77QmUPtjPfzWtF2AnpK9RQ"
	if got := accessTokenHash("RS256", token); got != want {
		t.Errorf("at_hash = %q, want %q", got, want)
	}
}

// A claim of the wrong type anywhere never ends up as a zero value.
func TestReader(t *testing.T) {
	for _, raw := range []string{`true`, `{}`, `[null]`, `[[]]`, `1e400`, `[1]`} {
		r := &reader{set: claimSet{"x": []byte(raw)}}
		if text := r.text("x", "", false); text != "" || r.err == nil {
			t.Errorf("%s is the string %q, error %v", raw, text, r.err)
		}
		r = &reader{set: claimSet{"x": []byte(raw)}}
		if number := r.seconds("x", "", false); number != 0 || r.err == nil {
			t.Errorf("%s is the number %d, error %v", raw, number, r.err)
		}
		r = &reader{set: claimSet{"x": []byte(raw)}}
		if list := r.strings("x", "", false); list != nil || r.err == nil {
			t.Errorf("%s is the list %q, error %v", raw, list, r.err)
		}
	}
	r := &reader{set: claimSet{}}
	r.text("first", "a", true)
	r.seconds("second", "b", true)
	if failed := r.err.(*ClaimError); failed.Claim != "first" || failed.Step != "a" {
		t.Errorf("error = %v, want the first one", r.err)
	}
}
