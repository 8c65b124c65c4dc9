package resource_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

const (
	tenant    = "11111111-2222-3333-4444-555555555555"
	guest     = "77777777-2222-3333-4444-555555555555"
	stranger  = "99999999-2222-3333-4444-555555555555"
	authority = "https://login.example/common/v2.0"
	template  = "https://login.example/{tenantid}/v2.0"
)

// of returns the issuer of a tenant.
func of(tenant string) string { return "https://login.example/" + tenant + "/v2.0" }

// documents is a transport with one document for each address.
type documents map[string]any

// Do is part of [oidc.Transport].
func (d documents) Do(_ context.Context, req *oidc.Request) (*oidc.Response, error) {
	document, known := d[req.URL]
	if !known {
		return &oidc.Response{Status: http.StatusNotFound}, nil
	}
	body, err := json.Marshal(document)
	return &oidc.Response{Status: 200, Header: map[string]string{"content-type": "application/json"}, Body: body}, err
}

// keysOf are the public keys of a provider.
func keysOf(p *provider) jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: p.kid, Use: "sig"}}}
}

// An API that takes tokens of several issuers takes each with its own keys, and for its
// own audience.
func TestSeveralIssuers(t *testing.T) {
	first, second, tenants, static, named := newProvider(t), newProvider(t), newProvider(t), newProvider(t), newProvider(t)
	keys, err := json.Marshal(keysOf(static))
	if err != nil {
		t.Fatal(err)
	}
	world := documents{
		issuer + "/.well-known/openid-configuration": map[string]any{"issuer": issuer, "jwks_uri": issuer + "/jwks"},
		issuer + "/jwks": keysOf(first),
		"https://two.example/.well-known/oauth-authorization-server/as":             map[string]any{"issuer": "https://two.example/as", "jwks_uri": "https://two.example/jwks"},
		"https://two.example/jwks":                                                  keysOf(second),
		authority + "/.well-known/openid-configuration":                             map[string]any{"issuer": template, "jwks_uri": "https://login.example/keys"},
		"https://login.example/keys":                                                keysOf(tenants),
		"https://login.example/organizations/v2.0/.well-known/openid-configuration": map[string]any{"issuer": template, "jwks_uri": "https://login.example/keys"},
		"https://three.example/keys":                                                keysOf(named),
	}
	h := newMiddleware(t, first, func(c *resource.Config) {
		c.Transport = world
		c.Issuers = []resource.Issuer{
			{Issuer: issuer, Audiences: []string{audience, audience + "/v1"}},
			{Issuer: "https://two.example/as", Audiences: []string{"two"}, Tokens: resource.Hydra},
			{Issuer: authority, Audiences: []string{"guid"}, Tenants: []string{tenant}, Tokens: resource.Entra},
			{Issuer: "https://login.example/organizations/v2.0", Audiences: []string{"second"}, Tenants: []string{guest}, Tokens: resource.Entra},
			{Issuer: "static", Audiences: []string{"static"}, Keys: string(keys)},
			{Issuer: "http://three.example", Audiences: []string{"three"}, JWKSURI: "https://three.example/keys"},
		}
	}).Handler(reached)
	hydra := claims{"iss": "https://two.example/as", "aud": "two", "header typ": "JWT", "scp": []string{"x"}}
	entra := claims{"iss": of(tenant), "tid": tenant, "aud": "guid", "header typ": "JWT", "azp": "app", "azpacr": "0", "ver": "2.0"}
	fixed := claims{"iss": "static", "aud": "static"}
	three := claims{"iss": "http://three.example", "aud": "three"}
	tests := []struct {
		name   string
		by     *provider
		claims []claims
		code   string // "" if it passes
	}{
		{"the first", first, nil, ""},
		{"the first, its other audience", first, []claims{{"aud": audience + "/v1"}}, ""},
		{"the second, by RFC 8414", second, []claims{hydra}, ""},
		{"a tenant", tenants, []claims{entra}, ""},
		{"a tenant of the second authority there", tenants, []claims{entra, {"iss": of(guest), "tid": guest, "aud": "second"}}, ""},
		{"a tenant of the second authority there, for an audience of the first", tenants, []claims{entra, {"iss": of(guest), "tid": guest}}, "audience_mismatch"},
		{"static keys", static, []claims{fixed}, ""},
		{"keys by their address", named, []claims{three}, ""},
		{"the first, for an audience of the second", first, []claims{{"aud": "two"}}, "audience_mismatch"},
		{"the second, for an audience of the first", second, []claims{hydra, {"aud": audience}}, "audience_mismatch"},
		{"the first, with a preset of the second", first, []claims{hydra, {"iss": issuer, "aud": audience}}, "typ_not_allowed"},
		{"the second in the name of the first", second, nil, "signature_invalid"},
		{"the first in the name of the second", first, []claims{hydra}, "signature_invalid"},
		{"the first in the name of a tenant", first, []claims{entra}, "signature_invalid"},
		{"the first in the name of static keys", first, []claims{fixed}, "signature_invalid"},
		{"static keys, an unknown one", static, []claims{fixed, {"header kid": "new"}}, "key_not_found"},
		{"another tenant", tenants, []claims{entra, {"iss": of(stranger), "tid": stranger}}, "issuer_mismatch"},
		{"a tenant, in the name of another one", tenants, []claims{entra, {"iss": of(stranger)}}, "issuer_mismatch"},
		{"a tenant that says that it is another one", tenants, []claims{entra, {"tid": stranger}}, "issuer_mismatch"},
		{"a tenant without tid", tenants, []claims{entra, {"tid": nil}}, "issuer_mismatch"},
		{"the template", tenants, []claims{entra, {"iss": template, "tid": "{tenantid}"}}, "issuer_mismatch"},
		{"the authority", tenants, []claims{entra, {"iss": authority}}, "issuer_mismatch"},
		{"nobody", first, []claims{{"iss": "https://nobody.example"}}, "issuer_mismatch"},
		{"no issuer", first, []claims{{"iss": nil}}, "issuer_mismatch"},
		{"two issuers in an array", first, []claims{{"iss": []string{issuer, "static"}}}, "issuer_mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := claims{}
			for _, edit := range tt.claims {
				maps.Copy(all, edit)
			}
			status, challenge := 204, ""
			if tt.code != "" {
				status, challenge = 401, `Bearer error="invalid_token", error_description="`+tt.code+`"`
			}
			check(t, get(h, "Authorization", "Bearer "+tt.by.token(all)), status, challenge)
		})
	}
}

