//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// keeperHosts are those whose programs end with the page in browsers that have a keeper.
var keeperHosts = []string{"shared", "dedicated"}

// noSharedWorker is a device on which the client chooses a dedicated worker.
const noSharedWorker = "no SharedWorker"

// keeperReady says whether the service worker runs, and can be spoken to.
const keeperReady = `navigator.serviceWorker.getRegistrations().then(async (all) => all.length === 1 && !!all[0].active &&
	(!new URL(all[0].scope).search || (await navigator.locks.query()).held.some(({ name }) => name === "oidcspa.keeper " + all[0].scope)))`

// newKept signs in at a provider on another site, and waits for the keeper.
func newKept(t *testing.T, host string) (*app, *oidctest.OP, *tab) {
	return keptWith(t, host, newElsewhere)
}

func keptWith(t *testing.T, host string, provider func(*testing.T, *app) *oidctest.OP) (*app, *oidctest.OP, *tab) {
	t.Helper()
	if inChromium(t) && host == "shared" {
		t.Skip("its shared worker outlives a reload")
	}
	a := newApp(t)
	if host == noSharedWorker {
		a.respond("/app.js", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte("delete window.SharedWorker;\n"))
			_, _ = w.Write(appScript())
		})
	} else {
		a.setHost(host)
	}
	op := provider(t, a)
	op.Edit(func() { op.RefreshTokens = true })
	tab := newTab(t)
	signInKept(t, a, tab)
	op.ResetRequests()
	return a, op, tab
}

func signInKept(t *testing.T, a *app, tab *tab) {
	t.Helper()
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("sign-in: %s", code)
	}
	tab.waitKept()
}

// waitKept waits until the keeper has something.
func (tab *tab) waitKept() {
	tab.t.Helper()
	tab.until("a keeper", func() bool { return eval[bool](tab, keeperReady) })
	if inChromium(tab.t) {
		eval[bool](tab, `new Promise((resolve) => setTimeout(resolve, 500, true))`) // nobody can see that
	}
}

// cookied is a provider on another site that knows by its cookie alone who is there, when
// it may show nothing. It says whether the browser has kept the cookie.
func cookied(t *testing.T, a *app, kept *atomic.Bool) *oidctest.OP {
	t.Helper()
	op := newElsewhere(t, a)
	const name = "known"
	op.Edit(func() {
		op.Respond = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
			q := r.URL.Query()
			if endpoint != oidctest.Authorize {
				return false
			}
			_, missing := r.Cookie(name)
			if q.Get("prompt") != "none" {
				kept.Store(missing == nil)
				cookie := &http.Cookie{Name: name, Value: "1", Path: "/", HttpOnly: true}
				http.SetCookie(w, cookie) // WebKit takes the other one over https alone
				cookie.Secure, cookie.SameSite = true, http.SameSiteNoneMode
				http.SetCookie(w, cookie)
				return false
			}
			if missing == nil {
				return false
			}
			refusal := url.Values{"error": {"login_required"}, "state": {q.Get("state")}, "iss": {op.Issuer}}
			http.Redirect(w, r, q.Get("redirect_uri")+"?"+refusal.Encode(), http.StatusFound)
			return true
		}
	})
	return op
}

// A reload finds the session, and asks the provider nothing. KEEPER_RELOADS says how often.
// With COOKIES=blocked a frame would not find it.
func TestKeeperReload(t *testing.T) {
	reloads, _ := strconv.Atoi(os.Getenv("KEEPER_RELOADS"))
	for _, host := range append(keeperHosts, noSharedWorker) {
		t.Run(host, func(t *testing.T) {
			var kept atomic.Bool
			a, op, tab := keptWith(t, host, func(t *testing.T, a *app) *oidctest.OP { return cookied(t, a, &kept) })
			found, users := 0, 0
			if signInKept(t, a, tab); !kept.Load() {
				t.Error("the provider's cookie is nowhere")
			}
			known := codeOf(tab, "um.signinSilent({ forceIframeAuth: true })") == ""
			t.Logf("the provider has its cookie in a frame: %t", known)
			if cookiesBlocked() && known {
				t.Error("its cookie is not blocked")
			}
			op.ResetRequests()
			for range max(reloads, 3) {
				tab.again()
				if eval[bool](tab, `firstUser.then(([user]) => !!user)`) {
					users++
				}
				if n := len(op.Requests()); n == 0 {
					found++
				} else {
					t.Logf("%d requests: %v", n, op.Requests())
				}
				op.ResetRequests()
			}
			t.Logf("%d of %d reloads found somebody, %d of them with no request", users, max(reloads, 3), found)
			if found < users || users < max(reloads, 3) {
				t.Errorf("%d found, %d with no request", users, found)
			}
		})
	}
}

