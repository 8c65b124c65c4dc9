package oidc

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"
)

const testAudience = "https://api.example"

func goodAccessToken() (header, claims map[string]any) {
	header = goodHeader("EdDSA")
	header["typ"] = "at+jwt"
	return header, map[string]any{
		"iss":       testIssuer,
		"sub":       testSubject,
		"aud":       testAudience,
		"client_id": testClientID,
		"exp":       noon.Unix() + 300,
		"iat":       noon.Unix(),
		"jti":       mark + "-jti",
		"scope":     "read write",
	}
}

func goodVerifier() *AccessTokenVerifier {
	return &AccessTokenVerifier{Issuer: testIssuer, Audience: testAudience}
}

// accessTokenCase is one difference from a good access token.
type accessTokenCase struct {
	name  string
	edit  func(header, claims map[string]any, v *AccessTokenVerifier)
	want  error
	claim string // of the ClaimError, if it is one
}

func accessTokenCases() []accessTokenCase {
	claim := func(name string, value any) func(_, _ map[string]any, _ *AccessTokenVerifier) {
		return func(_, claims map[string]any, _ *AccessTokenVerifier) { claims[name] = value }
	}
	typ := func(value any) func(_, _ map[string]any, _ *AccessTokenVerifier) {
		return func(header, _ map[string]any, _ *AccessTokenVerifier) { header["typ"] = value }
	}
	verifier := func(edit func(*AccessTokenVerifier)) func(_, _ map[string]any, _ *AccessTokenVerifier) {
		return func(_, _ map[string]any, v *AccessTokenVerifier) { edit(v) }
	}
	cases := []accessTokenCase{
		{"9068-4 valid", func(_, _ map[string]any, _ *AccessTokenVerifier) {}, nil, ""},
		{"9068-4 typ with its prefix", typ("application/at+jwt"), nil, ""},
		{"9068-4 typ in upper case", typ("AT+JWT"), nil, ""},
		{"9068-4 an ID Token's typ", typ("JWT"), ErrTypeNotAllowed, ""},
		{"9068-4 typ empty", typ(""), ErrTypeNotAllowed, ""},
		{"9068-4 typ of a logout token", typ("logout+jwt"), ErrTypeNotAllowed, ""},
		{"9068-4 alg none", func(h, _ map[string]any, _ *AccessTokenVerifier) { h["alg"] = "none" }, ErrAlgNotAllowed, ""},
		{"9068-4 alg on the list", verifier(func(v *AccessTokenVerifier) { v.Algorithms = []string{"EdDSA"} }), nil, ""},
		{"9068-4 alg not on the list", verifier(func(v *AccessTokenVerifier) { v.Algorithms = []string{"RS256"} }), ErrAlgNotAllowed, ""},
		{"9068-4 kid unknown", func(h, _ map[string]any, _ *AccessTokenVerifier) { h["kid"] = "new" }, ErrKeyNotFound, ""},
		{"9068-4 an extension", func(h, _ map[string]any, _ *AccessTokenVerifier) { h["crit"] = []string{"x"} }, ErrHeaderNotAllowed, ""},

		{"9068-4 another iss", claim("iss", testIssuer+"/"), ErrIssuerMismatch, "iss"},
		{"9068-4 no issuer expected", verifier(func(v *AccessTokenVerifier) { v.Issuer = "" }), ErrIssuerMismatch, "iss"},
		{"9068-4 aud an array with us", claim("aud", []string{"other", testAudience}), nil, ""},
		{"9068-4 aud an array without us", claim("aud", []string{"other"}), ErrAudienceMismatch, "aud"},
		{"9068-4 aud an empty array", claim("aud", []string{}), ErrAudienceMismatch, "aud"},
		{"9068-4 another aud", claim("aud", testAudience+"/"), ErrAudienceMismatch, "aud"},
		{"9068-4 aud the client", claim("aud", testClientID), ErrAudienceMismatch, "aud"},
		{"9068-4 no audience expected", func(_, c map[string]any, v *AccessTokenVerifier) {
			c["aud"], v.Audience = "", ""
		}, ErrAudienceMismatch, "aud"},
		{"9068-4 expires within the leeway", claim("exp", noon.Unix()-29), nil, ""},
		{"9068-4 expired", claim("exp", noon.Unix()-30), ErrTokenExpired, "exp"},
		{"9068-4 expired, a longer leeway", func(_, c map[string]any, v *AccessTokenVerifier) {
			c["exp"], v.Leeway = noon.Unix()-30, time.Minute
		}, nil, ""},
		{"9068-4 exp 1e400", claim("exp", json.RawMessage("1e400")), ErrClaimInvalid, "exp"},
		{"9068-4 issued in the future", claim("iat", noon.Unix()+31), ErrIssuedInFuture, "iat"},
		{"7519-4.1.5 nbf now", claim("nbf", noon.Unix()), nil, ""},
		{"7519-4.1.5 nbf in the future", claim("nbf", noon.Unix()+31), ErrTokenNotYetValid, "nbf"},
		{"7519-4.1.5 nbf a string", claim("nbf", "1"), ErrClaimInvalid, "nbf"},
		{"9068-2.2.3 scope missing", func(_, c map[string]any, _ *AccessTokenVerifier) { delete(c, "scope") }, ErrScopeInsufficient, "scope"},
		{"9068-2.2.3 scope without one", claim("scope", "read"), ErrScopeInsufficient, "scope"},
		{"9068-2.2.3 scope of which ours is a prefix", claim("scope", "read writer"), ErrScopeInsufficient, "scope"},
		{"6749-3.3 a tab between scopes", claim("scope", "read\twrite"), ErrScopeInsufficient, "scope"},
		{"6749-3.3 a no-break space between scopes", claim("scope", "read\u00a0write"), ErrScopeInsufficient, "scope"},
		{"6749-3.3 a line feed between scopes", claim("scope", "read\nwrite"), ErrScopeInsufficient, "scope"},
		{"6749-3.3 two spaces between scopes", claim("scope", " read  write "), nil, ""},
		{"9068-2.2.3 scope in another order", claim("scope", "write x read"), nil, ""},
		{"9068-2.2.3 scope an array", claim("scope", []string{"read", "write"}), ErrClaimInvalid, "scope"},
	}
	untyped := func(edit func(header, claims map[string]any)) func(_, _ map[string]any, _ *AccessTokenVerifier) {
		return func(header, claims map[string]any, v *AccessTokenVerifier) {
			header["typ"], v.AcceptUntypedJWT = "JWT", true
			edit(header, claims)
		}
	}
	without := func(names ...string) func(_, claims map[string]any) {
		return func(_, claims map[string]any) {
			for _, name := range names {
				delete(claims, name)
			}
		}
	}
	with := func(name string, value any) func(_, claims map[string]any) {
		return func(_, claims map[string]any) { claims[name] = value }
	}
	cases = append(cases, []accessTokenCase{
		{"untyped: JWT", untyped(without()), nil, ""},
		{"untyped: no typ", untyped(func(h, _ map[string]any) { delete(h, "typ") }), nil, ""},
		{"untyped: application/jwt", untyped(func(h, _ map[string]any) { h["typ"] = "application/JWT" }), nil, ""},
		{"untyped: at+jwt all the same", untyped(func(h, _ map[string]any) { h["typ"] = "at+jwt" }), nil, ""},
		{"untyped: typ of a logout token", untyped(func(h, _ map[string]any) { h["typ"] = "logout+jwt" }), ErrTypeNotAllowed, ""},
		{"untyped: typ of a proof", untyped(func(h, _ map[string]any) { h["typ"] = "dpop+jwt" }), ErrTypeNotAllowed, ""},
		{"untyped: what RFC 9068 adds missing", untyped(without("sub", "client_id", "iat", "jti")), nil, ""},
		{"untyped: aud missing", untyped(without("aud")), ErrClaimInvalid, "aud"},
		{"untyped: exp missing", untyped(without("exp")), ErrClaimInvalid, "exp"},
		{"untyped: iss missing", untyped(without("iss")), ErrClaimInvalid, "iss"},
		{"untyped: an ID Token with nonce", untyped(with("nonce", testNonce)), ErrTypeNotAllowed, "nonce"},
		{"untyped: an ID Token with at_hash", untyped(with("at_hash", "x")), ErrTypeNotAllowed, "at_hash"},
		{"untyped: an ID Token with c_hash", untyped(with("c_hash", "x")), ErrTypeNotAllowed, "c_hash"},
		{"untyped: a logout token", untyped(with("events", map[string]any{})), ErrTypeNotAllowed, "events"},
		{"9068-4 at+jwt with a nonce", claim("nonce", testNonce), nil, ""},

		{"9449-6.1 bound to a key", claim("cnf", map[string]any{"jkt": "x"}), nil, ""},
		{"9449-6.1 jkt empty", claim("cnf", map[string]any{"jkt": ""}), ErrClaimInvalid, "cnf"},
		{"9449-6.1 jkt a number", claim("cnf", map[string]any{"jkt": 1}), ErrClaimInvalid, "cnf"},
		{"7800-3.1 cnf empty", claim("cnf", map[string]any{}), ErrClaimInvalid, "cnf"},
		{"7800-3.1 cnf null", claim("cnf", nil), ErrClaimInvalid, "cnf"},
		{"7800-3.1 cnf a string", claim("cnf", "x"), ErrClaimInvalid, "cnf"},
		{"8705-3.1 bound to a certificate", claim("cnf", map[string]any{"x5t#S256": "x"}), ErrClaimInvalid, "cnf"},
		{"8705-3.1 bound to both", claim("cnf", map[string]any{"jkt": "x", "x5t#S256": "x"}), ErrClaimInvalid, "cnf"},
		{"9068-2.2.1 acr a number", claim("acr", 2), nil, ""},
		{"9068-2.2.1 acr a list", claim("acr", []string{"2"}), ErrClaimInvalid, "acr"},
		{"9068-2.2.1 auth_time a string", claim("auth_time", "x"), ErrClaimInvalid, "auth_time"},
	}...)
	for _, name := range []string{"iss", "sub", "aud", "client_id", "exp", "iat", "jti"} {
		cases = append(cases,
			accessTokenCase{"9068-2.2 " + name + " missing", func(_, c map[string]any, _ *AccessTokenVerifier) { delete(c, name) }, ErrClaimInvalid, name},
			accessTokenCase{"9068-2.2 " + name + " null", claim(name, nil), ErrClaimInvalid, name},
			accessTokenCase{"9068-2.2 " + name + " an object", claim(name, map[string]any{}), ErrClaimInvalid, name},
		)
	}
	return cases
}

