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

// goodExpectation is what the client expects after a sign-in.
func goodExpectation() *ExpectedIDToken {
	return &ExpectedIDToken{
		Issuer:      testIssuer,
		ClientID:    testClientID,
		Algorithms:  []string{"EdDSA"},
		Nonce:       testNonce,
		AccessToken: testAccessToken,
	}
}

// goodClaims are the claims of a correct ID Token.
func goodClaims() map[string]any {
	return map[string]any{
		"iss":     testIssuer,
		"sub":     testSubject,
		"aud":     testClientID,
		"exp":     noon.Unix() + 300,
		"iat":     noon.Unix(),
		"nonce":   testNonce,
		"at_hash": "it_nOWHV5iec3HFAJT4VndFBGrPXBHN2qtNwEpGPYH8",
	}
}

func verifyIDToken(t testing.TB, e *ExpectedIDToken, claims map[string]any) (*IDTokenClaims, error) {
	t.Helper()
	token := sign(t, "EdDSA", encode(t, goodHeader("EdDSA")), encode(t, claims))
	return e.VerifyIDToken(Secret(token), testKeySet(t, "ed"), noon)
}

// idTokenCase is one difference from a good ID Token.
type idTokenCase struct {
	name        string // section of OIDC Core or of an RFC + what the provider did
	edit        func(claims map[string]any, e *ExpectedIDToken)
	want        error
	claim, step string // of the ClaimError
}

const (
	core2 = "OIDC Core 2"
	core3 = "OIDC Core 3.1.3.7 step "
)

type (
	editClaims   = func(map[string]any, *ExpectedIDToken)
	claimsByName = map[string]any
)

func setClaim(name string, value any) editClaims {
	return func(c claimsByName, _ *ExpectedIDToken) { c[name] = value }
}

func rawClaim(name, value string) editClaims { return setClaim(name, json.RawMessage(value)) }

func noClaim(name string) editClaims {
	return func(c claimsByName, _ *ExpectedIDToken) { delete(c, name) }
}

func expect(edit func(*ExpectedIDToken)) editClaims {
	return func(_ claimsByName, e *ExpectedIDToken) { edit(e) }
}

// idTokenTypeCases are claims of the wrong type: never a zero value, always
// an error that names the claim.
func idTokenTypeCases() []idTokenCase {
	var cases []idTokenCase
	add := func(name, claim, step string, edit editClaims) {
		cases = append(cases, idTokenCase{name, edit, ErrClaimInvalid, claim, step})
	}
	for _, claim := range []string{"iss", "sub", "aud", "exp", "iat"} {
		add("2 "+claim+" missing", claim, core2, noClaim(claim))
		add("2 "+claim+" null", claim, core2, setClaim(claim, nil))
		add("2 "+claim+" an object", claim, core2, setClaim(claim, map[string]any{}))
		add("2 "+claim+" a boolean", claim, core2, setClaim(claim, true))
	}
	steps := map[string]string{
		"nbf": "RFC 7519 4.1.5", "at_hash": "OIDC Core 3.1.3.6", "sid": "OIDC Front-Channel Logout 3",
	}
	for _, claim := range []string{"iss", "sub", "azp", "nonce", "at_hash", "acr", "sid"} {
		step := core2
		if steps[claim] != "" {
			step = steps[claim]
		}
		if claim != "acr" {
			add("2 "+claim+" a number", claim, step, setClaim(claim, 1))
		}
		add("2 "+claim+" true", claim, step, setClaim(claim, true))
		add("2 "+claim+" an array that holds a string", claim, step, setClaim(claim, []string{testIssuer}))
	}
	for _, claim := range []string{"exp", "iat", "nbf", "auth_time"} {
		step := core2
		if steps[claim] != "" {
			step = steps[claim]
		}
		add("7519-2 "+claim+" a string", claim, step, setClaim(claim, "1795262700"))
		add("7519-2 "+claim+" an array", claim, step, setClaim(claim, []int{1}))
		add("7519-2 "+claim+" 1e400", claim, step, rawClaim(claim, "1e400"))
		add("7519-2 "+claim+" -1e400", claim, step, rawClaim(claim, "-1e400"))
		add("7519-2 "+claim+" in milliseconds", claim, step, setClaim(claim, noon.UnixMilli()))
		add("7519-2 "+claim+" out of range", claim, step, rawClaim(claim, "-9223372036854775808"))
	}
	add("2 iss empty", "iss", core2, setClaim("iss", ""))
	add("2 sub empty", "sub", core2, setClaim("sub", ""))
	add("7519-4.1.3 aud a number", "aud", core2, setClaim("aud", 1))
	add("7519-4.1.3 aud an array with a number", "aud", core2, setClaim("aud", []any{testClientID, 1}))
	add("7519-4.1.3 aud an array with null", "aud", core2, setClaim("aud", []any{testClientID, nil}))
	add("7519-4.1.3 aud an array in an array", "aud", core2, setClaim("aud", []any{[]string{testClientID}}))
	return cases
}

