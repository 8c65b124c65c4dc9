// Package pace says when tokens are renewed, and what a renewal that failed
// means for the next one. It reads no clock, rolls no dice and sends nothing:
// package session asks it for every client, and the simulation of a million of
// them in internal/scale asks the same functions.
package pace

import (
	"math"
	"time"
)

const (
	// Tick is the shortest life of an access token that is counted with.
	Tick = 5 * time.Second

	// Base and Limit bound the pause after a failed renewal: full jitter
	// between nothing and a limit that doubles with each failure.
	Base  = 2 * time.Second
	Limit = 2 * time.Minute

	// RestLimit bounds the pause of the timer, which grows on to the life of
	// the token: while nobody asks for one, an outage must not cost the
	// provider many times what it costs to be there.
	RestLimit = 15 * time.Minute

	// RetryAfterLimit bounds how long a provider can ask to wait.
	RetryAfterLimit = 10 * time.Minute

	// WakePause is the shortest time between two attempts, however often tabs
	// wake up.
	WakePause = time.Second

	// Forever is longer than any program runs.
	Forever = time.Duration(math.MaxInt64)
)

// Notice is how much life is left when a token counts as expiring: as wanted,
// but never more than a third of its life, or a token that lives a minute would
// be renewed without a pause. Tokens that are dead on arrival get a tick.
func Notice(lifetime, wanted time.Duration) time.Duration {
	if lifetime < Tick {
		return lifetime - Tick
	}
	return min(wanted, lifetime/3)
}

// Due is how much life is left when a token is renewed. Clients that began
// together must not come together: roll is random, of [0,1), as everywhere here.
// Tokens that are dead on arrival must not become a storm of requests: where nobody
// asks for one, they get a minute.
func Due(notice time.Duration, roll float64) time.Duration {
	if notice <= 0 {
		return notice + Tick - time.Minute
	}
	return notice - part(notice/2, roll)
}

// A Failure is what the last renewals of a user came to, if they failed.
type Failure struct {
	Attempts int
	Silences int           // the last so many were silent
	Span     time.Duration // of the pause at most; doubles, from what was asked for
	Earliest time.Time     // that a wake-up may try again
	Until    time.Time     // that nobody tries again before
	Rest     time.Time     // nor the timer; Until or later
	Resting  bool          // nor before the token has ended
	Asked    bool          // the provider asked to wait
}

// Again is the failure after another one, at now, of a token with that life. A
// provider can ask to wait with retryAfter: everybody whom it asked comes within
// as much time again, or they would come together where it named a date.
func (f Failure) Again(now time.Time, lifetime, retryAfter time.Duration, v Verdict, roll float64) Failure {
	asked := min(retryAfter, RetryAfterLimit)
	earliest := now.Add(max(asked, WakePause))
	span := min(max(2*f.Span, asked, Base), RestLimit)
	limit := max(min(span, Limit), asked)
	rest := max(min(span, lifetime), limit)
	if v.Silent { // whoever has to sign in again hears of it within minutes
		rest = limit
	}
	next := Failure{
		Attempts: f.Attempts + 1,
		Span:     span,
		Earliest: earliest,
		Until:    earliest.Add(part(limit, roll)),
		Rest:     earliest.Add(part(rest, roll)),
		Resting:  !v.Passing && !v.Silent && !v.Nobody,
		Asked:    asked > 0,
	}
	if v.Silent {
		next.Silences = f.Silences + 1
	}
	return next
}

// Wake ends the pause, but not the one that the provider asked for.
func (f *Failure) Wake(now time.Time) {
	f.Resting = false
	if f.Asked && now.Before(f.Earliest) {
		return
	}
	if f.Earliest.Before(f.Until) {
		f.Until = f.Earliest
	}
	f.Rest = f.Until
}

// Pause is how long the timer has to wait; the token has so much life left.
func (f *Failure) Pause(now time.Time, left time.Duration) time.Duration {
	if f.Resting {
		return max(f.Rest.Sub(now), left)
	}
	return f.Rest.Sub(now)
}

// part is the part of limit that roll says; nothing of what is negative.
func part(limit time.Duration, roll float64) time.Duration {
	return time.Duration(float64(max(limit, 0)) * roll)
}
