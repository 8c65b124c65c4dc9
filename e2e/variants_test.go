//go:build !js

package e2e

import (
	"net/http"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/resource"
)

// The classic script gives the global oidc the same classes, and works under
// the same policy.
func TestClassicScript(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	a.respond("/classic.html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", policy(""))
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><script src="oidcspa.classic.js"></script>`))
	})
	tab := newTab(t)
	tab.navigate(a.origin + "/classic.html")
	const signIn = `fetch("config.json").then((r) => r.json()).then((settings) => {
		globalThis.um = new oidc.UserManager(settings);
		return um.signinSilent();
	}).then((user) => user instanceof oidc.User && user.profile.sub)`
	if got := eval[string](tab, signIn); got != op.Subject {
		t.Errorf("sub = %q", got)
	}
	if got := eval[[]string](tab, "Object.keys(oidc).sort()"); len(got) != 23 { // the 22 of oidc-client-ts, and OIDCError
		t.Errorf("the global oidc has %q", got)
	}
}

// A page of the app can be the redirect URI itself, for the redirect and for
// the hidden frame, as with oidc-client-ts.
func TestAppPageAsRedirectURI(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			a.set("redirect_uri", a.origin+"/")
			op := newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != "" {
				t.Fatalf("code %q", code)
			}
			if got := eval[string](tab, "location.search"); got != "" {
				t.Errorf("the address keeps %d characters of the response", len(got))
			}
			if got := eval[string](tab, "um.signinSilent().then((u) => u.profile.sub)"); got != op.Subject {
				t.Errorf("renewal: sub = %q", got)
			}
			for _, key := range eval[[]string](tab, "Object.keys(sessionStorage)") {
				t.Errorf("sessionStorage keeps %q", key)
			}
		})
	}
}

// Two clients of two providers on one page keep out of each other's way.
func TestTwoProviders(t *testing.T) {
	a := newApp(t)
	first := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	second := newHostile(t, newApp(t)) // an app of its own keeps our settings as they are
	second.Edit(func() { second.Subject = "subject-2" })
	eval[bool](tab, "globalThis.other = new oidc.UserManager({...settings, authority: '"+second.Issuer+"'}), true")
	const subjects = `Promise.all([um, other].map((m) => m.getUser())).then((users) => users.map((u) => u?.profile.sub ?? "nobody").join())`
	if got := eval[string](tab, subjects); got != first.Subject+",nobody" {
		t.Errorf("before: %s", got)
	}
	if code := codeOf(tab, "other.signinSilent()"); code != "" {
		t.Fatalf("code %q", code)
	}
	if got := eval[string](tab, subjects); got != first.Subject+",subject-2" {
		t.Errorf("after: %s", got)
	}
	eval[bool](tab, "other.removeUser().then(() => true)")
	if got := eval[string](tab, subjects); got != first.Subject+",nobody" {
		t.Errorf("after the second was removed: %s", got)
	}
}

// A provider that takes pushed requests only, and revocation.
func TestPushedRequestsAndRevocation(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	op.Edit(func() { op.RequirePAR, op.RefreshTokens = true, true })
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	token := eval[string](tab, "um.getUser().then((u) => u.refresh_token)")
	if code := codeOf(tab, "um.revokeTokens(['refresh_token'])"); code != "" || !op.Revoked(token) {
		t.Errorf("revokeTokens: code %q, revoked %t", code, op.Revoked(token))
	}
	if got := eval[string](tab, "um.getUser().then((u) => typeof u.refresh_token)"); got != "undefined" {
		t.Errorf("the user still has a refresh token")
	}
	if code := codeOf(tab, "um.signinSilent()"); code != "" { // in the frame, pushed again
		t.Errorf("renewal: code %q", code)
	}
	if n := op.Count(oidctest.PAR); n != 2 {
		t.Errorf("%d requests were pushed, want 2", n)
	}
}

// Bound tokens end to end: a key of WebCrypto's in the worker, a real
// provider, and an API that takes each proof once.
func TestDPoP(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			a.set("dpop", true)
			a.set("loadUserInfo", true)
			a.set("scope", "openid profile api")
			p := newGoOIDC(t, a, options{refreshTokens: true})
			guard, err := resource.New(resource.Config{
				Issuers: []resource.Issuer{{Issuer: p.issuer, Audiences: []string{p.issuer + "/api"}}},
				DPoP:    resource.DPoP{BaseURL: a.origin, Required: true},
			})
			if err != nil {
				t.Fatal(err)
			}
			hello := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("hello"))
			}), "api")
			a.respond("/api/hello", hello.ServeHTTP)

			tab := newTab(t)
			tab.visit(a.origin + "/")
			p.signIn(tab)
			const call = `(async (method, again) => {
				const user = await um.getUser();
				const proof = await um.dpopProof(location.origin + "/api/hello?a=b", user, method);
				const ask = () => fetch("/api/hello?a=b", {headers: {Authorization: "DPoP " + user.access_token, DPoP: proof}});
				if (again) await ask();
				return user.token_type + " " + (await ask()).status;
			})`
			if got := eval[string](tab, call+`("GET", false)`); got != "DPoP 200" {
				t.Errorf("the API answers %s", got)
			}
			before := eval[string](tab, "um.getUser().then((u) => u.access_token)")
			if after := eval[string](tab, "um.signinSilent().then((u) => u.access_token)"); after == before {
				t.Error("the renewal brought the same access token")
			}
			if got := eval[string](tab, call+`("GET", false)`); got != "DPoP 200" {
				t.Errorf("after the renewal the API answers %s", got)
			}
			tab.expectProblems() // the browser logs what is refused now
			if got := eval[string](tab, call+`("POST", false)`); got != "DPoP 401" {
				t.Errorf("with a proof for another method the API answers %s", got)
			}
			if got := eval[string](tab, call+`("GET", true)`); got != "DPoP 401" {
				t.Errorf("with a proof used twice the API answers %s", got)
			}
			checkStorage(t, tab, p.secrets)
		})
	}
}
