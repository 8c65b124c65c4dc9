//go:build !js

package e2e

import (
	"fmt"
	"testing"
)

// An app for npm oidc-spa does the same with this client, which an alias alone puts in its place.
func TestReactSpa(t *testing.T) {
	for _, a := range []spaApp{
		{name: "npm oidc-spa, built", plugin: true},
		{name: "npm oidc-spa, served", plugin: true, dev: true},
		{name: "an alias of npm, built", ours: true, plugin: true},
		{name: "an alias of npm, served", ours: true, plugin: true, dev: true},
		{name: "an alias of the bundler, built", ours: true, alias: "oidcspa"},
	} {
		t.Run(a.name, func(t *testing.T) {
			site := a.serve(t)
			if !a.dev {
				mocksSpa(t, site, a.ours) // first, as workers outlive their pages
				signsInByItself(t, site)
			}
			signsInToSpa(t, site)
		})
	}
}

// shows waits until an element of the app has a text.
func shows(tab *tab, id, want string) {
	tab.t.Helper()
	tab.waitFor(fmt.Sprintf("document.getElementById(%q)?.textContent === %q", id, want))
}

// signsInToSpa walks through the parts of the app that are for somebody alone.
func signsInToSpa(t *testing.T, site *spaSite) {
	t.Helper()
	tab := newTab(t)
	protected := "true demo-user-1 demo-user-1 /protected none"
	tab.navigate(site.origin + "/")
	shows(tab, "state", "signed out")
	tab.clickOn("#to-protected") // the router asks its loader
	fillIn(tab)
	shows(tab, "protected", protected)
	if got, want := eval[string](tab, "location.href"), site.origin+"/protected?page=7"; got != want {
		t.Errorf("the login leads to %s, want %s", got, want)
	}
	tab.reload()
	shows(tab, "protected", protected)
	shows(tab, "back", "null")

	tab.clickOn("#renew")
	tab.waitFor("heard.rotations.length === 1")
	checkSecrets(t, tab, site.secrets)
	tab.clickOn("#to-component")
	shows(tab, "enforced", "hello demo-user-1")
	tab.clickOn("#elsewhere")
	shows(tab, "enforced", "hello demo-user-1")
	shows(tab, "back", `{"ui_locales":"de"}`)
	tab.clickOn("#home")
	confirmSignOut(tab, "page")
	shows(tab, "page", "home")
	shows(tab, "state", "signed out")

	tab.navigate(site.origin + "/component")
	fillIn(tab)
	shows(tab, "enforced", "hello demo-user-1")
	tab.clickOn("#home")
	confirmSignOut(tab, "page")
}

// confirmSignOut confirms a sign-out at the provider, unless the app comes back by itself.
func confirmSignOut(tab *tab, id string) {
	tab.t.Helper()
	back := "document.getElementById('" + id + "') !== null"
	tab.waitFor("document.querySelector('button[value=sign-out]') !== null || " + back)
	if !eval[bool](tab, back) {
		tab.clickOn("button[value=sign-out]")
	}
}

// mocksSpa signs in and out without a provider, and expects an assertion to be made.
func mocksSpa(t *testing.T, site *spaSite, ours bool) {
	t.Helper()
	tab := newTab(t)
	asked := site.requests.Load()
	tab.navigate(site.origin + "/?mock=1")
	shows(tab, "state", "signed out")
	tab.clickOn("#login")
	shows(tab, "state", "signed in")
	shows(tab, "sub", "mock-user")
	if got, want := eval[string](tab, "location.search"), "?mock=1"; got != want {
		t.Errorf("after the login the address has %q, want %q", got, want)
	}
	tab.clickOn("#logout")
	shows(tab, "state", "signed out")
	if n := site.requests.Load() - asked; n != 0 {
		t.Errorf("the mock has sent %d requests to the provider", n)
	}
	if ours && sharedWorkers(t, site.origin) != 0 {
		t.Error("the mock has started a worker")
	}
	tab.expectProblems() // React writes that a component has thrown
	tab.navigate(site.origin + "/wrong?mock=1")
	tab.waitFor("document.getElementById('refused') !== null")
}

