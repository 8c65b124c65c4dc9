//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// There is one start for a client, whatever is given to the second call; one that has failed is made again.
func TestCreateOidcOnce(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.visit("/orders")
	if !eval[bool](r.tab, "createOidc({ ...params, scopes: [] }) === started && createOidc({ ...params, clientId: 'other' }) !== started") {
		t.Error("the start is another")
	}
	r.signIn("/orders")
	if !eval[bool](r.tab, "createOidc(params) === started && createOidc(params).then((again) => again === oidc)") {
		t.Error("the start of who is signed in is another")
	}
}

// While the provider does not answer the app goes on with nobody, and knows why. Then all can be tried again.
func TestCreateOidcProviderDown(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.keeps = false
	r.signIn("/orders")
	r.tab.expectProblems()
	killAll(t, r.origin)
	r.down(true)
	r.visit("/orders?down")
	r.wantWho("error: network")
	if got := eval[string](r.tab, "oidc.initializationError.name + oidc.initializationError.isAuthServerLikelyDown + (oidc.initializationError.cause instanceof Error)"); got != "OidcInitializationErrortruetrue" {
		t.Errorf("the error is %s", got)
	}
	if code := codeOf(r.tab, "oidc.login()"); code != "network" {
		t.Errorf("login fails with %q, want network", code)
	}
	r.down(false)
	if !eval[bool](r.tab, "createOidc(params).then((again) => { globalThis.oidc = again; return again.isUserLoggedIn; })") {
		t.Error("nobody is found when the provider is there again")
	}
	r.does("oidc.logout({ redirectTo: 'home' })")

	// Nobody was signed in: the error is the login's.
	killAll(t, r.origin)
	r.down(true)
	r.visit("/orders")
	r.wantWho("nobody")
	if code := codeOf(r.tab, "oidc.login()"); code != "network" {
		t.Errorf("login fails with %q, want network", code)
	}
	r.down(false)
	r.does("oidc.login()")
	r.wantWho("subject-1")
	r.does("oidc.logout({ redirectTo: 'home' })")

	// The code cannot be exchanged. Elsewhere the program ends with the page, and the login needs the provider.
	if !inChromium(t) {
		return
	}
	r.down(true)
	r.does("oidc.login({ redirectUrl: '/bye' })")
	r.wantWho("error: network")
	r.wantAt("/bye")
	r.down(false)
	r.does("oidc.login()")
	r.wantWho("subject-1")
}

// With autoLogin there is nobody who is not signed in.
func TestCreateOidcAutoLogin(t *testing.T) {
	for _, early := range []string{earlyRoot, ""} {
		r := newRoot(t, "autoLogin: true", early)
		r.visit("/private?x=1")
		r.wantWho("subject-1")
		r.wantAt("/private?x=1")
		r.does("oidc.logout({ redirectTo: 'specific url', url: '/orders' })")
		r.wantWho("subject-1")
		r.wantAt("/orders")
	}
	r := newRoot(t, "autoLogin: true", earlyRoot)
	r.tab.expectProblems()
	r.down(true)
	r.visit("/private")
	r.wantWho("failed: network")
	if !eval[bool](r.tab, "failed instanceof OidcInitializationError && failed.isAuthServerLikelyDown") {
		t.Error("the error is another")
	}
	r.down(false)
	r.does("createOidc(params)")
	r.wantWho("subject-1")

	// A refusal is an error, and not the next login.
	r = newRoot(t, "autoLogin: true", earlyRoot)
	r.tab.expectProblems()
	refuseAll(r, "access_denied")
	r.visit("/private")
	r.wantWho("failed: provider_error")
	if n := r.op.Count(oidctest.Authorize); n != 1 {
		t.Errorf("the provider was asked %d times", n)
	}
}

// refuseAll has the provider refuse all sign-ins.
func refuseAll(r *root, code string) {
	r.op.Edit(func() {
		r.op.EditCallback = func(p url.Values) {
			p.Del("code")
			p.Set("error", code)
		}
	})
}

