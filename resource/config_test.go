package resource_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// checkNew wants an error with a code, that names the member and says what it has to be; with
// no code it wants none.
func checkNew(t *testing.T, config resource.Config, member string, want error) {
	t.Helper()
	m, err := resource.New(config)
	if (m == nil) != (err != nil) {
		t.Fatalf("New = %v, %v, want %v", m, err, want)
	}
	checkMember(t, err, member, want)
}

// checkMember wants the error of one setting, as checkNew does.
func checkMember(t *testing.T, err error, member string, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	if err == nil {
		return
	}
	said, named := strings.CutPrefix(err.Error(), "resource: "+member+": ")
	if !named || said == want.Error() {
		t.Errorf("error %v, want %s, and what it has to be", err, member)
	}
}

// What can never work is an error at the start, by name. Those of an issuer are in
// TestIssuerConfig, TestIntrospectionConfig, of the metadata in TestMetadataConfig.
func TestConfig(t *testing.T) {
	dpop := func(d resource.DPoP) func(*resource.Config) {
		return func(c *resource.Config) { c.DPoP = d }
	}
	tests := []struct {
		name   string
		edit   func(*resource.Config)
		member string
		want   error
	}{
		{"good", func(*resource.Config) {}, "", nil},
		{"no issuers", func(c *resource.Config) { c.Issuers = nil }, "Issuers", oidc.ErrInvalidConfig},
		{"no issuer", func(c *resource.Config) { c.Issuers[0].Issuer = "" }, "Issuers[0].Issuer", oidc.ErrInvalidConfig},
		{"a leeway without a unit", func(c *resource.Config) { c.Leeway = 30 }, "Leeway", oidc.ErrInvalidConfig},
		{"a leeway of a millisecond", func(c *resource.Config) { c.Leeway = time.Millisecond }, "", nil},
		{"a negative leeway", func(c *resource.Config) { c.Leeway = -1 }, "Leeway", oidc.ErrInvalidConfig},
		{"6749-3.3 two scopes in one text", func(c *resource.Config) { c.Scopes = []string{"read write"} }, "Scopes", oidc.ErrInvalidConfig},
		{"6749-3.3 a scope without a name", func(c *resource.Config) { c.Scopes = []string{"read", ""} }, "Scopes", oidc.ErrInvalidConfig},
		{"6749-3.3 a scope with a quote", func(c *resource.Config) { c.Scopes = []string{`re"ad`} }, "Scopes", oidc.ErrInvalidConfig},
		{"6749-3.3 a scope with a backslash", func(c *resource.Config) { c.Scopes = []string{`re\ad`} }, "Scopes", oidc.ErrInvalidConfig},
		{"6749-3.3 a scope with a line", func(c *resource.Config) { c.Scopes = []string{"read\n"} }, "Scopes", oidc.ErrInvalidConfig},
		{"6749-3.3 scopes", func(c *resource.Config) { c.Scopes = []string{"read:things", "https://api.example/.default"} }, "", nil},
		{"DPoP required and off", dpop(resource.DPoP{Required: true}), "DPoP.BaseURL", oidc.ErrInvalidConfig},
		{"nonce required and off", dpop(resource.DPoP{RequireNonce: true}), "DPoP.BaseURL", oidc.ErrInvalidConfig},
		{"algorithms of proofs, and off", dpop(resource.DPoP{Algorithms: []string{"ES256"}}), "DPoP.BaseURL", oidc.ErrInvalidConfig},
		{"an age of proofs, and off", dpop(resource.DPoP{MaxAge: 1}), "DPoP.BaseURL", oidc.ErrInvalidConfig},
		{"BaseURL a path", dpop(resource.DPoP{BaseURL: "/api"}), "DPoP.BaseURL", oidc.ErrInvalidConfig},
		{"BaseURL over http", dpop(resource.DPoP{BaseURL: "http://api.example"}), "DPoP.BaseURL", oidc.ErrInsecureURL},
		{"an age of proofs without a unit", dpop(resource.DPoP{BaseURL: audience, MaxAge: 60}), "DPoP.MaxAge", oidc.ErrInvalidConfig},
		{"proofs of no age", dpop(resource.DPoP{BaseURL: audience, MaxAge: -1}), "DPoP.MaxAge", oidc.ErrInvalidConfig},
		{"an algorithm of proofs", dpop(resource.DPoP{BaseURL: audience, Algorithms: []string{"ES256", "RS256"}}), "", nil},
		{"an algorithm of proofs that is none", dpop(resource.DPoP{BaseURL: audience, Algorithms: []string{"es256"}}), "DPoP.Algorithms", oidc.ErrInvalidConfig},
		{"an algorithm of proofs with a secret", dpop(resource.DPoP{BaseURL: audience, Algorithms: []string{"HS256"}}), "DPoP.Algorithms", oidc.ErrInvalidConfig},
		{"a short key", dpop(resource.DPoP{BaseURL: audience, RequireNonce: true, NonceKey: make([]byte, 31)}), "DPoP.NonceKey", oidc.ErrInvalidConfig},
		{"an empty key", dpop(resource.DPoP{BaseURL: audience, RequireNonce: true, NonceKey: []byte{}}), "DPoP.NonceKey", oidc.ErrInvalidConfig},
		{"a replay cache", func(c *resource.Config) { c.ReplayCache = &resource.MemoryReplayCache{Limit: 1} }, "", nil},
		{"a replay cache without room", func(c *resource.Config) { c.ReplayCache = &resource.MemoryReplayCache{Limit: -1} }, "ReplayCache", oidc.ErrInvalidConfig},
		{"no replay cache", func(c *resource.Config) { c.ReplayCache = (*resource.MemoryReplayCache)(nil) }, "ReplayCache", oidc.ErrInvalidConfig},
		{"endings", func(c *resource.Config) { c.Endings = &resource.MemoryEndings{Limit: 1} }, "", nil},
		{"endings without room", func(c *resource.Config) { c.Endings = &resource.MemoryEndings{Limit: -1} }, "Endings", oidc.ErrInvalidConfig},
		{"no endings", func(c *resource.Config) { c.Endings = (*resource.MemoryEndings)(nil) }, "Endings", oidc.ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := resource.Config{Issuers: []resource.Issuer{{Issuer: issuer, Audiences: []string{audience}}}}
			tt.edit(&config)
			checkNew(t, config, tt.member, tt.want)
		})
	}
}

