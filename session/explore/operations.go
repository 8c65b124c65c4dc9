//go:build !js

package explore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/session"
	"github.com/oidcspa/oidcspa/session/pagemodel"
)

// An operation is something that an app, a person, a browser or a provider does.
// What it does it to follows from n and from what there is, so that a schedule
// stays one when others are taken out of it.
type operation struct {
	kind  int
	n     uint64
	steps int           // how much may happen afterwards
	rest  time.Duration // how long nothing does then
}

// A deed is a kind of operation.
type deed struct {
	name   string
	weight int
	storm  bool // it happens in worlds alone that are not calm
	do     func(w *world, n uint64) (what string)
}

var deeds, total = allDeeds()

func allDeeds() (deeds []deed, total int) {
	inPage := func(do func(p *page, client *session.Client, n uint64) string) func(*world, uint64) string {
		return func(w *world, n uint64) string {
			pages := slices.DeleteFunc(w.pages(), func(p *page) bool { return p.silent() })
			if len(pages) == 0 {
				return ""
			}
			p := pages[n%uint64(len(pages))]
			if what := do(p, p.client, n/8); what != "" {
				return p.name + " calls " + what
			}
			return ""
		}
	}
	deeds = []deed{
		{"getUser", 12, false, inPage(func(p *page, _ *session.Client, _ uint64) string { p.ask(); return "getUser" })},
		{"signinRedirect", 8, false, inPage(func(p *page, _ *session.Client, _ uint64) string {
			p.signinRedirect(session.SigninArgs{})
			return "signinRedirect"
		})},
		{"signinPopup", 5, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.signin("signinPopup", func(ctx context.Context) (*session.User, error) {
				return client.SigninPopup(ctx, session.SigninArgs{})
			})
			return "signinPopup"
		})},
		{"signinPassword", 4, false, inPage(func(p *page, _ *session.Client, n uint64) string {
			who := []string{"alice", "alice", "bob"}[n%3]
			p.signinPassword(who)
			return "signinResourceOwnerCredentials as " + who
		})},
		{"signinSilent", 4, false, inPage(func(p *page, client *session.Client, n uint64) string {
			args := session.SigninArgs{ForceFrame: n%2 == 0}
			if n%3 == 0 {
				args.Scope = p.settings.Scope + " extra"
			}
			p.signinSilent(args)
			return fmt.Sprintf("signinSilent (frame %t, scope %q)", args.ForceFrame, args.Scope)
		})},
		{"storeUser", 3, false, inPage(func(p *page, client *session.Client, n uint64) string {
			user := client.Current()
			if user != nil && n%3 == 0 {
				bare := *user
				bare.IDToken = "" // the app says who it is
				user = &bare
			}
			p.app.provider.bringsBack(user)
			p.signin("storeUser", func(ctx context.Context) (*session.User, error) {
				if user == nil {
					return nil, session.ErrNotSignedIn // what an app keeps is of somebody
				}
				return user, client.StoreUser(ctx, user)
			})
			return "storeUser with who is there"
		})},
		{"removeUser", 6, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.signout("removeUser", client.Current() == nil, func(ctx context.Context) error { return client.RemoveUser(ctx) })
			return "removeUser"
		})},
		{"signoutRedirect", 4, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.signout("signoutRedirect", false, func(ctx context.Context) error {
				return client.SignoutRedirect(ctx, session.SignoutArgs{})
			})
			return "signoutRedirect"
		})},
		{"signoutPopup", 2, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.signout("signoutPopup", false, func(ctx context.Context) error {
				return client.SignoutPopup(ctx, session.SignoutArgs{})
			})
			return "signoutPopup"
		})},
		{"signoutSilent", 2, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.signout("signoutSilent", false, func(ctx context.Context) error {
				return client.SignoutSilent(ctx, session.SignoutArgs{})
			})
			return "signoutSilent"
		})},
		{"fetch", 10, false, inPage(func(p *page, _ *session.Client, n uint64) string { return p.fetch(n%2 == 0, n/2%4 == 0) })},
		{"prepare", 1, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.call("prepare", func(ctx context.Context, _ *call) error { return client.Prepare(ctx) })
			return "prepare"
		})},
		{"revokeTokens", 2, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.call("revokeTokens", func(ctx context.Context, _ *call) error {
				before := client.Current()
				err := client.RevokeTokens(ctx)
				if err == nil {
					p.checkNoToken(before, client.Current())
				}
				return err
			})
			return "revokeTokens"
		})},
		{"querySessionStatus", 1, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.call("querySessionStatus", func(ctx context.Context, _ *call) error {
				_, err := client.QuerySessionStatus(ctx, session.SigninArgs{})
				return err
			})
			return "querySessionStatus"
		})},
		{"stayActive", 1, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.program.busyAt[p.source()] = time.Now()
			p.call("stayActive", func(ctx context.Context, _ *call) error { return client.StayActive(ctx) })
			return "stayActive"
		})},
		{"renewAutomatically", 2, false, inPage(func(p *page, client *session.Client, n uint64) string {
			client.RenewAutomatically(n%2 == 0)
			return fmt.Sprintf("renewAutomatically %t", n%2 == 0)
		})},
		{"wake", 2, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.react(pagemodel.Woken)
			return "wake"
		})},

		{"open", 5, false, func(w *world, n uint64) string {
			var shut []*tab
			for _, t := range w.tabs {
				if t.closed {
					shut = append(shut, t)
				}
			}
			if len(shut) == 0 {
				return ""
			}
			t := shut[n%uint64(len(shut))]
			t.opens()
			return t.name + " is opened"
		}},
		{"close", 3, false, inTab(func(t *tab, _ uint64) string { t.close(); return "is closed" })},
		{"reload", 5, false, inTab(func(t *tab, n uint64) string {
			if t.page == nil {
				return ""
			}
			t.unload(false)
			t.load()
			if n%4 > 0 {
				t.page.ask()
			}
			return "is reloaded"
		})},
		{"freeze", 3, false, inTab(func(t *tab, n uint64) string {
			if t.page == nil || t.page.frozen {
				return ""
			}
			t.page.freeze(n%2 == 0)
			return "is frozen"
		})},
		{"thaw", 3, false, inTab(func(t *tab, _ uint64) string {
			if t.page == nil || !t.page.frozen {
				return ""
			}
			t.page.thaw()
			return "goes on"
		})},
		{"leave", 4, false, inTab(func(t *tab, _ uint64) string {
			if t.page == nil || t.page.frozen || t.cached != nil {
				return ""
			}
			t.unload(true)
			t.visit++
			return "shows another site, and keeps the page"
		})},
		{"back", 6, false, inTab(func(t *tab, _ uint64) string {
			if t.cached == nil {
				return ""
			}
			t.comeBack()
			return "goes back"
		})},
		{"crash", 1, false, inTab(func(t *tab, _ uint64) string {
			if t.page == nil || t.page.frozen || t.page.program.onePage {
				return ""
			}
			t.page.crash()
			return "loses its worker"
		})},

		{"session ends", 3, true, atProvider(func(p *provider, n uint64) string {
			if p.subject == "" {
				return ""
			}
			session := p.session
			p.signOut()
			if n%2 == 0 {
				p.w.frontChannel(p, session)
				return "ends the session, by the front channel, too"
			}
			return "ends the session"
		})},
		{"somebody else", 2, true, atProvider(func(p *provider, n uint64) string {
			p.signOut()
			p.signIn([]string{"alice", "bob"}[n%2])
			return "has a session of " + p.subject
		})},
		{"revoked", 2, true, atProvider(func(p *provider, _ uint64) string {
			for _, t := range p.refresh {
				*t.revoked = true
			}
			return "revokes all refresh tokens"
		})},
		{"refused", 3, false, atProvider(func(p *provider, _ uint64) string {
			for _, t := range p.access {
				t.refused = true
			}
			return "has its access tokens refused by APIs"
		})},
		{"down", 2, true, atProvider(func(p *provider, _ uint64) string {
			p.down = !p.down
			return fmt.Sprintf("is down: %t", p.down)
		})},
		{"time", 6, false, func(w *world, n uint64) string {
			d := []time.Duration{time.Second, time.Second, 10 * time.Second, 15 * time.Second, time.Minute, time.Minute, 4 * time.Minute, 5 * time.Minute, 25 * time.Minute}[n%9]
			w.settle(d)
			return d.String() + " later"
		}},
	}
	deeds = append(append(append(deeds, tokenDeeds(inPage)...), oddDeeds...), reloadDeeds...)
	for _, d := range deeds {
		total += d.weight
	}
	return deeds, total
}

