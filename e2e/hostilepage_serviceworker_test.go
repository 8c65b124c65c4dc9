//go:build !js

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// folder is where an app with a service worker has the assets.
const folder = "/oidcspa/"

// forgedWorker is a script in the place of the worker's: who connects to it
// hears that the program has ended, with a code of the attacker's.
const forgedWorker = `onconnect = ({ ports: [port] }) => {
	for (const [method, params] of [["hello", {}], ["stopped", { code: "forged", message: "" }]]) {
		port.postMessage(JSON.stringify({ jsonrpc: "2.0", method, params }));
	}
};`

// newPWA returns an app with a service worker that controls its pages, and
// leaves the folder excluded alone, if it is one.
func newPWA(t *testing.T, excluded string) (*app, *oidctest.OP, *tab) {
	t.Helper()
	return newPWAWith(t, excluded, false)
}

// newPWAWith is newPWA with a service worker that answers for other origins, too,
// if it is to.
func newPWAWith(t *testing.T, excluded string, foreign bool) (*app, *oidctest.OP, *tab) {
	t.Helper()
	a := newApp(t)
	a.serveAlso(t, folder)
	a.set("redirect_uri", a.origin+folder+"callback.html")
	op := newHostile(t, a)
	a.respond("/app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, appInFolder(t))
	})
	a.respond("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", policy(""))
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, strings.Replace(file(t, "index.html"), `"app.js"`, `"/app.js"`, 1))
	})
	a.respond("/sw.js", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Service-Worker") != "script" { // what the guide has servers refuse
			t.Error("the browser does not say that this is to be a service worker")
		}
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprintf(w, "const excluded = %q, foreign = %t;\n%s", excluded, foreign, file(t, "hostile/serviceworker.js"))
	})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	eval[bool](tab, `(async () => {
		const policy = trustedTypes.createPolicy("oidcspa", { createScriptURL: String });
		await navigator.serviceWorker.register(policy.createScriptURL("/sw.js"));
		await navigator.serviceWorker.ready;
		return true;
	})()`)
	tab.waitFor("navigator.serviceWorker.controller !== null")
	tab.visit(a.origin + "/")
	return a, op, tab
}

// forge puts the attacker's script into the cache, as any script of the page
// can, in the place of the worker's.
func forge(t *testing.T, tab *tab) {
	t.Helper()
	address := folder + assetsManifest(t).Files["worker.js"].Name
	eval[bool](tab, fmt.Sprintf(`(async () => {
		const headers = { "Content-Type": "text/javascript" };
		const address = %q;
		for (const name of [...await caches.keys(), "another"]) {
			const cache = await caches.open(name);
			// Under the name that the service worker has given it, too.
			const same = (await cache.keys()).filter(({ url }) => new URL(url).pathname === address);
			for (const key of [address, ...same]) await cache.put(key, new Response(%q, { headers }));
		}
		return true;
	})()`, address, forgedWorker))
}

// An app's service worker that keeps out of the folder does no harm: a whole
// session works, and what a script puts into the caches is not run.
func TestHostileServiceWorkerOutOfTheFolder(t *testing.T) {
	a, op, tab := newPWA(t, folder)
	forge(t, tab)
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	if controlled := eval[bool](tab, "navigator.serviceWorker.controller !== null"); !controlled {
		t.Fatal("the service worker does not control the page")
	}
	if got := eval[string](tab, "location.pathname"); got != "/" {
		t.Errorf("after the sign-in the tab is at %s", got)
	}
	if code := codeOf(tab, "um.signinSilent({ forceIframeAuth: true })"); code != "" {
		t.Errorf("in the frame: code %q", code)
	}
	op.ResetRequests()
	tab.reload()
	tab.waitReady()
	if got := eval[string](tab, subject); got != op.Subject {
		t.Errorf("after the reload: %s", got)
	}
	if requests := op.Requests(); len(requests) != 0 {
		t.Errorf("after the reload the provider was asked for %q", requests)
	}
	killWorkers(t, a.origin)
	tab.reload()
	tab.waitReady()
	if got := eval[string](tab, subject); got != op.Subject {
		t.Errorf("in a new program: %s", got)
	}
	kept := eval[string](tab, `(async () => {
		const kept = [];
		for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) kept.push(new URL(url).pathname);
		return kept.filter((path) => path.startsWith("/oidcspa/") && !/worker/.test(path)).join();
	})()`)
	if kept != "" {
		t.Errorf("the service worker keeps %s", kept)
	}
}

