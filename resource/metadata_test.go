package resource_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// withMetadata has an API say something of itself.
func withMetadata(identifier string) func(*resource.Config) {
	return func(c *resource.Config) { c.Metadata.Resource = identifier }
}

// RFC 9728 3.1: the path is inserted, and the challenge names the same address.
func TestMetadataPath(t *testing.T) {
	const wellKnown = "/.well-known/oauth-protected-resource"
	tests := []struct {
		name, resource, origin, path string
	}{
		{"3.1 a host", "https://api.example", "https://api.example", wellKnown},
		{"3.1 a slash that ends the host", "https://api.example/", "https://api.example", wellKnown},
		{"3.1 a path", "https://api.example/v1/things", "https://api.example", wellKnown + "/v1/things"},
		{"3.1 a path and a slash", "https://api.example/v1/", "https://api.example", wellKnown + "/v1/"},
		{"3.1 a port", "https://api.example:8443/v1", "https://api.example:8443", wellKnown + "/v1"},
		{"3.1 escapes", "https://api.example/a%22b", "https://api.example", wellKnown + "/a%22b"},
		{"3.1 loopback", "http://localhost:8080/api", "http://localhost:8080", wellKnown + "/api"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMiddleware(t, newProvider(t), withMetadata(tt.resource))
			if m.MetadataPath() != tt.path {
				t.Errorf("path = %s, want %s", m.MetadataPath(), tt.path)
			}
			check(t, get(m.Handler(reached)), 401, `Bearer resource_metadata="`+tt.origin+tt.path+`"`)
			mux := http.NewServeMux()
			mux.Handle(m.MetadataPath(), m.MetadataHandler())
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest("GET", tt.path, nil))
			if w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"resource":"`+tt.resource+`",`) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

// RFC 9728 2: what the document says.
func TestMetadataDocument(t *testing.T) {
	tests := []struct {
		name string
		edit func(*resource.Config)
		want string
	}{
		{"2 the least", func(*resource.Config) {},
			`{"resource":"https://api.example","authorization_servers":["https://op.example"],"bearer_methods_supported":["header"]}`},
		{"2 scopes and texts", func(c *resource.Config) {
			c.Metadata.Scopes, c.Metadata.Name, c.Metadata.Documentation = []string{"read", "write"}, "Things", "https://api.example/docs"
		}, `{"resource":"https://api.example","authorization_servers":["https://op.example"],"scopes_supported":["read","write"],` +
			`"bearer_methods_supported":["header"],"resource_name":"Things","resource_documentation":"https://api.example/docs"}`},
		{"2 DPoP", withDPoP, `{"resource":"https://api.example","authorization_servers":["https://op.example"],"bearer_methods_supported":["header"],` +
			`"dpop_signing_alg_values_supported":["ES256","EdDSA","Ed25519"]}`},
		{"2 DPoP alone", func(c *resource.Config) {
			c.DPoP = resource.DPoP{BaseURL: audience, Required: true, Algorithms: []string{"ES256"}}
		}, `{"resource":"https://api.example","authorization_servers":["https://op.example"],"bearer_methods_supported":["header"],` +
			`"dpop_signing_alg_values_supported":["ES256"],"dpop_bound_access_tokens_required":true}`},
		{"2 an issuer that is no address", func(c *resource.Config) {
			c.Issuers = append(c.Issuers, resource.Issuer{Issuer: "accounts.example", Audiences: []string{"x"}, JWKSURI: issuer + "/jwks"})
		}, `{"resource":"https://api.example","authorization_servers":["https://op.example"],"bearer_methods_supported":["header"]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMiddleware(t, newProvider(t), func(c *resource.Config) {
				withMetadata(audience)(c)
				tt.edit(c)
			})
			for _, method := range []string{"GET", "HEAD"} {
				// The Host of the request is the sender's choice.
				r := httptest.NewRequest(method, "https://evil.example/.well-known/oauth-protected-resource/evil?resource=evil", nil)
				r.Header.Set("X-Forwarded-Host", "evil.example")
				w := httptest.NewRecorder()
				m.MetadataHandler().ServeHTTP(w, r)
				if got := w.Body.String(); w.Code != 200 || got != tt.want {
					t.Errorf("%s: %d %s, want %s", method, w.Code, got, tt.want)
				}
				h := w.Header()
				if h.Get("Content-Type") != "application/json" || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cache-Control") == "" {
					t.Errorf("%s: header %v", method, h)
				}
			}
			w := httptest.NewRecorder()
			if m.MetadataHandler().ServeHTTP(w, httptest.NewRequest("POST", "/", nil)); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("POST: %d %v", w.Code, w.Header())
			}
			w = httptest.NewRecorder()
			m.MetadataHandler().ServeHTTP(w, httptest.NewRequest("OPTIONS", "/", nil))
			if h := w.Header(); w.Code != 204 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Headers") != "*" {
				t.Errorf("OPTIONS: %d %v", w.Code, h)
			}
		})
	}
	w := httptest.NewRecorder()
	if m := newMiddleware(t, newProvider(t), nil); m.MetadataPath() != "" {
		t.Errorf("path = %s without metadata", m.MetadataPath())
	} else if m.MetadataHandler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil)); w.Code != 404 {
		t.Errorf("status %d without metadata", w.Code)
	}
}

