package oidctest

import "github.com/oidcspa/oidcspa/oidc"

// readOn is when the sources were read, where a profile does not say otherwise.
const readOn = "2026-11-29"

// ownCode is a file of a provider's repository, at a revision.
func ownCode(repository, revision, path, what string) Source {
	return Source{
		Kind: Code, URL: "https://github.com/" + repository + "/blob/" + revision + "/" + path,
		Date: "revision " + revision[:12], Read: readOn, For: what,
	}
}

// ownDocs is a file of a repository of a provider's documentation.
func ownDocs(repository, revision, path, date, what string) Source {
	s := ownCode(repository, revision, path, what)
	s.Kind = Example
	if date != "" {
		s.Date = date
	}
	return s
}

// ownPage is a page of a provider.
func ownPage(url, what string) Source {
	return Source{Kind: Example, URL: url, Read: readOn, For: what}
}

// elsewhere is a page of somebody else.
func elsewhere(url, what string) Source {
	return Source{Kind: Elsewhere, URL: url, Read: readOn, For: what}
}

// plainKeys are those of most providers.
const plainKeys = `{"keys": [{"kid": "$kid", "kty": "$kty", "alg": "$alg", "use": "sig", "n": "$n", "e": "$e"}]}`

// invalidGrant is the denial that the specification names (RFC 6749 5.2).
var invalidGrant = Denial{Status: 400, Body: `{"error": "invalid_grant"}`}

// preset is the limit of access tokens that do not say by their header that they are
// some: an API has to name the provider whose claims say so.
func preset(name, why string) Limit {
	return Limit{Step: StepAPI, Code: oidc.ErrTypeNotAllowed, Setting: "Tokens", Value: "resource." + name, Why: why}
}

// opaque is the limit of access tokens that nobody can read.
func opaque(why string) Limit {
	return Limit{Step: StepAPI, Code: oidc.ErrTokenMalformed, Why: why}
}

// noSignout is the limit of a provider without an end_session_endpoint.
func noSignout(why string) Limit {
	return Limit{Step: StepSignout, Code: oidc.ErrUnsupported, Why: why}
}

// withSecret is a sign-in at a provider that gives every client a secret.
func withSecret(why string) Limit {
	return Limit{Step: StepSignin, Code: oidc.ErrProvider, Setting: "client_secret", Value: "secret", Why: why}
}

