package oidctest

// cloudProfiles are those of services that nobody runs by himself.
func cloudProfiles() []Profile {
	rfc9068 := auth0()
	rfc9068.Name = "Auth0, RFC 9068 token profile"
	rfc9068.Register = "As above, and *JSON Web Token (JWT) Profile: RFC 9068* at the API. `authority` is `https://DOMAIN/`, with its slash."
	rfc9068.AccessToken = TokenShape{
		Header: `{"alg": "$alg", "typ": "at+jwt", "kid": "$kid"}`,
		Claims: `{"iss": "$issuer", "sub": "$sub", "aud": ["https://api.example.test", "https://op.example.test/userinfo"], "client_id": "$client",
			"exp": "$now86400", "iat": "$now", "jti": "$random", "scope": "$scope"}`,
	}
	rfc9068.Limits = nil
	return []Profile{auth0(), rfc9068, okta(), google(), cognito(), salesforce()}
}

func auth0() Profile {
	p := Profile{
		Name: "Auth0",
		Sources: []Source{
			ownPage("https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles", "access tokens of both profiles"),
			ownPage("https://auth0.com/docs/tokens/id-tokens/id-token-structure", "ID token"),
		},
		Inferred: []string{"Metadata", "Keys", "IDToken.sid", "IDToken.nonce", "Tokens", "RefreshDenied", "SilentDenied"},
		Register: "An application of the type *Single Page Application*: the address of `callback.html` in *Allowed Callback URLs*, where to come back to in *Allowed Logout URLs*, " +
			"the origin in *Allowed Web Origins* and *Allowed Origins (CORS)*; *Allow Offline Access* at the API. `authority` is `https://DOMAIN/`, with its slash. " +
			"The audience of the access token is asked for with `extraQueryParams: { audience: \"https://api.example.com\" }`; without one it is opaque.",
		Quirks: []string{
			"A refresh token that is refused is answered with status 403.",
			"The end-session endpoint is in the metadata if *RP-Initiated Logout End Session Endpoint Discovery* is on (default for new tenants).",
		},
		Authority: "https://op.example.test/", Subject: "auth0|123456",
		Scope:    "openid profile offline_access",
		Audience: "https://api.example.test",
		Metadata: `{
			"issuer": "https://op.example.test/", "authorization_endpoint": "https://op.example.test/authorize", "token_endpoint": "https://op.example.test/oauth/token",
			"device_authorization_endpoint": "https://op.example.test/oauth/device/code", "userinfo_endpoint": "https://op.example.test/userinfo",
			"mfa_challenge_endpoint": "https://op.example.test/mfa/challenge", "jwks_uri": "https://op.example.test/.well-known/jwks.json",
			"registration_endpoint": "https://op.example.test/oidc/register", "revocation_endpoint": "https://op.example.test/oauth/revoke",
			"scopes_supported": ["openid", "profile", "offline_access", "name", "email"],
			"response_types_supported": ["code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token"],
			"code_challenge_methods_supported": ["S256", "plain"], "response_modes_supported": ["query", "fragment", "form_post"], "subject_types_supported": ["public"],
			"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
			"claims_supported": ["aud", "auth_time", "exp", "iat", "iss", "name", "sub"], "request_uri_parameter_supported": false, "request_parameter_supported": false,
			"id_token_signing_alg_values_supported": ["HS256", "RS256", "PS256"], "backchannel_logout_supported": true,
			"end_session_endpoint": "https://op.example.test/oidc/logout"}`,
		Keys: `{"keys": [{"kty": "$kty", "use": "sig", "n": "$n", "e": "$e", "kid": "$kid", "x5t": "$kid", "x5c": ["$x5c"], "alg": "$alg"}]}`,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "typ": "JWT", "kid": "$kid"}`,
			Claims: `{"name": "Jane Doe", "given_name": "Jane", "picture": "http://example.com/janedoe/me.jpg", "iss": "$issuer", "sub": "$sub", "aud": "$client",
				"exp": "$now36000", "iat": "$now", "sid": "0S5HrkOdGbyCVGTB", "nonce": "$nonce"}`,
		},
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "typ": "JWT", "kid": "$kid"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": ["https://api.example.test", "https://op.example.test/userinfo"], "azp": "$client",
				"exp": "$now86400", "iat": "$now", "scope": "$scope"}`,
		},
		Tokens:        `{"access_token": "$access_token", "refresh_token": "$refresh_token", "id_token": "$id_token", "scope": "$scope", "expires_in": 86400, "token_type": "Bearer"}`,
		Userinfo:      `{"sub": "$sub", "name": "Jane Doe", "given_name": "Jane"}`,
		RefreshDenied: Denial{Status: 403, Body: `{"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}`},
		SilentDenied:  `{"error": "login_required", "error_description": "Login required"}`,
		Signout:       Signout{Returns: "post_logout_redirect_uri", State: true},
		Limits:        []Limit{preset("Auth0", "The access tokens of its own profile have the header `typ: \"JWT\"`; those of the RFC 9068 profile need nothing.")},
	}
	p.Refreshed = p.Tokens
	return p
}

