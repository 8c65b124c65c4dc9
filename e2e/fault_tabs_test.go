//go:build !js

package e2e

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// newRandom returns random numbers that FAULT_SEED brings back.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("FAULT_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("FAULT_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// tokenLife is that of the tests that let time pass. A token is renewed when
// a third of it is left.
const tokenLife = 10 * time.Second

// newBusyRig is a rig whose tokens do not live long.
func newBusyRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.set("automaticSilentRenew", true)
	r.op.Lifetime = tokenLife
	return r
}

// another opens the app in another tab of the profile.
func (r *rig) another(tab *tab) *tab {
	r.t.Helper()
	other := tab.sibling()
	other.expectProblems()
	other.visit(r.origin + "/")
	return other
}

const (
	churnTime = 2 * time.Minute
	churnPace = 200 * time.Millisecond
	maxTabs   = 20
)

// A churn is an End-User who opens and closes tabs all the time.
type churn struct {
	*rig
	random  *rand.Rand
	tabs    []*tab
	opened  int
	renewed int // by the app itself
	failed  int // requests that met a fault
}

// Up to 20 tabs open, close, reload and leave at random for two minutes, while
// tokens live ten seconds and the provider fails now and then: whoever asks, at
// any moment, is signed in, with nothing but the renewals that one tab would
// have made.
func TestFaultTabsAtRandom(t *testing.T) {
	t.Parallel() // both wait for tokens to grow old most of the time
	r := newBusyRig(t)
	c := &churn{rig: r, random: newRandom(t), tabs: []*tab{r.signedIn()}}
	r.op.count()
	pace := time.NewTicker(churnPace)
	defer pace.Stop()
	began := time.Now()
	for time.Since(began) < churnTime && !t.Failed() {
		c.step()
		<-pace.C
	}
	counts, took := r.op.count(), time.Since(began) // the last step, too, however slow the machine is
	t.Logf("%d tabs were opened, %d are left; the provider was asked for %v, %d renewals of them by the app, and failed up to %d times",
		c.opened, len(c.tabs), counts, c.renewed, c.failed)
	// A renewal of the app may come in the middle of the life of a token.
	if most := 1 + int(took/(tokenLife/2)) + c.renewed + 2*c.failed; counts["refresh_token"] > most {
		t.Errorf("%d renewals, want %d at most", counts["refresh_token"], most)
	}
	if counts["authorize"] > 0 {
		t.Errorf("%d sign-ins in a frame: the session was lost", counts["authorize"])
	}
	r.check(c.tabs...)
}

// step does one thing.
func (c *churn) step() {
	c.t.Helper()
	i := c.random.IntN(len(c.tabs))
	tab := c.tabs[i]
	switch dice := c.random.IntN(100); {
	case dice < 35 && len(c.tabs) < maxTabs:
		tab = c.another(tab)
		c.tabs = append(c.tabs, tab)
		c.opened++
	case dice < 60 && len(c.tabs) > 1:
		c.leave(tab)
		c.tabs = slices.Delete(c.tabs, i, i+1)
		return
	case dice < 62:
		c.renewed++
		eval[bool](tab, "um.signinSilent().catch(() => {}), true") // the tab may go meanwhile
		return
	case dice < 75:
		tab.reload()
		tab.waitReady()
	case dice < 90:
		tab.navigate("about:blank")
		tab.visit(c.origin + "/")
	case dice < 93:
		c.failed++
		c.op.fail(oidctest.Token, []fault{broken, busy}[c.random.IntN(2)], 1)
		return
	}
	got := eval[string](tab, askedState+".catch((e) => e.code)")
	if got != "somebody" && (got != "http_status" || c.failed == 0) {
		c.t.Errorf("with %d tabs: %s", len(c.tabs), got)
	}
}

// askedState says who is there at the time of the question: on a slow machine a
// token of ten seconds may end on its way to the app.
const askedState = `(async (asked) => {
	const user = await um.getUser();
	return user === null ? "nobody" : user.expires_at * 1000 > asked ? "somebody" : "expired";
})(Date.now())`

// leave closes a tab, whatever it is doing.
func (c *churn) leave(tab *tab) {
	c.t.Helper()
	c.checkConsole(tab)
	tab.close()
}

// The provider is asked as often whether there are 1, 5 or 20 tabs: as often
// as the life of a token allows, since when it is renewed is a matter of dice.
func TestFaultRequestRate(t *testing.T) {
	t.Parallel()
	const window = 40 * time.Second
	sizes := []int{1, 5, 20}
	rigs := make([]*rig, len(sizes))
	tabs := make([][]*tab, len(sizes))
	for i, n := range sizes {
		rigs[i] = newBusyRig(t)
		tabs[i] = []*tab{rigs[i].signedIn()}
		for len(tabs[i]) < n {
			tabs[i] = append(tabs[i], rigs[i].another(tabs[i][0]))
		}
		for _, tab := range tabs[i] { // an app that looks at its user all the time
			eval[bool](tab, "globalThis.looking = setInterval(() => "+askedState+".then((got) => { if (got !== 'somebody') console.error(`getUser: ${got}`); }), 500), true")
		}
	}
	began := make([]time.Time, len(sizes))
	for i, r := range rigs {
		began[i] = time.Now()
		r.op.count()
	}
	<-time.After(window)
	renewals := make([]int, len(sizes))
	for i, r := range rigs {
		counts, took := r.op.count(), time.Since(began[i])
		renewals[i] = counts["refresh_token"]
		// A token may be renewed when a third of its life is left, the end of which
		// is known to the second.
		if most := 1 + int(took/(tokenLife-tokenLife/3-time.Second)); renewals[i] > most || renewals[i] == 0 {
			t.Errorf("%d renewals with %d tabs in %s, want %d at most: the number must not depend on the tabs", renewals[i], sizes[i], took, most)
		}
		t.Logf("%2d tabs: %v in %s with tokens that live %s: %d renewals an hour, or %.1f with tokens that live an hour",
			sizes[i], counts, window, tokenLife, renewals[i]*int(time.Hour/window), float64(renewals[i])*float64(tokenLife)/float64(window))
		delete(counts, "refresh_token")
		delete(counts, "jwks") // when the keys at hand are too old
		if len(counts) > 0 {
			t.Errorf("%d tabs: the provider was asked for %v, too", sizes[i], counts)
		}
		for _, tab := range tabs[i] {
			eval[bool](tab, "clearInterval(looking), true")
		}
	}
	for i, r := range rigs {
		r.check(tabs[i]...)
	}
}
