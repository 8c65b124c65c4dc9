package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// turnLimit bounds how long somebody waits for the turn, and how long a request
// may keep it.
const turnLimit = time.Minute

// errNoTurn is what becomes of who waits longer.
var errNoTurn = fmt.Errorf("the renewals before take too long: %w", oidc.ErrTimeout)

// takeTurn waits until nobody else uses the refresh token, so that none is used
// twice. Who has the turn waits for the provider, and never for a frame or a
// window of a page. One renewal of each tab waits for it, so that no tab can
// fill the queue.
func (s *session) takeTurn(ctx context.Context, c *Client) (release func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, turnLimit, errNoTurn)
	defer cancel()
	if err := s.enter(ctx, c.turn); err != nil {
		return nil, err
	}
	defer func() { <-c.turn }()
	if err := s.enter(ctx, s.renewing); err != nil {
		return nil, err
	}
	return func() { <-s.renewing }, nil
}

// enter waits until there is room.
func (s *session) enter(ctx context.Context, room chan<- struct{}) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	defer s.config.gate("turn")()
	select {
	case room <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// A moment is when something began that brings a user, so that what has ended
// since is not brought back.
type moment struct {
	unloads int // how often there was a sign-out before
	at      time.Time
}

// late tells whether there was a sign-out since then, of the session that user
// is of. The caller has the turn.
func (s *session) late(user *User, began moment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone || s.unloads != began.unloads || slices.ContainsFunc(s.ended, func(e ending) bool {
		return !e.at.Before(began.at) && oidc.CheckFrontChannelLogout(e.pageURL, user.claims) == nil
	})
}

// A standing is who was signed in at a time, and what would make news of then
// old news.
type standing struct {
	user *User
	moment
	arrivals int
}

func (s *session) standing() standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return standing{s.user, moment{s.unloads, s.config.Now()}, s.arrivals}
}

// replace makes user the current one after a renewal that began at before. It
// returns who is signed in then: somebody who signed in with a page meanwhile
// stays, and so does who was renewed meanwhile, unless this renewal asked for
// something of its own.
func (s *session) replace(before standing, user *User, own bool) (*User, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	current := s.standing()
	switch {
	case s.late(user, before.moment):
		return nil, ErrNotSignedIn
	case current.user == before.user:
	case current.arrivals != before.arrivals || current.user == nil:
		return current.user, nil
	case before.user != nil && current.user.AccessToken == before.user.AccessToken: // it has another session_state alone
	case !own && current.user.left(s.config.Now()) > 0:
		return current.user, nil
	case !same(current.user, user):
		return nil, oidc.ErrSubjectChanged
	}
	s.set(user, before.moment)
	return user, nil
}