func TestAccessToken(t *testing.T) {
	for _, tt := range accessTokenCases() {
		t.Run(tt.name, func(t *testing.T) {
			header, claims := goodAccessToken()
			v := goodVerifier()
			tt.edit(header, claims, v)
			token := sign(t, "EdDSA", encode(t, header), encode(t, claims))
			got, err := v.Verify(token, testKeySet(t, "ed"), noon, "read", "write")
			checkError(t, err, tt.want)
			if (got == nil) != (err != nil) {
				t.Errorf("claims = %v with error %v", got, err)
			}
			var failed *ClaimError
			if tt.claim != "" && (!errors.As(err, &failed) || failed.Claim != tt.claim) {
				t.Errorf("error = %v, want the claim %s", err, tt.claim)
			}
		})
	}
}

// RFC 9068 5: the two kinds of token are not to be mistaken for each other.
func TestAccessTokenOrIDToken(t *testing.T) {
	idToken := sign(t, "EdDSA", encode(t, goodHeader("EdDSA")), encode(t, goodClaims()))
	v := goodVerifier()
	v.Audience = testClientID
	_, err := v.Verify(idToken, testKeySet(t, "ed"), noon)
	checkError(t, err, ErrTypeNotAllowed)

	header, claims := goodAccessToken()
	claims["aud"], claims["nonce"] = testClientID, testNonce
	accessToken := sign(t, "EdDSA", encode(t, header), encode(t, claims))
	_, err = goodExpectation().VerifyIDToken(Secret(accessToken), testKeySet(t, "ed"), noon)
	checkError(t, err, ErrTypeNotAllowed)
}

