package oidctest

// frameworkProfiles are those of libraries of which somebody makes a provider.
func frameworkProfiles() []Profile {
	return []Profile{duende(), spring(), hydra(), doorkeeper(), djangoOAuthToolkit()}
}

func duende() Profile {
	p := Profile{
		Name: "Duende IdentityServer",
		Sources: []Source{
			ownDocs("DuendeSoftware/docs.duendesoftware.com", "2280e8167cabfbd253541b767edde65c9a209ba1", "src/content/docs/identityserver/tokens/index.md", "2020-09-10", "claims of both tokens"),
			ownDocs("DuendeSoftware/docs.duendesoftware.com", "2280e8167cabfbd253541b767edde65c9a209ba1", "src/content/docs/identityserver/fundamentals/resources/api-resources.md", "2020-09-10", "audience and header of access tokens"),
		},
		Inferred: []string{"Metadata", "Keys", "that scope is an array without EmitScopesAsSpaceDelimitedStringInJwt", "Tokens", "RefreshDenied", "SilentDenied"},
		Register: "A client with `RequireClientSecret = false`, `RequirePkce = true`, the address of `callback.html` in `RedirectUris`, where to come back to in `PostLogoutRedirectUris`, the origin in `AllowedCorsOrigins`, " +
			"`AllowOfflineAccess` for a refresh token; an `ApiResource` for the audience. `authority` is `https://HOST`, or the `IssuerUri` of the host's options.",
		Quirks: []string{
			"`scope` of access tokens is an array, unless `EmitScopesAsSpaceDelimitedStringInJwt` is on.",
			"The sign-out comes back only with a link on a page of the host, unless that has `AutomaticRedirectAfterSignOut`.",
		},
		Authority: "https://op.example.test", Subject: "88421113",
		Scope:    "openid profile resource1.scope1 offline_access",
		Audience: "urn:resource1", APIScope: "resource1.scope1",
		Metadata: `{
			"issuer": "https://op.example.test", "jwks_uri": "https://op.example.test/.well-known/openid-configuration/jwks", "authorization_endpoint": "https://op.example.test/connect/authorize",
			"token_endpoint": "https://op.example.test/connect/token", "userinfo_endpoint": "https://op.example.test/connect/userinfo", "end_session_endpoint": "https://op.example.test/connect/endsession",
			"check_session_iframe": "https://op.example.test/connect/checksession", "revocation_endpoint": "https://op.example.test/connect/revocation", "introspection_endpoint": "https://op.example.test/connect/introspect",
			"device_authorization_endpoint": "https://op.example.test/connect/deviceauthorization", "pushed_authorization_request_endpoint": "https://op.example.test/connect/par", "require_pushed_authorization_requests": false,
			"frontchannel_logout_supported": true, "backchannel_logout_supported": true, "scopes_supported": ["openid", "profile", "resource1.scope1", "offline_access"],
			"claims_supported": ["sub", "name"], "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token", "implicit"],
			"response_types_supported": ["code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"], "response_modes_supported": ["form_post", "query", "fragment"],
			"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"], "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
			"code_challenge_methods_supported": ["plain", "S256"], "request_parameter_supported": true, "prompt_values_supported": ["none", "login", "consent", "select_account"],
			"authorization_response_iss_parameter_supported": true, "dpop_signing_alg_values_supported": ["RS256", "PS256", "ES256"]}`,
		Keys: `{"keys": [{"kty": "$kty", "use": "sig", "kid": "$kid", "e": "$e", "n": "$n", "alg": "$alg"}]}`,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"iss": "$issuer", "nbf": "$now", "iat": "$now", "exp": "$now300", "aud": "$client", "amr": ["pwd"], "nonce": "$nonce", "at_hash": "$at_hash", "sid": "F6E6F2EDE86EB8731EF609A4FE40ED89",
				"auth_time": "$auth_time", "idp": "local", "sub": "$sub", "name": "Bob"}`,
		},
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "at+jwt"}`,
			Claims: `{"iss": "$issuer", "nbf": "$now", "iat": "$now", "exp": "$now3600", "aud": "urn:resource1", "scope": "$scopes", "amr": ["pwd"], "client_id": "$client", "sub": "$sub", "auth_time": "$auth_time",
				"idp": "local", "sid": "F6E6F2EDE86EB8731EF609A4FE40ED89", "jti": "$random"}`,
		},
		Tokens:        `{"id_token": "$id_token", "access_token": "$access_token", "expires_in": 3600, "token_type": "Bearer", "refresh_token": "$refresh_token", "scope": "$scope"}`,
		Callback:      `{"scope": "$scope", "session_state": "dvDF-MqJ4dKAQ.6A", "iss": "$issuer"}`,
		Userinfo:      `{"sub": "$sub", "name": "Bob"}`,
		RefreshDenied: invalidGrant,
		SilentDenied:  `{"error": "login_required", "session_state": "dvDF-MqJ4dKAQ.6A", "iss": "$issuer"}`,
		Signout:       Signout{Returns: "post_logout_redirect_uri", State: true},
	}
	p.Refreshed = p.Tokens
	return p
}

