package oidc

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

const (
	testTemplate = "https://op.example/{tenantid}/v2.0"
	testTenant   = "9188040d-6c67-4c5b-b112-36a304b66dad"
	otherTenant  = "72f988bf-86f1-41af-91ab-2d7cd011db47"
)

// issuerOf is the issuer of a tenant.
func issuerOf(tenant string) string { return "https://op.example/" + tenant + "/v2.0" }

// fetchTenants fetches the metadata of a provider with several tenants.
func fetchTenants(t testing.TB, source MetadataSource, issuer string) (*Metadata, error) {
	t.Helper()
	doc := goodDocument()
	doc["issuer"] = issuer
	url := ConfigurationURL(source.Issuer)
	return source.Fetch(t.Context(), fakeTransport{"GET " + url: respond(200, "application/json", encode(t, doc))})
}

func TestIssuerTemplates(t *testing.T) {
	tests := []struct {
		name, authority, issuer string
		want                    error
	}{
		{"for all tenants", issuerOf("common"), testTemplate, nil},
		{"for some", issuerOf("organizations"), testTemplate, nil},
		{"its own authority", testTemplate, testTemplate, nil},
		{"at the end", "https://op.example/common", "https://op.example/{tenantid}", nil},
		{"of another host", "https://evil.example/common/v2.0", testTemplate, ErrIssuerMismatch},
		{"of another path", "https://op.example/common/v1.0", testTemplate, ErrIssuerMismatch},
		{"of one segment more", "https://op.example/a/common/v2.0", testTemplate, ErrIssuerMismatch},
		{"of no segment", "https://op.example//v2.0", testTemplate, ErrIssuerMismatch},
		{"for the authority of one tenant", issuerOf(testTenant), testTemplate, ErrIssuerMismatch},
		{"for a tenant by its domain", issuerOf("contoso.example"), testTemplate, ErrIssuerMismatch},
		{"for no tenants that are known", issuerOf("Common"), testTemplate, ErrIssuerMismatch},
		{"a slash more", issuerOf("common"), testTemplate + "/", ErrIssuerMismatch},
		{"the host", "https://common/v2.0", "https://{tenantid}/v2.0", ErrIssuerMismatch},
		{"a part of a host", "https://common.example", "https://{tenantid}.example", ErrIssuerMismatch},
		{"a part of a segment", "https://op.example/xcommon", "https://op.example/x{tenantid}", ErrIssuerMismatch},
		{"the end of a segment", "https://op.example/commonx", "https://op.example/{tenantid}x", ErrIssuerMismatch},
		{"all of it", "https://op.example", "{tenantid}", ErrIssuerMismatch},
		{"twice", "https://op.example/a/{tenantid}", "https://op.example/{tenantid}/{tenantid}", ErrIssuerMismatch},
		{"another mark", issuerOf("common"), "https://op.example/{tenant}/v2.0", ErrIssuerMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := fetchTenants(t, MetadataSource{Issuer: tt.authority}, tt.issuer)
			checkError(t, err, tt.want)
			if err == nil && m.provider() != tt.authority {
				t.Errorf("the provider is %s", m.provider())
			}
		})
	}
}

func TestTenantSettings(t *testing.T) {
	for tenants, want := range map[string]error{
		"": nil, testTenant: nil, testTenant + " " + otherTenant: nil,
		"common": ErrInvalidConfig, testTenant + "," + otherTenant: ErrInvalidConfig, "9188040D-6C67-4C5B-B112-36A304B66DAD": ErrInvalidConfig,
		testTenant[1:]: ErrInvalidConfig, "9188040d06c67-4c5b-b112-36a304b66dad": ErrInvalidConfig,
	} {
		err := (&MetadataSource{Issuer: testIssuer, Tenants: tenants}).Check()
		checkError(t, err, want)
	}
}

