//go:build !js

package e2e

import (
	"net/http"
	"testing"
)

// lackings are browsers that have not all of what the client uses.
var lackings = []struct{ name, script, host string }{
	{"no localStorage", `Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no", "SecurityError"); } });`, "shared"},
	{"no SharedWorker", `delete window.SharedWorker;`, "dedicated"},
	{"no locks", `Object.defineProperty(navigator, "locks", { value: undefined });`, "shared"},
	{"a lock is refused", lockRefused, "shared"},
}

const lockRefused = `navigator.locks.request = () => Promise.reject(new DOMException("no", "SecurityError"));`

// hostNow is where the program of this page runs.
const hostNow = "um.stats({ collect: true }).then(({ start }) => start.host)"

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
			if host := eval[string](tab, hostNow); host != tt.host {
				t.Errorf("host %q, want %q", host, tt.host)
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

// A worker that the browser gives less than usual says so at once, and the page
// takes it as it is, or another host: what is silent is never given up here.
func TestLackingWorker(t *testing.T) {
	const (
		opaque = `if (globalThis.SharedWorkerGlobalScope) {
			Object.defineProperty(globalThis, "origin", { value: "null" });
			` + lockRefused + `
		}`
		noSilence = `{
			const { setTimeout } = window;
			window.setTimeout = (fn, wait, ...args) => (wait === 5_000 ? 0 : setTimeout(fn, wait, ...args));
		}`
	)
	tests := []struct{ name, script, setting, host, code string }{
		{name: "a lock is refused", script: lockRefused, host: "shared"},
		{name: "an opaque origin", script: opaque, host: "dedicated"},
		{name: "an opaque origin, and no other host", script: opaque, setting: "shared", code: "worker_not_found"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			if tt.setting != "" {
				a.setHost(tt.setting)
			}
			newHostile(t, a)
			assets := a.assets
			a.respond("/"+fileName(t, "worker.js"), func(w http.ResponseWriter, r *http.Request) {
				assets.ServeHTTP(&prefixed{ResponseWriter: w, script: []byte(tt.script + "\n")}, r)
			})
			a.respond("/app.js", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/javascript")
				_, _ = w.Write([]byte(noSilence + "\n"))
				_, _ = w.Write(appScript())
			})
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != tt.code {
				t.Fatalf("code %q, want %q", code, tt.code)
			}
			if tt.code != "" {
				return
			}
			if host := eval[string](tab, hostNow); host != tt.host {
				t.Errorf("host %q, want %q", host, tt.host)
			}
		})
	}
}
