package oidc

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestConfigurationURL(t *testing.T) {
	tests := []struct{ name, issuer, want string }{
		{"4 plain", "https://op.example", "https://op.example/.well-known/openid-configuration"},
		{"4.1 a path", "https://op.example/tenant", "https://op.example/tenant/.well-known/openid-configuration"},
		{"4.1 a trailing slash", "https://op.example/", "https://op.example/.well-known/openid-configuration"},
		{"4.1 two trailing slashes", "https://op.example//", "https://op.example//.well-known/openid-configuration"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ConfigurationURL(tt.issuer); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFetchMetadata(t *testing.T) {
	set := func(name string, value any) func(map[string]any) {
		return func(doc map[string]any) { doc[name] = value }
	}
	without := func(name string) func(map[string]any) {
		return func(doc map[string]any) { delete(doc, name) }
	}
	tests := []struct {
		name string // section of OIDC Discovery + what the provider did
		edit func(doc map[string]any)
		want error
	}{
		{"4.3 valid", func(map[string]any) {}, nil},
		{"4.3 issuer with a trailing slash", set("issuer", testIssuer+"/"), ErrIssuerMismatch},
		{"4.3 issuer in another case", set("issuer", "https://OP.example"), ErrIssuerMismatch},
		{"4.3 issuer with a port", set("issuer", testIssuer+":443"), ErrIssuerMismatch},
		{"4.3 issuer of which ours is a prefix", set("issuer", testIssuer+".evil.example"), ErrIssuerMismatch},
		{"4.3 issuer is a prefix of ours", set("issuer", "https://op.exampl"), ErrIssuerMismatch},
		{"4.3 issuer missing", without("issuer"), ErrIssuerMismatch},
		{"4.3 issuer null", set("issuer", nil), ErrIssuerMismatch},
		{"4.3 issuer an array that holds it", set("issuer", []string{testIssuer}), ErrMetadataInvalid},
		{"3 issuer a number", set("issuer", 1), ErrMetadataInvalid},

		{"3 authorization_endpoint missing", without("authorization_endpoint"), ErrMetadataInvalid},
		{"3 token_endpoint missing", without("token_endpoint"), ErrMetadataInvalid},
		{"3 jwks_uri missing", without("jwks_uri"), ErrMetadataInvalid},
		{"3 userinfo_endpoint missing", without("userinfo_endpoint"), nil},
		{"3 end_session_endpoint missing", without("end_session_endpoint"), nil},
		{"3 token_endpoint a number", set("token_endpoint", 1), ErrMetadataInvalid},
		{"3 token_endpoint relative", set("token_endpoint", "/token"), ErrMetadataInvalid},
		{"3 token_endpoint with a fragment", set("token_endpoint", testIssuer+"/token#"), ErrMetadataInvalid},
		{"3 token_endpoint with a password", set("token_endpoint", "https://u:p@op.example/token"), ErrMetadataInvalid},
		{"3 authorization_endpoint a script", set("authorization_endpoint", "javascript:alert(1)"), ErrMetadataInvalid},
		{"3 authorization_endpoint http", set("authorization_endpoint", "http://op.example/a"), ErrInsecureURL},
		{"3 token_endpoint http", set("token_endpoint", "http://op.example/token"), ErrInsecureURL},
		{"3 jwks_uri http", set("jwks_uri", "http://op.example/jwks"), ErrInsecureURL},
		{"9126-5 require_pushed_authorization_requests a string", set("require_pushed_authorization_requests", "true"), ErrMetadataInvalid},
		{"9449-5.1 dpop_signing_alg_values_supported a string", set("dpop_signing_alg_values_supported", "ES256"), ErrMetadataInvalid},
		{"8414-2 revocation_endpoint missing", without("revocation_endpoint"), nil},
		{"3 token_endpoint another scheme", set("token_endpoint", "ftp://op.example/token"), ErrInsecureURL},
		{"3 token_endpoint http on loopback", set("token_endpoint", "http://localhost:8080/token"), nil},
		{"3 token_endpoint on another host", set("token_endpoint", "https://login.example/token"), nil},

		{"3 response_types_supported missing", without("response_types_supported"), ErrMetadataInvalid},
		{"3 response_types_supported a string", set("response_types_supported", "code"), ErrMetadataInvalid},
		{"3 response_types_supported without code", set("response_types_supported", []string{"code id_token"}), ErrUnsupported},
		{"3 subject_types_supported missing", without("subject_types_supported"), ErrMetadataInvalid},
		{"3 signing algorithms missing", without("id_token_signing_alg_values_supported"), ErrMetadataInvalid},
		{"3 signing algorithm none only", set("id_token_signing_alg_values_supported", []string{"none"}), ErrUnsupported},
		{"3 signing algorithm HS256 only", set("id_token_signing_alg_values_supported", []string{"HS256"}), ErrUnsupported},
		{"3 signing algorithm EdDSA only", set("id_token_signing_alg_values_supported", []string{"EdDSA"}), nil},
		{"8414-2 PKCE plain only", set("code_challenge_methods_supported", []string{"plain"}), ErrUnsupported},
		{"8414-2 PKCE s256 in lower case only", set("code_challenge_methods_supported", []string{"s256"}), ErrUnsupported},
		{"8414-2 silent on PKCE", without("code_challenge_methods_supported"), nil},
		{"9207-3 iss promised as a string", set("authorization_response_iss_parameter_supported", "true"), ErrMetadataInvalid},
		{"9207-3 iss not promised", without("authorization_response_iss_parameter_supported"), nil},
		{"4.2 an unknown member", set("x_unknown", map[string]any{"a": 1}), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := goodDocument()
			tt.edit(doc)
			transport := fakeTransport{
				"GET " + ConfigurationURL(testIssuer): respond(200, "application/json", encode(t, doc)),
			}
			m, err := FetchMetadata(t.Context(), transport, testIssuer)
			checkError(t, err, tt.want)
			if (m == nil) != (err != nil) {
				t.Errorf("metadata = %v with error %v", m, err)
			}
		})
	}
}

func TestFetchMetadataRequest(t *testing.T) {
	const issuer = "https://op.example/"
	doc := goodDocument()
	doc["issuer"] = issuer
	var sent *Request
	transport := fakeTransport{"GET https://op.example/.well-known/openid-configuration": func(req *Request) (*Response, error) {
		sent = req
		return respond(200, "application/json", encode(t, doc))(req)
	}}
	m, err := FetchMetadata(t.Context(), transport, issuer)
	if err != nil {
		t.Fatal(err)
	}
	if m.TokenEndpoint != testIssuer+"/token" || !m.AuthorizationResponseIssParameterSupported {
		t.Errorf("members are lost: %+v", m)
	}
	if want := map[string]string{"Accept": "application/json"}; !maps.Equal(sent.Header, want) || sent.Body != "" {
		t.Errorf("request = %+v, want the header %v and no body", sent, want)
	}
}

// What is optional and cannot be used is as if it were not there.
func TestMetadataDropped(t *testing.T) {
	for _, name := range []string{
		"userinfo_endpoint", "end_session_endpoint", "revocation_endpoint", "pushed_authorization_request_endpoint", "check_session_iframe",
	} {
		for _, address := range []string{"http://op.example/x", "/x", "//op.example/x", "javascript:alert(1)", "https://u:p@op.example/x", "https://op.example/x#y"} {
			t.Run(name+" "+address, func(t *testing.T) {
				doc := goodDocument()
				doc[name] = address
				transport := fakeTransport{"GET " + ConfigurationURL(testIssuer): respond(200, "application/json", encode(t, doc))}
				m, err := FetchMetadata(t.Context(), transport, testIssuer)
				if err != nil {
					t.Fatal(err)
				}
				kept := m.UserinfoEndpoint + m.EndSessionEndpoint + m.RevocationEndpoint + m.PushedAuthorizationRequestEndpoint + m.CheckSessionIframe
				if strings.Contains(kept, address) || !slices.Equal(m.Dropped(), []string{name}) {
					t.Errorf("kept %s, dropped %v", kept, m.Dropped())
				}
			})
		}
	}
}

// The error says what is to be changed, and where.
func TestMetadataErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(doc map[string]any)
		want string
	}{
		"4.3 a slash more":    {func(doc map[string]any) { doc["issuer"] = testIssuer + "/" }, "discovery: authority is https://op.example, and a slash at the end is all that differs from the issuer in its metadata, https://op.example/; set authority to that: oidc: issuer_mismatch"},
		"4.3 another issuer":  {func(doc map[string]any) { doc["issuer"] = "https://other.example/a" }, "discovery: authority is https://op.example, the issuer in its metadata is https://other.example/a; if that is your provider, set authority to it; if no metadata is below that (Azure AD B2C), set metadataUrl to the address of this metadata, too: oidc: issuer_mismatch"},
		"4.3 no issuer":       {func(doc map[string]any) { delete(doc, "issuer") }, "discovery: the metadata names no issuer: oidc: issuer_mismatch"},
		"4.3 an issuer of MB": {func(doc map[string]any) { doc["issuer"] = strings.Repeat("x", 1<<20) }, "discovery: the metadata is of an issuer that cannot be shown: oidc: issuer_mismatch"},
		"3 a number":          {func(doc map[string]any) { doc["jwks_uri"] = 1 }, "discovery: jwks_uri has to be text: oidc: metadata_invalid"},
		"3 no array":          {func(doc map[string]any) { doc["response_types_supported"] = "code" }, "discovery: response_types_supported has to be an array of texts: oidc: metadata_invalid"},
		"3 missing":           {func(doc map[string]any) { delete(doc, "token_endpoint") }, "discovery: token_endpoint is missing: oidc: metadata_invalid"},
		"3 relative":          {func(doc map[string]any) { doc["token_endpoint"] = "/token" }, "discovery: token_endpoint is no absolute address without fragment and password: oidc: metadata_invalid"},
		"3 without TLS":       {func(doc map[string]any) { doc["token_endpoint"] = "http://op.example" }, "discovery: token_endpoint is not https: oidc: insecure_url"},
		"3 our parameter":     {func(doc map[string]any) { doc["token_endpoint"] = testIssuer + "/token?scope=x" }, "discovery: token_endpoint is an address with the parameter scope, which is the client's: oidc: metadata_invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := goodDocument()
			tt.edit(doc)
			transport := fakeTransport{"GET " + ConfigurationURL(testIssuer): respond(200, "application/json", encode(t, doc))}
			if _, err := FetchMetadata(t.Context(), transport, testIssuer); err == nil || err.Error() != tt.want {
				t.Errorf("error = %v, want %s", err, tt.want)
			}
		})
	}
}