func spring() Profile {
	const at = "041b94d682c1d6fb1ff87c8dfdc8e04f10f41d81"
	return Profile{
		Name: "Spring Authorization Server",
		Sources: []Source{
			ownCode("spring-projects/spring-authorization-server", at,
				"oauth2-authorization-server/src/main/java/org/springframework/security/oauth2/server/authorization/token/JwtGenerator.java", "claims of both tokens"),
			ownCode("spring-projects/spring-authorization-server", at,
				"oauth2-authorization-server/src/main/java/org/springframework/security/oauth2/server/authorization/oidc/web/OidcProviderConfigurationEndpointFilter.java", "metadata"),
		},
		Inferred: []string{"Keys", "the headers of tokens", "Tokens", "SilentDenied", "Signout"},
		Register: "A `RegisteredClient` with `ClientAuthenticationMethod.NONE`, `requireProofKey(true)`, the address of `callback.html` as `redirectUri`, where to come back to as `postLogoutRedirectUri`; " +
			"CORS for the origin in the security configuration of the host. `authority` is the `issuer` of its `AuthorizationServerSettings`.",
		Quirks: []string{
			"A public client gets no refresh token: the session is renewed in the hidden frame, which needs the provider on the same site, or third-party cookies.",
			"`scope` of access tokens is an array, and their `aud` the client, unless an `OAuth2TokenCustomizer` changes that.",
		},
		Authority: "https://op.example.test", Subject: "user",
		Audience: "app",
		Metadata: `{
			"issuer": "https://op.example.test", "authorization_endpoint": "https://op.example.test/oauth2/authorize", "device_authorization_endpoint": "https://op.example.test/oauth2/device_authorization",
			"token_endpoint": "https://op.example.test/oauth2/token",
			"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"],
			"jwks_uri": "https://op.example.test/oauth2/jwks", "userinfo_endpoint": "https://op.example.test/userinfo", "end_session_endpoint": "https://op.example.test/connect/logout",
			"response_types_supported": ["code"], "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
			"revocation_endpoint": "https://op.example.test/oauth2/revoke", "introspection_endpoint": "https://op.example.test/oauth2/introspect", "code_challenge_methods_supported": ["S256"],
			"tls_client_certificate_bound_access_tokens": true, "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid"]}`,
		Keys: `{"keys": [{"kty": "$kty", "e": "$e", "kid": "$kid", "n": "$n"}]}`,
		IDToken: TokenShape{
			Header: `{"kid": "$kid", "alg": "$alg"}`,
			Claims: `{"sub": "$sub", "aud": "$client", "azp": "$client", "auth_time": "$auth_time", "iss": "$issuer", "exp": "$now1800", "iat": "$now", "nonce": "$nonce", "jti": "$random",
				"sid": "wU_cRj1YqZ5dh0wQ"}`,
		},
		AccessToken: TokenShape{
			Header: `{"kid": "$kid", "alg": "$alg"}`,
			Claims: `{"sub": "$sub", "aud": "$client", "nbf": "$now", "scope": "$scopes", "iss": "$issuer", "exp": "$now300", "iat": "$now", "jti": "$random"}`,
		},
		Tokens:       `{"access_token": "$access_token", "scope": "$scope", "id_token": "$id_token", "token_type": "Bearer", "expires_in": 299}`,
		Userinfo:     `{"sub": "$sub"}`,
		SilentDenied: `{"error": "login_required"}`,
		Signout:      Signout{Requires: []string{"id_token_hint"}, Returns: "post_logout_redirect_uri", State: true},
		Limits:       []Limit{preset("Spring", "Its access tokens have no header `typ`, an array as `scope`, and the client as audience.")},
	}
}