func keycloakProfiles() []Profile {
	const metadata = `{
		"issuer": "https://op.example.test/realms/acme",
		"authorization_endpoint": "https://op.example.test/realms/acme/protocol/openid-connect/auth",
		"token_endpoint": "https://op.example.test/realms/acme/protocol/openid-connect/token",
		"introspection_endpoint": "https://op.example.test/realms/acme/protocol/openid-connect/token/introspect",
		"userinfo_endpoint": "https://op.example.test/realms/acme/protocol/openid-connect/userinfo",
		"end_session_endpoint": "https://op.example.test/realms/acme/protocol/openid-connect/logout",
		"jwks_uri": "https://op.example.test/realms/acme/protocol/openid-connect/certs",
		"check_session_iframe": "https://op.example.test/realms/acme/protocol/openid-connect/login-status-iframe.html",
		"revocation_endpoint": "https://op.example.test/realms/acme/protocol/openid-connect/revoke",
		"pushed_authorization_request_endpoint": "https://op.example.test/realms/acme/protocol/openid-connect/ext/par/request",
		"require_pushed_authorization_requests": false,
		"frontchannel_logout_supported": true, "backchannel_logout_supported": true,
		"grant_types_supported": ["authorization_code", "client_credentials", "implicit", "password", "refresh_token"],
		"acr_values_supported": ["silver", "gold", "0", "1"],
		"response_types_supported": ["code", "none", "id_token", "token", "id_token token", "code id_token", "code token", "code id_token token"],
		"response_modes_supported": ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"],
		"subject_types_supported": ["public", "pairwise"],
		"prompt_values_supported": ["none", "login", "consent", "create"],
		"id_token_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "HS512", "ES256", "RS256", "HS384", "ES512", "PS256", "PS512", "RS512"],
		"authorization_signing_alg_values_supported": ["PS256", "RS256", "ES256"],
		"dpop_signing_alg_values_supported": ["PS256", "RS256", "ES256", "EdDSA"],
		"code_challenge_methods_supported": ["plain", "S256"],
		"authorization_response_iss_parameter_supported": true,
		"mtls_endpoint_aliases": {"token_endpoint": "https://op.example.test/realms/acme/protocol/openid-connect/token"}}`
	current := Profile{
		Name: "Keycloak 26",
		Sources: []Source{{
			Kind: Recording, URL: "https://github.com/keycloak/keycloak/tree/26.7.3", Date: "26.7.3", Read: "2026-11",
			For: "all answers, of a running server",
		}},
		Inferred: []string{"the order of the lists in Metadata"},
		Register: "A client with *Client authentication* off, the address of `callback.html` in *Valid redirect URIs*, the origin of the app in *Web origins*, " +
			"`S256` as PKCE method, and where to come back to in *Valid post logout redirect URIs*. `authority` is `https://HOST/realms/REALM`, before Keycloak 17 `https://HOST/auth/realms/REALM`.",
		Quirks: []string{
			"A refresh token comes without the scope `offline_access`. With it there is no single sign-on session: nothing restores the session after a reload.",
			"The access token has the API as `aud` only with an audience mapper at the client.",
			"A lightweight access token has neither `sub` nor `aud`, and an API refuses it (`claim_invalid`): set *Always use lightweight access token* off for its clients, " +
				"or have the client scope `basic` and the audience mapper add both (*Add to lightweight access token*).",
			"Metadata says that pushed requests are not demanded, although a single client may demand them: set `par: \"required\"` then.",
		},
		Authority: "https://op.example.test/realms/acme",
		Audience:  "https://api.example.test",
		Metadata:  metadata,
		Keys: `{"keys": [
			{"kid": "enc-1", "kty": "$kty2", "alg": "RSA-OAEP", "use": "enc", "x5c": ["$x5c2"], "n": "$n2", "e": "$e2"},
			{"kid": "$kid", "kty": "$kty", "alg": "$alg", "use": "sig", "x5c": ["$x5c"], "n": "$n", "e": "$e"}]}`,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "typ": "JWT", "kid": "$kid"}`,
			Claims: `{"exp": "$now60", "iat": "$now", "auth_time": "$auth_time", "jti": "$random", "iss": "$issuer", "aud": "$client",
				"sub": "$sub", "typ": "ID", "azp": "$client", "nonce": "$nonce", "sid": "9f3e2b06-8f0f-4c1e-9f3a-2b06", "at_hash": "$at_hash",
				"acr": "1", "email_verified": true, "name": "Alice Test", "preferred_username": "alice", "given_name": "Alice", "family_name": "Test"}`,
		},
		RefreshedID: `{"exp": "$now60", "iat": "$now", "auth_time": "$auth_time", "jti": "$random", "iss": "$issuer", "aud": "$client",
			"sub": "$sub", "typ": "ID", "azp": "$client", "sid": "9f3e2b06-8f0f-4c1e-9f3a-2b06", "at_hash": "$at_hash",
			"acr": "1", "email_verified": true, "name": "Alice Test", "preferred_username": "alice"}`,
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "typ": "JWT", "kid": "$kid"}`,
			Claims: `{"exp": "$now60", "iat": "$now", "auth_time": "$auth_time", "jti": "$random", "iss": "$issuer",
				"aud": ["https://api.example.test", "account"], "sub": "$sub", "typ": "Bearer", "azp": "$client", "sid": "9f3e2b06-8f0f-4c1e-9f3a-2b06",
				"acr": "1", "allowed-origins": ["https://app.example.test"], "realm_access": {"roles": ["offline_access", "uma_authorization"]},
				"resource_access": {"account": {"roles": ["manage-account", "view-profile"]}}, "scope": "$scope", "preferred_username": "alice"}`,
		},
		Tokens: `{"access_token": "$access_token", "expires_in": 60, "refresh_expires_in": 1800, "refresh_token": "$refresh_token", "token_type": "Bearer",
			"id_token": "$id_token", "not-before-policy": 0, "session_state": "9f3e2b06-8f0f-4c1e-9f3a-2b06", "scope": "$scope"}`,
		Callback:      `{"session_state": "9f3e2b06-8f0f-4c1e-9f3a-2b06", "iss": "$issuer"}`,
		Userinfo:      `{"sub": "$sub", "email_verified": true, "name": "Alice Test", "preferred_username": "alice"}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error": "invalid_grant", "error_description": "Session not active"}`},
		SilentDenied:  `{"error": "login_required", "iss": "$issuer"}`,
		Signout:       Signout{Returns: "post_logout_redirect_uri", State: true},
		Limits: []Limit{preset("Keycloak", "Its access tokens have the header `typ: \"JWT\"`, unless the client has *Use \"at+jwt\" as access token header type* on; "+
			"a claim `typ` tells them from others.")},
	}
	current.Refreshed = current.Tokens

	former := current
	former.Name = "Keycloak before 24"
	former.Sources = []Source{
		{Kind: Code, URL: "https://www.keycloak.org/docs-api/25.0.4/javadocs/org/keycloak/protocol/oidc/mappers/NonceBackwardsCompatibleMapper.html",
			Date: "25.0.4", Read: readOn, For: "the nonce in access and refreshed ID tokens, which 24 took out"},
	}
	former.Inferred = []string{"all else: as Keycloak 26, with session_state in the tokens"}
	former.Quirks = []string{"The nonce of the sign-in is in the access token and in the ID tokens of refreshes, too; since 24 a mapper (*Nonce backwards compatible*) does that."}
	former.IDToken.Claims = `{"exp": "$now60", "iat": "$now", "auth_time": "$auth_time", "jti": "$random", "iss": "$issuer", "aud": "$client", "sub": "$sub",
		"typ": "ID", "azp": "$client", "nonce": "$nonce", "session_state": "9f3e2b06-8f0f-4c1e-9f3a-2b06", "at_hash": "$at_hash", "acr": "1",
		"sid": "9f3e2b06-8f0f-4c1e-9f3a-2b06", "email_verified": false, "preferred_username": "alice"}`
	former.RefreshedID = former.IDToken.Claims
	former.RepeatsNonce = true
	former.Limits = []Limit{preset("Keycloak", "Its access tokens have the header `typ: \"JWT\"`, and the nonce of the sign-in.")}
	former.AccessToken.Claims = `{"exp": "$now60", "iat": "$now", "auth_time": "$auth_time", "jti": "$random", "iss": "$issuer",
		"aud": ["https://api.example.test", "account"], "sub": "$sub", "typ": "Bearer", "azp": "$client", "nonce": "$nonce",
		"session_state": "9f3e2b06-8f0f-4c1e-9f3a-2b06", "acr": "1", "realm_access": {"roles": ["offline_access"]}, "scope": "$scope",
		"sid": "9f3e2b06-8f0f-4c1e-9f3a-2b06", "preferred_username": "alice"}`
	former.Callback = `{"session_state": "9f3e2b06-8f0f-4c1e-9f3a-2b06"}`
	former.SilentDenied = `{"error": "login_required"}`
	former.Metadata = withoutMembers(metadata, "authorization_response_iss_parameter_supported", "prompt_values_supported", "dpop_signing_alg_values_supported")
	return []Profile{current, former}
}
