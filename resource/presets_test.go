package resource_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/oidcspa/oidcspa/resource"
)

// A family is a preset with the claims that make an access token of it, beside iss, aud,
// sub and exp; and other tokens of that provider, by what they have in their place.
type family struct {
	name   string
	preset resource.Preset
	claims claims
	others map[string]claims
}

var families = []family{
	{"Keycloak", resource.Keycloak, claims{"typ": "Bearer", "azp": "app", "nonce": mark}, map[string]claims{
		"ID Token": {"typ": "ID"}, "refresh token": {"typ": "Refresh"}, "offline token": {"typ": "Offline"},
		"logout token": {"typ": "Logout"}, "token of another letter": {"typ": "bearer"}, "token of two types": {"typ": []string{"Bearer"}},
	}},
	{"Entra", resource.Entra, claims{"azp": "app", "azpacr": "0", "ver": "2.0", "scp": "read"}, map[string]claims{
		"ID Token": {"azp": nil, "azpacr": nil, "scp": nil, "roles": []string{"admin"}}, "token of the first version": {"ver": "1.0"},
	}},
	{"AzureB2C", resource.AzureB2C, claims{"azp": "app", "scp": "read", "ver": "1.0", "nonce": mark}, map[string]claims{
		"ID Token": {"azp": nil, "scp": nil}, "ID Token with azp": {"scp": nil},
	}},
	{"ADFS", resource.ADFS, claims{"apptype": "Public", "appid": "app", "scp": "read"}, map[string]claims{
		"ID Token": {"scp": nil}, "ID Token with a hash": {"at_hash": "x"},
	}},
	{"Auth0", resource.Auth0, claims{"azp": "app", "scope": "read"}, map[string]claims{"ID Token": {"azp": nil, "scope": nil, "sid": "x"}}},
	{"Okta", resource.Okta, claims{"cid": "app", "scp": []string{"read"}, "header typ": nil}, map[string]claims{
		"ID Token": {"cid": nil, "scp": nil, "idp": "x"}, "token without scopes": {"scp": []string{}},
	}},
	{"Cognito", resource.Cognito, claims{"aud": nil, "client_id": audience, "token_use": "access", "header typ": nil}, map[string]claims{
		"ID Token": {"token_use": "id", "aud": audience, "client_id": nil}, "token of another client": {"client_id": "other"},
		"token for another resource": {"aud": "other"},
	}},
	{"Zitadel", resource.Zitadel, claims{"jti": "x", "nbf": noon.Unix(), "header typ": nil}, map[string]claims{
		"ID Token": {"jti": nil, "nbf": nil, "azp": "app", "auth_time": 1}, "ID Token with the marks": {"azp": "app"},
	}},
	{"Authentik", resource.Authentik, claims{"azp": "app", "uid": "x", "nonce": mark}, map[string]claims{
		"ID Token": {"azp": nil, "uid": nil}, "ID Token with a uid of its own": {"azp": nil},
	}},
	{"UAA", resource.UAA, claims{"azp": "app", "client_id": "app", "cid": "app", "grant_type": "authorization_code", "scope": []string{"openid", "api.read"}}, map[string]claims{
		"ID Token":                             {"azp": audience, "client_id": audience, "cid": audience, "scope": []string{"openid"}},
		"refresh token":                        {"azp": nil, "scope": nil, "granted_scopes": []string{"api.read"}},
		"refresh token of former releases":     {"azp": nil},
		"refresh token with the marks":         {"granted_scopes": []string{"api.read"}},
		"token for the client under its other": {"client_id": nil, "azp": audience},
	}},
	{"PingAM", resource.PingAM, claims{"tokenName": "access_token", "nonce": mark, "scope": []string{"read"}}, map[string]claims{
		"ID Token": {"tokenName": "id_token"}, "refresh token": {"tokenName": "refresh_token"},
	}},
	{"Spring", resource.Spring, claims{"nbf": noon.Unix(), "scope": []string{"read"}, "header typ": nil}, map[string]claims{
		"ID Token": {"nbf": nil, "scope": nil, "azp": "app", "auth_time": 1}, "ID Token with the marks": {"azp": "app"},
	}},
	{"Hydra", resource.Hydra, claims{"client_id": "app", "scp": []string{"read"}}, map[string]claims{
		"ID Token": {"client_id": nil, "scp": nil, "at_hash": "x"}, "ID Token without its hash": {"client_id": nil, "scp": nil},
	}},
}

