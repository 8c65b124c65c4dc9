package session

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"
)

// join adds a tab.
func (s *session) join(c *Client, hint Hint) {
	s.mu.Lock()
	s.clients = append(s.clients, c)
	s.mu.Unlock()
	c.hinted(hint, true)
	s.idle.touch(c)
	s.settle()
	if s.asks(c.page.Asker) {
		s.handOver()
	}
}

// settle goes by the settings of the tabs that are there now.
func (s *session) settle() {
	s.expiry.ring()
	s.monitor.settle()
	s.logouts.settle()
	s.idle.settle()
	s.handOver() // also when its user is idle
	s.look(false)
}

// lookLimit is how often in a minute the provider is asked because of what other
// programs and pages say: anybody on the origin can say that somebody signed in.
const lookLimit = 10

// look has the provider asked who is signed in, if that is sought, now or since the last
// act: once there is a tab that does not sleep, one after the other, and not too often.
func (s *session) look(sought bool) {
	tabs, now := s.willing(nil), s.config.Now()
	s.mu.Lock()
	began := s.moment()
	if sought {
		s.sought = began.acts
	}
	due := s.sought > 0 && s.sought == began.acts && s.user == nil && s.standing.hint && !s.looking && len(tabs) > 0
	room := due && s.looks.count("look", lookLimit, now)
	s.looking = s.looking || due
	if room {
		s.sought, s.woken = 0, false
	}
	s.mu.Unlock()
	switch {
	case room:
		s.config.spawn(func() { s.find(tabs[0], began) })
	case due:
		s.config.after(refusalPause/lookLimit, s.looked)
	}
}

// looked goes on with what has come up since.
func (s *session) looked() {
	s.mu.Lock()
	s.looking = false
	s.mu.Unlock()
	s.look(false)
}

// find signs in whoever has a session at the provider. What may succeed later is tried
// again when a tab wakes up, or has meanwhile: what a page did that slept fails after that.
func (s *session) find(tab *Client, began moment) {
	_, err := tab.renewOnce(context.Background(), SigninArgs{}, scene{moment: began}, true)
	if err != nil && !errors.Is(err, ErrNotSignedIn) {
		s.config.Logf("session: somebody signed in in another program: %v", err)
	}
	s.looked()
	if _, passing := isPassing(err); passing {
		s.mu.Lock()
		s.sought = max(s.sought, began.acts)
		again := s.woken
		s.mu.Unlock()
		if again {
			s.look(false)
		}
	}
}

// present returns the tabs whose settings count: those that do not sleep, or all if
// all do.
func (s *session) present() []*Client {
	awake := slices.DeleteFunc(s.tabs(), func(c *Client) bool { return c.asleep.Load() })
	if len(awake) > 0 {
		return awake
	}
	return s.tabs()
}

// Hinted takes what the tab keeps now: it is shown again, or another tab of the
// origin has written it.
func (c *Client) Hinted(hint Hint) { c.hinted(hint, false) }

func (c *Client) hinted(hint Hint, opens bool) {
	s := c.session
	if hint.Order != NoOrder && (!isOrder(hint.Order, s.wall()) || hint.Out > hint.Order || len(hint.Who) > 64) {
		hint = Hint{SignedIn: hint.SignedIn}
	}
	s.heed(false, func(st *standing) effects { return st.hinted(hint, opens) })
}

// leave removes a tab, and what it has said, wanted or failed to do.
func (s *session) leave(c *Client) {
	s.mu.Lock()
	s.clients = slices.DeleteFunc(s.clients, func(other *Client) bool { return other == c })
	s.mu.Unlock()
	s.disregard(c)
	s.settle()
}

// disregard forgets what a tab has said, or failed to do.
func (s *session) disregard(c *Client) {
	s.mu.Lock()
	if s.failure.by == c { // a renewal may be tried again as soon as the provider lets it
		s.failure.by = nil
		s.failure.Wake(time.Now())
	}
	s.mu.Unlock()
	s.expiry.ring()
	s.provider.disregard(c)
	s.monitor.disregard(c)
}

// tabs returns the clients.
func (s *session) tabs() []*Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.clients)
}

// willing returns the tabs that a service can be asked of, preferred first.
func (s *session) willing(preferred *Client) []*Client { return willing(s.tabs(), preferred) }

// willing leaves out the tabs that sleep, and puts first the one that is
// preferred, then those that have answered, the last of them first, and last
// those that have let somebody wait: however many tabs there are that never
// answer, they are no more than once in the way.
func willing(tabs []*Client, preferred *Client) []*Client {
	tabs = slices.DeleteFunc(tabs, func(c *Client) bool { return c.asleep.Load() })
	slices.SortStableFunc(tabs, func(a, b *Client) int { return cmp.Compare(b.rank(preferred), a.rank(preferred)) })
	return tabs
}

// rank is higher for a tab that is asked before others.
func (c *Client) rank(preferred *Client) int64 {
	switch {
	case c == preferred:
		return math.MaxInt64
	case c.late.Load():
		return -1
	}
	return c.answeredAt.Load()
}

// nextTab returns a tab that was not asked yet, preferably c; nil if there is
// none. A tab may have come since the last one was asked.
func (s *session) nextTab(c *Client, asked map[*Client]bool) *Client {
	for _, tab := range s.willing(c) {
		if !asked[tab] {
			return tab
		}
	}
	return nil
}

// served notes how a tab did a service that others could have done.
func (c *Client) served(err error) {
	silent := errors.Is(err, ErrPageGone)
	c.late.Store(silent)
	if silent {
		return
	}
	s := c.session
	s.mu.Lock()
	s.answers++
	c.answeredAt.Store(int64(s.answers))
	s.mu.Unlock()
}

// Sleeps tells that the page of the tab does not answer, or does so again. It
// is asked for nothing, and preferred for nothing, while it sleeps.
func (c *Client) Sleeps(asleep bool) {
	was := c.asleep.Swap(asleep)
	if was && !asleep {
		c.Wake()
	}
	if was != asleep {
		c.session.config.spawn(c.session.settle) // who is told something else meanwhile does not wait
	}
}
