package oidctest

import (
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	entraTenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	azureDocs   = "MicrosoftDocs/azure-docs"
)

func microsoftProfiles() []Profile {
	return []Profile{
		entra("Entra, a single tenant", entraTenant), entra("Entra, common", "common"), entra("Entra, organizations", "organizations"),
		b2c("Azure AD B2C with an API scope", "/b2c_1_signupsignin1", ""),
		b2cAlone(),
		b2c("Azure AD B2C, policy in the query", "", "?p=b2c_1_signupsignin1"),
		adfs(),
	}
}

// entra is one of the addresses that an app can be registered for.
func entra(name, path string) Profile {
	issuer := "https://op.example.test/{tenantid}/v2.0"
	p := Profile{
		Name: name,
		Sources: []Source{
			ownDocs(azureDocs, "000f448140e1087717410e7108d450115d7b654a", "articles/active-directory/develop/v2-protocols-oidc.md", "", "metadata, sign-out"),
			ownDocs(azureDocs, "065ee0e9209a2b58a7ac01e2a42c20af0dd4ef53", "articles/active-directory/develop/v2-oauth2-auth-code-flow.md", "", "token answer, errors"),
			ownDocs(azureDocs, "00bf346422d6548022d1231877349538e8141633", "articles/active-directory/develop/access-tokens.md", "2018-01-24", "access token (its sample of v2.0)"),
			ownDocs(azureDocs, "0306c6fdcce96ce2765fb91a0dc3e4b3723f873b", "articles/active-directory/develop/id-tokens.md", "2020-01-16", "ID token (its sample of v2.0)"),
			elsewhere("http://dev.fyicenter.com/1001068_Azure_AD_v2_OpenID_Metadata_Document.html", "a copy of the metadata of common, with {tenantid}"),
		},
		Inferred: []string{"Keys", "RefreshDenied.error_codes", "SilentDenied.error_description", "Signout.State"},
		Register: "A platform *Single-page application* with the address of `callback.html`, and an API of your own under *Expose an API*, whose scope the app asks for " +
			"(`openid profile offline_access api://APP-ID/access_as_user`): the access token is otherwise one for Microsoft Graph, which nobody else can check. " +
			"`accessTokenAcceptedVersion` is 2 in the manifest of the API. `authority` is `https://login.microsoftonline.com/TENANT-ID/v2.0`, with the GUID of the tenant.",
		Quirks: []string{
			"A refresh token of a single-page application lives 24 hours.",
			"The access token says its scopes in `scp`, its client in `azp`, and has neither `client_id` nor `jti`.",
			"The userinfo endpoint is one of Microsoft Graph: `loadUserInfo` fails with an access token for an API of your own.",
		},
		Authority: "https://op.example.test/" + path + "/v2.0",
		Scope:     "openid profile offline_access api://6e74172b-be56-4843-9ff4-e66a39bb12e3/access_as_user",
		Audience:  "6e74172b-be56-4843-9ff4-e66a39bb12e3", APIScope: "access_as_user",
		Metadata: `{
			"token_endpoint": "https://op.example.test/PATH/oauth2/v2.0/token",
			"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
			"jwks_uri": "https://op.example.test/PATH/discovery/v2.0/keys",
			"response_modes_supported": ["query", "fragment", "form_post"], "subject_types_supported": ["pairwise"],
			"id_token_signing_alg_values_supported": ["RS256"],
			"response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
			"scopes_supported": ["openid", "profile", "email", "offline_access"],
			"issuer": "ISSUER", "request_uri_parameter_supported": false,
			"userinfo_endpoint": "https://graph.op.example.test/oidc/userinfo",
			"authorization_endpoint": "https://op.example.test/PATH/oauth2/v2.0/authorize",
			"http_logout_supported": true, "frontchannel_logout_supported": true,
			"end_session_endpoint": "https://op.example.test/PATH/oauth2/v2.0/logout",
			"tenant_region_scope": null, "cloud_instance_name": "op.example.test"}`,
		Keys: `{"keys": [{"kty": "$kty", "use": "sig", "kid": "$kid", "x5t": "$kid", "n": "$n", "e": "$e", "x5c": ["$x5c"],
			"cloud_instance_name": "op.example.test", "issuer": "ISSUER"}]}`,
		IDToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "kid": "$kid"}`,
			Claims: `{"ver": "2.0", "iss": "https://op.example.test/TENANT/v2.0", "sub": "$sub", "aud": "$client", "exp": "$now86400", "iat": "$now-300", "nbf": "$now-300",
				"name": "Abe Lincoln", "preferred_username": "abe@example.test", "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
				"tid": "TENANT", "nonce": "$nonce", "aio": "Df2UVXL1ix!lMCWMSOJBcFatzcGvvFGhjKv8q5g0"}`,
		},
		AccessToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "kid": "$kid"}`,
			Claims: `{"aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3", "iss": "https://op.example.test/TENANT/v2.0", "iat": "$now-300", "nbf": "$now-300", "exp": "$now3600",
				"aio": "AXQAi/8IAAAAtAaZ", "azp": "$client", "azpacr": "0", "name": "Abe Lincoln", "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
				"preferred_username": "abe@example.test", "rh": "I", "scp": "access_as_user", "sub": "$sub", "tid": "TENANT", "uti": "$random", "ver": "2.0"}`,
		},
		Tokens: `{"token_type": "Bearer", "scope": "$scope", "expires_in": 3599, "ext_expires_in": 3599,
			"access_token": "$access_token", "refresh_token": "$refresh_token", "id_token": "$id_token"}`,
		Callback: `{"session_state": "cd6c7c4c-0d0c-4f0b-a3f0-0d0c"}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error": "invalid_grant", "error_description": "AADSTS700084: The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime.",
			"error_codes": [700084], "timestamp": "2026-01-01 00:00:00Z", "trace_id": "255d1aef-8c98-452f-ac51-23d051240864", "correlation_id": "fb3d2015-bc17-4bb9-bb85-30c5cf1aaaa7"}`},
		SilentDenied: `{"error": "login_required", "error_description": "AADSTS50058: A silent sign-in request was sent but no user is signed in."}`,
		Signout:      Signout{Returns: "post_logout_redirect_uri", State: true},
		Limits:       []Limit{preset("Entra", "Its access tokens have the header `typ: \"JWT\"`, and their scopes in `scp`.")},
	}
	if path == entraTenant {
		issuer = p.Authority
	} else {
		p.Limits[0].Why = "Its access tokens have the issuer of their tenant: name those that the API takes in `Tenants`, where `\"*\"` means all."
		p.Register = "As for a single tenant, with the account types that the registration supports, and `authority` `https://login.microsoftonline.com/" + path + "/v2.0`."
		p.Tenants = []string{entraTenant}
		p.Quirks = []string{"The metadata has `{tenantid}` in `issuer`: the `iss` of a token is that with the token's own `tid`. Everybody of any tenant can sign in, " +
			"unless the app names those that it serves in `allowed_tenants`."}
	}
	fill := strings.NewReplacer("PATH", path, "ISSUER", issuer, "TENANT", entraTenant)
	for _, text := range []*string{&p.Metadata, &p.Keys, &p.IDToken.Claims, &p.AccessToken.Claims} {
		*text = fill.Replace(*text)
	}
	p.Refreshed = p.Tokens
	return p
}