// asker is what a script does that wants the record: it resolves to the answer of the
// keeper of scope, by both ways to ask, or to why there is none.
const asker = `
globalThis.askKeeper = async (scope, build, message = {}) => {
  const given = { build, ...message }, answers = [];
  if (navigator.serviceWorker) {
    const registration = await navigator.serviceWorker.getRegistration(scope);
    answers.push(await answerTo((port) => registration.active.postMessage(given, [port])));
  }
  if (new URL(scope).search) {
    for (const start of [() => new Worker(scope), () => new SharedWorker(scope).port]) {
      answers.push(await answerTo((port, fail) => {
        const worker = start();
        worker.onerror = (event) => (event.preventDefault(), fail());
        worker.postMessage(given, [port]);
      }));
    }
    const asked = fetch(scope, { method: "POST", mode: "same-origin", cache: "only-if-cached", body: JSON.stringify(given) });
    answers.push(await asked.then((r) => r.text(), () => "nothing"));
  }
  return answers.find((answer) => answer !== "nothing") ?? "nothing";
};
globalThis.answerTo = (ask) => new Promise((resolve) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => resolve(data || "nothing");
  setTimeout(resolve, 1_000, "nothing"); // from a worker that never starts
  try { ask(port2, () => resolve("nothing")); } catch { resolve("nothing"); } // a kind of worker that there is not
});
globalThis.askIn = (worker, ...args) => {
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve, reject) => {
    port1.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => reject(new Error("no worker"));
  });
  (worker.port ?? worker).postMessage(args, [port2]);
  return answer;
};
`

// askerWorker is the same in a worker of either kind.
const askerWorker = asker + `
globalThis.onmessage = async ({ data, ports }) => ports[0].postMessage(
  await askKeeper(...data).catch((e) => e.name === "SecurityError" ? "nothing" : String(e)));
globalThis.onconnect = ({ ports }) => { ports[0].onmessage = globalThis.onmessage; };
`

// Nobody gets anything from the keeper, but a worker of the program's own address and
// build, when its owner is gone.
func TestKeeperGivesNothing(t *testing.T) {
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			a, op, tab := newKept(t, host)
			m := assetsManifest(t)
			script, build := "/"+m.Files["worker.js"].Name, m.Files["oidcspa.wasm"].Integrity
			a.respondPage("blank", asker)
			var hostile atomic.Bool
			assets := a.assets
			a.respond(script, func(w http.ResponseWriter, r *http.Request) {
				if !hostile.Load() {
					assets.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", "text/javascript")
				w.Header().Set("Cache-Control", "no-store")
				_, _ = w.Write([]byte(askerWorker))
			})
			address, scope := a.origin+script, a.origin+eval[string](tab, registrations)
			start := func(end, build string) string {
				return fmt.Sprintf("askIn(new Worker(%q), %q, %q)", address+end, scope, build)
			}
			ask := fmt.Sprintf("askKeeper(%q, %q)", scope, build)
			blob := fmt.Sprintf("askIn(new Worker(URL.createObjectURL(new Blob([%q]))), %q, %q)", askerWorker, scope, build)
			want := func(what, expression, want string) {
				t.Helper()
				if got := eval[string](tab, expression+".catch(String)"); got != want {
					t.Errorf("%s: got %.60q, of %d characters; want %q", what, got, len(got), want)
				}
			}

			app := tab
			tab = tab.sibling()
			tab.expectProblems() // what a keeper refuses is a network error
			tab.navigate(a.origin + "/blank.html")
			tab.waitFor("!!globalThis.askKeeper")
			hostile.Store(true)
			want("the owner lives: a page", ask, "nothing")
			want("the owner lives: another worker of its address", start("", build), "lives")
			app.close() // one that sleeps in the browser's cache of pages lives
			want("a page, when the owner has gone", ask, "nothing")
			want("its worker", blob, "nothing")
			want("a worker with a query", start("?y", build), "nothing")
			want("a worker with a fragment", start("#x", build), "nothing")
			want("a worker of another build", start("", "another"), "nothing")
			want("a page puts something in its place", fmt.Sprintf("askKeeper(%q, %q, { put: 'forged' })", scope, build), "nothing")
			want("a page has it forgotten", fmt.Sprintf("askKeeper(%q, %q, { drop: true })", scope, build), "nothing")
			want("a page has it go", fmt.Sprintf("askKeeper(%q, %q, { end: true })", scope, build), "nothing")

			run := fmt.Sprintf("(() => { const globalThis = {}; %s; return globalThis; })()", strings.ReplaceAll(asker, "answerTo((", "globalThis.answerTo(("))
			for _, of := range []string{address, scope} {
				framed := fmt.Sprintf(`new Promise((resolve) => {
					const frame = document.createElement("iframe");
					frame.src = %q;
					frame.onload = () => resolve(frame);
					document.body.append(frame);
				}).then((frame) => {
					if (!frame.contentDocument) return "nothing"; // the keeper answers no frame
					const { navigator, MessageChannel, Worker, SharedWorker, URL, Blob, fetch } = frame.contentWindow;
					return %%s;
				})`, of)
				want("a frame of the address", fmt.Sprintf(framed, run+"."+ask), "nothing")
				want("a worker that is made in it", fmt.Sprintf(framed, run+"."+blob), "nothing")
			}
			again := fmt.Sprintf("navigator.serviceWorker.register(%q, { scope: %q }).then(() => %s)", "/"+m.Files["keeper.js"].Name, scope, ask)
			want("a page registers it again", again, "nothing")

			hostile.Store(false)
			op.ResetRequests()
			app = tab.sibling()
			app.visit(a.origin + "/")
			if got := eval[bool](app, `firstUser.then(([user]) => !!user)`); !got || len(op.Requests()) > 0 {
				t.Errorf("the program does not get it: found %t, requests %v", got, op.Requests())
			}

			app.close()
			hostile.Store(true)
			if got := eval[string](tab, start("", build)); got == "nothing" {
				t.Error("a server that gives another worker script does not get it: what was tried above proves nothing")
			}
		})
	}
}

