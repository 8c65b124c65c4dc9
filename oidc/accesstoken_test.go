package oidc

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
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
	return &AccessTokenVerifier{Issuer: testIssuer, Audiences: []string{testAudience}}
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
	inPlaceOf := func(old, name string, value any) func(_, _ map[string]any, _ *AccessTokenVerifier) {
		return func(_, claims map[string]any, _ *AccessTokenVerifier) {
			delete(claims, old)
			claims[name] = value
		}
	}
	cases := []accessTokenCase{
		{"a thousand groups", claim("groups", slices.Repeat([]string{"a group of people, by its GUID"}, 1000)), nil, ""},
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
			c["aud"], v.Audiences = "", []string{""}
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
		{"scope an array", claim("scope", []string{"read", "write"}), nil, ""},
		{"scope an array with a space in an element", claim("scope", []string{"read write"}), ErrScopeInsufficient, "scope"},
		{"scope an array of other things", claim("scope", []any{"read", "write", 1}), ErrClaimInvalid, "scope"},
		{"scope an object", claim("scope", map[string]any{"read": 1, "write": 1}), ErrClaimInvalid, "scope"},
		{"scp an array", inPlaceOf("scope", "scp", []string{"read", "write"}), nil, ""},
		{"scp a text", inPlaceOf("scope", "scp", "read write"), nil, ""},
		{"scp an object", inPlaceOf("scope", "scp", map[string]any{"read": "write"}), ErrClaimInvalid, "scp"},
		{"scp beside scope", func(_, c map[string]any, _ *AccessTokenVerifier) {
			c["scope"], c["scp"] = "read", "write"
		}, ErrScopeInsufficient, "scope"},
		{"azp for client_id", inPlaceOf("client_id", "azp", "app"), nil, ""},
		{"cid for client_id", inPlaceOf("client_id", "cid", "app"), nil, ""},
		{"appid for client_id", inPlaceOf("client_id", "appid", "app"), nil, ""},
		{"azp for client_id, empty", inPlaceOf("client_id", "azp", ""), ErrClaimInvalid, "azp"},
		{"azp for client_id, an array", inPlaceOf("client_id", "azp", []string{"app"}), ErrClaimInvalid, "azp"},
	}
	untyped := func(edit func(header, claims map[string]any)) func(_, _ map[string]any, _ *AccessTokenVerifier) {
		return func(header, claims map[string]any, v *AccessTokenVerifier) {
			header["typ"], v.Form.Marks = "JWT", map[string][]string{"use": {"access", "app"}, "mark": nil}
			claims["use"], claims["mark"] = "access", 1
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
	audienceClaim := func(edit func(header, claims map[string]any)) func(_, _ map[string]any, _ *AccessTokenVerifier) {
		return func(header, claims map[string]any, v *AccessTokenVerifier) {
			header["typ"], claims["client_id"] = "JWT", testAudience
			v.Form = AccessTokenForm{Marks: map[string][]string{"jti": nil}, AudienceClaim: "client_id"}
			delete(claims, "aud")
			if edit != nil {
				edit(header, claims)
			}
		}
	}
	notItsClient := func(aud any) func(_, _ map[string]any, _ *AccessTokenVerifier) {
		return func(_, claims map[string]any, v *AccessTokenVerifier) {
			claims["aud"], claims["client_id"], v.Form.NotItsClient = aud, testAudience, true
		}
	}
	const tenant, other = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
	ofTenant := func(iss, tid any, tenants ...string) func(_, _ map[string]any, _ *AccessTokenVerifier) {
		return func(_, claims map[string]any, v *AccessTokenVerifier) {
			v.Issuer, v.Tenants = "https://op.example/{tenantid}/v2.0", tenants
			claims["iss"], claims["tid"] = iss, tid
		}
	}
	issuerOf := func(tenant string) string { return "https://op.example/" + tenant + "/v2.0" }
	cases = append(cases, []accessTokenCase{
		{"tenant: one of those named", ofTenant(issuerOf(tenant), tenant, other, tenant), nil, ""},
		{"tenant: any", ofTenant(issuerOf(tenant), tenant, "*"), nil, ""},
		{"tenant: none named", ofTenant(issuerOf(tenant), tenant), ErrIssuerMismatch, "iss"},
		{"tenant: another one", ofTenant(issuerOf(other), other, tenant), ErrIssuerMismatch, "iss"},
		{"tenant: iss of another one", ofTenant(issuerOf(other), tenant, tenant, other), ErrIssuerMismatch, "iss"},
		{"tenant: iss of another one, any", ofTenant(issuerOf(other), tenant, "*"), ErrIssuerMismatch, "iss"},
		{"tenant: tid missing", ofTenant(issuerOf(tenant), nil, "*"), ErrIssuerMismatch, "iss"},
		{"tenant: no GUID", ofTenant(issuerOf("common"), "common", "*", "common"), ErrIssuerMismatch, "iss"},
		{"tenant: a path", ofTenant(issuerOf("x/y"), "x/y", "*"), ErrIssuerMismatch, "iss"},
		{"tenant: the template itself", ofTenant(issuerOf("{tenantid}"), "{tenantid}", "*", "{tenantid}"), ErrIssuerMismatch, "iss"},
		{"tenant: a star", ofTenant(issuerOf("*"), "*", "*"), ErrIssuerMismatch, "iss"},
		{"untyped: JWT", untyped(without()), nil, ""},
		{"untyped: no typ", untyped(func(h, _ map[string]any) { delete(h, "typ") }), nil, ""},
		{"untyped: application/jwt", untyped(func(h, _ map[string]any) { h["typ"] = "application/JWT" }), nil, ""},
		{"untyped: at+jwt all the same", untyped(func(h, _ map[string]any) { h["typ"] = "at+jwt" }), nil, ""},
		{"untyped: typ of a logout token", untyped(func(h, _ map[string]any) { h["typ"] = "logout+jwt" }), ErrTypeNotAllowed, ""},
		{"untyped: typ of a proof", untyped(func(h, _ map[string]any) { h["typ"] = "dpop+jwt" }), ErrTypeNotAllowed, ""},
		{"untyped: what RFC 9068 adds missing", untyped(without("client_id", "iat", "jti")), nil, ""},
		{"untyped: sub missing", untyped(without("sub")), ErrClaimInvalid, "sub"},
		{"untyped: sub empty", untyped(with("sub", "")), ErrClaimInvalid, "sub"},
		{"untyped: another mark", untyped(with("use", "app")), nil, ""},
		{"untyped: a mark of other tokens", untyped(with("use", "id")), ErrTypeNotAllowed, "use"},
		{"untyped: a mark empty", untyped(with("use", "")), ErrTypeNotAllowed, "use"},
		{"untyped: a mark in an array", untyped(with("use", []string{"access"})), ErrTypeNotAllowed, "use"},
		{"untyped: a mark missing", untyped(without("use")), ErrTypeNotAllowed, "use"},
		{"untyped: a mark without values missing", untyped(without("mark")), ErrTypeNotAllowed, "mark"},
		{"untyped: a mark without values null", untyped(with("mark", nil)), ErrTypeNotAllowed, "mark"},
		{"untyped: a mark without values empty", untyped(with("mark", "")), ErrTypeNotAllowed, "mark"},
		{"untyped: a mark without values an empty array", untyped(with("mark", []string{})), ErrTypeNotAllowed, "mark"},
		{"untyped: no marks demanded", func(h, _ map[string]any, _ *AccessTokenVerifier) { delete(h, "typ") }, ErrTypeNotAllowed, ""},
		{"untyped: a value that is nothing", func(h, _ map[string]any, v *AccessTokenVerifier) {
			h["typ"], v.Form.Marks = "JWT", map[string][]string{"use": {""}}
		}, ErrTypeNotAllowed, "use"},
		{"untyped: a claim that access tokens never have", func(h, c map[string]any, v *AccessTokenVerifier) {
			h["typ"], v.Form = "JWT", AccessTokenForm{Marks: map[string][]string{"jti": nil}, Never: []string{"azp"}}
			c["azp"] = "x"
		}, ErrTypeNotAllowed, "azp"},
		{"untyped: such a claim null", func(h, c map[string]any, v *AccessTokenVerifier) {
			h["typ"], v.Form = "JWT", AccessTokenForm{Marks: map[string][]string{"jti": nil}, Never: []string{"azp"}}
			c["azp"] = nil
		}, nil, ""},
		{"untyped: nonce where access tokens have it", func(h, c map[string]any, v *AccessTokenVerifier) {
			h["typ"], v.Form = "JWT", AccessTokenForm{Marks: map[string][]string{"jti": nil}, HasNonce: true}
			c["nonce"] = testNonce
		}, nil, ""},
		{"untyped: at_hash where access tokens have a nonce", func(h, c map[string]any, v *AccessTokenVerifier) {
			h["typ"], v.Form = "JWT", AccessTokenForm{Marks: map[string][]string{"jti": nil}, HasNonce: true}
			c["at_hash"] = "x"
		}, ErrTypeNotAllowed, "at_hash"},
		{"9068-2.2 sub missing, and nobody needs it", func(_, c map[string]any, v *AccessTokenVerifier) {
			v.WithoutSubject = true
			delete(c, "sub")
		}, nil, ""},
		{"9068-2.2 a subject of another type, and nobody needs it", func(_, c map[string]any, v *AccessTokenVerifier) {
			c["sub"], v.WithoutSubject = 1, true
		}, ErrClaimInvalid, "sub"},
		{"no aud, and a claim in its place", audienceClaim(nil), nil, ""},
		{"no aud, and another one in its place", audienceClaim(func(_, c map[string]any) { c["client_id"] = "other" }), ErrAudienceMismatch, "aud"},
		{"no aud, and nothing in its place", audienceClaim(without("client_id")), ErrClaimInvalid, "client_id"},
		{"aud, and a claim in its place", audienceClaim(with("aud", "other")), ErrAudienceMismatch, "aud"},
		{"9068-2.2 no aud, and typ says that there is one", audienceClaim(func(h, _ map[string]any) { h["typ"] = "at+jwt" }), ErrClaimInvalid, "aud"},
		{"aud the client, and it may not be", notItsClient(testAudience), ErrAudienceMismatch, "aud"},
		{"aud the client and others, and it may not be", notItsClient([]string{testAudience, "x"}), ErrAudienceMismatch, "aud"},
		{"two audiences, the first", func(_, _ map[string]any, v *AccessTokenVerifier) { v.Audiences = []string{testAudience, "x"} }, nil, ""},
		{"two audiences, the second", func(_, _ map[string]any, v *AccessTokenVerifier) { v.Audiences = []string{"x", testAudience} }, nil, ""},
		{"no audiences", func(_, _ map[string]any, v *AccessTokenVerifier) { v.Audiences = nil }, ErrAudienceMismatch, "aud"},
		{"untyped: aud missing", untyped(without("aud")), ErrClaimInvalid, "aud"},
		{"untyped: exp missing", untyped(without("exp")), ErrClaimInvalid, "exp"},
		{"untyped: iss missing", untyped(without("iss")), ErrClaimInvalid, "iss"},
		{"untyped: an ID Token with nonce", untyped(with("nonce", testNonce)), ErrTypeNotAllowed, "nonce"},
		{"untyped: nonce null", untyped(with("nonce", nil)), nil, ""},
		{"untyped: at_hash null", untyped(with("at_hash", nil)), nil, ""},
		{"untyped: events null", untyped(with("events", nil)), nil, ""},
		{"untyped: an ID Token with at_hash", untyped(with("at_hash", "x")), ErrTypeNotAllowed, "at_hash"},
		{"untyped: an ID Token with c_hash", untyped(with("c_hash", "x")), ErrTypeNotAllowed, "c_hash"},
		{"untyped: a logout token", untyped(with("events", map[string]any{})), ErrTypeNotAllowed, "events"},
		{"9068-4 at+jwt with a nonce", claim("nonce", testNonce), nil, ""},

		{"9449-6.1 bound to a key", claim("cnf", map[string]any{"jkt": "x"}), nil, ""},
		{"9449-6.1 jkt empty", claim("cnf", map[string]any{"jkt": ""}), ErrClaimInvalid, "cnf"},
		{"9449-6.1 jkt a number", claim("cnf", map[string]any{"jkt": 1}), ErrClaimInvalid, "cnf"},
		{"7800-3.1 cnf empty", claim("cnf", map[string]any{}), ErrClaimInvalid, "cnf"},
		{"7800-3.1 cnf null", claim("cnf", nil), nil, ""},
		{"7800-3.1 a method that is null", claim("cnf", map[string]any{"jkt": "x", "jwk": nil}), nil, ""},
		{"7800-3.1 a method that is null, alone", claim("cnf", map[string]any{"jkt": nil}), ErrClaimInvalid, "cnf"},
		{"7800-3.1 cnf a string", claim("cnf", "x"), ErrClaimInvalid, "cnf"},
		{"8705-3.1 bound to a certificate", claim("cnf", map[string]any{"x5t#S256": "x"}), ErrClaimInvalid, "cnf"},
		{"7800-3.1 members that are no method", claim("cnf", map[string]any{"jkt": "x", "kc-jkt-type": "DPoP"}), nil, ""},
		{"7800-3.1 such members alone", claim("cnf", map[string]any{"kc-jkt-type": "DPoP"}), ErrClaimInvalid, "cnf"},
		{"7800-3.2 bound to a key that is there, too", claim("cnf", map[string]any{"jkt": "x", "jwk": map[string]any{}}), ErrClaimInvalid, "cnf"},
		{"7800-3.3 bound to an encrypted key, too", claim("cnf", map[string]any{"jkt": "x", "jwe": "x"}), ErrClaimInvalid, "cnf"},
		{"7800-3.4 bound to a key with a name, too", claim("cnf", map[string]any{"jkt": "x", "kid": "x"}), ErrClaimInvalid, "cnf"},
		{"7800-3.5 bound to a key elsewhere, too", claim("cnf", map[string]any{"jkt": "x", "jku": "x"}), ErrClaimInvalid, "cnf"},
		{"8705-3.1 bound to both", claim("cnf", map[string]any{"jkt": "x", "x5t#S256": "x"}), ErrClaimInvalid, "cnf"},
		{"9068-2.2.1 acr a number", claim("acr", 2), nil, ""},
		{"9068-2.2.1 acr a list", claim("acr", []string{"2"}), ErrClaimInvalid, "acr"},
		{"9068-2.2.1 auth_time a string", claim("auth_time", "x"), ErrClaimInvalid, "auth_time"},
		{"3339-5.6 auth_time in words", claim("auth_time", "2026-01-01T00:00:00.000Z"), nil, ""},
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
	v.Audiences = []string{testClientID}
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
	claims["groups"] = strings.Repeat("x", MaxAccessTokenLength*3/4)
	long := sign(t, "EdDSA", encode(t, header), encode(t, claims))
	tests := []struct {
		name, token string
		want        error
	}{
		{"7515-7.1 opaque", mark, ErrTokenMalformed},
		{"7515-7.1 empty", "", ErrTokenMalformed},
		{"7515-7.1 with its scheme", "Bearer " + good, ErrTokenMalformed},
		{"7519-7.2 claims null", sign(t, "EdDSA", encode(t, header), "null"), ErrTokenMalformed},
		{"longer than any", long, ErrTokenMalformed},
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
	claims["roles"], claims["nbf"] = []string{"admin"}, noon.Unix()-1
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
		ACR: "mfa", AuthTime: noon.Unix() - 60, KeyThumbprint: "thumbprint", NotBefore: noon.Unix() - 1, Roles: []string{"admin"},
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
		{"9470-5 acr missing, and one without a name will do", &AccessTokenClaims{}, []string{""}, 0, ErrACRNotMet},
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
