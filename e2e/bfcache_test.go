//go:build !js

package e2e

import (
	"net/http"
	"testing"
)

// leave sends a tab of the app to another page of its origin.
func (a *app) leave(tab *tab) {
	tab.t.Helper()
	a.respond("/away", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><p>away`))
	})
	eval[bool](tab, `globalThis.mark = "the same page", addEventListener("pageshow", (event) => {
		globalThis.persisted = event.persisted;
		globalThis.stateAtPageshow = um.getUser().then((u) => u?.profile.sub ?? "nobody", (e) => e.code);
	}), heard.length = 0, true`)
	tab.navigate(a.origin + "/away")
}

// What one process writes to localStorage comes to another one when it likes: on
// a busy machine a page that comes back reads what was there before a sign-in.
const hintIsLate = "a hint that is not there yet"

// A page that comes back out of the back/forward cache knows who is signed in
// by now, whatever happened while it slept.
func TestBackForwardCache(t *testing.T) {
	meanwhile := []struct {
		name  string
		do    func(other *tab)
		want  string
		event string
	}{
		{"nothing", func(*tab) {}, "subject-1", ""},
		{"a renewal", func(other *tab) { eval[bool](other, "um.signinSilent().then(() => true)") }, "subject-1", ""},
		{"a sign-out", func(other *tab) { eval[bool](other, "um.removeUser().then(() => true)") }, "nobody", "UserUnloaded"},
		{"a sign-out and a sign-in", func(other *tab) {
			eval[bool](other, "um.removeUser().then(() => um.signinSilent()).then(() => true)")
		}, "subject-1", ""},
		{hintIsLate, func(other *tab) {
			eval[bool](other, "Object.keys(localStorage).forEach((key) => localStorage.removeItem(key)), true")
		}, "subject-1", ""},
	}
	for _, host := range hosts {
		for _, tt := range meanwhile {
			if tt.name == hintIsLate && host != "shared" {
				continue // a program of the page alone has nobody else to ask
			}
			t.Run(host+" "+tt.name, func(t *testing.T) {
				a := newApp(t)
				a.setHost(host)
				newHostile(t, a)
				tab := newTab(t)
				tab.visit(a.origin + "/")
				if code := signinCode(tab); code != "" {
					t.Fatal(code)
				}
				other := tab.sibling()
				other.visit(a.origin + "/")
				if got := eval[string](other, userState); got != "somebody" {
					t.Fatalf("in the other tab: %s", got)
				}
				a.leave(tab)
				tt.do(other)
				eval[bool](tab, "setTimeout(() => history.back()), true")
				tab.waitReady()
				cached := eval[bool](tab, "globalThis.mark !== undefined && globalThis.persisted")
				t.Logf("out of the cache: %t", cached)
				if !cached {
					if got := eval[string](tab, "um.getUser().then((u) => u?.profile.sub ?? 'nobody')"); got != tt.want {
						t.Errorf("after the reload: %s, want %s", got, tt.want)
					}
					return
				}
				if got := eval[string](tab, "stateAtPageshow"); got != tt.want {
					t.Errorf("at pageshow: %s, want %s", got, tt.want)
				}
				if tt.event != "" {
					tab.waitFor("heard.includes('" + tt.event + "')")
				}
				if got := eval[string](tab, "um.signinSilent().then((u) => u.profile.sub, (e) => e.code)"); got != "subject-1" {
					t.Errorf("a call afterwards: %s", got)
				}
			})
		}
	}
}

// TestNextPageKeepsThePage checks that a page of somebody who is signed in stays in the back/forward cache while the
// next page starts a program of its own: what the browser has compiled for the one is there for the other then.
func TestNextPageKeepsThePage(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != "" {
				t.Fatal(code)
			}
			eval[bool](tab, "globalThis.mark = true")
			tab.visit(a.origin + "/?next")
			if got := eval[string](tab, userState); got != "somebody" {
				t.Fatalf("on the next page: %s", got)
			}
			eval[bool](tab, "setTimeout(() => history.back()), true")
			tab.waitFor("!location.search")
			tab.waitReady()
			if !eval[bool](tab, "globalThis.mark === true") {
				t.Error("the page was not in the cache: " + eval[string](tab, "JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)"))
			}
		})
	}
}
