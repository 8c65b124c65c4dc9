package oidctest

import (
	"net/url"
	"strings"
	"time"
)

// legal returns rows that are to be accepted.
func legal(flow Flow, rows ...Case) []Case {
	for i := range rows {
		rows[i].Level, rows[i].Flow = Legal, flow
	}
	return rows
}

// together makes several edits.
func together(edits ...func(*OP)) func(*OP) {
	return func(op *OP) {
		for _, edit := range edits {
			edit(op)
		}
	}
}

// accessToken answers with another access token than the at_hash would be of.
func accessToken(token string) func(*OP) {
	return together(claim("at_hash", unset{}), response("access_token", token))
}

// signedBy publishes keys of these algorithms; the first one signs.
func signedBy(algorithms ...string) func(*OP) {
	return func(op *OP) {
		op.Keys = nil
		for _, alg := range algorithms {
			op.Keys = append(op.Keys, NewKey(alg, "key-"+strings.ToLower(alg)))
		}
	}
}

// among publishes other keys beside the good one, in front of it.
func among(others ...any) func(*OP) {
	return jwks(func(op *OP) any { return append(others[:len(others):len(others)], op.PublicJWK()) })
}

// stale answers once with a key of before, as a cache does.
func stale(op *OP) {
	asked := 0
	op.EditJWKS = func(jwks map[string]any) {
		if asked++; asked == 1 {
			jwks["keys"] = []any{NewKey("RS256", "key-of-yesterday").JWK()}
		}
	}
}