// signsInByItself visits the app that shows nothing to nobody.
func signsInByItself(t *testing.T, site *spaSite) {
	t.Helper()
	tab := newTab(t)
	tab.navigate(site.origin + "/auto")
	fillIn(tab)
	shows(tab, "sub", "demo-user-1")
	tab.waitFor(`heard.calls.includes("demo-user-1")`)
	tab.clickOn("#logout")
	tab.waitFor("document.querySelector('button[value=sign-out], input[name=password]') !== null")
	tab.expectProblems() // the client writes why there is nobody
	tab.navigate(site.origin + "/auto?down")
	shows(tab, "failed", "true")
	if eval[int](tab, "heard.calls.length") != 0 {
		t.Error("getOidc() has settled although nobody knows who is signed in")
	}
}

// TestReactSpaParts has in the place of the client one whose events are the test's.
func TestReactSpaParts(t *testing.T) {
	site := spaApp{ours: true, plugin: true, fake: true}.serve(t)
	t.Run("countdown", func(t *testing.T) {
		tab := newTab(t)
		tab.navigate(site.origin + "/")
		shows(tab, "warning", "none")
		for _, tt := range []struct{ tick, want string }{{"61", "none"}, {"60", "60"}, {"59", "59"}, {"undefined", "none"}, {"1", "1"}} {
			eval[bool](tab, "fake.tick("+tt.tick+"), true")
			shows(tab, "warning", tt.want)
		}
	})
	t.Run("tokens", func(t *testing.T) {
		tab := newTab(t)
		tab.navigate(site.origin + "/")
		shows(tab, "sub", "one")
		tab.waitFor("fake.listeners.size >= 3") // the component's, and two of getOidc()
		renders := eval[int](tab, "heard.renders")
		eval[bool](tab, "fake.renew('one'), true")
		if got, want := eval[string](tab, "[heard.renders, heard.claims, ...heard.rotations].join()"), fmt.Sprintf("%d,0,token 2", renders); got != want {
			t.Errorf("new tokens with the same claims: %s, want %s", got, want)
		}
		eval[bool](tab, "fake.renew('two'), true")
		shows(tab, "sub", "two")
		eval[bool](tab, "fake.renew('two'), true")
		eval[bool](tab, "fake.renew('three'), true")
		shows(tab, "sub", "three")
		if got, want := eval[string](tab, "[heard.claims, ...heard.rotations].join()"), "2,token 2,token 3,token 4,token 5"; got != want {
			t.Errorf("heard %s, want %s", got, want)
		}
	})
	for _, path := range []string{"/component", "/protected"} {
		t.Run("a login that stays at "+path, func(t *testing.T) {
			tab := newTab(t)
			tab.expectProblems() // React and the router write that something was thrown
			tab.navigate(site.origin + path + "?nobody")
			shows(tab, "refused", "the tab stays")
			if got, want := eval[string](tab, "fake.logins.join()"), site.origin+path+"?nobody true"; got != want {
				t.Errorf("login() was called with %s, want %s", got, want)
			}
		})
	}
	t.Run("a start that is wrong", func(t *testing.T) {
		tab := newTab(t)
		tab.expectProblems()
		tab.navigate(site.origin + "/?wrong")
		tab.waitFor("document.body.textContent.includes('there is no parameter')")
	})
}

// The keeper keeps the session during a reload of an app that Vite has built with the plugin.
func TestReactSpaKeeper(t *testing.T) {
	site := spaApp{ours: true, plugin: true, dedicated: true}.serve(t)
	tab := newTab(t)
	tab.navigate(site.origin + "/")
	tab.clickOn("#login")
	fillIn(tab)
	shows(tab, "state", "signed in")
	tab.waitKept()
	asked := site.requests.Load()
	tab.reload()
	shows(tab, "sub", "demo-user-1")
	if n := site.requests.Load() - asked; n != 0 {
		t.Errorf("a reload has sent %d requests to the provider", n)
	}
}
