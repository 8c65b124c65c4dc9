//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// phasesOf returns the names of the phases that stats() knows, in the order in
// which they were; of two in one millisecond that which is earlier in all.
func phasesOf(tab *tab, of, all string) string {
	tab.t.Helper()
	return eval[string](tab, fmt.Sprintf(`um.stats().then(({%s: phases = {}}) => {
		const all = %q.split(" "), known = Object.keys(phases).filter((name) => typeof phases[name] === "number");
		known.sort((a, b) => phases[a] - phases[b] || all.indexOf(a) - all.indexOf(b));
		return known.join(" ");
	})`, of, all))
}

const startPhases = "called script answered received compiled main opened"

// A page hears how it came to the program, wherever that runs: what it called
// first, and when each part of the start was.
func TestStartPhases(t *testing.T) {
	for _, host := range []string{"shared", "dedicated", "page"} {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			eval[void](tab, "um.prepare()")
			if got := phasesOf(tab, "start", startPhases); got != startPhases {
				t.Errorf("the phases are %q, want %q", got, startPhases)
			}
			const start = `um.stats().then(({start}) => start.by + " " + start.running + " " + start.host)`
			if got := eval[string](tab, start); got != "prepare undefined "+host {
				t.Errorf("started by %q", got)
			}
			if now := eval[bool](tab, `um.stats().then(({start}) => start.called >= Math.floor(performance.timeOrigin) - 1 && start.opened <= Date.now())`); !now {
				t.Errorf("the times are of another clock: %s", eval[string](tab, "um.stats().then(JSON.stringify)"))
			}
			if host != "shared" {
				return
			}
			other := tab.sibling() // a reload, while the first holds the program
			other.visit(a.origin + "/")
			eval[bool](other, "firstUser.then((first) => first !== null)") // it looks for a program that runs before it asks
			if got := eval[string](other, start); got != "getUser true shared" {
				t.Errorf("another page of the program: started by %q", got)
			}
			if got, want := phasesOf(other, "start", startPhases), "script answered received compiled main called opened"; got != want {
				t.Errorf("another page of the program: %q, want %q", got, want)
			}
			eval[bool](tab, impatient)
			endWorker(t, tab, a.origin)
			tab.waitFor("um.stats().then(({start}) => { globalThis.again = !start.running; }, () => {}), globalThis.again === true")
		})
	}
}

// What the setting prepare does is told apart from the app's own call.
func TestStartPhasesOfPrepare(t *testing.T) {
	for setting, does := range map[string]string{
		"intent": `(() => {
			const button = document.createElement("button");
			button.dataset.oidcspaSignin = "";
			document.body.append(button);
			button.focus();
			return true;
		})()`,
		"idle": "true",
	} {
		t.Run(setting, func(t *testing.T) {
			a := newApp(t)
			a.set("prepare", setting)
			op := newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			eval[bool](tab, does)
			tab.until("the provider is asked", func() bool { return len(op.Requests()) > 0 })
			if got := eval[string](tab, "um.stats().then(({start}) => start.by)"); got != setting {
				t.Errorf("started by %q, want %q", got, setting)
			}
		})
	}
}

// A sign-in has all its phases, in their order, and says what was ahead; what
// another program knew is absent.
func TestSigninPhases(t *testing.T) {
	const (
		first = "called ready metadata left "
		ahead = "arrived exchange tokens verified"
		all   = first + "arrived returned exchange tokens verified user"
	)
	tests := []struct {
		name, host   string
		before, call string
		dies         bool
		absent       string // of all
		metadata     bool   // is there before the call
	}{
		{name: "plain", host: "shared", call: "um.signinRedirect()"},
		{name: "of a click", host: "shared", call: `um.signinRedirect(new MouseEvent("click"))`},
		{name: "prepared", host: "shared", before: "um.prepare()", call: "um.signinRedirect()", metadata: true},
		{name: "the program dies", host: "shared", call: "um.signinRedirect()", dies: true, absent: first + "arrived"},
		{name: "a program of the page", host: "dedicated", call: "um.signinRedirect()", absent: first + "arrived"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			a.setHost(tt.host)
			op := newHostile(t, a)
			tab := newTab(t)
			asked, dead := make(chan struct{}), make(chan struct{})
			goOn := sync.OnceFunc(func() { close(dead) })
			defer goOn()
			other := tab // a tab on its way answers nothing
			if tt.dies {
				other = tab.sibling()
				other.visit(a.origin + "/")
				op.Edit(func() {
					op.Hold = func(endpoint string, _ *http.Request) {
						if endpoint == oidctest.Authorize {
							close(asked)
							<-dead
						}
					}
				})
			}
			tab.visit(a.origin + "/")
			if tt.before != "" {
				eval[void](tab, tt.before)
				eval[bool](tab, "new Promise((resolve) => setTimeout(resolve, 2, true))") // a tick of the clock
			}
			eval[bool](tab, "globalThis.ready = false, void "+tt.call+", true")
			if tt.dies {
				<-asked
				endWorker(t, other, a.origin)
				goOn()
			}
			tab.waitReady()
			if code := codeOf(tab, "callback"); code != "" {
				t.Fatalf("code %q", code)
			}
			var want []string
			for name := range strings.FieldsSeq(all) {
				if !slices.Contains(strings.Fields(tt.absent), name) {
					want = append(want, name)
				}
			}
			// returned has its place by whether the tab was faster.
			got := strings.Fields(phasesOf(tab, "signin", all))
			if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
				t.Fatalf("the phases are %q, want %q", got, want)
			}
			at := func(name string) int { return slices.Index(got, name) }
			chain := func(names string) {
				t.Helper()
				var known []string
				for name := range strings.FieldsSeq(names) {
					if at(name) >= 0 {
						known = append(known, name)
					}
				}
				if !slices.IsSortedFunc(known, func(a, b string) int { return at(a) - at(b) }) {
					t.Errorf("the order is %q, want %q", got, known)
				}
			}
			chain("called ready left " + ahead + " user")
			chain("left returned user")
			chain("metadata left")
			if at("metadata") >= 0 && (at("metadata") < at("called")) != tt.metadata {
				t.Errorf("the order is %q; prepared: %t", got, tt.metadata)
			}
			isAhead := eval[bool](tab, "um.stats().then(({signin}) => signin.ahead)")
			if want := tt.absent == ""; isAhead != want {
				t.Errorf("ahead: %t, want %t", isAhead, want)
			}
			if by := eval[string](tab, "um.stats().then(({start}) => start.by)"); by != "signinCallback" {
				t.Errorf("the page called %q first", by)
			}
		})
	}
}

// A window has the phases that a sign-in by redirect has, but for those of the way back.
func TestPopupPhases(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	tab.openPopup("um.signinPopup()")
	if got := tab.popupResult(); got != "subject-1" {
		t.Fatalf("signinPopup: %q", got)
	}
	const want = "called ready metadata left arrived exchange tokens verified user"
	if got := phasesOf(tab, "signin", want); got != want {
		t.Errorf("the phases are %q, want %q", got, want)
	}
}
