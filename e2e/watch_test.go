//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// hearAll collects the events that the test app does not collect by itself.
const hearAll = `(() => {
	for (const name of ["UserSignedIn", "UserSignedOut", "UserSessionChanged"]) um.events["add" + name](() => heard.push(name));
	return true;
})()`

// checkFrames is how many frames of the provider there are in the page.
const checkFrames = `document.querySelectorAll("iframe[title=session]").length`

// answers waits until the provider's frame has said something so many times
// more: the page hears what the client hears.
func (tab *tab) answers(op *oidctest.OP, says string, n int) {
	tab.t.Helper()
	eval[bool](tab, fmt.Sprintf(`new Promise((resolve) => {
		let left = %d;
		const hear = ({ origin, data }) => {
			if (origin !== %q || data !== %q || --left > 0) return;
			removeEventListener("message", hear);
			resolve(true);
		};
		addEventListener("message", hear);
	})`, n, op.Base(), says))
}

// newWatched is an app that watches the provider's session.
func newWatched(t *testing.T, host string) (*app, *oidctest.OP) {
	a := newApp(t)
	if host != "" {
		a.setHost(host)
	}
	op := newHostile(t, a)
	op.CheckSession = true
	a.set("monitorSession", true)
	a.set("checkSessionIntervalInSeconds", 0.1)
	return a, op
}

// signInWatched signs in and begins to listen.
func signInWatched(t *testing.T, a *app) *tab {
	t.Helper()
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	eval[bool](tab, hearAll)
	return tab
}

// TestMonitorSession: the session ends at the provider, in another tab.
func TestMonitorSession(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a, op := newWatched(t, host)
			tab := signInWatched(t, a)
			tab.waitFor(checkFrames + " === 1")
			op.ResetRequests()
			tab.answers(op, "unchanged", 5)
			if n := op.Count(oidctest.Authorize); n > 0 {
				t.Errorf("%d silent sign-ins while nothing changes", n)
			}
			elsewhere := tab.sibling()
			elsewhere.navigate(op.Base() + "/logout")
			tab.waitFor(`heard.includes("UserUnloaded")`)
			if got := eval[string](tab, `heard.filter((name) => name !== "UserLoaded").join()`); got != "UserSignedOut,UserUnloaded" {
				t.Errorf("events: %s", got)
			}
			if got := eval[string](tab, userState); got != "nobody" {
				t.Errorf("after the sign-out at the provider: %s", got)
			}
		})
	}
}

// TestMonitorSessionChanged: the same person has another session.
func TestMonitorSessionChanged(t *testing.T) {
	a, op := newWatched(t, "")
	tab := signInWatched(t, a)
	tab.waitFor(checkFrames + " === 1")
	const state = "um.getUser().then((u) => u.session_state)"
	before := eval[string](tab, state)
	tab.answers(op, "unchanged", 2)
	eval[bool](tab, `["", "; SameSite=None; Secure"].forEach((more) => { document.cookie = "oidctest_session=other; path=/" + more; }), true`)
	tab.waitFor(`heard.includes("UserSessionChanged")`)
	if after := eval[string](tab, state); after == before || after == "" {
		t.Error("session_state is the one of before")
	}
	if got := eval[string](tab, "um.querySessionStatus().then((s) => s.sub + ' ' + (s.session_state !== ''))"); got != "subject-1 true" {
		t.Errorf("querySessionStatus: %s", got)
	}
}

// TestMonitorHostileFrame: a frame that always says the same is not asked for
// ever, and signs nobody out. What would be asked in the next ten minutes is
// asked at once, as the clocks of the page and of the program go on by them.
func TestMonitorHostileFrame(t *testing.T) {
	tests := []struct {
		says      string
		questions int // 0: as many as there is time for
		renewals  int
		unwatched string
	}{{"changed", 2, 1, "no_cookies"}, {"error", 1, 0, "error"}, {"nothing of the kind", 0, 0, ""}}
	for _, tt := range tests {
		t.Run(tt.says, func(t *testing.T) {
			r := newRig(t)
			r.op.CheckSession = true
			r.set("monitorSession", true)
			r.set("checkSessionIntervalInSeconds", 0.1)
			r.op.Answer(oidctest.CheckSessionFrame, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = fmt.Fprintf(w, `<!doctype html><title>Session</title>
					<script>onmessage = ({source, origin}) => source.postMessage(%q, origin)</script>`, tt.says)
			})
			tab := r.open()
			r.first(fmt.Sprintf(`globalThis.said = 0;
				addEventListener("message", ({ origin, data }) => { if (origin === %q && data === %q) said++; });`, r.op.Base(), tt.says))
			if code := signinCode(tab); code != "" {
				t.Fatalf("code %q", code)
			}
			tab.waitFor(fmt.Sprintf("said >= %d", max(tt.questions, 5*(1-min(tt.questions, 1)))))
			asked := func() int { return r.op.Count(oidctest.Authorize) - 1 } // the first was the sign-in
			tab.until("the silent sign-ins", func() bool { return asked() >= tt.renewals })
			const unwatched = "um.stats({ collect: true }).then(({ unwatched = '' }) => unwatched)"
			tab.until("the end of the watch", func() bool { return eval[string](tab, unwatched) == tt.unwatched })
			for range 3 {
				r.timePasses(tab, 10*time.Minute)
			}
			if n := asked(); n > tt.renewals {
				t.Errorf("%d silent sign-ins, want %d", n, tt.renewals)
			}
			if n := eval[int](tab, "said"); tt.questions > 0 && n != tt.questions {
				t.Errorf("%d questions, want %d", n, tt.questions)
			}
			if got := eval[string](tab, userState); got != "somebody" {
				t.Errorf("getUser: %s", got)
			}
			if got := eval[string](tab, unwatched); got != tt.unwatched {
				t.Errorf("unwatched: %q, want %q", got, tt.unwatched)
			}
			r.check(tab)
		})
	}
}

