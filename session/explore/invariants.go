//go:build !js

package explore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// This file is what the engine promises, as sentences and as what checks them. A
// client is an issuer and a client_id; an act is an explicit sign-in (by redirect,
// popup, credentials or storeUser) or an explicit sign-out, of one client.
var rules = []struct{ name, promise string }{
	{"signed out", "After an explicit sign-out with no sign-in asked for after it, nobody is signed in anywhere once the world is quiet: no program has a user, no tab was told last that somebody is there, and no hint says so. What began before the sign-out, and ends after it, signs nobody in. removeUser() where nobody is there ends no sign-in that has left for the provider, and none that its program has not heard of. Of two sign-outs that did not know of each other, neither is the last for a sign-in that was asked for after one of them."},
	{"signed in", "After an explicit sign-in that no other act overlaps or follows, in a program that knew of every sign-out before it, everybody who asks is told that person once the world is quiet, where no provider has ended the session and nothing fails."},
	{"won", "An interactive sign-in fails with not_signed_in only if there was an explicit sign-out after it was asked for, or one of which its program had not heard then, nor read in storage, or if the provider has ended the very session. What a release says that knows no order is an act of when it is heard."},
	{"person", "A request carries the token of the person who was there when the app called, or none. It is sent, or sent again, while that person is there."},
	{"issuer", "Tokens and codes go to their own issuer, of their own client, and to APIs on the list."},
	{"codes", "A code is used once."},
	{"once", "A refresh token is used once, or again where the answer got lost."},
	{"one renewal", "A program has one refresh request of a client in flight at a time."},
	{"moves", "A page is sent away in a call of its own alone that may do so, or for an idle user."},
	{"windows", "A window opens in a call alone that may open one."},
	{"loops", "The requests of a tab send it away, or open windows, three times a minute at most, whatever provider and API answer."},
	{"requests", "A program sends no more requests in a minute than people and apps can cause."},
	{"open", "To open a tab waits for nobody."},
	{"settles", "Every call settles."},
	{"events", "The last event that a page got about the user is what getUser() says."},
	{"works", "Whatever providers answer, in any words or none, a session works, or it ends with its access token: what getUser() says in the end is no error."},
	{"answers", "Nobody is handed out with an error, and no access token that has expired."},
	{"scope", "What a sign-in was granted does not shrink without a call."},
	{"memory", "When all tabs are closed and time has passed, there is no session left and no goroutine."},
	{"quiet", "Where nobody does anything, everything comes to rest."},
	{"panic", "Nothing runs into a bug."},
}

// promiseOf returns the sentence of a rule, empty if there is none. After a comma it
// has a cause.
func promiseOf(name string) string {
	name, _, _ = strings.Cut(name, ",")
	for _, rule := range slices.Concat(rules, tokenRules, habitRules, keeperRules) {
		if rule.name == name {
			return rule.promise
		}
	}
	return ""
}

// checkStep is for every step: who has the turn tells all tabs before anybody else
// goes on.
func (w *world) checkStep() {
	for _, t := range w.tabs {
		if p := t.page; p != nil && p.events > 0 && !p.program.ended && p.told != name(p.client.Current()) {
			w.violate("events", fmt.Sprintf("%s was told %q, and getUser() says %q", p.name, p.told, name(p.client.Current())))
		}
	}
}

// Notify is [session.Listener].
func (l *link) Notify(event session.Event) {
	if l.stopped() {
		return
	}
	p, w := l.page, l.w
	w.say("%s hears %s %s%s", p.name, event.Name, name(event.User), because(event.Err))
	p.checkEvent(event)
	switch event.Name {
	case session.UserLoaded:
		who := name(event.User)
		if p.told == who && p.scope != "" && !w.asked(p) {
			for _, scope := range strings.Fields(p.scope) {
				if !slices.Contains(event.User.Scopes(), scope) {
					w.violate("scope", fmt.Sprintf("the scope %s of %s is gone: %q became %q", scope, p.name, p.scope, event.User.Scope))
				}
			}
		}
		p.told, p.scope, p.toldAt = who, event.User.Scope, w.steps
		for _, c := range p.calls {
			c.people = append(c.people, who)
		}
		p.events++
	case session.UserUnloaded:
		p.told, p.scope, p.toldAt = "", "", w.steps
		p.events++
	}
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return " because " + err.Error()
}

// asked tells whether an act, or a silent sign-in of the app, could be why the page
// has another user now than when it was told last.
func (w *world) asked(p *page) bool {
	return slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == p.app && (a.done == 0 || a.done >= p.toldAt || a.goesOn && time.Since(a.ended) < time.Minute)
	})
}

// checkAnswer is for every call that has settled.
func (p *page) checkAnswer(c *call) {
	if took := time.Since(c.began); took > 20*time.Minute && !c.slept {
		p.w.violate("settles", fmt.Sprintf("%s of %s took %v", c.name, p.name, took))
	}
}

