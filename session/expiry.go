package session

import (
	"context"
	"errors"
	"sync"
	"time"
)

// tick is the longest sleep between two looks at the clock. Timers are only
// hints: hidden tabs throttle them and sleep stops them, so what counts is
// the wall clock at every tick.
const tick = 5 * time.Second

// expiry watches the access token of a session.
type expiry struct {
	session *session

	mu     sync.Mutex
	cancel context.CancelFunc // guarded by mu; nil when nothing is watched
}

// start watches the access token of user instead of the one before. The
// caller has the session's turn.
func (e *expiry) start(user *User) {
	e.stop()
	if user.ExpiresAt == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.mu.Lock()
	e.cancel = cancel
	e.mu.Unlock()
	go e.watch(ctx, user)
}

// stop ends the watch.
func (e *expiry) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.cancel != nil {
		e.cancel()
		e.cancel = nil
	}
}

// watch tells the tabs once that the token is expiring, and once that it has
// expired.
func (e *expiry) watch(ctx context.Context, user *User) {
	expiresAt := time.Unix(user.ExpiresAt, 0)
	expiring := expiresAt.Add(-e.notice(user))
	// Tokens that are dead on arrival must not become a storm of requests.
	if earliest := e.session.config.Now().Add(tick); expiring.Before(earliest) {
		expiring = earliest
	}
	if !e.sleepUntil(ctx, expiring) {
		return
	}
	e.session.notify(Event{Name: AccessTokenExpiring})
	e.renew(ctx, user)
	if !e.sleepUntil(ctx, expiresAt) {
		return
	}
	e.session.notify(Event{Name: AccessTokenExpired})
}

// notice is how long before its end the token counts as expiring: as the
// settings say, but never more than a third of its life, or a token that
// lives a minute would be renewed without a pause.
func (e *expiry) notice(user *User) time.Duration {
	notice := defaultExpiringNotice
	if tabs := e.session.tabs(nil); len(tabs) > 0 {
		notice = tabs[0].settings.ExpiringNotice
	}
	third := min(user.lifetime/3, int64(24*time.Hour/time.Second))
	return min(notice, time.Duration(third)*time.Second)
}

// sleepUntil returns true when the wall clock has reached at, and false when
// ctx ends first.
func (e *expiry) sleepUntil(ctx context.Context, at time.Time) bool {
	for {
		left := at.Sub(e.session.config.Now().Round(0))
		if left <= 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(min(left, tick))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

// renew starts a renewal on behalf of a tab that wants it. It does not end
// with the watch, which the renewed user replaces. Who has signed out since
// is left alone.
func (e *expiry) renew(ctx context.Context, user *User) {
	for _, c := range e.session.tabs(nil) {
		if c.settings.ManualRenew {
			continue
		}
		go func() {
			err := c.renew(context.WithoutCancel(ctx), user)
			if err != nil && !errors.Is(err, ErrNotSignedIn) {
				e.session.notify(Event{Name: SilentRenewError, Err: err})
			}
		}()
		return
	}
}
