package oidctest

// socialProfiles are those of OAuth servers that send an ID token, too.
func socialProfiles() []Profile {
	return []Profile{twitch(), slack()}
}

func twitch() Profile {
	p := Profile{
		Name: "Twitch",
		Sources: []Source{
			ownPage("https://dev.twitch.tv/docs/authentication/getting-tokens-oidc", "metadata"),
			elsewhere("https://dev.twitch.tv/docs/authentication/getting-tokens-oauth", "token answer, with scope as an array, as others quote it"),
		},
		Inferred: []string{"Keys", "IDToken", "RefreshDenied", "SilentDenied", "that PKCE is passed over"},
		Register: "An application with the address of `callback.html` as OAuth redirect URL. The token endpoint demands `client_secret`, which everybody can read in a single-page app: " +
			"what Twitch has for those is the implicit flow, which this client does not do. `authority` is `https://id.twitch.tv/oauth2`.",
		Quirks: []string{
			"`scope` of the token answer is an array.",
			"`prompt=none` is passed over: the hidden frame finds a login page where nobody is signed in.",
			"Errors are `{\"status\": 400, \"message\": \"...\"}`, without the member `error`.",
		},
		Authority: "https://op.example.test/oauth2", Subject: "713936733", Secret: true,
		Scope: "openid user:read:email",
		Metadata: `{
			"authorization_endpoint": "https://op.example.test/oauth2/authorize", "claims_parameter_supported": true,
			"claims_supported": ["email", "email_verified", "picture", "preferred_username", "exp", "iss", "sub", "azp", "aud", "iat", "updated_at"],
			"id_token_signing_alg_values_supported": ["RS256"], "issuer": "https://op.example.test/oauth2", "jwks_uri": "https://op.example.test/oauth2/keys",
			"response_types_supported": ["id_token", "code", "token", "code id_token", "token id_token"], "scopes_supported": ["openid"], "subject_types_supported": ["public"],
			"token_endpoint": "https://op.example.test/oauth2/token", "token_endpoint_auth_methods_supported": ["client_secret_post"], "userinfo_endpoint": "https://op.example.test/oauth2/userinfo"}`,
		Keys: plainKeys,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "typ": "JWT", "kid": "$kid"}`,
			Claims: `{"aud": "$client", "exp": "$now900", "iat": "$now", "iss": "$issuer", "sub": "$sub", "azp": "$client", "nonce": "$nonce", "preferred_username": "alice", "at_hash": "$at_hash"}`,
		},
		AccessToken:   TokenShape{Opaque: "rfx2uswqe8l4g1mk"},
		Tokens:        `{"access_token": "$access_token", "expires_in": 14124, "id_token": "$id_token", "refresh_token": "$refresh_token", "scope": "$scopes", "token_type": "bearer"}`,
		Refreshed:     `{"access_token": "$access_token", "expires_in": 14124, "refresh_token": "$refresh_token", "scope": "$scopes", "token_type": "bearer"}`,
		Callback:      `{"scope": "$scope"}`,
		Userinfo:      `{"aud": "$client", "exp": "$now900", "iat": "$now", "iss": "$issuer", "sub": "$sub", "preferred_username": "alice"}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error": "Bad Request", "status": 400, "message": "Invalid refresh token"}`},
		Limits: []Limit{
			withSecret("Twitch demands a secret, which everybody can read in the browser."),
			noSignout("Twitch has no end-session endpoint."),
			opaque("Access tokens are opaque, and for Twitch's own API."),
		},
	}
	return p
}

func slack() Profile {
	return Profile{
		Name: "Slack",
		Sources: []Source{
			ownPage("https://docs.slack.dev/reference/methods/openid.connect.token", "arguments of the token endpoint"),
			ownPage("https://docs.slack.dev/reference/methods/openid.connect.userInfo", "userinfo"),
		},
		Inferred: []string{"Metadata", "Keys", "IDToken", "Tokens", "SilentDenied"},
		Register: "An app with *Sign in with Slack*, the address of `callback.html` under *OAuth & Permissions, Redirect URLs*. The token endpoint demands `client_secret`, which everybody can read in a single-page app. `authority` is `https://slack.com`.",
		Quirks: []string{
			"Answers have the member `ok`; a refusal has the status 200.",
			"There is no refresh token without *token rotation*, and no `expires_in`: the session lasts until the app ends it.",
		},
		Authority: "https://op.example.test", Subject: "U0R7JM", Secret: true,
		Metadata: `{
			"issuer": "https://op.example.test", "authorization_endpoint": "https://op.example.test/openid/connect/authorize", "token_endpoint": "https://op.example.test/api/openid.connect.token",
			"userinfo_endpoint": "https://op.example.test/api/openid.connect.userInfo", "jwks_uri": "https://op.example.test/openid/connect/keys", "scopes_supported": ["openid", "profile", "email"],
			"response_types_supported": ["code"], "response_modes_supported": ["form_post"], "grant_types_supported": ["authorization_code"], "subject_types_supported": ["public"],
			"id_token_signing_alg_values_supported": ["RS256"], "claims_supported": ["sub", "auth_time", "iss"], "claims_parameter_supported": false, "request_parameter_supported": false,
			"request_uri_parameter_supported": true, "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]}`,
		Keys: `{"keys": [{"e": "$e", "n": "$n", "kid": "$kid", "kty": "$kty", "alg": "$alg", "use": "sig"}]}`,
		IDToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "kid": "$kid"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": "$client", "exp": "$now300", "iat": "$now", "auth_time": "$auth_time", "nonce": "$nonce", "at_hash": "$at_hash",
				"https://slack.com/team_id": "T0R7GR", "https://slack.com/user_id": "$sub", "email": "krane@example.test", "email_verified": true, "name": "krane"}`,
		},
		AccessToken: TokenShape{Opaque: "xoxp-"},
		Tokens:      `{"ok": true, "access_token": "$access_token", "token_type": "Bearer", "id_token": "$id_token"}`,
		Userinfo: `{"ok": true, "sub": "$sub", "https://slack.com/user_id": "$sub", "https://slack.com/team_id": "T0R7GR", "email": "krane@example.test", "email_verified": true,
			"date_email_verified": 1622128723, "name": "krane", "https://slack.com/team_name": "kraneflannel"}`,
		Limits: []Limit{
			withSecret("Slack demands a secret, which everybody can read in the browser."),
			noSignout("Slack has no end-session endpoint."),
			opaque("Access tokens are opaque, and for Slack's own API."),
		},
	}
}