// TestMonitorFrameMoves: the tab that holds the provider's frame is closed,
// and another one takes over.
func TestMonitorFrameMoves(t *testing.T) {
	a, op := newWatched(t, "")
	first := signInWatched(t, a)
	first.waitFor(checkFrames + " === 1")
	second := first.sibling()
	second.visit(a.origin + "/")
	eval[bool](second, hearAll)
	if got := eval[string](second, userState); got != "somebody" {
		t.Fatalf("in the second tab: %s", got)
	}
	if n := eval[int](second, checkFrames); n != 0 {
		t.Errorf("%d frames in the second tab, want one frame for all tabs", n)
	}
	first.close()
	second.waitFor(checkFrames + " === 1")
	elsewhere := second.sibling()
	elsewhere.navigate(op.Base() + "/logout")
	second.waitFor(`heard.includes("UserSignedOut")`)
}

// TestIdleSignout: who does nothing is signed out, here and at the provider.
// A key keeps the session, in this tab or another one, and so does a callback
// that returns false. The clocks of pages and programs go on as the test says;
// what passes by itself, on however slow a machine, does not matter.
func TestIdleSignout(t *testing.T) {
	for _, host := range []string{"shared", "dedicated"} { // one program, and one for each page
		t.Run(host, func(t *testing.T) {
			r := newRig(t)
			r.setHost(host)
			r.set("idle", map[string]any{"timeoutInSeconds": 1000, "warnInSeconds": 400})
			tab := r.signedIn()
			r.op.ResetRequests()
			eval[bool](tab, `globalThis.seconds = [], globalThis.veto = true,
				um.events.addIdleCountdown((left) => { seconds.push(left ?? -1); return !(veto && left <= 200); }), true`)
			// A step at a time, so that nobody is signed out before the page was heard.
			idleUntil := func(expression string) {
				t.Helper()
				tab.until(expression, func() bool {
					r.timePasses(tab, 50*time.Second)
					eval[bool](tab, "um.stats({ collect: true }).then(() => true)") // after what is said of that
					return eval[bool](tab, expression)
				})
			}
			idleUntil("seconds.at(-1) === -1") // the veto
			if got := eval[[]int](tab, "veto = false, seconds.splice(0)"); !countsDown(got) || got[0] > 400 || got[0] <= 200 {
				t.Errorf("countdown with a veto: %d", got)
			}
			idleUntil("seconds.length > 0")
			pressUntil(tab, tab, "seconds.at(-1) === -1")
			const programs = `navigator.locks.query().then(({ held }) => held.map(({ name }) => name).filter((name) => name.startsWith("oidcspa.host.")))`
			eval[bool](tab, programs+".then((names) => { globalThis.before = names; return true; })")
			other := r.another(tab)
			eval[string](other, userState)
			eval[bool](tab, "seconds.splice(0), true")
			idleUntil("seconds.length > 0 && seconds.at(-1) > 0")
			pressUntil(other, tab, "seconds.at(-1) === -1")
			other.close()
			// The program of that tab, if it has one, is not to sign out before this one. The
			// page that has left for the sign-in may be kept, with its own.
			tab.waitFor(programs + ".then((names) => { globalThis.gone = names.every((name) => before.includes(name)); }), globalThis.gone === true")
			eval[bool](tab, "globalThis.ready = false, true")
			r.sleeps(tab, 1000*time.Second, 1000*time.Second)
			eval[bool](tab, "um.stats({ collect: true }).catch(() => {}), true") // wakes the program; the tab leaves
			tab.waitReady()                                                      // the provider sends the tab back
			if got := eval[string](tab, userState); got != "nobody" {
				t.Errorf("after the idle time: %s", got)
			}
			if n := r.op.Count(oidctest.EndSession); n != 1 {
				t.Errorf("%d sign-outs at the provider, want 1", n)
			}
			r.check(tab)
		})
	}
}

// pressUntil presses a key in one tab until an expression is true in another: the
// script that listens comes on demand, and does not tell of each key.
func pressUntil(pressed, tab *tab, expression string) {
	tab.t.Helper()
	eval[bool](pressed, `document.querySelector("#keys") ?? document.body.append(Object.assign(document.createElement("input"), {id: "keys"})), true`)
	tab.until(expression, func() bool {
		pressed.fill("#keys", "a")
		return eval[bool](tab, expression)
	})
}

// countsDown tells whether seconds fall, and end with -1.
func countsDown(seconds []int) bool {
	falls := slices.IsSortedFunc(seconds, func(a, b int) int { return b - a }) && len(slices.Compact(slices.Clone(seconds))) == len(seconds)
	return falls && len(seconds) > 2 && seconds[len(seconds)-1] == -1
}