// A message about an authority that is not the issuer says what to set it to, and never
// to what is no authority.
func TestIssuerErrorNamesTheAuthority(t *testing.T) {
	tests := []struct{ name, authority, issuer, want string }{
		{"a slash behind common", issuerOf("common") + "/", testTemplate, "take the slash at the end of authority away"},
		{"without v2.0", "https://login.example/common", "https://sts.windows.net/{tenantid}/", "set authority to https://login.example/common/v2.0"},
		{"a tenant without v2.0", "https://login.example/" + testTenant + "/", "https://sts.windows.net/" + testTenant + "/", "set authority to https://login.example/" + testTenant + "/v2.0"},
		{"version 1.0 at another address", "https://login.example/" + testTenant + "/v2.0", "https://sts.windows.net/" + testTenant + "/", "set it to https://login.example/" + testTenant + "/v2.0/.well-known/openid-configuration"},
		{"another path", "https://op.example/common", testTemplate, "in the place of {tenantid}"},
		{"an address that is not the issuer's", "https://op.example/policy", "https://op.example/" + testTenant, "set metadataUrl to the address of this metadata"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := fetchTenants(t, MetadataSource{Issuer: tt.authority}, tt.issuer)
			checkError(t, err, ErrIssuerMismatch)
			if err == nil || !strings.Contains(err.Error(), tt.want+": oidc:") && !strings.Contains(err.Error(), tt.want+", too: oidc:") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// Who names tenants for an authority of one would think that they count.
func TestTenantsOfOneIssuer(t *testing.T) {
	_, err := fetchTenants(t, MetadataSource{Issuer: issuerOf(testTenant), Tenants: testTenant}, issuerOf(testTenant))
	checkError(t, err, ErrInvalidConfig)
	if err != nil && !strings.Contains(err.Error(), "allowed_tenants") {
		t.Errorf("error %v does not name the setting", err)
	}
}

// The ID Token is of the tenant that it names, and of one that is accepted.
func TestIDTokenOfATenant(t *testing.T) {
	of := func(iss string, tid any) map[string]any {
		claims := goodClaims()
		claims["iss"], claims["tid"] = iss, tid
		return claims
	}
	tests := []struct {
		name, tenants, named string
		claims               map[string]any
		want                 error
	}{
		{"its own", "", "", of(issuerOf(testTenant), testTenant), nil},
		{"one on the list", otherTenant + " " + testTenant, "", of(issuerOf(testTenant), testTenant), nil},
		{"none on the list", otherTenant, "", of(issuerOf(testTenant), testTenant), ErrIssuerMismatch},
		{"named in the response", "", issuerOf(testTenant), of(issuerOf(testTenant), testTenant), nil},
		{"another named in the response", "", issuerOf(otherTenant), of(issuerOf(testTenant), testTenant), ErrIssuerMismatch},
		{"of another tenant", "", "", of(issuerOf(testTenant), otherTenant), ErrIssuerMismatch},
		{"without tid", "", "", of(issuerOf(testTenant), nil), ErrIssuerMismatch},
		{"tid empty", "", "", of(issuerOf(""), ""), ErrIssuerMismatch},
		{"tid a word", "", "", of(issuerOf("common"), "common"), ErrIssuerMismatch},
		{"tid the mark", "", "", of(testTemplate, "{tenantid}"), ErrIssuerMismatch},
		{"tid in upper case", "", "", of(issuerOf("9188040D-6C67-4C5B-B112-36A304B66DAD"), "9188040D-6C67-4C5B-B112-36A304B66DAD"), ErrIssuerMismatch},
		{"tid with a path", "", "", of(issuerOf(testTenant+"/x"), testTenant+"/x"), ErrIssuerMismatch},
		{"tid a list", "", "", of(issuerOf(testTenant), []string{testTenant}), ErrIssuerMismatch},
		{"of the template", "", "", of(testTemplate, testTenant), ErrIssuerMismatch},
		{"of the authority", "", "", of(issuerOf("common"), testTenant), ErrIssuerMismatch},
		{"of another host", "", "", of("https://evil.example/"+testTenant+"/v2.0", testTenant), ErrIssuerMismatch},
		{"a slash more", "", "", of(issuerOf(testTenant)+"/", testTenant), ErrIssuerMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := fetchTenants(t, MetadataSource{Issuer: issuerOf("common"), Tenants: tt.tenants}, testTemplate)
			if err != nil {
				t.Fatal(err)
			}
			tx := goodTransaction()
			tx.Issuer, tx.answered = m.provider(), tt.named
			e := tx.Expect(m, &TokenResponse{AccessToken: testAccessToken})
			e.Algorithms = []string{"EdDSA"}
			_, err = verifyIDToken(t, e, tt.claims)
			checkError(t, err, tt.want)
		})
	}
}

// A response may name any tenant that is accepted, and nobody else (RFC 9207 2.4).
func TestCallbackOfATenant(t *testing.T) {
	for iss, want := range map[string]error{
		issuerOf(testTenant): nil, issuerOf(otherTenant): ErrIssuerMismatch, issuerOf("common"): ErrIssuerMismatch, testTemplate: ErrIssuerMismatch,
		"https://evil.example/" + testTenant + "/v2.0": ErrIssuerMismatch, issuerOf(testTenant) + "/": ErrIssuerMismatch, "": ErrIssuerMismatch,
	} {
		m, err := fetchTenants(t, MetadataSource{Issuer: issuerOf("common"), Tenants: testTenant}, testTemplate)
		if err != nil {
			t.Fatal(err)
		}
		tx := goodTransaction()
		tx.Issuer = m.provider()
		location := testRedirectURI + "?code=" + testCode + "&state=" + testState + "&iss=" + url.QueryEscape(iss)
		_, err = tx.ParseCallback(m, location, noon)
		checkError(t, err, want)

		response := goodResponse()
		response["iss"] = iss
		if iss == "" {
			want = ErrClaimInvalid
		}
		tx = signedTransaction("jwt")
		tx.Issuer = m.provider()
		_, err = tx.ParseSignedCallback(m, testKeySet(t), testRedirectURI+"?response="+sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, response)), noon)
		checkError(t, err, want)
	}
}

