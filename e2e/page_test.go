//go:build !js

package e2e

import (
	"net/http"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

const forgetStorage = `localStorage.clear(), true`

// A hint that is gone says nothing of the session: a page that comes back out
// of the back/forward cache, and all others, stay signed in.
func TestMissingHintIsNoSignOut(t *testing.T) {
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
			other := tab.sibling()
			other.visit(a.origin + "/")
			if got := eval[string](other, userState); got != "somebody" {
				t.Fatalf("in the other tab: %s", got)
			}
			a.leave(tab)
			eval[bool](other, forgetStorage)
			eval[bool](tab, "setTimeout(() => history.back()), true")
			tab.waitReady()
			if !eval[bool](tab, "globalThis.persisted === true") {
				t.Skip("the browser has loaded the page anew: Firefox keeps none that holds a lock")
			}
			if got := eval[string](tab, "stateAtPageshow"); got != "subject-1" {
				t.Errorf("at pageshow: %s", got)
			}
			if got := eval[string](tab, userState) + " " + eval[string](other, userState); got != "somebody somebody" {
				t.Errorf("afterwards: %s", got)
			}
		})
	}
}

// Who has no hint asks a program that runs, and starts none.
func TestWithoutAHint(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if got := eval[string](tab, userState); got != "nobody" || sharedWorkers(t, a.origin) != 0 {
		t.Errorf("%s, %d workers, want nobody and none", got, sharedWorkers(t, a.origin))
	}
	if code := signinCode(tab); code != "" {
		t.Fatal(code)
	}
	eval[bool](tab, forgetStorage)
	other := tab.sibling()
	other.visit(a.origin + "/")
	if got := eval[string](other, userState); got != "somebody" {
		t.Errorf("beside a program that runs: %s", got)
	}
	third := tab.sibling()
	third.visit(a.origin + "/")
	eval[bool](tab, forgetStorage)
	eval[bool](third, "um.removeUser().then(() => true)")
	if got := eval[string](tab, userState); got != "nobody" {
		t.Errorf("after a sign-out without a hint: %s", got)
	}
}

// newFilledPage is a page that restores by redirect, and has something to lose.
func newFilledPage(t *testing.T, host string) (*app, *oidctest.OP, *tab) {
	a := newApp(t)
	a.keeps = false // else the next worker goes on
	if host != "shared" {
		a.setHost(host)
	}
	a.set("restore", "redirect")
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	return a, op, tab
}

// A page that asks for nothing is not sent away: not by a sign-in in another
// tab, not by a worker that ended, not by the back/forward cache.
func TestPageIsNotSentAway(t *testing.T) {
	stays := func(t *testing.T, op *oidctest.OP, tab *tab) {
		t.Helper()
		// What the page does by itself has been done when this has.
		eval[bool](tab, `Promise.allSettled([um.stats({ collect: true }), um.signinSilent()]).then(() => true)`)
		if n := op.Count(oidctest.Authorize); n != 1 || !eval[bool](tab, "globalThis.filled === true") {
			t.Errorf("%d visits to the provider, want that of the frame; the page is still there: %t", n, eval[bool](tab, "globalThis.filled === true"))
		}
	}
	for _, host := range []string{"shared", "dedicated"} {
		t.Run("another tab signs in, "+host, func(t *testing.T) {
			a, op, tab := newFilledPage(t, host)
			eval[bool](tab, "globalThis.filled = true")
			other := tab.sibling()
			other.visit(a.origin + "/")
			if code := signinCode(other); code != "" {
				t.Fatal(code)
			}
			op.ResetRequests()
			eval[bool](other, `localStorage.setItem("after", "1"), true`)
			tab.waitFor(`localStorage.getItem("after") === "1"`)
			stays(t, op, tab)
		})
	}
	t.Run("the worker ends", func(t *testing.T) {
		a, op, tab := newFilledPage(t, "shared")
		if code := signinCode(tab); code != "" {
			t.Fatal(code)
		}
		eval[bool](tab, "globalThis.filled = true, heard.length = 0, true")
		op.ResetRequests()
		endWorker(t, tab, a.origin)
		tab.waitFor("globalThis.filled !== true || heard.includes('UserUnloaded')")
		stays(t, op, tab)
	})
	t.Run("back out of the cache", func(t *testing.T) {
		a, op, tab := newFilledPage(t, "shared")
		if code := signinCode(tab); code != "" {
			t.Fatal(code)
		}
		eval[bool](tab, "globalThis.filled = true, heard.length = 0, true")
		a.respondPage("away", "")
		tab.navigate(a.origin + "/away.html")
		killAll(t, a.origin)
		op.ResetRequests()
		eval[bool](tab, "setTimeout(() => history.back()), true")
		tab.waitReady()
		if !eval[bool](tab, "globalThis.filled === true") {
			t.Skip("the browser has loaded the page anew: Firefox keeps none that holds a lock")
		}
		tab.waitFor("heard.includes('UserUnloaded')")
		stays(t, op, tab)
	})
}

