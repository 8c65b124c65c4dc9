package resource_test

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

func TestBearer(t *testing.T) {
	p := newProvider(t)
	stranger := newProvider(t)
	good := p.token(nil)
	bearer := func(edit claims) []string { return []string{"Authorization", "Bearer " + p.token(edit)} }
	invalid := func(code string) string { return `Bearer error="invalid_token", error_description="` + code + `"` }
	tests := []struct {
		name      string
		fields    []string
		status    int
		challenge string
	}{
		{"6750-2.1 good", bearer(nil), 204, ""},
		{"9110-11.1 scheme in lower case", []string{"Authorization", "bearer " + good}, 204, ""},
		{"9110-11.1 scheme in upper case", []string{"Authorization", "BEARER  " + good}, 204, ""},
		{"9449-7.2 a proof that nobody asked for", append(bearer(nil), "DPoP", "x"), 204, ""},
		{"6750-3.1 nothing sent", nil, 401, `Bearer`},
		{"6750-3.1 another scheme", []string{"Authorization", "Basic eDp5"}, 401, `Bearer`},
		{"9449-7.1 DPoP where it is off", []string{"Authorization", "DPoP " + good}, 401, `Bearer`},
		{"6750-3.1 no token", []string{"Authorization", "Bearer"}, 400,
			`Bearer error="invalid_request", error_description="the token is malformed"`},
		{"6750-3.1 two tokens in one field", []string{"Authorization", "Bearer " + good + ", Bearer " + good}, 400,
			`Bearer error="invalid_request", error_description="the token is malformed"`},
		{"6750-2 two fields", []string{"Authorization", "Bearer " + good, "Authorization", "Bearer " + good}, 400,
			`Bearer error="invalid_request", error_description="there is more than one token"`},
		{"9068-4 an opaque token", []string{"Authorization", "Bearer " + mark}, 401, invalid("token_malformed")},
		{"9068-4 an ID Token", bearer(claims{"header typ": "JWT"}), 401, invalid("typ_not_allowed")},
		{"9068-4 alg none", bearer(claims{"header alg": "none"}), 401, invalid("alg_not_allowed")},
		{"9068-4 a key that nothing uses", bearer(claims{"header jwk": 1}), 204, ""},
		{"9068-4 an extension", bearer(claims{"header crit": []string{"x"}}), 401, invalid("header_not_allowed")},
		{"9068-4 another issuer", bearer(claims{"iss": issuer + "/"}), 401, invalid("issuer_mismatch")},
		{"9068-4 another audience", bearer(claims{"aud": mark}), 401, invalid("audience_mismatch")},
		{"9068-4 within the leeway", bearer(claims{"exp": noon.Unix() - 29}), 204, ""},
		{"9068-4 expired", bearer(claims{"exp": noon.Unix() - 30}), 401, invalid("token_expired")},
		{"9068-4 from the future", bearer(claims{"iat": noon.Unix() + 31}), 401, invalid("issued_in_future")},
		{"7519-4.1.5 not yet", bearer(claims{"nbf": noon.Unix() + 31}), 401, invalid("token_not_yet_valid")},
		{"9068-2.2 sub missing", bearer(claims{"sub": nil}), 401, invalid("claim_invalid")},
		{"8259-8.2 a sub with half a character", bearer(claims{"sub": json.RawMessage(`"\ud800"`)}), 401, invalid("token_malformed")},
		{"8259-8.2 a sub with a whole one", bearer(claims{"sub": json.RawMessage(`"\ud83d\ude00"`)}), 204, ""},
		{"9068-4 signed by another key of the same name", []string{"Authorization", "Bearer " + stranger.token(nil)}, 401, invalid("signature_invalid")},
		{"9449-7.1 bound to a key", bearer(claims{"cnf": newClient(t).binding()}), 401, invalid("dpop_required")},
		{"8705-3 bound to a certificate", bearer(claims{"cnf": map[string]any{"x5t#S256": "x"}}), 401, invalid("claim_invalid")},
		{"6750-3.1 a scope missing", bearer(claims{"scope": "read"}), 403, `Bearer error="insufficient_scope", scope="read write"`},
		{"6750-3.1 no scope", bearer(claims{"scope": nil}), 403, `Bearer error="insufficient_scope", scope="read write"`},
	}
	h := newMiddleware(t, p, func(c *resource.Config) { c.Scopes = []string{"read"} }).Handler(reached, "write")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, get(h, tt.fields...), tt.status, tt.challenge) })
	}
}