func inTab(do func(t *tab, n uint64) string) func(*world, uint64) string {
	return func(w *world, n uint64) string {
		open := slices.DeleteFunc(slices.Clone(w.tabs), func(t *tab) bool { return t.closed })
		if len(open) == 0 {
			return ""
		}
		t := open[n%uint64(len(open))]
		if what := do(t, n/8); what != "" {
			return t.name + " " + what
		}
		return ""
	}
}

func atProvider(do func(p *provider, n uint64) string) func(*world, uint64) string {
	return func(w *world, n uint64) string {
		p := w.providers[0]
		if n%5 == 0 {
			p = w.providers[1]
		}
		if what := do(p, n/8); what != "" {
			return "provider " + p.issuer[len(p.issuer)-1:] + " " + what
		}
		return ""
	}
}

// plan draws the operations of a seed.
func plan(seed uint64) []operation {
	//lint:ignore gosec G404: a simulation, repeatable by its seed
	dice := rand.New(rand.NewPCG(seed, 2))
	ops := make([]operation, 34+dice.IntN(20))
	calm := dice.IntN(4) > 0
	for i := range ops {
		x := dice.IntN(total)
		kind := 0
		for x >= deeds[kind].weight {
			x -= deeds[kind].weight
			kind++
		}
		ops[i] = operation{kind: kind, n: dice.Uint64() >> 16, steps: dice.IntN(6)}
		switch dice.IntN(8) {
		case 0:
			ops[i].steps = 40
		case 1:
			ops[i].rest = time.Second << dice.IntN(8)
		}
		if i < 6 && calm && dice.IntN(2) == 0 {
			ops[i].kind = 1 + dice.IntN(3) // somebody is signed in, as a rule
			ops[i].steps = 40
		}
	}
	reloads(seed, ops)
	return ops
}

