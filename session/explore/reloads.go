//go:build !js

package explore

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// keeperRules are what the engine promises of what an earlier program has given; see rules.
var keeperRules = []struct{ name, promise string }{
	{"record", "Of what an earlier program has given, a program goes on with what is no older than a minute, and with nobody who has done nothing for too long, or was signed out: as far as this program, that one, or its page knows, or another program of the release has said to a page."},
	{"one owner", "What a program has given goes to one other, and to none while it lives: no two have the same tokens."},
	{"goes on", "Where a keeper has what a program had, who is signed in is there after a reload within a minute, and no provider is asked for anything, unless something has happened."},
}

// goesOn is for a page that a program has been opened for: somebody may be there of whom
// an earlier program has told.
func (l *link) goesOn(user *session.User) {
	p, w := l.program, l.w
	first := !p.known[l.source()]
	p.known[l.source()] = true
	if p.took == nil || user == nil || !first || l.page.gone {
		return
	}
	it := p.took.of(l.app.provider.access[user.AccessToken.Reveal()])
	if it == nil || it.app != l.app {
		return
	}
	w.coverage["goes on"]++
	w.say("%s goes on with %s", p.name, it.user)
	p.hears(it.outs)
	p.knows(l.app, it.order)
	if age := time.Now().UnixMilli() - it.at; age > keptFor.Milliseconds() {
		w.violate("record", fmt.Sprintf("%s has %s of a record that is %d ms old", l.page.name, it.user, age))
	}
	if !w.sources && !it.idleEnds.IsZero() && !time.Now().Before(it.idleEnds) {
		w.violate("record", l.page.name+" has "+it.user+" of a record, who has done nothing for too long")
	}
	for _, other := range w.pages() {
		if now := other.client; other.program != p && now != nil && now.Current() != nil && now.Current().AccessToken == user.AccessToken && !w.brings(user) {
			w.violate("one owner", p.name+" and "+other.program.name+" have the same tokens of "+it.user)
		}
	}
	for _, out := range w.acts {
		if out.app == l.app && out.out && !out.rumour && !out.tidies && !w.mixed && it.ended(out) && l.knows(it, out) {
			w.violate("record", l.page.name+" has "+it.user+" of a record, after "+out.what)
		}
	}
}

// ended tells whether a sign-out came after everybody who has signed in.
func (it *item) ended(out *act) bool {
	return out.asked > it.step && !slices.ContainsFunc(out.program.w.acts, func(a *act) bool {
		return a.app == it.app && !a.out && (a.done == 0 || a.done >= out.asked)
	})
}

// knows tells whether a page that goes on could know of a sign-out: it is stored, its
// program has heard of it, or all that was given had to be forgotten for it.
func (l *link) knows(it *item, out *act) bool {
	stored := slices.Contains(l.w.kept[l.app], out) && l.release != "old"
	return stored || out.knownIn(l.program, l.w.steps) || out.done > 0 && out.program.release == l.release && !l.w.keeper(l.release).late
}

// brings tells whether an app has brought a user, maybe to several programs.
func (w *world) brings(user *session.User) bool {
	return slices.ContainsFunc(w.calls, func(c *call) bool { return c.name == "storeUser" })
}

// reloadDeeds are operations of worlds that have keepers.
var reloadDeeds = []deed{
	{"reload and go on", 0, false, inTab(func(t *tab, n uint64) string {
		return t.reloads(time.Duration([]int{0, 0, 0, 0, 1, 20, 58, 62}[n%8])*time.Second, n/8)
	})},
	{"two reloads", 0, false, func(w *world, n uint64) string { return w.reloadBoth(n) }},
	{"reload during a refresh", 0, false, inTab(func(t *tab, n uint64) string {
		if t.page == nil || t.page.silent() || t.page.who() == "" {
			return ""
		}
		t.page.signinSilent(session.SigninArgs{})
		if t.w.goOn(int(n % 8)); t.page == nil {
			return "signs in silently"
		}
		return "signs in silently, and " + t.reloads(0, n/8)
	})},
	{"reload, and meanwhile", 0, false, inTab(func(t *tab, n uint64) string {
		if t.page == nil || t.page.silent() {
			return ""
		}
		p, what := t.page, ""
		for _, other := range t.w.pages() {
			if other != p && other.app == p.app && !other.silent() && other.program != p.program {
				p = other
			}
		}
		if n%4 == 0 {
			what = p.acts(n/4) + " in " + p.name + ", "
			t.w.goOn(int(n / 16 % 8))
		}
		if t.page == nil {
			return what
		}
		t.unload(false)
		t.w.goOn(int(n / 128 % 8))
		if n%4 > 0 && p.tab.page == p && !p.silent() && !p.program.ended {
			what = p.acts(n/4) + " in " + p.name + ", "
			t.w.goOn(int(n / 1024 % 16))
		}
		if t.page == nil && !t.closed {
			t.load()
			t.page.ask()
		}
		return what + "is reloaded"
	})},
	{"close and open", 0, false, inTab(func(t *tab, n uint64) string {
		if t.page == nil {
			return ""
		}
		rest := time.Duration([]int{0, 1, 29, 55, 59, 60, 61, 90}[n%8]) * time.Second
		t.close()
		t.w.settle(rest)
		t.opens()
		t.page.ask()
		return "is closed, and opened " + rest.String() + " later"
	})},
	{"the keeper ends", 0, false, func(w *world, n uint64) string {
		for _, k := range []*keeper{w.keepers["new"], w.keepers["newer"]}[n%2:] {
			if k != nil {
				k.ends()
				return "a keeper loses everything"
			}
		}
		return ""
	}},
}

