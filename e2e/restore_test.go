//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// respondPage serves a page NAME.html with nothing but a script.
func (a *app) respondPage(name, script string) {
	page := `<!doctype html><link rel="icon" href="data:,"><script type="module" src="` + name + `.js"></script>`
	for path, text := range map[string][2]string{".html": {"text/html", page}, ".js": {"text/javascript", script}} {
		a.respond("/"+name+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", text[0])
			_, _ = w.Write([]byte(text[1]))
		})
	}
}

// quietScript is an app that asks who is there, and knows of no callback.
const quietScript = `
import { UserManager } from "./oidcspa.js";
const settings = await (await fetch("config.json")).json();
globalThis.um = new UserManager(settings);
globalThis.reasons = [];
um.events.addRestoreError((error) => reasons.push(error.error ?? error.code));
const user = await um.getUser();
globalThis.first = user === null ? "nobody" : user.profile.sub;
globalThis.ready = true;
`

// newQuietApp signs in with a host that forgets everything at a reload.
func newQuietApp(t *testing.T, host string) (*app, *oidctest.OP, *tab) {
	a := newApp(t)
	a.keeps = false
	a.setHost(host)
	a.set("restore", "redirect")
	a.respondPage("quiet", quietScript)
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("sign-in: %s", code)
	}
	op.ResetRequests()
	return a, op, tab
}

// A reload goes to the provider and back once, without a frame, and an app
// that knows nothing of it has its user and its address.
func TestRestoreByRedirect(t *testing.T) {
	for _, host := range []string{"dedicated", "page"} {
		t.Run(host, func(t *testing.T) {
			a, op, tab := newQuietApp(t, host)
			for _, address := range []string{"?cart=7#end", "?cart=8#end"} {
				tab.visit(a.origin + "/quiet.html" + address)
				if got := eval[string](tab, "first + location.search + location.hash"); got != op.Subject+address {
					t.Errorf("after the reload: %q", got)
				}
			}
			if n := op.Count(oidctest.Authorize); n != 2 {
				t.Errorf("%d round trips for two reloads", n)
			}
			if got := eval[int](tab, "Object.keys(sessionStorage).length"); got != 0 {
				t.Errorf("%d items are left in sessionStorage", got)
			}
		})
	}
}

// Without a session there is one round trip, and its reason, and no other.
func TestRestoreByRedirectNobody(t *testing.T) {
	a, op, tab := newQuietApp(t, "dedicated")
	op.Edit(func() { op.SignedIn = false })
	tab.visit(a.origin + "/quiet.html")
	if got := eval[string](tab, "first + ' ' + reasons + location.search"); got != "nobody login_required" {
		t.Errorf("after the reload: %q", got)
	}
	tab.visit(a.origin + "/quiet.html")
	if n := op.Count(oidctest.Authorize); n != 1 {
		t.Errorf("%d round trips, want 1", n)
	}
}

// laterScript is an app that asks when it is told to, or when it has come back.
const laterScript = `
import { UserManager } from "./oidcspa.js";
const settings = await (await fetch("config.json")).json();
globalThis.um = new UserManager(settings);
globalThis.ask = () => um.getUser().then((user) => { globalThis.first = user === null ? "nobody" : user.profile.sub; }, ({ code }) => { globalThis.first = code; });
addEventListener("pageshow", ({ persisted }) => { globalThis.persisted = persisted; });
if (location.search.includes("oidcspa.arrival=")) await ask();
globalThis.ready = true;
`

