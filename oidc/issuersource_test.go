package oidc

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestIssuerSource(t *testing.T) {
	const (
		elsewhere = "https://metadata.example/op?p=policy"
		forms     = "https://op.example/.well-known/oauth-authorization-server"
		keys      = "https://keys.example/jwks?p=policy"
	)
	document := func(issuer string) string { return `{"issuer": "` + issuer + `", "jwks_uri": "` + keys + `"}` }
	discovered := ConfigurationURL(testIssuer)
	tests := []struct {
		name    string
		source  IssuerSource
		answers map[string]string // by URL; the status is 404 for others, and 500 for those that are empty
		want    IssuerMetadata
		err     error
	}{
		{"discovery-4 below the issuer", IssuerSource{Issuer: testIssuer}, map[string]string{discovered: document(testIssuer)}, IssuerMetadata{testIssuer, keys, ""}, nil},
		{"8414-2 members that no API needs", IssuerSource{Issuer: testIssuer},
			map[string]string{discovered: `{"issuer": "` + testIssuer + `", "jwks_uri": "` + keys + `", "token_endpoint": 1, "access_token_issuer": 1, "response_types_supported": null}`},
			IssuerMetadata{testIssuer, keys, ""}, nil},
		{"8414-3.1 in front of the path", IssuerSource{Issuer: testIssuer}, map[string]string{forms: document(testIssuer)}, IssuerMetadata{testIssuer, keys, ""}, nil},
		{"8414-3.1 in front of a path", IssuerSource{Issuer: testIssuer + "/a/b"}, map[string]string{forms + "/a/b": document(testIssuer + "/a/b")},
			IssuerMetadata{testIssuer + "/a/b", keys, ""}, nil},
		{"8414-3.1 a slash at the end", IssuerSource{Issuer: testIssuer + "/a/"}, map[string]string{forms + "/a": document(testIssuer + "/a/")},
			IssuerMetadata{testIssuer + "/a/", keys, ""}, nil},
		{"8414-3.1 a page where metadata might be", IssuerSource{Issuer: testIssuer}, map[string]string{discovered: "<html>", forms: document(testIssuer)},
			IssuerMetadata{testIssuer, keys, ""}, nil},
		{"8414-3.1 the provider is away", IssuerSource{Issuer: testIssuer}, map[string]string{discovered: "", forms: document(testIssuer)}, IssuerMetadata{}, ErrHTTPStatus},
		{"8414-3.3 the issuer of somebody else", IssuerSource{Issuer: testIssuer}, map[string]string{discovered: document(testIssuer + "/"), forms: document(testIssuer)},
			IssuerMetadata{}, ErrIssuerMismatch},
		{"8414-3.3 the issuer of somebody else in front of the path", IssuerSource{Issuer: testIssuer}, map[string]string{forms: document("https://evil.example")},
			IssuerMetadata{}, ErrHTTPStatus},
		{"8414-3.1 nowhere", IssuerSource{Issuer: testIssuer}, nil, IssuerMetadata{}, ErrHTTPStatus},
		{"8414-2 no keys", IssuerSource{Issuer: testIssuer}, map[string]string{discovered: `{"issuer": "` + testIssuer + `"}`}, IssuerMetadata{}, ErrMetadataInvalid},
		{"8414-2 keys over http", IssuerSource{Issuer: testIssuer}, map[string]string{discovered: `{"issuer": "` + testIssuer + `", "jwks_uri": "http://op.example/jwks"}`},
			IssuerMetadata{}, ErrInsecureURL},
		{"8414-2 the issuer twice", IssuerSource{Issuer: testIssuer}, map[string]string{discovered: `{"issuer": "x", "issuer": "` + testIssuer + `", "jwks_uri": "` + keys + `"}`},
			IssuerMetadata{}, ErrMetadataInvalid},
		{"8414-2 where tokens are introspected", IssuerSource{Issuer: testIssuer},
			map[string]string{discovered: `{"issuer": "` + testIssuer + `", "jwks_uri": "` + keys + `", "introspection_endpoint": "https://op.example/introspect"}`},
			IssuerMetadata{testIssuer, keys, "https://op.example/introspect"}, nil},
		{"8414-2 where tokens are introspected, over http", IssuerSource{Issuer: testIssuer},
			map[string]string{discovered: `{"issuer": "` + testIssuer + `", "jwks_uri": "` + keys + `", "introspection_endpoint": "http://op.example/introspect"}`},
			IssuerMetadata{testIssuer, keys, ""}, nil},
		{"8414-2 keys at a number", IssuerSource{Issuer: testIssuer}, map[string]string{discovered: `{"issuer": "` + testIssuer + `", "jwks_uri": 1}`},
			IssuerMetadata{}, ErrMetadataInvalid},

		{"an address of its own", IssuerSource{Issuer: testIssuer, MetadataURL: elsewhere}, map[string]string{elsewhere: document(testIssuer)}, IssuerMetadata{testIssuer, keys, ""}, nil},
		{"an address of its own, of somebody else", IssuerSource{Issuer: testIssuer, MetadataURL: elsewhere}, map[string]string{elsewhere: document("https://evil.example")},
			IssuerMetadata{}, ErrIssuerMismatch},
		{"an address of its own, and nothing there", IssuerSource{Issuer: testIssuer, MetadataURL: elsewhere}, map[string]string{discovered: document(testIssuer)}, IssuerMetadata{}, ErrHTTPStatus},
		{"access_token_issuer", IssuerSource{Issuer: "http://op.example/trust", MetadataURL: elsewhere},
			map[string]string{elsewhere: `{"issuer": "https://op.example/adfs", "access_token_issuer": "http://op.example/trust", "jwks_uri": "` + keys + `"}`},
			IssuerMetadata{"http://op.example/trust", keys, ""}, nil},
		{"access_token_issuer of metadata that was discovered", IssuerSource{Issuer: testIssuer},
			map[string]string{discovered: `{"issuer": "https://evil.example", "access_token_issuer": "` + testIssuer + `", "jwks_uri": "` + keys + `"}`},
			IssuerMetadata{}, ErrIssuerMismatch},
		{"the address of keys", IssuerSource{Issuer: "accounts.example", JWKSURI: keys}, nil, IssuerMetadata{"accounts.example", keys, ""}, nil},
		{"the address of keys over http", IssuerSource{Issuer: testIssuer, JWKSURI: "http://op.example/jwks"}, nil, IssuerMetadata{}, ErrInsecureURL},
		{"an address over http", IssuerSource{Issuer: testIssuer, MetadataURL: "http://op.example"}, nil, IssuerMetadata{}, ErrInsecureURL},
		{"an issuer over http", IssuerSource{Issuer: "http://op.example"}, nil, IssuerMetadata{}, ErrInsecureURL},
		{"no issuer", IssuerSource{JWKSURI: keys}, nil, IssuerMetadata{}, ErrInvalidConfig},
		{"two addresses", IssuerSource{Issuer: testIssuer, MetadataURL: elsewhere, JWKSURI: keys}, nil, IssuerMetadata{}, ErrInvalidConfig},
		{"keys that are none", IssuerSource{Issuer: testIssuer, Keys: "{}"}, nil, IssuerMetadata{}, ErrKeysInvalid},

		{"tenant: of an authority for all", IssuerSource{Issuer: "https://op.example/common/v2.0", Tenants: []string{testTenant}},
			map[string]string{ConfigurationURL("https://op.example/common/v2.0"): document(testTemplate)}, IssuerMetadata{testTemplate, keys, ""}, nil},
		{"tenant: all", IssuerSource{Issuer: "https://op.example/common/v2.0", Tenants: []string{"*"}},
			map[string]string{ConfigurationURL("https://op.example/common/v2.0"): document(testTemplate)}, IssuerMetadata{testTemplate, keys, ""}, nil},
		{"tenant: none named", IssuerSource{Issuer: "https://op.example/common/v2.0"},
			map[string]string{ConfigurationURL("https://op.example/common/v2.0"): document(testTemplate)}, IssuerMetadata{}, ErrInvalidConfig},
		{"tenant: named, and there is one issuer", IssuerSource{Issuer: testIssuer, Tenants: []string{testTenant}}, map[string]string{discovered: document(testIssuer)},
			IssuerMetadata{}, ErrInvalidConfig},
		{"tenant: the template of somebody else", IssuerSource{Issuer: "https://op.example/common/v2.0", Tenants: []string{"*"}},
			map[string]string{ConfigurationURL("https://op.example/common/v2.0"): document("https://evil.example/{tenantid}/v2.0")}, IssuerMetadata{}, ErrIssuerMismatch},
		{"tenant: a template, and its keys", IssuerSource{Issuer: testTemplate, Tenants: []string{"*"}, JWKSURI: keys}, nil, IssuerMetadata{testTemplate, keys, ""}, nil},
		{"tenant: a template and its keys, none named", IssuerSource{Issuer: testTemplate, JWKSURI: keys}, nil, IssuerMetadata{}, ErrInvalidConfig},
		{"tenant: no GUID", IssuerSource{Issuer: testIssuer, Tenants: []string{"contoso"}}, nil, IssuerMetadata{}, ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			transport := transportFunc(func(req *Request) (*Response, error) {
				body, known := tt.answers[req.URL]
				switch {
				case !known:
					return respond(404, "text/html", "<html>")(req)
				case body == "":
					return respond(500, "text/html", "<html>")(req)
				}
				return respond(200, "application/json", body)(req)
			})
			got, err := tt.source.Fetch(t.Context(), transport)
			if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
				t.Fatalf("error = %v, want %v", err, tt.err)
			}
			if (got == nil) != (err != nil) || got != nil && *got != tt.want {
				t.Errorf("metadata = %+v, want %+v", got, tt.want)
			}
		})
	}
}

