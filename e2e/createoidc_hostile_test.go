//go:build !js

package e2e

import (
	"net/http"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A sign-out that leads to no page says so, and nobody is signed out; no address is a script.
func TestCreateOidcLogoutRefused(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.signIn("/orders")
	for _, tt := range []struct{ args, want string }{
		{`{ redirectTo: "specific url", url: "javascript://x/%0aglobalThis.ran=true" }`, "invalid_argument"},
		{`{ redirectTo: "specific url", url: "data:text/html,x" }`, "invalid_argument"},
		{`{ redirectTo: "specific url" }`, "invalid_argument"},
		{`{ redirectTo: "there" }`, "invalid_argument"},
		{`{ redirectTo: "registered url", url: "javascript://x/%0aglobalThis.ran=true" }`, "invalid_argument"},
		{`{ redirectTo: "registered url" }`, "invalid_argument"},
		{`{ redirectTo: "home", extraQueryParams: { id_token_hint: "another" } }`, "invalid_argument"},
		{`{ redirectTo: "specific url", url: "http://intranet.example/bye" }`, "insecure_url"},
	} {
		if got := eval[string](r.tab, "oidc.logout("+tt.args+").catch(({ code }) => code + (globalThis.ran ?? ''))"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.args, got, tt.want)
		}
	}
	if !eval[bool](r.tab, "oidc.getTokens().then(({ accessToken }) => !!accessToken)") {
		t.Error("nobody is signed in any more")
	}
}

// A tab that keeps nothing of ours shows its app all the same.
func TestCreateOidcWithoutStorage(t *testing.T) {
	r := newRoot(t, "", `((Storage.prototype.setItem = ((set) => function (key, value) {
		if (key.startsWith("oidcspa")) throw new DOMException("no room", "QuotaExceededError");
		set.call(this, key, value);
	})(Storage.prototype.setItem)), Storage.prototype.removeItem = () => { throw new DOMException("denied", "SecurityError"); }, { BASE_URL: "/" })`)
	r.tab.expectProblems()
	r.visit("/orders")
	r.wantWho("nobody")
}

// Who comes in another tab does not come to a page of somebody else's: here one that is about to leave, and waits until it
// can be seen.
func TestCreateOidcTokensOfAnother(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.signIn("/orders")
	other := r.tab
	r.tab = other.sibling()
	r.visit("/orders")
	eval[bool](other, `Object.defineProperty(document, "hidden", { value: true }), oidc.goToAuthServer({}), true`)
	r.op.Edit(func() { r.op.Subject = "subject-2" })
	r.does("oidc.goToAuthServer({ extraQueryParams: { prompt: 'login' } })")
	r.wantWho("subject-2")
	const tokens = `Promise.race([oidc.getTokens().then(({ decodedIdToken }) => decodedIdToken.sub), new Promise((resolve) => setTimeout(resolve, 300, "none"))])`
	if got := eval[string](other, tokens); got != "none" {
		t.Errorf("the page of one person got the tokens of %s", got)
	}
}

// Claims that the app does not take are an error of each start, also of that with a response; a renewal does not load the page again.
func TestCreateOidcSchemaThrows(t *testing.T) {
	r := newRoot(t, `decodedIdTokenSchema: { parse() { throw new Error("no such claim"); } }`, earlyRoot)
	r.tab.expectProblems()
	r.visit("/orders")
	r.does("oidc.login()")
	if got := eval[string](r.tab, "String(globalThis.failed ?? oidc.initializationError?.message)"); got != "no such claim" {
		t.Errorf("after the login: %s", got)
	}
}

// Beyond the root of the app a response is somebody else's.
func TestCreateOidcResponseOfAnotherLibrary(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	const address = "/orders?code=gh&state=0123456789abcdef0123456789abcdef&installation=7"
	r.visit(address)
	r.wantAt(address)
}

// A start that failed with a response says so again when it is made again.
func TestCreateOidcRetryOfAResponse(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.tab.expectProblems()
	r.visit("/orders")
	before := r.op.Respond
	r.op.Edit(func() {
		r.op.Respond = func(endpoint string, w http.ResponseWriter, request *http.Request) bool {
			if endpoint == oidctest.Token {
				panic(http.ErrAbortHandler)
			}
			return before(endpoint, w, request)
		}
	})
	r.does("oidc.login()")
	r.wantWho("error: cors_refused")
	if got := eval[string](r.tab, "createOidc(params).then(({ initializationError }) => initializationError?.code ?? 'nobody')"); got != "cors_refused" {
		t.Errorf("the start again: %s", got)
	}
}