// legalCases are about what a provider may do, and some do, before a token is
// looked at.
func legalCases() []Case {
	const suite = "oidcc-client-test"
	const discovery, response = "OIDC Discovery 3", "RFC 6749 4.1.2"
	extra := func(p url.Values) {
		p.Set("session_state", "s.1")
		p.Set("scope", "openid")
		p["unknown"] = []string{"twice", "twice"}
	}
	rows := legal(FlowRedirect, []Case{
		{Name: suite, Spec: "OIDC Core 3.1", Edit: func(*OP) {}},
		{Name: suite + "-scope-userinfo-claims", Spec: "OIDC Core 5.4", Edit: user("name", "Test User")},
		{Name: suite + "-discovery-openid-config", Spec: discovery, Edit: metadata("claims_supported", []string{"sub"})},
		{Name: suite + "-discovery-jwks-uri-keys", Spec: discovery, Edit: func(op *OP) { op.JWKSPath = "/keys-of-today" }},
		{Name: "an issuer with a path", Spec: "OIDC Discovery 4.1", Edit: func(op *OP) { op.Issuer += "/realms/one" }},
		{Name: "an issuer with a slash at the end", Spec: "OIDC Discovery 4.1", Edit: func(op *OP) { op.Issuer += "/" }},
		{Name: "metadata without code_challenge_methods_supported", Spec: "RFC 9700 4.7.1", Edit: metadata("code_challenge_methods_supported", unset{})},
		{Name: "metadata with plain and S256", Spec: "RFC 7636 4.2", Edit: metadata("code_challenge_methods_supported", []string{"plain", "S256"})},
		{Name: "metadata without none among the ways to authenticate", Spec: discovery, Edit: metadata("token_endpoint_auth_methods_supported", []string{"client_secret_basic"})},
		{Name: "metadata without an end_session_endpoint", Spec: "RP-Initiated Logout 2.1", Edit: metadata("end_session_endpoint", unset{})},
		{Name: "metadata with algorithms that nobody knows", Spec: discovery, Edit: metadata("id_token_signing_alg_values_supported", []string{"XY999", "none", "RS256"})},
		{Name: "metadata with members that nobody knows", Spec: "OIDC Discovery 4.2", Edit: func(op *OP) {
			op.EditMetadata = func(m map[string]any) { m["x"], m["y"], m["z"] = []any{1, nil}, map[string]any{"a": true}, nil }
		}},
		{Name: "metadata with members of another case", Spec: "RFC 8259 4", Edit: metadata("Issuer", "https://evil.example")},
		{Name: "metadata with a query in the authorization_endpoint", Spec: "RFC 6749 3.1", Edit: func(op *OP) {
			metadata("authorization_endpoint", op.Base()+"/authorize?tenant=1")(op)
		}},
		{Name: "metadata with a charset", Spec: "RFC 8259 11", Edit: typed(Discovery, "application/json; charset=UTF-8")},
		{Name: "metadata with white space", Spec: "RFC 8259 2", Edit: body(Discovery, func(s string) string { return "\r\n\t " + s + "\n" })},
		{Name: "callback with parameters more", Spec: response, Edit: func(op *OP) { op.EditCallback = extra }},
		{Name: "callback with iss, not announced", Spec: "RFC 9207 2.4", Edit: metadata("authorization_response_iss_parameter_supported", unset{})},
		{Name: "callback without iss, not announced", Spec: "RFC 9207 2.4", Edit: together(
			metadata("authorization_response_iss_parameter_supported", unset{}), parameter("iss"))},
		{Name: "callback with a code of 3000 characters", Spec: response, Edit: renameCode(strings.Repeat("c", 3000))},
		{Name: "callback with a code that needs escapes", Spec: response, Edit: renameCode("a+b/c=d&e%f g;h#i?j")},
		{Name: suite + "-signing-key-rotation-just-before-signing", Spec: "OIDC Core 10.1.1", Edit: stale},
		{Name: "keys as application/jwk-set+json", Spec: "RFC 7517 8.5.2", Edit: typed(JWKS, "application/jwk-set+json")},
		{Name: "keys with errors among good ones", Spec: "RFC 7517 5", Edit: among(
			nil, 7, "key", map[string]any{}, map[string]any{"kty": "XYZ", "kid": "key-1"},
			map[string]any{"kty": "RSA", "kid": "key-1", "n": "!", "e": "AQAB"},
			map[string]any{"kty": "EC", "kid": "key-1", "crv": "P-256", "x": "AA", "y": "AA"})},
		{Name: "weak, symmetric and encryption keys among good ones", Spec: "OIDC Core 10.1", Edit: among(
			weakKey, sharedKey, map[string]any{"kty": "RSA", "use": "enc", "kid": "key-1", "n": encode([]byte(strings.Repeat("\xc5", 256))), "e": "AQAB"})},
		{Name: "a key without alg", Spec: "RFC 7517 4.4", Edit: jwk("alg", unset{})},
		{Name: "a key without use", Spec: "RFC 7517 4.2", Edit: jwk("use", unset{})},
		{Name: "a key with a certificate that nobody can read", Spec: "RFC 7517 4.7", Edit: jwk("x5c", []string{"nonsense"})},
		{Name: "a key with its certificate", Spec: "RFC 7517 4.7", Edit: certified("key-1")},
		{Name: "a key with the certificate of another one", Spec: "RFC 7517 4.7", Edit: certified("key-of-somebody-else")},
		{Name: "a key with members that nobody knows", Spec: "RFC 7517 4", Edit: jwk("nbf", map[string]any{"a": 1})},
		{Name: suite + "-kid-absent-single-jwks", Spec: "OIDC Core 10.1", Edit: together(header("kid", unset{}), jwk("kid", unset{}))},
		{Name: suite + "-kid-absent-multiple-jwks", Spec: "OIDC Core 10.1", Edit: together(header("kid", unset{}), func(op *OP) {
			op.Keys = []*Key{NewKey("ES256", "a"), NewKey("RS256", "b"), op.Keys[0]}
			op.Signer = op.Keys[2]
		})},
		{Name: "two keys of different types under one kid", Spec: "OIDC Core 10.1", Edit: func(op *OP) {
			op.Keys = []*Key{NewKey("ES256", "key-1"), op.Keys[0]}
			op.Signer = op.Keys[1]
		}},
		{Name: "one RSA key for RS256 and PS256", Spec: "RFC 7517 4.4", Edit: together(signedBy("PS256"), jwk("alg", unset{}))},
	}...)
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"} {
		name := "ID Token signed by " + alg
		if alg == "RS256" {
			name = suite + "-idtoken-sig-rs256"
		}
		rows = append(rows, legal(FlowRedirect, Case{Name: name, Spec: "RFC 7518 3.1", Edit: signedBy(alg, "ES256")})...)
	}
	return append(rows, legal(FlowRedirect,
		Case{Name: "EdDSA with a key for Ed25519", Spec: "RFC 9864 2.2", Edit: together(signedBy("EdDSA"), jwk("alg", "Ed25519"))},
	)...)
}

// certified publishes the key with a certificate of a key.
func certified(id string) func(*OP) { return jwk("x5c", []string{NewKey("RS256", id).Certificate()}) }

func typed(endpoint, contentType string) func(*OP) {
	return func(op *OP) { op.ContentTypes = map[string]string{endpoint: contentType} }
}

// renameCode calls the next code something else.
func renameCode(name string) func(*OP) {
	return func(op *OP) {
		op.EditCallback = func(p url.Values) {
			op.codes[name] = op.codes[p.Get("code")]
			op.remember(name)
			p.Set("code", name)
		}
	}
}

