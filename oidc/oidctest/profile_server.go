package oidctest

// serverProfiles are those of servers that somebody installs.
func serverProfiles() []Profile {
	return []Profile{zitadel(), authentik(), uaa(), pingAM(), wso2(), lemonLDAP(), glewlwyd(), gitlab(), gitea()}
}

func zitadel() Profile {
	p := Profile{
		Name: "Zitadel",
		Sources: []Source{
			ownCode("zitadel/zitadel", "0db7654e15a6b3c43d17a4db45a123d363eee61d", "internal/api/oidc/server_test.go", "metadata"),
			ownCode("zitadel/zitadel", "1664f7e2f1b587cf9766e1437e527df8bf8f1d9d", "internal/api/oidc/token.go", "token answer, audiences of both tokens"),
			ownCode("zitadel/oidc", "0ab5ea5a57fafd6cf0e1b5d0154bdd29771af7f8", "pkg/oidc/token.go", "claims of both tokens"),
			ownPage("https://zitadel.com/docs/apis/openidoauth/claims", "which claims are in which token"),
		},
		Inferred: []string{"the paths of the endpoints", "Keys", "IDToken.sid", "RefreshDenied", "SilentDenied"},
		Register: "An application *User Agent* with *PKCE*, the address of `callback.html` as redirect URI, where to come back to as post-logout URI, *Refresh Token* among the grant types; " +
			"*Auth Token Type* is *JWT* for an API that reads it. `authority` is `https://INSTANCE`.",
		Quirks: []string{
			"`aud` of the ID token holds the other applications of the project, too, and the project itself; `azp` names the client.",
			"The token answer repeats `state`.",
			"Access tokens say no scopes.",
		},
		Authority: "https://op.example.test", Subject: "163840776835432705",
		Scope:    "openid profile offline_access",
		Audience: "163840776801878273",
		Metadata: `{
			"issuer": "https://op.example.test", "authorization_endpoint": "https://op.example.test/oauth/v2/authorize", "token_endpoint": "https://op.example.test/oauth/v2/token",
			"introspection_endpoint": "https://op.example.test/oauth/v2/introspect", "userinfo_endpoint": "https://op.example.test/oidc/v1/userinfo",
			"revocation_endpoint": "https://op.example.test/oauth/v2/revoke", "end_session_endpoint": "https://op.example.test/oidc/v1/end_session",
			"device_authorization_endpoint": "https://op.example.test/oauth/v2/device_authorization", "jwks_uri": "https://op.example.test/oauth/v2/keys",
			"scopes_supported": ["openid", "profile", "email", "phone", "address", "offline_access"], "response_types_supported": ["code", "id_token", "id_token token"],
			"response_modes_supported": ["query", "fragment", "form_post"],
			"grant_types_supported": ["authorization_code", "implicit", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"], "subject_types_supported": ["public"],
			"id_token_signing_alg_values_supported": ["EdDSA", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"], "request_object_signing_alg_values_supported": ["RS256"],
			"token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
			"claims_supported": ["sub", "aud", "exp", "iat", "iss", "auth_time", "nonce", "acr", "amr", "c_hash", "at_hash", "act", "scopes", "client_id", "azp"],
			"code_challenge_methods_supported": ["S256"], "ui_locales_supported": ["en", "de"], "request_parameter_supported": true, "request_uri_parameter_supported": false,
			"backchannel_logout_supported": true, "backchannel_logout_session_supported": true}`,
		Keys: `{"keys": [{"use": "sig", "kty": "$kty", "kid": "$kid", "alg": "$alg", "n": "$n", "e": "$e"}]}`,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": ["163840776835432345", "$client", "163840776801878273"], "exp": "$now43200", "iat": "$now", "auth_time": "$auth_time",
				"nonce": "$nonce", "amr": ["pwd"], "azp": "$client", "client_id": "$client", "at_hash": "$at_hash", "sid": "163840776835432706"}`,
		},
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": ["163840776835432345", "$client", "163840776801878273"], "exp": "$now43200", "iat": "$now", "nbf": "$now",
				"client_id": "$client", "jti": "$random"}`,
		},
		Tokens: `{"access_token": "$access_token", "token_type": "Bearer", "refresh_token": "$refresh_token", "expires_in": 43199, "id_token": "$id_token", "state": "the-state-of-the-request"}`,
		RefreshedID: `{"iss": "$issuer", "sub": "$sub", "aud": ["163840776835432345", "$client", "163840776801878273"], "exp": "$now43200", "iat": "$now", "auth_time": "$auth_time",
			"amr": ["pwd"], "azp": "$client", "client_id": "$client", "at_hash": "$at_hash"}`,
		Userinfo:      `{"sub": "$sub", "name": "Road Runner", "updated_at": 1644502432}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error": "invalid_grant", "error_description": "Errors.OIDCSession.RefreshTokenInvalid"}`},
		SilentDenied:  `{"error": "login_required"}`,
		Signout:       Signout{Returns: "post_logout_redirect_uri", State: true},
		Limits:        []Limit{preset("Zitadel", "Its access tokens have no header `typ`. The audience of the API is the id of the project.")},
	}
	p.Refreshed = p.Tokens
	return p
}