// RFC 9728 5.1: each challenge says where the metadata is, and clients read it.
func TestMetadataInChallenges(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	m := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		withMetadata("https://api.example/v1")(config)
	})
	const where = `resource_metadata="https://api.example/.well-known/oauth-protected-resource/v1"`
	token := p.token(claims{"cnf": c.binding()})
	tests := []struct {
		name      string
		h         http.Handler
		fields    []string
		status    int
		challenge string
	}{
		{"nothing sent", m.Handler(reached), nil, 401, `Bearer ` + where + `, DPoP ` + algs + `, ` + where},
		{"a bad token", m.Handler(reached), []string{"Authorization", "Bearer x"}, 401,
			`Bearer error="invalid_token", error_description="token_malformed", ` + where + `, DPoP ` + algs + `, ` + where},
		{"no proof", m.Handler(reached), []string{"Authorization", "DPoP " + token}, 401,
			`DPoP error="invalid_dpop_proof", error_description="dpop_proof_missing", ` + algs + `, ` + where},
		{"a scope missing", m.Handler(reached, "admin"), []string{"Authorization", "Bearer " + p.token(nil)}, 403,
			`Bearer error="insufficient_scope", scope="admin", ` + where + `, DPoP ` + algs + `, ` + where},
		{"an old sign-in", m.Require(reached, resource.Requirement{MaxAge: time.Minute}), []string{"Authorization", "Bearer " + p.token(nil)}, 401,
			`Bearer error="insufficient_user_authentication", error_description="auth_time_too_old", max_age="60", ` + where + `, DPoP ` + algs + `, ` + where},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := get(tt.h, tt.fields...)
			check(t, w, tt.status, tt.challenge)
			challenges, err := oidc.ParseChallenges(w.Header().Get("WWW-Authenticate"))
			if err != nil || challenges[0].Params["resource_metadata"] != where[len(`resource_metadata="`):len(where)-1] {
				t.Errorf("read as %v, %v", challenges, err)
			}
		})
	}
}

func TestMetadataConfig(t *testing.T) {
	tests := []struct {
		name     string
		metadata resource.Metadata
		member   string
		want     error
	}{
		{"9728-1.2 over http", resource.Metadata{Resource: "http://api.example"}, "Resource", oidc.ErrInsecureURL},
		{"9728-1.2 a query", resource.Metadata{Resource: "https://api.example?a=b"}, "Resource", oidc.ErrInvalidConfig},
		{"9728-1.2 a fragment", resource.Metadata{Resource: "https://api.example#a"}, "Resource", oidc.ErrInvalidConfig},
		{"9728-1.2 a path alone", resource.Metadata{Resource: "/api"}, "Resource", oidc.ErrInvalidConfig},
		{"9110-5.6.4 a quote", resource.Metadata{Resource: `https://api.example/a"b`}, "Resource", oidc.ErrInvalidConfig},
		{"9110-5.6.4 a backslash", resource.Metadata{Resource: `https://api.example/a\b`}, "Resource", oidc.ErrInvalidConfig},
		{"9110-5.6.4 a space", resource.Metadata{Resource: `https://api.example/a b`}, "Resource", oidc.ErrInvalidConfig},
		{"9110-5.6.4 a letter beyond ASCII", resource.Metadata{Resource: `https://api.example/ä`}, "Resource", oidc.ErrInvalidConfig},
		{"9110-5.6.4 a line", resource.Metadata{Resource: "https://api.example/\r\nX: y"}, "Resource", oidc.ErrInvalidConfig},
		{"a wildcard of patterns", resource.Metadata{Resource: "https://api.example/{x}"}, "Resource", oidc.ErrInvalidConfig},
		{"3986-6.2.2.3 dot segments", resource.Metadata{Resource: audience + "/a/../b"}, "Resource", oidc.ErrInvalidConfig},
		{"3986-6.2.2.3 dot segments, escaped", resource.Metadata{Resource: audience + "/a/%2E./b"}, "Resource", oidc.ErrInvalidConfig},
		{"two slashes", resource.Metadata{Resource: audience + "/a//b"}, "Resource", oidc.ErrInvalidConfig},
		{"two slashes at the end", resource.Metadata{Resource: audience + "//"}, "Resource", oidc.ErrInvalidConfig},
		{"a slash at the end", resource.Metadata{Resource: audience + "/a/"}, "", nil},
		{"dots in a name", resource.Metadata{Resource: audience + "/a..b/.c/d."}, "", nil},
		{"6749-3.3 two scopes in one text", resource.Metadata{Resource: audience, Scopes: []string{"read write"}}, "Scopes", oidc.ErrInvalidConfig},
		{"9728-2 all but the resource", resource.Metadata{Name: "Things"}, "Resource", oidc.ErrInvalidConfig},
		{"9728-2 a page that is no address", resource.Metadata{Resource: audience, Documentation: "docs"}, "Documentation", oidc.ErrInvalidConfig},
		{"9728-2 a page over http", resource.Metadata{Resource: audience, Documentation: "http://api.example"}, "Documentation", oidc.ErrInsecureURL},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := resource.Config{Issuers: []resource.Issuer{{Issuer: issuer, Audiences: []string{audience}}}, Metadata: tt.metadata}
			checkNew(t, config, "Metadata."+tt.member, tt.want)
		})
	}
}
