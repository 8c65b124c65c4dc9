//go:build !js

package explore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/session"
)

// tokenDeeds are the operations about tokens and what they are for.
func tokenDeeds(inPage func(do func(p *page, client *session.Client, n uint64) string) func(*world, uint64) string) []deed {
	return []deed{
		{"fetch anything", 8, false, inPage(func(p *page, _ *session.Client, n uint64) string {
			address := addresses[n%uint64(len(addresses))]
			if n/256%4 == 0 && p.settings.Fetch.StepUp != "" {
				address = addresses[2+n%2] // it wants more
			}
			p.send(address, n/64%2 == 0, n/128%2 == 0)
			return "fetch of " + address
		})},
		{"poll", 2, false, inPage(func(p *page, _ *session.Client, n uint64) string {
			address := addresses[n%8]
			p.poll(address)
			return "fetch of " + address + " again and again"
		})},
		{"refuse", 2, false, func(w *world, _ uint64) string {
			w.refusing = !w.refusing
			return fmt.Sprintf("the APIs refuse every token: %t", w.refusing)
		}},
		{"signinRedirect for more", 3, false, inPage(func(p *page, _ *session.Client, n uint64) string {
			if n%2 == 0 { // and before that for less
				p.signinRedirect(session.SigninArgs{})
			}
			args := session.SigninArgs{Scope: p.settings.Scope + " write"}
			p.signinRedirect(args)
			return fmt.Sprintf("signinRedirect (twice %t, scope %q)", n%2 == 0, args.Scope)
		})},
		{"nearly over", 4, false, inPage(func(p *page, client *session.Client, n uint64) string {
			user := client.Current()
			if user == nil || user.ExpiresAt == 0 {
				return ""
			}
			left := []time.Duration{2 * time.Second, 6 * time.Second, 9 * time.Second, 70 * time.Second}[n%4]
			p.w.settle(time.Until(time.Unix(user.ExpiresAt, 0)) - left)
			return "nothing, until its access token has " + left.String() + " left"
		})},
		{"as it ends", 3, false, inPage(func(p *page, client *session.Client, n uint64) string {
			user := client.Current()
			if user == nil || user.ExpiresAt == 0 {
				return ""
			}
			p.w.settle(time.Until(time.Unix(user.ExpiresAt, 0)) - time.Duration(n%20)*time.Second)
			if p.tab.page != p || p.silent() {
				return "nothing, until its access token has ended"
			}
			if n/4096%2 == 0 { // others wait for the turn
				p.signinSilent(session.SigninArgs{Scope: p.settings.Scope + " extra"})
				p.w.goOn(int(n / 8192 % 4))
				if p.tab.page != p || p.silent() {
					return "signinSilent as its access token ends"
				}
			}
			p.ask()
			p.send(addresses[n/32%8], true, n/16%2 == 0)
			if n/256%2 == 0 {
				return "getUser and fetch as its access token ends"
			}
			return "getUser and fetch as its access token ends, and at once " + p.acts(n/512)
		})},
		{"in two ways", 2, false, inPage(func(p *page, client *session.Client, n uint64) string {
			if client.Current() == nil && !p.hint().SignedIn {
				return ""
			}
			if n%2 == 0 { // and is new
				p.tab.unload(false)
				p.tab.load()
				p, client = p.tab.page, p.tab.page.client
			}
			for _, args := range []session.SigninArgs{{ForceFrame: client.Current() == nil}, {Scope: p.settings.Scope + " extra"}} {
				p.signinSilent(args)
			}
			p.ask()
			p.send(orders+"/1", true, true)
			return "signinSilent twice, getUser and fetch"
		})},
		{"fetch meanwhile", 3, false, inPage(func(p *page, client *session.Client, n uint64) string {
			if client.Current() == nil {
				return ""
			}
			if n%2 == 0 {
				for _, t := range p.app.provider.access {
					t.refused = true
				}
			}
			if n/512%4 == 0 && client.Current().ExpiresAt != 0 { // and that is when its token ends
				p.w.settle(time.Until(time.Unix(client.Current().ExpiresAt, 0)) - time.Duration(n/2048%5)*time.Second)
			}
			if p.tab.page != p || p.silent() {
				return "nothing for a while"
			}
			address := addresses[n/2%8]
			p.send(address, true, n/16%2 == 0)
			p.w.goOn(int(n / 32 % 16))
			if p.tab.page != p || p.silent() {
				return "fetch of " + address
			}
			who := cond(p.who() == "bob", "alice", "bob")
			p.signinPassword(who)
			return "fetch of " + address + ", and meanwhile signinResourceOwnerCredentials as " + who
		})},
		{"one after the other", 2, false, inPage(func(p *page, client *session.Client, n uint64) string {
			if client.Current() == nil || p.settings.Fetch.StepUp != session.StepUpPopup {
				return ""
			}
			who := cond((p.who() == "bob") == (n/16%2 == 0), "alice", "bob")
			for _, do := range []func(){
				func() { p.fetch(true, true) },
				func() {
					p.signout("removeUser", client.Current() == nil, func(ctx context.Context) error { return client.RemoveUser(ctx) })
				},
				func() { p.signinPassword(who) },
				func() { p.fetch(true, true) },
			} {
				do()
				p.w.settle(time.Duration(1+n%15) * time.Second)
				if p.tab.page != p || p.silent() || p.program.ended {
					break
				}
			}
			return "fetch of what wants a stronger sign-in, removeUser, and the same as " + who
		})},
		{"crash and fetch", 1, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			if p.program.onePage || client.Current() == nil {
				return ""
			}
			if !p.w.calm {
				who := cond(p.who() == "bob", "alice", "bob")
				p.app.provider.signOut()
				p.app.provider.signIn(who)
			}
			p.crash()
			p.send(api+"/items", true, true)
			return "fetch, and has lost its worker"
		})},
		{"meanwhile", 3, false, inPage(func(p *page, _ *session.Client, n uint64) string {
			return p.meanwhile(n)
		})},
		{"apart", 4, false, inPage(func(p *page, _ *session.Client, n uint64) string {
			return p.apart(n)
		})},
		{"at once", 4, false, inPage(func(p *page, _ *session.Client, n uint64) string {
			for _, other := range p.w.pages() {
				if other != p && other.app == p.app && other.program != p.program && !other.silent() {
					what := ""
					if n/64%2 == 0 { // and nobody has heard of that
						what = p.acts(n/256) + ", "
					}
					what += p.acts(n)
					if n/128%2 == 0 {
						p.w.goOn(int(n / 2048 % 24))
					}
					if other.tab.page != other || other.silent() {
						return what
					}
					return what + ", and at once " + other.name + " " + other.acts(n/8)
				}
			}
			return ""
		})},
	}
}