// Who goes back to the page that has left for the provider gets an answer there: the
// getUser() that had it leave does not wait for that any more.
func TestBackAfterRestoreByRedirect(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a, op, tab := newQuietApp(t, host)
			a.respondPage("later", laterScript)
			op.Edit(func() { op.SignedIn = false })
			tab.navigate("about:blank")
			if host == "shared" {
				killWorkers(t, a.origin)
			}
			tab.visit(a.origin + "/later.html")
			eval[bool](tab, `globalThis.ready = false, document.title = "left", void ask(), true`)
			tab.waitReady()
			if got := eval[string](tab, "first"); got != "nobody" {
				t.Fatalf("back from the provider: %s", got)
			}
			eval[bool](tab, "globalThis.ready = false, setTimeout(() => history.back()), true")
			tab.waitFor(`document.title === "left" ? globalThis.persisted : globalThis.ready`)
			if !eval[bool](tab, "globalThis.persisted === true") {
				t.Log("loaded again")
				eval[bool](tab, "void ask(), true")
			}
			const settled = `(async () => { for (let i = 0; i < 20; i++) await um.stats({ collect: true }); return String(globalThis.first); })()`
			if got := eval[string](tab, settled); got != "nobody" {
				t.Errorf("getUser() in the page that was left: %s", got)
			}
		})
	}
}

// After a round trip that found nobody, any sign-in lets the tab go again.
func TestRestoreMarkEndsWithASignin(t *testing.T) {
	a, op, tab := newQuietApp(t, "page") // nothing keeps the session during a reload
	other := tab.sibling()
	for name, signIn := range map[string]func() string{
		"by redirect": func() string {
			tab.visit(a.origin + "/")
			return signinCode(tab)
		},
		"in another tab": func() string {
			other.visit(a.origin + "/")
			return signinCode(other)
		},
	} {
		op.Edit(func() { op.SignedIn = false })
		tab.visit(a.origin + "/quiet.html")
		if got := eval[string](tab, "first"); got != "nobody" {
			t.Errorf("%s: before there is %s", name, got)
		}
		if code := signIn(); code != "" {
			t.Errorf("%s: code %q", name, code)
		}
		tab.visit(a.origin + "/quiet.html")
		if got := eval[string](tab, "first"); got != op.Subject {
			t.Errorf("%s: after the reload there is %s", name, got)
		}
	}
}

// leavingScript is an app that asks again, when another tab says so, while it leaves:
// with its manager, or with another one.
const leavingScript = `
import { UserManager } from "./oidcspa.js";
const settings = await (await fetch("config.json")).json();
globalThis.um = new UserManager(settings);
new BroadcastChannel("again").onmessage = async ({ target, data }) => {
	const asked = data === "another" ? new UserManager(settings) : um;
	const waits = (async () => {
		for (let i = 0; i < 5; i++) await um.stats({ collect: true });
		return "waits";
	})();
	target.postMessage(await Promise.race([asked.getUser().then((u) => String(u?.profile.sub), (e) => e.code), waits]));
};
globalThis.first = (await um.getUser())?.profile.sub ?? "nobody";
globalThis.ready = true;
`

// Who asks again while the tab leaves is not told that nobody is there.
func TestGetUserWhileTheTabLeaves(t *testing.T) {
	a, op, tab := newQuietApp(t, "dedicated")
	a.respondPage("leaving", leavingScript)
	a.respondPage("listening", "")
	other := tab.sibling()
	other.navigate(a.origin + "/listening.html")
	leaves := hold(t, op, oidctest.Authorize)
	tab.navigate(a.origin + "/leaving.html")
	leaves.wait(tab)
	for _, manager := range []string{"the same", "another"} {
		if got := eval[string](other, fmt.Sprintf(`new Promise((resolve) => {
			const channel = new BroadcastChannel("again");
			channel.onmessage = ({ data }) => resolve(data);
			channel.postMessage(%q);
		})`, manager)); got != "waits" {
			t.Errorf("the second getUser() of %s manager: %s", manager, got)
		}
	}
	leaves.release()
	tab.waitReady()
	if got, n := eval[string](tab, "first"), op.Count(oidctest.Authorize); got != op.Subject || n != 1 {
		t.Errorf("back again: %s, after %d visits to the provider", got, n)
	}
}

