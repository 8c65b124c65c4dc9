//go:build !js

package explore

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

const requestLimit = 10 * time.Second

// Do is [oidc.Transport] for requests to providers.
func (p *program) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	refresh := p.w.refreshed(req)
	p.w.checkUse(refresh)
	p.checkSpared(req)
	resp, err := p.do(ctx, req, refresh)
	p.w.loses(refresh, resp, err)
	return resp, err
}

func (p *program) do(ctx context.Context, req *oidc.Request, refresh *refreshToken) (*oidc.Response, error) {
	w, kind, since := p.w, kindOf(req), time.Now()
	p.countRequest()
	sent := &sending{req: req, refresh: refresh}
	p.sendings = append(p.sendings, sent)
	defer func() {
		p.sendings = slices.DeleteFunc(p.sendings, func(other *sending) bool { return other == sent })
	}()
	w.pass("asks for "+kind, p, nil)
	if err := cause(ctx, since, requestLimit); err != nil {
		return nil, err
	}
	provider := w.providerOf(req.URL)
	if p.ended || provider == nil {
		return nil, oidc.ErrNetwork
	}
	if fault := w.fault(provider); fault != nil {
		return fault.resp, fault.err
	}
	app := w.appOf(provider, refresh)
	if app != nil {
		if p.requests[app]++; p.requests[app] > 1 && !w.sources {
			w.violate("one renewal", p.name+" has two refresh requests of "+app.name+" in flight")
		}
		defer func() { p.requests[app]-- }()
	}
	sent.arrived = true
	provider.asking, provider.given = asking{by: p}, nil
	resp := provider.serve(req)
	given := provider.given
	if kind == "refresh" {
		w.renewals[p]++
	}
	w.pass("the answer of "+kind, p, nil)
	err := cause(ctx, since, requestLimit)
	if !w.calm && err == nil && w.dice.IntN(60) == 0 {
		err = &oidc.TransportError{Err: oidc.ErrNetwork}
	}
	if err != nil || p.ended {
		if refresh != nil {
			refresh.doubt = true
		}
		if err == nil {
			err = oidc.ErrNetwork
		}
		return nil, err
	}
	if resp.Header["cut"] != "" { // it broke off
		return nil, &oidc.TransportError{Endpoint: "token", Status: 200, Err: oidc.ErrNetwork}
	}
	given.gave(w.steps)
	return resp, nil
}

func (w *world) providerOf(address string) *provider {
	for _, p := range w.providers {
		if strings.HasPrefix(address, p.issuer+"/") {
			return p
		}
	}
	w.violate("issuer", "a request to nobody's address")
	return nil
}

// refreshed returns the refresh token that a request brings, nil if it brings none.
func (w *world) refreshed(req *oidc.Request) *refreshToken {
	_, after, found := strings.Cut(req.Body, "refresh_token=rt-")
	if !found {
		return nil
	}
	token, _, _ := strings.Cut("rt-"+after, "&")
	if p := w.providerOf(req.URL); p != nil {
		return p.refresh[token]
	}
	return nil
}

// appIn returns the client that a message is about.
func (w *world) appIn(message string) *app {
	for _, a := range w.apps {
		if strings.Contains(message, `"`+a.provider.issuer+`"`) && strings.Contains(message, `"client_id":"`+a.clientID+`"`) {
			return a
		}
	}
	return nil
}

func (w *world) appOf(p *provider, t *refreshToken) *app {
	for _, a := range w.apps {
		if t != nil && a.provider == p && a.clientID == t.client {
			return a
		}
	}
	return nil
}

type fault struct {
	resp *oidc.Response
	err  error
}

// fault is what goes wrong before a provider has done anything.
func (w *world) fault(p *provider) *fault {
	switch {
	case p.down:
		return &fault{err: oidc.ErrNetwork}
	case w.calm || w.dice.IntN(25) > 0:
		return nil
	}
	return []*fault{{err: oidc.ErrNetwork}, {resp: answer(500, "")}, {resp: answer(503, "")}, {resp: refusal("temporarily_unavailable")}}[w.dice.IntN(4)]
}

// A link is the connection of a page to a program. A page that leaves its program
// or loses it, and is shown on, gets another one.
type link struct {
	*page
	program *program
	ended   bool
}

// stopped says that nothing of the page reaches the program any more.
func (l *link) stopped() bool { return l.ended || l.page.gone || l.program.ended }

// silent says that the page answers no services.
func (p *page) silent() bool { return p.frozen || p.program.frozen }

// waits says that a service of the page waits for it to go on.
func (l *link) waits(ctx context.Context) bool {
	return l.silent() && !l.stopped() && ctx.Err() == nil
}

// pass is for a service of the page: it happens when the page goes on, or nobody
// waits any more.
func (l *link) pass(ctx context.Context, what string) {
	defer context.AfterFunc(ctx, l.page.w.stir)()
	l.page.w.pass(what, l.program, func() bool { return l.waits(ctx) })
}

// Frame is [session.Framer].
func (l *link) Frame(ctx context.Context, to oidc.Address, timeout time.Duration) (string, error) {
	p, url := l.page, to.URL
	l.pass(ctx, p.name+" opens a frame")
	since := time.Now() // a page that was frozen begins to wait when it goes on
	if err := l.over(ctx, since, time.Hour); err != nil {
		return "", err
	}
	provider := p.w.providerOf(url)
	p.w.renewals[l.program]++
	back := ""
	switch {
	case provider == nil:
	case strings.HasPrefix(url, provider.issuer+"/end"):
		back = provider.end(url)
	case !provider.down && (p.w.calm || p.w.dice.IntN(20) > 0):
		back = provider.authorize(url, "")
	}
	l.pass(ctx, "the frame of "+p.name+" comes back")
	if err := l.over(ctx, since, timeout); err != nil {
		return "", err
	}
	if back == "" {
		return "", session.ErrFrameNoResponse
	}
	return back, nil
}