// eagerScript is an app that asks who is there beside the callback.
const eagerScript = `
import { UserManager } from "./oidcspa.js";
const { others = [], ...settings } = await (await fetch("config.json")).json();
globalThis.um = new UserManager(settings);
globalThis.second = others[0] && new UserManager({ ...settings, ...others[0] });
const all = [second, um].filter(Boolean);
const returns = new URLSearchParams(location.search).has("code");
globalThis.asked = Promise.allSettled(all.map((one) => one.getUser()));
globalThis.called = returns && Promise.allSettled(all.map((one) => one.signinCallback()));
asked.then(() => { globalThis.ready = true; });
if (returns) globalThis.ready = true;
`

// getUser() beside signinCallback() does not send the tab away again: the
// app gets its state.
func TestGetUserBesideCallback(t *testing.T) {
	for _, host := range []string{"shared", "dedicated"} {
		t.Run(host, func(t *testing.T) {
			a, op, tab := newFilledPage(t, host)
			a.respondPage("eager", eagerScript)
			a.set("redirect_uri", a.origin+"/eager.html")
			tab.visit(a.origin + "/eager.html")
			eval[bool](tab, `localStorage.setItem("oidcspa.session:"+um.settings.authority+":"+um.settings.client_id, "1"), globalThis.ready = false, um.signinRedirect({ state: "cart" }), true`)
			tab.waitReady()
			if got := eval[string](tab, `called.then(([{ value, reason }]) => value?.state ?? reason?.code ?? String(value))`); got != "cart" {
				t.Errorf("the state is %s", got)
			}
			if n := op.Count(oidctest.Authorize); n != 1 {
				t.Errorf("%d visits to the provider", n)
			}
		})
	}
}

// Two clients on a page leave each other's responses alone, also that of a
// session that is restored.
func TestTwoAuthoritiesOnAPage(t *testing.T) {
	a, op, tab := newFilledPage(t, "dedicated")
	another := newHostile(t, a)
	a.set("authority", op.Issuer)
	a.set("others", []map[string]string{{"authority": another.Issuer, "redirect_uri": a.origin + "/other.html"}})
	a.respondPage("eager", eagerScript)
	a.set("redirect_uri", a.origin+"/eager.html")
	tab.visit(a.origin + "/eager.html")
	eval[bool](tab, "globalThis.ready = false, um.signinRedirect({ state: 'cart' }), true")
	tab.waitReady()
	want := "client_mismatch cart"
	if got := eval[string](tab, `called.then((all) => all.map(({ value, reason }) => value?.state ?? reason?.code ?? String(value)).join(" "))`); got != want {
		t.Errorf("callbacks: %s, want %s", got, want)
	}
	tab.visit(a.origin + "/eager.html")
	want = "nobody subject-1"
	if got := eval[string](tab, `asked.then((all) => all.map(({ value, reason }) => value?.profile.sub ?? reason?.code ?? "nobody").join(" "))`); got != want {
		t.Errorf("after the reload: %s, want %s", got, want)
	}
	if n := another.Count(oidctest.Authorize); n != 0 {
		t.Errorf("%d visits to the other provider", n)
	}
}

// A second sign-in that asks for something else than the one under way is the one
// that the tab leaves for, also where both wait for the metadata.
func TestSecondSigninRedirect(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	metadata := hold(t, op, oidctest.Discovery)
	hold(t, op, oidctest.Authorize, func(r *http.Request) bool { return r.URL.Query().Get("login_hint") == "first" })
	eval[bool](tab, `globalThis.ready = false, ["first", "second"].forEach((state) => um.signinRedirect({ state, login_hint: state }).catch(() => {})), um.stats({ collect: true }).then(() => true)`)
	metadata.wait(tab)
	metadata.release()
	tab.waitReady()
	if got := eval[string](tab, "callback.then((u) => u.state, (e) => e.code)"); got != "second" {
		t.Errorf("the tab comes back with the state of %s", got)
	}
}