func okta() Profile {
	p := Profile{
		Name: "Okta",
		Sources: []Source{
			ownDocs("okta/okta-developer-docs", "021698357fb257730fc891afb602ecb455b75fb2", "packages/@okta/vuepress-site/docs/reference/api/oidc/index.md", "",
				"metadata, ID token, access token, userinfo"),
		},
		Inferred: []string{"Keys", "Tokens", "RefreshDenied", "SilentDenied", "Signout.State"},
		Register: "An application *OIDC, Single-Page Application* with the address of `callback.html` as *Sign-in redirect URI*, where to come back to as *Sign-out redirect URI*, " +
			"and *Refresh Token* as grant type; the origin of the app under *Security, API, Trusted Origins* for CORS and redirects. `authority` is `https://DOMAIN/oauth2/default`, or that of another authorization server.",
		Quirks: []string{
			"The access token says its scopes in `scp`, an array, its client in `cid`, and has no header `typ`.",
			"Access tokens of the org authorization server (`https://DOMAIN`) are for Okta alone: an API of your own needs a custom authorization server.",
		},
		Authority: "https://op.example.test/oauth2/default", Subject: "00uid4BxXw6I6TV4m0g3",
		Scope:    "openid profile offline_access things.read",
		Audience: "api://default", APIScope: "things.read",
		Metadata: `{
			"issuer": "https://op.example.test/oauth2/default", "authorization_endpoint": "https://op.example.test/oauth2/default/v1/authorize",
			"token_endpoint": "https://op.example.test/oauth2/default/v1/token", "userinfo_endpoint": "https://op.example.test/oauth2/default/v1/userinfo",
			"registration_endpoint": "https://op.example.test/oauth2/v1/clients", "jwks_uri": "https://op.example.test/oauth2/default/v1/keys",
			"response_types_supported": ["code", "token", "id_token", "code id_token", "code token", "id_token token", "code id_token token"],
			"response_modes_supported": ["query", "fragment", "form_post", "okta_post_message"],
			"grant_types_supported": ["authorization_code", "implicit", "refresh_token", "password", "client_credentials"],
			"subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid", "profile", "offline_access"],
			"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "client_secret_jwt", "none"],
			"claims_supported": ["ver", "jti", "iss", "aud", "iat", "exp", "cid", "uid", "scp", "sub"], "code_challenge_methods_supported": ["S256"],
			"introspection_endpoint": "https://op.example.test/oauth2/default/v1/introspect", "revocation_endpoint": "https://op.example.test/oauth2/default/v1/revoke",
			"revocation_endpoint_auth_methods_supported": ["client_secret_basic", "none"], "end_session_endpoint": "https://op.example.test/oauth2/default/v1/logout",
			"request_parameter_supported": true, "request_object_signing_alg_values_supported": ["HS256", "HS384", "HS512"]}`,
		Keys: plainKeys,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid"}`,
			Claims: `{"ver": 1, "sub": "$sub", "iss": "$issuer", "aud": "$client", "iat": "$now", "exp": "$now3600", "amr": ["pwd"], "jti": "$random",
				"auth_time": "$auth_time", "at_hash": "$at_hash", "idp": "00ok1u7AsAkrwdZL3z0g3", "nonce": "$nonce", "name": "John Doe", "updated_at": 1311280970,
				"preferred_username": "john.doe@example.com"}`,
		},
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid"}`,
			Claims: `{"ver": 1, "jti": "$random", "iss": "$issuer", "aud": "api://default", "iat": "$now", "exp": "$now3600", "cid": "$client",
				"uid": "00uid4BxXw6I6TV4m0g3", "scp": "$scopes", "sub": "john.doe@example.com"}`,
		},
		Tokens:        `{"token_type": "Bearer", "expires_in": 3600, "access_token": "$access_token", "scope": "$scope", "refresh_token": "$refresh_token", "id_token": "$id_token"}`,
		Userinfo:      `{"sub": "$sub", "name": "John Doe", "zoneinfo": "America/Los_Angeles", "locale": "en-US", "updated_at": 1311280970}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error": "invalid_grant", "error_description": "The refresh token is invalid or expired."}`},
		SilentDenied:  `{"error": "login_required", "error_description": "The client specified not to prompt, but the user is not logged in."}`,
		Signout:       Signout{Requires: []string{"id_token_hint"}, Returns: "post_logout_redirect_uri", State: true},
		Limits:        []Limit{preset("Okta", "Its access tokens have no header `typ`, and their scopes in `scp`, an array.")},
	}
	p.Refreshed = p.Tokens
	return p
}