// idTokenStepCases are claims of the right type with the wrong value.
func idTokenStepCases() []idTokenCase {
	return []idTokenCase{
		{"3.1.3.7 valid", func(claimsByName, *ExpectedIDToken) {}, nil, "", ""},
		{"3.1.3.7 unknown claims", setClaim("x", map[string]any{"exp": "x"}), nil, "", ""},

		{"2 sub of 255 characters", setClaim("sub", strings.Repeat("s", 255)), nil, "", ""},
		{"2 sub of 256 characters", setClaim("sub", strings.Repeat("s", 256)), ErrClaimInvalid, "sub", core2},
		{"2 sub beyond ASCII", setClaim("sub", "ä"), ErrClaimInvalid, "sub", core2},

		{"3.1.3.7-2 trailing slash", setClaim("iss", testIssuer+"/"), ErrIssuerMismatch, "iss", core3 + "2"},
		{"3.1.3.7-2 another case", setClaim("iss", "https://OP.example"), ErrIssuerMismatch, "iss", core3 + "2"},
		{"3.1.3.7-2 ours is a prefix", setClaim("iss", testIssuer+".evil.example"), ErrIssuerMismatch, "iss", core3 + "2"},
		{"3.1.3.7-2 a prefix of ours", setClaim("iss", testIssuer[:len(testIssuer)-1]), ErrIssuerMismatch, "iss", core3 + "2"},
		{"3.1.3.7-2 no scheme", setClaim("iss", "op.example"), ErrIssuerMismatch, "iss", core3 + "2"},
		{"3.1.3.7-2 none expected", expect(func(e *ExpectedIDToken) { e.Issuer = "" }), ErrIssuerMismatch, "iss", core3 + "2"},

		{"3.1.3.7-3 aud an array of us", setClaim("aud", []string{testClientID}), nil, "", ""},
		{"3.1.3.7-3 aud twice us", setClaim("aud", []string{testClientID, testClientID}), nil, "", ""},
		{"3.1.3.7-3 another aud", setClaim("aud", "other"), ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-3 aud empty", setClaim("aud", ""), ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-3 aud an empty array", setClaim("aud", []string{}), ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-3 ours is a prefix", setClaim("aud", testClientID+"2"), ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-3 aud in another case", setClaim("aud", "APP"), ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-3 invalid-secondary-aud", setClaim("aud", []string{testClientID, "other"}), ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-4 several aud, azp us", func(c claimsByName, _ *ExpectedIDToken) {
			c["aud"], c["azp"] = []string{"sibling", testClientID, "other"}, testClientID
		}, nil, "", ""},
		{"3.1.3.7-4 several aud, azp another", func(c claimsByName, _ *ExpectedIDToken) {
			c["aud"], c["azp"] = []string{testClientID, "other"}, "other"
		}, ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-4 several aud, azp null", func(c claimsByName, _ *ExpectedIDToken) {
			c["aud"], c["azp"] = []string{testClientID, "other"}, nil
		}, ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-4 azp us, aud others", func(c claimsByName, _ *ExpectedIDToken) {
			c["aud"], c["azp"] = []string{"other"}, testClientID
		}, ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-3 a trusted audience beside us", func(c claimsByName, e *ExpectedIDToken) {
			c["aud"], e.TrustedAudiences = []string{"api", testClientID}, []string{"api"}
		}, nil, "", ""},
		{"3.1.3.7-3 a trusted audience and another", func(c claimsByName, e *ExpectedIDToken) {
			c["aud"], e.TrustedAudiences = []string{"api", testClientID, "other"}, []string{"api"}
		}, ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-3 a trusted audience without us", func(c claimsByName, e *ExpectedIDToken) {
			c["aud"], e.TrustedAudiences = "api", []string{"api"}
		}, ErrAudienceMismatch, "aud", core3 + "3"},
		{"3.1.3.7-5 a trusted audience as azp", func(c claimsByName, e *ExpectedIDToken) {
			c["aud"], c["azp"], e.TrustedAudiences = []string{"api", testClientID}, "api", []string{"api"}
		}, ErrAZPMismatch, "azp", core3 + "5"},
		{"3.1.3.7-3 no client expected", func(c claimsByName, e *ExpectedIDToken) {
			c["aud"], e.ClientID = "", ""
		}, ErrAudienceMismatch, "aud", core3 + "3"},

		{"3.1.3.7-5 azp us", setClaim("azp", testClientID), nil, "", ""},
		{"3.1.3.7-5 azp another", setClaim("azp", "other"), ErrAZPMismatch, "azp", core3 + "5"},
		{"3.1.3.7-5 azp empty", setClaim("azp", ""), ErrAZPMismatch, "azp", core3 + "5"},

		{"3.1.3.7-9 expires within the leeway", setClaim("exp", noon.Unix()-29), nil, "", ""},
		{"3.1.3.7-9 expires with the leeway", setClaim("exp", noon.Unix()-30), ErrTokenExpired, "exp", core3 + "9"},
		{"3.1.3.7-9 expired-exp", setClaim("exp", noon.Unix()-301), ErrTokenExpired, "exp", core3 + "9"},
		{"3.1.3.7-9 exp at the epoch", setClaim("exp", 0), ErrTokenExpired, "exp", core3 + "9"},
		{"3.1.3.7-9 exp before the epoch", setClaim("exp", -1), ErrTokenExpired, "exp", core3 + "9"},
		{"3.1.3.7-9 exp with a fraction", rawClaim("exp", "1795262400.5"), nil, "", ""},
		{"3.1.3.7-9 exp with an exponent", rawClaim("exp", "1.7952627e9"), nil, "", ""},
		{"3.1.3.7-9 exp in the year 9999", setClaim("exp", 253402300799), nil, "", ""},
		{"3.1.3.7-9 a longer leeway", func(c claimsByName, e *ExpectedIDToken) {
			c["exp"], e.Leeway = noon.Unix()-59, time.Minute
		}, nil, "", ""},
		{"3.1.3.7-9 a longer leeway passed", func(c claimsByName, e *ExpectedIDToken) {
			c["exp"], e.Leeway = noon.Unix()-60, time.Minute
		}, ErrTokenExpired, "exp", core3 + "9"},

		{"3.1.3.7-10 issued a day ago", setClaim("iat", noon.Unix()-86400), nil, "", ""},
		{"3.1.3.7-10 issued within the leeway", setClaim("iat", noon.Unix()+30), nil, "", ""},
		{"3.1.3.7-10 issued beyond the leeway", setClaim("iat", noon.Unix()+31), ErrIssuedInFuture, "iat", core3 + "10"},
		{"7519-4.1.5 nbf now", setClaim("nbf", noon.Unix()), nil, "", ""},
		{"7519-4.1.5 nbf within the leeway", setClaim("nbf", noon.Unix()+30), nil, "", ""},
		{"7519-4.1.5 nbf beyond the leeway", setClaim("nbf", noon.Unix()+31), ErrTokenNotYetValid, "nbf", "RFC 7519 4.1.5"},

		{"3.1.3.7-11 nonce missing", noClaim("nonce"), ErrNonceMismatch, "nonce", core3 + "11"},
		{"3.1.3.7-11 nonce empty", setClaim("nonce", ""), ErrNonceMismatch, "nonce", core3 + "11"},
		{"3.1.3.7-11 another nonce", setClaim("nonce", testNonce+"x"), ErrNonceMismatch, "nonce", core3 + "11"},
		{"3.1.3.7-11 nonce in another case", setClaim("nonce", "S3cr3t-nonce"), ErrNonceMismatch, "nonce", core3 + "11"},
		{"3.1.3.7-11 none expected", expect(func(e *ExpectedIDToken) { e.Nonce = "" }), ErrNonceMismatch, "nonce", core3 + "11"},
		{"3.1.3.7-11 none on both sides", func(c claimsByName, e *ExpectedIDToken) {
			delete(c, "nonce")
			e.Nonce = ""
		}, ErrNonceMismatch, "nonce", core3 + "11"},

		{"3.1.3.7-12 acr unasked", setClaim("acr", "gold"), nil, "", ""},
		{"3.1.3.7-12 acr one of those", func(c claimsByName, e *ExpectedIDToken) {
			c["acr"], e.ACRValues = "gold", []string{"silver", "gold"}
		}, nil, "", ""},
		{"3.1.3.7-12 acr none of those", func(c claimsByName, e *ExpectedIDToken) {
			c["acr"], e.ACRValues = "bronze", []string{"silver", "gold"}
		}, ErrACRNotMet, "acr", core3 + "12"},
		{"3.1.3.7-12 acr missing", expect(func(e *ExpectedIDToken) { e.ACRValues = []string{"gold"} }), ErrACRNotMet, "acr", core3 + "12"},

		{"3.1.3.6 at_hash missing", noClaim("at_hash"), nil, "", ""},
		{"3.1.3.6 at_hash of another token", expect(func(e *ExpectedIDToken) { e.AccessToken += "x" }), ErrAtHashMismatch, "at_hash", "OIDC Core 3.1.3.8"},
		{"3.1.3.6 at_hash empty", setClaim("at_hash", ""), ErrAtHashMismatch, "at_hash", "OIDC Core 3.1.3.8"},
		{"3.1.3.6 at_hash of a whole hash", setClaim("at_hash", b64(digest("EdDSA", []byte(testAccessToken)))), ErrAtHashMismatch, "at_hash", "OIDC Core 3.1.3.8"},
		{"8725-3.12 a logout token", setClaim("events", map[string]any{}), ErrTypeNotAllowed, "events", "RFC 8725 3.12"},
		{"2 optional claims null", func(c claimsByName, _ *ExpectedIDToken) {
			for _, name := range []string{"azp", "nbf", "auth_time", "at_hash", "acr", "sid", "events"} {
				c[name] = nil
			}
		}, nil, "", ""},
		{"3.1.3.7-11 nonce null", setClaim("nonce", nil), ErrNonceMismatch, "nonce", core3 + "11"},
		{"3.1.3.7-12 acr a number", func(c claimsByName, e *ExpectedIDToken) {
			c["acr"], e.ACRValues = 1, []string{"1"}
		}, nil, "", ""},
		{"3.1.3.7-12 acr an object", setClaim("acr", map[string]any{"values": []string{"gold"}}), nil, "", ""},
		{"3.1.3.7-12 acr an object that holds it", func(c claimsByName, e *ExpectedIDToken) {
			c["acr"], e.Essential.ACR, e.Essential.ACRValues = map[string]any{"values": []string{"gold"}}, true, []string{"gold"}
		}, ErrACRNotMet, "acr", core3 + "12"},
		{"3.1.3.7-12 acr null", func(c claimsByName, e *ExpectedIDToken) {
			c["acr"], e.Essential.ACR = nil, true
		}, ErrACRNotMet, "acr", core3 + "12"},
	}
}