func TestAccessTokenMalformed(t *testing.T) {
	header, claims := goodAccessToken()
	good := sign(t, "EdDSA", encode(t, header), encode(t, claims))
	flipped := []byte(good)
	flipped[len(flipped)-2] ^= 1
	tests := []struct {
		name, token string
		want        error
	}{
		{"7515-7.1 opaque", mark, ErrTokenMalformed},
		{"7515-7.1 empty", "", ErrTokenMalformed},
		{"7515-7.1 with its scheme", "Bearer " + good, ErrTokenMalformed},
		{"7519-7.2 claims null", sign(t, "EdDSA", encode(t, header), "null"), ErrTokenMalformed},
		{"7515-5.2 one bit flipped", string(flipped), ErrSignatureInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := goodVerifier().Verify(tt.token, testKeySet(t, "ed"), noon)
			checkError(t, err, tt.want)
			if got != nil {
				t.Error("claims came with an error")
			}
		})
	}
}

func TestAccessTokenClaimsAreComplete(t *testing.T) {
	header, claims := goodAccessToken()
	claims["roles"] = []string{"admin"}
	claims["acr"], claims["auth_time"], claims["cnf"] = "mfa", noon.Unix()-60, map[string]any{"jkt": "thumbprint"}
	got, err := goodVerifier().Verify(sign(t, "EdDSA", encode(t, header), encode(t, claims)), testKeySet(t, "ed"), noon)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Members["roles"]) != `["admin"]` || len(got.Members) != len(claims) {
		t.Errorf("members = %s", got.Members)
	}
	got.Members = nil
	want := &AccessTokenClaims{
		Issuer: testIssuer, Subject: testSubject, Audience: []string{testAudience}, ClientID: testClientID,
		Scopes: []string{"read", "write"}, Expiry: noon.Unix() + 300, IssuedAt: noon.Unix(), ID: mark + "-jti",
		ACR: "mfa", AuthTime: noon.Unix() - 60, KeyThumbprint: "thumbprint",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("claims = %+v, want %+v", got, want)
	}
}

