//go:build known

package oidc

import (
	"strings"
	"testing"
)

// The address of a sign-out, in all, is one that servers take: with what the app adds, and
// as it is written.
func TestKnownSignoutAddressLimit(t *testing.T) {
	hint := Secret(strings.Repeat("h", 4_000))
	state := Secret(strings.Repeat("s", 43))
	tests := []struct {
		name    string
		request EndSessionRequest
	}{
		{"nothing beside", EndSessionRequest{}},
		{"a long extra parameter", EndSessionRequest{Extra: map[string]string{"logout_hint": strings.Repeat("x", 5_000)}}},
		{"a state that grows when it is written", EndSessionRequest{State: state + Secret(";"+strings.Repeat(`{"":`, 450))}},
		{"an address to come back to that grows when it is written", EndSessionRequest{PostLogoutRedirectURI: "https://app.example/?" + strings.Repeat("a=&", 600)}},
	}
	for _, tt := range tests {
		r := tt.request
		r.ClientID, r.IDTokenHint = "app", hint
		if r.State == "" {
			r.State = state
		}
		if r.PostLogoutRedirectURI == "" {
			r.PostLogoutRedirectURI = "https://app.example/"
		}
		to, err := r.Address(&Metadata{EndSessionEndpoint: "https://op.example/logout"})
		if err != nil {
			t.Fatal(err)
		}
		if len(to.URL) > addressLimit && strings.Contains(to.URL, "id_token_hint") {
			t.Errorf("%s: the address has %d bytes, and the hint is in it", tt.name, len(to.URL))
		}
	}
}

// What else a response says belongs to the app, however it came: Keycloak's
// kc_action_status is in a response that is a JWT as it is in any other.
func TestKnownUnknownParametersOfAnyResponse(t *testing.T) {
	signed := goodResponse()
	signed["kc_action_status"] = "success"
	token := sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, signed))
	plain, err := goodTransaction().ParseCallback(goodMetadata(t), testRedirectURI+"?code="+testCode+"&state="+testState+"&iss="+testIssuer+"&kc_action_status=success", noon)
	if err != nil || plain.Parameters["kc_action_status"] != "success" {
		t.Errorf("in the query: %v, %v", plain.Parameters, err)
	}
	jwt, err := signedTransaction("jwt").ParseSignedCallback(goodMetadata(t), testKeySet(t), testRedirectURI+"?response="+token, noon)
	if err != nil || jwt.Parameters["kc_action_status"] != "success" {
		t.Errorf("in a JWT: %v, %v", jwt.Parameters, err)
	}
}

// The keys of an authority for several tenants say whose they are: a member issuer, with
// {tenantid} or with one tenant. Microsoft demands that a key of one tenant verifies the
// tokens of that one alone
// (https://learn.microsoft.com/entra/identity-platform/access-tokens, Validate the signing key issuer).
func TestKnownKeyOfOneTenant(t *testing.T) {
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
		good         bool
	}{
		{"says nothing", "", true},
		{"of all tenants", testTemplate, true},
		{"of the tenant of the token", issuerOf(testTenant), true},
		{"of another tenant", issuerOf(otherTenant), false},
		{"of another template", "https://other.example/{tenantid}/v2.0", false},
	}
	for _, tt := range tests {
		claims := goodClaims()
		claims["iss"], claims["tid"], claims["ver"] = issuerOf(testTenant), testTenant, "2.0"
		delete(claims, "at_hash") // of another algorithm
		expected := m.Expect(testClientID, testAccessToken)
		expected.NoNonce = true
		token := sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, claims))
		if _, err := expected.VerifyIDToken(Secret(token), keysOf(tt.issuer), noon); (err == nil) != tt.good {
			t.Errorf("a key that is %s: an ID Token: %v", tt.name, err)
		}
		claims["azp"], claims["azpacr"] = testClientID, "0"
		delete(claims, "nonce")
		v := AccessTokenVerifier{
			Issuer: testTemplate, Tenants: []string{testTenant, otherTenant}, Audiences: []string{testClientID},
			Form: AccessTokenForm{Marks: map[string][]string{"azp": nil, "azpacr": nil, "ver": {"2.0"}}},
		}
		token = sign(t, "RS256", encode(t, goodHeader("RS256")), encode(t, claims))
		if _, err := v.Verify(token, keysOf(tt.issuer), noon); (err == nil) != tt.good {
			t.Errorf("a key that is %s: an access token: %v", tt.name, err)
		}
	}
}
