//go:build !js

package explore

import (
	"fmt"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// What an act knew, and who has heard of it: with that the invariants say which of two
// acts was the last, and what the cause is where they are broken.

// An act is an explicit sign-in or sign-out.
type act struct {
	app       *app
	who       string
	out       bool   // a sign-out
	what      string // what the app called, and where
	program   *program
	came      *program         // to which it brought somebody
	heard     map[*program]int // of a sign-out: when who heard of it
	read      map[*program]int // and found that in storage
	silent    bool             // the app asked for a silent sign-in, which is no act but brings somebody
	more      bool             // it asks for a scope of its own
	rumour    bool             // of a release that knows no order
	tidies    bool             // a sign-out where nobody was there: it ends no sign-in that has left
	asked     int              // the step
	known     int64            // the order of the last act that its program knew then
	done      int              // 0: not yet
	order     int64            // that its program knew then
	ended     time.Time
	left      int  // the session of the provider then
	goesOn    bool // its page is gone, and with it who waits
	stepUp    bool // it is one, or may be
	tab       *tab // that has left for it; nil: it takes no redirect
	at        int  // the session of the provider when it was asked for
	since     int  // the step at which the app asked for what led to the step-up
	behind    bool // there was news on the way when it was asked for
	succeeded bool
	brought   oidc.Secret // the access token
}

// String is the act in a trace.
func (a *act) String() string {
	text := fmt.Sprintf("step %d to %d: %s of %s, asked for at order %d: %s", a.asked, a.done, a.what, a.app.name, a.known, a.who)
	for _, p := range a.program.w.programs {
		if a.heard[p] > 0 || a.read[p] > 0 {
			text += fmt.Sprintf("; %s has heard of it at %d, read it at %d", p.name, a.heard[p], a.read[p])
		}
	}
	return text
}

// heardIn tells whether a program had heard of a sign-out then. What a release tells that
// knows no order has an order in the program that hears it.
func (a *act) heardIn(p *program, then int) bool {
	return a.rumour && a.program == p || !a.rumour && a.heard == nil || a.heard[p] > 0 && a.heard[p] <= then
}

// readIn tells whether a page of it had found that in storage.
func (a *act) readIn(p *program, then int) bool { return a.read[p] > 0 && a.read[p] <= then }

// knownIn tells whether it knew of it at all.
func (a *act) knownIn(p *program, then int) bool { return a.heardIn(p, then) || a.readIn(p, then) }

// knows notes an order that a program has told or was told.
func (p *program) knows(a *app, order int64) {
	if order/2 <= time.Now().UnixMilli() { // else somebody has written it, and it is none
		p.orders[a] = max(p.orders[a], order)
	}
}

// reads notes what a page tells of what the origin keeps, with the sign-outs that are
// in that.
func (p *program) reads(a *app, hint session.Hint, outs []*act) {
	if hint.Order == session.NoOrder {
		if hint.SignedIn {
			p.rumour(a, false)
		}
		return
	}
	p.knows(a, hint.Order)
	for _, out := range outs {
		if out.read[p] == 0 {
			out.read[p] = p.w.steps
		}
	}
}

// rumour notes what a release tells that knows no order: it counts as an act of
// now, whenever that was.
func (p *program) rumour(a *app, out bool) { p.w.rumour(p, a, out, p.orders[a]) }

func (w *world) rumour(p *program, a *app, out bool, known int64) {
	w.acts = append(w.acts, &act{
		app: a, program: p, what: "a rumour in " + p.name, silent: true, out: out, rumour: true,
		asked: w.steps, done: w.steps, known: known, order: known + 1,
	})
}

// heard returns the sign-outs of a client that a program has heard of.
func (p *program) heard(of *app) (outs []*act) {
	for _, a := range p.w.acts {
		if a.app == of && a.heard[p] > 0 {
			outs = append(outs, a)
		}
	}
	return outs
}

// hears notes that a program hears of sign-outs.
func (p *program) hears(outs []*act) {
	for _, a := range outs {
		if a.heard[p] == 0 {
			a.heard[p] = p.w.steps
		}
	}
}

// outrun tells whether a sign-in was asked for before a sign-out, in a program that
// knew of acts that the program of the sign-out had not heard of: the sign-in may have
// the higher order.
func (w *world) outrun(out *act) bool {
	return slices.ContainsFunc(w.acts, func(a *act) bool { return a.app == out.app && !a.out && a.known > out.known })
}

// disputed tells whether such a sign-in was asked for after another sign-out, of which
// that of the other program had not heard: orders do not tell which was the last.
func (w *world) disputed(out *act) bool {
	behind := w.sources && out.behind // its session may not have heard of what its program has
	return slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == out.app && !a.out && (a.known > out.known || behind) && slices.ContainsFunc(w.acts, func(other *act) bool {
			return other.out && other != out && other.app == out.app && !other.rumour && other.knownIn(a.program, a.asked) && (behind || !other.knownIn(out.program, out.asked))
		})
	})
}

