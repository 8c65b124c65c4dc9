//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A stubborn API is never content, and its provider steps nobody up.
type stubborn struct {
	mu     sync.Mutex
	asked  int // how often, in all
	leaves int // sign-ins that were not silent
}

// refusals are the ways in which a sign-in for a challenge comes to nothing, by
// the path of the API.
var refusals = []struct {
	name, challenge string
	most            int // sign-ins
}{
	{"scope", `error="insufficient_scope", scope="more"`, 1},
	{"denied", `error="insufficient_scope", scope="denied"`, 1},
	{"acr", `error="insufficient_user_authentication", acr_values="gold"`, 1},
	{"others", `error="insufficient_scope", scope="other%d"`, 3},
}

// newStubborn has somebody signed in with an API at each of those paths.
func newStubborn(t *testing.T, host, how string) (*app, *oidctest.OP, *tab, *stubborn) {
	s := &stubborn{}
	a := newApp(t)
	a.setHost(host)
	op := newHostile(t, a)
	var allow []string
	for _, refusal := range refusals {
		allow = append(allow, a.origin+"/api/"+refusal.name)
		a.respond("/api/"+refusal.name, func(w http.ResponseWriter, _ *http.Request) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.asked++
			challenge := refusal.challenge
			if refusal.most > 1 {
				challenge = fmt.Sprintf(challenge, s.asked)
			}
			w.Header().Set("WWW-Authenticate", "Bearer "+challenge)
			w.WriteHeader(http.StatusForbidden)
		})
	}
	a.set("fetch", map[string]any{"allow": allow, "stepUp": how})
	tab := newTab(t)
	tab.expectProblems() // the browser logs each 403
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatal(code)
	}
	op.Edit(func() {
		op.EditTokenResponse = func(r map[string]any) { r["scope"] = "openid profile" }
		op.Respond = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
			q := r.URL.Query()
			if endpoint != oidctest.Authorize || q.Get("prompt") == "none" {
				return false
			}
			s.mu.Lock()
			s.leaves++
			s.mu.Unlock()
			if !slices.Contains(strings.Fields(q.Get("scope")), "denied") {
				return false
			}
			back := url.Values{"error": {"access_denied"}, "state": {q.Get("state")}, "iss": {op.Issuer}}
			http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
			return true
		}
	})
	return a, op, tab, s
}

// tries returns how often somebody was sent to the provider, and forgets it.
func (s *stubborn) tries() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.leaves
	s.leaves = 0
	return n
}

// stubbornScript is an app that calls an API as soon as it is there, and again.
const stubbornScript = `
import { UserManager } from "./oidcspa.js";
globalThis.um = new UserManager(await (await fetch("config.json")).json());
const parameters = new URLSearchParams(location.search);
if (parameters.has("code") || parameters.has("error")) await um.signinCallback().catch(() => {});
globalThis.statuses = [];
for (let i = 0; i < 5; i++) statuses.push(await um.fetch("api/" + parameters.get("api")).then((r) => r.status, (e) => e.code));
globalThis.ready = true;
`

// Nobody does anything, and the page is sent to the provider a few times at most,
// although its program ends each time.
func TestStepUpThatIsRefused(t *testing.T) {
	a, _, tab, s := newStubborn(t, "dedicated", "redirect")
	a.respondPage("stubborn", stubbornScript)
	visit := func(name string, most int) {
		t.Helper()
		tab.visit(a.origin + "/stubborn.html?api=" + name)
		if got := eval[string](tab, "statuses.join()"); got != "403,403,403,403,403" {
			t.Errorf("%s: the API answers %s", name, got)
		}
		if n := s.tries(); n != most {
			t.Errorf("%s: %d sign-ins, want %d", name, n, most)
		}
	}
	for _, refusal := range refusals {
		visit(refusal.name, refusal.most)
	}
	visit("denied", 0)
}

// Nor do windows open for each request, whatever becomes of the first.
func TestStepUpWindowThatIsRefused(t *testing.T) {
	a, op, tab, s := newStubborn(t, "shared", "popup")
	eval[bool](tab, impatient)
	eval[bool](tab, `(() => {
		const { open } = window;
		globalThis.windows = 0;
		window.open = (...args) => { windows++; return open.apply(window, args); };
		return true;
	})()`)
	ask := func(name string) string {
		return `um.fetch("api/` + name + `", { method: "POST", body: "x" }).then((r) => ({ profile: { sub: String(r.status) } }))`
	}
	again := func(name string) {
		t.Helper()
		got := eval[string](tab, `(async () => {
			globalThis.windows = 0;
			const all = [];
			for (let i = 0; i < 3; i++) all.push(await `+ask(name)+`.then((u) => u.profile.sub, (e) => e.code));
			return all.join() + " " + windows;
		})()`)
		if got != "403,403,403 0" {
			t.Errorf("%s: more requests, and their windows: %s", name, got)
		}
	}
	for _, tt := range []struct{ name, want string }{{"scope", "403"}, {"denied", "provider_error"}} {
		tab.openPopup(ask(tt.name))
		if got := tab.popupResult(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if n := s.tries(); n != 1 {
			t.Errorf("%s: %d windows", tt.name, n)
		}
		again(tt.name)
	}
	showLogin(op)
	tab.openPopup(ask("acr"))
	window := tab.waitPopup("Login")
	tab.looked()
	tab.closePopup(window)
	if got := tab.popupResult(); got != "popup_closed" {
		t.Errorf("a window that is closed: %s", got)
	}
	again("acr")
	op.Edit(func() { op.Respond = nil })
	endWorker(t, tab, a.origin) // the tab knows of them, too
	again("scope")
	again("acr")
}

// Both ends of the channel of a request that is refused are closed.
func TestChannelsOfRefusedRequests(t *testing.T) {
	a := newApp(t)
	a.setHost("page") // where a page sees those of the program
	newHostile(t, a)
	a.set("fetch", map[string]any{"allow": []string{a.origin + "/api"}})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	eval[bool](tab, `(async () => {
		await um.stats({ collect: true });
		const { close } = MessagePort.prototype;
		globalThis.shut = new Set();
		MessagePort.prototype.close = function () { shut.add(this); return close.call(this); };
		return true;
	})()`)
	n := 0
	for url, code := range map[string]string{"/elsewhere": "fetch_not_allowed", "/api": "not_signed_in"} {
		for _, init := range []string{`{ method: "POST", body: "x" }`, `{ method: "POST", body: new Blob(["x"]) }`, `{ method: "POST", body: new ReadableStream({}), duplex: "half" }`} {
			if got := codeOf(tab, fmt.Sprintf("um.fetch(%q, %s)", url, init)); got != code {
				t.Errorf("%s: %s", init, got)
			}
			n++
		}
	}
	tab.waitFor(fmt.Sprint("shut.size === ", 2*n))
}
