package oidc

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestParseChallenges(t *testing.T) {
	type params = map[string]string
	bearer := func(p params) []Challenge { return []Challenge{{Scheme: "bearer", Params: p}} }
	tests := []struct {
		name, header string
		want         []Challenge // nil: malformed
	}{
		{"11.6.1 a scheme", `Bearer`, bearer(params{})},
		{"11.6.1 a scheme and a space", `Bearer `, bearer(params{})},
		{"11.6.1 a parameter", `Bearer realm="api"`, bearer(params{"realm": "api"})},
		{"11.6.1 parameters", `Bearer realm="api", error=invalid_token`, bearer(params{"realm": "api", "error": "invalid_token"})},
		{"11.6.1 no space behind the comma", `Bearer realm="api",error="x"`, bearer(params{"realm": "api", "error": "x"})},
		{"11.6.1 space around the equals sign", `Bearer realm = "api"`, bearer(params{"realm": "api"})},
		{"11.6.1 tabs", "Bearer realm\t=\t\"api\"\t,\terror=x", bearer(params{"realm": "api", "error": "x"})},
		{"11.1 scheme in upper case", `BEARER realm="api"`, bearer(params{"realm": "api"})},
		{"11.2 name in upper case", `Bearer REALM="Api"`, bearer(params{"realm": "Api"})},
		{"5.6.1 empty elements", `, ,Bearer ,, realm="api", ,`, bearer(params{"realm": "api"})},
		{"5.6.4 an empty string", `Bearer realm=""`, bearer(params{"realm": ""})},
		{"5.6.4 escapes", `Bearer realm="a\"b\\c\d"`, bearer(params{"realm": `a"b\cd`})},
		{"5.6.4 a comma and a scheme inside", `Bearer realm="x, DPoP error=y"`, bearer(params{"realm": "x, DPoP error=y"})},
		{"11.6.1 several", `Basic realm="a", charset="UTF-8", DPoP algs="ES256 PS256", Bearer`, []Challenge{
			{Scheme: "basic", Params: params{"realm": "a", "charset": "UTF-8"}},
			{Scheme: "dpop", Params: params{"algs": "ES256 PS256"}},
			{Scheme: "bearer", Params: params{}},
		}},
		{"11.6.1 a scheme before a scheme", `Negotiate, Bearer error="x"`, []Challenge{
			{Scheme: "negotiate", Params: params{}}, {Scheme: "bearer", Params: params{"error": "x"}},
		}},
		{"11.2 token68", `Negotiate YWJj/+-._~==`, []Challenge{{Scheme: "negotiate", Token68: "YWJj/+-._~==", Params: params{}}}},
		{"11.2 token68 without padding", `Negotiate abc`, []Challenge{{Scheme: "negotiate", Token68: "abc", Params: params{}}}},
		{"11.2 token68 before another", `Negotiate YQ== , Bearer error="x"`, []Challenge{
			{Scheme: "negotiate", Token68: "YQ==", Params: params{}}, {Scheme: "bearer", Params: params{"error": "x"}},
		}},
		{"empty", ``, []Challenge{}},
		{"commas", `,,`, []Challenge{}},
		{"11.2 a parameter twice", `Bearer error="x", error="y"`, nil},
		{"11.2 a parameter twice in two cases", `Bearer error="x", ERROR="y"`, nil},
		{"11.2 a parameter in two challenges", `Bearer error="x", DPoP error="y"`, []Challenge{
			{Scheme: "bearer", Params: params{"error": "x"}}, {Scheme: "dpop", Params: params{"error": "y"}},
		}},
		{"11.2 a parameter behind token68", `Negotiate YQ==, realm="x"`, nil},
		{"11.6.1 a parameter without a scheme", `realm="x"`, nil},
		{"11.6.1 no comma between parameters", `Bearer realm="x" error="y"`, nil},
		{"11.6.1 an empty value", `Bearer realm=, error="y"`, nil},
		{"5.6.4 not closed", `Bearer realm="x`, nil},
		{"5.6.4 closed by an escape", `Bearer realm="x\"`, nil},
		{"5.6.4 ends in an escape", `Bearer realm="x\`, nil},
		{"5.6.4 a control character", "Bearer realm=\"a\x01\"", nil},
		{"5.6.4 a control character behind an escape", "Bearer realm=\"a\\\x1d\"", nil},
		{"5.6.2 not a token", `Bearer realm={x}`, nil},
		{"a quoted scheme", `"Bearer"`, nil},
		{"too long", `Bearer realm="` + strings.Repeat("a", maxChallengeLength) + `"`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseChallenges(tt.header)
			if tt.want == nil {
				checkError(t, err, ErrChallengeMalformed)
			} else if checkError(t, err, nil); !slices.EqualFunc(got, tt.want, equalChallenge) {
				t.Errorf("challenges = %q, want %q", got, tt.want)
			}
		})
	}
}

func equalChallenge(a, b Challenge) bool { return reflect.DeepEqual(a, b) }

func TestChallengeErrors(t *testing.T) {
	const refusal = `Basic error="invalid_token", Bearer realm="api", error="insufficient_scope", scope="read  write"`
	challenges, err := ParseChallenges(refusal)
	if err != nil {
		t.Fatal(err)
	}
	c, found := FindChallenge(challenges, "insufficient_scope")
	if !found || c.ErrorCode() != "insufficient_scope" || !slices.Equal(c.Scopes(), []string{"read", "write"}) {
		t.Errorf("challenge = %v, found %t", c, found)
	}
	if c, found := FindChallenge(challenges, ""); !found || c.Scheme != "bearer" {
		t.Errorf("any error: %v, found %t, want Bearer", c, found)
	}
	if c, found := FindChallenge(challenges, "invalid_token"); found {
		t.Errorf("invalid_token of %s, which is no scheme of access tokens", c.Scheme)
	}
}

func TestFindStepUp(t *testing.T) {
	hour := int64(3600)
	tests := []struct {
		name, header string
		want         *StepUp
		err          error
	}{
		{"9470-3 both", `Bearer error="insufficient_user_authentication", acr_values="gold silver", max_age="3600"`,
			&StepUp{ACRValues: "gold silver", MaxAge: &hour}, nil},
		{"9470-3 acr_values", `Bearer error="insufficient_user_authentication", acr_values="gold"`, &StepUp{ACRValues: "gold"}, nil},
		{"9470-3 max_age as a token", `DPoP error="insufficient_user_authentication", max_age=3600`, &StepUp{MaxAge: &hour}, nil},
		{"9470-3 neither", `Bearer error="insufficient_user_authentication"`, &StepUp{}, nil},
		{"9470-3 another error", `Bearer error="invalid_token", max_age="3600"`, nil, nil},
		{"9470-3 another scheme", `Basic error="insufficient_user_authentication"`, nil, nil},
		{"9470-3 max_age negative", `Bearer error="insufficient_user_authentication", max_age="-1"`, nil, ErrChallengeMalformed},
		{"9470-3 max_age empty", `Bearer error="insufficient_user_authentication", max_age=""`, nil, ErrChallengeMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			challenges, err := ParseChallenges(tt.header)
			if err != nil {
				t.Fatal(err)
			}
			got, err := FindStepUp(challenges)
			checkError(t, err, tt.err)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("step-up = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestWantsDPoPNonce(t *testing.T) {
	for header, want := range map[string]bool{
		`DPoP error="use_dpop_nonce", error_description="x"`: true,
		`Bearer, dpop algs="ES256", error=use_dpop_nonce`:    true,
		`Bearer error="use_dpop_nonce"`:                      false,
		`DPoP error="invalid_token"`:                         false,
		`DPoP`:                                               false,
	} {
		challenges, err := ParseChallenges(header)
		if got := WantsDPoPNonce(challenges); err != nil || got != want {
			t.Errorf("%s: %t (%v), want %t", header, got, err, want)
		}
	}
}

func FuzzChallenges(f *testing.F) {
	for _, seed := range []string{
		`Bearer realm="a\"b", error=invalid_token`, `Basic realm="a", DPoP algs="ES256", Negotiate YQ==`,
		`, ,Bearer ,, x=y`, `Bearer x="`, `a b=c d`, `Negotiate YQ==, realm=x`, "Bearer a\t=\tb",
		"Bearer a=\"\\\x1d\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		challenges, err := ParseChallenges(header)
		checkFuzzError(t, err)
		if err != nil && challenges != nil {
			t.Fatal("challenges came with an error")
		}
		again, err := ParseChallenges(writeChallenges(challenges))
		if err != nil || !slices.EqualFunc(again, challenges, equalChallenge) {
			t.Fatalf("%q reads as %q when written again (%v)", challenges, again, err)
		}
	})
}

// writeChallenges is the reverse of ParseChallenges, every value quoted.
func writeChallenges(challenges []Challenge) string {
	var elements []string
	for _, c := range challenges {
		element := c.Scheme + " " + c.Token68
		for i, name := range slices.Sorted(maps.Keys(c.Params)) {
			if i > 0 {
				element += ", "
			}
			value := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(c.Params[name])
			element += fmt.Sprintf(`%s="%s"`, name, value)
		}
		elements = append(elements, element)
	}
	return strings.Join(elements, ", ")
}