// checkUser is for who is handed out.
func (p *page) checkUser(c *call, user *session.User, err error) {
	if user != nil && err != nil {
		p.w.violate("answers", "getUser() gives a user and an error")
	}
	p.checkWhose(c, user, err)
	p.failed = err
	if user != nil && !c.abandoned && !c.slept && expired(user) && !p.w.brief {
		p.w.violate("answers", "getUser() gives an access token that has expired")
	}
}

func expired(user *session.User) bool {
	return user.ExpiresAt != 0 && time.Unix(user.ExpiresAt, 0).Before(time.Now())
}

// checkCallback is for the end of a sign-in by redirect whose response is here since
// then.
func (p *page) checkCallback(c *call, a *act, since int, err error) {
	if a.succeeded {
		p.checkLate(a, since)
	}
	if !errors.Is(err, session.ErrNotSignedIn) || a.silent || c.abandoned {
		return
	}
	cause, then := "", a.asked
	if p.program != a.program {
		then = since
	}
	if p.program != a.program && !p.found.SignedIn && p.found.Order > a.known {
		cause = leftBehind
	}
	for _, other := range p.w.acts {
		switch {
		case !other.out || other.app != a.app:
		case other.asked > a.asked, !other.knownIn(a.program, a.asked):
			return
		case cause == "" && other.heard[p.program] > then:
			cause = storageFirst
		}
	}
	if p.w.sources && (a.behind || p.w.mixed) { // sessions of one program tell each other, too, and each hears what has no order in its own
		return
	}
	if p.app.provider.mayMean(a) || p.w.unkept || !p.w.calm && p.program.born > a.asked { // what a new program finds kept may be a sign-out
		return
	}
	p.w.violate("won"+cause, p.name+": the sign-in fails with not_signed_in, and nobody signed out after it was asked for")
}

// checkLate is for a sign-in, or a restore, by redirect that has brought somebody, and
// whose response is here since then. A sign-out that knew of all that its program did
// when it was asked for, and that was known when the response came, ends it. A session
// of another source that is new there knows what its page keeps alone, and one that is not hears of others later.
func (p *page) checkLate(a *act, since int) {
	if p.w.mixed || p.w.sources && (p.w.unkept || p.w.erased > 0 || a.behind) {
		return
	}
	if token := p.app.provider.access[a.brought.Reveal()]; a.silent && token != nil && (token.code != p.response || token.code == "") {
		return // it found who was there
	}
	for _, out := range p.w.acts {
		knows := out.knownIn(p.program, since)
		if out.out && !out.tidies && !out.rumour && out.app == a.app && out.asked > a.asked && out.known >= a.known && knows && !(a.silent && p.w.backAfter(out, a.who)) {
			p.w.violate("signed out", p.name+": "+a.who+" signs in by what was asked for before "+out.what)
		}
	}
}

// checkToken is for a request that has come to the API.
func (t *apiTransport) checkToken(req *oidc.Request, token *accessToken, owner *provider) {
	w, p := t.page.w, t.page
	t.checkPlace(req, token)
	if token == nil {
		w.violate("issuer", "a request without a token that anybody gave")
		return
	}
	if owner != p.app.provider || token.client != p.app.clientID {
		w.violate("issuer", "a request with a token of another client")
	}
	if t.person != "" && token.subject != t.person {
		w.violate("person", fmt.Sprintf("a request that %s made for %s has the token of %s", p.name, t.person, token.subject))
	}
}

// checkSent is for a request that the engine sends now.
func (t *apiTransport) checkSent(req *oidc.Request) {
	if token, _ := t.page.w.tokenOf(req); token != nil && token.subject != t.page.who() {
		t.page.w.violate("person", fmt.Sprintf("%s sends a request with the token of %s, and %q is there", t.page.name, token.subject, t.page.who()))
	}
}

// navigates is for a page that is sent away.
func (p *page) navigates() {
	w := p.w
	w.say("%s is sent away", p.name)
	p.exit()
	p.checkRestores()
	could := slices.ContainsFunc(p.calls, func(c *call) bool { return c.moves })
	if !could && p.settings.Idle.Timeout == 0 && !slices.ContainsFunc(w.tabs, func(t *tab) bool { return t.app == p.app && t.settings.Idle.Timeout > 0 }) {
		w.violate("moves", p.name+" is sent away, and called nothing that may do so")
	}
	if slices.ContainsFunc(p.calls, func(c *call) bool { return c.name == "fetch" }) &&
		!slices.ContainsFunc(p.calls, func(c *call) bool { return c.moves && c.name != "fetch" }) {
		p.tab.byItself()
	}
}

// opensWindow is for a window that opens.
func (p *page) opensWindow() {
	p.exit()
	if !slices.ContainsFunc(p.calls, func(c *call) bool { return c.windows }) {
		p.w.violate("windows", "a window of "+p.name+" opens, and it called nothing that may open one")
	}
	if !slices.ContainsFunc(p.calls, func(c *call) bool { return c.windows && c.name != "fetch" }) {
		p.tab.byItself()
	}
}

// byItself counts what a tab does although nobody asked for a sign-in.
func (t *tab) byItself() {
	now := time.Now()
	t.leaves = append(slices.DeleteFunc(t.leaves, func(at time.Time) bool { return now.Sub(at) >= time.Minute }), now)
	if len(t.leaves) > 3 {
		t.w.violate("loops", fmt.Sprintf("requests of %s have led to %d windows or redirects within a minute", t.name, len(t.leaves)))
	}
}