// A tab that cannot be seen leaves for its login when it can.
func TestCreateOidcHiddenTab(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.visit("/orders")
	hidden := r.tab
	eval[bool](hidden, `globalThis.hides = true, Object.defineProperty(document, "hidden", { get: () => hides }), oidc.login(), true`)
	r.tab = hidden.sibling()
	r.signIn("/private") // goes to the provider and back meanwhile
	if n := r.op.Count(oidctest.Authorize); n != 1 {
		t.Errorf("the provider was asked %d times, want once", n)
	}
	eval[bool](hidden, `globalThis.ready = false, globalThis.hides = false, dispatchEvent(new Event("visibilitychange")), true`)
	r.tab = hidden
	r.tab.waitReady()
	r.wantWho("subject-1")
	r.wantAt("/orders")
	if n := r.op.Count(oidctest.Authorize); n != 2 {
		t.Errorf("the provider was asked %d times, want twice", n)
	}
}

// A consent that is refused leads to the root of the app, as the page where the login began may ask again; it is no error.
func TestCreateOidcConsentRefused(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.visit("/private")
	refuseAll(r, "consent_required")
	r.does("oidc.login({ doesCurrentHrefRequiresAuth: true })")
	r.wantWho("nobody")
	r.wantAt("/")
}

// Who cancels the login is nobody, which is no error; what the app has asked wrongly is one.
func TestCreateOidcRefused(t *testing.T) {
	for _, tt := range []struct{ code, want string }{{"access_denied", "nobody"}, {"invalid_scope", "error: provider_error"}} {
		r := newRoot(t, "", earlyRoot)
		r.tab.expectProblems()
		r.visit("/orders")
		refuseAll(r, tt.code)
		r.does("oidc.login()")
		r.wantWho(tt.want)
		r.wantAt("/orders")
		r.op.Edit(func() { r.op.EditCallback = nil })
		r.does("oidc.login()")
		r.wantWho("subject-1")
		refuseAll(r, tt.code)
		r.does("oidc.goToAuthServer({ extraQueryParams: { kc_action: 'UPDATE_PASSWORD' } })")
		r.wantWho("subject-1") // still
		if got := eval[string](r.tab, "oidc.backFromAuthServer.result.error"); got != tt.code {
			t.Errorf("the app hears %s", got)
		}
	}
}

