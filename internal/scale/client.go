package scale

import (
	"time"

	"github.com/oidcspa/oidcspa/session/pace"
)

// A client is a program with a user who is signed in.
type client struct {
	failure  pace.Failure
	grant    pace.Grant
	expires  time.Time
	metadata time.Time // when it was fetched
	keys     time.Time
	asked    time.Time // since when somebody waits for a token; zero if nobody does
	slot     int       // of its next renewal; none if zero
	used     bool      // the provider takes its refresh token for used
	blocked  bool      // its frames see no session
	out      bool
	stuck    bool
	waited   bool // when the provider came back
}

// An outcome is what one renewal came to.
type outcome struct {
	ok         bool
	verdict    pace.Verdict
	retryAfter time.Duration
	took       time.Duration
}

// passing is a renewal that a request failed for.
func passing(answer Answer, retryAfter time.Duration) outcome {
	o := outcome{verdict: pace.Verdict{Passing: true}}
	switch answer {
	case Busy:
		o.retryAfter = retryAfter
	case Slow, Late:
		o.took = requestTimeout
	}
	return o
}

// renew is what [session.Client.SigninSilent] does, request by request.
func (w *world) renew(c *client) outcome {
	usable, inDoubt := c.grant.Usable()
	if w.Frames || !usable {
		return w.frame(c)
	}
	if inDoubt { // the probe before the second use
		if ok, answer, wait := w.ask(discovery); !ok {
			return passing(answer, wait)
		}
		c.metadata = w.now
	}
	if o := w.fetchMetadata(c); !o.ok {
		return o
	}
	if o := w.fetchKeys(c); !o.ok {
		return o
	}
	ok, answer, wait := w.ask(token)
	switch {
	case !ok && answer == Busy:
		return passing(answer, wait)
	case !ok:
		c.grant.Lost++
		if answer == Late { // nobody hears of the new one
			w.report.Wasted++
			c.used = true
		}
		return passing(answer, wait)
	case c.used:
		c.grant.Refused = true
		return w.frame(c)
	}
	c.grant = pace.Grant{}
	return outcome{ok: true}
}

// frame is a sign-in in a hidden frame.
func (w *world) frame(c *client) outcome {
	if o := w.fetchMetadata(c); !o.ok {
		return o
	}
	if ok, answer, _ := w.ask(authorize); !ok {
		if ok, probed, wait := w.ask(discovery); !ok {
			return passing(probed, wait)
		}
		c.metadata = w.now
		o := passing(answer, 0)
		if o.took == 0 { // an error page
			good := c.expires.After(w.now)
			o.verdict = pace.Verdict{Passing: good, Silent: !good}
		}
		return o
	}
	if c.blocked {
		return outcome{verdict: pace.Verdict{Nobody: true}} // login_required
	}
	if ok, answer, wait := w.ask(token); !ok {
		if answer == Late {
			w.report.Wasted++
		}
		return passing(answer, wait)
	}
	if o := w.fetchKeys(c); !o.ok {
		w.report.Wasted++
		return o
	}
	c.grant, c.used = pace.Grant{}, false
	return outcome{ok: true}
}

func (w *world) fetchMetadata(c *client) outcome {
	if w.now.Sub(c.metadata) >= metadataLifetime {
		if ok, answer, wait := w.ask(discovery); !ok {
			return passing(answer, wait)
		}
		c.metadata = w.now
	}
	return outcome{ok: true}
}

// fetchKeys is for the ID Token that comes with a token.
func (w *world) fetchKeys(c *client) outcome {
	if w.now.Sub(c.keys) >= keysLifetime {
		if ok, answer, wait := w.ask(keys); !ok {
			return passing(answer, wait)
		}
		c.keys = w.now
	}
	return outcome{ok: true}
}

// attempt renews, and decides with package pace what follows, as session.failed does.
func (w *world) attempt(i int) {
	c := &w.clients[i]
	o := w.renew(c)
	switch {
	case o.ok:
		w.renewed(i, pace.Due(pace.Notice(w.Lifetime, time.Minute), w.rnd.Float64()))
	case o.verdict.Ends(c.failure, &c.grant):
		w.signOut(i)
	default:
		at := w.now.Add(o.took)
		c.failure = c.failure.Again(at, w.Lifetime, o.retryAfter, o.verdict, w.rnd.Float64())
		w.plan(i, at)
	}
}

// plan has client i renew when its timer says so, or an app that is in use needs
// a token. What happens until at is in the air.
func (w *world) plan(i int, at time.Time) {
	c := &w.clients[i]
	next := at.Add(max(c.failure.Pause(at, c.expires.Sub(at)), 0))
	if w.inUse(i) {
		wanted := c.expires
		if wanted.Before(c.failure.Until) {
			wanted = c.failure.Until
		}
		if wanted.Before(next) {
			next = wanted
		}
	}
	w.schedule(i, next)
}

// look is somebody who shows the tab, reloads it, or is online again.
func (w *world) look(i int) {
	c := &w.clients[i]
	if c.out || c.failure.Attempts == 0 {
		return
	}
	if c.asked.IsZero() && !c.expires.After(w.now) {
		c.asked = w.now
	}
	c.failure.Wake(w.now)
	w.plan(i, w.now)
}
