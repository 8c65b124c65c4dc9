//go:build !js

package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

const subject = `um.getUser().then((u) => u?.profile.sub ?? "nobody", (e) => e.code)`

// A sign-in, somebody else's sign-in and a sign-out in one tab reach all tabs,
// wherever the program runs.
func TestThreeTabs(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			op := newHostile(t, a)
			first := newTab(t)
			tabs := []*tab{first, first.sibling(), first.sibling()}
			for _, tab := range tabs {
				tab.visit(a.origin + "/")
				if got := eval[string](tab, subject); got != "nobody" {
					t.Errorf("before: %s", got)
				}
			}
			// The second has a program, and nobody in it.
			if code := codeOf(tabs[1], "um.stats({ collect: true })"); code != "" {
				t.Errorf("stats: code %q", code)
			}
			all := func(what, event, want string) {
				t.Helper()
				for i, tab := range tabs {
					tab.waitFor("heard.includes('" + event + "')")
					tab.waitFor("(" + subject + ").then((got) => globalThis.now = got), globalThis.now === '" + want + "'")
					if got := eval[string](tab, "heard.splice(0).join()"); !strings.HasSuffix(got, event) {
						t.Errorf("%s: tab %d heard %s", what, i, got)
					}
				}
			}
			eval[bool](first, "um.signinSilent().then(() => true)")
			all("sign-in", "UserLoaded", "subject-1")
			op.Edit(func() { op.Subject = "subject-2" })
			if code := signinCode(tabs[2]); code != "" {
				t.Fatalf("somebody else's sign-in: code %q", code)
			}
			for _, tab := range tabs {
				tab.waitFor("(" + subject + ").then((got) => globalThis.now = got), globalThis.now === 'subject-2'")
			}
			eval[bool](first, "um.removeUser().then(() => true)")
			all("sign-out", "UserUnloaded", "nobody")
		})
	}
}

// Two releases side by side have two workers, and one session: each hears of
// the other's sign-ins and sign-outs, and no renewal disturbs the other.
func TestTwoReleases(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	op.Edit(func() { op.RefreshTokens = true }) // the provider fails the test on a token used twice
	a.serveAlso(t, "/v2/")
	older := newTab(t)
	older.visit(a.origin + "/")
	if code := signinCode(older); code != "" {
		t.Fatalf("code %q", code)
	}
	a.set("assets", "v2/")
	newer := older.sibling()
	newer.visit(a.origin + "/")
	if got := eval[string](newer, subject); got != op.Subject {
		t.Fatalf("in the newer release: %s", got)
	}
	if n := sharedWorkers(t, a.origin); n != 2 {
		t.Errorf("%d shared workers, want 2", n)
	}
	for range 2 {
		for _, tab := range []*tab{older, newer} {
			if code := codeOf(tab, "um.signinSilent()"); code != "" {
				t.Errorf("a renewal: code %q", code)
			}
		}
	}
	eval[bool](newer, "um.removeUser().then(() => true)")
	older.waitFor("heard.includes('UserUnloaded')")
	if got := eval[string](older, subject); got != "nobody" {
		t.Errorf("in the older release after the sign-out: %s", got)
	}
	eval[bool](newer, "heard.length = 0, true")
	eval[bool](older, "um.signinSilent().then(() => true)")
	newer.waitFor("heard.includes('UserLoaded')")
}

// serveAlso serves the assets under another path, as another release.
func (a *app) serveAlso(t *testing.T, path string) {
	handler := http.StripPrefix(strings.TrimSuffix(path, "/"), a.assets)
	for _, f := range assetsManifest(t).Files {
		a.respond(path+f.Name, handler.ServeHTTP)
	}
}

