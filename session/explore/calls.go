//go:build !js

package explore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// A call is one of the app to its client.
type call struct {
	page      *page
	name      string
	began     time.Time
	step      int // of that
	ctx       context.Context
	cancel    context.CancelFunc
	done      bool
	abandoned bool      // the page is gone
	left      time.Time // since then
	frame     bool      // it is a silent sign-in that wants a frame
	scope     string    // it is one that asks for a scope of its own
	explains  bool      // it is why there was a refresh request
	slept     bool      // the page did, meanwhile
	err       error
	people    []string // who was there when it began, or has come since
	moves     bool     // it may send the tab away
	windows   bool     // it may open windows
}

// who is there for the page; empty: nobody.
func (p *page) who() string { return name(p.client.Current()) }

// call begins a call.
func (p *page) call(name string, fn func(ctx context.Context, c *call) error) *call {
	w := p.w
	c := &call{page: p, name: name, began: time.Now(), step: w.tick(), people: []string{p.who()}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	restores := name == "getUser" || name == "signinCallback of another client" // whose response another client of the page has read
	c.moves = strings.Contains(name, "Redirect") || restores && p.settings.Restore == session.RestoreRedirect ||
		name == "fetch" && p.settings.Fetch.StepUp == session.StepUpRedirect
	c.windows = strings.Contains(name, "Popup") || name == "fetch" && p.settings.Fetch.StepUp == session.StepUpPopup
	p.calls = append(p.calls, c)
	w.calls = append(w.calls, c)
	t := w.issue(p.name+" "+name, p.program)
	pass := w.wait(t)
	go func() {
		pass()
		err := fn(c.ctx, c)
		c.done, c.err = true, err
		p.calls = slices.DeleteFunc(p.calls, func(other *call) bool { return other == c })
		w.say("%s: %s: %v", p.name, name, err)
		if !c.abandoned {
			p.checkAnswer(c)
		}
	}()
	if synctest.Wait(); !p.program.asleep() { // what it begins with, it does at once
		w.let(t)
	}
	return c
}

// ask is getUser.
func (p *page) ask() {
	client := p.client
	returnTo, a := "", (*act)(nil)
	if p.settings.Restore == session.RestoreRedirect {
		returnTo, a = "https://app.example.test/", &act{silent: true}
		p.begins("getUser", a)
	}
	p.call("getUser", func(ctx context.Context, c *call) error {
		user, err := client.Restore(context.WithValue(ctx, asksFor{}, a), returnTo)
		p.checkUser(c, user, err)
		return err
	})
}

// freeze has a page stop; told: its program knows.
func (p *page) freeze(told bool) {
	p.frozen, p.program.slept = true, true
	for _, c := range p.calls {
		c.slept = true
	}
	if p.program.onePage {
		p.program.frozen = true
	} else if told {
		p.client.Sleeps(true)
	}
}

// thaw has a frozen page go on.
func (p *page) thaw() {
	p.frozen, p.program.frozen = false, false
	p.client.Sleeps(false)
	p.react(pagemodel.Woken)
}

// asks has an act begin in the page.
func (p *page) asks(what string, a *act) {
	p.begins(what, a)
	p.w.acts = append(p.w.acts, a)
}

// begins notes what an act begins with.
func (p *page) begins(what string, a *act) {
	a.what = what + " in " + p.name + ", " + p.program.name
	a.app, a.program, a.asked, a.known = p.app, p.program, p.w.tick(), p.program.orders[p.app]
	a.behind, a.at = p.w.newsUnderway(), p.app.provider.session
	if a.out {
		a.heard, a.read = map[*program]int{p.program: a.asked}, map[*program]int{}
	}
}

// asksFor is the key of the act in the context of what does it.
type asksFor struct{}

// act is a call that brings somebody.
func (p *page) act(name string, a *act, fn func(ctx context.Context) (*session.User, error)) *call {
	p.asks(name, a)
	since := p.w.steps
	return p.call(name, func(ctx context.Context, c *call) error {
		user, err := fn(ctx)
		p.ended(a, user, err)
		a.goesOn = c.abandoned
		p.signed(a)
		switch {
		case a.silent:
			p.checkSilent(c, a, err)
		case name != "storeUser":
			p.checkCallback(c, a, since, err)
		}
		return err
	})
}

// ended is for a sign-in that ends in this page, which may have come to another
// program than the one that was asked for it.
func (p *page) ended(a *act, user *session.User, err error) {
	w := p.w
	a.order, a.came = p.program.orders[a.app], p.program
	a.ended = time.Now()
	a.done, a.succeeded, a.left = w.tick(), err == nil && user != nil, a.app.provider.session
	if a.succeeded {
		a.who, a.brought = name(user), user.AccessToken
	}
}

// tick returns a number that is higher than all before.
func (w *world) tick() int {
	w.steps++
	return w.steps
}

// signin is an interactive sign-in in this page.
func (p *page) signin(name string, fn func(ctx context.Context) (*session.User, error)) {
	p.act(name, &act{}, fn)
}

// signinSilent is a silent sign-in of the app in this page.
func (p *page) signinSilent(args session.SigninArgs) {
	client := p.client
	c := p.act("signinSilent", &act{silent: true, more: args.Scope != ""}, func(ctx context.Context) (*session.User, error) {
		return client.SigninSilent(ctx, args)
	})
	c.frame, c.scope = args.ForceFrame, args.Scope
}

// signout is a sign-out in this page. It tidies up if nobody is there.
func (p *page) signout(name string, tidies bool, fn func(ctx context.Context) error) {
	a, user := &act{succeeded: true, out: true, tidies: tidies}, p.client.Current()
	p.asks(name, a)
	p.leaves(p.call(name, func(ctx context.Context, _ *call) error {
		err := fn(ctx)
		a.done, a.order = p.w.tick(), p.program.orders[p.app]
		return err
	}), user)
	a.order = p.program.orders[p.app]
}

// signinRedirect is an interactive sign-in that leaves the page.
func (p *page) signinRedirect(args session.SigninArgs) {
	a, client := &act{tab: p.tab}, p.client
	p.asks("signinRedirect", a)
	p.call("signinRedirect", func(ctx context.Context, c *call) error {
		err := client.SigninRedirect(context.WithValue(ctx, asksFor{}, a), args)
		p.checkAsked(c, args, err)
		if err != nil && a.done == 0 {
			a.done = p.w.tick()
		}
		return err
	})
}

// signinCallback is what the page calls that the provider sent the tab back to.
func (p *page) signinCallback(back string, state oidc.Secret) {
	a := p.away[state]
	switch {
	case a == nil: // of a step-up
		a = &act{silent: true, stepUp: true, since: p.stepped}
		p.asks("signinCallback", a)
	case a.silent:
		a.stepUp = true
		p.w.acts = append(p.w.acts, a)
	}
	p.settled(a)
	a.behind = a.behind || p.w.newsUnderway()
	client := p.client
	since := p.w.steps
	p.call("signinCallback", func(ctx context.Context, c *call) error {
		user, err := client.SigninCallback(ctx, back)
		p.ended(a, user, err)
		a.goesOn = c.abandoned
		p.signed(a)
		p.checkCallback(c, a, since, err)
		p.checkArrival(c, a, back, err)
		return err
	})
	if p.refetch {
		p.refetch = false
		p.fetch(true, true)
	}
}

// fetch is a request of the app to the API.
func (p *page) fetch(repeatable, strong bool) string {
	url := api + "/items"
	if strong {
		url = api + "/strong"
	}
	p.send(url, repeatable, true)
	return fmt.Sprintf("fetch (repeatable %t, strong %t)", repeatable, strong)
}

// frontChannel tells the programs that a session of a provider is over.
func (w *world) frontChannel(p *provider, session int) {
	p.named, p.namedSession = w.tick(), session
	url := fmt.Sprintf("https://app.example.test/frontchannel.html?iss=%s&sid=%d", strings.ReplaceAll(strings.ReplaceAll(p.issuer, ":", "%3A"), "/", "%2F"), session)
	for _, program := range w.programs {
		if !program.ended {
			w.later("the front channel for "+program.name, "", program.asleep, func() {
				if !program.ended {
					program.hearsEnd(p, session)
					program.registry.FrontChannelLogout(url)
				}
			})
		}
	}
}
