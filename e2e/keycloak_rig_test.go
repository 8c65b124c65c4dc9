//go:build !js

package e2e

import (
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/demo/recorder"
	"github.com/oidcspa/oidcspa/internal/keycloak"
)

// A keycloakRig is Keycloak with a realm for the app, which is what its subtests share:
// a start takes half a minute.
type keycloakRig struct {
	*provider
	app    *app
	server *keycloak.Server
	base   string // of all realms
}

// newKeycloak starts it. Without Keycloak the test is skipped, and in CI it fails.
func newKeycloak(t *testing.T) *keycloakRig {
	t.Helper()
	start := time.Now()
	server, err := keycloak.Start(t.Context())
	if errors.Is(err, keycloak.ErrNotInstalled) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	const endpoints = "/realms/app/protocol/openid-connect/"
	k := &keycloakRig{app: newApp(t), server: server}
	k.provider = &provider{
		log: recorder.New(recorder.Paths{
			Discovery: "/realms/app/.well-known/openid-configuration",
			JWKS:      endpoints + "certs", Authorize: endpoints + "auth", Token: endpoints + "token", UserInfo: endpoints + "userinfo",
			EndSession: endpoints + "logout", Login: "/realms/app/login-actions/",
		}),
		secrets: &secrets{},
	}
	front := httptest.NewServer(k.log.Wrap(k.secrets.wrap(server.Handler())))
	t.Cleanup(front.Close)
	k.base = localhost(t, front.Listener.Addr())
	k.issuer = k.base + "/realms/app"
	for _, realm := range k.realms() {
		if err := server.CreateRealm(t.Context(), realm); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("Keycloak is there after %.0f s", time.Since(start).Seconds())
	return k
}

// open visits the app as one of the clients, with more settings, in a fresh profile.
func (k *keycloakRig) open(t *testing.T, client string, more map[string]any) *tab {
	t.Helper()
	settings := map[string]any{
		"authority":                k.issuer,
		"client_id":                client,
		"redirect_uri":             k.app.redirectURI(),
		"post_logout_redirect_uri": k.app.origin + "/",
		"scope":                    "openid profile",
		"automaticSilentRenew":     false,
	}
	maps.Copy(settings, more)
	k.app.mu.Lock()
	k.app.settings = settings
	k.app.mu.Unlock()
	tab := newTab(t)
	tab.visit(k.app.origin + "/?view=cart")
	k.log.Reset()
	return tab
}

// leave calls what sends the tab to Keycloak, and waits for the page on which something
// is to be done.
func (k *keycloakRig) leave(tab *tab, call, button string) {
	tab.t.Helper()
	eval[void](tab, "globalThis.ready = false, void "+call)
	tab.waitFor("document.readyState === 'complete' && document.querySelector('" + button + "') !== null")
}

// press clicks on an element of a page of Keycloak's, which may go away at once.
func (k *keycloakRig) press(tab *tab, element string) {
	tab.t.Helper()
	eval[bool](tab, "setTimeout(() => document.querySelector('"+element+"').click()), true")
}

// come waits for the app, and returns the code with which the callback fails.
func (k *keycloakRig) come(tab *tab) string {
	tab.t.Helper()
	tab.waitReady()
	return codeOf(tab, "callback")
}

// enter fills in the login page.
func (k *keycloakRig) enter(tab *tab, name string) {
	tab.t.Helper()
	eval[bool](tab, fmt.Sprintf("username.value = %q, password.value = %q, true", name, keycloak.Password))
	k.press(tab, "#kc-login")
}

// signInAs signs in by redirect, as a person does.
func (k *keycloakRig) signInAs(tab *tab, name, args string) {
	tab.t.Helper()
	k.leave(tab, "um.signinRedirect("+args+")", "#kc-login")
	k.enter(tab, name)
	if code := k.come(tab); code != "" {
		tab.t.Fatalf("sign-in: code %q: %s", code, k.message(tab))
	}
}

// message is the text of the error of the callback.
func (k *keycloakRig) message(tab *tab) string {
	tab.t.Helper()
	return eval[string](tab, "callback.then(() => '', (e) => e.message)")
}

// signOutThere signs out at the app; Keycloak sends the tab back without a question.
func (k *keycloakRig) signOutThere(tab *tab) {
	tab.t.Helper()
	eval[void](tab, "globalThis.ready = false, void um.signoutRedirect()")
	if code := k.come(tab); code != "" {
		tab.t.Fatalf("sign-out: code %q", code)
	}
}

// asked returns the paths of the requests for these endpoints, in order and without
// preflights.
func (k *keycloakRig) asked(endpoints ...string) string {
	var all []string
	for _, entry := range k.log.Entries() {
		for _, endpoint := range endpoints {
			if strings.HasSuffix(entry.Path, "/"+endpoint) && entry.Kind != recorder.Preflight {
				all = append(all, endpoint)
			}
		}
	}
	return strings.Join(all, " ")
}

// realms are that of the app, and that of another company.
func (k *keycloakRig) realms() []keycloak.Object {
	client := func(id string, attributes map[string]string, mappers ...keycloak.Object) keycloak.Object {
		return keycloak.App(id, k.app.origin, attributes, mappers...)
	}
	front := client("spa-front", map[string]string{"frontchannel.logout.url": k.app.origin + "/frontchannel.html"})
	front["frontchannelLogout"] = true
	stepUp := client("spa-stepup", nil)
	stepUp["authenticationFlowBindingOverrides"] = map[string]string{"browser": stepUpFlow}
	realm := keycloak.Realm("app", []string{"alice", "bob"}, append(k.apiClients(),
		client("spa", nil),
		client("spa-frame", map[string]string{"use.refresh.tokens": "false"}),
		client("spa-light", map[string]string{"client.use.lightweight.access.token.enabled": "true"}),
		client("spa-dpop", map[string]string{"dpop.bound.access.tokens": "true"}, keycloak.Audience(k.api())),
		client("spa-par", map[string]string{"require.pushed.authorization.requests": "true"}),
		client("spa-nologout", map[string]string{"post.logout.redirect.uris": "-"}),
		client("spa-noiss", map[string]string{"exclude.issuer.from.auth.response": "true"}),
		client("spa-enc", map[string]string{
			"id.token.encrypted.response.alg": "RSA-OAEP", "id.token.encrypted.response.enc": "A256GCM",
			"use.jwks.string": "true", "jwks.string": encryptionKey,
		}),
		front, stepUp)...)
	realm["attributes"] = map[string]string{"acr.loa.map": `{"silver":1,"gold":2}`}
	realm["authenticationFlows"], realm["authenticatorConfig"] = stepUpFlows()
	endpoints := k.base + "/realms/partner/protocol/openid-connect/"
	realm["identityProviders"] = []keycloak.Object{{
		"alias": "partner", "providerId": "oidc", "enabled": true, "trustEmail": true,
		"config": map[string]string{
			"clientId": "app", "clientSecret": "secret-of-the-app", "clientAuthMethod": "client_secret_post",
			"issuer": k.base + "/realms/partner", "authorizationUrl": endpoints + "auth", "tokenUrl": endpoints + "token",
			"logoutUrl": endpoints + "logout", "jwksUrl": endpoints + "certs", "useJwksUrl": "true", "validateSignature": "true",
			"defaultScope": "openid profile email", "pkceEnabled": "true", "pkceMethod": "S256",
		},
	}}
	partner := keycloak.Realm("partner", []string{"paula"}, keycloak.Object{
		"clientId": "app", "secret": "secret-of-the-app", "attributes": map[string]string{"post.logout.redirect.uris": "+"},
		"redirectUris": []string{k.base + "/realms/app/broker/partner/endpoint*"},
	}, k.apiClients()[0])
	return []keycloak.Object{realm, partner}
}

// api is the audience of access tokens.
func (k *keycloakRig) api() string { return k.app.origin + "/api" }

// encryptionKey is a public one whose other half nobody has.
const encryptionKey = `{"keys":[{"kty":"RSA","kid":"enc","use":"enc","alg":"RSA-OAEP","e":"AQAB","n":"` +
	`u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0_IzW7yWR7QkrmBL7jTKEn5u-qKhbwKfBstIs-bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyehkd3qqGElvW_VDL5AaWTg0nLVkjRo9z-40RQzuVaE8AkAFmxZzow3x-VJYKdjykkJ0iT9wCS0DRTXu269V264Vf_3jvredZiKRkgwlL9xNAwxXFg0x_XFw005UWVRIkdgcKWTjpBP2dPwVZ4WWC-9aGVd-Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbcmw"}]}`

// stepUpFlow is the id of the flow that spa-stepup has.
const stepUpFlow = "5b3f0f6a-6a50-4e0a-9f57-3c1b7a0e5e9d"

// stepUpFlows are name and password for silver, and the password once more for gold.
func stepUpFlows() (flows, configs []keycloak.Object) {
	flow := func(alias string, executions ...keycloak.Object) keycloak.Object {
		for i, execution := range executions {
			execution["priority"] = 10 * i
		}
		return keycloak.Object{"alias": alias, "providerId": "basic-flow", "builtIn": false, "topLevel": false, "authenticationExecutions": executions}
	}
	sub := func(requirement, alias string) keycloak.Object {
		return keycloak.Object{"requirement": requirement, "flowAlias": alias, "authenticatorFlow": true}
	}
	step := func(requirement, authenticator, config string) keycloak.Object {
		execution := keycloak.Object{"requirement": requirement, "authenticator": authenticator, "authenticatorFlow": false}
		if config != "" {
			execution["authenticatorConfig"] = config
		}
		return execution
	}
	top := flow("step-up", step("ALTERNATIVE", "auth-cookie", ""), sub("ALTERNATIVE", "step-up forms"))
	top["id"], top["topLevel"] = stepUpFlow, true
	const level = "conditional-level-of-authentication"
	return []keycloak.Object{
			top,
			flow("step-up forms", sub("CONDITIONAL", "step-up silver"), sub("CONDITIONAL", "step-up gold")),
			flow("step-up silver", step("REQUIRED", level, "silver"), step("REQUIRED", "auth-username-password-form", "")),
			flow("step-up gold", step("REQUIRED", level, "gold"), step("REQUIRED", "auth-password-form", "")),
		}, []keycloak.Object{
			{"alias": "silver", "config": map[string]string{"loa-condition-level": "1", "loa-max-age": "36000"}},
			{"alias": "gold", "config": map[string]string{"loa-condition-level": "2", "loa-max-age": "300"}},
		}
}
