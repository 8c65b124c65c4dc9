//go:build !js

package explore

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// habitRules are what the engine promises of what it does by itself; see rules.
var habitRules = []struct{ name, promise string }{
	{"goes", "Nobody is signed out by an engine whose access token is new, and no API has refused it."},
	{"leaves", "Where nothing fails, who is signed in stays until somebody signs in or out, or the session at the provider ends: what a restore does not find takes nothing."},
	{"idle", "Nobody is signed out for doing nothing where no tab wants that, or somebody came a moment ago; and no page is sent to the provider for that while somebody is about to sign in, or has."},
	{"ended", "A session whose end the provider has told is not signed in afterwards, by a response that came before."},
	{"found", "Where nothing fails, a program that hears of a sign-in elsewhere has that person without being asked."},
	{"agree", "Where nothing fails, and programs hear each other, everybody is told the same once the world is quiet, whoever has signed in at once, unless the provider knows another one."},
	{"hint", "Where somebody is signed in, the pages keep that there is a session worth restoring."},
	{"same person", "Nobody becomes somebody else but by a sign-in that somebody asked for: a renewal brings the same person."},
	{"keeps", "Where nothing fails, and nobody signs out or in elsewhere, and no session ends, a silent sign-in that finds somebody does not fail with not_signed_in: another sign-in was faster."},
	{"needless", "An access token that is new, and that no API has refused, is renewed for a call alone that asks for that, where there is one program."},
	{"answered", "Where nothing fails, the first challenge for a stronger sign-in after somebody has signed in is answered, whatever those before were told."},
	{"restores", "A tab is sent away once to restore a session, and again only after somebody has signed in or out; not while it reads a response. After a sign-in in the tab nothing keeps it back."},
}

// checkPerson is for an event about the user; it comes before what the page keeps of
// it.
func (p *page) checkPerson(event session.Event) {
	w := p.w
	switch {
	case event.Name == session.UserLoaded && p.told == "":
		p.cameAt, p.atSession, p.clear = w.tick(), p.app.provider.session, !w.newsUnderway()
		p.cameWith = event.User.AccessToken
	case event.Name == session.UserLoaded && p.told != name(event.User):
		if !w.signsIn(p) {
			w.violate("same person", fmt.Sprintf("%s had %s, and has %s", p.name, p.told, name(event.User)))
		}
	case event.Name == session.UserUnloaded && event.Err == nil:
		p.program.emptied = w.steps
		if (w.calm || !w.endsSome(p.app)) && p.told == p.app.provider.subject && p.atSession == p.app.provider.session && !w.gaveUp(p.app) && !p.mayGo() {
			w.violate("leaves", p.name+" loses "+p.told+", and nobody has done anything")
		}
	case event.Name == session.UserUnloaded && p.loaded != nil:
		p.lostAt = w.tick()
		token := p.app.provider.access[p.loaded.AccessToken.Reveal()]
		if token != nil && !token.turnedDown && token.age() < lifetime/3 {
			w.violate("goes", fmt.Sprintf("%s loses %s, whose access token is %v old: %v", p.name, p.told, token.age(), event.Err))
		}
	case event.Name == session.RestoreError && p.events > 0 && p.told == "" && p.toldAt == w.steps:
		w.violate("leaves", p.name+" loses who is there to a restore that has found nobody")
	case event.Name == session.RestoreError && errors.Is(event.Err, session.ErrNotSignedIn):
		p.checkHeldBack()
	}
}

// mayGo tells whether an act may be why nobody is there any more: for who has signed in by
// one, another that counts more, and for who was found, any since.
func (p *page) mayGo() bool {
	w := p.w
	in := slices.IndexFunc(w.acts, func(a *act) bool { return a.brought != "" && a.brought == p.cameWith && !a.silent })
	if in < 0 || w.mixed || w.sources || w.unkept {
		return !p.clear || slices.ContainsFunc(w.acts, func(a *act) bool {
			return a.app == p.app && (a.brought == "" || a.brought != p.cameWith) && (a.done == 0 || a.done > p.cameAt+1 || a.asked > p.cameAt || a.out && !a.knownIn(p.program, p.cameAt) || w.unkept && a.asked < p.program.born ||
				w.sources && (w.unkept || p.release == "old") && a.asked < p.opened || // its session knows what its page has told
				!a.out && a.succeeded && a.who != p.told && a.order >= p.program.orders[p.app]) // somebody else was there with that order, and who hears of it late has to look
		})
	}
	by := w.acts[in]
	return by.came != p.program || slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == p.app && a != by && (!w.idles(a) || a.order > by.order) && !(a.succeeded && a.who == p.told && !w.comesToNothing(a)) && (a.done == 0 || a.rumour || a.order >= by.order || a.out && !a.knownIn(p.program, by.asked))
	})
}

