//go:build !js

package explore

import (
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// keptFor is how long a keeper has a record that its owner gives no more.
const keptFor = time.Minute

// A keeper is web/keeper.js, with what web/worker.js says to it: there is one for each
// release, and that which knows no order has none.
type keeper struct {
	w          *world
	life       time.Duration // the browser ends it when it has heard nothing for so long
	late       bool          // messages of workers take their time
	registered bool
	heardAt    time.Time
	records    []*record  // the newest last
	left       []*program // whose records others have
}

// A record is what a program has given, and what was known then.
type record struct {
	owner *program
	text  string
	at    time.Time // when the keeper got it
	items []*item
}

// An item is what a record holds of a session.
type item struct {
	app      *app
	user     string
	token    *accessToken
	refresh  *refreshToken // nil: none
	at       int64         // milliseconds since the epoch
	step     int           // at which the program that had the session said so
	order    int64
	outs     []*act    // the sign-outs that it had heard of
	idleEnds time.Time // when its user has done nothing for too long; zero: not known
}

// keeps tells whether a schedule has keepers.
func keeps(seed uint64) bool { return mix(seed, 17)%3 == 0 }

// keeper returns that of a release, nil if it has none.
func (w *world) keeper(release string) *keeper {
	if !keeps(w.seed) || release == "old" {
		return nil
	}
	k := w.keepers[release]
	if k == nil {
		k = &keeper{w: w, life: []time.Duration{time.Hour, 30 * time.Second, 5 * time.Second}[mix(w.seed, 18)%3], late: mix(w.seed, 19)%4 == 0}
		w.keepers[release] = k
	}
	return k
}

// takesOver has a program that begins take what the keeper has, and give it what it has
// itself.
func (p *program) takesOver() {
	k := p.w.keeper(p.release)
	if k == nil {
		return
	}
	text := ""
	if p.took = k.take(p); p.took != nil {
		text = p.took.text
		p.w.say("%s takes what %s has given", p.name, p.took.owner.name)
	}
	p.registry.TakeOver([]byte(text), session.Keeper{Give: func(text []byte) { k.given(p, string(text)) }}) // no tab says an Asker
}

// given is for what a program gives. It goes to the keeper that the program knows at once,
// as long as messages take no time; else what the program gives later is instead of that,
// until it is under way.
func (k *keeper) given(p *program, text string) {
	switch waits := p.gives != nil; {
	case p.ended:
	case text == "":
		k.w.say("%s has the keeper forget all", p.name)
		p.gives, p.holds, p.knowsKeeper, k.registered, k.records = nil, nil, false, false, nil
	default:
		if p.gives = (&record{owner: p, text: text, items: p.itemsOf(text)}); waits {
			return
		}
		if p.knowsKeeper && !k.late {
			k.put(p)
			return
		}
		k.w.later("a record of "+p.name+" for the keeper", "keeper "+p.name, p.asleep, func() {
			if p.gives != nil && (!p.ended || k.late && p.knowsKeeper) {
				p.knowsKeeper, k.registered = true, true
				k.put(p)
			}
		})
	}
}

// put is for what has come: that of who has left is late.
func (k *keeper) put(p *program) {
	r := p.gives
	p.gives = nil
	if k.wakes(); !slices.Contains(k.left, p) {
		k.own(p, r)
	}
}

func (k *keeper) own(p *program, r *record) {
	k.records = slices.DeleteFunc(k.records, func(r *record) bool { return r.owner == p })
	k.records = append(k.records, &record{owner: p, text: r.text, at: time.Now(), items: r.items})
}

// wakes has the keeper hear something.
func (k *keeper) wakes() {
	now := time.Now()
	if now.Sub(k.heardAt) > k.life {
		k.ends()
	}
	k.heardAt = now
	k.records = slices.DeleteFunc(k.records, func(r *record) bool { return now.Sub(r.at) > keptFor })
}

// ends has it lose everything, and what is on the way from who has ended.
func (k *keeper) ends() {
	k.records, k.left = nil, nil
	for _, p := range k.w.programs {
		if p.ended && k.w.keeper(p.release) == k {
			p.gives = nil
		}
	}
}

// take makes the newest record whose owner is gone that of another program.
func (k *keeper) take(p *program) *record {
	k.wakes()
	p.knowsKeeper = k.registered
	for _, r := range slices.Backward(k.records) {
		if !r.owner.ended {
			continue
		}
		k.records = slices.DeleteFunc(k.records, func(other *record) bool { return other == r })
		k.left = append(k.left, r.owner)
		for _, it := range r.items {
			if it.refresh != nil && r.owner.gives != nil { // what comes too late may say that it was used
				it.refresh.doubt = true
			}
		}
		k.own(p, r)
		return r
	}
	return nil
}

// has returns what it has of a program.
func (k *keeper) has(p *program) *record {
	for _, r := range k.records {
		if r.owner == p {
			return r
		}
	}
	return nil
}

// itemsOf reads what a program gives, and notes what it knows.
func (p *program) itemsOf(text string) (items []*item) {
	var all []struct {
		Issuer, ClientID string
		At               int64
		User             struct{ AccessToken string }
		Grant            struct{ Token string }
	}
	if err := strictjson.Unmarshal([]byte(text), &all); err != nil {
		p.w.violate("record", "a record is not one: "+err.Error())
	}
	for _, each := range all {
		for _, a := range p.w.apps {
			if a.provider.issuer != each.Issuer || a.clientID != each.ClientID {
				continue
			}
			token := a.provider.access[each.User.AccessToken]
			it := &item{app: a, at: each.At, token: token, refresh: a.provider.refresh[each.Grant.Token], step: p.w.steps, order: p.orders[a], outs: p.heard(a)}
			if token != nil {
				it.user = token.subject
			}
			it.idleEnds = p.idleEnds(it)
			if old := p.took.of(token); old != nil && old.at == it.at { // nobody has come for it yet
				it = old
			}
			items = append(items, it)
		}
	}
	return items
}

// of returns what a record has with an access token, nil if there is none.
func (r *record) of(token *accessToken) *item {
	if r == nil || token == nil {
		return nil
	}
	for _, it := range r.items {
		if it.token == token {
			return it
		}
	}
	return nil
}

// idleEnds is when the user has been idle for too long, by every tab that is awake.
func (p *program) idleEnds(it *item) (end time.Time) {
	if p.holds == nil {
		p.holds = map[*app]holding{}
	}
	if p.holds[it.app].user != it.user {
		p.holds[it.app] = holding{it.user, time.Now()}
	}
	for _, page := range p.served() {
		if page.app != it.app || page.silent() || page.tab.cached == page { // what a page wants that sleeps does not count
			continue
		}
		if page.settings.Idle.Timeout == 0 {
			return time.Time{}
		}
		began := p.busyAt[page.source()]
		began = later(began, p.holds[it.app].since)
		for _, a := range p.w.acts {
			if a.app == it.app && a.came == p && a.succeeded && !a.silent {
				began = later(began, a.ended)
			}
		}
		end = later(end, began.Add(page.settings.Idle.Timeout))
	}
	return end
}

func later(a, b time.Time) time.Time { return cond(a.After(b), a, b) }

// A holding is who is signed in in a program, and since when.
type holding struct {
	user  string
	since time.Time
}

// served are the pages of a program.
func (p *program) served() (pages []*page) {
	for _, t := range p.w.tabs {
		for _, page := range []*page{t.page, t.cached} {
			if page != nil && page.program == p {
				pages = append(pages, page)
			}
		}
	}
	return pages
}

// A sending is a request that is under way to a provider.
type sending struct {
	req     *oidc.Request
	refresh *refreshToken
	arrived bool
}

// loseRequests is for the end of a program: what it has sent comes, or does not, and
// nobody hears of the answers.
func (p *program) loseRequests() {
	if !keeps(p.w.seed) {
		return
	}
	for _, s := range p.sendings {
		if s.refresh == nil {
			continue
		}
		provider := p.w.providerOf(s.req.URL)
		if !s.arrived && provider != nil && !provider.down && p.w.dice.IntN(2) == 0 {
			s.arrived = true
			provider.asking, provider.given = asking{by: p}, nil
			provider.serve(s.req)
		}
		s.refresh.doubt = true
	}
}
