package session

import "cmp"

// An act is what somebody asked for: a sign-in that ends in a new user, or a
// sign-out. Each has an order, a number above all that its program has heard of,
// so that every program and page can tell news from old news, whenever it comes.
// What happens without anybody asking (a restore, a renewal, the end of the
// provider's session) has none.
//
// Acts of one order happened in programs that did not know of each other: the
// one further down counts.
type act uint8

const (
	nothing   act = iota
	idled         // nobody is there any more, as far as is known: a sign-out, but no one's wish
	signedIn      // of the person in standing.last
	tied          // several persons: the provider knows who is signed in
	undone        // a sign-in that was asked for before a sign-out of lower order
	signedOut     // by somebody
)

// A standing is what a program knows of who is signed in, and decides what
// follows from anything that happens. It does nothing else: no I/O, no clock, no
// locks. docs/who-is-signed-in.md has its table.
type standing struct {
	order int64  // of the last act known
	act   act    // that one
	last  string // whom it signed in, as session.who or stamp has it; empty: not known
	at    int64  // when that was, for releases that know no order; milliseconds
	asked int64  // mark.after of where it was asked for

	closed   int64 // the order of the last sign-out known
	explicit int64 // and of the last that somebody asked for

	here string // who is signed in here, as session.who has it; empty: nobody
	hint bool   // a silent sign-in is worth trying

	acts    int // how often there was news of an act
	ends    int // how often a session has ended here
	outs    int // how often an app has had nobody forgotten; see removed
	changes int // how often somebody has come or gone otherwise than by a renewal
}

// A mark is when something began.
type mark struct {
	order                     int64
	after                     int64 // the order up to which sign-outs are known, for an interactive sign-in
	acts, ends, outs, changes int
}

// effects are what follows; several may.
type effects uint16

const (
	take      effects = 1 << iota // the user who comes is signed in
	keep                          // the user who comes is not needed: who is there stays
	lose                          // the user who comes is too late: not_signed_in, and the tokens are revoked
	again                         // whoever was found is of before a sign-in: look once more
	forget                        // nobody is signed in any more
	find                          // look at the provider who is signed in
	tellPeers                     // tell the other programs
	tellPages                     // tell the pages what to keep
)

// has tells whether one of some effects follows.
func (e effects) has(some effects) bool { return e&some != 0 }

// began is for what begins now and may bring a user. Of the last act's order there
// may be a sign-out, too, that nobody has told yet, and where orders are ahead of the
// clock, of every one since now. A program that knows of no act does not know that there
// was none: what is kept may have been cleared.
func (s *standing) began(now int64) mark {
	after := max(cmp.Or(min(s.order, now), now)-1, s.explicit)
	return mark{s.order, after, s.acts, s.ends, s.outs, s.changes}
}

// signedIn is for an interactive sign-in that began then. Only a sign-out that
// somebody asked for since is stronger.
func (s *standing) signedIn(began mark, who string, at int64) effects {
	if s.beaten(began) {
		return lose
	}
	s.raise(max(s.order, began.after), signedIn, who, at)
	s.here, s.asked = who, began.after
	s.changes++
	return take | tellPeers | tellPages
}

// beaten tells whether somebody has signed out since an interactive sign-in began.
func (s *standing) beaten(began mark) bool {
	return s.outs != began.outs || s.explicit > began.after
}

// comes says what would become of a user who is found by a restore or a renewal
// that began then.
func (s *standing) comes(began mark, who string) effects {
	switch {
	case s.ends != began.ends || s.closed > began.order:
		return lose
	case s.here != "" && s.changes != began.changes:
		return keep
	case s.order == began.order && s.acts == began.acts:
	case s.act == tied, s.act == signedIn && !s.means(s.last, who) && (s.last != "" || s.order > began.order):
		return again
	}
	return take
}

// found is comes for who is there now. It is no act, unless the app asked for it
// after a sign-out.
func (s *standing) found(began mark, who string, at int64) effects {
	result := s.comes(began, who)
	if result != take {
		return result
	}
	s.here, s.hint = who, true
	switch {
	case s.out():
		s.raise(s.order, signedIn, who, at)
	case began.order > s.order:
		s.learn(began.order, signedIn, who, at)
	case s.act == tied || s.means(s.last, who):
		return take | tellPages
	case s.last == "":
		s.act, s.last, s.at = signedIn, who, at
	default:
		s.act, s.last = tied, ""
	}
	return take | tellPeers | tellPages
}

