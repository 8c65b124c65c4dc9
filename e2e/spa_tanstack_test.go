//go:build !js

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An app for npm oidc-spa with TanStack Router does the same with this client, built and on Vite's development server.
func TestReactSpaTanStack(t *testing.T) {
	for _, a := range []spaApp{
		{name: "npm oidc-spa, built"},
		{name: "npm oidc-spa, served", dev: true},
		{name: "an alias of npm, built", ours: true},
		{name: "an alias of npm, served", ours: true, dev: true},
	} {
		a.router, a.plugin = "tanstack", true
		t.Run(a.name, func(t *testing.T) {
			if !a.ours && os.Getenv("CHECK_LONG") == "" {
				t.Skip("make check-long compares with npm oidc-spa")
			}
			site := a.serve(t)
			tab := signsInToTanStack(t, site)
			if a.dev {
				staysWhenEdited(t, site, tab)
				tab.navigate(site.origin + "/")
			}
			tab.clickOn("#home")
			confirmSignOut(tab, "page")
			shows(tab, "state", "signed out")
		})
	}
}

// signsInToTanStack comes to a page that is for somebody alone, by its address and by a link.
func signsInToTanStack(t *testing.T, site *spaSite) *tab {
	t.Helper()
	tab := newTab(t)
	tab.navigate(site.origin + "/protected?page=3")
	fillIn(tab)
	shows(tab, "protected", "demo-user-1 /protected/3 true")
	if got, want := eval[string](tab, "location.href"), site.origin+"/protected?page=3"; got != want {
		t.Errorf("the login leads to %s, want %s", got, want)
	}
	tab.clickOn("#to-component")
	shows(tab, "enforced", "hello demo-user-1")
	tab.clickOn("#home")
	confirmSignOut(tab, "page")
	shows(tab, "state", "signed out")

	// A page that the router loads in advance sends nobody to the provider.
	tab.expectProblems() // the router writes why it is not there
	eval[bool](tab, `document.getElementById("to-protected").dispatchEvent(new MouseEvent("mouseover", { bubbles: true }))`)
	eval[bool](tab, "new Promise((resolve) => { setTimeout(resolve, 300, true); })")
	shows(tab, "state", "signed out")
	if got := eval[string](tab, "heard.calls.join()"); got != "" {
		t.Errorf("the loader was called for nobody: %s", got)
	}
	tab.clickOn("#to-protected")
	fillIn(tab)
	shows(tab, "protected", "demo-user-1 /protected/7 true")
	return tab
}

// staysWhenEdited changes the file of a component, and then that of the client, while somebody is signed in.
func staysWhenEdited(t *testing.T, site *spaSite, tab *tab) {
	t.Helper()
	asked := site.requests.Load()
	eval[bool](tab, "globalThis.stays = true")
	edit(t, filepath.Join(site.folder, "src", "header.tsx"), ">Renew<", ">Renew now<")
	shows(tab, "renew", "Renew now")
	shows(tab, "state", "signed in")
	edit(t, filepath.Join(site.folder, "src", "oidc.ts"), "const mock =", `heard.calls.push("edited");`+"\nconst mock =")
	tab.waitFor(`heard.calls.slice(heard.calls.indexOf("edited")).includes("protected 7")`) // by the new client's leave
	shows(tab, "state", "signed in")
	shows(tab, "sub", "demo-user-1")
	if !eval[bool](tab, "globalThis.stays === true") {
		t.Error("the page was loaded again")
	}
	if n := site.requests.Load() - asked; n != 0 {
		t.Errorf("%d requests to the provider", n)
	}
}

// edit replaces a text of a file.
func edit(t *testing.T, name, from, to string) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), from) {
		t.Fatalf("%s has no %q", name, from)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(data), from, to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