// registrations are the scopes of the service workers of an origin.
const registrations = `navigator.serviceWorker.getRegistrations().then((all) => all.map(({ scope }) => scope.slice(origin.length)).sort().join())`

// A sign-out ends the keeper, and leaves nothing anywhere; the next sign-in begins anew.
func TestKeeperSignout(t *testing.T) {
	for _, host := range keeperHosts {
		for _, how := range []string{"removeUser", "signoutRedirect"} {
			t.Run(host+" "+how, func(t *testing.T) {
				a, op, tab := newKept(t, host)
				for range 2 {
					found := eval[string](tab, walk)
					for _, secret := range op.Secrets() {
						if strings.Contains(found, secret) {
							t.Errorf("signed in: the browser keeps a secret of %d characters", len(secret))
						}
					}
					if how == "removeUser" {
						eval[bool](tab, "um.removeUser().then(() => true)")
					} else {
						eval[bool](tab, "globalThis.ready = false, um.signoutRedirect(), true")
						tab.waitReady()
						if code := codeOf(tab, "callback"); code != "" {
							t.Fatalf("sign-out: %s", code)
						}
					}
					tab.until("no keeper", func() bool { return eval[string](tab, registrations) == "" })
					tab.visit(a.origin + "/")
					if !eval[bool](tab, `firstUser.then(([user]) => user === null)`) {
						t.Fatal("somebody is signed in")
					}
					signInKept(t, a, tab)
				}
			})
		}
	}
}

// On the page of a sign-out the next sign-in has a keeper again.
func TestKeeperAgain(t *testing.T) {
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			a, op, tab := keptWith(t, host, newHostile)
			tab.visit(a.origin + "/")
			for range 2 {
				eval[bool](tab, "um.removeUser().then(() => true)")
				tab.until("no keeper", func() bool { return eval[string](tab, registrations) == "" })
				if code := codeOf(tab, "um.signinSilent()"); code != "" {
					t.Fatalf("sign-in: %s", code)
				}
				tab.waitKept()
				op.ResetRequests()
				tab.again()
				if !eval[bool](tab, `firstUser.then(([user]) => !!user)`) || len(op.Requests()) > 0 {
					t.Errorf("after a reload: requests %v", op.Requests())
				}
			}
		})
	}
}

