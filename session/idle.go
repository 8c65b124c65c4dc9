package session

import (
	"context"
	"errors"
	"sync"
	"time"
)

// IdleSettings end a session that nobody uses any more: after Timeout without
// activity in any tab. The wall clock counts, so that a device that wakes up
// later signs out at once.
type IdleSettings struct {
	// Timeout is the longest time without activity. Zero means no end.
	Timeout time.Duration

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

	mu       sync.Mutex
	cancel   context.CancelFunc // guarded by mu, as all below; nil when nothing is watched
	settings IdleSettings
	by       *Client   // whose they are; nil if that tab is gone and was the last
	since    time.Time // of the last activity, on the wall clock, as the deadline
	deadline time.Time
	active   *Client       // where the last activity was
	touched  chan struct{} // wakes the watch
}

// now is the wall clock alone: the monotonic one stops while a device sleeps.
func (i *idle) now() time.Time { return i.session.config.Now().Round(0) }

// start watches, if a tab wants that and nothing is watched yet: a renewal is
// no activity.
func (i *idle) start() {
	for _, c := range i.session.tabs(nil) {
		if c.settings.Idle.Timeout > 0 {
			i.watch(c)
			return
		}
	}
}

func (i *idle) watch(c *Client) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	i.cancel, i.touched, i.since = cancel, make(chan struct{}, 1), i.now()
	i.adopt(c)
	touched := i.touched
	i.session.config.spawn(func() { i.run(ctx, touched) })
}

// adopt takes the settings of a tab. The caller has the lock.
func (i *idle) adopt(c *Client) {
	i.by, i.settings = c, c.settings.Idle
	i.settings.Warn = min(i.settings.Warn, i.settings.Timeout/2)
	i.deadline = i.since.Add(i.settings.Timeout)
}

// leave goes on with the settings of another tab where they were those of one
// that leaves. Where no other wants an end there is none; without any tab the
// last one's counts.
func (i *idle) leave(c *Client) {
	tabs := i.session.tabs(nil)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.active == c {
		i.active = nil
	}
	if i.cancel == nil || i.by != c {
		return
	}
	i.by = nil
	for _, other := range tabs {
		if other.settings.Idle.Timeout > 0 {
			i.adopt(other)
			i.wake()
			return
		}
	}
	if len(tabs) > 0 {
		i.cancel()
		i.cancel = nil
	}
}

// wake has the clock looked at now. The caller has the lock.
func (i *idle) wake() {
	select {
	case i.touched <- struct{}{}:
	default: // it is awake already
	}
}

// join counts a tab that came as activity, and begins to watch if it is the
// first that wants that.
func (i *idle) join(c *Client) {
	i.session.turn.Lock()
	defer i.session.turn.Unlock()
	if user, _ := i.session.current(); user != nil {
		i.start()
		i.touch(c)
	}
}

// stop ends the watch.
func (i *idle) stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cancel != nil {
		i.cancel()
		i.cancel = nil
	}
}

// touch puts the end off, unless it has come: who wakes a device up must not
// find the session of before.
func (i *idle) touch(c *Client) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cancel == nil {
		return
	}
	i.active = c
	if now := i.now(); now.Before(i.deadline) {
		i.since, i.deadline = now, now.Add(i.settings.Timeout)
	}
	i.wake()
}

// left returns the time until the end, how it is to come, and where the last
// activity was.
func (i *idle) left() (time.Duration, IdleSettings, *Client) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.deadline.Sub(i.now()), i.settings, i.active
}

// run counts down, and ends the session.
func (i *idle) run(ctx context.Context, touched <-chan struct{}) {
	counting := false
	for {
		left, settings, active := i.left()
		pause := min(left-settings.Warn, tick)
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
		timer := time.NewTimer(pause)
		pass := i.session.config.gate("idle")
		select {
		case <-timer.C:
		case <-touched:
		case <-ctx.Done():
		}
		timer.Stop()
		pass()
	}
}

func (i *idle) count(seconds int) {
	i.session.notify(Event{Name: IdleCountdown, SecondsLeft: &seconds})
}

// expire signs out, in the tab that was active last or in another one.
func (i *idle) expire(settings IdleSettings, active *Client) {
	s := i.session
	user, _ := s.current()
	if user == nil || settings.RemoveOnly {
		s.unload()
		return
	}
	var err error = ErrPageGone
	for _, tab := range s.willing(active) {
		// The first tab has the user forgotten; the others need the hint, too.
		err = tab.SignoutRedirect(context.Background(), SignoutArgs{IDTokenHint: user.IDToken})
		if !errors.Is(err, ErrPageGone) {
			break
		}
	}
	if err != nil {
		s.unload()
		s.config.Logf("session: the idle user is signed out here alone: %v", err)
	}
}