// What cannot be right is an error at the start, and not at the first request.
func TestIssuerConfig(t *testing.T) {
	keys, err := json.Marshal(keysOf(newProvider(t)))
	if err != nil {
		t.Fatal(err)
	}
	api := []string{audience}
	tests := []struct {
		name   string
		is     resource.Issuer
		member string
		want   error
	}{
		{"static keys", resource.Issuer{Issuer: "x", Audiences: api, Keys: string(keys)}, "", nil},
		{"static keys that are none", resource.Issuer{Issuer: "x", Audiences: api, Keys: `{"keys": []}`}, "Keys", oidc.ErrKeysInvalid},
		{"keys, and their address", resource.Issuer{Issuer: "x", Audiences: api, Keys: string(keys), JWKSURI: issuer}, "MetadataURL, JWKSURI, Keys", oidc.ErrInvalidConfig},
		{"two addresses", resource.Issuer{Issuer: "x", Audiences: api, MetadataURL: issuer, JWKSURI: issuer}, "MetadataURL, JWKSURI, Keys", oidc.ErrInvalidConfig},
		{"keys of nobody", resource.Issuer{Audiences: api, Keys: string(keys)}, "Issuer", oidc.ErrInvalidConfig},
		{"no address", resource.Issuer{Issuer: "x", Audiences: api}, "Issuer", oidc.ErrInvalidConfig},
		{"keys over http", resource.Issuer{Issuer: issuer, Audiences: api, JWKSURI: "http://op.example/jwks"}, "JWKSURI", oidc.ErrInsecureURL},
		{"a template without tenants", resource.Issuer{Issuer: template, Audiences: api, JWKSURI: issuer}, "Tenants", oidc.ErrInvalidConfig},
		{"tenants without a template", resource.Issuer{Issuer: issuer, Audiences: api, Keys: string(keys), Tenants: []string{tenant}}, "Tenants", oidc.ErrInvalidConfig},
		{"a tenant by its name", resource.Issuer{Issuer: authority, Audiences: api, Tenants: []string{"contoso"}}, "Tenants", oidc.ErrInvalidConfig},
		{"metadata over http", resource.Issuer{Issuer: issuer, Audiences: api, MetadataURL: "http://op.example/md"}, "MetadataURL", oidc.ErrInsecureURL},
		{"metadata at no address", resource.Issuer{Issuer: issuer, Audiences: api, MetadataURL: "/md"}, "MetadataURL", oidc.ErrInvalidConfig},
		{"keys at no address", resource.Issuer{Issuer: issuer, Audiences: api, JWKSURI: "jwks"}, "JWKSURI", oidc.ErrInvalidConfig},
		{"an issuer over http", resource.Issuer{Issuer: "http://op.example", Audiences: api}, "Issuer", oidc.ErrInsecureURL},
		{"no audience", resource.Issuer{Issuer: issuer}, "Audiences", oidc.ErrInvalidConfig},
		{"an empty audience", resource.Issuer{Issuer: issuer, Audiences: []string{audience, ""}}, "Audiences", oidc.ErrInvalidConfig},
		{"an algorithm", resource.Issuer{Issuer: issuer, Audiences: api, Algorithms: []string{"ES256", "Ed25519"}}, "", nil},
		{"an algorithm that is none", resource.Issuer{Issuer: issuer, Audiences: api, Algorithms: []string{"RS256", "RS265"}}, "Algorithms", oidc.ErrInvalidConfig},
		{"an algorithm with a secret", resource.Issuer{Issuer: issuer, Audiences: api, Algorithms: []string{"HS256"}}, "Algorithms", oidc.ErrInvalidConfig},
		{"no signature", resource.Issuer{Issuer: issuer, Audiences: api, Algorithms: []string{"none", "HS256"}}, "Algorithms", oidc.ErrInvalidConfig},
		{"a preset without marks", resource.Issuer{Issuer: issuer, Audiences: api, Tokens: resource.Preset{HasNonce: true}}, "Tokens.Marks", oidc.ErrInvalidConfig},
		{"a preset with what is never there", resource.Issuer{Issuer: issuer, Audiences: api, Tokens: resource.Preset{Never: []string{"azp"}}}, "Tokens.Marks", oidc.ErrInvalidConfig},
		{"a preset with an audience", resource.Issuer{Issuer: issuer, Audiences: api, Tokens: resource.Preset{AudienceClaim: "azp"}}, "Tokens.Marks", oidc.ErrInvalidConfig},
		{"a preset for at+jwt", resource.Issuer{Issuer: issuer, Audiences: api, Tokens: resource.Preset{RealmRoles: true, NotItsClient: true}}, "", nil},
		{"a mark that is never there", resource.Issuer{Issuer: issuer, Audiences: api, Tokens: resource.Preset{Marks: map[string][]string{"azp": nil}, Never: []string{"azp"}}}, "Tokens.Marks", oidc.ErrInvalidConfig},
		{"a mark of ID Tokens", resource.Issuer{Issuer: issuer, Audiences: api, Tokens: resource.Preset{Marks: map[string][]string{"nonce": nil}}}, "Tokens.Marks", oidc.ErrInvalidConfig},
		{"a mark of ID Tokens that access tokens have", resource.Issuer{Issuer: issuer, Audiences: api, Tokens: resource.Preset{Marks: map[string][]string{"nonce": nil}, HasNonce: true}}, "", nil},
		{"a mark of no claim", resource.Issuer{Issuer: issuer, Audiences: api, Tokens: resource.Preset{Marks: map[string][]string{"": nil}}}, "Tokens.Marks", oidc.ErrInvalidConfig},
		{"a mark that is empty", resource.Issuer{Issuer: issuer, Audiences: api, Tokens: resource.Preset{Marks: map[string][]string{"use": {""}}}}, "Tokens.Marks", oidc.ErrInvalidConfig},
		{"the same issuer twice", resource.Issuer{Issuer: "https://twice.example", Audiences: api}, "Issuer", oidc.ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := resource.Config{Issuers: []resource.Issuer{{Issuer: "https://twice.example", Audiences: api}, tt.is}}
			checkNew(t, config, "Issuers[1]."+tt.member, tt.want)
		})
	}
}

