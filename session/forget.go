package session

import (
	"slices"
	"time"
)

const (
	// linger is how long what no tab uses is kept: a reload is faster.
	linger = 30 * time.Second

	// underway is how long it is kept for a sign-in that has left the page.
	underway = 15 * time.Minute

	// lingerers bounds how many sessions without a tab are kept. A tab can open
	// any number of them.
	lingerers = 32
)

// A program lives longer than its pages, and what they leave behind would pile
// up: a session, and what is known of its provider, is forgotten when nobody is
// signed in, no tab is there and no sign-in is under way. Who is signed in stays,
// as long as there are not too many without a tab.

// hold counts a client that uses a session. The caller holds r.mu.
func (r *Registry) hold(s *session) {
	s.refs++
	r.idle = slices.DeleteFunc(r.idle, func(other *session) bool { return other == s })
}

// release ends that.
func (r *Registry) release(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.refs--; s.refs > 0 {
		return
	}
	s.mu.Lock()
	s.idleAt = time.Now()
	s.mu.Unlock()
	r.idle = append(r.idle, s)
	r.sweep()
}

// sweep forgets what nobody needs, and comes again when there may be more of that.
// The caller holds r.mu.
func (r *Registry) sweep() {
	var strangers, away, users []*session // strangers: nobody is signed in
	now, next := time.Now(), underway
	left := r.absences.prune(now)
	for _, s := range r.idle {
		s.mu.Lock()
		user, returns, lingers := s.user, s.awayUntil.Sub(now), s.idleAt.Add(linger).Sub(now)
		s.mu.Unlock()
		switch {
		case user != nil:
			users, next = append(users, s), min(next, linger) // it may have none then
		case returns > 0:
			away, next = append(away, s), min(next, returns)
		case lingers > 0:
			strangers, next = append(strangers, s), min(next, lingers)
		default:
			r.forget(s)
		}
	}
	// None pushes out those that are worth more, and away for a sign-in is no
	// session of anybody's yet.
	users = r.forgetOldest(users, lingerers)
	away = r.forgetOldest(away, lingerers)
	strangers = r.forgetOldest(strangers, max(0, lingerers-len(users)))
	r.idle = slices.Concat(users, away, strangers)
	if len(r.idle) == 0 {
		next = left
	}
	at := now.Add(next)
	if next == 0 || !r.sweepAt.IsZero() && !at.Before(r.sweepAt) {
		return
	}
	r.sweepAt = at
	r.config.after(next, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.sweepAt == at { // else another one comes, or has come
			r.sweepAt = time.Time{}
			r.sweep()
		}
	})
}

// forgetOldest forgets the first of some until there are no more than limit, and
// returns those that are left. The caller holds r.mu.
func (r *Registry) forgetOldest(some []*session, limit int) []*session {
	for ; len(some) > limit; some = some[1:] {
		r.forget(some[0])
	}
	return some
}

// forget forgets a session that no tab uses. The caller holds r.mu.
func (r *Registry) forget(s *session) {
	if r.sessions[s.id] == s {
		delete(r.sessions, s.id)
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	s.gone = true // what is still in the air signs nobody in
	s.mu.Unlock()
	s.forget()
	p := s.provider
	if p.sessions--; p.sessions == 0 && r.providers[p.source] == p {
		delete(r.providers, p.source)
	}
}

// expectsSignin tells whether somebody is about to sign in: in a window, with a response
// or a password, or in a tab that has begun to leave no longer ago than that.
func (s *session) expectsSignin(leaving time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrivals.Load() > 0 || time.Until(s.awayUntil) > underway-leaving
}

// goesAway keeps the session for a sign-in that leaves the page.
func (s *session) goesAway() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awayUntil = time.Now().Add(underway)
}

// Known counts the sessions, the providers and the redirect URIs that the
// program knows of.
func (r *Registry) Known() (sessions, providers, redirectURIs int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.redirects.mu.Lock()
	defer r.redirects.mu.Unlock()
	return len(r.sessions), len(r.providers), len(r.redirects.issuers)
}