// forged tells whether a script of the origin has written an order of which the program
// of a sign-out had not heard.
func (w *world) forged(out *act) bool {
	return slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == out.app && a.rumour && a.done == 0 && a.order > out.known
	})
}

// missed tells whether news got lost since an act was asked for, in a world where a
// page may know no order, or keeps nothing: storage does not tell it.
func (w *world) missed(a *act) bool { return (w.mixed || w.unkept) && w.lost > a.asked }

// forgotten tells whether somebody was about to sign in in a tab of the release that
// keeps no order: its next program does not know of the sign-out. Nor does one that was
// not told of that of such a release: storage has no order of it.
func (w *world) forgotten(out *act) bool {
	return slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == out.app && !a.out && (a.program.release == "old" || a.came != nil && out.program.release == "old" && !out.heardIn(a.came, a.done)) && (a.done == 0 || a.done > out.asked)
	})
}

// traceless tells whether the storage was cleared after a sign-out, and no program is
// left that knows of it: without a page, its session may have been freed.
func (w *world) traceless(out *act) bool {
	return w.erased > out.asked && !slices.ContainsFunc(w.pages(), func(p *page) bool {
		return p.app == out.app && p.opened < w.erased && out.knownIn(p.program, w.steps)
	})
}

// tidied tells whether nobody was there who was signed out, and somebody was about
// to sign in, or had done so without being heard of: who goes on.
func (w *world) tidied(out *act) bool {
	return out.tidies && slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == out.app && !a.out && (a.done == 0 || a.done > out.asked || a.order > out.known)
	})
}

// idles tells whether a sign-out where nobody was there ends no sign-in: one in another
// program has no lower order.
func (w *world) idles(out *act) bool {
	return out.tidies && out.done > 0 && !w.sources && !w.mixed && slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == out.app && !a.out && !a.silent && a.program != out.program && a.came != out.program && a.succeeded && a.order >= out.order
	})
}

// idles tells whether the program has had such a sign-out: it has nobody to look for.
func (p *program) idles(of *app) bool {
	return slices.ContainsFunc(p.w.acts, func(a *act) bool { return a.app == of && a.program == p && p.w.idles(a) })
}

// comesToNothing tells whether there was a sign-out of which the program of a sign-in
// had not heard when it was asked for: programs undo it, and all that they know since.
func (w *world) comesToNothing(in *act) bool {
	return slices.ContainsFunc(w.acts, func(a *act) bool { return a.app == in.app && a.out && !a.knownIn(in.program, in.asked) })
}

// backAfter tells whether somebody has signed in again after a sign-out: who is restored
// may be found.
func (w *world) backAfter(out *act, who string) bool {
	return slices.ContainsFunc(w.acts, func(a *act) bool {
		return a.app == out.app && !a.out && !a.silent && a.asked > out.asked && a.succeeded && a.who == who
	})
}

// storageFirst marks what is known of sign-ins that were asked for when the page had
// found a sign-out in storage, and its program had not been told of it.
const storageFirst = ", storage first"

// leftBehind marks what is known of sign-ins that come back to a new program, whose
// page had found that nobody is signed in by a later act.
const leftBehind = ", left behind"

// outrun marks what is known of a sign-out; see [world.outrun].
const outrun = ", outrun"
