package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A pair is two programs, and what is under way in and between them. A search
// goes through all short sequences of what can happen to them, and lets
// everything come to an end after each.
type pair struct {
	programs [2]standing
	air      [2]*flown
	mail     [2][]news
	finds    [2]bool // looks at the provider as soon as nothing is under way
	kept     Hint    // by the pages
	provider string  // who is signed in there
	highest  int64   // the order of the last act
	lastOut  int64   // of the last sign-out that somebody asked for
	lastIn   int64   // of the last sign-in
	said     [2]bool // its page has told what is kept now
	reloaded bool    // a program is new
	quietly  bool    // a session has ended where nobody else hears of it
	apart    bool    // they hear of each other by what pages keep alone
	ahead    bool    // of the clock are all orders
	trace    []string
	wrong    string
}

// flown is a restore or an interactive sign-in that is under way.
type flown struct {
	began mark
	acts  bool
	who   string
	out   bool // a sign-out that somebody asked for has become known since
}

// knows is the order up to which it knows of sign-outs.
func (f *flown) knows() int64 {
	if f.acts {
		return f.began.after
	}
	return f.began.order
}

// carryOut is what a session does, without a session.
func (p *pair) carryOut(i int, result effects, over bool) {
	s := &p.programs[i]
	if result.has(tellPeers) && !p.apart {
		if n, ok := s.says(); ok {
			p.mail[1-i] = append(slices.Clone(p.mail[1-i]), n)
		}
	}
	if h := s.keeps(); result.has(tellPages) && (h.Order > p.kept.Order || h.Order == p.kept.Order && h.Out >= p.kept.Out) && h != p.kept {
		p.kept, p.said = h, [2]bool{}
	}
	if over && !p.apart {
		p.mail[1-i] = append(slices.Clone(p.mail[1-i]), news{order: s.order, over: true})
	}
	if result.has(find | again) {
		p.finds[i] = true
	}
	if p.finds[i] && p.air[i] == nil {
		p.finds[i] = false
		if s.here == "" && !s.out() {
			p.air[i] = &flown{began: p.began(i), who: p.provider}
		}
	}
}

// began is for what begins now: the time of the last act, or before all of them.
func (p *pair) began(i int) mark {
	s := &p.programs[i]
	if p.ahead {
		return s.began(0)
	}
	return s.began(s.order)
}

func (p *pair) begin(i int, acts bool, who string) {
	if acts {
		p.provider = who
	}
	p.air[i] = &flown{began: p.began(i), acts: acts, who: who}
}

func (p *pair) land(i int) {
	s, f := &p.programs[i], p.air[i]
	p.air[i] = nil
	before := s.order
	if !f.acts {
		if f.who == "" {
			p.carryOut(i, s.missing(f.began), false)
			return
		}
		afterOut := s.out()
		result := s.found(f.began, f.who, 0)
		switch {
		case result.has(take) && f.out:
			p.wrong = "a restore has undone a sign-out"
		case s.order > before && !afterOut:
			p.wrong = "a restore has raised the order"
		case s.order > before:
			p.lastIn = max(p.lastIn, s.order)
		}
		p.carryOut(i, result, false)
		return
	}
	result := s.signedIn(f.began, f.who, 0)
	if result.has(lose) != f.out {
		p.wrong = fmt.Sprintf("an interactive sign-in: %v, and a sign-out since: %t", result, f.out)
	}
	if result.has(take) {
		p.lastIn = max(p.lastIn, s.order)
	}
	p.carryOut(i, result, false)
}

func (p *pair) signOut(i int) {
	result := p.programs[i].signedOut(0)
	p.lastOut = max(p.lastOut, p.programs[i].order)
	p.knowsOut(i)
	p.carryOut(i, result, false)
}

// knowsOut notes that what is under way has begun before a sign-out.
func (p *pair) knowsOut(i int) {
	if f := p.air[i]; f != nil {
		late := *f
		late.out = true
		p.air[i] = &late
	}
}

func (p *pair) deliver(i, k int) {
	n := p.mail[i][k]
	p.mail[i] = slices.Delete(slices.Clone(p.mail[i]), k, k+1)
	s := &p.programs[i]
	if f := p.air[i]; f != nil && n.out > f.knows() {
		p.knowsOut(i)
	}
	for _, other := range p.mail[i] {
		p.commute(*s, n, other)
	}
	result := s.heard(n)
	twice := *s
	if again := twice.heard(n); again.has(forget|find|take) || twice != *s {
		p.wrong = fmt.Sprintf("news heard twice: %v", again)
	}
	p.carryOut(i, result, false)
}

// commute compares both orders of two news.
func (p *pair) commute(s standing, a, b news) {
	if a.over || b.over {
		return // the end of a session is about the one that is there
	}
	other := s
	s.heard(a)
	s.heard(b)
	other.heard(b)
	other.heard(a)
	if s.order != other.order || s.act != other.act || !s.means(s.last, other.last) || s.explicit != other.explicit || s.closed != other.closed ||
		s.out() && s.here != other.here {
		p.wrong = fmt.Sprintf("the order of news counts: %+v or %+v", s, other)
	}
}

// wake has a page come back that says what is kept.
func (p *pair) wake(i int) {
	s := &p.programs[i]
	if f := p.air[i]; f != nil && p.kept.Out > f.knows() {
		p.knowsOut(i)
	}
	p.carryOut(i, s.hinted(p.kept, false), false)
}