const directory = "775527ff-9a37-4307-8b3d-cc311f58d925"

// b2c has its policy in the path of its endpoints or in their query.
func b2c(name, path, query string) Profile {
	p := Profile{
		Name: name,
		Sources: []Source{
			ownDocs(azureDocs, "03ccabf0034fecab706910c6d836897d15ac74cf", "articles/active-directory-b2c/openid-connect.md", "2020-04-27", "addresses, token answer, errors"),
			ownDocs(azureDocs, "024102736055dcc988236b7dc670e9606ebff310", "articles/active-directory-b2c/access-tokens.md", "2021-05-26", "scopes, token answer, access token"),
			ownDocs(azureDocs, "0ecc6a531d414f528531627031eef6e56d87ebcb", "articles/active-directory-b2c/tokens-overview.md", "2020-04-10", "claims, issuer"),
		},
		Inferred: []string{"the lists in Metadata", "Keys", "RefreshDenied", "SilentDenied", "Signout.State"},
		Register: "An application of the kind *Single-page application*, and one for the API with a scope, which the app asks for. `metadataUrl` is the address of the policy's metadata, " +
			"`authority` the `issuer` that stands in it (`https://TENANT.b2clogin.com/GUID/v2.0/`): B2C does not publish below its issuer. " +
			"With the *issuer claim* of the user flow set to `/tfp/` both are one, and `authority` is enough.",
		Quirks: []string{
			"Without a scope of an API there is no access token; see below.",
			"`nonce` of the sign-in is in the access token, too.",
			"`prompt=none` without a session answers `interaction_required`.",
		},
		Authority:   "https://op.example.test/" + directory + "/v2.0/",
		MetadataURL: "https://op.example.test/contoso.onmicrosoft.com" + path + "/v2.0/.well-known/openid-configuration" + query,
		Scope:       "openid offline_access https://contoso.example.test/api/read",
		TokenScope:  "https://contoso.example.test/api/read",
		Audience:    "f2a76e08-93f2-4350-833c-965c02483b11", APIScope: "read",
		Metadata: `{
			"issuer": "https://op.example.test/` + directory + `/v2.0/",
			"authorization_endpoint": "https://op.example.test/contoso.onmicrosoft.comPATH/oauth2/v2.0/authorizeQUERY",
			"token_endpoint": "https://op.example.test/contoso.onmicrosoft.comPATH/oauth2/v2.0/tokenQUERY",
			"end_session_endpoint": "https://op.example.test/contoso.onmicrosoft.comPATH/oauth2/v2.0/logoutQUERY",
			"jwks_uri": "https://op.example.test/contoso.onmicrosoft.comPATH/discovery/v2.0/keysQUERY",
			"response_modes_supported": ["query", "fragment", "form_post"],
			"response_types_supported": ["code", "code id_token", "code token", "code id_token token", "id_token", "id_token token", "token", "token id_token"],
			"scopes_supported": ["openid"], "subject_types_supported": ["pairwise"], "id_token_signing_alg_values_supported": ["RS256"],
			"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
			"claims_supported": ["name", "sub", "idp", "tfp", "iss", "iat", "exp", "aud", "acr", "nonce", "auth_time"]}`,
		Keys: `{"keys": [{"kid": "$kid", "nbf": 1493763266, "use": "sig", "kty": "$kty", "e": "$e", "n": "$n"}]}`,
		IDToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "kid": "$kid"}`,
			Claims: `{"ver": "1.0", "iss": "https://op.example.test/` + directory + `/v2.0/", "sub": "$sub", "aud": "$client", "exp": "$now3600", "nonce": "$nonce",
				"iat": "$now", "auth_time": "$auth_time", "nbf": "$now", "at_hash": "$at_hash", "name": "David", "tfp": "B2C_1_signupsignin1"}`,
		},
		AccessToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "kid": "$kid"}`,
			Claims: `{"iss": "https://op.example.test/` + directory + `/v2.0/", "exp": "$now3600", "nbf": "$now", "aud": "f2a76e08-93f2-4350-833c-965c02483b11",
				"oid": "1558f87f-452b-4757-bcd1-883a5f2b0f3c", "sub": "$sub", "name": "David", "tfp": "B2C_1_signupsignin1", "nonce": "$nonce", "scp": "read",
				"azp": "$client", "ver": "1.0", "iat": "$now"}`,
		},
		Tokens: `{"access_token": "$access_token", "id_token": "$id_token", "token_type": "Bearer", "not_before": "$now", "expires_in": 3600, "expires_on": "$now3600",
			"resource": "f2a76e08-93f2-4350-833c-965c02483b11", "id_token_expires_in": 3600, "profile_info": "eyJ2ZXIiOiIxLjAifQ", "scope": "$scope",
			"refresh_token": "$refresh_token", "refresh_token_expires_in": 86400}`,
		RefreshDenied: Denial{Status: 400, Body: `{"error": "invalid_grant", "error_description": "AADB2C90080: The provided grant has expired. Please re-authenticate and try again."}`},
		SilentDenied:  `{"error": "interaction_required", "error_description": "AADB2C90077: User does not have an existing session and request prompt parameter has a value of 'None'."}`,
		Signout:       Signout{Returns: "post_logout_redirect_uri", State: true},
		Limits:        []Limit{preset("AzureB2C", "Its access tokens have the header `typ: \"JWT\"`, the nonce of the sign-in, and their scopes in `scp`. The metadata is not below the issuer: `MetadataURL` says where.")},
	}
	fill := strings.NewReplacer("PATH", path, "QUERY", query)
	p.Metadata = fill.Replace(p.Metadata)
	p.Refreshed = p.Tokens
	if query != "" {
		p.Register, p.Quirks = "As with the policy in the path. `metadataUrl` is the address with `?p=POLICY`, `authority` the `issuer` that stands there; its endpoints have the query, too.", nil
	}
	return p
}

