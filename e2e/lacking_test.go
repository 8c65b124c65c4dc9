//go:build !js

package e2e

import (
	"net/http"
	"testing"
)

// lackings are browsers that have not all of what the client uses.
var lackings = []struct {
	name, script string
	shared       bool // the worker is
}{
	{"no localStorage", `Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } });`, true},
	{"no SharedWorker", `delete window.SharedWorker;`, false},
	{"no locks", `Object.defineProperty(navigator, "locks", { value: undefined });`, true},
}

// sharedNow says whether a shared worker runs, as far as locks tell.
const sharedNow = `um.stats().then(() => navigator.locks?.query() ?? { held: [{ name: "oidcspa.host.shared " }] })
	.then(({ held }) => held.some(({ name }) => name.startsWith("oidcspa.host.shared ")))`

// A session works where the browser, or what its owner has set, leaves something
// out.
func TestLackingBrowser(t *testing.T) {
	for _, tt := range lackings {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			a.respond("/app.js", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/javascript")
				_, _ = w.Write([]byte(tt.script + "\n"))
				_, _ = w.Write(appScript())
			})
			op := newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != "" {
				t.Fatalf("code %q", code)
			}
			if shared := eval[bool](tab, sharedNow); shared != tt.shared {
				t.Errorf("the worker is shared: %t", shared)
			}
			if code := codeOf(tab, "um.signinSilent({ forceIframeAuth: true })"); code != "" {
				t.Errorf("renewal: code %q", code)
			}
			tab.reload()
			tab.waitReady()
			if got := eval[string](tab, "um.getUser().then((u) => u?.profile.sub ?? 'nobody')"); got != op.Subject {
				t.Errorf("after the reload: %s", got)
			}
			other := tab.sibling()
			other.visit(a.origin + "/")
			if got := eval[string](other, "um.getUser().then((u) => u?.profile.sub ?? 'nobody')"); got != op.Subject {
				t.Errorf("in another tab: %s", got)
			}
			if code := codeOf(tab, "um.removeUser()"); code != "" {
				t.Errorf("removeUser: code %q", code)
			}
			if got := eval[string](tab, userState); got != "nobody" {
				t.Errorf("after the sign-out: %s", got)
			}
		})
	}
}
