//go:build !js

package explore

import (
	"time"

	"github.com/oidcspa/oidcspa/session"
	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// What a page does with what the storage of the origin holds, and with what happens
// to it: package pagemodel decides, as web/shim does in JavaScript.

// stored is what the page reads in storage.
func (p *page) stored() pagemodel.Standing { return p.w.storage[p.app] }

// hint is what the page tells a program of that. One of the release that knows no
// order has none to tell.
func (p *page) hint() session.Hint {
	s := p.stored()
	if p.release == "old" {
		return session.Hint{SignedIn: s.SignedIn, Order: session.NoOrder}
	}
	return session.NewHint(s.SignedIn, s.Order)
}

// Hint is [session.Listener]: the page keeps what its program tells, and the other
// pages of the origin hear that the storage has changed.
func (l *link) Hint(h session.Hint) {
	if l.stopped() {
		return
	}
	l.program.knows(l.app, h.Order)
	p, w := l.page, l.w
	before, told := p.stored(), pagemodel.Standing{SignedIn: h.SignedIn, Order: h.Kept()}
	if p.release == "old" {
		told.Order = before.Order
	}
	if told == before || !pagemodel.IsNews(before, told, time.Now()) {
		return
	}
	if told.Order == "" {
		told.Order = before.Order
	}
	if w.unkept {
		return
	}
	w.storage[p.app], w.kept[p.app] = told, l.program.heard(p.app)
	w.say("%s keeps of %s: %v", p.name, p.app.name, told)
	w.tellStored(p.app, p)
}

// tellStored tells the pages, but for the one that has done it, that the storage of
// the origin has changed.
func (w *world) tellStored(a *app, by *page) {
	for _, t := range w.tabs {
		if other := t.page; other != nil && other != by && t.app == a {
			w.tell("a storage event for "+t.name, "storage "+t.name, func() bool { return t.page == other && other.silent() }, func() {
				if t.page == other {
					other.react(pagemodel.Stored)
				}
			})
		}
	}
}

// react does what follows from an event.
func (p *page) react(event pagemodel.Event) {
	if p.client == nil { // it is being opened
		return
	}
	connected := !p.left && !p.program.ended
	switch pagemodel.Reaction(event, p.stored(), pagemodel.Page{Connected: connected, Left: p.left}) {
	case pagemodel.Ask, pagemodel.Find:
		if !connected {
			p.left = false
			p.program = p.tab.program()
			p.join()
		}
		p.ask()
	case pagemodel.Tell:
		client, hint, outs, program := p.client, p.hint(), p.w.kept[p.app], p.program
		pass := p.w.gate(program, "hears of the storage")
		go func() {
			pass()
			program.reads(p.app, hint, outs)
			client.Hinted(hint)
			client.Wake()
		}()
	}
}
