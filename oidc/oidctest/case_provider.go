package oidctest

import (
	"net/url"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// discoveryCases are about the metadata: whoever refuses it, sends nobody to
// the provider (OIDC Discovery 4.3).
func discoveryCases() []Case {
	const suite = "oidcc-client-test-discovery-issuer-mismatch"
	issuer := func(change func(string) any) func(*OP) {
		return func(op *OP) { metadata("issuer", change(op.Issuer))(op) }
	}
	rows := []Case{
		{Name: suite, Spec: "OIDC Discovery 4.3", Edit: metadata("issuer", "https://evil.example"), Want: oidc.ErrIssuerMismatch},
		{Name: "fapi2-security-profile-final-client-test-discovery-issuer-mismatch: a slash more", Spec: "RFC 8414 3.3",
			Edit: issuer(func(s string) any { return s + "/" }), Want: oidc.ErrIssuerMismatch},
		{Name: suite + ": in upper case", Spec: "OIDC Discovery 4.3", Edit: issuer(func(s string) any { return strings.ToUpper(s) }), Want: oidc.ErrIssuerMismatch},
		{Name: suite + ": a longer name", Spec: "CVE-2024-53861", Edit: issuer(func(s string) any { return s + ".evil.example" }), Want: oidc.ErrIssuerMismatch},
		{Name: suite + ": missing", Spec: "OIDC Discovery 3", Edit: metadata("issuer", unset{}), Want: oidc.ErrIssuerMismatch},
		{Name: suite + ": null", Spec: "OIDC Discovery 3", Edit: metadata("issuer", nil), Want: oidc.ErrIssuerMismatch},
		{Name: suite + ": an array", Spec: "CVE-2025-30144", Edit: issuer(func(s string) any { return []string{s} }), Want: oidc.ErrMetadataInvalid},
		{Name: "metadata with an authorization_endpoint that runs script", Spec: "OIDC Discovery 3",
			Edit: metadata("authorization_endpoint", "javascript:alert(1)"), Want: oidc.ErrMetadataInvalid},
		{Name: "metadata with a relative token_endpoint", Spec: "OIDC Discovery 3", Edit: metadata("token_endpoint", "/token"), Want: oidc.ErrMetadataInvalid},
		{Name: "metadata with a fragment in the authorization_endpoint", Spec: "RFC 6749 3.1",
			Edit: metadata("authorization_endpoint", "https://op.example/a#b"), Want: oidc.ErrMetadataInvalid},
		{Name: "metadata with a password in the token_endpoint", Spec: "RFC 9110 4.2.4",
			Edit: metadata("token_endpoint", "https://u:p@op.example/token"), Want: oidc.ErrMetadataInvalid},
		{Name: "metadata without the response type code", Spec: "OIDC Discovery 3",
			Edit: metadata("response_types_supported", []string{"id_token"}), Want: oidc.ErrUnsupported},
		{Name: "metadata with PKCE plain alone", Spec: "RFC 7636 7.2",
			Edit: metadata("code_challenge_methods_supported", []string{"plain"}), Want: oidc.ErrUnsupported},
		{Name: "metadata with the algorithm none alone", Spec: "OIDC Core 3.1.3.7 step 7",
			Edit: metadata("id_token_signing_alg_values_supported", []string{"none"}), Want: oidc.ErrUnsupported},
		{Name: "metadata with HMAC alone", Spec: "OIDC Core 3.1.3.7 step 8",
			Edit: metadata("id_token_signing_alg_values_supported", []string{"HS256", "HS512"}), Want: oidc.ErrUnsupported},
		{Name: "metadata of status 404", Spec: "OIDC Discovery 4.2", Edit: raw(Discovery, 404, jsonType, "{}"), Want: oidc.ErrHTTPStatus},
		{Name: "metadata of status 503", Spec: "OIDC Discovery 4.2", Edit: raw(Discovery, 503, htmlType, page), Want: oidc.ErrHTTPStatus},
	}
	for _, name := range []string{
		"authorization_endpoint", "token_endpoint", "jwks_uri",
		"response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
	} {
		rows = append(rows,
			Case{Name: "metadata without " + name, Spec: "OIDC Discovery 3", Edit: metadata(name, unset{}), Want: oidc.ErrMetadataInvalid},
			Case{Name: "metadata with a number as " + name, Spec: "OIDC Discovery 4.2", Edit: metadata(name, 7), Want: oidc.ErrMetadataInvalid})
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
		rows = append(rows, Case{Name: "metadata with " + name + " over http", Spec: "RFC 6749 3.1, 3.2",
			Edit: metadata(name, "http://op.example/x"), Want: oidc.ErrInsecureURL})
	}
	silent := []string{Authorize, Token, JWKS, Userinfo}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent = Must, FlowRedirect, silent
	}
	return append(rows, answerCases("metadata", "OIDC Discovery 4.2", FlowRedirect, Discovery, silent...)...)
}

