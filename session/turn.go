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

// A moment is when something began that may bring a user, so that what has ended
// since is not brought back.
type moment struct {
	mark
	endings int   // how many sessions the provider had ended
	at      int64 // milliseconds since the epoch
	again   bool  // who was there then is stored: no sign-in, but the same session
}

// askedFor returns the moment of a sign-in that was asked for with that order, maybe
// in another program; see [record].
func (m moment) askedFor(order *int64) moment {
	if order != nil && isOrder(*order, m.at) {
		m.order, m.after = *order, *order
	}
	return m
}

// stillAsked is [ErrNotSignedIn] if somebody has signed out since an interactive
// sign-in began.
func (s *session) stillAsked(began moment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.standing.beaten(began.mark) {
		return ErrNotSignedIn
	}
	return nil
}

// late tells whether the session that user is of has ended since then: the program
// has forgotten it, or the provider has named it. What the provider says of all
// sessions is of those before an interactive sign-in. The caller has the turn.
func (s *session) late(user *User, began moment, interactive bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone || began.again && s.standing.ends != began.ends || slices.ContainsFunc(s.ended, func(e ending) bool {
		return e.number > began.endings && !(interactive && e.all) && oidc.CheckFrontChannelLogout(e.pageURL, user.claims) == nil
	})
}

// A scene is who was signed in when something began, and what would make news of
// then old news.
type scene struct {
	user *User
	moment
}

func (s *session) scene() scene {
	user, now := s.current()
	return scene{user, now}
}

// sceneSince is scene for what was decided on then: it is [ErrNotSignedIn] if a
// session has ended since. For one user alone, or nobody, it is that, too, if nobody is
// signed in any more, and done if it is another.
func (s *session) sceneSince(decided scene, one bool) (now scene, done bool, err error) {
	now = s.scene()
	if now.ends != decided.ends || one && now.user == nil && decided.user != nil {
		return scene{}, false, ErrNotSignedIn
	}
	return now, one && now.user != decided.user, nil
}

// errAgain says that who was found is of before a sign-in elsewhere.
var errAgain = fmt.Errorf("somebody has signed in elsewhere meanwhile: %w", ErrNotSignedIn)

// replace makes user the current one after a restore or a renewal that began at
// before. It returns who is signed in then: somebody who signed in with a page
// meanwhile stays, and so does who was renewed meanwhile, unless this renewal asked
// for something of its own.
func (s *session) replace(before scene, user *User, own bool) (*User, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.late(user, before.moment, false) {
		return nil, ErrNotSignedIn
	}
	current, _ := s.current()
	who := s.who(user)
	switch result := s.ask(func(st *standing) effects { return st.comes(before.mark, who) }); {
	case result.has(lose):
		return nil, ErrNotSignedIn
	case result.has(again):
		return nil, errAgain
	case result.has(keep):
		return current, nil
	case current == before.user || current == nil:
	case before.user != nil && current.AccessToken == before.user.AccessToken: // it has another session_state alone
	case !own && current.left(s.config.Now()) > 0:
		return current, nil
	case !same(current, user):
		return nil, oidc.ErrSubjectChanged
	}
	s.carryOut(s.ask(func(st *standing) effects { return st.found(before.mark, who, before.at) }), user, nil)
	return user, nil
}