func authentik() Profile {
	p := Profile{
		Name: "authentik",
		Sources: []Source{
			ownCode("goauthentik/authentik", "01da8e179288f228aa145af2163e5ab10ed423af", "authentik/providers/oauth2/views/provider.py", "metadata"),
			ownCode("goauthentik/authentik", "014e22c3d0949e6826125bb82525f4d1bbaa5c55", "authentik/providers/oauth2/id_token.py", "claims of both tokens"),
			ownCode("goauthentik/authentik", "005f3a9fdf3a0047465a4789ee016cbacb3a3777", "authentik/providers/oauth2/views/token.py", "token answers, that the access token has the nonce"),
		},
		Inferred: []string{"Keys", "the texts of RefreshDenied and SilentDenied", "Signout"},
		Register: "An *OAuth2/OpenID Provider* with the client type *Public*, the address of `callback.html` as redirect URI (its origin is allowed by CORS with it), a signing key, " +
			"and the scope mapping `offline_access` for a refresh token. `authority` is `https://HOST/application/o/SLUG/`, with its slash.",
		Quirks: []string{
			"An access token is an ID token with `azp` and `uid`: its `aud` is the client, and the nonce of the sign-in is in it.",
			"A refresh that does not ask for `offline_access` again is refused; this client asks for what was granted.",
			"After a sign-out a page of the provider stays, unless its invalidation flow goes on.",
		},
		Authority: "https://op.example.test/application/o/app/", Subject: "5f1b6c1c0f8c4d0e9a56d3a7c4f1f6d1",
		Scope:    "openid profile offline_access",
		Audience: "app",
		Metadata: `{
			"issuer": "https://op.example.test/application/o/app/", "authorization_endpoint": "https://op.example.test/application/o/authorize/",
			"token_endpoint": "https://op.example.test/application/o/token/", "userinfo_endpoint": "https://op.example.test/application/o/userinfo/",
			"end_session_endpoint": "https://op.example.test/application/o/app/end-session/", "introspection_endpoint": "https://op.example.test/application/o/introspect/",
			"revocation_endpoint": "https://op.example.test/application/o/revoke/", "device_authorization_endpoint": "https://op.example.test/application/o/device/",
			"response_types_supported": ["code", "id_token", "id_token token", "code token", "code id_token", "code id_token token"],
			"jwks_uri": "https://op.example.test/application/o/app/jwks/",
			"grant_types_supported": ["authorization_code", "refresh_token", "implicit", "client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code"],
			"id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"], "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
			"acr_values_supported": ["goauthentik.io/providers/oauth2/default"], "scopes_supported": ["openid", "profile", "email", "offline_access"], "request_parameter_supported": false,
			"claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr"], "claims_parameter_supported": false}`,
		Keys: `{"keys": [{"alg": "$alg", "kid": "$kid", "kty": "$kty", "use": "sig", "n": "$n", "e": "$e", "x5c": ["$x5c"], "x5t": "$kid"}]}`,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": "$client", "exp": "$now300", "iat": "$now", "auth_time": "$auth_time", "acr": "goauthentik.io/providers/oauth2/default",
				"amr": ["pwd"], "nonce": "$nonce", "sid": "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", "name": "authentik Default Admin", "preferred_username": "akadmin", "groups": ["admins"]}`,
		},
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": "$client", "exp": "$now300", "iat": "$now", "auth_time": "$auth_time", "acr": "goauthentik.io/providers/oauth2/default",
				"amr": ["pwd"], "nonce": "$nonce", "sid": "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9", "name": "authentik Default Admin", "azp": "$client", "uid": "$random"}`,
		},
		Tokens: `{"access_token": "$access_token", "token_type": "Bearer", "scope": "$scope", "expires_in": 300, "id_token": "$id_token", "refresh_token": "$refresh_token"}`,
		RefreshDenied: Denial{Status: 400,
			Body: `{"error": "invalid_grant", "error_description": "The provided authorization grant or refresh token is invalid, expired, revoked, or was issued to another client", "request_id": "1b3c"}`},
		Userinfo:     `{"sub": "$sub", "name": "authentik Default Admin", "preferred_username": "akadmin", "nickname": "akadmin", "groups": ["admins"]}`,
		SilentDenied: `{"error": "login_required", "error_description": "The Authorization Server requires End-User authentication"}`,
		Limits:       []Limit{preset("Authentik", "Its access tokens have the header `typ: \"JWT\"`, the client as audience and the nonce of the sign-in: `azp` and `uid` alone tell them from ID tokens.")},
	}
	p.Refreshed = p.Tokens
	return p
}

