//go:build !js

package e2e

import (
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// What the app has of the tokens.
func TestCreateOidcTokens(t *testing.T) {
	for _, refreshes := range []bool{true, false} {
		r := newRoot(t, "", earlyRoot)
		r.op.RefreshTokens = refreshes
		r.signIn("/orders")
		const shape = `oidc.getTokens().then((tokens) => [
			typeof tokens.accessToken, typeof tokens.idToken, tokens.hasRefreshToken, typeof tokens.refreshToken,
			tokens.decodedIdToken === oidc.getDecodedIdToken(), tokens.decodedIdToken_original.nonce !== undefined,
			tokens.issuedAtTime === tokens.decodedIdToken.iat * 1000, Math.abs(tokens.getServerDateNow() - Date.now()) < 1000,
			Math.round((tokens.accessTokenExpirationTime - Date.now()) / 60000)].join(" "))`
		want := "string string true string true true true true 60"
		if !refreshes {
			want = "string string false undefined true true true true 60"
		}
		if got := eval[string](r.tab, shape); got != want {
			t.Errorf("the tokens are %s, want %s", got, want)
		}
		if !eval[bool](r.tab, "oidc.getAccessToken().then(async (token) => token === (await oidc.getTokens()).accessToken)") {
			t.Error("getAccessToken gives another token")
		}
	}
}

// getTokens renews what is about to expire, once for all who ask, and tells who wants to know.
func TestCreateOidcRenews(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.op.RefreshTokens = true
	r.signIn("/orders")
	const hear = `globalThis.heard = [], globalThis.hearing = oidc.subscribeToTokensChange((tokens) => heard.push(tokens.accessToken)), oidc.subscribeToTokensChange(() => { throw new Error("of the app"); }), true`
	eval[bool](r.tab, hear)
	if n := r.op.Count(oidctest.Token); n != 1 {
		t.Fatalf("%d token requests, want 1", n)
	}
	eval[void](r.tab, "Promise.all([oidc.getTokens(), oidc.getTokens()]).then(() => {})")
	if n := r.op.Count(oidctest.Token); n != 1 {
		t.Errorf("%d token requests, want 1: the token is good", n)
	}
	r.tab.expectProblems() // what the app has thrown
	// The clock of the page alone: the program does not know that it is about to end.
	eval[bool](r.tab, "globalThis.now = Date.now, Date.now = () => now() + 3580_000, true")
	got := eval[[]string](r.tab, "Promise.all([oidc.getTokens(), oidc.getTokens()]).then((all) => all.map((tokens) => tokens.accessToken))")
	if n := r.op.Count(oidctest.Token); n != 2 || got[0] != got[1] {
		t.Errorf("%d token requests, want 2, and the same token for both", n)
	}
	if heard := eval[[]string](r.tab, "heard"); len(heard) != 1 || heard[0] != got[0] {
		t.Errorf("the app has heard of %d tokens, want 1", len(heard))
	}
	eval[void](r.tab, "hearing.unsubscribeFromTokensChange(), oidc.renewTokens()")
	if heard := eval[[]string](r.tab, "heard"); len(heard) != 1 {
		t.Errorf("the app has heard of %d tokens, want no more", len(heard))
	}
}

// Renewals for the same are one, others come one after the other, with the parameters of each.
func TestCreateOidcRenewTokens(t *testing.T) {
	r := newRoot(t, `extraTokenParams: { tenant: "a", none: undefined }`, earlyRoot)
	r.op.RefreshTokens = true
	r.signIn("/orders")
	if got := r.asked(oidctest.Token)["tenant"]; len(got) != 1 || got[0] != "a" {
		t.Errorf("with the code the tenant is %q", got)
	}
	eval[void](r.tab, `Promise.all([oidc.renewTokens(), oidc.renewTokens(), oidc.renewTokens({ extraTokenParams: { tenant: "b" } }), oidc.renewTokens({ extraTokenParams: { tenant: "b" } })]).then(() => {})`)
	if n := r.op.Count(oidctest.Token); n != 3 {
		t.Errorf("%d token requests, want 3", n)
	}
	var tenants []string
	r.mu.Lock()
	for _, request := range r.requests[oidctest.Token] {
		tenants = append(tenants, request["tenant"]...)
	}
	r.mu.Unlock()
	if len(tenants) != 3 || tenants[1] != "a" || tenants[2] != "b" {
		t.Errorf("the tenants are %q", tenants)
	}
	r.tab.expectProblems()
	r.down(true)
	if code := codeOf(r.tab, "oidc.renewTokens()"); code != "network" {
		t.Errorf("code %q, want network", code)
	}
	r.wantWho("subject-1")
	r.down(false)
	eval[void](r.tab, "oidc.renewTokens()")
}

// The claims are what the app's schema makes of them, and the same object as long as that says the same.
func TestCreateOidcSchema(t *testing.T) {
	r := newRoot(t, `decodedIdTokenSchema: { parse: ({ sub }) => ({ sub, shout: sub.toUpperCase() }) }`, earlyRoot)
	r.op.RefreshTokens = true
	r.visit("/orders")
	r.does("oidc.login()")
	const shown = "JSON.stringify(oidc.getDecodedIdToken())"
	if got := eval[string](r.tab, shown); got != `{"sub":"subject-1","shout":"SUBJECT-1"}` {
		t.Errorf("the claims are %s", got)
	}
	if !eval[bool](r.tab, "globalThis.before = oidc.getDecodedIdToken(), oidc.renewTokens().then(() => oidc.getDecodedIdToken() === before)") {
		t.Error("a renewal makes another object of the same claims")
	}
	if !eval[bool](r.tab, "oidc.getTokens().then((tokens) => tokens.decodedIdToken_original.iss === oidc.issuerUri)") {
		t.Error("the claims as they were are not there")
	}
	r.tab.expectProblems()
	r.configure(`decodedIdTokenSchema: { parse() { throw new Error("no such claim"); } }`, earlyRoot)
	r.visit("/orders?again")
	if got := eval[string](r.tab, "oidc.initializationError.message + oidc.initializationError.isAuthServerLikelyDown + (oidc.initializationError instanceof OidcInitializationError)"); got != "no such claimfalsetrue" {
		t.Errorf("the error is %s", got)
	}
}

// Google's way: a secret that is none, and the ID Token in the place of an access token that nobody can read.
func TestCreateOidcUnsafe(t *testing.T) {
	r := newRoot(t, `__unsafe_clientSecret: "GOCSPX", __unsafe_useIdTokenAsAccessToken: true`, earlyRoot)
	r.signIn("/orders")
	if got := r.asked(oidctest.Token).Get("client_secret"); got != "GOCSPX" {
		t.Errorf("the secret is %q", got)
	}
	if !eval[bool](r.tab, "oidc.getTokens().then((tokens) => tokens.accessToken === tokens.idToken && tokens.accessTokenExpirationTime === tokens.decodedIdToken.exp * 1000)") {
		t.Error("the access token is another")
	}
}

// Who does nothing is signed out, and comes back to where autoLogoutParams say.
func TestCreateOidcIdle(t *testing.T) {
	tests := []struct{ params, want string }{
		{"", "/orders?x=1"},
		{`, autoLogoutParams: { redirectTo: "home" }`, "/"},
		{`, autoLogoutParams: { redirectTo: "specific url", get url() { return "/bye?from=" + location.pathname; } }`, "/bye?from=/orders"},
	}
	stays := newRoot(t, "idleSessionLifetimeInSeconds: 31", earlyRoot)
	stays.signIn("/orders")
	eval[bool](stays.tab, "globalThis.asked = 0, oidc.subscribeToAutoLogoutCountdown(() => { asked++; return false; }), true")
	var roots []*root
	for _, tt := range tests { // all at the same time: it takes half a minute
		r := newRoot(t, "idleSessionLifetimeInSeconds: 31"+tt.params, earlyRoot)
		r.signIn("/orders?x=1")
		r.configure("", earlyRoot)
		eval[bool](r.tab, "globalThis.left = [], oidc.subscribeToAutoLogoutCountdown(({ secondsLeft }) => { left.push(secondsLeft); }), globalThis.ready = false, true")
		roots = append(roots, r)
	}
	roots[0].tab.waitFor("globalThis.left?.length > 1")
	if got := eval[[]int](roots[0].tab, "left"); got[0] > 16 || got[0] != got[1]+1 {
		t.Errorf("the countdown is %v", got)
	}
	for i, tt := range tests {
		roots[i].tab.waitReady()
		roots[i].wantWho("nobody")
		roots[i].wantAt(tt.want)
	}
	stays.wantWho("subject-1")
	if eval[int](stays.tab, "asked") == 0 {
		t.Error("whether the session is to be kept was not asked")
	}
}

// Without a network the tab of who was idle stays; with one the provider hears of it, and nobody is signed in.
func TestCreateOidcIdleOffline(t *testing.T) {
	if !inChromium(t) {
		t.Skip("the network cannot be taken away there")
	}
	r := newRoot(t, `idleSessionLifetimeInSeconds: 31, autoLogoutParams: { redirectTo: "specific url", url: "/bye?x=1" }`, earlyRoot)
	r.signIn("/orders")
	r.tab.expectProblems() // what the browser logs of requests without a network
	eval[bool](r.tab, "globalThis.left = [], oidc.subscribeToAutoLogoutCountdown(({ secondsLeft }) => { left.push(secondsLeft); }), globalThis.ready = false, true")
	connect(t, false, r.tab)
	r.tab.waitLong("globalThis.left.includes(0)")
	r.tab.waitFor("!Object.keys(localStorage).some((key) => key.startsWith('oidcspa.session:'))")
	// Whoever asks for tokens gets none, and the page stays.
	if got := eval[string](r.tab, "Promise.race([oidc.getTokens(), new Promise((resolve) => setTimeout(resolve, 300, 'none'))]).then((got) => got + location.pathname)"); got != "none/orders" {
		t.Errorf("without a network the app has %s", got)
	}
	if n := r.op.Count(oidctest.EndSession); n != 0 {
		t.Errorf("the provider was asked %d times to end the session", n)
	}
	connect(t, true, r.tab)
	r.tab.waitReady()
	r.wantWho("nobody")
	r.wantAt("/bye?x=1")
	if got := r.asked(oidctest.EndSession).Get("id_token_hint"); got == "" {
		t.Error("the provider is not told whose session it is")
	}
}