// do does an operation, and what follows at once.
func (w *world) do(op operation, index uint64) {
	d := &deeds[op.kind]
	if d.storm && w.calm {
		return
	}
	//lint:ignore gosec G404: a simulation, repeatable by its seed
	w.dice = rand.New(rand.NewPCG(w.seed, 1000+index))
	what := d.do(w, op.n)
	if what == "" {
		return
	}
	w.say("== %s", what)
	w.coverage[d.name+" × "+w.state()]++
	w.goOn(op.steps)
	if op.rest > 0 && (!w.calm || w.idle()) {
		w.rest(op.rest)
	}
	w.checkStep()
}

// goOn has some things happen that can.
func (w *world) goOn(steps int) {
	synctest.Wait()
	for range steps {
		if w.violation != nil || !w.step() {
			return
		}
		w.checkStep()
	}
}

func (w *world) idle() bool {
	tickets, _ := w.possible()
	return len(tickets) == 0
}

// state is what an operation meets, for the coverage.
func (w *world) state() string {
	who := w.signedIn(w.apps[0])
	in := "nobody"
	switch {
	case len(who) > 1:
		in = "disagreement"
	case len(who) == 1 && who[0] != "":
		in = "signed in"
	}
	if slices.ContainsFunc(w.calls, func(c *call) bool { return !c.done && !c.abandoned }) {
		return in + ", calls in the air"
	}
	return in
}
