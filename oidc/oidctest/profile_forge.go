package oidctest

import "github.com/oidcspa/oidcspa/oidc"

func gitlab() Profile {
	p := rails("GitLab", []Source{
		ownCode("gitlabhq/gitlabhq", "05f0ebba3a2c8ddf39e436f412dc2ab5bf1353b2", "config/initializers/doorkeeper_openid_connect.rb", "claims"),
		ownCode("gitlabhq/gitlabhq", "04eb990a846ce03d41d155ab626c220a3e21a823", "spec/requests/openid_connect_spec.rb", "the claims of an ID token, CORS"),
		ownCode("doorkeeper-gem/doorkeeper-openid_connect", "026cff1d8e75dfa729954d0ec79c2592f72ec465", "app/controllers/doorkeeper/openid_connect/discovery_controller.rb", "members of the metadata, keys"),
	})
	p.Register = "An application with *Confidential* off, the scopes `openid` and what else the app asks for, and the address of `callback.html` as redirect URI. `authority` is `https://HOST`."
	p.Quirks = []string{"The access token is opaque, and for the API of GitLab.", "Each refresh token is good once."}
	p.IDToken.Claims = `{"iss": "$issuer", "sub": "$sub", "aud": "$client", "exp": "$now120", "iat": "$now", "nonce": "$nonce", "auth_time": "$auth_time", "sub_legacy": "0b0e5a8f", "email": "alice@example.test",
		"email_verified": true, "groups_direct": ["group1"]}`
	p.Userinfo = `{"sub": "$sub", "sub_legacy": "0b0e5a8f", "name": "Alice", "nickname": "alice", "email": "alice@example.test", "groups": ["group1"], "https://gitlab.org/claims/groups/owner": ["group1"]}`
	return p
}

func gitea() Profile {
	p := Profile{
		Name: "Gitea and Forgejo",
		Sources: []Source{
			ownCode("go-gitea/gitea", "1dae24a7ea23341eb72dcd8ece87436e9ed0ec13", "templates/user/auth/oidc_wellknown.tmpl", "issuer, with its slash, and endpoints"),
			ownCode("go-gitea/gitea", "10767d7bb2faeecdfd499f7ef08b4520d62b03a1", "services/oauth2_provider/access_token.go", "token answer, ID token, access token"),
			ownCode("go-gitea/gitea", "1e6b081f4a7fde4e7dfb3281328db6f2ef6fc39a", "services/oauth2_provider/token.go", "claims of both tokens"),
			ownCode("go-gitea/gitea", "046f7a02815879a045d016887e8002fdbd252e5b", "routers/web/auth/oauth2_provider.go", "refusal of a refresh token"),
		},
		Inferred: []string{"the rest of Metadata", "Keys", "the headers of tokens", "SilentDenied"},
		Register: "An OAuth2 application with *Confidential Client* off and the address of `callback.html` as redirect URI; `[cors] ENABLED = true` with the origin in `ALLOW_DOMAIN`. " +
			"`authority` is `ROOT_URL` as the metadata has it, with or without its slash. `[oauth2] JWT_SIGNING_ALGORITHM` has to stay asymmetric (default `RS256`).",
		Quirks: []string{
			"`prompt=none` is ignored: the hidden frame finds a login page where nobody is signed in.",
			"A refresh token that is refused is answered with `unauthorized_client`.",
			"There is no end-session endpoint.",
		},
		Authority: "https://op.example.test/", Subject: "1",
		Metadata: `{
			"issuer": "https://op.example.test/", "authorization_endpoint": "https://op.example.test/login/oauth/authorize", "token_endpoint": "https://op.example.test/login/oauth/access_token",
			"jwks_uri": "https://op.example.test/login/oauth/keys", "userinfo_endpoint": "https://op.example.test/login/oauth/userinfo", "introspection_endpoint": "https://op.example.test/login/oauth/introspect",
			"response_types_supported": ["code", "id_token"], "id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
			"scopes_supported": ["openid", "profile", "email", "groups"], "claims_supported": ["aud", "exp", "iat", "iss", "sub", "name", "preferred_username", "profile", "picture", "website", "locale", "updated_at", "email"],
			"code_challenge_methods_supported": ["plain", "S256"], "grant_types_supported": ["authorization_code", "refresh_token"]}`,
		Keys: plainKeys,
		IDToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"iss": "$issuer", "sub": "$sub", "aud": ["$client"], "exp": "$now3600", "iat": "$now", "nonce": "$nonce", "name": "Alice", "preferred_username": "alice", "profile": "https://op.example.test/alice",
				"picture": "https://op.example.test/avatars/1", "updated_at": 1702000000}`,
		},
		RepeatsNonce: true,
		AccessToken: TokenShape{
			Header: `{"alg": "$alg", "kid": "$kid", "typ": "JWT"}`,
			Claims: `{"gnt": 7, "tt": 0, "exp": "$now3600", "iat": "$now"}`,
		},
		Tokens:        `{"access_token": "$access_token", "token_type": "bearer", "expires_in": 3600, "refresh_token": "$refresh_token", "id_token": "$id_token"}`,
		Userinfo:      `{"sub": "$sub", "name": "Alice", "preferred_username": "alice", "email": "alice@example.test"}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error": "unauthorized_client", "error_description": "unable to parse refresh token"}`},
		Limits: []Limit{
			noSignout("Gitea has no end-session endpoint."),
			{Step: StepAPI, Code: oidc.ErrTypeNotAllowed, Why: "Its access tokens say neither whose they are nor for whom: they are for Gitea's own API."},
		},
	}
	p.Refreshed = p.Tokens
	return p
}