// over is what a service of the page fails with.
func (l *link) over(ctx context.Context, since time.Time, limit time.Duration) error {
	if l.stopped() {
		return session.ErrPageGone
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return cause(ctx, since, limit)
}

// Popup is [session.Popper]: a person looks at the window.
func (l *link) Popup(ctx context.Context, popup session.Popup) (string, error) {
	p := l.page
	if l.stopped() {
		return "", session.ErrPageGone
	}
	p.opensWindow()
	busy := p.w.thinks()
	p.w.pass("a person sees the window of "+p.name, l.program, func() bool { return l.waits(ctx) || busy() && !l.stopped() && ctx.Err() == nil })
	if err := l.over(ctx, time.Now(), time.Hour); err != nil {
		return "", err
	}
	return p.person(popup.URL, true)
}

// LatePopup is [session.Popper].
func (l *link) LatePopup(ctx context.Context, popup session.Popup) (string, error) {
	p := l.page
	l.pass(ctx, "the closed window of "+p.name+" answers")
	if err := l.over(ctx, time.Now(), time.Hour); err != nil {
		return "", err
	}
	if p.w.dice.IntN(2) == 0 {
		return "", oidc.ErrTimeout
	}
	p.asks("a closed window", &act{silent: true, stepUp: true}) // it signs in, and no call ends with it
	return p.person(popup.URL, false)
}

// person does something at the provider's page.
func (p *page) person(url string, closes bool) (string, error) {
	w := p.w
	provider := w.providerOf(url)
	if provider == nil {
		return "", session.ErrPopupClosed
	}
	if strings.HasPrefix(url, provider.issuer+"/end") {
		return provider.end(url), nil
	}
	who := []string{"sso", "alice", "alice", "bob", "deny", "close"}[w.dice.IntN(6)]
	if who == "close" && closes {
		return "", session.ErrPopupClosed
	}
	return provider.authorize(url, strings.Replace(who, "close", "alice", 1)), nil
}

// Navigate is [session.Navigator]: the tab leaves, and comes back from the
// provider some time later.
func (l *link) Navigate(_ context.Context, to oidc.Address) error {
	p, url := l.page, to.URL
	if l.stopped() || p.tab.page != p {
		return session.ErrPageGone
	}
	p.navigates()
	p.checkIdleLeave(url)
	p.goesFor(url)
	t, w := p.tab, p.w
	t.visit++
	visit := t.visit
	w.later(t.name+" leaves for the provider", t.name, nil, func() {
		if t.closed || t.visit != visit {
			return
		}
		t.unload(false)
		w.later("a person at the provider in "+t.name, t.name, w.thinks(), func() { t.atProvider(url, visit) })
	})
	return nil
}

// atProvider is the provider's page in the tab, which leads back to the app.
func (t *tab) atProvider(url string, visit int) {
	w := t.w
	provider := w.providerOf(url)
	if t.closed || t.visit != visit || provider == nil {
		return
	}
	if strings.HasPrefix(url, provider.issuer+"/end") {
		back := provider.end(url)
		t.load()
		p := t.page
		client := p.client
		p.call("signoutCallback", func(ctx context.Context, _ *call) error {
			_, err := client.SignoutCallback(ctx, back)
			return err
		})
		return
	}
	if w.restless && (t.refetch || strings.Contains(url, "prompt=none")) {
		t.load()
		t.page.ask()
		if t.refetch {
			t.refetch = false
			t.page.fetch(true, true)
		}
		return
	}
	who := []string{"sso", "sso", "alice", "bob", "deny"}[w.dice.IntN(5)]
	if strings.Contains(url, "prompt=none") {
		who = ""
	}
	back := provider.authorize(url, who)
	// The callback page tells the program that is there, and goes on to the app.
	if t.shared {
		for _, p := range w.programs {
			if !p.ended && !p.onePage && p.release == t.release {
				p.registry.Arrive(back, session.Arrival{})
			}
		}
	}
	t.load()
	t.arrives(back)
	t.page.receives(back)
	t.page.signinCallback(back, stateOf(url))
}

// stateOf returns the state of a request.
func stateOf(address string) oidc.Secret {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return oidc.Secret(u.Query().Get("state"))
}

// Put, Take and Look are [session.TransactionStore].
func (l *link) Put(ctx context.Context, state oidc.Secret, transaction session.Transaction) error {
	p := l.page
	p.kept[state] = transaction
	p.away[state], _ = ctx.Value(asksFor{}).(*act)
	if strings.HasPrefix(string(state), "restore:") {
		p.marked = p.w.tick()
	}
	return nil
}

// Take is Look, and deletes.
func (l *link) Take(ctx context.Context, state oidc.Secret) (session.Kept, error) {
	p := l.page
	kept, err := l.Look(ctx, state)
	delete(p.kept, state)
	return kept, err
}

// Look returns what is kept.
func (l *link) Look(_ context.Context, state oidc.Secret) (session.Kept, error) {
	p := l.page
	return session.Kept{Record: p.kept[state].Record, ReturnTo: p.kept[state].ReturnTo, Arrival: p.kept[state].Arrival, Client: p.kept[state].Client}, nil
}

// CheckSession is [session.Checker].
func (l *link) CheckSession(ctx context.Context, check session.Check) (string, error) {
	p := l.page
	l.pass(ctx, p.name+" asks whether the session has changed")
	if err := l.over(ctx, time.Now(), time.Hour); err != nil {
		return "", err
	}
	if strings.HasSuffix(check.Message, " "+p.app.provider.state()) {
		return "unchanged", nil
	}
	return "changed", nil
}