func uaa() Profile {
	p := Profile{
		Name: "UAA and XSUAA",
		Sources: []Source{
			ownCode("cloudfoundry/uaa", "8bc677c67b13a9c94b941f0441acbe30b1bedfda", "server/src/main/java/org/cloudfoundry/identity/uaa/account/OpenIdConfiguration.java", "metadata"),
			ownCode("cloudfoundry/uaa", "02ef64682a3905b847c05b8914e2fd5ef0dd8775", "server/src/main/java/org/cloudfoundry/identity/uaa/account/OpenIdConnectEndpoints.java", "where the metadata is, the issuer"),
			ownCode("cloudfoundry/uaa", "0a98b91836b1b59a64fce5b909699f4e9baff7b0", "server/src/main/java/org/cloudfoundry/identity/uaa/oauth/openid/IdToken.java", "ID token, with acr as an object"),
			ownCode("cloudfoundry/uaa", "0a98b91836b1b59a64fce5b909699f4e9baff7b0", "server/src/main/java/org/cloudfoundry/identity/uaa/oauth/jwt/HeaderParameters.java", "header, with jku"),
		},
		Inferred: []string{"Keys", "AccessToken", "RefreshDenied", "SilentDenied"},
		Register: "A client with `allowpublic: true`, `authorized_grant_types: [authorization_code, refresh_token]` and the address of `callback.html` in `redirect_uri`; the origin in `cors.default.allowed.origins`. " +
			"`authority` is the issuer, `https://HOST/oauth/token`; the metadata is below it, too.",
		Quirks: []string{
			"Tokens have the header `jku`, which this client does not follow.",
			"`acr` is an object (`{\"values\": [...]}`) if somebody came by SAML.",
			"A refresh token that is not good any more is refused with 401 and `invalid_token`.",
			"The metadata has no end-session endpoint: sign out at `/logout.do?client_id=...&redirect=...`, with `metadataSeed: { end_session_endpoint }` and `extraQueryParams`.",
		},
		Authority: "https://op.example.test/oauth/token", Subject: "8a1f1b3c-6a0f-4b8c-9f3e-5a6b7c8d9e0f",
		Scope:    "openid api.read",
		Audience: "api", APIScope: "api.read",
		Metadata: `{
			"issuer": "https://op.example.test/oauth/token", "authorization_endpoint": "https://op.example.test/oauth/authorize", "token_endpoint": "https://op.example.test/oauth/token",
			"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"], "token_endpoint_auth_signing_alg_values_supported": ["RS256", "HS256"],
			"userinfo_endpoint": "https://op.example.test/userinfo", "jwks_uri": "https://op.example.test/token_keys",
			"scopes_supported": ["openid", "profile", "email", "phone", "roles", "user_attributes"], "response_types_supported": ["code", "code id_token", "id_token", "token id_token"],
			"subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "HS256"], "id_token_encryption_alg_values_supported": ["none"],
			"claim_types_supported": ["normal"], "claims_supported": ["sub", "user_name", "origin", "iss", "auth_time", "amr", "acr", "client_id", "aud", "zid", "grant_type"],
			"claims_parameter_supported": false, "service_documentation": "http://docs.cloudfoundry.org/api/uaa/", "ui_locales_supported": ["en-US"]}`,
		Keys: `{"keys": [{"kty": "$kty", "e": "$e", "use": "sig", "kid": "$kid", "alg": "$alg", "value": "-----BEGIN PUBLIC KEY-----", "n": "$n"}]}`,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "jku": "https://op.example.test/token_keys", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"sub": "$sub", "aud": ["$client"], "iss": "$issuer", "exp": "$now43199", "iat": "$now", "amr": ["ext", "pwd"], "azp": "$client", "scope": ["openid"],
				"acr": {"values": ["urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"]}, "email_verified": true, "nonce": "$nonce", "email": "alice@example.test",
				"cid": "$client", "grant_type": "authorization_code", "user_name": "alice", "zid": "uaa", "origin": "uaa", "jti": "$random", "previous_logon_time": 1702000000000,
				"rev_sig": "c3d1b5a", "client_id": "$client", "auth_time": "$auth_time", "user_id": "$sub"}`,
		},
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "jku": "https://op.example.test/token_keys", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"jti": "$random", "sub": "$sub", "scope": "$scopes", "client_id": "$client", "cid": "$client", "azp": "$client", "grant_type": "authorization_code", "user_id": "$sub",
				"origin": "uaa", "user_name": "alice", "email": "alice@example.test", "auth_time": "$auth_time", "rev_sig": "c3d1b5a", "iat": "$now", "exp": "$now43199",
				"iss": "$issuer", "zid": "uaa", "aud": ["$client", "openid", "api"]}`,
		},
		Tokens:        `{"access_token": "$access_token", "token_type": "bearer", "id_token": "$id_token", "refresh_token": "$refresh_token", "expires_in": 43199, "scope": "$scope", "jti": "$random"}`,
		RefreshDenied: Denial{Status: 401, Body: `{"error": "invalid_token", "error_description": "Invalid refresh token expired at Thu Jan 01 00:00:00 UTC 2026"}`},
		SilentDenied:  `{"error": "login_required"}`,
		Limits: []Limit{
			noSignout("The metadata has no end-session endpoint."),
			preset("UAA", "Its access tokens have the header `typ: \"JWT\"`, `jku`, and an array as `scope`. The audience of the API is a resource id, not the client."),
		},
	}
	p.Refreshed = p.Tokens
	return p
}