// One that a script has sent away is missed by nobody, and comes back with the next sign-in alone.
func TestKeeperSentAway(t *testing.T) {
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			a, op, tab := keptWith(t, host, newHostile)
			var posted atomic.Int32
			assets := a.assets
			a.respond("/"+assetsManifest(t).Files["worker.js"].Name, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet {
					posted.Add(1)
				}
				assets.ServeHTTP(w, r)
			})
			tab.visit(a.origin + "/")
			eval[bool](tab, "firstUser.then(() => um.stats({ collect: true })).then(() => true)")
			tab.waitKept()
			eval[bool](tab, `navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) => one.unregister()))).then(() => true)`)
			if code := codeOf(tab, "um.signinSilent()"); code != "" { // a renewal
				t.Fatalf("renewal: %s", code)
			}
			if got := eval[string](tab, registrations); got != "" {
				t.Errorf("registered: %s", got)
			}
			op.ResetRequests()
			tab.again()
			if !eval[bool](tab, `firstUser.then(([user]) => !!user)`) {
				t.Errorf("after a reload nobody: requests %v", op.Requests())
			}
			if posted.Load() > 0 {
				t.Error("what was for the keeper has come to the server")
			}
		})
	}
}

// The keeper of an earlier build goes, and a service worker of the app's stays.
func TestKeeperAmongOthers(t *testing.T) {
	a := newApp(t)
	if inChromium(t) {
		a.setHost("dedicated")
	}
	newHostile(t, a)
	a.respondPage("blank", "globalThis.ready = true;")
	a.respond("/app-sw.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte("addEventListener('fetch', () => {});"))
	})
	tab := newTab(t)
	tab.visit(a.origin + "/blank.html")
	keeper, worker := "/"+assetsManifest(t).Files["keeper.js"].Name, "/"+assetsManifest(t).Files["worker.js"].Name
	const earlier = "/worker.0123456789abcdef.js"
	eval[bool](tab, fmt.Sprintf(`Promise.all([["/app-sw.js", "/"], [%q, %q]].map(async ([script, scope]) => {
		const { installing, waiting, active } = await navigator.serviceWorker.register(script, { scope });
		const worker = installing ?? waiting ?? active;
		while (worker.state !== "activated") await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
	})).then(() => true)`, keeper, earlier))
	if got := eval[string](tab, registrations); got != "/,"+earlier {
		t.Fatalf("registered: %s", got)
	}
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("sign-in: %s", code)
	}
	tab.until("the keeper, and the app's", func() bool { return strings.TrimSuffix(eval[string](tab, registrations), "?keeper") == "/,"+worker })
	eval[bool](tab, "um.removeUser().then(() => true)")
	tab.until("the app's alone", func() bool { return eval[string](tab, registrations) == "/" })
}

// A page cannot have the program ask the keeper for it: what it fetches does not pass
// there. The address is one of the app's server.
func TestKeeperIsNotFetched(t *testing.T) {
	if !inChromium(t) {
		t.Skip("its keeper answers no request")
	}
	a, op, tab := newKept(t, "dedicated")
	a.set("fetch", map[string]any{"allow": []string{a.origin + "/"}})
	script := "/" + assetsManifest(t).Files["worker.js"].Name
	var arrived atomic.Int32
	assets := a.assets
	a.respond(script, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "keeper" {
			assets.ServeHTTP(w, r)
			return
		}
		arrived.Add(1)
		_, _ = w.Write([]byte("the server"))
	})
	a.respond("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, script+"?keeper", http.StatusTemporaryRedirect)
	})
	tab.visit(a.origin + "/")
	scope := a.origin + eval[string](tab, registrations)
	addresses := []string{scope, scope + "#x", a.origin + "/./" + strings.TrimPrefix(script, "/") + "?keeper", a.origin + "/moved"}
	for _, mode := range []string{"cors", "same-origin"} {
		for _, cache := range []string{"default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"} {
			if cache == "only-if-cached" && mode == "cors" {
				continue // no request
			}
			for _, method := range []string{"GET", "POST"} {
				for _, address := range addresses {
					init := fmt.Sprintf(`{ method: %q, mode: %q, cache: %q, body: %q === "POST" ? "{}" : undefined }`, method, mode, cache, method)
					got := eval[string](tab, fmt.Sprintf(`um.fetch(%q, %s).then((r) => r.text(), (e) => e.code)`, address, init))
					if got != "the server" && !(cache == "only-if-cached" && (got == "network" || got == "cors_refused")) {
						t.Errorf("%s %s, %s: %.60q", method, address, init, got)
					}
				}
			}
		}
	}
	if arrived.Load() == 0 {
		t.Error("the server was not asked")
	}
	op.ResetRequests()
	tab.visit(a.origin + "/")
	if !eval[bool](tab, `firstUser.then(([user]) => !!user)`) || len(op.Requests()) > 0 {
		t.Errorf("after a reload: requests %v", op.Requests())
	}
}