// jwk changes the published key.
func jwk(name string, value any) func(*OP) {
	return func(op *OP) {
		op.EditJWKS = func(jwks map[string]any) {
			key := op.PublicJWK()
			put(key, name, value)
			jwks["keys"] = []any{key}
		}
	}
}

// jwks replaces the published keys.
func jwks(keys func(op *OP) any) func(*OP) {
	return func(op *OP) { op.EditJWKS = func(jwks map[string]any) { jwks["keys"] = keys(op) } }
}

// weakKey is the public part of an RSA key of 1024 bits.
var weakKey = map[string]any{"kty": "RSA", "kid": "key-1", "use": "sig", "alg": "RS256", "e": "AQAB",
	"n": encode([]byte(strings.Repeat("\xc5", 128)))}

var sharedKey = map[string]any{"kty": "oct", "kid": "key-1", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I"}

// keysCases are about the keys: without one, no token is believed.
func keysCases() []Case {
	rows := []Case{
		{Name: "keys missing", Spec: "RFC 7517 5", Edit: func(op *OP) {
			op.EditJWKS = func(jwks map[string]any) { delete(jwks, "keys") }
		}, Want: oidc.ErrKeysInvalid},
		{Name: "no keys", Spec: "RFC 7517 5", Edit: jwks(func(*OP) any { return []any{} }), Want: oidc.ErrKeysInvalid},
		{Name: "keys in an object", Spec: "RFC 7517 5.1", Edit: jwks(func(op *OP) any { return op.PublicJWK() }), Want: oidc.ErrKeysInvalid},
		{Name: "an RSA key of 1024 bits", Spec: "RFC 7518 3.3", Edit: jwks(func(*OP) any { return []any{weakKey} }), Want: oidc.ErrKeysInvalid},
		{Name: "a symmetric key", Spec: "OIDC Core 10.1", Edit: jwks(func(*OP) any { return []any{sharedKey} }), Want: oidc.ErrKeysInvalid},
		{Name: "a key for encryption", Spec: "RFC 7517 4.2", Edit: jwk("use", "enc"), Want: oidc.ErrKeysInvalid},
		{Name: "a key with key_ops that do not verify", Spec: "RFC 7517 4.3", Edit: jwk("key_ops", []string{"encrypt"}), Want: oidc.ErrKeysInvalid},
		{Name: "a private key", Spec: "OIDC Discovery 3", Edit: jwk("d", "AQAB"), Want: oidc.ErrKeysInvalid},
		{Name: "a key of an unknown type", Spec: "RFC 7517 5", Edit: jwk("kty", "XYZ"), Want: oidc.ErrKeysInvalid},
		{Name: "an RSA key for ES256", Spec: "RFC 8725 3.1", Edit: jwk("alg", "ES256"), Want: oidc.ErrKeysInvalid},
		{Name: "a key for another algorithm", Spec: "RFC 7517 4.4", Edit: jwk("alg", "PS256"), Want: oidc.ErrKeyNotFound},
		{Name: "a key of another kid", Spec: "OIDC Core 10.1", Edit: jwk("kid", "other"), Want: oidc.ErrKeyNotFound},
		{Name: "a key of another type under the same kid", Spec: "OIDC Core 10.1",
			Edit: jwks(func(*OP) any { return []any{NewKey("ES256", "key-1").JWK()} }), Want: oidc.ErrKeyNotFound},
		{Name: "another key under the same kid", Spec: "OIDC Core 3.1.3.7 step 6",
			Edit: func(op *OP) {
				op.Signer = &Key{ID: "key-1", Alg: "RS256", private: NewKey("RS256", "stranger").private}
			}, Want: oidc.ErrSignatureInvalid},
		{Name: "keys of status 404", Spec: "OIDC Discovery 3", Edit: raw(JWKS, 404, jsonType, "{}"), Want: oidc.ErrHTTPStatus},
		{Name: "keys of status 500", Spec: "OIDC Discovery 3", Edit: raw(JWKS, 500, htmlType, page), Want: oidc.ErrHTTPStatus},
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent = Must, FlowRedirect, []string{Userinfo}
	}
	return append(rows, answerCases("keys", "OIDC Discovery 3", FlowRedirect, JWKS, Userinfo)...)
}

// callbackCases are about the Authentication Response: whoever refuses it
// asks for no tokens (RFC 6749 4.1.2, RFC 9207 2.4).
func callbackCases() []Case {
	const (
		fapi  = "fapi2-security-profile-final-client-test-"
		rfc   = "RFC 6749 4.1.2"
		rfc92 = "RFC 9207 2.4"
	)
	iss := func(change func(string) string) func(*OP) {
		return func(op *OP) { parameter("iss", change(op.Issuer))(op) }
	}
	rows := []Case{
		{Name: fapi + "invalid-authorization-response-iss", Spec: rfc92, Edit: parameter("iss", "https://evil.example"), Want: oidc.ErrIssuerMismatch},
		{Name: fapi + "remove-authorization-response-iss", Spec: rfc92, Edit: parameter("iss"), Want: oidc.ErrIssuerMismatch},
		{Name: "callback with an empty iss", Spec: rfc92, Edit: parameter("iss", ""), Want: oidc.ErrIssuerMismatch},
		{Name: "callback with a slash more in iss", Spec: rfc92, Edit: iss(func(s string) string { return s + "/" }), Want: oidc.ErrIssuerMismatch},
		{Name: "callback with iss in upper case", Spec: rfc92, Edit: iss(strings.ToUpper), Want: oidc.ErrIssuerMismatch},
		{Name: "callback with an error of somebody else", Spec: rfc92, Edit: failed("access_denied", "iss", "https://evil.example"), Want: oidc.ErrIssuerMismatch},
		{Name: fapi + "ensure-authorization-response-with-invalid-state-fails", Spec: rfc, Edit: parameter("state", "other"), Want: oidc.ErrStateUnknown, Requests: again},
		{Name: fapi + "ensure-authorization-response-with-invalid-missing-state-fails", Spec: "CVE-2018-7307", Edit: parameter("state"), Want: oidc.ErrStateMismatch},
		{Name: "callback with an empty state", Spec: rfc, Edit: parameter("state", ""), Want: oidc.ErrStateMismatch},
		{Name: "callback with an error of another state", Spec: rfc, Edit: failed("access_denied", "state", "other"), Want: oidc.ErrStateUnknown, Requests: again},
		{Name: "callback with the code twice", Spec: "RFC 6749 3.1", Edit: parameter("code", "one", "two"), Want: oidc.ErrCallbackMalformed},
		{Name: "callback with iss twice", Spec: "RFC 6749 3.1", Edit: func(op *OP) { parameter("iss", "https://evil.example", op.Issuer)(op) }, Want: oidc.ErrCallbackMalformed},
		{Name: "callback with state twice", Spec: "RFC 6749 3.1", Edit: func(op *OP) {
			op.EditCallback = func(p url.Values) { p["state"] = append(p["state"], "other") }
		}, Want: oidc.ErrCallbackMalformed},
		{Name: "callback with an error twice", Spec: "RFC 6749 3.1", Edit: func(op *OP) {
			op.EditCallback = func(p url.Values) { delete(p, "code"); p["error"] = []string{"access_denied", "server_error"} }
		}, Want: oidc.ErrCallbackMalformed},
		{Name: "callback with an empty code", Spec: rfc, Edit: parameter("code", ""), Want: oidc.ErrCallbackMalformed},
		{Name: "callback with access_denied", Spec: "RFC 6749 4.1.2.1", Edit: failed("access_denied", "error_description", "<b>No</b>"), Want: oidc.ErrProvider},
		{Name: "callback with an error without description", Spec: "RFC 6749 4.1.2.1", Edit: failed("server_error"), Want: oidc.ErrProvider},
		{Name: "callback with an error that nobody registered", Spec: "RFC 6749 4.1.2.1", Edit: failed("Such a pity!"), Want: oidc.ErrProvider},
		{Name: "callback with an error and a code", Spec: "RFC 6749 4.1.2.1", Edit: parameter("error", "access_denied"), Want: oidc.ErrProvider},
	}
	for i := range rows {
		rows[i].Level, rows[i].Flow, rows[i].Silent = Must, FlowRedirect, []string{Token, JWKS, Userinfo}
	}
	rows = append(rows, Case{
		Name: "callback with iss of somebody else, not announced", Spec: rfc92, Level: Should, Flow: FlowRedirect,
		Edit: func(op *OP) {
			metadata("authorization_response_iss_parameter_supported", unset{})(op)
			parameter("iss", "https://evil.example")(op)
		},
		Want: oidc.ErrIssuerMismatch, Silent: []string{Token, JWKS, Userinfo},
	})
	return rows
}
