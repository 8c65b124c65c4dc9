//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// hearAll collects the events that the test app does not collect by itself.
const hearAll = `(() => {
	for (const name of ["UserSignedIn", "UserSignedOut", "UserSessionChanged"]) um.events["add" + name](() => heard.push(name));
	return true;
})()`

// checkFrames is how many frames of the provider there are in the page.
const checkFrames = `document.querySelectorAll("iframe[title=session]").length`

// wait lets some time pass in which nothing is to happen.
const wait = "new Promise((resolve) => setTimeout(resolve, %d, true))"

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
			eval[bool](tab, fmt.Sprintf(wait, 1000))
			if n := op.Count(oidctest.Authorize); n > 0 {
				t.Errorf("%d silent sign-ins while nothing changes", n)
			}
			elsewhere := tab.sibling()
			elsewhere.do("sign out", chromedp.Navigate(op.Base()+"/logout"))
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
	a, _ := newWatched(t, "")
	tab := signInWatched(t, a)
	tab.waitFor(checkFrames + " === 1")
	const state = "um.getUser().then((u) => u.session_state)"
	before := eval[string](tab, state)
	eval[bool](tab, fmt.Sprintf(wait, 500))
	eval[string](tab, `document.cookie = "oidctest_session=other; path=/; SameSite=None; Secure"`)
	tab.waitFor(`heard.includes("UserSessionChanged")`)
	if after := eval[string](tab, state); after == before || after == "" {
		t.Error("session_state is the one of before")
	}
	if got := eval[string](tab, "um.querySessionStatus().then((s) => s.sub + ' ' + (s.session_state !== ''))"); got != "subject-1 true" {
		t.Errorf("querySessionStatus: %s", got)
	}
}

// TestMonitorHostileFrame: a frame that always says the same is not asked for
// ever, and signs nobody out.
func TestMonitorHostileFrame(t *testing.T) {
	tests := []struct {
		says     string
		renewals int
	}{{"changed", 1}, {"error", 0}, {"nothing of the kind", 0}}
	for _, tt := range tests {
		t.Run(tt.says, func(t *testing.T) {
			a, op := newWatched(t, "")
			op.Answer(oidctest.CheckSessionFrame, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = fmt.Fprintf(w, `<!doctype html><title>Session</title>
					<script>onmessage = ({source, origin}) => source.postMessage(%q, origin)</script>`, tt.says)
			})
			tab := signInWatched(t, a)
			tab.waitFor(checkFrames + " === 1")
			op.ResetRequests()
			eval[bool](tab, fmt.Sprintf(wait, 3000))
			if n := op.Count(oidctest.Authorize); n > tt.renewals {
				t.Errorf("%d silent sign-ins, want %d", n, tt.renewals)
			}
			if got := eval[string](tab, userState); got != "somebody" {
				t.Errorf("getUser: %s", got)
			}
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
	elsewhere.do("sign out", chromedp.Navigate(op.Base()+"/logout"))
	second.waitFor(`heard.includes("UserSignedOut")`)
}

// TestIdleSignout: who does nothing is signed out, here and at the provider.
// A key keeps the session, in this tab or another one, and so does a callback
// that returns false.
func TestIdleSignout(t *testing.T) {
	for _, host := range []string{"shared", "dedicated"} { // one program, and one for each page
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			op := newHostile(t, a)
			a.set("idle", map[string]any{"timeoutInSeconds": 8, "warnInSeconds": 4})
			tab := signInWatched(t, a)
			op.ResetRequests()
			eval[bool](tab, `globalThis.seconds = [], globalThis.veto = true,
				um.events.addIdleCountdown((left) => { seconds.push(left ?? -1); return !(veto && left === 2); }), true`)
			tab.waitFor("seconds.length === 4") // 4, 3, 2, and the veto
			if got := eval[string](tab, "veto = false, seconds.splice(0).join()"); got != "4,3,2,-1" {
				t.Errorf("countdown with a veto: %s", got)
			}
			tab.waitFor("seconds.length === 1")
			tab.do("press a key", chromedp.KeyEvent("a"))
			tab.waitFor("seconds.includes(-1)")
			eval[bool](tab, "seconds.splice(0), true")
			other := tab.sibling()
			other.visit(a.origin + "/")
			tab.waitFor("seconds.length === 1")
			other.do("press a key", chromedp.KeyEvent("a"))
			tab.waitFor("seconds.includes(-1)")
			other.close()
			eval[bool](tab, "globalThis.ready = false, true")
			tab.waitReady() // the provider sends the tab back
			if got := eval[string](tab, userState); got != "nobody" {
				t.Errorf("after the idle time: %s", got)
			}
			if n := op.Count(oidctest.EndSession); n != 1 {
				t.Errorf("%d sign-outs at the provider, want 1", n)
			}
		})
	}
}
