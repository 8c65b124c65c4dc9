package resource_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/oidcspa/oidcspa/resource"
)

// A hostile setting is one of an API, and what somebody tries who knows of it. Each
// row names the error that it is refused with; nothing is let through.
type hostileSetting struct {
	name  string
	is    func(resource.Issuer) resource.Issuer // of an API that takes tokens of the honest issuer alone
	world func(honest, evil *provider) documents
	by    func(honest, evil *provider) *provider // who signs
	edit  claims
	code  string
}

// What each setting of an issuer opens stays closed to everybody that it does not name.
func TestHostileSettings(t *testing.T) {
	honestly := func(honest, _ *provider) documents {
		return documents{
			issuer + "/.well-known/openid-configuration": map[string]any{"issuer": issuer, "jwks_uri": issuer + "/jwks"},
			issuer + "/jwks": keysOf(honest),
		}
	}
	// In the world of a template, all tenants have the same keys.
	template := func(honest, _ *provider) documents {
		return documents{
			authority + "/.well-known/openid-configuration": map[string]any{"issuer": template, "jwks_uri": "https://login.example/keys"},
			"https://login.example/keys":                    keysOf(honest),
		}
	}
	with := func(name string, document func(honest, evil *provider) any) func(honest, evil *provider) documents {
		return func(honest, evil *provider) documents {
			world := honestly(honest, evil)
			world[name] = document(honest, evil)
			return world
		}
	}
	metadata := func(name string, issuer, jwksURI string) func(honest, evil *provider) documents {
		return with(name, func(*provider, *provider) any { return map[string]any{"issuer": issuer, "jwks_uri": jwksURI} })
	}
	plain := func(is resource.Issuer) resource.Issuer { return is }
	tenants := func(named ...string) func(resource.Issuer) resource.Issuer {
		return func(is resource.Issuer) resource.Issuer {
			is.Issuer, is.Tenants = authority, named
			return is
		}
	}
	keysAt := func(address string) func(resource.Issuer) resource.Issuer {
		return func(is resource.Issuer) resource.Issuer { is.JWKSURI = address; return is }
	}
	metadataAt := func(address string) func(resource.Issuer) resource.Issuer {
		return func(is resource.Issuer) resource.Issuer { is.MetadataURL = address; return is }
	}
	preset := func(p resource.Preset, audiences ...string) func(resource.Issuer) resource.Issuer {
		return func(is resource.Issuer) resource.Issuer {
			is.Tokens, is.Audiences = p, append(is.Audiences, audiences...)
			return is
		}
	}
	algorithms := func(names ...string) func(resource.Issuer) resource.Issuer {
		return func(is resource.Issuer) resource.Issuer { is.Algorithms = names; return is }
	}
	honest, evil := func(h, _ *provider) *provider { return h }, func(_, e *provider) *provider { return e }
	const evilKeys = "https://evil.example/jwks"
	evilToo := func(h, e *provider) documents {
		world := honestly(h, e)
		world[evilKeys] = keysOf(e)
		return world
	}
	rows := []hostileSetting{
		{"Issuer: another one", plain, honestly, honest, claims{"iss": issuer + "/"}, "issuer_mismatch"},
		{"Issuer: in another case", plain, honestly, honest, claims{"iss": "https://OP.example"}, "issuer_mismatch"},
		{"Issuer: with its port", plain, honestly, honest, claims{"iss": issuer + ":443"}, "issuer_mismatch"},
		{"Issuer: before what is somebody else's", plain, honestly, honest, claims{"iss": issuer + ".evil.example"}, "issuer_mismatch"},
		{"Issuer: a list with it", plain, honestly, honest, claims{"iss": []string{issuer}}, "claim_invalid"},
		{"Issuer: keys where the token says", plain, evilToo, evil, claims{"header jku": evilKeys, "header kid": nil}, "signature_invalid"},
		{"Issuer: the key in the token", plain, evilToo, evil, claims{"header jwk": 1, "header kid": nil}, "signature_invalid"},

		{"Audiences: none", plain, honestly, honest, claims{"aud": []string{}}, "audience_mismatch"},
		{"Audiences: an empty one", plain, honestly, honest, claims{"aud": ""}, "audience_mismatch"},
		{"Audiences: all of them, as a star", plain, honestly, honest, claims{"aud": "*"}, "audience_mismatch"},
		{"Audiences: below ours", plain, honestly, honest, claims{"aud": audience + "/v1"}, "audience_mismatch"},
		{"Audiences: in another case", plain, honestly, honest, claims{"aud": strings.ToUpper(audience)}, "audience_mismatch"},
		{"Audiences: the client", plain, honestly, honest, claims{"aud": "app"}, "audience_mismatch"},
		{"Audiences: within a list", plain, honestly, honest, claims{"aud": []any{[]string{audience}}}, "claim_invalid"},
		{"Audiences: a preset's own claim beside aud", preset(resource.Cognito), honestly, honest,
			claims{"header typ": "JWT", "token_use": "access", "client_id": audience, "aud": "other"}, "audience_mismatch"},
		{"Audiences: a preset's own claim with typ at+jwt", preset(resource.Cognito), honestly, honest, claims{"client_id": audience, "aud": nil}, "claim_invalid"},

		{"Tokens: a preset and another typ", preset(resource.Keycloak), honestly, honest, claims{"header typ": "logout+jwt", "typ": "Bearer", "azp": "app"}, "typ_not_allowed"},
		{"Tokens: the marks of another preset", preset(resource.Keycloak), honestly, honest, claims{"header typ": "JWT", "scp": "read", "cid": "app"}, "typ_not_allowed"},
		{"Tokens: the header's typ as a mark", preset(resource.Keycloak), honestly, honest, claims{"header typ": "Bearer", "azp": "app"}, "typ_not_allowed"},
		{"Tokens: the marks in an ID Token", preset(resource.Auth0, "app"), honestly, honest, claims{"header typ": "JWT", "aud": "app", "azp": "app", "nonce": mark}, "typ_not_allowed"},

		{"WithoutSubject: an empty sub elsewhere", plain, honestly, honest, claims{"sub": ""}, "claim_invalid"},
		{"Algorithms: none", algorithms("ES256"), honestly, honest, claims{"header alg": "none"}, "alg_not_allowed"},
		{"Algorithms: the public key as a secret", algorithms("ES256"), honestly, honest, claims{"header alg": "HS256"}, "alg_not_allowed"},
		{"Algorithms: another of the same key", algorithms("ES384"), honestly, honest, nil, "alg_not_allowed"},

		{"MetadataURL: of another issuer", metadataAt("https://evil.example/md"), metadata("https://evil.example/md", "https://evil.example", evilKeys), evil, nil, ""},
		{"MetadataURL: another access_token_issuer", metadataAt("https://evil.example/md"), with("https://evil.example/md", func(*provider, *provider) any {
			return map[string]any{"issuer": "https://evil.example", "access_token_issuer": issuer + "/", "jwks_uri": evilKeys}
		}), evil, nil, ""},
		{"metadata: of another issuer", plain, metadata(issuer+"/.well-known/openid-configuration", issuer+"/", issuer+"/jwks"), honest, nil, ""},
		{"metadata: keys over http", plain, metadata(issuer+"/.well-known/openid-configuration", issuer, "http://op.example/jwks"), honest, nil, ""},
		{"metadata: keys of no scheme", plain, metadata(issuer+"/.well-known/openid-configuration", issuer, "data:application/json,{}"), honest, nil, ""},
		{"metadata: a template where none was meant", plain, metadata(issuer+"/.well-known/openid-configuration", "https://{tenantid}.example", issuer+"/jwks"), honest, nil, ""},

		{"JWKSURI: the token names another one", keysAt(issuer + "/jwks"), evilToo, evil, claims{"header jku": evilKeys}, "signature_invalid"},
		{"JWKSURI: a symmetric key there", keysAt(issuer + "/jwks"), with(issuer+"/jwks", func(*provider, *provider) any {
			return map[string]any{"keys": []any{map[string]any{"kty": "oct", "kid": "key-1", "k": "c2VjcmV0"}}}
		}), honest, claims{"header alg": "HS256"}, ""},
		{"JWKSURI: a key for encryption there", keysAt(issuer + "/jwks"), with(issuer+"/jwks", func(h, _ *provider) any {
			return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: h.key.Public(), KeyID: h.kid, Use: "enc"}}}
		}), honest, nil, ""},

		{"Tenants: another one", tenants(tenant), template, honest, claims{"iss": of(stranger), "tid": stranger}, "issuer_mismatch"},
		{"Tenants: another one that says it is ours", tenants(tenant), template, honest, claims{"iss": of(stranger), "tid": tenant}, "issuer_mismatch"},
		{"Tenants: ours that says it is another one", tenants(tenant), template, honest, claims{"iss": of(tenant), "tid": stranger}, "issuer_mismatch"},
		{"Tenants: a list of tenants", tenants(tenant), template, honest, claims{"iss": of(tenant), "tid": []string{tenant}}, "issuer_mismatch"},
		{"Tenants: in upper case", tenants("aaaaaaaa-2222-3333-4444-555555555555"), template, honest,
			claims{"iss": of("AAAAAAAA-2222-3333-4444-555555555555"), "tid": "AAAAAAAA-2222-3333-4444-555555555555"}, "issuer_mismatch"},
		{"Tenants: a star in the token", tenants("*"), template, honest, claims{"iss": of("*"), "tid": "*"}, "issuer_mismatch"},
		{"Tenants: the template", tenants("*"), template, honest, claims{"iss": of("{tenantid}"), "tid": "{tenantid}"}, "issuer_mismatch"},
		{"Tenants: a path for a tenant", tenants("*"), template, honest, claims{"iss": of("../evil"), "tid": "../evil"}, "issuer_mismatch"},
		{"Tenants: of another authority", tenants("*"), template, honest, claims{"iss": "https://evil.example/" + tenant + "/v2.0", "tid": tenant}, "issuer_mismatch"},
		{"Tenants: the authority itself", tenants("*"), template, honest, claims{"iss": authority, "tid": tenant}, "issuer_mismatch"},
	}
	accepted := 0
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			h, e := newProvider(t), newProvider(t)
			guard := newMiddleware(t, h, func(c *resource.Config) {
				c.Issuers[0], c.Transport = row.is(c.Issuers[0]), row.world(h, e)
			}).Handler(reached)
			status, challenge := http.StatusServiceUnavailable, "" // without keys nothing is known of any token
			if row.code != "" {
				status, challenge = http.StatusUnauthorized, `Bearer error="invalid_token", error_description="`+row.code+`"`
			}
			for range 2 { // also when it is seen again
				w := get(guard, "Authorization", "Bearer "+row.by(h, e).token(row.edit))
				if w.Code < 400 {
					accepted++
				}
				check(t, w, status, challenge)
			}
		})
	}
	t.Logf("%d of %d hostile tokens accepted", accepted, 2*len(rows))
}