// What docs/service-workers.md says of a service worker that answers for the
// folder, too: whoever writes into the cache owns the program, and the app's
// page takes the place of the callback page. The client cannot see the
// difference; should a browser ask the server for the scripts of workers one
// day, this test says so, and the guide gets shorter.
func TestHostileServiceWorkerInTheFolder(t *testing.T) {
	t.Run("the script in the cache is run", func(t *testing.T) {
		a, _, tab := newPWA(t, "")
		tab.expectProblems()
		forge(t, tab)
		if code := codeOf(tab, "um.stats({ collect: true })"); code != "forged" {
			t.Errorf("code %q, want that of the forged script", code)
		}
		// In other engines a lock would tell of it, which the script does not hold.
		if a.lists && sharedWorkers(t, a.origin) != 1 {
			t.Errorf("%d shared workers, want 1", sharedWorkers(t, a.origin))
		}
	})
	t.Run("the page of the app in the place of the callback page", func(t *testing.T) {
		_, _, tab := newPWA(t, "")
		tab.expectProblems()
		eval[bool](tab, "globalThis.ready = false, um.signinRedirect().catch(() => {}), true")
		tab.waitFor("location.pathname === '" + folder + "callback.html' && globalThis.ready === true")
		if title := eval[string](tab, "document.title"); title != "Test app" {
			t.Errorf("the page is %q", title)
		}
		// The app that completes sign-ins on whatever page it is gets by, at another
		// address than the one where the sign-in began.
		if code := codeOf(tab, "callback"); code != "" {
			t.Errorf("code %q", code)
		}
		if got := eval[string](tab, "location.pathname"); got != folder+"callback.html" {
			t.Errorf("after the sign-in the tab is at %s", got)
		}
	})
}

// Browsers ask a service worker for the requests of the program, too. What it
// has kept of the provider is good; what a script has made, or has taken from
// another address, is no answer of the provider.
func TestHostileServiceWorkerInFrontOfTheProvider(t *testing.T) {
	const made = `new Response(JSON.stringify(metadata), { headers: { "Content-Type": "application/json" } })`
	rows := []struct{ name, answer, want string }{
		{"what it has kept", "", ""},
		{"metadata that a script has made", made, "answer_forged"},
		{"metadata of another address", `await fetch(evil + "/metadata")`, "answer_forged"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			a, op, tab := newPWAWith(t, folder, true)
			tab.expectProblems()
			theirs := newForeign(t)
			document := func(evil string) map[string]any {
				return map[string]any{
					"issuer": op.Issuer, "authorization_endpoint": evil + "/login", "token_endpoint": evil + "/token", "jwks_uri": evil + "/jwks",
					"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
					"id_token_signing_alg_values_supported": []string{"RS256"},
				}
			}
			theirs.page = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(document(theirs.origin))
			}
			a.respond("/", func(w http.ResponseWriter, _ *http.Request) { // its policy lets the script fetch
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, strings.Replace(file(t, "index.html"), `"app.js"`, `"/app.js"`, 1))
			})
			if row.answer != "" {
				metadata, err := json.Marshal(document(theirs.origin))
				if err != nil {
					t.Fatal(err)
				}
				eval[bool](tab, `caches.delete("app-1")`)
				tab.visit(a.origin + "/")
				eval[bool](tab, fmt.Sprintf(`(async () => {
					const evil = %q, metadata = %s;
					const answer = %s;
					await (await caches.open("any")).put(%q, answer);
					return true;
				})()`, theirs.origin, metadata, row.answer, op.Issuer+"/.well-known/openid-configuration"))
			}
			theirs.mu.Lock()
			theirs.seen = nil
			theirs.mu.Unlock()
			if code := codeOf(tab, "um.signinSilent()"); code != row.want {
				t.Errorf("code %q, want %q", code, row.want)
			}
			if row.want == "" {
				killWorkers(t, a.origin)
				tab.visit(a.origin + "/") // getUser() restores the session, and starts a new program
				if got := eval[string](tab, subject); got != op.Subject {
					t.Errorf("in a new program: %s", got)
				}
				// In the others a new program asks the network now and then, past the service worker.
				if n := op.Count(oidctest.Discovery); n != 1 && inChromium(t) {
					t.Errorf("the metadata was fetched %d times: the service worker was not asked", n)
				}
			}
			theirs.mu.Lock()
			defer theirs.mu.Unlock()
			if len(theirs.seen) != 0 {
				t.Errorf("the attacker was asked for %q", theirs.seen)
			}
		})
	}
}