// missing is for a restore that began then and has found nobody.
func (s *standing) missing(began mark) effects {
	if s.here != "" || !s.hint || s.order != began.order || s.ends != began.ends {
		return 0
	}
	s.hint = false
	return tellPages
}

// signedOut is for a sign-out that somebody asked for here.
func (s *standing) signedOut(at int64) effects {
	s.raise(s.order, signedOut, "", at)
	return s.gone() | tellPeers | tellPages
}

// removed is for an app that forgets whoever is there. Where that is nobody, apps tidy
// up before they sign in: a sign-in whose response is still to come stays, one whose
// response is here does not.
func (s *standing) removed(at int64) effects {
	if s.here != "" {
		return s.signedOut(at)
	}
	s.raise(s.order, idled, "", at)
	s.outs++
	return tellPeers | tellPages | s.gone()
}

// idled is for a user who is signed out because nobody is there any more.
func (s *standing) idled(at int64) effects {
	if s.here == "" {
		return 0
	}
	s.learn(s.order+1, idled, "", at)
	return s.gone() | tellPeers | tellPages
}

// ended is for a session that is over: the provider has said so, or it cannot be
// renewed. With worth another try may find it.
func (s *standing) ended(worth bool) effects {
	if s.here == "" {
		return 0
	}
	result := s.gone()
	if !worth {
		s.hint = false
		result |= tellPages
	}
	return result
}

// says returns the news that this program has; false if there are none.
func (s *standing) says() (news, bool) {
	n := news{order: s.order, act: s.act, at: s.at, out: s.explicit}
	if s.out() {
		return n, true
	}
	n.act, n.who, n.behind = signedIn, cmp.Or(s.here, s.last), s.order-1-s.asked
	return n, n.who != ""
}

// heard is for news from another program.
func (s *standing) heard(n news) effects {
	before := s.order
	s.wasOut(n.out, signedOut)
	if n.order < s.order { // that program has not heard of it
		s.wasOut(n.order, n.act)
		return s.undo() | tellPeers | tellPages
	}
	if n.over {
		if n.order > s.order {
			s.learn(n.order, signedIn, "", n.at)
		} else if n.other {
			return 0
		}
		return s.ended(false)
	}
	act, last, asked := n.act, n.who, n.order-1-n.behind
	if n.order == s.order {
		switch {
		case act == signedIn && s.ties(last):
			act, last = tied, ""
		case s.act == tied && act == signedIn, act == s.act && (last == "" || s.means(s.last, last)):
			s.asked = min(s.asked, asked)
			return s.undo() | tellPages
		case act < s.act:
			s.wasOut(n.order, act)
			return tellPeers
		}
	}
	s.learn(n.order, act, last, n.at)
	s.asked = asked
	if result := s.undo(); result != 0 {
		return result
	}
	switch {
	case s.out():
		return s.gone() | tellPages
	case s.stays(before):
		return tellPages
	}
	return s.replaced() | find | tellPages
}

// means tells whether both are the same person, by the last act.
func (s *standing) means(last, who string) bool { return stamp(s.order, last) == stamp(s.order, who) }

// mayBe tells whether who may be signed in, here or elsewhere.
func (s *standing) mayBe(who string) bool { return s.hint && (s.last == "" || s.means(s.last, who)) }

// ties tells whether somebody else has signed in than is known, with the same order.
func (s *standing) ties(who string) bool {
	known := s.last
	if s.act == tied {
		known = s.here
	}
	return known != "" && who != "" && !s.means(known, who) && !s.out()
}

// stays tells whether who is here has signed in elsewhere, after before, with no
// sign-out in between.
func (s *standing) stays(before int64) bool {
	return s.last != "" && s.means(s.last, s.here) && s.explicit <= before
}

// undo ends a sign-in that was asked for before a sign-out and has a higher order
// nevertheless: its program had not heard of that one, which counts.
func (s *standing) undo() effects {
	if s.act != signedIn || s.asked >= s.explicit {
		return 0
	}
	s.learn(s.order, undone, "", s.at)
	return s.gone() | tellPeers | tellPages
}