// What the app adds to the request, and when it is asked for it.
func TestCreateOidcRequest(t *testing.T) {
	for _, tt := range []struct {
		name, params, args string
		want               url.Values
	}{
		{"scopes", `scopes: ["email", "openid", "email"]`, "", url.Values{"scope": {"openid email"}}},
		{"values", `extraQueryParams: { ui_locales: "fr", none: undefined }`, "", url.Values{"ui_locales": {"fr"}, "none": nil}},
		{"a function", `extraQueryParams: ({ isSilent, url }) => ({ silent: String(isSilent), asks: new URL(url).searchParams.get("response_type"), none: undefined })`, "",
			url.Values{"silent": {"false"}, "asks": {"code"}, "none": nil}},
		{"of the call", `extraQueryParams: { a: "1", b: "1" }`, `{ extraQueryParams: { b: "2 3", c: "=&", none: undefined } }`,
			url.Values{"a": {"1"}, "b": {"2 3"}, "c": {"=&"}, "none": nil}},
		{"what the client checks", `extraQueryParams: { acr_values: "loa-1" }`, `{ extraQueryParams: { max_age: "600", prompt: "consent" } }`,
			url.Values{"acr_values": {"loa-1"}, "max_age": {"600"}, "prompt": {"consent"}}},
		{"another address", `transformUrlBeforeRedirect: ({ authorizationUrl, isSilent }) => authorizationUrl + "&resource=a&resource=b&q=a==&silent=" + isSilent`, "",
			url.Values{"resource": {"a", "b"}, "q": {"a=="}, "silent": {"false"}}},
		{"another address of the call", "", `{ transformUrlBeforeRedirect: (address) => address + "&of=call", extraQueryParams: { a: "1" } }`,
			url.Values{"of": {"call"}, "a": {"1"}}},
		{"another scope of the call", "", `{ extraQueryParams: { scope: "openid calendar" } }`, url.Values{"scope": {"openid calendar"}}},
		{"another scope of a function", `extraQueryParams: () => ({ scope: "openid calendar" })`, "", url.Values{"scope": {"openid calendar"}}},
		{"another scope of the address", "", `{ transformUrlBeforeRedirect: (address) => address.replace("scope=openid+profile", "scope=openid") }`, url.Values{"scope": {"openid"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoot(t, tt.params, earlyRoot)
			r.visit("/orders")
			r.does("oidc.login(" + tt.args + ")")
			r.wantWho("subject-1")
			got := r.asked(oidctest.Authorize)
			for name, values := range tt.want {
				if strings.Join(got[name], " ") != strings.Join(values, " ") {
					t.Errorf("%s is %q, want %q", name, got[name], values)
				}
			}
			if tt.args != "" || strings.Contains(tt.params, "unction") || !strings.Contains(tt.params, "silent") {
				return
			}
			eval[void](r.tab, "oidc.renewTokens()") // in a frame
			if got := r.asked(oidctest.Authorize)["silent"]; len(got) != 1 || got[0] != "true" {
				t.Errorf("in the frame silent is %q", got)
			}
		})
	}
}

// Who is signed in goes to the provider for something else, and the app hears what has become of it, once.
func TestCreateOidcGoToAuthServer(t *testing.T) {
	r := newRoot(t, `extraQueryParams: { ui_locales: "fr" }`, earlyRoot)
	r.signIn("/orders")
	r.op.Edit(func() { r.op.EditCallback = func(p url.Values) { p.Set("kc_action_status", "success") } })
	r.does(`oidc.goToAuthServer({ redirectUrl: "/private", extraQueryParams: { kc_action: "UPDATE_PASSWORD", acr_values: "loa-2" }, transformUrlBeforeRedirect: (address) => address + "&of=call" })`)
	r.wantWho("subject-1")
	r.wantAt("/private")
	const want = `{"extraQueryParams":{"acr_values":"loa-2","kc_action":"UPDATE_PASSWORD","of":"call"},"result":{"kc_action_status":"success"}}`
	if got := eval[string](r.tab, "JSON.stringify(oidc.backFromAuthServer)"); got != want {
		t.Errorf("the app hears %s, want %s", got, want)
	}
	if eval[bool](r.tab, "oidc.isNewBrowserSession") {
		t.Error("that is a new session of the browser")
	}
	r.keepsNothing()
	eval[bool](r.tab, "globalThis.ready = false, true")
	r.tab.reload()
	r.tab.waitReady()
	if !eval[bool](r.tab, "oidc.backFromAuthServer === undefined") {
		t.Error("the app hears of it again")
	}
	eval[void](r.tab, "oidc.renewTokens()")
	if got := r.asked(oidctest.Authorize); got.Has("kc_action") || got.Get("prompt") != "none" {
		t.Errorf("the renewal asks for %q", got)
	}
}

// Somebody else who signs in is not who the page is of.
func TestCreateOidcSomebodyElse(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.signIn("/orders")
	other := r.tab
	r.tab = other.sibling() // and is in front: who cannot be seen does not leave
	r.visit("/bye")
	r.op.Edit(func() { r.op.Subject = "subject-2" })
	eval[bool](other, "globalThis.ready = false, true")
	r.does("oidc.goToAuthServer({})")
	r.wantWho("subject-2")
	if !eval[bool](r.tab, "oidc.isNewBrowserSession") {
		t.Error("the tab knows who has come")
	}
	other.waitReady()
	if got := eval[string](other, who); got != "subject-2" {
		t.Errorf("the other tab has %s", got)
	}
}

// What is given wrongly is an error that names it.
func TestCreateOidcMistakes(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.visit("/orders")
	eval[bool](r.tab, `globalThis.another = (more) => ({ login: () => createOidc({ ...params, ...more, clientId: "another" + globalThis.count++ }).then((other) => other.login()) }), globalThis.count = 0, true`)
	for _, tt := range []struct{ call, code, names string }{
		{"createOidc({ ...params, issuerUri: undefined })", "invalid_config", "issuerUri"},
		{"createOidc({ ...params, clientId: '' })", "invalid_config", "clientId"},
		{"createOidc({ ...params, issuerUri: 'https://op.example?x' })", "invalid_config", "issuerUri"},
		{"createOidc({ ...params, scope: 'email' })", "invalid_config", "scope"},
		{"createOidc({ ...params, extraTokenParams: () => ({}) })", "invalid_config", "extraTokenParams"},
		{"createOidc({ ...params, idleSessionLifetimeInSeconds: 30 })", "invalid_config", "idleSessionLifetimeInSeconds"},
		{"createOidc({ ...params, sessionRestorationMethod: 'popup' })", "invalid_config", "sessionRestorationMethod"},
		{"createOidc({ ...params, autoLogoutParams: { redirectTo: 'registered url', url: '/bye' } })", "invalid_config", "autoLogoutParams"},
		{"createOidc({ ...params, revokeTokensOnLogout: 'no' })", "invalid_config", "revokeTokensOnLogout"},
		{"createOidc({ ...params, issuerUri: 5 })", "invalid_config", "issuerUri"},
		{"createOidc({ ...params, clientId: ['app'] })", "invalid_config", "clientId"},
		{"createOidc({ ...params, scopes: 'profile email' })", "invalid_config", "scopes"},
		{"createOidc({ ...params, BASE_URL: 'https://op.example/' })", "invalid_config", "BASE_URL"},
		{"oidc.login({ redirectUrl: 'https://op.example/' })", "invalid_argument", "BASE_URL"},
		{"createOidc({ ...params, BASE_URL: '/?op=1&iss=x' })", "invalid_config", "parameter iss"},
		{"createOidc({ ...params, BASE_URL: '/?code' })", "invalid_config", "parameter code"},
		{"createOidc({ ...params, BASE_URL: '/?state=' })", "invalid_config", "parameter state"},
		{"createOidc({ ...params, BASE_URL: '/?error=1' })", "invalid_config", "parameter error"},
		{"createOidc({ ...params, BASE_URL: '/?error_description=1' })", "invalid_config", "parameter error_description"},
		{"createOidc({ ...params, BASE_URL: '/?error_uri=1' })", "invalid_config", "parameter error_uri"},
		{"createOidc({ ...params, BASE_URL: '/?response=1' })", "invalid_config", "parameter response"},
		{"createOidc({ ...params, BASE_URL: '/?session_state=1' })", "invalid_config", "parameter session_state"},
		{"oidc.login({ extraQueryParams: { state: 'mine' } })", "invalid_argument", "extraQueryParams: state"},
		{"oidc.login({ extraQueryParams: { request: 'a.b.c' } })", "invalid_argument", "extraQueryParams: request "},
		{"oidc.login({ extraQueryParams: { request_uri: 'urn:a' } })", "invalid_argument", "extraQueryParams: request_uri"},
		{"oidc.login({ extraQueryParams: { dpop_jkt: 'mine' } })", "invalid_argument", "extraQueryParams: dpop_jkt"},
		{"oidc.login({ extraQueryParams: { id_token_hint: 'mine' } })", "invalid_argument", "extraQueryParams: id_token_hint"},
		{"oidc.login({ extraQueryParams: { post_logout_redirect_uri: '/' } })", "invalid_argument", "extraQueryParams: post_logout_redirect_uri"},
		{"another({ extraQueryParams: { request: 'a.b.c' } }).login()", "invalid_config", "request"},
		{"another({ extraQueryParams: () => ({ request: 'a.b.c' }) }).login()", "invalid_argument", "extraQueryParams: request "},
		{"another({ transformUrlBeforeRedirect: ({ authorizationUrl }) => authorizationUrl + '&request=a.b.c' }).login()", "invalid_argument", "transformUrlBeforeRedirect: request "},
		{"oidc.login({ transformUrlBeforeRedirect: (url) => url + '&request_uri=urn:a' })", "invalid_argument", "transformUrlBeforeRedirect: request_uri"},
		{"oidc.login({ transformUrlBeforeRedirect: (url) => url.replace(/nonce=[^&]*/, 'nonce=mine') })", "invalid_argument", "transformUrlBeforeRedirect: nonce"},
		{"oidc.login({ transformUrlBeforeRedirect: (url) => url + '&state=mine' })", "invalid_argument", "transformUrlBeforeRedirect: state"},
		{"oidc.login({ transformUrlBeforeRedirect: (url) => url.replace(/code_challenge=[^&]*&/, '') })", "invalid_argument", "transformUrlBeforeRedirect: code_challenge"},
	} {
		if got := eval[string](r.tab, tt.call+".then(() => 'nothing', (e) => e.code + ' ' + e.message)"); !strings.HasPrefix(got, tt.code+" ") || !strings.Contains(got, tt.names) {
			t.Errorf("%s: %s, want %s of %s", tt.call, got, tt.code, tt.names)
		}
	}
	if got := eval[string](r.tab, "oidc.login({ transformUrlBeforeRedirect() { throw new Error('of the app'); } }).catch((e) => e.message)"); got != "of the app" {
		t.Errorf("what a function throws is %s", got)
	}
	r.configure("", "{ securityDefenses: { enableDPoP() {} }, BASE_URL: '/' }")
	r.tab.expectProblems()
	eval[bool](r.tab, "globalThis.told = false, true")
	r.tab.navigate(r.origin + "/bye")
	r.tab.until("the early script's error", func() bool { return strings.Contains(strings.Join(r.tab.takeProblems(), " "), "securityDefenses") })
	r.configure("", "")
	r.visit("/bye")
	if got := eval[string](r.tab, "createOidc({ ...params, clientId: 'without', BASE_URL: undefined }).catch((e) => e.code + e.message)"); !strings.Contains(got, "BASE_URL is missing") {
		t.Errorf("without BASE_URL: %s", got)
	}
}

// Back from the provider the page works as before.
func TestCreateOidcBack(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.op.Answer(oidctest.Authorize, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><title>Login</title><script>globalThis.shown = true</script>`))
	})
	r.visit("/orders")
	for range 2 {
		eval[bool](r.tab, "oidc.login(), true")
		r.tab.waitFor("globalThis.shown === true")
		eval[void](r.tab, "void history.back()")
		r.tab.waitFor("globalThis.ready === true && globalThis.oidc !== undefined")
		r.wantWho("nobody")
	}
	r.op.Edit(func() { r.op.Respond = r.note })
	r.does("oidc.login()")
	r.wantWho("subject-1")
	r.wantAt("/orders")
}

// The provider's metadata can be the app's.
func TestCreateOidcMetadata(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	issuer := r.op.Issuer
	r.configure(`__metadata: { authorization_endpoint: "`+issuer+`/authorize", token_endpoint: "`+issuer+`/token", jwks_uri: "`+issuer+`/jwks" }, debugLogs: true, disableDPoP: true`,
		`(globalThis.lines = [], console.debug = (...line) => lines.push(line.join(" ")), { BASE_URL: "/" })`)
	r.signIn("/orders")
	if got := strings.Join(eval[[]string](r.tab, "lines"), "\n"); !strings.Contains(got, "signinCallback: success") {
		t.Errorf("debugLogs writes %q, which does not say what has come of the response", got)
	}
	if n := r.op.Count(oidctest.Discovery); n != 0 {
		t.Errorf("the provider was asked %d times for its metadata", n)
	}
}

// Where a page comes back to is told from the root of the origin, below the root of the app, whatever the query is.
func TestCreateOidcBelowTheRoot(t *testing.T) {
	for _, tt := range []struct{ base, at, args, want string }{
		{"/", "/a/orders", `{ redirectUrl: "bye" }`, "/bye"},
		{"/", "/a/orders?x=1", `{ redirectUrl: "?z=1" }`, "/?z=1"},
		{"/a/", "/a?x=1#part", "{}", "/a?x=1#part"},
		{"/a/", "/a?x=1", `{ redirectUrl: "/a#part" }`, "/a#part"},
	} {
		t.Run(tt.at+tt.args, func(t *testing.T) {
			r := newRoot(t, "", fmt.Sprintf("{ BASE_URL: %q }", tt.base))
			page := r.override["/"]
			for _, path := range []string{"/a", "/a/", "/a/orders"} {
				r.respond(path, page)
			}
			r.visit(tt.at)
			r.does("oidc.login(" + tt.args + ")")
			r.wantWho("subject-1")
			r.wantAt(tt.want)
		})
	}
}

// A sign-out that the provider refuses is one here, and no error of a sign-in; who comes next is new to the tab.
func TestCreateOidcSignoutRefused(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.signIn("/orders")
	r.op.Edit(func() {
		r.op.Respond = func(endpoint string, w http.ResponseWriter, request *http.Request) bool {
			if endpoint != oidctest.EndSession {
				return r.note(endpoint, w, request)
			}
			q := request.URL.Query()
			http.Redirect(w, request, q.Get("post_logout_redirect_uri")+"?error=access_denied&state="+url.QueryEscape(q.Get("state")), http.StatusSeeOther)
			return true
		}
	})
	r.does("oidc.logout({ redirectTo: 'current page' })")
	r.wantWho("nobody")
	r.wantAt("/orders")
	r.does("oidc.login()")
	if !eval[bool](r.tab, "oidc.isNewBrowserSession") {
		t.Error("who comes after a sign-out is known to the tab")
	}
}