// maxAge makes a case where max_age was asked for and auth_time is seconds
// ago.
func maxAge(asked, ago int64) editClaims {
	return func(c claimsByName, e *ExpectedIDToken) {
		e.MaxAge = &asked
		c["auth_time"] = noon.Unix() - ago
	}
}

func idTokenAuthTimeCases() []idTokenCase {
	const step = core3 + "13"
	return []idTokenCase{
		{"3.1.3.7-13 auth_time unasked, a year old", setClaim("auth_time", noon.Unix()-31_536_000), nil, "", ""},
		{"3.1.3.7-13 auth_time fresh", maxAge(60, 60), nil, "", ""},
		{"3.1.3.7-13 auth_time within the leeway", maxAge(60, 90), nil, "", ""},
		{"3.1.3.7-13 auth_time too old", maxAge(60, 91), ErrAuthTimeTooOld, "auth_time", step},
		{"3.1.3.7-13 max_age 0", maxAge(0, 30), nil, "", ""},
		{"3.1.3.7-13 max_age 0, too old", maxAge(0, 31), ErrAuthTimeTooOld, "auth_time", step},
		{"3.1.3.7-13 the longest max_age", maxAge(1<<63-1, 60), nil, "", ""},
		{"3.1.3.7-13 auth_time in the future", maxAge(60, -31), ErrIssuedInFuture, "auth_time", step},
		{"3.1.3.7-13 auth_time at the epoch", maxAge(60, noon.Unix()), ErrAuthTimeTooOld, "auth_time", step},
		{"3.1.3.7-13 auth_time null", func(c claimsByName, e *ExpectedIDToken) {
			asked := int64(60)
			c["auth_time"], e.MaxAge = nil, &asked
		}, ErrClaimInvalid, "auth_time", step},
		{"3.1.3.7-13 auth_time missing", func(_ claimsByName, e *ExpectedIDToken) {
			asked := int64(60)
			e.MaxAge = &asked
		}, ErrClaimInvalid, "auth_time", step},
	}
}