// endsSome tells whether the engine may end a session of a client by itself: nobody does
// anything in a tab that wants that, or the provider says so.
func (w *world) endsSome(a *app) bool {
	return a.provider.named > 0 || slices.ContainsFunc(w.tabs, func(t *tab) bool { return t.settings.Idle.Timeout > 0 || t.settings.Monitor.Session })
}

// age is how long ago a token was issued.
func (t *accessToken) age() time.Duration { return lifetime - time.Until(t.expires) }

// signsIn tells whether somebody may be signing in whom the page has not been told of.
func (w *world) signsIn(p *page) bool {
	return slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == p.app && !a.out && (!a.silent || a.stepUp) && (a.done == 0 || a.done > p.toldAt)
	}) || w.gaveUp(p.app)
}

// gaveUp tells whether a page is gone that had asked for a sign-in, which may come yet.
func (w *world) gaveUp(a *app) bool {
	return slices.ContainsFunc(w.calls, func(c *call) bool {
		return c.abandoned && time.Since(c.left) < 2*time.Minute && c.page.app == a && strings.HasPrefix(c.name, "signin")
	})
}

// checkSilent is for the end of a silent sign-in.
func (p *page) checkSilent(c *call, a *act, err error) {
	w := p.w
	if !errors.Is(err, session.ErrNotSignedIn) || !w.calm || w.mixed || w.unkept || a.behind || c.abandoned || c.slept || w.gaveUp(p.app) || p.lostAt > a.asked {
		return
	}
	at := a.at
	for _, other := range w.acts {
		switch {
		case other.app != a.app || other.silent && !other.rumour || other.done > 0 && other.done <= a.asked:
		case other.succeeded && !other.out && other.done > 0 && other.program == a.program && other.came == a.program:
			at = other.left // who comes there stays, and is who was found
		default:
			return
		}
	}
	if at == p.app.provider.session {
		w.violate("keeps", p.name+": "+c.name+" fails with not_signed_in, and nobody signed out or in elsewhere")
	}
}

// checkNeed is for a refresh request that asks for no resource, but for some scopes.
func (p *provider) checkNeed(t *refreshToken, scope string) {
	w, main := p.w, t.main
	more := strings.Contains(scope, "extra") && !strings.Contains(t.scope, "extra") // for a call that asks for that
	asks := slices.IndexFunc(w.calls, func(c *call) bool {
		return c.name == "signinSilent" && !c.frame && !c.explains && c.page.program == p.asking.by && c.page.app.clientID == t.client &&
			(c.scope == cond(more, scope, "") || strings.Contains(t.scope, "extra")) && (!c.done || c.abandoned)
	})
	if asks >= 0 && more {
		w.calls[asks].explains = true
	}
	if asks >= 0 || main == nil || main.turnedDown || t.doubt || main.gift == nil || !main.gift.shown || main.age() > lifetime/3 {
		return
	}
	by := p.asking.by
	if slices.ContainsFunc(w.acts, func(a *act) bool { // who has signed in is looked for
		own := a.silent && !a.stepUp && a.program == by
		return a.app.clientID == t.client && (a.rumour || !a.out && !own && (a.done == 0 || time.Since(a.ended) <= main.age()+cond(a.came != by, 5*time.Minute, time.Minute)))
	}) || slices.ContainsFunc(w.calls, func(c *call) bool {
		return c.name == "storeUser" && time.Since(c.began) <= main.age()+time.Minute
	}) {
		return
	}
	w.violate("needless", fmt.Sprintf("%s renews an access token that is %v old", p.asking.by.name, main.age()))
}

// loses counts the answers to a refresh request that did not come.
func (w *world) loses(t *refreshToken, resp *oidc.Response, err error) {
	switch {
	case t == nil:
	case err != nil:
		var broken *oidc.TransportError
		if !errors.As(err, &broken) || broken.Status == 0 {
			t.lost++
		}
	case resp.Status == 400 && strings.Contains(string(resp.Body), "invalid_grant"):
		t.denied = true
	}
}

// checkUse is for a refresh token that is about to be sent.
func (w *world) checkUse(t *refreshToken) {
	switch {
	case t == nil || t.brought:
	case t.lost > 2: // two, and once more where a frame sees nobody
		w.violate("once", "a refresh token is sent again, and three answers were lost")
	case t.denied:
		w.violate("once", "a refresh token is sent again that was refused")
	}
}

