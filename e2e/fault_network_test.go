//go:build !js

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// faults are all of them.
var faults = []fault{offline, broken, busy, slow, half, never}

// outcomes are the codes with which a call may fail at each fault; that it
// succeeds, because it was tried again, is always right.
var outcomes = map[fault][]string{
	offline: {"network", "frame_no_response"},
	broken:  {"http_status", "frame_no_response"},
	busy:    {"http_status", "frame_no_response"},
	slow:    {},
	half:    {"network", "frame_no_response", "not_json"},
	never:   {"timeout", "frame_no_response"},
}

// A faultFlow is something that an app does, with its phases.
type faultFlow struct {
	name      string
	endpoints []string // one for each phase
	setup     func(*rig)
	prepare   func(*testing.T, *rig, *tab) // before each run
	start     string                       // sets globalThis.outcome to a promise of a code
}

// faultFlows but for those that leave the page.
var faultFlows = []faultFlow{
	{
		name:      "refresh",
		endpoints: []string{oidctest.Token, oidctest.Userinfo},
		setup:     func(r *rig) { r.set("loadUserInfo", true) },
		prepare:   func(*testing.T, *rig, *tab) {},
		start:     "um.signinSilent()",
	},
	{
		name:      "refresh in a worker of the page's",
		endpoints: []string{oidctest.Token},
		setup:     func(r *rig) { r.setHost("dedicated") },
		prepare:   func(*testing.T, *rig, *tab) {},
		start:     "um.signinSilent()",
	},
	{
		name:      "refresh in the page",
		endpoints: []string{oidctest.Token},
		setup:     func(r *rig) { r.setHost("page") },
		prepare:   func(*testing.T, *rig, *tab) {},
		start:     "um.signinSilent()",
	},
	{
		name:      "frame",
		endpoints: []string{oidctest.Authorize, oidctest.Token},
		setup:     func(r *rig) { r.op.RefreshTokens = false },
		prepare:   func(*testing.T, *rig, *tab) {},
		start:     "um.signinSilent()",
	},
	{
		name:      "restore",
		endpoints: []string{oidctest.Discovery, oidctest.JWKS, oidctest.Authorize, oidctest.Token},
		setup:     func(*rig) {},
		prepare:   restarted,
		start:     "um.getUser()",
	},
}

// restarted gives the page a new worker, which has not restored anything yet.
func restarted(t *testing.T, r *rig, tab *tab) {
	t.Helper()
	endWorker(t, tab, r.origin)
	if code := codeOf(tab, "um.stats({ collect: true })"); code != "" && code != "runtime_stopped" {
		t.Errorf("the first call after the end of the worker: code %q", code)
	}
	if code := codeOf(tab, "um.stats({ collect: true })"); code != "" {
		t.Errorf("the second call after the end of the worker: code %q", code)
	}
}

// Each phase of each flow meets each fault: the call settles, with a code
// that says what happened or because the client tried again, and when all is
// well again the session is, too.
func TestFaultPhases(t *testing.T) {
	for _, flow := range faultFlows {
		t.Run(flow.name, func(t *testing.T) {
			r := newRig(t)
			flow.setup(r)
			tab := r.signedIn()
			for _, endpoint := range flow.endpoints {
				for _, fault := range faults {
					r.meets(t, tab, flow, endpoint, fault)
				}
			}
			r.check(tab)
		})
	}
}

// meets runs a flow in which one phase meets a fault.
func (r *rig) meets(t *testing.T, tab *tab, flow faultFlow, endpoint string, fault fault) {
	t.Helper()
	s := r.op.fail(endpoint, fault, fault.times(t))
	flow.prepare(t, r, tab) // after: a page with a new worker restores by itself, too
	eval[bool](tab, fmt.Sprintf("globalThis.outcome = %s.then(() => '', (e) => e.code ?? String(e)), true", flow.start))
	s.wait(t)
	switch fault {
	case slow:
		r.op.heal()
	case never:
		r.timePasses(tab, 20*time.Second)
	}
	code := eval[string](tab, "outcome")
	if code != "" && !slices.Contains(outcomes[fault], code) {
		t.Errorf("%s: %s at %s: code %q, want none or one of %q", flow.name, fault, endpoint, code, outcomes[fault])
	}
	r.op.heal()
	r.recovers(t, tab, fmt.Sprintf("%s: %s at %s", flow.name, fault, endpoint))
}

