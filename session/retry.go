package session

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	// backoffBase and backoffLimit bound the pause after a failed renewal: full
	// jitter between nothing and a limit that doubles with each failure.
	backoffBase  = 2 * time.Second
	backoffLimit = 2 * time.Minute

	// retryAfterLimit bounds how long a provider can ask to wait.
	retryAfterLimit = 10 * time.Minute

	// wakePause is the shortest time between two attempts, however often tabs
	// wake up.
	wakePause = time.Second

	// forever is longer than any program runs.
	forever = time.Duration(math.MaxInt64)
)

// A failure is what the last renewals of a user came to.
type failure struct {
	user     *User
	err      error
	by       *Client // the tab whose frame it was; nil if there was none
	attempts int
	earliest time.Time // that a wake-up may try again
	until    time.Time // that nobody tries again before
	resting  bool      // nor the timer after that
}

// keep renews user because the access token is about to end. It gives up at
// once while a failure has to be waited for, tells the tabs of the first
// failure of a row, and ends the session if there is nothing left to renew.
func (s *session) keep(ctx context.Context, c *Client, user *User) error {
	_, err := s.keeping.doFor(ctx, c, func(ctx, _ context.Context) (struct{}, error) {
		last := s.lastFailure(user)
		if time.Until(last.until) > 0 {
			return struct{}{}, last.err
		}
		if last.attempts > 0 {
			s.stats.retry()
		}
		err := c.renew(ctx, user)
		if err != nil && !errors.Is(err, ErrNotSignedIn) {
			s.failed(c, user, last, err)
		}
		return struct{}{}, err
	})
	return err
}

// failed decides what becomes of a session whose renewal failed.
func (s *session) failed(c *Client, user *User, last failure, err error) {
	retryAfter, passing := isPassing(err)
	if errors.Is(err, ErrFrameNoResponse) {
		passing = user.left(s.config.Now()) > 0 // an error page, perhaps
	}
	if isOver(err) || !passing && (errors.Is(err, ErrFrameNoResponse) || s.grantRefused(user)) {
		s.end(user, err)
		return
	}
	attempts := last.attempts + 1
	now := time.Now()
	earliest := now.Add(max(min(retryAfter, retryAfterLimit), wakePause))
	limit := min(backoffBase<<min(attempts-1, 16), backoffLimit)
	by := c
	if s.refreshable(user) {
		by = nil
	}
	s.mu.Lock()
	s.failure = failure{
		user: user, err: err, by: by, attempts: attempts,
		earliest: earliest,
		until:    earliest.Add(s.jitter(limit)),
		resting:  !passing,
	}
	s.mu.Unlock()
	if attempts == 1 {
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

// pause returns how long the timer has to wait before it renews user.
func (s *session) pause(user *User) time.Duration {
	last := s.lastFailure(user)
	if last.resting {
		return forever
	}
	return time.Until(last.until)
}

// Wake says that something has changed for the tab: it is online again, shown
// again, or back from sleep. A renewal that waits is tried now, unless the
// provider asked to wait.
func (c *Client) Wake() {
	s := c.session
	s.mu.Lock()
	s.failure.resting = false
	if s.failure.earliest.Before(s.failure.until) {
		s.failure.until = s.failure.earliest
	}
	s.mu.Unlock()
	s.expiry.poke()
}

// isOver tells whether an error of a renewal says that the user has no session
// at the provider any more.
func isOver(err error) bool {
	return wantsUser(err) || errors.Is(err, oidc.ErrSubjectChanged)
}

// isPassing tells whether a renewal that failed with err may succeed later, and
// how long the provider asks to wait. CORS worked when the user signed in:
// where it is missing now, a proxy on the way answered with an error page.
func isPassing(err error) (retryAfter time.Duration, passing bool) {
	var refusal *oidc.ProviderError
	if errors.As(err, &refusal) {
		busy := refusal.Status == 429 || refusal.Status >= 500 ||
			refusal.ErrorCode == "temporarily_unavailable" || refusal.ErrorCode == "server_error"
		return refusal.RetryAfter, busy
	}
	var transport *oidc.TransportError
	if errors.As(err, &transport) && errors.Is(err, oidc.ErrHTTPStatus) {
		return transport.RetryAfter, transport.Retryable()
	}
	for _, code := range []oidc.Code{oidc.ErrNetwork, oidc.ErrTimeout, oidc.ErrAborted, oidc.ErrCORSRefused, ErrPageGone} {
		if errors.Is(err, code) {
			return 0, true
		}
	}
	return 0, false
}

// jitter returns a random part of limit.
func (s *session) jitter(limit time.Duration) time.Duration {
	var b [8]byte
	if _, err := s.config.Rand.Read(b[:]); err != nil || limit <= 0 {
		return 0
	}
	return time.Duration(float64(limit) * (float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)))
}