// An exit is a window that opened, or a page that was sent away.
type exit struct {
	page    *page
	program *program // of the page then
	at      time.Time
	step    int
}

// checkAnswered is for the answer of an API that the app gets.
func (p *page) checkAnswered(c *call, a *act, resp *oidc.Response) {
	w := p.w
	if !w.calm || w.refusesStepUp || p.settings.Fetch.StepUp != session.StepUpPopup || c.abandoned || c.slept || resp.Status != 401 ||
		!strings.Contains(resp.Header["www-authenticate"], "insufficient_user") || p.cameAt == 0 || p.cameAt > a.asked || p.told == "" {
		return
	}
	for _, other := range w.acts {
		if other.app == p.app && !other.stepUp && (other.done == 0 || other.done > p.cameAt+1) {
			return
		}
	}
	recent := 0
	for _, e := range w.exits {
		last := time.Since(e.at) <= time.Minute+time.Second
		switch {
		case e.page.app != p.app:
		case e.program == p.program && e.step > p.cameAt, last && e.page.tab == p.tab && (e.page != p || e.program != p.program):
			return
		case last && e.program == p.program:
			recent++
		}
	}
	if recent < 3 {
		w.violate("answered", p.name+": an API wants a stronger sign-in, and nobody is asked for it")
	}
}

// exits notes that a window opens, or that the page is sent away.
func (p *page) exit() {
	p.w.exits = append(p.w.exits, exit{p, p.program, time.Now(), p.w.tick()})
}

// checkRestores is for a page that is sent away.
func (p *page) checkRestores() {
	w, t := p.w, p.tab
	moving, reading, since := false, false, w.steps
	for _, c := range p.calls {
		if c.moves && c.name != "getUser" {
			return
		}
		if c.moves {
			moving, since = true, min(since, c.step)
		}
		reading = reading || c.name == "signinCallback"
	}
	if !moving {
		return
	}
	copied := slices.ContainsFunc(w.calls, func(c *call) bool { // of two that read one response, one fails
		return c.name == "signinCallback of a copy" && c.page.app == p.app && c.page != p && c.step > p.opened
	})
	if reading && !copied && w.calm && p.app.provider.codes[p.response] != nil {
		w.violate("restores", p.name+" is sent away while it reads a response")
	}
	again := t.restoredIn != p || time.Since(t.restoredAt) > 0 // two calls at once have the page leave once
	if t.restored > 0 && again && time.Since(t.restoredAt) < 15*time.Minute && t.restoredTo == p.program.orders[p.app] && t.arrived < t.restored && !slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == p.app && (a.done == 0 || a.done > t.restored || a.asked > t.restored)
	}) {
		w.violate("restores", p.name+" is sent away again, and nobody has signed in or out")
	}
	t.restored, t.restoredAt, t.restoredTo, t.restoredIn = since, time.Now(), p.program.orders[p.app], p
	if w.sources && w.newsUnderway() { // its session may not have heard of that
		t.restoredTo = -1
	}
}

// checkHeldBack is for a tab that is not sent away, as it was a moment ago.
func (p *page) checkHeldBack() {
	for _, t := range p.w.tabs { // also of one that is closed by now
		if t.app == p.app && (t.page == nil || t.page.program == p.program) && t.settings.Restore == session.RestoreRedirect && t.arrived <= t.marked {
			return
		}
	}
	for _, c := range p.w.calls { // what came while the tab was about to leave may have come too late
		if c.page.program == p.program && c.page.app == p.app && c.name == "getUser" && !c.done && slices.ContainsFunc(p.w.acts, func(a *act) bool {
			return a.app == p.app && !a.out && (a.done == 0 || a.done > c.step)
		}) {
			return
		}
	}
	p.w.violate("restores", p.name+" is kept back, and somebody has signed in since it was sent away")
}

// signed notes that somebody has signed in by a call of the page.
func (p *page) signed(a *act) {
	if a.succeeded {
		p.tab.arrived = a.asked
	}
}

// receives notes the code of the response that the page is about to read.
func (p *page) receives(back string) {
	if u, err := url.Parse(back); err == nil {
		p.response = u.Query().Get("code")
	}
}

// An entry is a sign-in at the provider's page.
type entry struct {
	client  string
	session int
	step    int
}

// mayMean tells whether the session that the front channel has named is the one of a
// sign-in that was asked for then.
func (p *provider) mayMean(a *act) bool {
	return p.named > a.asked && slices.ContainsFunc(p.entries, func(e entry) bool {
		return e.client == a.app.clientID && e.session == p.namedSession && e.step > a.asked
	})
}

