//go:build !js

package explore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/session"
)

// A program is a registry: a worker, or what runs in one page.
type program struct {
	w           *world
	name        string
	release     string
	onePage     bool
	registry    *session.Registry
	ended       bool
	frozen      bool
	slept       bool                 // it was frozen once
	born        int                  // the step
	emptied     int                  // the step at which its user went
	idleLeft    time.Time            // when a tab left that wants idle users signed out
	busyAt      map[source]time.Time // when somebody was there last: a tab came, or said so
	over        map[string]int       // the sessions of providers that it has heard the end of, and at which step
	requests    map[*app]int         // refresh requests in flight
	orders      map[*app]int64       // of the last act that it is known to know
	minute      time.Time
	sent        int       // in that minute
	heardAt     time.Time // when news came last
	took        *record   // from the keeper; nil: nothing
	gives       *record   // that has not come there yet
	holds       map[*app]holding
	knowsKeeper bool
	sendings    []*sending
	known       map[source]bool // the sessions that a page was opened for
}

// asleep says that nothing of the program goes on.
func (p *program) asleep() bool { return p.frozen && !p.ended }

// program returns the one that a page is to be served by: the shared one of its
// release that runs, else a new one.
func (t *tab) program() *program {
	w := t.w
	if t.shared {
		for _, p := range w.programs {
			if !p.ended && !p.onePage && p.release == t.release {
				return p
			}
		}
	}
	p := &program{w: w, name: fmt.Sprintf("program %d", len(w.programs)+1), release: t.release, onePage: !t.shared, born: w.steps, requests: map[*app]int{}, orders: map[*app]int64{}, busyAt: map[source]time.Time{}, known: map[source]bool{}}
	p.registry = session.NewRegistry(session.Config{
		Transport: p, OnePage: p.onePage, Broadcast: p.broadcast, NewKey: p.newKey,
		Tick: cond(mix(w.seed, 13)%4 == 0, 0, 30*time.Second), // nothing stops the timers here
		//lint:ignore gosec G404: a simulation, repeatable by its seed
		Rand:    random{rand.New(rand.NewPCG(w.seed, uint64(100+len(w.programs))))},
		Gate:    func(point string) func() { return w.gate(p, point) },
		OnPanic: func(value any, stack []byte) { w.violate("panic", fmt.Sprintf("%v\n%s", value, stack)) },
	})
	w.programs = append(w.programs, p)
	p.takesOver()
	return p
}

// A message is what a program has told the others.
type message struct {
	by   *program
	text string
	outs []*act // the sign-outs that it had heard of
}

// broadcast gives a message to the other programs, in the order of each pair.
func (p *program) broadcast(text []byte) {
	if p.checkIdle(string(text)); p.ended || p.w.unheard {
		return
	}
	w, m := p.w, &message{p, string(text), p.heard(p.w.appIn(string(text)))}
	w.said = append(w.said, m)
	for _, other := range w.programs {
		if other == p || other.ended {
			continue
		}
		queue := p.name + other.name
		switch {
		case w.mixed: // without an order, that of the sender is all that there is
			queue = other.name
		case w.disorder:
			queue = ""
			if mix(w.seed, uint64(len(w.said)))%8 == 0 {
				m.deliver(other, "")
			}
		}
		m.deliver(other, queue)
	}
}

// deliver has a message come to a program.
func (m *message) deliver(to *program, queue string) {
	text := m.text
	unordered := m.by.release == "old" || to.release == "old"
	if unordered {
		text = withoutOrder(text)
	}
	w, lost := to.w, to.cached() // no page hears anything in the back/forward cache
	w.tell("news of "+m.by.name+" for "+to.name, queue, to.asleep, func() {
		if to.ended {
			return
		}
		if lost {
			w.lost = w.steps
			return
		}
		w.hears = func() {
			to.hears(m.outs)
			if unordered {
				to.rumour(w.appIn(text), strings.Contains(text, `"who":""`))
			}
		}
		to.registry.Heard([]byte(text))
		w.hears, to.heardAt = nil, time.Now()
	})
}

// cached tells whether the page of a program is in the back/forward cache.
func (p *program) cached() bool {
	return p.onePage && slices.ContainsFunc(p.w.tabs, func(t *tab) bool { return t.cached != nil && t.cached.program == p })
}

// withoutOrder is a message of a release that knows no order.
func withoutOrder(message string) string {
	before, after, found := strings.Cut(message, `,"order":`)
	if !found {
		return message
	}
	return before + strings.TrimLeft(after, "0123456789")
}

// end ends a program: nothing of it is seen any more.
func (p *program) end() {
	w := p.w
	w.say("%s ends", p.name)
	p.loseRequests()
	p.ended = true
	done := map[source]bool{}
	if w.mixed && time.Since(p.heardAt) == 0 { // it may not have read it, and storage does not tell
		w.lost = w.steps
	}
	for _, t := range w.tabs {
		for _, page := range []*page{t.page, t.cached} {
			if page != nil && page.program == p && page.client != nil {
				_ = page.client.RemoveUser(context.Background())
				page.client.Close()
				done[t.source()] = true
			}
		}
	}
	p.letGo(done)
}

// letGo signs out who is signed in without a tab, so that goroutines end.
func (p *program) letGo(done map[source]bool) {
	for _, t := range p.w.tabs {
		if sessions, _, _ := p.registry.Known(); sessions == 0 {
			return
		}
		if done[t.source()] {
			continue
		}
		if client, err := t.nowhere(p).open(session.Hint{}); err == nil {
			_ = client.RemoveUser(context.Background())
			client.Close()
		}
		done[t.source()] = true
	}
}