func google() Profile {
	return Profile{
		Name: "Google",
		Sources: []Source{
			ownPage("https://developers.google.com/identity/openid-connect/reference", "members of the metadata, claims of the ID token"),
		},
		Inferred: []string{"the values in Metadata", "Tokens", "SilentDenied", "the denial without a client_secret"},
		Register: "A client of the type *Web application* with the address of `callback.html` as redirect URI. Google gives such a client a `client_secret` and demands it with the code, also with PKCE: " +
			"whoever opens the app can read it there, so that it proves nothing. `authority` is `https://accounts.google.com`.",
		Quirks: []string{
			"There is no refresh token without `access_type=offline`: the session is renewed in the hidden frame, which needs third-party cookies.",
			"There is no end-session endpoint: `removeUser()` forgets the user here, the session at Google stays.",
			"The access token is opaque, and for Google's own APIs.",
		},
		Authority: "https://accounts.op.example.test", Subject: "10769150350006150715113082367", Secret: true,
		Metadata: `{
			"issuer": "https://accounts.op.example.test", "authorization_endpoint": "https://accounts.op.example.test/o/oauth2/v2/auth",
			"device_authorization_endpoint": "https://oauth2.op.example.test/device/code", "token_endpoint": "https://oauth2.op.example.test/token",
			"userinfo_endpoint": "https://openidconnect.op.example.test/v1/userinfo", "revocation_endpoint": "https://oauth2.op.example.test/revoke",
			"jwks_uri": "https://www.op.example.test/oauth2/v3/certs",
			"response_types_supported": ["code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token", "none"],
			"response_modes_supported": ["query", "fragment", "form_post"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
			"authorization_response_iss_parameter_supported": true,
			"scopes_supported": ["openid", "email", "profile"], "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
			"claims_supported": ["aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name", "picture", "sub"],
			"code_challenge_methods_supported": ["plain", "S256"], "grant_types_supported": ["authorization_code", "refresh_token"]}`,
		Keys: `{"keys": [{"n": "$n2", "kid": "$kid2", "e": "$e2", "use": "sig", "alg": "$alg2", "kty": "$kty2"}, {"n": "$n", "kid": "$kid", "e": "$e", "use": "sig", "alg": "$alg", "kty": "$kty"}]}`,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"iss": "$issuer", "azp": "$client", "aud": "$client", "sub": "$sub", "at_hash": "$at_hash", "hd": "example.com", "email": "jsmith@example.com",
				"email_verified": true, "iat": "$now", "exp": "$now3600", "nonce": "$nonce", "name": "J Smith"}`,
		},
		AccessToken:  TokenShape{Opaque: "ya29."},
		Tokens:       `{"access_token": "$access_token", "expires_in": 3599, "scope": "openid https://www.googleapis.com/auth/userinfo.profile", "token_type": "Bearer", "id_token": "$id_token"}`,
		Callback:     `{"iss": "$issuer", "scope": "$scope", "authuser": "0", "hd": "example.com", "prompt": "none"}`,
		Userinfo:     `{"sub": "$sub", "name": "J Smith", "picture": "https://example.com/me.jpg"}`,
		SilentDenied: `{"error": "interaction_required", "iss": "$issuer"}`,
		Limits: []Limit{
			withSecret("Google demands the secret of a web client."),
			noSignout("Google has no end-session endpoint."),
			opaque("Google's access tokens are for its own APIs, and nobody else can read them."),
		},
	}
}

func cognito() Profile {
	return Profile{
		Name: "Amazon Cognito",
		Sources: []Source{
			ownDocs("awsdocs/amazon-cognito-developer-guide", "0b4d5467ecf06a602c89f6c91b5eabe3d89e9d73", "doc_source/amazon-cognito-user-pools-using-the-id-token.md", "", "ID token"),
			ownDocs("awsdocs/amazon-cognito-developer-guide", "0b4d5467ecf06a602c89f6c91b5eabe3d89e9d73", "doc_source/amazon-cognito-user-pools-using-the-access-token.md", "", "access token, and that another key signs it"),
			ownDocs("awsdocs/amazon-cognito-developer-guide", "0b4d5467ecf06a602c89f6c91b5eabe3d89e9d73", "doc_source/token-endpoint.md", "", "token answers, errors"),
			ownDocs("awsdocs/amazon-cognito-developer-guide", "0b4d5467ecf06a602c89f6c91b5eabe3d89e9d73", "doc_source/logout-endpoint.md", "", "sign-out"),
		},
		Inferred: []string{"Metadata", "IDToken.at_hash", "IDToken.nonce", "AccessToken.version", "SilentDenied"},
		Register: "An app client *Single-page application* without a secret, with the address of `callback.html` in *Allowed callback URLs* and where to come back to in *Allowed sign-out URLs*. " +
			"`authority` is `https://cognito-idp.REGION.amazonaws.com/POOL`. Its sign-out knows nothing of the standard's parameters: " +
			"`signoutRedirect({ extraQueryParams: { client_id: \"...\", logout_uri: \"https://app.example.com/\" } })`.",
		Quirks: []string{
			"The login page ignores `prompt=none`: the hidden frame finds a page there, and nothing is restored after a reload without it. Renewal by refresh token works. With `restore: \"redirect\"` a reload ends at that login page when the session there is over.",
			"ID tokens and access tokens are signed by different keys.",
			"The access token has no `aud`; its scopes are those of resource servers.",
		},
		Authority: "https://cognito-idp.op.example.test/us-east-1_example",
		Audience:  "app",
		Metadata: `{
			"authorization_endpoint": "https://mydomain.auth.op.example.test/oauth2/authorize", "end_session_endpoint": "https://mydomain.auth.op.example.test/logout",
			"id_token_signing_alg_values_supported": ["RS256"], "issuer": "https://cognito-idp.op.example.test/us-east-1_example",
			"jwks_uri": "https://cognito-idp.op.example.test/us-east-1_example/.well-known/jwks.json", "response_types_supported": ["code", "token"],
			"revocation_endpoint": "https://mydomain.auth.op.example.test/oauth2/revoke", "scopes_supported": ["openid", "email", "phone", "profile"],
			"subject_types_supported": ["public"], "token_endpoint": "https://mydomain.auth.op.example.test/oauth2/token",
			"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"], "userinfo_endpoint": "https://mydomain.auth.op.example.test/oauth2/userInfo"}`,
		Keys: `{"keys": [{"alg": "$alg", "e": "$e", "kid": "$kid", "kty": "$kty", "n": "$n", "use": "sig"}, {"alg": "$alg2", "e": "$e2", "kid": "$kid2", "kty": "$kty2", "n": "$n2", "use": "sig"}]}`,
		IDToken: TokenShape{
			Header: `{"kid": "$kid", "alg": "$alg"}`,
			Claims: `{"at_hash": "$at_hash", "sub": "$sub", "aud": "$client", "email_verified": true, "token_use": "id", "auth_time": "$auth_time", "iss": "$issuer", "nonce": "$nonce",
				"cognito:username": "janedoe", "exp": "$now3600", "given_name": "Jane", "iat": "$now", "email": "janedoe@example.com", "jti": "$random", "origin_jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"}`,
		},
		AccessToken: TokenShape{
			Second: true,
			Header: `{"kid": "$kid2", "alg": "$alg2"}`,
			Claims: `{"sub": "$sub", "cognito:groups": ["admin"], "token_use": "access", "scope": "$scope", "auth_time": "$auth_time", "iss": "$issuer", "exp": "$now3600", "iat": "$now",
				"version": 2, "origin_jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "jti": "$random", "client_id": "$client", "username": "janedoe@example.com"}`,
		},
		Tokens:        `{"access_token": "$access_token", "refresh_token": "$refresh_token", "id_token": "$id_token", "token_type": "Bearer", "expires_in": 3600}`,
		Refreshed:     `{"access_token": "$access_token", "id_token": "$id_token", "token_type": "Bearer", "expires_in": 3600}`,
		Userinfo:      `{"sub": "$sub", "email_verified": "true", "given_name": "Jane", "username": "janedoe"}`,
		RefreshDenied: invalidGrant,
		Signout:       Signout{Requires: []string{"client_id", "logout_uri"}, Returns: "logout_uri"},
		Limits: []Limit{
			{Step: StepSignout, Setting: "extraQueryParams", Value: "client_id logout_uri",
				Why: "Without its own parameters Cognito shows an error page, and the session there goes on."},
			preset("Cognito", "Its access tokens have no header `typ`, and no `aud`: they are for the client that they were issued to, so that the audience of the API is the id of that client."),
		},
	}
}