// Tenants have to be named before anybody gets in, and where they are none that is
// refused, too: an API does not find out later whom it let in.
func TestTenantsAreNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		issuer  string
		tenants []string
		status  int
	}{
		"named":                  {template, []string{tenant}, 204},
		"all":                    {template, []string{"*"}, 204},
		"none named":             {template, nil, 503},
		"named where are none":   {of(tenant), []string{tenant}, 503},
		"all where there is one": {of(tenant), []string{"*"}, 503},
	} {
		p := newProvider(t)
		var told []error
		h := newMiddleware(t, p, func(c *resource.Config) {
			c.Transport = documents{
				authority + "/.well-known/openid-configuration": map[string]any{"issuer": tt.issuer, "jwks_uri": "https://login.example/keys"},
				"https://login.example/keys":                    keysOf(p),
			}
			c.Issuers = []resource.Issuer{{Issuer: authority, Audiences: []string{audience}, Tenants: tt.tenants}}
			c.Refused = func(_ *http.Request, err error) { told = append(told, err) }
		}).Handler(reached)
		w := get(h, "Authorization", "Bearer "+p.token(claims{"iss": of(tenant), "tid": tenant}))
		if w.Code != tt.status {
			t.Errorf("%s: status %d, want %d: %v", name, w.Code, tt.status, told)
		}
		if tt.status == 503 && !slices.ContainsFunc(told, func(err error) bool {
			return errors.Is(err, oidc.ErrInvalidConfig) || errors.Is(err, oidc.ErrIssuerMismatch)
		}) {
			t.Errorf("%s: told %v", name, told)
		}
	}
}
