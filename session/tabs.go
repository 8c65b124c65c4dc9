package session

import (
	"context"
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
	s.look(false)
}

// lookLimit is how often in a minute the provider is asked because of what other
// programs and pages say: anybody on the origin can say that somebody signed in.
const lookLimit = 10

// look has the provider asked who is signed in, if that is sought, now or since a while:
// once there is a tab that does not sleep, one after the other, and not too often.
func (s *session) look(sought bool) {
	tabs, now := s.willing(nil), s.config.Now()
	s.mu.Lock()
	s.sought = (s.sought || sought) && s.user == nil && s.standing.hint
	due := s.sought && !s.looking && len(tabs) > 0
	s.looking = s.looking || due
	s.mu.Unlock()
	if !due {
		return
	}
	s.fetches.mu.Lock()
	room := s.fetches.counts.count("look", lookLimit, now)
	s.fetches.mu.Unlock()
	if !room {
		s.config.after(refusalPause/lookLimit, s.looked)
		return
	}
	s.config.spawn(func() {
		passing := s.find(tabs[0])
		s.looked()
		s.mu.Lock()
		s.sought = s.sought || passing // when a tab wakes up
		s.mu.Unlock()
	})
}

// looked goes on with what has come up since.
func (s *session) looked() {
	s.mu.Lock()
	s.looking = false
	s.mu.Unlock()
	s.look(false)
}

// find signs in whoever has a session at the provider. It reports whether that is
// worth another try.
func (s *session) find(tab *Client) bool {
	s.mu.Lock()
	s.sought = false
	now := s.moment()
	s.mu.Unlock()
	_, err := tab.signinSilent(context.Background(), SigninArgs{}, scene{moment: now})
	if err != nil && !errors.Is(err, ErrNotSignedIn) {
		s.config.Logf("session: somebody signed in in another program: %v", err)
	}
	_, passing := isPassing(err)
	return passing
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
	c.session.heed(false, func(st *standing) effects { return st.hinted(hint) })
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
