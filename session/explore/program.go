//go:build !js

package explore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/session"
)

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
	p := &program{w: w, name: fmt.Sprintf("program %d", len(w.programs)+1), release: t.release, onePage: !t.shared, born: w.steps, requests: map[*app]int{}}
	p.registry = session.NewRegistry(session.Config{
		Transport: p, OnePage: p.onePage, Broadcast: p.broadcast, NewKey: p.newKey,
		//lint:ignore gosec G404: a simulation, repeatable by its seed
		Rand:    random{rand.New(rand.NewPCG(w.seed, uint64(100+len(w.programs))))},
		Gate:    func(point string) func() { return w.gate(p, point) },
		OnPanic: func(value any, stack []byte) { w.violate("panic", fmt.Sprintf("%v\n%s", value, stack)) },
	})
	w.programs = append(w.programs, p)
	return p
}

// broadcast gives a message to the other programs, in the order of each pair.
func (p *program) broadcast(message []byte) {
	p.checkIdle(string(message))
	for _, other := range p.w.programs {
		if other == p || other.ended || p.ended || p.w.unheard {
			continue
		}
		text, queue := string(message), p.name+other.name
		if p.w.mixed { // without an order, that of the sender is all that there is
			queue = other.name
		}
		if p.release == "old" || other.release == "old" {
			text = withoutOrder(text)
		}
		lost := other.cached() // no page hears anything in the back/forward cache
		p.w.tell("news of "+p.name+" for "+other.name, queue, other.asleep, func() {
			if !other.ended && !lost {
				other.registry.Heard([]byte(text))
			}
		})
	}
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
	p.ended = true
	for _, t := range w.tabs {
		for _, page := range []*page{t.page, t.cached} {
			if page != nil && page.program == p && page.client != nil {
				_ = page.client.RemoveUser(context.Background())
				page.client.Close()
			}
		}
	}
	// Who is signed in without a tab is let go of, so that goroutines end.
	for _, t := range w.tabs {
		if client, err := t.nowhere(p).open(session.Hint{}); err == nil {
			_ = client.RemoveUser(context.Background())
			client.Close()
		}
	}
}