// b2cAlone asks for no API.
func b2cAlone() Profile {
	p := b2c("Azure AD B2C without an API scope", "/b2c_1_signupsignin1", "")
	p.Scope, p.TokenScope, p.APIScope, p.Audience = "openid offline_access", "app", "", ""
	p.Quirks = []string{"The token answer has no `access_token` unless a scope of an API, or the client's own id, is asked for."}
	p.Tokens = `{"id_token": "$id_token", "access_token": "$access_token", "token_type": "Bearer", "not_before": "$now", "expires_in": "$expires_in", "id_token_expires_in": 3600, "profile_info": "e30",
		"scope": "$scope", "refresh_token": "$refresh_token", "refresh_token_expires_in": 86400}`
	p.Refreshed = p.Tokens
	p.Limits = []Limit{
		{Step: StepSignin, Code: oidc.ErrTokenResponseInvalid, Setting: "scope", Value: "openid offline_access app",
			Why: "With `openid` alone B2C sends no access token. Ask for a scope of an API, or for the client id itself."},
		{Step: StepAPI, Code: oidc.ErrTypeNotAllowed, Why: "The access token is for the client itself: an API needs a scope of its own."},
	}
	return p
}

func adfs() Profile {
	return Profile{
		Name: "ADFS",
		Sources: []Source{
			ownDocs("MicrosoftDocs/windowsserverdocs", "057f2a4040a2b40e6491347aa749e5ebca89d778", "WindowsServerDocs/identity/ad-fs/development/ad-fs-logout-openid-connect.md",
				"2017-11-17", "metadata, sign-out"),
		},
		Inferred: []string{"Keys", "IDToken", "AccessToken", "Tokens", "RefreshDenied", "SilentDenied", "Signout.State"},
		Register: "An application group *Native application accessing a web API*, with the address of `callback.html`; the origin of the app in `Set-AdfsResponseHeaders -CORSTrustedOrigins` " +
			"(ADFS 2019). `authority` is `https://HOST/adfs`.",
		Quirks: []string{
			"Access tokens have another issuer than ID tokens: `access_token_issuer` of the metadata, `http://HOST/adfs/services/trust`.",
			"`auth_time` of access tokens is a text, and they have no `sub` unless a claim rule issues one.",
			"After a sign-out somebody comes back only with `id_token_hint`, which this client sends.",
		},
		Authority: "https://op.example.test/adfs",
		Scope:     "openid profile https://api.example.test/read",
		Audience:  "https://api.example.test", APIScope: "read",
		Issuer: "http://op.example.test/adfs/services/trust", WithoutSubject: true,
		Metadata: `{
			"issuer": "https://op.example.test/adfs",
			"authorization_endpoint": "https://op.example.test/adfs/oauth2/authorize/",
			"token_endpoint": "https://op.example.test/adfs/oauth2/token/",
			"jwks_uri": "https://op.example.test/adfs/discovery/keys",
			"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt", "windows_client_authentication"],
			"response_types_supported": ["code", "id_token", "code id_token", "id_token token", "code token", "code id_token token"],
			"response_modes_supported": ["query", "fragment", "form_post"],
			"grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", "implicit", "password", "srv_challenge"],
			"subject_types_supported": ["pairwise"],
			"scopes_supported": ["allatclaims", "email", "user_impersonation", "logon_cert", "aza", "profile", "vpn_cert", "winhello_cert", "openid"],
			"id_token_signing_alg_values_supported": ["RS256"], "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
			"access_token_issuer": "http://op.example.test/adfs/services/trust",
			"claims_supported": ["aud", "iss", "iat", "exp", "auth_time", "nonce", "at_hash", "c_hash", "sub", "upn", "unique_name", "pwd_url", "pwd_exp", "sid"],
			"microsoft_multi_refresh_token": true, "userinfo_endpoint": "https://op.example.test/adfs/userinfo", "capabilities": [],
			"end_session_endpoint": "https://op.example.test/adfs/oauth2/logout", "as_access_token_token_binding_supported": true,
			"frontchannel_logout_supported": true, "frontchannel_logout_session_supported": true}`,
		Keys: `{"keys": [{"kty": "$kty", "use": "sig", "alg": "$alg", "kid": "$kid", "x5t": "$kid", "n": "$n", "e": "$e", "x5c": ["$x5c"]}]}`,
		IDToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "x5t": "$kid", "kid": "$kid"}`,
			Claims: `{"aud": "$client", "iss": "$issuer", "iat": "$now", "nbf": "$now", "exp": "$now3600", "auth_time": "$auth_time", "nonce": "$nonce", "sub": "$sub",
				"upn": "alice@example.test", "unique_name": "EXAMPLE\\alice", "sid": "S-1-5-21-1000", "at_hash": "$at_hash", "apptype": "Public", "appid": "$client", "ver": "1.0"}`,
		},
		AccessToken: TokenShape{
			Header: `{"typ": "JWT", "alg": "$alg", "x5t": "$kid", "kid": "$kid"}`,
			Claims: `{"aud": "https://api.example.test", "iss": "http://op.example.test/adfs/services/trust", "iat": "$now", "nbf": "$now", "exp": "$now3600",
				"apptype": "Public", "appid": "$client", "authmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
				"auth_time": "2026-01-01T00:00:00.000Z", "ver": "1.0", "scp": "read"}`,
		},
		Tokens: `{"access_token": "$access_token", "token_type": "bearer", "expires_in": 3600, "resource": "https://api.example.test",
			"refresh_token": "$refresh_token", "refresh_token_expires_in": 28799, "scope": "$scope", "id_token": "$id_token"}`,
		Refreshed: `{"access_token": "$access_token", "token_type": "bearer", "expires_in": 3600, "id_token": "$id_token"}`,
		RefreshDenied: Denial{Status: 400,
			Body: `{"error": "invalid_grant", "error_description": "MSIS9615: The refresh token received in 'refresh_token' parameter has expired."}`},
		SilentDenied: `{"error": "login_required", "error_description": "MSIS9462: Interaction is required."}`,
		Signout:      Signout{Returns: "post_logout_redirect_uri", State: true},
		Limits: []Limit{preset("ADFS", "Its access tokens have another issuer than ID tokens, `http://HOST/adfs/services/trust`: that is `Issuer`, with `https://HOST/adfs/.well-known/openid-configuration` as `MetadataURL`. "+
			"Where no claim rule issues `sub` they name nobody, and pass only with `WithoutSubject`.")},
	}
}
