//go:build !js

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/e2e/engine"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// clockState is userState where the clock of the page is right.
const bothStates = `Promise.all([um.getUser(), um.getUser()]).then((users) => users.map((u) => u === null ? "nobody" : u.expired ? "expired" : "somebody").join(" "))`

// Two hours of sleep: nobody gets the token that has expired, and it is
// renewed once for all tabs, whether an app asks or not.
func TestFaultSleep(t *testing.T) {
	tests := []struct {
		name      string
		monotonic time.Duration // some systems stop that clock while they sleep
		ask       bool
	}{
		{"an app asks", 0, true},
		{"an app asks, the monotonic clock went on", 2 * time.Hour, true},
		{"nobody asks", 0, false},
		{"nobody asks, the monotonic clock went on", 2 * time.Hour, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // they wait for the timers of the program most of the time
			r := newRig(t)
			r.set("automaticSilentRenew", true)
			first := r.signedIn()
			second := r.another(first)
			eval[string](second, userState)
			r.op.count()
			r.sleeps(first, 2*time.Hour, tt.monotonic)
			if tt.ask {
				for _, tab := range []*tab{first, second} {
					if got := eval[string](tab, bothStates); got != "somebody somebody" {
						t.Errorf("after the sleep: %s", got)
					}
				}
			}
			first.waitFor("heard.includes('UserLoaded')")
			second.waitFor("heard.includes('UserLoaded')")
			if counts := r.op.count(); counts["refresh_token"] != 1 || counts["authorize"] != 0 {
				t.Errorf("the provider was asked for %v, want one renewal", counts)
			}
			r.check(first, second)
		})
	}
}

// sleeps lets the clocks go on while nothing runs.
func (r *rig) sleeps(tab *tab, wall, monotonic time.Duration) {
	r.t.Helper()
	r.op.mu.Lock()
	r.op.ahead += wall
	r.op.mu.Unlock()
	eval[bool](tab, "heard.length = 0, true")
	r.setClock(tab, r.wall+wall, r.monotonic+monotonic)
}

// A clock that is wrong: the error says so, and by how much, and nothing is
// tried over and over.
func TestFaultClockWrong(t *testing.T) {
	for _, wrong := range []time.Duration{-26 * time.Hour, -3 * time.Hour, 3 * time.Hour, 26 * time.Hour} {
		t.Run(fmt.Sprintf("at the sign-in %s", wrong), func(t *testing.T) {
			r := newRig(t)
			r.wall = wrong
			r.set("automaticSilentRenew", true)
			tab := r.open()
			r.op.count()
			if code := signinCode(tab); code != "clock_skew" {
				t.Errorf("sign-in: code %q", code)
			}
			r.wantSkew(t, tab, "callback", -wrong)
			if got := eval[string](tab, userState); got != "nobody" {
				t.Errorf("after the sign-in: %s", got)
			}
			r.wantFew(t)
			r.check(tab)
		})
		t.Run(fmt.Sprintf("in the session %s", wrong), func(t *testing.T) {
			r := newRig(t)
			r.set("automaticSilentRenew", true)
			tab := r.signedIn()
			r.op.count()
			r.setClock(tab, wrong, 0)
			r.wantSkew(t, tab, "um.signinSilent()", -wrong)
			r.wantFew(t)
			r.setClock(tab, 0, 0)
			r.recovers(t, tab, "the clock is right again")
			r.check(tab)
		})
	}
}

// wantSkew checks that a call fails for the clock, and by how much.
func (r *rig) wantSkew(t *testing.T, tab *tab, call string, want time.Duration) {
	t.Helper()
	got := eval[float64](tab, call+".then(() => NaN, (e) => e.code === 'clock_skew' ? e.skew ?? NaN : NaN).then((s) => Number.isNaN(s) ? 0 : s)")
	if d := time.Duration(got*float64(time.Second)) - want; d < -time.Minute || d > time.Minute {
		t.Errorf("%s: the clocks differ by %v s, want %s", call, got, want)
	}
}

// wantFew checks that there is no loop of requests.
func (r *rig) wantFew(t *testing.T) {
	t.Helper()
	if counts := r.op.count(); counts["refresh_token"]+counts["authorization_code"]+counts["authorize"] > 6 {
		t.Errorf("the provider was asked for %v", counts)
	}
}

// The browser is offline while the token expires, and comes back: the session
// goes on, without a call of the app.
func TestFaultOffline(t *testing.T) {
	r := newRig(t)
	r.set("automaticSilentRenew", true)
	tab := r.signedIn()
	worker := r.worker(t)
	r.op.count()
	connect(t, false, tab, worker)
	r.sleeps(tab, 2*time.Hour, 0)
	if got := eval[string](tab, "um.getUser().then((u) => u?.expired ? 'expired' : '', (e) => e.code)"); got == "expired" {
		t.Error("getUser without a network: it hands out the token that has expired")
	}
	if counts := r.op.count(); len(counts) > 0 {
		t.Errorf("offline: the provider was asked for %v", counts)
	}
	connect(t, true, tab, worker)
	tab.waitFor("heard.includes('UserLoaded')")
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("online again: %s", got)
	}
	if counts := r.op.count(); counts["refresh_token"] != 1 || counts["authorize"] != 0 {
		t.Errorf("online again: the provider was asked for %v, want one renewal", counts)
	}
	r.check(tab)
}

// A provider that fails while the token expires: no call of the app hands it
// out, and the session goes on as soon as the provider is well.
func TestFaultOutage(t *testing.T) {
	for _, fault := range []fault{offline, broken, busy} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel() // they wait for the next attempt most of the time
			r := newBusyRig(t)
			tab := r.signedIn()
			s := r.op.fail(oidctest.Token, fault, 1000)
			s.wait(t) // the renewal in time
			r.sleeps(tab, tokenLife, 0)
			if got := eval[string](tab, "um.getUser().then((u) => u?.expired ? 'expired' : '', (e) => e.code)"); got == "expired" {
				t.Error("getUser hands out the token that has expired")
			}
			r.op.heal()
			tab.waitFor("heard.includes('UserLoaded')")
			if got := eval[string](tab, userState); got != "somebody" {
				t.Errorf("after the outage: %s", got)
			}
			r.check(tab)
		})
	}
}

// worker returns the target of the shared worker.
func (r *rig) worker(t *testing.T) *tab {
	t.Helper()
	result, err := chromedp.CallBrowser(devtools(t), target.GetTargets, target.GetTargetsParams{
		Filter: target.Filter{{Type: "shared_worker"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range result.TargetInfos {
		if len(info.URL) > len(r.origin) && info.URL[:len(r.origin)] == r.origin {
			return openTab(t, browserOf(t).Attach, engine.Window{ID: string(info.TargetID)})
		}
	}
	t.Fatal("there is no shared worker")
	return nil
}

// connect takes the targets off the network, or back.
func connect(t *testing.T, online bool, targets ...*tab) {
	t.Helper()
	for _, tab := range targets {
		_, err := chromedp.Call(tab.devtools(), network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			MatchedNetworkConditions: []*network.Conditions{{Offline: !online, DownloadThroughput: -1, UploadThroughput: -1}},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = chromedp.Call(tab.devtools(), network.OverrideNetworkState, network.OverrideNetworkStateParams{
			Offline: !online, DownloadThroughput: -1, UploadThroughput: -1,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