func TestFetchMetadataDuplicateMember(t *testing.T) {
	body := `{"issuer":"https://evil.example",` + encode(t, goodDocument())[1:]
	transport := fakeTransport{"GET " + ConfigurationURL(testIssuer): respond(200, "application/json", body)}
	_, err := FetchMetadata(t.Context(), transport, testIssuer)
	checkError(t, err, ErrMetadataInvalid)
}

// An issuer that cannot be one is refused before any request.
func TestFetchMetadataIssuer(t *testing.T) {
	tests := []struct {
		name, issuer string
		want         error
	}{
		{"3 empty", "", ErrInvalidConfig},
		{"3 no scheme", "op.example", ErrInvalidConfig},
		{"3 a query", "https://op.example?", ErrInvalidConfig},
		{"3 a fragment", "https://op.example#", ErrInvalidConfig},
		{"3 http", "http://op.example", ErrInsecureURL},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := FetchMetadata(t.Context(), fakeTransport{}, tt.issuer)
			checkError(t, err, tt.want)
		})
	}
}

func TestSigningAlgorithms(t *testing.T) {
	m := &Metadata{IDTokenSigningAlgValuesSupported: []string{"none", "ES256", "HS256", "rs256", "RS256", "RSA-OAEP"}}
	if got, want := m.SigningAlgorithms(), []string{"ES256", "RS256"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