func hydra() Profile {
	p := Profile{
		Name: "Ory Hydra",
		Sources: []Source{
			ownCode("ory/hydra", "29ba474a84987bb539ef21cb910fd817ba36b376", "oauth2/.snapshots/TestHandlerWellKnown-hsm_enabled=false.json", "metadata"),
			ownCode("ory/hydra", "41a83dbf752b74495cfca803063090b87cee5630",
				"oauth2/.snapshots/TestAuthCodeWithMockStrategy-strategy=jwt-case=0-description=should_pass_request_if_strategy_passes-should_call_refresh_token_hook_if_configured-hook=new.json",
				"claims of the session of an ID token"),
		},
		Inferred: []string{"Keys", "IDToken.rat", "IDToken.sid", "AccessToken", "Tokens", "RefreshDenied", "SilentDenied"},
		Register: "A client with `token_endpoint_auth_method: none`, the address of `callback.html` in `redirect_uris`, where to come back to in `post_logout_redirect_uris`, the origin in `allowed_cors_origins`; " +
			"`strategies.access_token: jwt` for an API that reads it, and its identifier asked for as `audience`. `authority` is `urls.self.issuer` of Hydra's configuration.",
		Quirks: []string{
			"`userinfo_endpoint` is what `oidc.discovery.userinfo_url` says, and may be relative: it is left out then.",
			"The access token says its scopes in `scp`, an array.",
		},
		Authority: "https://op.example.test", Subject: "foo",
		Scope:    "openid offline things.read",
		Audience: "https://api.example.test", APIScope: "things.read",
		Alg: "ES256",
		Metadata: `{
			"authorization_endpoint": "https://op.example.test/oauth2/auth", "backchannel_logout_session_supported": true, "backchannel_logout_supported": true, "claims_parameter_supported": false,
			"claims_supported": ["sub"], "code_challenge_methods_supported": ["plain", "S256"], "credentials_endpoint_draft_00": "https://op.example.test/credentials",
			"credentials_supported_draft_00": [{"cryptographic_binding_methods_supported": ["jwk"], "format": "jwt_vc_json", "types": ["VerifiableCredential", "UserInfoCredential"]}],
			"device_authorization_endpoint": "https://op.example.test/oauth2/device/auth", "end_session_endpoint": "https://op.example.test/oauth2/sessions/logout",
			"frontchannel_logout_session_supported": true, "frontchannel_logout_supported": true,
			"grant_types_supported": ["authorization_code", "implicit", "client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
			"id_token_signed_response_alg": ["ES256"], "id_token_signing_alg_values_supported": ["ES256"], "issuer": "https://op.example.test",
			"jwks_uri": "https://op.example.test/.well-known/jwks.json", "registration_endpoint": "http://client-register/registration", "request_object_signing_alg_values_supported": ["none", "RS256", "ES256"],
			"request_parameter_supported": true, "request_uri_parameter_supported": true, "require_request_uri_registration": true, "response_modes_supported": ["query", "fragment", "form_post"],
			"response_types_supported": ["code", "code id_token", "id_token", "token id_token", "token", "token id_token code"], "revocation_endpoint": "https://op.example.test/oauth2/revoke",
			"scopes_supported": ["offline_access", "offline", "openid"], "subject_types_supported": ["public", "pairwise"], "token_endpoint": "https://op.example.test/oauth2/token",
			"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt", "none"], "userinfo_endpoint": "/userinfo",
			"userinfo_signed_response_alg": ["ES256"], "userinfo_signing_alg_values_supported": ["none", "ES256"]}`,
		Keys: `{"keys": [{"use": "sig", "kty": "$kty", "kid": "$kid", "crv": "$crv", "alg": "$alg", "x": "$x", "y": "$y"}]}`,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"acr": "1", "at_hash": "$at_hash", "aud": ["$client"], "auth_time": "$auth_time", "exp": "$now3600", "ext": {"hooked": "legacy"}, "iat": "$now", "iss": "$issuer", "jti": "$random", "nonce": "$nonce",
				"rat": "$now-2", "sid": "b3d3f4a6", "sub": "$sub"}`,
		},
		RepeatsNonce: true,
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"aud": ["https://api.example.test"], "client_id": "$client", "exp": "$now3600", "ext": {"hooked": "legacy"}, "iat": "$now", "iss": "$issuer", "jti": "$random", "nbf": "$now", "scp": "$scopes", "sub": "$sub"}`,
		},
		Tokens:   `{"access_token": "$access_token", "expires_in": 3599, "id_token": "$id_token", "refresh_token": "$refresh_token", "scope": "$scope", "token_type": "bearer"}`,
		Callback: `{"scope": "$scope"}`,
		RefreshDenied: Denial{Status: 400,
			Body: `{"error": "invalid_grant", "error_description": "The provided authorization grant or refresh token is invalid, expired or revoked. The refresh token was not found."}`},
		SilentDenied: `{"error": "login_required", "error_description": "The Authorization Server requires End-User authentication. Prompt 'none' was requested, but no existing login session was found."}`,
		Signout:      Signout{Returns: "post_logout_redirect_uri", State: true},
		Limits:       []Limit{preset("Hydra", "Its access tokens have the header `typ: \"JWT\"`, and their scopes in `scp`, an array.")},
	}
	p.Refreshed = p.Tokens
	return p
}

