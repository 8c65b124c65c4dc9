package session

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session/pace"
)

// A failure is what the last renewals of a user came to.
type failure struct {
	user *User
	err  error
	by   *Client // the tab that asked, with its settings; nil once it is gone
	pace.Failure
}

// keep renews user because the access token is about to end. It gives up at
// once while a failure has to be waited for, tells the tabs of the first
// failure of a row, and ends the session if there is nothing left to renew.
func (s *session) keep(ctx context.Context, c *Client, user *User) error {
	_, now := s.current()
	_, err := s.keeping.doFor(ctx, c, scene{user, now}, "", func(ctx, _ context.Context) (struct{}, error) {
		last := s.lastFailure(user)
		if time.Until(last.Until) > 0 {
			return struct{}{}, last.err
		}
		if last.Attempts > 0 {
			s.stats.count(func(stats *Stats) { stats.Retries++ })
		}
		err := c.renew(ctx, user)
		if err != nil && !errors.Is(err, ErrNotSignedIn) {
			s.failed(c, user, last, err)
		}
		return struct{}{}, err
	})
	return err
}

// keepFor is keep for who asks for a token: one that lives for a moment is renewed for so
// many in a minute.
func (s *session) keepFor(ctx context.Context, c *Client, user *User) error {
	s.fetches.mu.Lock()
	enough := user.lifetime < pace.Tick && !s.fetches.counts.count("brief", 2*refusalLimit, s.config.Now())
	s.fetches.mu.Unlock()
	if enough {
		return nil
	}
	return s.keep(ctx, c, user)
}

// failed decides what becomes of a session whose renewal failed.
func (s *session) failed(c *Client, user *User, last failure, err error) {
	verdict, retryAfter := s.judge(user, err)
	if s.over(user, last, verdict) {
		s.end(user, err)
		return
	}
	next := last.Again(time.Now(), user.lifetime, retryAfter, verdict, s.roll())
	s.mu.Lock()
	there := s.user == user
	if there {
		s.failure = failure{user: user, err: err, by: c, Failure: next}
	}
	s.mu.Unlock()
	if there && next.Attempts == 1 {
		s.notify(Event{Name: SilentRenewError, Err: err})
	}
}

// lastFailure returns the last failure of a renewal of user; nothing if the
// last one did not fail.
func (s *session) lastFailure(user *User) failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure.user != user {
		return failure{}
	}
	return s.failure
}

// Wake says that something has changed for the tab: it is online again, shown
// again, or back from sleep. A renewal that waits is tried now, unless the
// provider asked to wait.
func (c *Client) Wake() {
	s := c.session
	s.mu.Lock()
	s.failure.Wake(time.Now())
	s.woken = true
	s.mu.Unlock()
	s.expiry.ring()
	s.logouts.ring()
	s.look(false)
}

// judge tells what a renewal of user that failed with err says about the
// session, and how long the provider asks to wait. A page instead of an answer, in a
// frame or out of it, may pass, for all that is known while the token is good.
func (s *session) judge(user *User, err error) (v pace.Verdict, retryAfter time.Duration) {
	retryAfter, v.Passing = isPassing(err)
	v.Ended = user.left(s.config.Now()) <= 0 && !errors.Is(err, oidc.ErrClockSkew) // or so it seems
	var page *oidc.TransportError
	if !v.Passing && (errors.Is(err, ErrFrameNoResponse) || errors.As(err, &page)) {
		v.Passing, v.Silent = !v.Ended, v.Ended
	}
	v.Nobody, v.Other = wantsUser(err), errors.Is(err, oidc.ErrSubjectChanged)
	return v, retryAfter
}

// isPassing tells whether a renewal that failed with err may succeed later, and
// how long the provider asks to wait. CORS worked when the user signed in:
// where it is missing now, a proxy on the way answered with an error page.
func isPassing(err error) (retryAfter time.Duration, passing bool) {
	var refusal *oidc.ProviderError
	if errors.As(err, &refusal) {
		busy := slices.Contains([]string{"temporarily_unavailable", "server_error", "slow_down"}, refusal.ErrorCode)
		return refusal.RetryAfter, busy || refusal.Status == 429 || refusal.Status >= 500
	}
	var transport *oidc.TransportError
	if errors.As(err, &transport) && errors.Is(err, oidc.ErrHTTPStatus) {
		return transport.RetryAfter, transport.Retryable()
	}
	return 0, isAny(err, oidc.ErrNetwork, oidc.ErrTimeout, oidc.ErrAborted, oidc.ErrCORSRefused, ErrPageGone)
}

// roll returns a random number of [0,1).
func (s *session) roll() float64 {
	var b [8]byte
	if _, err := s.config.Rand.Read(b[:]); err != nil {
		return 0
	}
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}