// Metadata that was kept while the page was away is no other than what was fetched.
func TestAdopt(t *testing.T) {
	source := MetadataSource{Issuer: issuerOf("common"), TrustedAudiences: "api", Tenants: testTenant}
	fetched, err := fetchTenants(t, source, testTemplate)
	if err != nil {
		t.Fatal(err)
	}
	var kept Metadata
	if err := decodeObject(encode(t, fetched), &kept, ErrMetadataInvalid); err != nil {
		t.Fatal(err)
	}
	if err := source.Adopt(&kept); err != nil {
		t.Fatal(err)
	}
	expected := kept.Expect(testClientID, "")
	named, err := expected.issuers.of(testTenant)
	_, refused := expected.issuers.of(otherTenant)
	if kept.provider() != source.Issuer || err != nil || named != issuerOf(testTenant) || !errors.Is(refused, ErrIssuerMismatch) || len(expected.TrustedAudiences) != 1 {
		t.Errorf("expected = %+v", expected)
	}
	other := MetadataSource{Issuer: "https://evil.example/common/v2.0"}
	checkError(t, other.Adopt(&kept), ErrIssuerMismatch)
}

// Signed claims are of the tenant of the ID Token.
func TestUserinfoOfATenant(t *testing.T) {
	m, err := fetchTenants(t, MetadataSource{Issuer: issuerOf("common"), TrustedAudiences: "api"}, testTemplate)
	if err != nil {
		t.Fatal(err)
	}
	for iss, want := range map[string]error{issuerOf(testTenant): nil, issuerOf(otherTenant): ErrIssuerMismatch, testTemplate: ErrIssuerMismatch} {
		request := goodUserinfo()
		request.Issuer, request.ClientID = issuerOf(testTenant), testClientID
		request.Keys, request.Algorithms = testKeySet(t, "ed"), []string{"EdDSA"}
		claims := map[string]any{"iss": iss, "aud": []string{"api", testClientID}, "sub": testSubject}
		body := sign(t, "EdDSA", encode(t, goodHeader("EdDSA")), encode(t, claims))
		_, err := request.Fetch(t.Context(), fakeTransport{"GET " + m.UserinfoEndpoint: respond(200, "application/jwt", body)}, m, noon)
		checkError(t, err, want)
	}
}