// bothScript is an app with two providers, which reads a response, if there is one, and
// asks then who is signed in at each.
const bothScript = `
import { UserManager } from "./oidcspa.js";
const { others, ...settings } = await (await fetch("config.json")).json();
globalThis.managers = [settings, { ...settings, ...others[0] }].map((one) => new UserManager(one));
if (/[?&](code|error)=/.test(location.search)) for (const one of managers) await one.signinCallback().catch(() => {});
globalThis.users = [];
if (!location.hash) for (const one of managers) users.push((await one.getUser())?.profile.sub ?? "nobody");
globalThis.ready = true;
`

// Two clients of a page whose program ends with it do not send it to their providers
// in turn, without end.
func TestRestoreByRedirectOfTwoClients(t *testing.T) {
	a, op, tab := newQuietApp(t, "dedicated")
	another := newHostile(t, a)
	a.set("authority", op.Issuer)
	a.set("others", []map[string]string{{"authority": another.Issuer, "redirect_uri": a.redirectURI() + "?op=2"}})
	a.respondPage("both", bothScript)
	tab.visit(a.origin + "/both.html#quiet")
	eval[bool](tab, "managers[1].signinSilent().then(() => true)")
	another.ResetRequests()
	tab.visit(a.origin + "/both.html")
	if got := eval[string](tab, "users.join()"); got != "subject-1,nobody" {
		t.Errorf("signed in are %s", got)
	}
	if n, m := op.Count(oidctest.Authorize), another.Count(oidctest.Authorize); n != 1 || m != 0 {
		t.Errorf("%d visits to the one provider, and %d to the other", n, m)
	}
}

// A page that is shown again has a renewal tried that had failed, and the
// costs of the session can be read.
func TestWakeAndStats(t *testing.T) {
	r := newRig(t)
	r.set("automaticSilentRenew", true)
	op := r.op
	tab := r.signedIn()
	forbidden := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusForbidden) }
	op.Edit(func() { op.Answer(oidctest.Token, forbidden) })
	r.timePasses(tab, 59*time.Minute+30*time.Second)
	tab.waitFor(`heard.includes("SilentRenewError")`)
	op.Edit(func() { op.Respond = nil })
	eval[bool](tab, `heard.length = 0, true`)
	tab.waitFor(`dispatchEvent(new Event("online")), heard.includes("UserLoaded")`)
	if got := eval[bool](tab, `um.stats({ collect: true }).then(({requests, renewals, retries}) =>
		requests.refresh.count >= 2 && requests.refresh.time > 0 && requests.discovery.count === 1 && renewals.failed >= 1 && retries >= 1)`); !got {
		t.Errorf("stats = %s", eval[string](tab, "um.stats({ collect: true }).then(JSON.stringify)"))
	}
	r.check(tab)
}

// askingScript is an app at its own redirect URI that asks who is there before
// it looks for a response, as some wrappers do.
const askingScript = `
import { UserManager } from "./oidcspa.js";
const settings = await (await fetch("config.json")).json();
globalThis.um = new UserManager(settings);
const user = await um.getUser();
globalThis.first = user === null ? "nobody" : user.profile.sub;
if (/[?&](code|error)=/.test(location.search)) await um.signinCallback();
globalThis.ready = true;
`

// The hidden frame in which such an app restores a session holds the app
// itself, which must not wait there for what the frame is for.
func TestRestoreOfAnAppThatAsksFirst(t *testing.T) {
	for _, host := range []string{"shared", "dedicated", "page"} {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.keeps = false
			a.setHost(host)
			a.set("redirect_uri", a.origin+"/asking.html")
			a.respondPage("asking", askingScript)
			op := newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/asking.html")
			eval[bool](tab, "globalThis.ready = false, um.signinRedirect(), true")
			tab.waitReady()
			op.ResetRequests()
			if host == "shared" {
				killWorkers(t, a.origin)
			}
			tab.visit(a.origin + "/asking.html")
			if got := eval[string](tab, "first"); got != op.Subject {
				t.Errorf("after the reload: %q", got)
			}
			if n := op.Count(oidctest.Authorize); n != 1 {
				t.Errorf("%d silent sign-ins for one reload", n)
			}
		})
	}
}