// Every algorithm is accepted by default, and none but the asymmetric ones.
func TestAccessTokenAlgorithms(t *testing.T) {
	for _, alg := range asymmetricAlgorithms {
		t.Run("9068-4 "+alg, func(t *testing.T) {
			header, claims := goodAccessToken()
			header["alg"], header["kid"] = alg, kidOf[alg]
			_, err := goodVerifier().Verify(sign(t, alg, encode(t, header), encode(t, claims)), testKeySet(t), noon)
			checkError(t, err, nil)
		})
	}
	if slices.Contains(asymmetricAlgorithms, "none") || slices.Contains(asymmetricAlgorithms, "HS256") {
		t.Error("the list holds more than asymmetric algorithms")
	}
	header, claims := goodAccessToken()
	header["alg"] = "HS256"
	_, err := goodVerifier().Verify(signHS256(encode(t, header), encode(t, claims), nil), testKeySet(t), noon)
	checkError(t, err, ErrAlgNotAllowed)
}

func TestCheckAuthentication(t *testing.T) {
	at := func(age int64) *AccessTokenClaims {
		return &AccessTokenClaims{ACR: mark + "-mfa", AuthTime: noon.Unix() - age}
	}
	tests := []struct {
		name   string
		claims *AccessTokenClaims
		acr    []string
		maxAge time.Duration
		want   error
	}{
		{"9470-5 nothing demanded", &AccessTokenClaims{}, nil, 0, nil},
		{"9470-5 one of two", at(0), []string{"hwk", mark + "-mfa"}, 0, nil},
		{"9470-5 another acr", at(0), []string{"hwk"}, 0, ErrACRNotMet},
		{"9470-5 acr missing", &AccessTokenClaims{}, []string{"hwk"}, 0, ErrACRNotMet},
		{"9470-5 as old as allowed, with the leeway", at(90), nil, time.Minute, nil},
		{"9470-5 too old", at(91), nil, time.Minute, ErrAuthTimeTooOld},
		{"9470-5 in the future, within the leeway", at(-30), nil, time.Minute, nil},
		{"9470-5 in the future", at(-31), nil, time.Minute, ErrAuthTimeTooOld},
		{"9470-5 in the future, and no age demanded", at(-31), nil, 0, nil},
		{"9470-5 a negative age", at(0), nil, -time.Minute, ErrAuthTimeTooOld},
		{"9470-5 a negative age, no whole second", at(0), nil, -1, ErrAuthTimeTooOld},
		{"9470-5 auth_time missing", &AccessTokenClaims{}, nil, time.Minute, ErrAuthTimeTooOld},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkError(t, tt.claims.CheckAuthentication(tt.acr, tt.maxAge, 0, noon), tt.want)
		})
	}
}