func salesforce() Profile {
	return Profile{
		Name: "Salesforce",
		Sources: []Source{
			ownPage("https://login.salesforce.com/.well-known/openid-configuration", "metadata"),
			elsewhere("https://jsforce.github.io/jsforce/types/oauth2.TokenResponse.html", "members of the token answer"),
		},
		Inferred: []string{"Keys", "IDToken", "Refreshed.id_token", "RefreshDenied", "SilentDenied", "Signout.State"},
		Register: "An *External Client App* (or a connected app) with the address of `callback.html`, *Require Proof Key for Code Exchange* on, *Require Secret for Web Server Flow* and for refresh off, " +
			"the origin under *CORS* with *Enable CORS for OAuth endpoints*. `authority` is that of your *My Domain*.",
		Quirks: []string{
			"The token answer has no `expires_in`: the access token counts as good until an API refuses it.",
			"`sub` is an address.",
			"Access tokens are opaque, unless the app issues JWT-based ones.",
		},
		Authority: "https://op.example.test", Subject: "https://op.example.test/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS",
		Scope: "openid refresh_token",
		Metadata: `{
			"issuer": "https://op.example.test", "authorization_endpoint": "https://op.example.test/services/oauth2/authorize",
			"token_endpoint": "https://op.example.test/services/oauth2/token", "revocation_endpoint": "https://op.example.test/services/oauth2/revoke",
			"userinfo_endpoint": "https://op.example.test/services/oauth2/userinfo", "jwks_uri": "https://op.example.test/id/keys",
			"registration_endpoint": "https://op.example.test/services/oauth2/register", "introspection_endpoint": "https://op.example.test/services/oauth2/introspect",
			"scopes_supported": ["content", "chatbot_api", "id", "api", "offline_access", "email", "address", "openid", "profile", "refresh_token", "phone", "full"],
			"response_types_supported": ["code", "token", "token id_token"], "subject_types_supported": ["public"],
			"id_token_signing_alg_values_supported": ["RS256"], "display_values_supported": ["page", "popup", "touch"],
			"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
			"end_session_endpoint": "https://op.example.test/services/auth/rp/oidc/logout"}`,
		Keys: `{"keys": [{"kty": "$kty", "n": "$n", "e": "$e", "alg": "$alg", "use": "sig", "kid": "$kid"}]}`,
		IDToken: TokenShape{
			Header: `{"kid": "$kid", "alg": "$alg"}`,
			Claims: `{"at_hash": "$at_hash", "sub": "$sub", "aud": "$client", "iss": "$issuer", "exp": "$now120", "iat": "$now", "nonce": "$nonce"}`,
		},
		AccessToken: TokenShape{Opaque: "00Dxx0000001gPL!AR8AQ"},
		Tokens: `{"access_token": "$access_token", "refresh_token": "$refresh_token", "signature": "lg2dt7Yyb3WNMi3ZYK5gmM4j5y7YqB", "scope": "$scope", "id_token": "$id_token",
			"instance_url": "https://op.example.test", "id": "https://op.example.test/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS", "token_type": "Bearer", "issued_at": "1702000000000"}`,
		Refreshed: `{"access_token": "$access_token", "signature": "lg2dt7Yyb3WNMi3ZYK5gmM4j5y7YqB", "scope": "$scope", "instance_url": "https://op.example.test",
			"id": "https://op.example.test/id/00Dxx0000001gPLEAY/005xx000001SwiUAAS", "token_type": "Bearer", "issued_at": "1702003600000"}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error": "invalid_grant", "error_description": "expired access/refresh token"}`},
		SilentDenied:  `{"error": "login_required", "error_description": "external user interaction required"}`,
		Signout:       Signout{Returns: "post_logout_redirect_uri", State: true},
		Limits:        []Limit{{Step: StepAPI, Why: "Access tokens are opaque, unless the app issues JWT-based ones, and hold a character that none can have in `Authorization` (RFC 6750 2.1)."}},
	}
}