// reload gives the tab that is at the provider, and comes back, another program. What
// that knows is what the pages keep.
func (p *pair) reload(i int) {
	s, f := &p.programs[i], *p.air[i]
	*s = standing{}
	p.finds[i], p.reloaded = false, true
	p.carryOut(i, s.hinted(p.kept, true), false)
	began := p.began(i)
	began.order, began.after = f.began.order, f.began.after
	f.began, f.out = began, s.explicit > f.knows()
	if p.air[i] = &f; !f.acts && !s.hint {
		p.air[i] = nil // see Client.signinCallback
	}
}

// move is something that can happen now.
type move struct {
	name string
	do   func(p *pair)
}

func (p *pair) steps() []move {
	var steps []move
	for i := range p.programs {
		add := func(name string, do func(p *pair)) { steps = append(steps, move{fmt.Sprint(name, " ", i), do}) }
		s := p.programs[i]
		if p.air[i] == nil {
			add("restore", func(p *pair) { p.begin(i, false, p.provider) })
			add("sign in ann", func(p *pair) { p.begin(i, true, "ann") })
			add("sign in bob", func(p *pair) { p.begin(i, true, "bob") })
		} else {
			add("land", func(p *pair) { p.land(i) })
			if !p.apart { // what it has not told in time is lost
				add("reload", func(p *pair) { p.reload(i) })
			}
		}
		add("sign out", func(p *pair) { p.signOut(i) })
		if s.here != "" {
			add("idle", func(p *pair) {
				result := p.programs[i].idled(0)
				p.carryOut(i, result, false)
			})
			add("over", func(p *pair) {
				result := p.programs[i].ended(false)
				p.quietly = true
				p.carryOut(i, result, true)
			})
			add("refused", func(p *pair) {
				result := p.programs[i].ended(false)
				p.quietly = true
				p.carryOut(i, result, false)
			})
		}
		if s.keeps() != p.kept {
			add("wake", func(p *pair) { p.wake(i) })
		}
		for k := range p.mail[i] {
			add(fmt.Sprint("hear ", k), func(p *pair) { p.deliver(i, k) })
		}
	}
	return steps
}

// settle lets everything that is under way come to an end.
func (p pair) settle() *pair {
	for range 40 {
		switch {
		case p.wrong != "":
			return &p
		case len(p.mail[0]) > 0:
			p.deliver(0, 0)
		case len(p.mail[1]) > 0:
			p.deliver(1, 0)
		case p.air[0] != nil:
			p.land(0)
		case p.air[1] != nil:
			p.land(1)
		case !p.said[0]: // storage events come, too
			p.said[0] = true
			p.wake(0)
		case !p.said[1]:
			p.said[1] = true
			p.wake(1)
		default:
			p.compare()
			return &p
		}
	}
	p.wrong = "it does not come to an end"
	return &p
}

// compare checks what has to be true once all is quiet.
func (p *pair) compare() {
	a, b := &p.programs[0], &p.programs[1]
	switch {
	case a.order != b.order || a.act != b.act && !p.quietly && !p.apart || a.explicit != b.explicit:
		p.wrong = "they do not agree on the last act"
	case a.order > max(p.highest, p.lastIn, p.lastOut) && a.act != idled:
		p.wrong = "the order is above that of all acts"
	case p.lastOut >= p.lastIn && p.lastOut > 0 && p.lastOut == a.order && (a.here != "" || b.here != ""):
		p.wrong = "somebody is signed in after a sign-out"
	case a.out() && (a.here != "" || b.here != ""):
		p.wrong = "somebody is signed in, and signed out"
	case !p.quietly && a.here != b.here && !((p.reloaded || p.apart) && (a.here == "" || b.here == "")): // a new one looks when it is asked
		p.wrong = "they do not agree on who is signed in"
	case a.here != "" && !a.hint || b.here != "" && !b.hint:
		p.wrong = "somebody is signed in, and the pages do not keep it"
	}
}

// search tries all sequences of some length.
func (p *pair) search(t *testing.T, length int, tried *int) bool {
	*tried++
	if end := p.settle(); end.wrong != "" {
		t.Errorf("%s:\n%s\n%+v\n%+v", end.wrong, strings.Join(p.trace, "\n"), end.programs[0], end.programs[1])
		return false
	}
	if length == 0 {
		return true
	}
	for _, step := range p.steps() {
		next := *p
		next.trace = append(slices.Clone(p.trace), step.name)
		step.do(&next)
		if !next.search(t, length-1, tried) {
			return false
		}
	}
	return true
}

// In no order of events is a sign-out undone, do two programs disagree for good,
// does news count twice or only in one order, or is the order raised without an act.
func TestAllSequences(t *testing.T) {
	length := 5
	if testing.Short() {
		length = 4
	}
	for i := range 3 {
		apart, ahead, length := i == 1, i == 2, length
		if ahead {
			length--
		}
		for name, both := range map[string]standing{
			"new programs":        {},
			"somebody signed out": {order: 5, act: signedOut, explicit: 5, closed: 5, outs: 1},
			"ann is signed in":    {order: 5, act: signedIn, last: "ann", here: "ann", hint: true},
			"a page has the hint": {order: 5, act: signedIn, hint: true},
		} {
			t.Run(fmt.Sprintf("%s, apart %t, ahead of the clock %t", name, apart, ahead), func(t *testing.T) {
				t.Parallel()
				tried := 0
				p := &pair{programs: [2]standing{both, both}, kept: both.keeps(), provider: "ann", highest: both.order, apart: apart, ahead: ahead}
				p.search(t, length, &tried)
				t.Logf("%d sequences", tried)
			})
		}
	}
}
