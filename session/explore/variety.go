//go:build !js

package explore

import (
	"math/rand/v2"
	"time"

	"github.com/oidcspa/oidcspa/session"
)

// A variety is what worlds differ in beyond who is there: what tabs ask for, how
// providers and APIs answer, what else is in a tab. Its dice are its own, so that it
// changes nothing in the worlds that have none of it.
type variety struct {
	bound    bool // tabs want tokens that are bound to a key
	nonces   bool // servers want their nonce in the proofs
	userinfo bool // tabs ask the userinfo endpoint
	byHand   bool // no tab renews before its access token ends
	sources  bool // a tab brings the provider's metadata, so its session is one of its own
	crowded  bool // the app has a second client in each page
	copied   bool // people duplicate tabs
	fickle   bool // providers give answers that are wrong
	terse    bool // providers leave out what they may leave out, and are told no scope
	refusing bool // an API refuses every token, for a while
	idle     bool // nobody has to do anything for long to be signed out here
	trips    bool // sessions are restored by a redirect, though nothing fails
	unkept   bool // pages keep nothing for other programs
	unheard  bool // programs do not hear each other
	slow     bool // people take their time at the provider
	restless bool // people go back from where a page has sent them by itself
	heedless bool // providers do not look at an ID Token that comes as a hint

	keys     int             // that were made
	proofs   map[string]bool // that servers have seen
	taken    map[string]bool // keys with which somebody has signed in
	gifts    []*gift         // that providers have given
	leavers  []leaver
	exits    []exit
	renewals map[*program]int
}

// vary draws the variety of a world.
func (w *world) vary() (moods *rand.Rand) {
	//lint:ignore gosec G404: a simulation, repeatable by its seed
	moods = rand.New(rand.NewPCG(w.seed, 3))
	one := func(in int) bool { return moods.IntN(in) == 0 }
	w.variety = variety{
		bound: one(4), nonces: one(2), userinfo: one(3), byHand: one(3), sources: one(3), crowded: one(4), copied: one(6),
		fickle: !w.calm && one(2), terse: one(3), idle: !w.calm && one(2), trips: one(8), unkept: one(5), unheard: one(5), slow: !one(3), heedless: one(3), restless: one(6), proofs: map[string]bool{}, taken: map[string]bool{}, renewals: map[*program]int{},
	}
	w.slow = w.slow && !w.restless
	w.unheard = w.unheard && !w.unkept && !w.mixed // a release that knows no order hears of others by that alone
	return moods
}

// String is the world in a trace: what it has.
func (w *world) String() string {
	text, v := "a world:", &w.variety
	for _, each := range []struct {
		has  bool
		word string
	}{
		{w.calm, "calm"}, {w.mixed, "mixed"}, {w.disorder, "in disorder"}, {w.refusesStepUp, "refuses step-ups"}, {v.bound, "bound"}, {v.nonces, "nonces"},
		{v.userinfo, "userinfo"}, {v.byHand, "by hand"}, {v.sources, "sources"}, {v.crowded, "crowded"}, {v.copied, "copied"}, {v.fickle, "fickle"},
		{v.terse, "terse"}, {v.idle, "idle"}, {v.trips, "trips"}, {v.unkept, "unkept"}, {v.unheard, "unheard"}, {v.slow, "slow"}, {v.heedless, "heedless"}, {v.restless, "restless"},
	} {
		if each.has {
			text += " " + each.word
		}
	}
	return text
}

// varied adds to the settings of a tab.
func (t *tab) varied(moods *rand.Rand) {
	v, s := &t.w.variety, &t.settings
	one := func(in int) bool { return moods.IntN(in) == 0 }
	mostly := func() bool { return !one(4) }
	s.DPoP = v.bound && one(2)
	s.LoadUserinfo = v.userinfo && mostly()
	s.ManualRenew = v.byHand
	if v.sources && one(2) {
		s.Provider.Metadata = t.app.provider.about
	}
	if v.terse && mostly() {
		s.RefreshScope = "none-of-them"
	}
	if v.idle && one(2) {
		s.Idle = session.IdleSettings{Timeout: 40 * time.Second, RemoveOnly: one(2)}
	}
	if v.trips {
		s.Restore = session.RestoreRedirect
	}
	s.Fetch.Allow = []session.API{{URL: api}, {URL: orders, Resource: orders}, {URL: files}}
}

// A source is what a session of a program is known by, here.
type source struct {
	app      *app
	metadata string // that the tab brings
}

func (t *tab) source() source { return source{t.app, t.settings.Provider.Metadata} }

// thinks returns what tells whether a person is still busy with what is on the screen.
func (w *world) thinks() (busy func() bool) {
	if !w.slow {
		return func() bool { return false }
	}
	takes := time.Duration(5+w.dice.IntN(50)) * time.Second
	until := time.Now().Add(takes)
	time.AfterFunc(takes, w.stir)
	return func() bool { return time.Now().Before(until) }
}