func pingAM() Profile {
	p := Profile{
		Name: "PingAM",
		Sources: []Source{
			ownDocs("ForgeRock/appAuthHelper", "8a39287f116f30c0180bff4d411566a6c339f932", "README.md", "", "ID token"),
			ownPage("https://docs.pingidentity.com/pingoneaic/am-oidc1/rest-api-oidc-discovery-configuration.html", "metadata"),
			elsewhere("https://docs.pingidentity.com/pingam/7.2/oidc1-guide/rest-api-oidc-userinfo-endpoint.html", "sub and subname"),
		},
		Inferred: []string{"the lists in Metadata", "Keys", "AccessToken", "Tokens", "RefreshDenied", "SilentDenied"},
		Register: "An OAuth 2.0 client of the type *Public* with the address of `callback.html` as redirect URI, *Token Endpoint Authentication Method: none*, *Implied consent* for silent sign-ins; " +
			"the origin under *Global Services, CORS*. `authority` is the issuer of the realm, `https://HOST/am/oauth2/realms/root/realms/REALM`, with `:443` if its *Base URL Source* says so.",
		Quirks: []string{
			"`sub` is `(usr!NAME)` from 7.1 on.",
			"Client-based access tokens are JWTs whose scopes are an array and whose `aud` is the client; server-based ones are opaque.",
		},
		Authority: "https://op.example.test/am/oauth2/realms/root/realms/alpha", Subject: "(usr!demo)",
		Audience: "app",
		Metadata: `{
			"request_parameter_supported": true, "pushed_authorization_request_endpoint": "https://op.example.test/am/oauth2/realms/root/realms/alpha/par", "claims_parameter_supported": false,
			"introspection_endpoint": "https://op.example.test/am/oauth2/realms/root/realms/alpha/introspect", "check_session_iframe": "https://op.example.test/am/oauth2/realms/root/realms/alpha/connect/checkSession",
			"scopes_supported": ["openid", "profile"], "issuer": "https://op.example.test/am/oauth2/realms/root/realms/alpha", "acr_values_supported": [],
			"authorization_endpoint": "https://op.example.test/am/oauth2/realms/root/realms/alpha/authorize", "token_endpoint": "https://op.example.test/am/oauth2/realms/root/realms/alpha/access_token",
			"userinfo_endpoint": "https://op.example.test/am/oauth2/realms/root/realms/alpha/userinfo", "jwks_uri": "https://op.example.test/am/oauth2/realms/root/realms/alpha/connect/jwk_uri",
			"end_session_endpoint": "https://op.example.test/am/oauth2/realms/root/realms/alpha/connect/endSession", "revocation_endpoint": "https://op.example.test/am/oauth2/realms/root/realms/alpha/token/revoke",
			"response_modes_supported": ["query", "fragment", "form_post"], "response_types_supported": ["code token id_token", "code", "code id_token", "id_token", "code token", "token", "token id_token"],
			"subject_types_supported": ["public", "pairwise"], "id_token_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "ES256", "RS256", "HS512"],
			"code_challenge_methods_supported": ["plain", "S256"], "claims_supported": ["zoneinfo", "name", "locale"], "rcs_request_signing_alg_values_supported": ["RS256"]}`,
		Keys: `{"keys": [{"kty": "$kty2", "kid": "$kid2", "use": "enc", "x5t": "$kid2", "n": "$n2", "e": "$e2", "alg": "RSA-OAEP-256"}, {"kty": "$kty", "kid": "$kid", "use": "sig", "x5t": "$kid", "x5c": ["$x5c"], "n": "$n", "e": "$e", "alg": "$alg"}]}`,
		IDToken: TokenShape{
			Header: `{"typ": "JWT", "kid": "$kid", "alg": "$alg"}`,
			Claims: `{"at_hash": "$at_hash", "sub": "$sub", "auditTrackingId": "b2e094db-b135-4504-85a2-05897fcb7e6c-31192", "subname": "demo", "iss": "$issuer", "tokenName": "id_token",
				"nonce": "$nonce", "aud": "$client", "c_hash": "X7O8AL3Zt4B2Cr6BwmeFmg", "acr": "0", "org.forgerock.openidconnect.ops": "xJ-cc7K4RQR6gx4kNrfLIIRNg5k", "s_hash": "I3riYOxd8FcFEm0aPZrxaw",
				"azp": "$client", "auth_time": "$auth_time", "realm": "/alpha", "exp": "$now3600", "tokenType": "JWTToken", "iat": "$now"}`,
		},
		RefreshedID: `{"at_hash": "$at_hash", "sub": "$sub", "auditTrackingId": "b2e094db-b135-4504-85a2-05897fcb7e6c-31193", "subname": "demo", "iss": "$issuer", "tokenName": "id_token",
			"aud": "$client", "acr": "0", "azp": "$client", "auth_time": "$auth_time", "realm": "/alpha", "exp": "$now3600", "tokenType": "JWTToken", "iat": "$now"}`,
		AccessToken: TokenShape{
			Header: `{"typ": "JWT", "zip": "NONE", "kid": "$kid", "alg": "$alg"}`,
			Claims: `{"sub": "$sub", "cts": "OAUTH2_STATELESS_GRANT", "auth_level": 0, "auditTrackingId": "b2e094db-b135-4504-85a2-05897fcb7e6c-31194", "subname": "demo", "iss": "$issuer",
				"tokenName": "access_token", "token_type": "Bearer", "authGrantId": "Vgz46WyjHhgKs_91qhAWC1ZN66k", "nonce": "$nonce", "aud": "$client", "nbf": "$now", "grant_type": "authorization_code", "scope": "$scopes",
				"auth_time": "$auth_time", "realm": "/alpha", "exp": "$now3600", "iat": "$now", "expires_in": 3600, "jti": "$random"}`,
		},
		Tokens:        `{"access_token": "$access_token", "refresh_token": "$refresh_token", "scope": "$scope", "id_token": "$id_token", "token_type": "Bearer", "expires_in": 3599}`,
		Callback:      `{"iss": "$issuer", "client_id": "app"}`,
		Userinfo:      `{"sub": "$sub", "subname": "demo", "name": "demo"}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error_description": "grant is invalid", "error": "invalid_grant"}`},
		SilentDenied:  `{"error": "interaction_required", "error_description": "The request requires some interaction that is not allowed.", "iss": "$issuer"}`,
		Signout:       Signout{Requires: []string{"id_token_hint"}, Returns: "post_logout_redirect_uri", State: true},
		Limits:        []Limit{preset("PingAM", "Its client-based access tokens have the header `typ: \"JWT\"`, the client as audience, and the nonce of the sign-in.")},
	}
	p.Refreshed = p.Tokens
	return p
}

