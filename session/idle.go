package session

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/session/pace"
)

// IdleSettings end a session that nobody uses any more: after Timeout without
// activity in any tab. The wall clock counts, so that a device that wakes up
// later signs out at once.
type IdleSettings struct {
	// Timeout is the longest time without activity. Zero means no end.
	Timeout time.Duration

	// OfRefreshToken ends it after the life of the refresh token, where the provider says that
	// and it is shorter: that is how long the provider's session lasts without renewals.
	OfRefreshToken bool

	// Warn is how long before the end [IdleCountdown] begins; no more than
	// half of Timeout. Zero means no countdown.
	Warn time.Duration

	// RemoveOnly forgets the user here and leaves the provider's session
	// alone, instead of a sign-out there, too.
	RemoveOnly bool
}

// StayActive tells that somebody is there: the time until the idle user is
// signed out starts again. When it is over already, it stays over.
func (c *Client) StayActive(context.Context) error {
	c.session.idle.touch(c)
	return nil
}

// idle watches for activity while somebody is signed in.
type idle struct {
	session *session
	alarm

	mu       sync.Mutex
	cancel   context.CancelFunc // guarded by mu, as all below; nil when nothing is watched
	settings IdleSettings
	since    time.Time // of the last activity, on the wall clock
	moved    time.Time // the same, on the one that nobody sets
	active   *Client   // where that was
}

// now is the wall clock alone.
func (i *idle) now() time.Time { return i.session.config.Now().Round(0) }

// settle takes the settings of the tabs that are there: the shortest time that one
// of them wants. Where none wants an end there is none; without any tab the last
// ones count, and an end that has come stays. A renewal is no activity; where it brings a
// sooner end, that is counted down to.
func (i *idle) settle() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !slices.Contains(i.session.tabs(), i.active) {
		i.active = nil
	}
	var wanted IdleSettings
	tabs := i.session.present()
	user, _ := i.session.current()
	life := i.session.refreshLife()
	for _, c := range tabs {
		own := c.settings.Idle
		if own.OfRefreshToken && life > 0 && (own.Timeout == 0 || life < own.Timeout) {
			own.Timeout = life
		}
		if own.Timeout > 0 && (wanted.Timeout == 0 || own.Timeout < wanted.Timeout) {
			wanted = own
		}
	}
	watching := i.cancel != nil
	switch {
	case user == nil || len(tabs) == 0:
		return
	case watching && i.left() <= 0:
		i.ring()
		return
	case wanted.Timeout == 0:
		i.halt()
		return
	case !watching:
		ctx, cancel := context.WithCancel(context.Background())
		i.cancel, i.since, i.moved = cancel, i.now(), time.Now()
		i.session.config.spawn(func() { i.run(ctx) })
	}
	wanted.Warn = min(wanted.Warn, wanted.Timeout/2)
	before := i.left()
	i.settings = wanted
	if short := min(before, wanted.Warn) - i.left(); watching && short > 0 {
		i.since, i.moved = i.since.Add(short), i.moved.Add(short)
	}
	i.ring()
}

// stop ends the watch.
func (i *idle) stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.halt()
}

// halt is stop for who has the lock.
func (i *idle) halt() {
	if i.cancel != nil {
		i.cancel()
		i.cancel = nil
	}
}

// touch puts the end off, for what is done in a tab, or for a sign-in (c is nil), unless
// it has come: who wakes a device up must not find the session of before.
func (i *idle) touch(c *Client) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if c != nil {
		i.active = c
	}
	if i.cancel == nil {
		return
	}
	if i.left() > 0 {
		i.since, i.moved = i.now(), time.Now()
	}
	i.ring()
	i.session.expiry.ring()
}

// left returns the time until the end. The wall clock counts sleep, the other one cannot be
// set back: what ends first counts. The caller has the lock.
func (i *idle) left() time.Duration {
	return i.settings.Timeout - max(i.now().Sub(i.since), time.Since(i.moved))
}

// outlasts tells whether the user is still signed in after d although nobody does anything,
// because somebody has, or nobody watches. What was done within a tick of the sign-in is of that.
func (i *idle) outlasts(d time.Duration) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.cancel == nil || i.left() > d+pace.Tick
}

// endsAt is when the user is signed out who does nothing, in milliseconds since the epoch;
// 0 if nobody watches.
func (i *idle) endsAt() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cancel == nil {
		return 0
	}
	return i.now().Add(i.left()).UnixMilli()
}

// run counts down, and ends the session.
func (i *idle) run(ctx context.Context) {
	counting := false
	for {
		i.mu.Lock()
		left, settings, active := i.left(), i.settings, i.active
		i.mu.Unlock()
		pause := min(left-settings.Warn, i.session.config.Tick)
		switch {
		case ctx.Err() != nil:
			return
		case left <= 0:
			i.count(0)
			i.expire(settings, active)
			return
		case left <= settings.Warn:
			counting = true
			seconds := int((left + time.Second - 1) / time.Second)
			i.count(seconds)
			pause = left - time.Duration(seconds-1)*time.Second
		case counting:
			counting = false
			i.session.notify(Event{Name: IdleCountdown})
		}
		i.session.config.sleep(ctx, "idle", pause, i.alarm)
	}
}

func (i *idle) count(seconds int) {
	i.session.notify(Event{Name: IdleCountdown, SecondsLeft: &seconds})
}

// expire signs out, in the tab that was active last or in another one. Who signs in
// meanwhile is not sent away.
func (i *idle) expire(settings IdleSettings, active *Client) {
	s := i.session
	user := s.signOut((*standing).idled)
	if user == nil || settings.RemoveOnly {
		return
	}
	var err error = ErrPageGone
	for _, tab := range s.willing(active) {
		err = tab.signoutByRedirect(context.Background(), user, SignoutArgs{idle: settings.Timeout})
		if !errors.Is(err, ErrPageGone) {
			break
		}
	}
	if err != nil {
		s.config.Logf("session: the idle user is signed out here alone: %v", err)
		s.revokeGone(user, false)
	}
}