// What was verified once is good for nothing else: not for another issuer, audience or key, nor
// after its time.
func TestHostileCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		honest, evil := newProvider(t), newProvider(t)
		now := noon
		const other = "https://evil.example"
		world := documents{
			issuer + "/.well-known/openid-configuration": map[string]any{"issuer": issuer, "jwks_uri": issuer + "/jwks"},
			issuer + "/jwks": keysOf(honest),
			other + "/.well-known/openid-configuration": map[string]any{"issuer": other, "jwks_uri": other + "/jwks"},
			other + "/jwks": keysOf(evil),
		}
		h := newMiddleware(t, honest, func(c *resource.Config) {
			withDPoP(c)
			c.Transport, c.Now = world, func() time.Time { return now }
			c.Issuers = append(c.Issuers, resource.Issuer{Issuer: other, Audiences: []string{"evil"}})
		}).Handler(reached)
		good := honest.token(claims{"exp": noon.Unix() + 7200})
		header, rest, _ := strings.Cut(good, ".")
		payload, signature, _ := strings.Cut(rest, ".")
		edited := claims{}
		maps.Copy(edited, claims{"exp": noon.Unix() + 9000})
		_, otherRest, _ := strings.Cut(honest.token(edited), ".")
		otherPayload, _, _ := strings.Cut(otherRest, ".")
		evilToken := evil.token(claims{"iss": other, "aud": "evil", "exp": noon.Unix() + 7200})
		_, evilRest, _ := strings.Cut(evilToken, ".")
		evilPayload, evilSignature, _ := strings.Cut(evilRest, ".")
		for name, token := range map[string]string{"good": good, "of the other issuer": evilToken} {
			for range 2 {
				if w := get(h, "Authorization", "Bearer "+token); w.Code != http.StatusNoContent {
					t.Fatalf("%s: status %d", name, w.Code)
				}
			}
		}
		for name, token := range map[string]string{
			"another payload under a known signature":    header + "." + otherPayload + "." + signature,
			"a known payload under another signature":    header + "." + payload + "." + evilSignature,
			"a payload of the one, signed by the other":  header + "." + evilPayload + "." + signature,
			"the other issuer in the name of the honest": evil.token(nil),
			"the other issuer for the honest audience":   evil.token(claims{"iss": other}),
			"known, with white space within":             header + "." + payload + " ." + signature,
			"known, with its padding":                    good + "==",
			"known, in another alphabet":                 header + "." + payload + "." + strings.NewReplacer("-", "+", "_", "/").Replace(signature) + "=",
			"known, with stray bits at the end":          good[:len(good)-1] + strings.Map(strayBits, good[len(good)-1:]),
			"known, behind another scheme's token":       "x " + good,
		} {
			for range 2 {
				if w := get(h, "Authorization", "Bearer "+token); w.Code < 400 {
					t.Errorf("%s is let through", name)
				}
			}
		}
		if w := get(h, "Authorization", "DPoP "+good); w.Code != http.StatusUnauthorized {
			t.Errorf("known, as one that is bound: status %d", w.Code)
		}
		honest.rotate("key-2")
		world[issuer+"/jwks"] = keysOf(honest)
		now = now.Add(time.Hour) // the keys are fetched anew beside this request
		get(h, "Authorization", "Bearer "+good)
		synctest.Wait()
		if w := get(h, "Authorization", "Bearer "+good); w.Code != http.StatusUnauthorized {
			t.Errorf("by a key that is withdrawn: status %d", w.Code)
		}
		if w := get(h, "Authorization", "Bearer "+evilToken); w.Code != http.StatusNoContent {
			t.Errorf("that of the other issuer: status %d", w.Code)
		}
	})
}

// strayBits changes bits of the last character of a signature of 64 bytes that mean nothing.
func strayBits(c rune) rune {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return rune(alphabet[strings.IndexRune(alphabet, c)^1])
}