// A token that is longer than any is not read, nor is its header; many groups are no reason
// to refuse one.
func TestLongTokens(t *testing.T) {
	p := newProvider(t)
	const limit = oidc.MaxAccessTokenLength
	const refused = `Bearer error="invalid_token", error_description="token_malformed"`
	unsigned := func(members int) string {
		header := []byte(`{"alg":"none"`)
		for i := range members {
			header = fmt.Appendf(header, `,"%d":0`, i)
		}
		return b64(append(header, '}')) + ".e30.AAAA"
	}
	signed := func(size int) string { return p.token(claims{"groups": strings.Repeat("x", size)}) }
	tests := []struct {
		name, token string
		status      int
		challenge   string
	}{
		{"many groups", signed(45_000), 204, ""},
		{"signed, and longer than any", signed(limit), 401, refused},
		{"a header of some size", unsigned(1000), 401, `Bearer error="invalid_token", error_description="alg_not_allowed"`},
		{"a large header", unsigned(2000), 401, refused},
		{"a header that is longer than any token", unsigned(20_000), 401, refused},
		{"many dots", strings.Repeat(".", 1_000_000), 401, refused},
	}
	h := newMiddleware(t, p, nil).Handler(reached)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { check(t, get(h, "Authorization", "Bearer "+tt.token), tt.status, tt.challenge) })
	}
}

// A token in the query is refused, even beside one in the header.
func TestTokenInQuery(t *testing.T) {
	p := newProvider(t)
	h := newMiddleware(t, p, nil).Handler(reached)
	const want = `Bearer error="invalid_request", error_description="the token is in the query"`
	for _, query := range []string{
		"access_token=" + p.token(nil), "a&access%5Ftoken=", "access_token",
		"access_token=a;b", "a;access_token=b", "a=b;access_token", "a=%&access_token=b", "access_token=%zz", "%&%61ccess_token=%2",
	} {
		check(t, request(h, "/things?"+query), 400, want)
		check(t, request(h, "/things?"+query, "Authorization", "Bearer "+p.token(nil)), 400, want)
	}
	for _, query := range []string{"token=x", "a=access_token", "access_tokens=a", "a;b=c%", "access_token%=x", "?access_token=x"} {
		check(t, request(h, "/things?"+query, "Authorization", "Bearer "+p.token(nil)), 204, "")
	}
}

func TestEdDSA(t *testing.T) {
	p := newProvider(t)
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := newMiddleware(t, p, nil).Handler(reached)
	for _, alg := range []string{"EdDSA", "Ed25519"} {
		p.key, p.alg = key, alg
		check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 204, "")
	}
}

// RFC 9470: the handler demands, the challenge says what to ask for.
func TestStepUp(t *testing.T) {
	p := newProvider(t)
	m := newMiddleware(t, p, nil)
	const refused = `Bearer error="insufficient_user_authentication", error_description=`
	tests := []struct {
		name      string
		required  resource.Requirement
		edit      claims
		status    int
		challenge string
	}{
		{"3 met", resource.Requirement{ACRValues: []string{"mfa", "hwk"}, MaxAge: time.Minute},
			claims{"acr": "hwk", "auth_time": noon.Unix()}, 204, ""},
		{"3 another acr", resource.Requirement{ACRValues: []string{"mfa", "hwk"}}, claims{"acr": mark}, 401,
			refused + `"acr_not_met", acr_values="mfa hwk"`},
		{"3 no acr", resource.Requirement{ACRValues: []string{"mfa"}}, nil, 401, refused + `"acr_not_met", acr_values="mfa"`},
		{"3 within the leeway", resource.Requirement{MaxAge: time.Minute}, claims{"auth_time": noon.Unix() - 90}, 204, ""},
		{"3 too long ago", resource.Requirement{MaxAge: time.Minute}, claims{"auth_time": noon.Unix() - 91}, 401,
			refused + `"auth_time_too_old", max_age="60"`},
		{"3 no auth_time", resource.Requirement{MaxAge: time.Minute}, nil, 401, refused + `"auth_time_too_old", max_age="60"`},
		{"3 both", resource.Requirement{ACRValues: []string{"mfa"}, MaxAge: time.Minute}, claims{"acr": "mfa"}, 401,
			refused + `"auth_time_too_old", acr_values="mfa", max_age="60"`},
		{"3 a negative age", resource.Requirement{MaxAge: -time.Second}, claims{"auth_time": noon.Unix()}, 500, ""},
		{"3 a negative age, no whole second", resource.Requirement{MaxAge: -1}, claims{"auth_time": 1}, 500, ""},
		{"3 an age without a unit", resource.Requirement{MaxAge: 300}, claims{"auth_time": noon.Unix()}, 500, ""},
		{"3 an age of no whole seconds", resource.Requirement{MaxAge: 1500 * time.Millisecond}, claims{"auth_time": noon.Unix()}, 500, ""},
		{"3 an acr without a name", resource.Requirement{ACRValues: []string{""}}, nil, 500, ""},
		{"3 an acr without a name beside one", resource.Requirement{ACRValues: []string{"mfa", ""}}, claims{"acr": "mfa"}, 500, ""},
		{"6750-3.1 the scope first", resource.Requirement{Scopes: []string{"admin"}, MaxAge: time.Minute}, nil, 403,
			`Bearer error="insufficient_scope", scope="admin"`},
		{"3 two acrs in one text", resource.Requirement{ACRValues: []string{"mfa hwk"}}, claims{"acr": "mfa"}, 500, ""},
		{"6749-3.3 two scopes in one text", resource.Requirement{Scopes: []string{"read write"}}, nil, 500, ""},
		{"6749-3.3 a scope without a name", resource.Requirement{Scopes: []string{""}}, nil, 500, ""},
		{"6749-3.3 a scope that no token has", resource.Requirement{Scopes: []string{`re"ad`}}, nil, 500, ""},
		{"9110-5.6.4 a quote", resource.Requirement{ACRValues: []string{"a\"b\r\n"}}, nil, 401, refused + `"acr_not_met", acr_values="a?b??"`},
	}
	for _, tt := range tests {
		t.Run("9470-"+tt.name, func(t *testing.T) {
			check(t, get(m.Require(reached, tt.required), "Authorization", "Bearer "+p.token(tt.edit)), tt.status, tt.challenge)
		})
	}
}