// The keys of an authority for several tenants say whose they are: a member issuer, with
// {tenantid} or with one tenant. Microsoft demands that a key of one tenant verifies the
// tokens of that one alone
// (https://learn.microsoft.com/entra/identity-platform/access-tokens, Validate the signing key issuer).
func TestKeyOfOneTenant(t *testing.T) {
	keysOf := func(issuer string) *KeySet {
		published := publicJWK(t, "rsa")
		if issuer != "" {
			published["issuer"] = issuer
		}
		keys, err := ParseKeys([]byte(jwks(t, published)))
		if err != nil {
			t.Fatal(err)
		}
		return keys
	}
	m, err := fetchTenants(t, MetadataSource{Issuer: issuerOf("common")}, testTemplate)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, issuer string // of the key
		tid          any
		want         error
	}{
		{"says nothing", "", testTenant, nil},
		{"of all tenants", testTemplate, testTenant, nil},
		{"of the tenant of the token", issuerOf(testTenant), testTenant, nil},
		{"of another tenant", issuerOf(otherTenant), testTenant, ErrKeyNotFound},
		{"of another template", "https://other.example/{tenantid}/v2.0", testTenant, ErrKeyNotFound},
		{"of an issuer with a slash more", issuerOf(testTenant) + "/", testTenant, ErrKeyNotFound},
		{"of all tenants, and the token is of another than it says", testTemplate, otherTenant, ErrKeyNotFound},
		{"of all tenants, and the token does not say which it is of", testTemplate, nil, ErrKeyNotFound},
		{"of all tenants, and the token is of none", testTemplate, "common", ErrKeyNotFound},
	}
	for _, tt := range tests {
		claims := goodClaims()
		claims["iss"], claims["tid"], claims["ver"] = issuerOf(testTenant), tt.tid, "2.0"
		delete(claims, "at_hash") // of another algorithm
		expected := m.Expect(testClientID, testAccessToken)
		expected.NoNonce = true
		token := sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, claims))
		if _, err := expected.VerifyIDToken(Secret(token), keysOf(tt.issuer), noon); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("a key that is %s: an ID Token: %v", tt.name, err)
		}
		claims["azp"], claims["azpacr"] = testClientID, "0"
		delete(claims, "nonce")
		v := AccessTokenVerifier{
			Issuer: testTemplate, Tenants: []string{testTenant, otherTenant}, Audiences: []string{testClientID},
			Form: AccessTokenForm{Marks: map[string][]string{"azp": nil, "azpacr": nil, "ver": {"2.0"}}},
		}
		token = sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, claims))
		if _, err := v.Verify(token, keysOf(tt.issuer), noon); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("a key that is %s: an access token: %v", tt.name, err)
		}
	}
}

// Members of a key that are not understood are ignored (RFC 7517 4).
func TestKeyWithAnotherIssuer(t *testing.T) {
	for _, issuer := range []any{"CN=Example CA", map[string]any{"CN": "Example CA"}, nil} {
		published := publicJWK(t, "rsa")
		published["issuer"] = issuer
		keys, err := ParseKeys([]byte(jwks(t, published)))
		if err != nil {
			t.Errorf("%v: %v", issuer, err)
			continue
		}
		token := sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, goodClaims()))
		if _, _, err := verifyJWS(token, keys, []string{"RS256"}); err != nil {
			t.Errorf("%v: verifyJWS = %v", issuer, err)
		}
	}
}

// A key set may have a key once for each tenant that uses it.
func TestKeyOfTwoTenants(t *testing.T) {
	own, other := publicJWK(t, "rsa"), publicJWK(t, "rsa")
	own["issuer"], other["issuer"] = issuerOf(testTenant), issuerOf(otherTenant)
	keys, err := ParseKeys([]byte(jwks(t, other, own)))
	if err != nil {
		t.Fatal(err)
	}
	token := sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, map[string]any{"iss": issuerOf(testTenant), "tid": testTenant}))
	if _, _, err := verifyJWS(token, keys, []string{"RS256"}); err != nil {
		t.Errorf("verifyJWS = %v", err)
	}
	if SameKeys(keys, &KeySet{keys: []*jwk{keys.keys[0], {kid: keys.keys[1].kid, public: keys.keys[1].public}}}) {
		t.Error("a key of another issuer is the same")
	}
}