// A page of another contract starts a worker of its own where the files carry
// no hash; a worker that is of another contract after all says so.
func TestAnotherContract(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	recorder := httptest.NewRecorder()
	a.assets.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/oidcspa.js", nil))
	script := recorder.Body.String()
	name := regexp.MustCompile(`version:([\w$]+),`).FindStringSubmatch(script)
	if name == nil {
		t.Fatal("the script tells no version")
	}
	version := regexp.MustCompile(`([ ,])` + regexp.QuoteMeta(name[1]) + `=1([,;])`)
	if n := len(version.FindAllString(script, -1)); n != 1 {
		t.Fatalf("the version is set %d times, want once", n)
	}
	other := version.ReplaceAllString(script, "${1}"+strings.ReplaceAll(name[1], "$", "$$")+"=99$2")
	a.respond("/oidcspa.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, other)
	})
	newer := tab.sibling()
	newer.visit(a.origin + "/")
	if code := codeOf(newer, "um.getUser()"); code != "version_mismatch" {
		t.Errorf("code %q, want version_mismatch", code)
	}
	if n := sharedWorkers(t, a.origin); n != 2 {
		t.Errorf("%d shared workers, want 2", n)
	}
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("in the older page: %s", got)
	}
}

// A page that only listens gets a new worker when the old one dies, and hears
// what happened meanwhile.
func TestWorkerDiesUnderListeners(t *testing.T) {
	a, op, tab := signedIn(t)
	eval[bool](tab, impatient)
	eval[bool](tab, "heard.length = 0, um.getUser().then(() => true)")
	killWorkers(t, a.origin)
	tab.waitFor("heard.includes('UserLoaded')") // a new token of the new worker
	tab.until("a new worker", func() bool { return sharedWorkers(t, a.origin) == 1 })

	eval[bool](tab, "heard.length = 0, true")
	op.Edit(func() { op.SignedIn = false })
	killWorkers(t, a.origin)
	tab.waitFor("heard.includes('UserUnloaded')")
	if got := eval[string](tab, userState); got != "nobody" {
		t.Errorf("after the session was found to be over: %s", got)
	}
	if got := eval[string](tab, "heard.join()"); got != "UserUnloaded" {
		t.Errorf("the page heard %s", got)
	}
}

// A program that ends again and again is started after pauses that double. They
// are told from other timers by their lengths, which Math.random settles, and
// are not waited for. After the sixth the program lives.
func TestWorkerKeepsDying(t *testing.T) {
	a, op, tab := signedIn(t)
	op.ResetRequests()
	eval[bool](tab, impatient)
	eval[bool](tab, `(() => {
		globalThis.life = [];
		Math.random = () => 0.5;
		const later = setTimeout;
		globalThis.setTimeout = (fn, ms, ...rest) => {
			const pause = Number.isInteger(Math.log2(ms / 150));
			return later(() => { if (pause) life.push(ms); fn(...rest); }, pause ? 0 : ms);
		};
		const Shared = SharedWorker;
		globalThis.SharedWorker = class { // one that ends as soon as it runs
			constructor() {
				if (life.push("start") === 15) globalThis.SharedWorker = Shared;
				const { port1, port2 } = new MessageChannel();
				port2.postMessage(JSON.stringify({ jsonrpc: "2.0", method: "hello", params: {} }));
				port2.postMessage(JSON.stringify({ jsonrpc: "2.0", method: "stopped", params: { code: "runtime_stopped", message: "" } }));
				this.port = port1;
				this.addEventListener = () => {};
			}
		};
		return true;
	})()`)
	killWorkers(t, a.origin)
	tab.waitFor("life.length > 15") // a call would start the program without a pause
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("in the end: %s", got)
	}
	const want = "150 start start 300 start start 600 start start 1200 start start 2400 start start 4800" // getUser() asks twice
	if got := eval[string](tab, "life.join(' ')"); got != want {
		t.Errorf("the page's pauses and starts: %s, want %s", got, want)
	}
	if op.Count(oidctest.Token) == 0 {
		t.Error("the session was not restored")
	}
}