// reload draws the operations about keepers of a seed.
func reloads(seed uint64, ops []operation) {
	if !keeps(seed) {
		return
	}
	//lint:ignore gosec G404: a simulation, repeatable by its seed
	dice := rand.New(rand.NewPCG(seed, 4))
	first := len(deeds) - len(reloadDeeds)
	for i := range ops {
		if i >= 3 && dice.IntN(4) == 0 {
			ops[i].kind = first + []int{0, 0, 0, 1, 2, 3, 3, 4, 5}[dice.IntN(9)]
			ops[i].n = dice.Uint64() >> 16
		}
	}
}

// reloads has the tab reloaded, and come again after a while.
func (t *tab) reloads(after time.Duration, n uint64) string {
	w, p := t.w, t.page
	if p == nil {
		return ""
	}
	user, ready := p.client.Current(), p.ready(after)
	old, since := p.program, w.tick()
	t.unload(false)
	if after > 0 {
		w.settle(after)
	} else {
		w.goOn(int(n % 4))
	}
	if t.page != nil || t.closed {
		return "is reloaded"
	}
	ready = ready && w.keeper(t.release).has(old) != nil
	t.load()
	t.page.ask()
	if n/4%4 == 0 { // and at once again
		t.unload(false)
		t.load()
		t.page.ask()
	}
	page, program := t.page, t.page.program
	ready = ready && program.took != nil && program.took.of(t.app.provider.access[user.AccessToken.Reveal()]) != nil
	for n := 0; n < 100 && ready && len(page.calls) > 0 && w.step(); n++ {
		w.checkStep()
	}
	acted := slices.ContainsFunc(w.acts, func(a *act) bool { return a.app == t.app && (a.done == 0 || a.done > since) })
	if ready && !acted && t.page == page && program == page.program {
		w.coverage["has gone on"]++
		if page.who() != name(user) || program.sent > 0 || w.renewals[program] > 0 {
			w.violate("goes on", fmt.Sprintf("%s had %s, and has %q after a reload, with %d requests and %d frames", page.name, name(user), page.who(), program.sent, w.renewals[program]))
		}
	}
	return "is reloaded after " + after.String()
}

// ready tells whether nothing is under way, so that after a reload all is as it was.
func (p *page) ready(after time.Duration) bool {
	w, user := p.w, p.client.Current()
	if user == nil || !w.calm || w.mixed || w.sources || w.newsUnderway() || p.settings.Monitor.Session || !strings.EqualFold(user.TokenType, "Bearer") {
		return false
	}
	left := time.Until(time.Unix(user.ExpiresAt, 0)) - after
	idle := slices.ContainsFunc(w.tabs, func(t *tab) bool { return t.settings.Idle.Timeout > 0 })
	return left > 2*time.Minute && !idle && after < keptFor && !w.restless && p.program.gives == nil && len(p.program.served()) == 1 && len(p.program.sendings) == 0 && len(p.calls) == 0
}

// reloadBoth reloads two tabs at once.
func (w *world) reloadBoth(n uint64) string {
	pages := w.pages()
	if len(pages) < 2 {
		return ""
	}
	one := pages[n%uint64(len(pages))]
	pages = slices.DeleteFunc(pages, func(p *page) bool { return p == one })
	other := pages[n/8%uint64(len(pages))]
	for _, p := range []*page{one, other} {
		if n/64%2 == 0 {
			w.goOn(int(n / 128 % 4))
		}
		if p.tab.page == p {
			p.tab.unload(false)
		}
	}
	w.goOn(int(n / 512 % 4))
	for _, p := range []*page{one, other} {
		if t := p.tab; t.page == nil && !t.closed {
			t.load()
			t.page.ask()
			w.goOn(int(n / 2048 % 8))
		}
	}
	return one.name + " and " + other.name + " are reloaded at once"
}

// opens has a tab opened that was closed: it keeps nothing.
func (t *tab) opens() {
	t.closed, t.kept, t.away, t.restored = false, map[oidc.Secret]session.Transaction{}, map[oidc.Secret]*act{}, 0
	t.load()
}