// What the caller does with slices and maps of the settings later changes nothing, for better
// or worse.
func TestSettingsAreOwn(t *testing.T) {
	const other = "https://other.example"
	tests := []struct {
		name   string
		set    func(*resource.Config) (edit func()) // afterwards
		token  claims
		status int
	}{
		{"Issuers", func(c *resource.Config) func() {
			return func() { c.Issuers[0].Issuer, c.Issuers[0].Audiences = other, nil }
		}, nil, 204},
		{"Issuers.Audiences", func(c *resource.Config) func() {
			return func() { c.Issuers[0].Audiences[0] = other }
		}, claims{"aud": other}, 401},
		{"Issuers.Algorithms", func(c *resource.Config) func() {
			c.Issuers[0].Algorithms = []string{"RS256"}
			return func() { c.Issuers[0].Algorithms[0] = "ES256" }
		}, nil, 401},
		{"Issuers.Tenants", func(c *resource.Config) func() {
			c.Issuers[0] = resource.Issuer{Issuer: template, Audiences: []string{audience}, JWKSURI: issuer + "/jwks", Tenants: []string{tenant}}
			return func() { c.Issuers[0].Tenants[0] = "*" }
		}, claims{"iss": of(stranger), "tid": stranger}, 401},
		{"Issuers.Tokens.Marks", func(c *resource.Config) func() {
			c.Issuers[0].Tokens = resource.Preset{Marks: map[string][]string{"azp": nil}}
			return func() { delete(c.Issuers[0].Tokens.Marks, "azp"); c.Issuers[0].Tokens.Marks["sub"] = nil }
		}, claims{"header typ": "JWT"}, 401},
		{"Issuers.Tokens.Marks, their values", func(c *resource.Config) func() {
			c.Issuers[0].Tokens = resource.Preset{Marks: map[string][]string{"use": {"access"}}}
			return func() { c.Issuers[0].Tokens.Marks["use"][0] = "refresh" }
		}, claims{"header typ": "JWT", "use": "refresh"}, 401},
		{"Issuers.Tokens.Never", func(c *resource.Config) func() {
			c.Issuers[0].Tokens = resource.Preset{Marks: map[string][]string{"sub": nil}, Never: []string{"azp"}}
			return func() { c.Issuers[0].Tokens.Never[0] = "x" }
		}, claims{"header typ": "JWT", "azp": "app"}, 401},
		{"Scopes", func(c *resource.Config) func() {
			c.Scopes = []string{"admin"}
			return func() { c.Scopes[0] = "read" }
		}, nil, 403},
		{"DPoP.Algorithms", func(c *resource.Config) func() {
			withDPoP(c)
			c.DPoP.Algorithms = []string{"RS256"}
			return func() { c.DPoP.Algorithms[0] = "ES256" }
		}, claims{"cnf": true}, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, c := newProvider(t), newClient(t)
			var edit func()
			var config *resource.Config
			m := newMiddleware(t, p, func(settings *resource.Config) {
				config = settings
				edit = tt.set(config)
			})
			edit()
			fields := []string{"Authorization", "Bearer " + p.token(tt.token)}
			if tt.token["cnf"] != nil {
				token := p.token(claims{"cnf": c.binding()})
				fields = []string{"Authorization", "DPoP " + token, "DPoP", c.proof(token, nil)}
			}
			w := get(m.Handler(reached), fields...)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d: %s", w.Code, tt.status, w.Header().Get("WWW-Authenticate"))
			}
		})
	}
	// A nonce made by a key stays good when the caller wipes that, and a requirement is what it was.
	p, key, acr := newProvider(t), []byte(strings.Repeat("k", 32)), []string{"mfa"}
	scopes := []string{"read"}
	m := newMiddleware(t, p, func(c *resource.Config) {
		withDPoP(c)
		c.DPoP.RequireNonce, c.DPoP.NonceKey = true, key
	})
	required := m.Require(reached, resource.Requirement{ACRValues: acr, Scopes: scopes})
	c := newClient(t)
	token := p.token(claims{"cnf": c.binding(), "acr": "mfa"})
	nonce := get(m.Handler(reached), "Authorization", "DPoP "+token, "DPoP", c.proof(token, nil)).Header().Get("DPoP-Nonce")
	clear(key)
	acr[0], scopes[0] = "pwd", "admin"
	if w := get(required, "Authorization", "DPoP "+token, "DPoP", c.proof(token, claims{"nonce": nonce})); w.Code != http.StatusNoContent {
		t.Errorf("status %d: %s", w.Code, w.Header().Get("WWW-Authenticate"))
	}
}