// countRequest is for every request of a program to a provider.
func (p *program) countRequest() {
	if now := time.Now(); now.Sub(p.minute) >= time.Minute {
		p.minute, p.sent = now, 0
	}
	if p.sent++; p.sent > 150 {
		p.w.violate("requests", fmt.Sprintf("%s has sent %d requests within a minute", p.name, p.sent))
	}
}

// checkSettled is for the quiet world.
func (w *world) checkSettled() {
	for _, c := range w.calls {
		if !c.done && !c.abandoned {
			w.violate("settles", c.name+" of "+c.page.name+" does not settle")
		}
	}
}

// checkQuiet is for the quiet world in which every page has asked.
func (w *world) checkQuiet() {
	for _, a := range w.apps {
		last := w.lastActBut(a, w.idles)
		switch {
		case last == nil:
		case last.out && !w.askedSince(last) && !w.tidied(last) && !w.forgotten(last) && !w.disputed(last) && !w.strangersSince(last) && !w.missed(last) && !w.traceless(last) && !w.forged(last):
			w.checkSignedOut(a, cond(w.outrun(last), outrun, ""))
		case !last.out && w.stands(last, true):
			w.checkSignedIn(a, last.who)
		}
	}
}

// lastAct returns the act of a client that was asked for last.
func (w *world) lastAct(a *app) *act { return w.lastActBut(a, func(*act) bool { return false }) }

func (w *world) lastActBut(a *app, but func(*act) bool) (last *act) {
	for _, act := range w.acts {
		if act.app == a && !act.silent && !but(act) && (last == nil || act.asked > last.asked) {
			last = act
		}
	}
	return last
}

// askedSince tells whether anything was asked for since a sign-out was that
// brings somebody.
func (w *world) askedSince(out *act) bool {
	return slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == out.app && !a.out && a.asked > out.asked
	})
}

// stands tells whether nothing overlaps or follows a sign-in, and the provider says the
// same; tidied: but for what ends no sign-in.
func (w *world) stands(in *act, tidied bool) bool {
	if p := in.app.provider; !w.calm || w.unkept || !in.succeeded || p.subject != in.who || p.session != in.left || p.down || w.erased > in.asked || w.missed(in) {
		return false
	}
	return !slices.ContainsFunc(w.acts, func(a *act) bool {
		unknown := a.out && (!a.knownIn(in.program, in.asked) || w.sources && in.behind) // it counts, also of the same order
		return a != in && a.app == in.app && !(tidied && w.idles(a)) && (a.done == 0 || a.done > in.asked || unknown) && !(a.rumour && !a.out)
	})
}

func (w *world) checkSignedOut(a *app, cause string) {
	for _, p := range w.pages() {
		if p.app != a {
			continue
		}
		if who := name(p.client.Current()); who != "" {
			w.violate("signed out"+cause, fmt.Sprintf("%s has %s, and there was a sign-out of %s after everything", p.name, who, a.name))
		}
		if p.told != "" {
			w.violate("signed out"+cause, fmt.Sprintf("%s was told last that %s is there", p.name, p.told))
		}
	}
	if w.storage[a].SignedIn {
		w.violate("signed out"+cause, "the hint of "+a.name+" says that somebody is signed in")
	}
}

// checkTold is for the quiet world before anybody has asked: a program that had
// somebody, or heard of it, when somebody signed in elsewhere has looked who that is.
func (w *world) checkTold() {
	for _, a := range w.apps {
		in := w.lastActBut(a, w.idles)
		if in == nil || in.out || w.mixed || !w.stands(in, true) || w.unheard && w.gaveUp(a) { // storage does not tell who came without an act
			continue
		}
		for _, p := range w.pages() {
			if p.app == a && p.toldAt > 0 && p.program.born < in.asked && !p.program.idles(a) && name(p.client.Current()) != in.who {
				w.violate("signed in", fmt.Sprintf("%s has not looked who is there: %q, and %s signed in alone", p.name, name(p.client.Current()), in.who))
			}
		}
	}
}

func (w *world) checkSignedIn(a *app, who string) {
	for _, p := range w.pages() {
		if p.app == a && p.settings.Restore != session.RestoreRedirect {
			if found := name(p.client.Current()); found != who {
				w.violate("signed in", fmt.Sprintf("%s is told %q, and %s signed in alone", p.name, found, who))
			}
		}
	}
}

// checkEnd is for a world without tabs.
func (w *world) checkEnd() {
	w.mu.Lock()
	waiting, ready := w.waiting, len(w.ready)
	w.mu.Unlock()
	if waiting > 0 || ready > 0 {
		w.violate("memory", fmt.Sprintf("%d goroutines are left", waiting+ready))
	}
	for _, p := range w.programs {
		if sessions, providers, _ := p.registry.Known(); sessions > 0 || providers > 0 {
			w.violate("memory", fmt.Sprintf("%s has %d sessions without a tab", p.name, sessions))
		}
	}
}