func wso2() Profile {
	p := Profile{
		Name: "WSO2 Identity Server and Asgardeo",
		Sources: []Source{
			ownDocs("wso2/docs-is", "07093a2b7e7bd2f6a207f011198c20fa0c08edda", "en/includes/guides/authentication/oidc/discover-oidc-configs.md", "", "metadata (its endpoints)"),
			ownDocs("wso2/docs-is", "36a6bf121ff5ac3f167485d96c3130a21383c3f1", "en/includes/guides/authentication/oidc/validate-id-tokens.md", "", "ID token, keys"),
			ownDocs("wso2/docs-is", "05357169ce10e8791370b5de05b4eb07946e5b23", "en/includes/guides/authentication/oidc/token-validation-resource-server.md", "", "access token"),
		},
		Inferred: []string{"the lists in Metadata", "AccessToken.Header", "Tokens", "RefreshDenied", "SilentDenied"},
		Register: "A *Single-Page Application* with the address of `callback.html` and where to come back to as *Authorized redirect URLs*, the origin in *Allowed origins*, the *Refresh Token* grant, " +
			"*JWT* as access token type. `authority` is `https://HOST/t/ORGANIZATION/oauth2/token`.",
		Quirks: []string{
			"The issuer is the address of the token endpoint.",
			"The access token has the client as audience, unless an audience is configured, and its client in `azp`.",
		},
		Authority: "https://op.example.test/t/bifrost/oauth2/token", Subject: "8d130148-3a68-493c-9398-36ba2380e30f",
		Audience: "app",
		Metadata: `{
			"introspection_endpoint": "https://op.example.test/t/bifrost/oauth2/introspect", "end_session_endpoint": "https://op.example.test/t/bifrost/oidc/logout",
			"registration_endpoint": "https://op.example.test/t/bifrost/api/identity/oauth2/dcr/v1.0/register", "token_endpoint": "https://op.example.test/t/bifrost/oauth2/token",
			"jwks_uri": "https://op.example.test/t/bifrost/oauth2/jwks", "revocation_endpoint": "https://op.example.test/t/bifrost/oauth2/revoke",
			"authorization_endpoint": "https://op.example.test/t/bifrost/oauth2/authorize", "issuer": "https://op.example.test/t/bifrost/oauth2/token",
			"check_session_iframe": "https://op.example.test/t/bifrost/oidc/checksession", "userinfo_endpoint": "https://op.example.test/t/bifrost/oauth2/userinfo",
			"response_types_supported": ["code", "id_token", "code id_token", "none"], "subject_types_supported": ["public", "pairwise"],
			"id_token_signing_alg_values_supported": ["RS256", "ES256"], "code_challenge_methods_supported": ["S256", "plain"], "response_modes_supported": ["query", "fragment", "form_post"]}`,
		Keys: `{"keys": [{"kty": "$kty", "x5t#S256": "$kid", "e": "$e", "use": "sig", "kid": "$kid", "x5c": ["$x5c"], "alg": "$alg", "n": "$n"}]}`,
		IDToken: TokenShape{
			Header: `{"x5t#S256": "$kid", "kid": "$kid", "alg": "$alg"}`,
			Claims: `{"isk": "d2abdb001f79390d27549abb4e9b1f3ed8cd5ad071d24e33447ef12ed8577ed2", "at_hash": "$at_hash", "sub": "$sub", "amr": ["BasicAuthenticator"], "iss": "$issuer",
				"nonce": "$nonce", "sid": "1afef50e-a2c8-45e9-b7af-2d6dc293e196", "c_hash": "LEBTd7qs-kTP0y1e5-gN4A", "aud": "$client", "nbf": "$now", "azp": "$client", "org_id": "10084a8d-113f-4211-a0d5-efe36b082211",
				"org_name": "bifrost", "exp": "$now3600", "iat": "$now", "jti": "$random", "org_handle": "bifrost"}`,
		},
		AccessToken: TokenShape{
			Header: `{"x5t": "$kid", "kid": "$kid", "typ": "at+jwt", "alg": "$alg"}`,
			Claims: `{"sub": "$sub", "aut": "APPLICATION_USER", "aud": "$client", "nbf": "$now", "azp": "$client", "scope": "$scope", "iss": "$issuer", "exp": "$now3600", "iat": "$now", "jti": "$random"}`,
		},
		Tokens:        `{"access_token": "$access_token", "refresh_token": "$refresh_token", "scope": "$scope", "id_token": "$id_token", "token_type": "Bearer", "expires_in": 3600}`,
		Callback:      `{"session_state": "a0c6.5e"}`,
		Userinfo:      `{"sub": "$sub", "org_name": "bifrost"}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error_description": "Persisted access token data not found", "error": "invalid_grant"}`},
		SilentDenied:  `{"error": "login_required", "error_description": "Authentication required"}`,
		Signout:       Signout{Requires: []string{"id_token_hint"}, Returns: "post_logout_redirect_uri", State: true},
	}
	p.Refreshed = p.Tokens
	return p
}