// What to set instead is said in the words of the API's settings, not of a client's.
func TestIssuerSourceSaysWhatToSet(t *testing.T) {
	const elsewhere = "https://op.example/policy/.well-known/openid-configuration"
	for _, tt := range []struct{ name, issuer, url, of, want string }{
		{"metadata elsewhere, of another", "https://op.example/policy", elsewhere, "https://op.example/guid/v2.0/",
			"Issuer is https://op.example/policy, and the metadata is of https://op.example/guid/v2.0/; set Issuer to that, and MetadataURL"},
		{"a slash", "https://op.example/policy", elsewhere, "https://op.example/policy/", "a slash at the end is all that differs; set Issuer to that"},
		{"no issuer", "https://op.example/policy", elsewhere, "", "no issuer that can be shown"},
		{"one that cannot be shown", "https://op.example/policy", elsewhere, "https://op.example/\u0007", "no issuer that can be shown"},
		{"nothing below the issuer", "https://op.example/guid/v2.0/", elsewhere, "", "MetadataURL says where"},
	} {
		source := IssuerSource{Issuer: tt.issuer}
		_, err := source.Fetch(t.Context(), transportFunc(func(req *Request) (*Response, error) {
			if req.URL != tt.url {
				return respond(404, "text/html", "<html>")(req)
			}
			return respond(200, "application/json", `{"issuer": `+encode(t, tt.of)+`, "jwks_uri": "https://op.example/keys"}`)(req)
		}))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "authority") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestSameKeys(t *testing.T) {
	set, other := testKeySet(t), testKeySet(t, "ed")
	if !SameKeys(set, testKeySet(t)) || SameKeys(set, other) || SameKeys(other, &KeySet{}) || !SameKeys(other, testKeySet(t, "ed")) {
		t.Error("the same keys are others, or others the same")
	}
	renamed := testKeySet(t, "ed")
	renamed.keys[0] = &jwk{kid: "new", alg: renamed.keys[0].alg, public: renamed.keys[0].public}
	if SameKeys(other, renamed) {
		t.Error("a key with another name is the same")
	}
}

// A transportFunc answers by itself.
type transportFunc func(*Request) (*Response, error)

func (f transportFunc) Do(_ context.Context, req *Request) (*Response, error) { return f(req) }
