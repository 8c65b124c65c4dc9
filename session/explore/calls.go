//go:build !js

package explore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/session"
	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// A call is one of the app to its client.
type call struct {
	page      *page
	name      string
	began     time.Time
	ctx       context.Context
	cancel    context.CancelFunc
	done      bool
	abandoned bool // the page is gone
	slept     bool // the page did, meanwhile
	err       error
	moves     bool // it may send the tab away
	windows   bool // it may open windows
}

// call begins a call.
func (p *page) call(name string, fn func(ctx context.Context, c *call) error) *call {
	w := p.w
	c := &call{page: p, name: name, began: time.Now()}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.moves = strings.Contains(name, "Redirect") || name == "getUser" && p.settings.Restore == session.RestoreRedirect ||
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
	returnTo := ""
	if p.settings.Restore == session.RestoreRedirect {
		returnTo = "https://app.example.test/"
	}
	p.call("getUser", func(ctx context.Context, c *call) error {
		user, err := client.Restore(ctx, returnTo)
		p.checkUser(c, user, err)
		return err
	})
}

// thaw has a frozen page go on.
func (p *page) thaw() {
	p.frozen, p.program.frozen = false, false
	p.client.Sleeps(false)
	p.react(pagemodel.Woken)
}

// act is a call that brings somebody.
func (p *page) act(name string, a *act, fn func(ctx context.Context) (*session.User, error)) {
	w := p.w
	a.asked, a.behind, a.at = w.tick(), w.newsUnderway(), p.app.provider.session
	w.acts = append(w.acts, a)
	p.call(name, func(ctx context.Context, c *call) error {
		user, err := fn(ctx)
		w.ended(a, user, err)
		p.signed(a)
		switch {
		case a.silent:
			p.checkSilent(c, a, err)
		case name != "storeUser":
			p.checkCallback(c, a, err)
		}
		return err
	})
}

func (w *world) ended(a *act, user *session.User, err error) {
	a.done, a.succeeded = w.tick(), err == nil && user != nil
	if a.succeeded {
		a.who, a.brought, a.after = name(user), user.AccessToken, a.app.provider.session
	}
}

// tick returns a number that is higher than all before.
func (w *world) tick() int {
	w.steps++
	return w.steps
}

// signin is an interactive sign-in in this page.
func (p *page) signin(name string, fn func(ctx context.Context) (*session.User, error)) {
	p.act(name, &act{app: p.app}, fn)
}

func (p *page) signout(name string, fn func(ctx context.Context) error) {
	a := &act{app: p.app, succeeded: true, out: true}
	p.w.acts = append(p.w.acts, a)
	a.asked = p.w.tick()
	user := p.client.Current()
	a.tidy = name == "removeUser" && user == nil
	p.leaves(p.call(name, func(ctx context.Context, _ *call) error {
		err := fn(ctx)
		a.done = p.w.tick()
		return err
	}), user)
}

// signinRedirect is an interactive sign-in that leaves the page.
func (p *page) signinRedirect(args session.SigninArgs) {
	a := &act{app: p.app, left: p.tab, asked: p.w.tick(), behind: p.w.newsUnderway()}
	p.w.acts = append(p.w.acts, a)
	if p.away == nil { // several may leave: what comes back is of the first, for all that is known
		p.away = a
	}
	client := p.client
	p.call("signinRedirect", func(ctx context.Context, c *call) error {
		err := client.SigninRedirect(ctx, args)
		p.checkAsked(c, args, err)
		if err != nil && a.done == 0 {
			a.done = p.w.tick()
		}
		return err
	})
}

// signinCallback is what the page calls that the provider sent the tab back to.
func (p *page) signinCallback(back string) {
	a := p.away
	if a == nil {
		a = &act{app: p.app, silent: true, stepUp: true, since: p.stepped, asked: p.w.tick()} // of a restore, or of a step-up
		p.w.acts = append(p.w.acts, a)
	}
	p.away = nil
	p.settled(a)
	client := p.client
	p.call("signinCallback", func(ctx context.Context, c *call) error {
		user, err := client.SigninCallback(ctx, back)
		p.w.ended(a, user, err)
		p.signed(a)
		p.checkCallback(c, a, err)
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
					program.hears(p, session)
					program.registry.FrontChannelLogout(url)
				}
			})
		}
	}
}