func TestClaims(t *testing.T) {
	p := newProvider(t)
	var got *oidc.AccessTokenClaims
	h := newMiddleware(t, p, nil).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = resource.ClaimsFrom(r.Context())
	}))
	get(h, "Authorization", "Bearer "+p.token(claims{"roles": []string{"admin"}}))
	if got == nil || got.Subject != mark+"-user" || string(got.Members["roles"]) != `["admin"]` {
		t.Errorf("claims = %+v", got)
	}
	if resource.ClaimsFrom(t.Context()) != nil {
		t.Error("claims without a request")
	}
}

// Whoever keeps a log learns the reason, the same that the client is told.
func TestRefused(t *testing.T) {
	p := newProvider(t)
	var got error
	h := newMiddleware(t, p, func(c *resource.Config) {
		c.Refused = func(_ *http.Request, err error) { got = err }
	}).Handler(reached, "admin")
	get(h, "Authorization", "Bearer "+p.token(claims{"aud": mark}))
	if !errors.Is(got, oidc.ErrAudienceMismatch) {
		t.Errorf("error %v, want %v", got, oidc.ErrAudienceMismatch)
	}
	get(h, "Authorization", "Bearer "+p.token(nil))
	if !errors.Is(got, oidc.ErrScopeInsufficient) {
		t.Errorf("error %v, want %v", got, oidc.ErrScopeInsufficient)
	}
}

// The log says what the challenge does not: which setting to look at.
func TestRefusedNamesTheSetting(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	bound := p.token(claims{"cnf": c.binding()})
	elsewhere := p.token(claims{"iss": "https://" + mark + ".example"})
	opaque := func(c *resource.Config) {
		c.Issuers[0].Introspection = &resource.Introspection{ClientID: "api", Authentication: oidc.ClientAuthentication{Secret: "x"}}
	}
	second := func(c *resource.Config) {
		c.Issuers = append(c.Issuers, resource.Issuer{Issuer: "https://second.example", Audiences: []string{audience}})
	}
	const off = "DPoP is off without DPoP.BaseURL: "
	tests := []struct {
		name          string
		edit          func(*resource.Config)
		authorization []string
		says          string
		want          error
	}{
		{"another audience", nil, []string{"Bearer " + p.token(claims{"aud": mark})}, "aud has none of Audiences: ", oidc.ErrAudienceMismatch},
		{"another issuer", nil, []string{"Bearer " + elsewhere}, "iss is no Issuer of the Config: ", oidc.ErrIssuerMismatch},
		{"another issuer than two", second, []string{"Bearer " + elsewhere}, "iss is no Issuer of the Config: ", oidc.ErrIssuerMismatch},
		{"an opaque token", nil, []string{"Bearer " + mark}, "no signed JWT; opaque tokens need Introspection: ", oidc.ErrTokenMalformed},
		{"a JWT that is malformed", nil, []string{"Bearer a.b.c"}, "oidc: ", oidc.ErrTokenMalformed},
		{"an opaque token too long to ask about", opaque, []string{"Bearer " + strings.Repeat("a", 17<<10)}, "longer than ", oidc.ErrTokenMalformed},
		{"bound, and DPoP off", nil, []string{"Bearer " + bound}, off, oidc.ErrDPoPRequired},
		{"bound, and DPoP on", withDPoP, []string{"Bearer " + bound}, "oidc: ", oidc.ErrDPoPRequired},
		{"by DPoP, and DPoP off", nil, []string{"DPoP " + bound}, off, resource.ErrNoToken},
		{"by another scheme", nil, []string{"Basic " + mark}, "resource: ", resource.ErrNoToken},
		{"nothing", nil, nil, "resource: ", resource.ErrNoToken},
		{"two", nil, []string{"Bearer a", "Bearer a"}, "there is more than one token: ", resource.ErrInvalidRequest},
		{"none by its characters", nil, []string{"Bearer a b"}, "the token is malformed: ", resource.ErrInvalidRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var told error
			h := newMiddleware(t, p, func(c *resource.Config) {
				c.Refused = func(_ *http.Request, err error) { told = err }
				if tt.edit != nil {
					tt.edit(c)
				}
			}).Handler(reached)
			var fields []string
			for _, value := range tt.authorization {
				fields = append(fields, "Authorization", value)
			}
			get(h, fields...)
			if !errors.Is(told, tt.want) || !strings.HasPrefix(told.Error(), tt.says) || strings.Contains(told.Error(), mark) {
				t.Errorf("told %v, want %s%v", told, tt.says, tt.want)
			}
		})
	}
}
