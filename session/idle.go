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
	deadline time.Time     // on the wall clock
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
			i.watch(c.settings.Idle)
			return
		}
	}
}

func (i *idle) watch(settings IdleSettings) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	i.cancel, i.settings, i.touched = cancel, settings, make(chan struct{}, 1)
	i.settings.Warn = min(settings.Warn, settings.Timeout/2)
	i.deadline = i.now().Add(settings.Timeout)
	go i.run(ctx, i.settings, i.touched)
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
		i.deadline = now.Add(i.settings.Timeout)
	}
	select {
	case i.touched <- struct{}{}:
	default: // it is awake already
	}
}

// left returns the time until the end, and where the last activity was.
func (i *idle) left() (time.Duration, *Client) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.deadline.Sub(i.now()), i.active
}

// run counts down, and ends the session.
func (i *idle) run(ctx context.Context, settings IdleSettings, touched <-chan struct{}) {
	counting := false
	for {
		left, active := i.left()
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
		select {
		case <-timer.C:
		case <-touched:
		case <-ctx.Done():
		}
		timer.Stop()
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
	for _, tab := range s.tabs(active) {
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