// rails is what providers with doorkeeper-openid_connect have in common.
func rails(name string, sources []Source) Profile {
	p := Profile{
		Name: name, Sources: sources,
		Inferred:  []string{"the values in Metadata", "Tokens", "RefreshDenied", "SilentDenied"},
		Authority: "https://op.example.test", Subject: "1",
		Metadata: `{
			"issuer": "https://op.example.test", "authorization_endpoint": "https://op.example.test/oauth/authorize", "token_endpoint": "https://op.example.test/oauth/token",
			"revocation_endpoint": "https://op.example.test/oauth/revoke", "introspection_endpoint": "https://op.example.test/oauth/introspect", "userinfo_endpoint": "https://op.example.test/oauth/userinfo",
			"jwks_uri": "https://op.example.test/oauth/discovery/keys", "scopes_supported": ["read_user", "openid", "profile", "email"], "response_types_supported": ["code"],
			"response_modes_supported": ["query", "fragment", "form_post"], "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
			"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"], "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
			"claim_types_supported": ["normal"], "claims_supported": ["iss", "sub", "aud", "exp", "iat", "name", "nickname"], "code_challenge_methods_supported": ["plain", "S256"]}`,
		Keys: `{"keys": [{"kty": "$kty", "kid": "$kid", "e": "$e", "n": "$n", "use": "sig", "alg": "$alg"}]}`,
		IDToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "kid": "$kid"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": "$client", "exp": "$now120", "iat": "$now", "nonce": "$nonce", "auth_time": "$auth_time"}`,
		},
		AccessToken: TokenShape{Opaque: "de6780bc506a0446"},
		Tokens:      `{"access_token": "$access_token", "token_type": "Bearer", "expires_in": 7200, "refresh_token": "$refresh_token", "scope": "$scope", "created_at": "$now", "id_token": "$id_token"}`,
		Userinfo:    `{"sub": "$sub"}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error": "invalid_grant", "error_description": "The provided authorization grant is invalid, expired, revoked, ` +
			`does not match the redirection URI used in the authorization request, or was issued to another client."}`},
		SilentDenied: `{"error": "login_required", "error_description": "The authorization server requires end-user authentication"}`,
		Limits: []Limit{
			noSignout("There is no end-session endpoint, unless the host sets one."),
			opaque("Access tokens are opaque."),
		},
	}
	p.Refreshed = p.Tokens
	return p
}

