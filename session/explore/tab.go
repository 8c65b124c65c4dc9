//go:build !js

package explore

import (
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// A tab shows one page at a time. What it keeps, sessionStorage, outlives pages.
type tab struct {
	w          *world
	name       string
	app        *app
	release    string
	shared     bool // the app wants a shared worker
	settings   session.Settings
	kept       map[oidc.Secret]session.Transaction
	page       *page                // nil while it is elsewhere
	cached     *page                // in the back/forward cache
	away       map[oidc.Secret]*act // the sign-ins that the tab has left for, by state
	refetch    bool                 // a fetch was not done for want of a step-up
	stepped    int                  // the step of that
	restored   int                  // the step of the call for which it was sent away to restore the session last
	restoredAt time.Time
	restoredTo int64 // the order that its program knew then; -1: its session may not
	restoredIn *page
	marked     int         // the step at which it noted that
	arrived    int         // the step of the last sign-in by a call of it
	leaves     []time.Time // by itself, for step-ups
	visit      int         // counts where it was sent
	closed     bool
}

// A page is a document with a client.
type page struct {
	*tab
	number  int
	program *program
	link    *link
	client  *session.Client
	gone    bool // the document is
	frozen  bool
	left    bool // it left its program, to sleep

	found     session.Hint  // when it was opened
	opened    int           // the step of that
	toldAt    int           // the step of the last of the events
	failed    error         // of the last getUser
	told      string        // of the events: who is signed in; "" for nobody
	events    int           // that told
	scope     string        // what the last user of the events had
	atSession int           // the session of the provider then
	clear     bool          // no news was on the way then
	shows     string        // whom a person sees there, whatever program serves the page
	cameAt    int           // the step at which somebody was told after nobody
	cameWith  oidc.Secret   // the access token then
	lostAt    int           // the step at which it was told that the session is over, with a reason
	response  string        // the code that it reads
	loaded    *session.User // whom it has since it joined its program, or was told of last
	wanted    []string      // the scopes that it was sent to the provider for
	calls     []*call
}

// nowhere is a page of the tab that is not shown.
func (t *tab) nowhere(p *program) *link { return &link{page: &page{tab: t, gone: true}, program: p} }

// load shows the app in the tab.
func (t *tab) load() {
	t.visit++
	p := &page{tab: t, number: t.visit, program: t.program()}
	p.join()
	t.page = p
	t.w.say("%s shows %s, in %s", t.name, t.app.name, p.program.name)
}

func (l *link) open(hint session.Hint) (*session.Client, error) {
	l.program.reads(l.app, hint, l.w.kept[l.app])
	l.page.found, l.page.opened = hint, l.w.steps
	l.program.busyAt[l.source()] = time.Now()
	l.program.slept = l.program.slept || l.page.frozen
	settings := l.settings
	if l.page.gone { // it sends nothing
		settings.Fetch = session.FetchSettings{}
	}
	client, err := l.program.registry.Open(settings, session.Page{
		Navigator: l, Framer: l, Popper: l, Transactions: l, Listener: l, Checker: l,
	}, hint)
	if err == nil {
		l.goesOn(client.Current())
	}
	return client, err
}

// join has the page served by its program.
func (p *page) join() {
	p.link = &link{page: p, program: p.program}
	var client *session.Client
	hint, link := p.hint(), p.link
	go func() {
		var err error
		if client, err = link.open(hint); err != nil {
			panic(err) // the settings are ours
		}
	}()
	for synctest.Wait(); client == nil; {
		p.w.violate("open", "to open "+p.name+" takes its time")
		if !p.w.step() {
			p.w.rest(time.Minute)
		}
	}
	p.client, p.told, p.events, p.loaded = client, "", 0, client.Current()
}

// unload ends the page, or lets it sleep in the back/forward cache.
func (t *tab) unload(persisted bool) {
	p := t.page
	if p == nil {
		return
	}
	t.page = nil
	if t.settings.Idle.Timeout > 0 {
		p.program.idleLeft = time.Now()
	}
	if persisted && p.program.onePage {
		for _, c := range p.calls {
			c.slept = true
		}
		t.cached, p.program.frozen, p.program.slept = p, true, true
		return
	}
	p.abandon()
	if !persisted {
		p.gone = true
		p.client.Close()
		if p.program.onePage {
			p.program.end()
		} else {
			p.program.endIfAlone()
		}
		return
	}
	t.cached = p
	p.left, p.link.ended = true, true
	p.client.Close()
	p.program.endIfAlone()
}

// abandon has the page hear nothing of its calls any more.
func (p *page) abandon() {
	for _, c := range p.calls {
		c.cancel()
		c.abandoned, c.left = true, time.Now()
	}
	p.calls = nil
}

// endIfAlone ends a shared worker that no page is left of.
func (p *program) endIfAlone() {
	for _, t := range p.w.tabs {
		if t.page != nil && t.page.program == p {
			return
		}
	}
	if !p.ended {
		p.end()
	}
}

// comeBack shows the page out of the back/forward cache.
func (t *tab) comeBack() {
	p := t.cached
	if p == nil || t.closed {
		return
	}
	t.unload(false)
	t.cached, t.page = nil, p
	p.program.frozen = false
	t.w.say("%s comes back", t.name)
	p.react(pagemodel.Shown)
}

// close closes the tab.
func (t *tab) close() {
	t.closed = true
	t.settled(nil)
	if c := t.cached; c != nil {
		t.cached = nil
		c.abandon()
		c.gone = true
		if c.program.onePage {
			c.program.frozen = false
			c.client.Close()
			c.program.end()
		}
	}
	t.unload(false)
}

// crash ends the program of a page that goes on, with a new one.
func (p *page) crash() {
	old := p.program
	old.frozen = false
	old.end()
	for _, t := range p.w.tabs {
		if page := t.page; page != nil && page.program == old {
			page.abandon() // runtime_stopped
			page.react(pagemodel.Lost)
		}
		if page := t.cached; page != nil && page.program == old {
			page.left = true
		}
	}
}