// Whatever a provider issues beside access tokens is refused, and so is an access token
// of somebody, for somebody or of a time that it must not be.
func TestPresets(t *testing.T) {
	accepted := 0
	for _, f := range families {
		p, c := newProvider(t), newClient(t)
		guard := func(edit func(*resource.Config)) func(edits ...claims) int {
			h := newMiddleware(t, p, func(config *resource.Config) {
				config.Issuers[0].Tokens = f.preset
				if edit != nil {
					edit(config)
				}
			}).Handler(reached)
			return func(edits ...claims) int {
				all := claims{"header typ": "JWT", "client_id": nil, "scope": nil, "jti": nil, "iat": nil}
				for _, edit := range edits {
					maps.Copy(all, edit)
				}
				return get(h, "Authorization", "Bearer "+p.token(all)).Code
			}
		}
		send := guard(nil)
		hostile := map[string]claims{
			"a logout token": {"events": map[string]any{}}, "at_hash": {"at_hash": "x"}, "c_hash": {"c_hash": "x"}, "c_hash of another type": {"c_hash": []int{}},
			"typ logout+jwt": {"header typ": "logout+jwt"}, "typ dpop+jwt": {"header typ": "dpop+jwt"}, "typ secevent+jwt": {"header typ": "secevent+jwt"},
			"typ at+jwt": {"header typ": "at+jwt"}, // without what RFC 9068 demands
			"no sub":     {"sub": nil}, "sub empty": {"sub": ""}, "sub a number": {"sub": 1},
			"another issuer": {"iss": issuer + "/"}, "another audience": {"aud": audience + "/"}, "no exp": {"exp": nil}, "expired": {"exp": noon.Unix() - 30},
			"not yet": {"nbf": noon.Unix() + 31}, "bound to a key": {"cnf": c.binding()}, "alg none": {"header alg": "none"}, "an extension": {"header crit": []string{"x"}},
		}
		for claim := range f.preset.Marks {
			hostile[claim+" missing"], hostile[claim+" empty"] = claims{claim: nil}, claims{claim: ""}
		}
		for _, claim := range f.preset.Never {
			hostile[claim] = claims{claim: "x"}
		}
		if !f.preset.HasNonce {
			hostile["nonce"] = claims{"nonce": mark}
		}
		for name, edit := range f.others {
			hostile["its "+name] = edit
		}
		t.Run(f.name, func(t *testing.T) {
			if status := send(f.claims); status != 204 {
				t.Errorf("an access token: status %d", status)
			}
			for name, edit := range hostile {
				if status := send(f.claims, edit); status != 401 {
					accepted++
					t.Errorf("%s: status %d", name, status)
				}
			}
			anybody := guard(func(c *resource.Config) { c.Issuers[0].WithoutSubject = true })
			if status := anybody(f.claims, claims{"sub": nil}); status != 204 {
				t.Errorf("a token of nobody, where nobody needs to know: status %d", status)
			}
			if status := guard(func(c *resource.Config) { c.Issuers[0].Tokens = resource.Preset{} })(f.claims); status != 401 {
				t.Errorf("no preset: status %d", status)
			}
		})
	}
	t.Logf("%d hostile tokens accepted", accepted)
}

// Keycloak's tokens that are bound to a key say so in two ways.
func TestKeycloakDPoP(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	h := newMiddleware(t, p, func(config *resource.Config) {
		withDPoP(config)
		config.Issuers[0].Tokens = resource.Keycloak
	}).Handler(reached)
	cnf := c.binding()
	cnf["kc-jkt-type"] = "DPoP"
	token := p.token(claims{"header typ": "JWT", "typ": "DPoP", "azp": "app", "client_id": nil, "cnf": cnf})
	check(t, get(h, "Authorization", "DPoP "+token, "DPoP", c.proof(token, nil)), 204, "")
	check(t, get(h, "Authorization", "Bearer "+token), 401, `Bearer error="invalid_token", error_description="dpop_required", DPoP `+algs)
	check(t, get(h, "Authorization", "DPoP "+token, "DPoP", newClient(t).proof(token, nil)), 401,
		`DPoP error="invalid_token", error_description="dpop_key_mismatch", `+algs)
}

// An optional claim that is null is absent, at an API as in an ID Token.
func TestNullClaims(t *testing.T) {
	p := newProvider(t)
	h := newMiddleware(t, p, func(c *resource.Config) { c.Issuers[0].Tokens = resource.Okta }).Handler(reached)
	for _, claim := range []string{"nonce", "at_hash", "events", "cnf", "acr", "auth_time", "nbf", "roles"} {
		for _, typ := range []string{"at+jwt", "JWT"} {
			token := p.token(claims{claim: json.RawMessage("null"), "header typ": typ, "cid": "app", "scp": []string{"read"}, "scope": nil})
			if w := get(h, "Authorization", "Bearer "+token); w.Code != 204 {
				t.Errorf("%s null, typ %s: %d %s", claim, typ, w.Code, w.Header().Get("WWW-Authenticate"))
			}
		}
	}
}