// heardUnordered is for news of a release that knows no order: it is an act right
// after those that are known here, unless its time says that it was before. A
// clock that was set back says nothing.
func (s *standing) heardUnordered(n news, now int64) effects {
	if 0 < n.at && n.at < s.at && s.at <= now && n.act != s.act {
		return 0
	}
	if n.at == 0 || n.at > now {
		n.at = s.at
	}
	n.order = s.order + 1
	return s.heard(n)
}

// keeps is what the pages are told to keep.
func (s *standing) keeps() Hint {
	h := Hint{SignedIn: s.hint, Order: s.order, Out: s.explicit}
	if s.act == undone {
		h.Who = cameToNothing
	} else if s.hint {
		h.Who = stamp(s.order, cmp.Or(s.here, s.last))
	}
	return h
}

// hinted is for a page that says what it keeps: it has come, or come back, or
// another one has written it. What is not there is no news. A page that opens will ask.
func (s *standing) hinted(h Hint, opens bool) effects {
	before := s.order
	s.wasOut(h.Out, signedOut)
	act := idled
	if h.Out > 0 && h.Out == h.Order {
		act = signedOut
	} else if h.Who == cameToNothing {
		act = undone
	}
	switch {
	case h.Order == NoOrder:
		return s.hintedUnordered(h.SignedIn)
	case !h.SignedIn && (h.Order > s.order || h.Order == s.order && s.act < act && act != idled):
		s.learn(h.Order, act, "", s.at)
		return s.gone() | s.untold(h)
	case h.Order > s.order:
		s.learn(h.Order, signedIn, h.Who, s.at)
		if s.stays(before) || opens && before == 0 && s.here == "" {
			return s.untold(h)
		}
		return s.replaced() | find | s.untold(h)
	}
	if result := s.undo(); result != 0 {
		return result
	}
	switch {
	case h.Order < s.order:
		return tellPages
	case h.SignedIn && s.act == idled: // it was known better elsewhere
		s.learn(s.order, signedIn, h.Who, s.at)
		return find | s.untold(h)
	case h.SignedIn && s.out():
		return tellPeers | tellPages
	case h.SignedIn && s.ties(h.Who):
		s.learn(s.order, tied, "", s.at)
		return s.replaced() | find | tellPages
	case h.SignedIn:
		s.hint = true
	case s.here != "":
		return tellPages
	}
	return s.untold(h)
}

// untold has the pages told of a sign-out that they do not know of.
func (s *standing) untold(h Hint) effects {
	if h.Out < s.explicit {
		return tellPages
	}
	return 0
}

// hintedUnordered is for a page of a release that knows no order.
func (s *standing) hintedUnordered(worth bool) effects {
	switch {
	case !worth || s.here != "":
		return 0
	case s.out():
		s.raise(s.order, signedIn, "", s.at)
		return tellPages
	}
	s.hint = true
	return 0
}

// raise is for an act here, after what is known. The time puts it after what is not,
// too: acts that were told while the program slept, or before storage was cleared.
func (s *standing) raise(known int64, act act, last string, at int64) {
	s.learn(max(known+1, at), act, last, at)
}

// learn is for an act, here or elsewhere.
func (s *standing) learn(order int64, act act, last string, at int64) {
	s.order, s.act, s.last, s.at, s.asked = order, act, last, at, order-1
	s.acts++
	s.hint = act == signedIn || act == tied
	s.wasOut(order, act)
}

// wasOut remembers a sign-out, also one that was not the last act.
func (s *standing) wasOut(order int64, act act) {
	if act == signedOut {
		s.explicit = max(s.explicit, order)
	}
	if isOut(act) {
		s.closed = max(s.closed, order)
	}
}

// out tells whether the last act was a sign-out.
func (s *standing) out() bool { return isOut(s.act) }

func isOut(act act) bool { return act != nothing && act != signedIn && act != tied }

// gone is for the end of a session: also who is in the air does not come any more.
func (s *standing) gone() effects {
	s.ends++
	return s.replaced()
}

// replaced forgets who is here.
func (s *standing) replaced() effects {
	s.here = ""
	s.changes++
	return forget
}