// meanwhile has somebody else sign in, in the page or in another one, while the page,
// which is new, looks who is there. It may find that the session has ended.
func (p *page) meanwhile(n uint64) string {
	w, t, by := p.w, p.tab, p.tab
	for _, other := range w.pages() {
		if n%2 == 0 && other.app == p.app && other.program != p.program && !other.silent() {
			by = other.tab
		}
	}
	if !w.calm && n/2%2 == 0 {
		p.app.provider.signOut()
	}
	t.unload(false)
	t.load()
	t.page.ask()
	program := t.page.program
	if n/32%2 == 0 {
		t.page.signinSilent(session.SigninArgs{ForceFrame: true})
	}
	w.goOn(int(n / 4 % 8))
	if by.page == nil || by.page.silent() {
		return p.name + " is reloaded"
	}
	who := cond(p.app.provider.subject == "bob", "alice", "bob")
	by.page.signinPassword(who)
	if by != t && n/64%2 == 0 { // whose answers take long
		w.whileStuck(func(t *ticket) bool { return t.far && t.owner == program }, func() { w.goOn(int(n / 128 % 24)) })
	}
	return t.name + " is reloaded, and meanwhile " + who + " signs in in " + by.name
}

// apart has people sign in and out in two programs, or in one, which hear of each other
// later, and in the same millisecond or not.
func (p *page) apart(n uint64) string {
	w, by, what := p.w, []*page{p}, ""
	if n>>40%3 == 0 { // and everybody has gone before
		p.signout("removeUser", p.who() == "", func(ctx context.Context) error { return p.client.RemoveUser(ctx) })
		if w.settle(2 * time.Minute); p.tab.page != p || p.silent() {
			return "removeUser"
		}
		what = "removeUser; "
	}
	for _, other := range w.pages() {
		if other != p && other.app == p.app && other.program != p.program && !other.silent() {
			by = append(by, other)
		}
	}
	if len(by) == 1 {
		return strings.TrimSuffix(what, "; ")
	}
	w.whileStuck(func(t *ticket) bool { return t.news }, func() {
		for i := range 2 + n%2 {
			one := by[(n/2+i)%uint64(len(by))]
			if one.tab.page != one || one.silent() || one.program.ended {
				continue
			}
			what += one.name + " calls " + one.acts(n>>(11+2*i)) + "; "
			w.goOn(int(n >> (17 + 4*i) % 16))
			if n>>(5+2*i)%4 > 0 {
				<-time.After(time.Millisecond)
			}
		}
		w.goOn(int(n >> 32 % 24))
	})
	return "what others hear of later: " + what
}