// legalTokenCases are about tokens, userinfo and renewals that look odd.
func legalTokenCases() []Case {
	const suite, fapi = "oidcc-client-test-", "fapi2-security-profile-final-client-test-"
	const ok, core, renewal = "RFC 6749 5.1", "OIDC Core 2", "OIDC Core 12.2"
	rows := legal(FlowRedirect, []Case{
		{Name: "access token that is no JWT", Spec: "RFC 6749 1.4", Edit: accessToken("~opaque/token+1==")},
		{Name: "access token that looks like a JWT", Spec: "RFC 6749 1.4", Edit: accessToken("eyJhbGciOiJub25lIn0.e30.")},
		{Name: "access token of 8 kB", Spec: "RFC 6749 1.4", Edit: accessToken(strings.Repeat("t", 8<<10))},
		{Name: "token_type in lower case", Spec: ok, Edit: response("token_type", "bearer")},
		{Name: fapi + "token-type-case-insensitivity", Spec: ok, Edit: response("token_type", "bEARER")},
		{Name: fapi + "token-endpoint-response-without-expires_in", Spec: ok, Edit: response("expires_in", unset{})},
		{Name: "expires_in null", Spec: ok, Edit: response("expires_in", nil)},
		{Name: "expires_in a string", Spec: ok, Edit: response("expires_in", "3600")},
		{Name: "expires_in 6e11", Spec: ok, Edit: response("expires_in", 6e11)},
		{Name: "expires_in 1e300", Spec: ok, Edit: response("expires_in", 1e300)},
		{Name: "expires_in zero", Spec: ok, Edit: response("expires_in", 0)},
		{Name: "expires_in with a fraction", Spec: ok, Edit: response("expires_in", 3599.5)},
		{Name: "scope missing", Spec: ok, Edit: response("scope", unset{})},
		{Name: "scope narrower", Spec: ok, Edit: response("scope", "openid")},
		{Name: "refresh_token that nobody expects", Spec: ok, Edit: response("refresh_token", "~opaque/refresh+1==")},
		{Name: "token answer with members more", Spec: ok, Edit: response("x", map[string]any{"a": []any{1, nil}})},
		{Name: "token answer with a charset", Spec: ok, Edit: typed(Token, "Application/JSON;charset=utf-8")},
		{Name: suite + "missing-athash", Spec: "OIDC Core 3.1.3.6", Edit: claim("at_hash", unset{})},
		{Name: fapi + "valid-aud-as-array", Spec: core, Edit: derived("aud", func(op *OP) any { return []string{op.ClientID} })},
		{Name: "azp of the client", Spec: core, Edit: derived("azp", func(op *OP) any { return op.ClientID })},
		{Name: "typ JWT", Spec: "RFC 7519 5.1", Edit: header("typ", "JWT")},
		{Name: "typ in lower case", Spec: "RFC 7519 5.1", Edit: header("typ", "jwt")},
		{Name: "a header member that nobody knows", Spec: "RFC 7515 4", Edit: header("x", map[string]any{"a": 1})},
		{Name: "x5t in the header", Spec: "RFC 7515 4.1.7", Edit: header("x5t", "AAAA")},
		{Name: "times with a fraction", Spec: "RFC 7519 2", Edit: claims(map[string]any{
			"exp": func() any { return float64(time.Now().Unix()) + 300.5 }, "iat": func() any { return float64(time.Now().Unix()) - 0.5 },
		})},
		{Name: "clock of the client 20 s ahead", Spec: "OIDC Core 3.1.3.7 step 9", Edit: at("exp", -20*time.Second)},
		{Name: "clock of the client 20 s behind", Spec: "OIDC Core 3.1.3.7 step 10", Edit: claims(map[string]any{"iat": in(20 * time.Second), "nbf": in(20 * time.Second)})},
		{Name: "iat of long ago", Spec: "OIDC Core 3.1.3.7 step 10", Edit: at("iat", -day)},
		{Name: "no auth_time", Spec: core, Edit: claim("auth_time", unset{})},
		{Name: "auth_time within max_age", Spec: "OIDC Core 3.1.3.7 step 13", Edit: at("auth_time", -time.Minute), MaxAge: 300},
		{Name: "acr, amr, sid and jti", Spec: core, Edit: claims(map[string]any{"acr": "0", "amr": []string{"pwd"}, "sid": "s", "jti": "j"})},
		{Name: "sub of 255 characters", Spec: core, Edit: func(op *OP) { op.Subject = strings.Repeat("s", 255) }},
		{Name: suite + "aggregated-claims", Spec: "OIDC Core 5.6.2", Edit: claims(map[string]any{"_claim_names": map[string]any{"address": "src1"},
			"_claim_sources": map[string]any{"src1": map[string]any{"JWT": "a.b.c"}}})},
		{Name: suite + "distributed-claims", Spec: "OIDC Core 5.6.2", Edit: claims(map[string]any{"_claim_names": map[string]any{"score": "src1"},
			"_claim_sources": map[string]any{"src1": map[string]any{"endpoint": "https://claims.example", "access_token": "t"}}})},
		{Name: "claims in every script", Spec: "OIDC Core 5.2", Edit: claims(map[string]any{"name#ja-Hani-JP": "佐藤", "nickname": "🦊\u2028\x00", "Iss": "https://evil.example", "x": nil})},
	}...)
	rows = append(rows, legal(FlowUserinfo, []Case{
		{Name: suite + "userinfo-bearer-header", Spec: "RFC 6750 2.1", Edit: func(*OP) {}},
		{Name: suite + "userinfo-signed", Spec: "OIDC Core 5.3.2", Edit: func(op *OP) { op.SignUserinfo = true }},
		{Name: "signed userinfo without iss and aud", Spec: "OIDC Core 5.3.2", Edit: func(op *OP) {
			op.SignUserinfo = true
			op.EditUserinfoJWT = func(_, claims map[string]any) { delete(claims, "iss"); delete(claims, "aud") }
		}},
		{Name: "userinfo with a charset", Spec: "OIDC Core 5.3.2", Edit: typed(Userinfo, "application/json; charset=utf-8")},
		{Name: "userinfo with members more", Spec: "OIDC Core 5.3.2", Edit: user("email_verified", "true")},
	}...)...)
	rows = append(rows, legal(FlowFrame, []Case{
		{Name: "frame: as it should be", Spec: "OIDC Core 3.1.2.1", Edit: func(*OP) {}},
		{Name: suite + "signing-key-rotation", Spec: "OIDC Core 10.1.1", Edit: func(op *OP) { op.Rotate() }},
		{Name: "frame: parameters more", Spec: "RFC 6749 4.1.2", Edit: parameter("session_state", "s.1")},
		{Name: "frame: auth_time of a later sign-in", Spec: "OIDC Core 3.1.2.1", Edit: at("auth_time", -time.Minute)},
	}...)...)
	rows = append(rows, legal(FlowRefresh, []Case{
		{Name: suite + "refresh-token", Spec: renewal, Edit: func(*OP) {}, Silent: []string{Authorize}},
		{Name: "refresh: no refresh_token", Spec: "RFC 6749 6", Edit: func(op *OP) { op.KeepRefreshTokens = true }, Silent: []string{Authorize}},
		{Name: "refresh: no id_token", Spec: renewal, Edit: response("id_token", unset{}), Silent: []string{Authorize}},
		{Name: "refresh: the nonce of the sign-in", Spec: renewal, Edit: func(op *OP) { op.RepeatNonce = true }, Silent: []string{Authorize}},
		{Name: "refresh: no auth_time", Spec: renewal, Edit: claim("auth_time", unset{}), Silent: []string{Authorize}},
		{Name: "refresh: aud as an array", Spec: renewal, Edit: derived("aud", func(op *OP) any { return []string{op.ClientID} }), Silent: []string{Authorize}},
		{Name: "refresh: no at_hash", Spec: renewal, Edit: claim("at_hash", unset{}), Silent: []string{Authorize}},
		{Name: "refresh: no expires_in", Spec: ok, Edit: response("expires_in", unset{}), Silent: []string{Authorize}},
		{Name: "refresh: no scope", Spec: ok, Edit: response("scope", unset{}), Silent: []string{Authorize}},
		{Name: "refresh: scope narrower", Spec: "RFC 6749 6", Edit: response("scope", "openid"), Silent: []string{Authorize}},
		{Name: "refresh: members more", Spec: ok, Edit: response("not_before", 0), Silent: []string{Authorize}},
		{Name: "refresh: a key that is new", Spec: "OIDC Core 10.1.1", Edit: func(op *OP) { op.Rotate() }, Silent: []string{Authorize}},
		{Name: "refresh: invalid_grant, and a session", Spec: "RFC 6749 5.2", Edit: func(op *OP) { clear(op.refresh) }},
	}...)...)
	return rows
}