// refreshed makes a case where the token comes from a refresh: without a
// nonce, an hour after the sign-in.
func refreshed(edit func(c claimsByName, previous *IDTokenClaims)) editClaims {
	return func(c claimsByName, e *ExpectedIDToken) {
		delete(c, "nonce")
		e.Nonce = ""
		e.Previous = &IDTokenClaims{
			Issuer:   testIssuer,
			Subject:  testSubject,
			Audience: []string{testClientID},
			AuthTime: noon.Unix() - 3600,
			Nonce:    testNonce,
		}
		edit(c, e.Previous)
	}
}

func idTokenRefreshCases() []idTokenCase {
	const step = "OIDC Core 12.2"
	return []idTokenCase{
		{"12.2 valid", refreshed(func(claimsByName, *IDTokenClaims) {}), nil, "", ""},
		{"12.2 the same nonce", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["nonce"] = testNonce }), nil, "", ""},
		{"12.2 another nonce", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["nonce"] = testNonce + "x" }), ErrNonceMismatch, "nonce", core3 + "11"},
		{"12.2 nonce null", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["nonce"] = nil }), nil, "", ""},
		{"12.2 another iss", refreshed(func(_ claimsByName, previous *IDTokenClaims) { previous.Issuer += "/" }), ErrIssuerMismatch, "iss", step},
		{"12.2 an empty nonce", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["nonce"] = "" }), ErrNonceMismatch, "nonce", core3 + "11"},
		{"12.2 another sub", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["sub"] = "other" }), ErrSubjectChanged, "sub", step},
		{"12.2 sub in another case", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["sub"] = strings.ToUpper(testSubject) }), ErrSubjectChanged, "sub", step},
		{"12.2 another iss", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["iss"] = testIssuer + "/" }), ErrIssuerMismatch, "iss", core3 + "2"},
		{"12.2 another aud", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["aud"] = "other" }), ErrAudienceMismatch, "aud", core3 + "3"},
		{"12.2 auth_time kept", refreshed(func(c claimsByName, p *IDTokenClaims) { c["auth_time"] = p.AuthTime }), nil, "", ""},
		{"12.2 auth_time new", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["auth_time"] = noon.Unix() }), ErrClaimInvalid, "auth_time", step},
		{"12.2 auth_time there the first time", refreshed(func(c claimsByName, p *IDTokenClaims) {
			c["auth_time"], p.AuthTime = noon.Unix(), 0
		}), nil, "", ""},
		{"12.2 azp kept", refreshed(func(c claimsByName, p *IDTokenClaims) {
			c["azp"], p.AuthorizedParty = testClientID, testClientID
		}), nil, "", ""},
		{"12.2 azp gone", refreshed(func(_ claimsByName, p *IDTokenClaims) { p.AuthorizedParty = testClientID }), ErrAZPMismatch, "azp", step},
		{"12.2 azp there the first time", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["azp"] = testClientID }), ErrAZPMismatch, "azp", step},
		{"12.2 max_age is not asked of a refresh", func(c claimsByName, e *ExpectedIDToken) {
			refreshed(func(claimsByName, *IDTokenClaims) {})(c, e)
			asked := int64(60)
			e.MaxAge = &asked
		}, nil, "", ""},
		{"12.2 expired", refreshed(func(c claimsByName, _ *IDTokenClaims) { c["exp"] = noon.Unix() - 60 }), ErrTokenExpired, "exp", core3 + "9"},
	}
}