func lemonLDAP() Profile {
	p := Profile{
		Name: "LemonLDAP::NG",
		Sources: []Source{
			elsewhere("https://lemonldap-ng.org/documentation/latest/authopenidconnect.html", "addresses of the endpoints"),
			elsewhere("https://manpages.ubuntu.com/manpages/noble/man3/Lemonldap::NG::Portal::Lib::OpenIDConnect.3pm.html", "what it does"),
		},
		Inferred: []string{"all shapes but the addresses"},
		Register: "A relying party with *Public client* and *Require PKCE* on, the address of `callback.html` as redirect URI, where to come back to as logout redirect URI, *JWT access tokens* for an API that reads them, " +
			"*Refresh tokens* or the scope `offline_access`. The portal allows the origin by CORS. `authority` is the issuer, with or without its last slash.",
		Quirks:    []string{"The header `typ` of access tokens is `at+JWT`."},
		Authority: "https://op.example.test/", Subject: "alice",
		Scope:    "openid profile",
		Audience: "https://api.example.test",
		Metadata: `{
			"issuer": "https://op.example.test/", "authorization_endpoint": "https://op.example.test/oauth2/authorize", "token_endpoint": "https://op.example.test/oauth2/token",
			"userinfo_endpoint": "https://op.example.test/oauth2/userinfo", "jwks_uri": "https://op.example.test/oauth2/jwks", "end_session_endpoint": "https://op.example.test/oauth2/logout",
			"introspection_endpoint": "https://op.example.test/oauth2/introspect", "check_session_iframe": "https://op.example.test/oauth2/checksession.html",
			"response_types_supported": ["code"], "response_modes_supported": ["query", "fragment", "form_post"], "grant_types_supported": ["authorization_code", "refresh_token"],
			"subject_types_supported": ["public"], "scopes_supported": ["openid", "profile", "email", "address", "phone"], "acr_values_supported": ["loa-1", "loa-2"],
			"id_token_signing_alg_values_supported": ["none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512"], "claims_supported": ["sub", "iss", "auth_time", "acr", "sid"],
			"code_challenge_methods_supported": ["plain", "S256"], "request_uri_parameter_supported": true, "frontchannel_logout_supported": true, "backchannel_logout_supported": true}`,
		Keys: plainKeys,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": ["$client"], "azp": "$client", "exp": "$now3600", "iat": "$now", "auth_time": "$auth_time", "acr": "loa-2", "at_hash": "$at_hash",
				"nonce": "$nonce", "sid": "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"}`,
		},
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "at+JWT"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": ["$client", "https://api.example.test"], "client_id": "$client", "exp": "$now3600", "iat": "$now", "jti": "$random", "scope": "$scope",
				"sid": "f1d2d2f924e986ac86fdf7b36c94bcdf32beec15"}`,
		},
		Tokens:        `{"access_token": "$access_token", "token_type": "Bearer", "expires_in": 3600, "id_token": "$id_token", "refresh_token": "$refresh_token", "scope": "$scope"}`,
		Callback:      `{"session_state": "Y2xpZW50.c2FsdA"}`,
		Userinfo:      `{"sub": "$sub", "name": "Alice"}`,
		RefreshDenied: invalidGrant,
		SilentDenied:  `{"error": "login_required", "error_description": "Prompt set to none"}`,
		Signout:       Signout{Returns: "post_logout_redirect_uri", State: true},
	}
	p.Refreshed = `{"access_token": "$access_token", "token_type": "Bearer", "expires_in": 3600, "id_token": "$id_token"}`
	return p
}

