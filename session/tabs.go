package session

import (
	"errors"
	"slices"
	"time"
)

// join adds a tab.
func (s *session) join(c *Client, hint Hint) {
	s.mu.Lock()
	s.clients = append(s.clients, c)
	s.mu.Unlock()
	c.Hinted(hint)
	s.idle.touch(c)
	s.settle()
}

// settle goes by the settings of the tabs that are there now.
func (s *session) settle() {
	s.expiry.poke()
	s.monitor.settle()
	s.idle.settle()
}

// present returns the tabs whose settings count: those that do not sleep, or all if
// all do.
func (s *session) present() []*Client {
	tabs := s.tabs(nil)
	awake := slices.DeleteFunc(slices.Clone(tabs), func(c *Client) bool { return c.asleep.Load() })
	if len(awake) > 0 {
		return awake
	}
	return tabs
}

// Hinted takes what the tab keeps now: it is shown again, or another tab of the
// origin has written it.
func (c *Client) Hinted(hint Hint) {
	s := c.session
	if hint.Order != NoOrder && (!isOrder(hint.Order, s.wall()) || hint.Out > hint.Order || hint.Since > hint.Order) {
		hint = Hint{SignedIn: hint.SignedIn}
	}
	s.heed(func(st *standing) effects { return st.hinted(hint) })
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
	byTab := s.failure.by == c
	s.mu.Unlock()
	if byTab {
		s.forgive()
	}
	s.provider.disregard(c)
	s.monitor.disregard(c)
}

// forgive forgets the failure of a renewal that a page had a part in: it may be
// tried again as soon as the provider lets it.
func (s *session) forgive() {
	s.mu.Lock()
	s.failure.by = nil
	s.failure.Wake(time.Now())
	s.mu.Unlock()
	s.expiry.poke()
}

// tabs returns the clients, preferred first.
func (s *session) tabs(preferred *Client) []*Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	tabs := make([]*Client, 0, len(s.clients))
	if slices.Contains(s.clients, preferred) {
		tabs = append(tabs, preferred)
	}
	for _, c := range s.clients {
		if c != preferred {
			tabs = append(tabs, c)
		}
	}
	return tabs
}

// willing returns the tabs that a service can be asked of, preferred first.
func (s *session) willing(preferred *Client) []*Client { return willing(s.tabs(nil), preferred) }

// willing leaves out the tabs that sleep, and puts first the one that is
// preferred, then those that have answered, the last of them first, and last
// those that have let somebody wait: however many tabs there are that never
// answer, they are no more than once in the way.
func willing(tabs []*Client, preferred *Client) []*Client {
	var order []*Client
	for _, c := range tabs {
		if c.asleep.Load() {
			continue
		}
		at := len(order)
		for at > 0 && (c == preferred || order[at-1] != preferred && c.rank() > order[at-1].rank()) {
			at--
		}
		order = slices.Insert(order, at, c)
	}
	return order
}

// rank is higher for a tab that is asked before others.
func (c *Client) rank() int64 {
	if c.late.Load() {
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