func idTokenCases() []idTokenCase {
	return slices.Concat(idTokenTypeCases(), idTokenStepCases(), idTokenAuthTimeCases(), idTokenRefreshCases())
}

func TestVerifyIDToken(t *testing.T) {
	for _, tt := range idTokenCases() {
		t.Run(tt.name, func(t *testing.T) {
			claims, e := goodClaims(), goodExpectation()
			tt.edit(claims, e)
			got, err := verifyIDToken(t, e, claims)
			checkError(t, err, tt.want)
			if (got == nil) != (err != nil) {
				t.Errorf("claims = %v with error %v", got, err)
			}
			if tt.want == nil {
				return
			}
			var failed *ClaimError
			if !errors.As(err, &failed) || failed.Claim != tt.claim || failed.Step != tt.step {
				t.Errorf("error = %v, want claim %s, %s", err, tt.claim, tt.step)
			}
		})
	}
}

// TestEveryStepIsTested wants for each step a token that no other step
// refuses: without the step, it would be accepted.
func TestEveryStepIsTested(t *testing.T) {
	tested := make([]bool, len(idTokenSteps))
	for _, tt := range idTokenCases() {
		claims, e := goodClaims(), goodExpectation()
		tt.edit(claims, e)
		parsed, err := parseIDTokenClaims([]byte(encode(t, claims)))
		if err != nil {
			continue // refused before the steps
		}
		v := &idTokenVerifier{ExpectedIDToken: e, alg: "EdDSA", now: noon.Unix(), leeway: seconds(e.Leeway)}
		var refusedBy []int
		for i, step := range idTokenSteps {
			if step.check(v, parsed) != nil {
				refusedBy = append(refusedBy, i)
			}
		}
		if len(refusedBy) == 1 {
			tested[refusedBy[0]] = true
		}
	}
	for i, step := range idTokenSteps {
		if !tested[i] {
			t.Errorf("no row is refused by %s (%s) alone", step.step, step.claim)
		}
	}
}

func TestIDTokenClaimsAreComplete(t *testing.T) {
	claims := goodClaims()
	claims["aud"], claims["azp"], claims["acr"], claims["sid"] = []string{testClientID}, testClientID, "gold", "s-1"
	claims["nbf"], claims["auth_time"] = noon.Unix()-1, noon.Unix()-2
	claims["name"] = "Ada"
	got, err := verifyIDToken(t, goodExpectation(), claims)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Members["name"]) != `"Ada"` || len(got.Members) != len(claims) {
		t.Errorf("members = %s", got.Members)
	}
	got.Members = nil
	want := &IDTokenClaims{
		Issuer: testIssuer, Subject: testSubject, Audience: []string{testClientID}, AuthorizedParty: testClientID,
		Expiry: noon.Unix() + 300, IssuedAt: noon.Unix(), NotBefore: noon.Unix() - 1, AuthTime: noon.Unix() - 2,
		Nonce: testNonce, AccessTokenHash: goodClaims()["at_hash"].(string), ACR: "gold", SessionID: "s-1",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("claims = %+v, want %+v", got, want)
	}
}