// whileStuck keeps some things from happening while others do: messages, say, or the
// answers that a program waits for.
func (w *world) whileStuck(stuck func(t *ticket) bool, do func()) {
	w.stuck = stuck
	do()
	w.stuck = nil
}

// acts has somebody sign in or out, at once.
func (p *page) acts(n uint64) string {
	client := p.client
	switch n % 4 {
	case 0:
		p.signout("removeUser", client.Current() == nil, func(ctx context.Context) error { return client.RemoveUser(ctx) })
		return "removeUser"
	case 1:
		p.signout("signoutRedirect", false, func(ctx context.Context) error { return client.SignoutRedirect(ctx, session.SignoutArgs{}) })
		return "signoutRedirect"
	}
	who := []string{"alice", "bob"}[n%2]
	p.signinPassword(who)
	return "signinResourceOwnerCredentials as " + who
}

// poll has the app ask again as soon as it has an answer.
func (p *page) poll(address string) {
	w := p.w
	before, refusing, who, came := w.renewals[p.program], w.refusing, p.who(), p.cameAt
	refusing = refusing && !slices.ContainsFunc(w.calls, func(c *call) bool { return !c.done && c.page.program == p.program }) // which may renew, too
	for range 8 {
		if p.tab.page != p || p.silent() || p.program.ended || w.violation != nil {
			return
		}
		p.send(address, true, true)
		w.settle(time.Second)
		refusing = refusing && p.who() != "" && p.who() == who && p.cameAt == came
	}
	if n := w.renewals[p.program] - before; w.calm && !w.sources && refusing && n > 6 { // some may be due, or be of the app
		w.violate("refusals", fmt.Sprintf("%s was refused, and has renewed %d times", p.name, n))
	}
}

// arrives is the page of the app with a response, before it reads it. Another client
// of the page may look first, and so may a copy of the tab.
func (t *tab) arrives(back string) {
	w, p := t.w, t.page
	if w.crowded {
		settings := t.settings
		settings.Provider, settings.Issuer = session.ProviderSettings{}, w.providers[0].issuer
		if t.app.provider == w.providers[0] {
			settings.Issuer = w.providers[1].issuer
		}
		l := p.link
		other := slices.IndexFunc(w.apps, func(a *app) bool { return a.provider.issuer == settings.Issuer && a.clientID == settings.ClientID })
		p.call("signinCallback of another client", func(ctx context.Context, _ *call) error {
			if other >= 0 { // who goes on there does for a tab that nobody looks at
				l.program.known[source{app: w.apps[other]}] = true
			}
			client, err := l.program.registry.Open(settings, session.Page{
				Navigator: l, Framer: l, Popper: l, Transactions: l, Listener: deaf{}, Checker: l,
			}, session.Hint{})
			if err != nil {
				return err
			}
			defer client.Close()
			_, err = client.SigninCallback(ctx, back)
			return err
		})
	}
	if p.settings.Restore == session.RestoreRedirect && w.dice.IntN(2) == 0 {
		p.ask()
	}
	if !w.copied || w.dice.IntN(2) == 0 {
		return
	}
	for _, other := range w.pages() {
		if other == p || other.app != t.app || other.silent() {
			continue
		}
		if maps.Copy(other.kept, t.kept); t.marked > 0 {
			other.marked = w.tick()
		}
		a, client := &act{silent: true, stepUp: true}, other.client
		other.asks("signinCallback of a copy", a)
		other.call("signinCallback of a copy", func(ctx context.Context, _ *call) error {
			user, err := client.SigninCallback(ctx, back)
			other.ended(a, user, err)
			return err
		})
		return
	}
}

// settled ends the sign-ins by redirect that the tab does not come back from: it is
// there for another one, or closed.
func (t *tab) settled(with *act) {
	for _, a := range t.w.acts {
		if a.tab == t && a != with && a.done == 0 {
			a.done = t.w.tick()
		}
	}
}

// deaf is a [session.Listener] that nobody looks at.
type deaf struct{}

// Notify is [session.Listener].
func (deaf) Notify(session.Event) {}

// Hint is [session.Listener].
func (deaf) Hint(session.Hint) {}