// A manager that was disposed of leaves nothing behind: no listener holds it,
// its calls fail, and the program has one page less.
func TestDispose(t *testing.T) {
	a := newApp(t)
	a.set("idle", map[string]int{"timeoutInSeconds": 3600})
	a.set("prepare", "intent")
	newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatal(code)
	}
	calls := `["getUser", "signinSilent", "removeUser", "signinRedirect", "signinCallback", "stats", "signinPopup", "stayActive"]`
	got := eval[string](tab, `(async () => {
		let second = new oidc.UserManager(settings);
		await second.getUser();
		const slow = second.signinSilent().catch((error) => error.code);
		globalThis.after = 0;
		second.events.addUserLoaded(() => globalThis.after++);
		second.dispose();
		second.dispose();
		const codes = new Set([await slow]);
		for (const call of `+calls+`) codes.add(await second[call]().then(() => call, (error) => error.code));
		codes.add(await second.fetch("/").then(() => "fetch", (error) => error.code));
		globalThis.weak = new WeakRef(second);
		second = undefined;
		return [...codes].join();
	})()`)
	if got != "disposed" {
		t.Errorf("calls fail with %s", got)
	}
	if got := eval[string](tab, `um.signinSilent().then(() => um.getUser()).then((u) => u.profile.sub + after)`); got != "subject-10" {
		t.Errorf("the other manager: %s", got)
	}
	if _, err := chromedp.Call(tab.devtools(), heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if eval[bool](tab, "weak.deref() !== undefined") {
		t.Error("something holds the manager")
	}
}

// Frameworks run effects twice, and dispose of what the first has made: the
// second completes the sign-in that the first has begun to complete.
func TestDisposeBetweenEffects(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			newHostile(t, a)
			a.respondPage("twice", `
				import { UserManager } from "./oidcspa.js";
				const settings = await (await fetch("config.json")).json();
				const returns = new URLSearchParams(location.search).has("code");
				const effect = () => {
					globalThis.um = new UserManager(settings);
					globalThis.called = returns && um.signinCallback();
					if (called) called.catch(() => {});
				};
				effect();
				um.dispose();
				effect();
				globalThis.ready = true;`)
			a.set("redirect_uri", a.origin+"/twice.html")
			tab := newTab(t)
			tab.visit(a.origin + "/twice.html")
			eval[bool](tab, "globalThis.ready = false, um.signinRedirect({ state: 'cart' }), true")
			tab.waitReady()
			if got := eval[string](tab, `called.then((u) => u.state, (e) => e.code)`); got != "cart" {
				t.Errorf("signinCallback: %s", got)
			}
			if got := eval[string](tab, userState); got != "somebody" {
				t.Errorf("getUser: %s", got)
			}
		})
	}
}

// A manager that is disposed of while it completes a sign-in completes it first: the
// response works once, and the next manager has its result.
func TestDisposeDuringCallback(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			op := newHostile(t, a)
			asked, held := make(chan struct{}), make(chan struct{})
			release := sync.OnceFunc(func() { close(held) })
			defer release()
			op.Edit(func() {
				op.Hold = func(endpoint string, _ *http.Request) {
					if endpoint == oidctest.Token {
						op.Edit(func() { op.Hold = nil })
						close(asked)
						<-held
					}
				}
			})
			a.respondPage("next", `
				import { UserManager } from "./oidcspa.js";
				const settings = await (await fetch("config.json")).json();
				globalThis.make = () => globalThis.um = new UserManager(settings);
				make();
				const returns = new URLSearchParams(location.search).has("code");
				globalThis.first = returns && um.signinCallback().then((u) => u.state, (e) => e.code);
				globalThis.ready = true;`)
			a.set("redirect_uri", a.origin+"/next.html")
			tab := newTab(t)
			tab.visit(a.origin + "/next.html")
			eval[bool](tab, "globalThis.ready = false, um.signinRedirect({ state: 'cart' }), true")
			tab.waitReady()
			tab.until("the token request", func() bool {
				select {
				case <-asked:
					return true
				default:
					return false
				}
			})
			eval[bool](tab, `um.dispose(), make(), globalThis.second = um.signinCallback().then((u) => u.state, (e) => e.code), true`)
			release()
			if got := eval[string](tab, "Promise.all([first, second]).then((all) => all.join())"); got != "cart,cart" {
				t.Errorf("signinCallback: %s", got)
			}
			if got := eval[string](tab, userState); got != "somebody" {
				t.Errorf("getUser: %s", got)
			}
		})
	}
}