func glewlwyd() Profile {
	return Profile{
		Name: "glewlwyd",
		Sources: []Source{
			ownDocs("babelouest/glewlwyd", "01b3bd4a3b925c417676ecf3ba6a85412725a01b", "docs/OIDC.md", "", "access token, keys, what it supports"),
		},
		Inferred: []string{"Metadata", "IDToken", "AccessToken.Header", "Tokens", "RefreshDenied", "SilentDenied", "Signout"},
		Register: "An OpenID Connect plugin with *Authorization code* and *PKCE*, *Allow non confidential clients* on; a public client with the address of `callback.html` as redirect URI; " +
			"`Access-Control-Allow-Origin` in the configuration. `authority` is the issuer of the plugin.",
		Quirks:    []string{"`aud` of the access token is the resource that is asked for (`resource`), or the list of scopes."},
		Authority: "https://op.example.test/api/oidc", Subject: "4321zyxdcba",
		Audience: "https://resource.example.test",
		Metadata: `{
			"issuer": "https://op.example.test/api/oidc", "authorization_endpoint": "https://op.example.test/api/oidc/auth", "token_endpoint": "https://op.example.test/api/oidc/token",
			"userinfo_endpoint": "https://op.example.test/api/oidc/userinfo", "jwks_uri": "https://op.example.test/api/oidc/jwks", "end_session_endpoint": "https://op.example.test/api/oidc/end_session",
			"check_session_iframe": "https://op.example.test/api/oidc/check_session_iframe", "revocation_endpoint": "https://op.example.test/api/oidc/revoke",
			"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"], "scopes_supported": ["openid", "g_profile"],
			"response_types_supported": ["code"], "response_modes_supported": ["query", "fragment", "form_post"], "grant_types_supported": ["authorization_code", "refresh_token"],
			"id_token_signing_alg_values_supported": ["ES256"], "subject_types_supported": ["public"], "code_challenge_methods_supported": ["S256"],
			"authorization_response_iss_parameter_supported": true, "ui_locales_supported": ["en", "fr", "nl", "de"], "request_parameter_supported": true}`,
		Alg:  "ES256",
		Keys: `{"keys": [{"kty": "$kty", "crv": "$crv", "x": "$x", "y": "$y", "kid": "$kid", "alg": "$alg", "use": "sig"}]}`,
		IDToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "kid": "$kid"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": "$client", "azp": "$client", "exp": "$now3600", "iat": "$now", "auth_time": "$auth_time", "nonce": "$nonce", "at_hash": "$at_hash", "amr": ["password"],
				"sid": "n3RZb3Q2"}`,
		},
		AccessToken: TokenShape{
			Header: `{"typ": "at+jwt", "alg": "$alg", "kid": "$kid"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": "https://resource.example.test", "client_id": "$client", "jti": "$random", "type": "access_token", "iat": "$now", "exp": "$now3600", "nbf": "$now",
				"scope": "$scope", "claims": {}}`,
		},
		Tokens:        `{"token_type": "bearer", "access_token": "$access_token", "refresh_token": "$refresh_token", "iat": "$now", "expires_in": 3600, "scope": "$scope", "id_token": "$id_token"}`,
		Refreshed:     `{"access_token": "$access_token", "token_type": "bearer", "expires_in": 3600, "iat": "$now", "scope": "$scope"}`,
		Callback:      `{"iss": "$issuer", "session_state": "ab.cd"}`,
		Userinfo:      `{"sub": "$sub", "name": "Dave Lopper"}`,
		RefreshDenied: Denial{Status: 400},
		SilentDenied:  `{"error": "login_required", "iss": "$issuer"}`,
		Signout:       Signout{Returns: "post_logout_redirect_uri", State: true},
	}
}
