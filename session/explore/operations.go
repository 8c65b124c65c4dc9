//go:build !js

package explore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
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

var deeds []deed

func init() {
	inPage := func(do func(p *page, client *session.Client, n uint64) string) func(*world, uint64) string {
		return func(w *world, n uint64) string {
			pages := slices.DeleteFunc(w.pages(), func(p *page) bool { return p.silent() })
			if len(pages) == 0 {
				return ""
			}
			p := pages[n%uint64(len(pages))]
			return p.name + " calls " + do(p, p.client, n/8)
		}
	}
	inTab := func(do func(t *tab, n uint64) string) func(*world, uint64) string {
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
		{"signinPassword", 4, false, inPage(func(p *page, client *session.Client, n uint64) string {
			who := []string{"alice", "alice", "bob"}[n%3]
			if p.w.calm {
				p.app.provider.subject = who // the provider signs the browser in, too
				p.app.provider.session++
			}
			p.signin("signinResourceOwnerCredentials", func(ctx context.Context) (*session.User, error) {
				return client.SigninPassword(ctx, session.PasswordArgs{Username: who, Password: "secret"})
			})
			return "signinResourceOwnerCredentials as " + who
		})},
		{"signinSilent", 4, false, inPage(func(p *page, client *session.Client, n uint64) string {
			args := session.SigninArgs{ForceFrame: n%2 == 0}
			if n%3 == 0 {
				args.Scope = p.settings.Scope + " extra"
			}
			p.act("signinSilent", &act{app: p.app, silent: true}, func(ctx context.Context) (*session.User, error) {
				return client.SigninSilent(ctx, args)
			})
			return fmt.Sprintf("signinSilent (frame %t, scope %q)", args.ForceFrame, args.Scope)
		})},
		{"storeUser", 3, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			user := client.Current()
			p.signin("storeUser", func(ctx context.Context) (*session.User, error) {
				if user == nil {
					return nil, session.ErrNotSignedIn // what an app keeps is of somebody
				}
				return user, client.StoreUser(ctx, user)
			})
			return "storeUser with who is there"
		})},
		{"removeUser", 6, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.signout("removeUser", func(ctx context.Context) error { return client.RemoveUser(ctx) })
			return "removeUser"
		})},
		{"signoutRedirect", 4, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.signout("signoutRedirect", func(ctx context.Context) error {
				return client.SignoutRedirect(ctx, session.SignoutArgs{})
			})
			return "signoutRedirect"
		})},
		{"signoutPopup", 2, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.signout("signoutPopup", func(ctx context.Context) error {
				return client.SignoutPopup(ctx, session.SignoutArgs{})
			})
			return "signoutPopup"
		})},
		{"signoutSilent", 2, false, inPage(func(p *page, client *session.Client, _ uint64) string {
			p.signout("signoutSilent", func(ctx context.Context) error {
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
			p.call("revokeTokens", func(ctx context.Context, _ *call) error { return client.RevokeTokens(ctx) })
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
			t.closed, t.kept = false, map[oidc.Secret]session.Transaction{}
			t.load()
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
			t.page.frozen = true
			for _, c := range t.page.calls {
				c.slept = true
			}
			if t.page.program.onePage {
				t.page.program.frozen = true
			} else if n%2 == 0 {
				t.page.client.Sleeps(true)
			}
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
	for i := range deeds {
		if deeds[i].weight > 0 {
			total += deeds[i].weight
		}
	}
}

var total int

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
	dice := rand.New(rand.NewPCG(seed, 2))
	ops := make([]operation, 30+dice.IntN(20))
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
	return ops
}

// do does an operation, and what follows at once.
func (w *world) do(op operation, index int) {
	d := &deeds[op.kind]
	if d.storm && w.calm {
		return
	}
	w.dice = rand.New(rand.NewPCG(w.seed, 1000+uint64(index)))
	what := d.do(w, op.n)
	if what == "" {
		return
	}
	w.say("== %s", what)
	w.coverage[d.name+" × "+w.state()]++
	for range op.steps {
		if w.violation != nil || !w.step() {
			break
		}
		w.checkStep()
	}
	if op.rest > 0 && (!w.calm || w.idle()) {
		w.rest(op.rest)
	}
	w.checkStep()
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
	a.asked = w.tick()
	w.acts = append(w.acts, a)
	p.call(name, func(ctx context.Context, _ *call) error {
		user, err := fn(ctx)
		w.ended(a, user, err)
		return err
	})
}

func (w *world) ended(a *act, user *session.User, err error) {
	a.done, a.succeeded = w.tick(), err == nil && user != nil
	if a.succeeded {
		a.who = name(user)
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
	p.call(name, func(ctx context.Context, _ *call) error {
		err := fn(ctx)
		a.done = p.w.tick()
		return err
	})
}

// signinRedirect is an interactive sign-in that leaves the page.
func (p *page) signinRedirect(args session.SigninArgs) {
	a := &act{app: p.app, asked: p.w.tick(), behind: p.w.newsUnderway()}
	p.w.acts = append(p.w.acts, a)
	p.away = a
	client := p.client
	p.call("signinRedirect", func(ctx context.Context, _ *call) error {
		err := client.SigninRedirect(ctx, args)
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
		a = &act{app: p.app, silent: true, asked: p.w.tick()} // of a restore, or of a step-up
		p.w.acts = append(p.w.acts, a)
	}
	p.away = nil
	client := p.client
	p.call("signinCallback", func(ctx context.Context, c *call) error {
		user, err := client.SigninCallback(ctx, back)
		p.w.ended(a, user, err)
		p.checkCallback(c, a, err)
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
	r := &apiTransport{page: p, person: name(p.client.Current()), strong: strong}
	req := &session.FetchRequest{Method: "POST", URL: url, Repeatable: repeatable, ReturnTo: "https://app.example.test/"}
	if p.told != "" {
		shown := p.told
		req.Shown = &shown
		r.person = shown
	}
	client, a := p.client, &act{app: p.app, silent: true, asked: p.w.tick(), done: p.w.steps}
	if strong && p.settings.Fetch.StepUp != "" { // it may sign in
		a.done = 0
		p.w.acts = append(p.w.acts, a)
	}
	p.call("fetch", func(ctx context.Context, c *call) error {
		r.call = c
		_, err := client.Fetch(ctx, req, r)
		a.done = p.w.tick()
		if errors.Is(err, session.ErrStepUpRequired) {
			p.tab.refetch = true // the app does again what was not done
		}
		return err
	})
	return fmt.Sprintf("fetch (repeatable %t, strong %t)", repeatable, strong)
}

// apiTransport sends a request to the API.
type apiTransport struct {
	page   *page
	call   *call
	person string // whose request it is
	strong bool
}

// Do is [oidc.Transport].
func (t *apiTransport) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	w, p := t.page.w, t.page
	w.pass("a request of "+p.name+" to the API", p.program, nil)
	if ctx.Err() != nil || p.gone {
		return nil, oidc.ErrAborted
	}
	token, owner := w.tokenOf(req)
	t.checkToken(req, token, owner)
	resp := answer(200, "")
	switch {
	case token == nil || token.refused || time.Now().After(token.expires):
		resp = answer(401, "")
		resp.Header["www-authenticate"] = `Bearer error="invalid_token"`
	case t.strong && token.acr != "strong":
		resp = answer(401, "")
		resp.Header["www-authenticate"] = `Bearer error="insufficient_user_authentication", acr_values="strong"`
	}
	w.pass("the answer of the API for "+p.name, p.program, nil)
	if ctx.Err() != nil || p.gone {
		return nil, oidc.ErrAborted
	}
	return resp, nil
}

func (w *world) tokenOf(req *oidc.Request) (*accessToken, *provider) {
	text := strings.TrimPrefix(req.Header["Authorization"], "Bearer ")
	for _, p := range w.providers {
		if t := p.access[text]; t != nil {
			return t, p
		}
	}
	return nil, nil
}

// frontChannel tells the programs that a session of a provider is over.
func (w *world) frontChannel(p *provider, session int) {
	p.named = w.tick()
	url := fmt.Sprintf("https://app.example.test/frontchannel.html?iss=%s&sid=%d", strings.ReplaceAll(strings.ReplaceAll(p.issuer, ":", "%3A"), "/", "%2F"), session)
	for _, program := range w.programs {
		if !program.ended {
			w.later("the front channel for "+program.name, "", program.asleep, func() {
				if !program.ended {
					program.registry.FrontChannelLogout(url)
				}
			})
		}
	}
}