func doorkeeper() Profile {
	p := rails("doorkeeper-openid_connect", []Source{
		ownCode("doorkeeper-gem/doorkeeper-openid_connect", "026cff1d8e75dfa729954d0ec79c2592f72ec465", "app/controllers/doorkeeper/openid_connect/discovery_controller.rb", "members of the metadata, keys"),
		ownCode("doorkeeper-gem/doorkeeper-openid_connect", "0838186657745b1e7f6d9961208ff3abbe7adf1d", "lib/doorkeeper/openid_connect/id_token.rb", "ID token"),
	})
	p.Register = "An application with `confidential: false` and the address of `callback.html` as redirect URI; `use_refresh_token` and `pkce_code_challenge_methods` in doorkeeper's configuration, " +
		"`rack-cors` for the origin. `end_session_endpoint` in the configuration of the gem gives a sign-out. `authority` is the `issuer` there."
	p.Quirks = []string{"The access token is opaque, unless `doorkeeper-jwt` makes JWTs of its own shape."}
	return p
}

func djangoOAuthToolkit() Profile {
	p := Profile{
		Name: "django-oauth-toolkit",
		Sources: []Source{
			ownCode("jazzband/django-oauth-toolkit", "0444220e2f1e163236edaf75d128d1191d6d805a", "tests/test_oidc_views.py", "metadata, keys"),
			ownCode("jazzband/django-oauth-toolkit", "0444220e2f1e163236edaf75d128d1191d6d805a", "oauth2_provider/views/oidc.py", "members of the metadata, CORS of metadata and keys"),
		},
		Inferred: []string{"end_session_endpoint of Metadata", "IDToken", "Tokens", "RefreshDenied", "SilentDenied", "Signout"},
		Register: "An application of the type *Public* with the grant *Authorization code*, the algorithm *RSA with SHA-2 256*, the address of `callback.html` as redirect URI, where to come back to as post-logout redirect URI, " +
			"the origin in *Allowed origins*; `OIDC_ENABLED`, and `OIDC_RP_INITIATED_LOGOUT_ENABLED` for a sign-out. `authority` is `https://HOST/o`.",
		Quirks:    []string{"The access token is opaque, and an API asks the introspection endpoint."},
		Authority: "https://op.example.test/o", Subject: "1",
		Metadata: `{
			"issuer": "https://op.example.test/o", "authorization_endpoint": "https://op.example.test/o/authorize/", "token_endpoint": "https://op.example.test/o/token/",
			"userinfo_endpoint": "https://op.example.test/o/userinfo/", "jwks_uri": "https://op.example.test/o/.well-known/jwks.json", "scopes_supported": ["openid", "profile"],
			"response_types_supported": ["code", "token", "id_token", "id_token token", "code token", "code id_token", "code id_token token"], "subject_types_supported": ["public"],
			"id_token_signing_alg_values_supported": ["RS256", "HS256"], "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
			"code_challenge_methods_supported": ["plain", "S256"], "claims_supported": ["sub"], "end_session_endpoint": "https://op.example.test/o/logout/"}`,
		Keys: `{"keys": [{"alg": "$alg", "use": "sig", "kid": "$kid", "e": "$e", "kty": "$kty", "n": "$n"}]}`,
		IDToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "kid": "$kid"}`,
			Claims: `{"aud": "$client", "iat": "$now", "at_hash": "$at_hash", "sub": "$sub", "nonce": "$nonce", "iss": "$issuer", "exp": "$now36000", "auth_time": "$auth_time", "jti": "$random"}`,
		},
		AccessToken:   TokenShape{Opaque: "jooqrnOrNa0BrNWlg68u9sl6SkdFZg"},
		Tokens:        `{"access_token": "$access_token", "expires_in": 36000, "token_type": "Bearer", "scope": "$scope", "refresh_token": "$refresh_token", "id_token": "$id_token"}`,
		Userinfo:      `{"sub": "$sub"}`,
		RefreshDenied: invalidGrant,
		SilentDenied:  `{"error": "login_required"}`,
		Signout:       Signout{Returns: "post_logout_redirect_uri", State: true},
		Limits:        []Limit{opaque("Access tokens are opaque.")},
	}
	p.Refreshed = p.Tokens
	return p
}