// recovers checks that all is well.
func (r *rig) recovers(t *testing.T, tab *tab, after string) {
	t.Helper()
	if code := codeOf(tab, "um.signinSilent()"); code != "" {
		t.Errorf("%s: the next renewal: code %q", after, code)
	}
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("%s: in the end: %s", after, got)
	}
}

// times says how many requests have to fail for one of the client's to do so:
// Chromium itself sends one again whose connection was reset, and Firefox ten of
// them at most.
func (f fault) times(t testing.TB) int {
	switch {
	case f != offline:
		return 1
	case inChromium(t):
		return 2
	}
	return 10
}

// A sign-in by redirect, likewise: when it fails, the next one works.
func TestFaultSignin(t *testing.T) {
	for _, endpoint := range []string{oidctest.Discovery, oidctest.JWKS, oidctest.Token} {
		t.Run(endpoint, func(t *testing.T) {
			r := newRig(t)
			tab := r.open()
			for _, fault := range []fault{offline, broken, busy, slow, half} {
				s := r.op.fail(endpoint, fault, fault.times(t))
				if fault == slow {
					go func() {
						select {
						case <-s.met:
							r.op.heal()
						case <-r.op.end:
						}
					}()
				}
				code := signinCode(tab)
				if code != "" && !slices.Contains(outcomes[fault], code) {
					t.Errorf("%s: code %q, want none or one of %q", fault, code, outcomes[fault])
				}
				r.op.heal()
				r.fresh(t, tab)
				if code := signinCode(tab); code != "" {
					t.Errorf("%s: the next sign-in: code %q", fault, code)
				}
				r.fresh(t, tab)
			}
			r.check(tab)
		})
	}
}

// fresh is a new page with a new worker, and nobody is signed in.
func (r *rig) fresh(t *testing.T, tab *tab) {
	t.Helper()
	eval[bool](tab, "um.removeUser().then(() => um.stats({ collect: true })).then(() => true)")
	killWorkers(t, r.origin)
	tab.visit(r.origin + "/")
}

// A provider that cannot be reached at all, or fails, leaves the tab on an
// error page. The app is as before when the End-User comes back.
func TestFaultLoginPage(t *testing.T) {
	r := newRig(t)
	tab := r.open()
	for _, fault := range []fault{offline, broken, busy} {
		s := r.op.fail(oidctest.Authorize, fault, fault.times(t))
		eval[bool](tab, "um.signinRedirect().catch(() => {}), true")
		s.wait(t)
		tab.waitFor("globalThis.um === undefined && document.readyState === 'complete'")
		r.op.heal()
		tab.visit(r.origin + "/")
		if got := eval[string](tab, userState); got != "nobody" {
			t.Errorf("%s: %s", fault, got)
		}
	}
	if code := signinCode(tab); code != "" {
		t.Errorf("the next sign-in: code %q", code)
	}
	r.check(tab)
}

// A sign-out happens at the app whatever happens to its requests.
func TestFaultSignout(t *testing.T) {
	for _, endpoint := range []string{oidctest.Revocation, oidctest.EndSession} {
		for _, fault := range []fault{offline, broken, slow, half} {
			t.Run(strings.Join([]string{endpoint, string(fault)}, " "), func(t *testing.T) {
				r := newRig(t)
				r.set("revokeTokensOnSignout", true)
				tab := r.signedIn()
				other := tab.sibling()
				other.expectProblems()
				other.visit(r.origin + "/")
				if got := eval[string](other, userState); got != "somebody" {
					t.Fatalf("in the second tab: %s", got)
				}
				s := r.op.fail(endpoint, fault, fault.times(t))
				eval[bool](tab, "um.signoutRedirect().catch(() => {}), true")
				s.wait(t)
				other.waitFor("heard.includes('UserUnloaded')")
				r.op.heal()
				if got := eval[string](other, userState); got != "nobody" {
					t.Errorf("after the sign-out: %s", got)
				}
				r.check(other)
			})
		}
	}
}