// checkIdle is for what a program tells the others.
func (p *program) checkIdle(message string) {
	w := p.w
	if p.ended || !strings.Contains(message, `"how":"idle"`) || p.emptied == 0 || p.emptied != w.steps || p.idleLeft.Equal(time.Now()) {
		return
	}
	a := w.appIn(message)
	for _, t := range w.tabs {
		for _, page := range []*page{t.page, t.cached} {
			if page != nil && page.program == p && t.app == a && t.settings.Idle.Timeout > 0 && (time.Since(p.busyAt[t.source()]) >= t.settings.Idle.Timeout || p.busyAt[t.source()].Equal(time.Now())) { // the end had come when somebody did
				return
			}
		}
	}
	w.violate("idle", p.name+" signs out for doing nothing, and no tab wants that")
}

// checkIdleLeave is for a page that is sent to the provider: to sign out whom nobody has
// asked to sign out.
func (p *page) checkIdleLeave(url string) {
	w := p.w
	if !strings.HasPrefix(url, p.app.provider.issuer+"/end") || slices.ContainsFunc(p.calls, func(c *call) bool { return c.name == "signoutRedirect" }) {
		return
	}
	for _, c := range w.calls {
		if c.page.app == p.app && c.page.program == p.program && c.page.source() == p.source() && !c.done && !c.abandoned && slices.Contains([]string{"signinPopup", "signinCallback", "signinResourceOwnerCredentials"}, c.name) {
			w.violate("idle", p.name+" is sent away for an idle user, and "+c.page.name+" is about to sign in")
		}
	}
	if who := p.who(); who != "" {
		w.violate("idle", p.name+" is sent away for an idle user, and "+who+" is there")
	}
}

// hearsEnd notes that a program has heard of the end of a session.
func (p *program) hearsEnd(provider *provider, session int) {
	if p.over == nil {
		p.over = map[string]int{}
	}
	p.over[fmt.Sprint(provider.issuer, session)] = p.w.tick()
}

// checkUsers is for the quiet world: asked says whether everybody has asked.
func (w *world) checkUsers(asked bool) {
	for _, a := range w.apps {
		somebody := false
		last := w.lastAct(a)
		for _, p := range w.pages() {
			if p.app != a {
				continue
			}
			user := p.client.Current()
			somebody = somebody || user != nil
			if user != nil {
				token := a.provider.access[user.AccessToken.Reveal()]
				if token != nil && token.gift != nil && token.session > 0 && token.gift.at < p.program.over[fmt.Sprint(a.provider.issuer, token.session)] {
					w.violate("ended", p.name+" has "+name(user)+" of a session whose end was told after the response")
				}
			}
			if !asked && last != nil && !last.out && w.stands(last, false) && !w.mixed && !w.unheard && !p.program.slept && p.program.born < last.asked && p.opened < last.asked && p.settings.Restore != session.RestoreRedirect && name(user) != last.who {
				w.violate("found", fmt.Sprintf("%s has %q, and has heard that %s signed in elsewhere", p.name, name(user), last.who))
			}
		}
		if asked {
			w.checkAgreement(a)
		}
		if somebody && asked && !w.mixed && !w.unkept && !w.storage[a].SignedIn {
			w.violate("hint", "somebody is signed in to "+a.name+", and the pages keep that nobody is")
		}
	}
}

// checkAgreement is for the quiet world in which everybody has asked.
func (w *world) checkAgreement(a *app) {
	if !w.calm || w.mixed || w.unkept || w.unheard || w.lost > 0 || w.cleared > 0 || !slices.ContainsFunc(w.acts, func(in *act) bool {
		return in.app == a && !in.out && in.succeeded && in.who == a.provider.subject && in.left == a.provider.session
	}) {
		return
	}
	for _, p := range w.pages() {
		for _, other := range w.pages() {
			one, two := p.who(), other.who()
			if p.app == a && other.app == a && p.settings.Restore != session.RestoreRedirect && other.settings.Restore != session.RestoreRedirect && one != two && (one != "" && two != "" || cmp.Or(one, two) == a.provider.subject) {
				w.violate("agree", fmt.Sprintf("%s has %q, and %s has %q", p.name, one, other.name, two))
				return
			}
		}
	}
}

// strangersSince tells whether there is a program since an act that cannot know of it:
// pages keep nothing.
func (w *world) strangersSince(a *act) bool {
	return w.unkept && slices.ContainsFunc(w.programs, func(p *program) bool { return p.born > a.asked })
}
