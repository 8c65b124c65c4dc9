package session

import (
	"cmp"
	"context"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// An API that is never content, a provider that does not step up or refuses, and a
// person who goes back must not become a loop: a challenge is noted when the tab
// leaves for it or its window opens, whatever comes of it, and is not answered
// again for [refusalPause]; nor are more than [stepUpLimit] of an API. The tab keeps
// the notes, too: the program may be another one when the page is there again.

// keptNotes is what a tab keeps of sign-ins that answered challenges: when each
// was, in milliseconds since the epoch.
type keptNotes struct {
	Who      string           `json:"who"`      // see [fetches]
	Order    int64            `json:"order"`    // of the last act then: a sign-out since ends what is of the person
	Answered map[string]int64 `json:"answered"` // challenges of that person
	Counted  map[string]int64 `json:"counted"`  // those of an API
}

// keptLimit bounds what is believed of a tab, in bytes: anybody on the origin can
// write there. There is room for the newest keptMost of both kinds.
const (
	keptLimit = 16 << 10
	keptMost  = 64
)

// stepUpMark is the name under which they are kept; as [Client.restoreMark].
func (c *Client) stepUpMark() oidc.Secret { return oidc.Secret("stepup:" + c.name()) }

// answers tells whether a challenge is answered with a sign-in, which is noted then.
func (c *Client) answers(ctx context.Context, used *User, want *StepUp) bool {
	s := c.session
	c.recallStepUps(ctx)
	if s.still(used) != nil || !s.countStepUp(want) {
		s.config.Logf("session: an API asks for the same sign-in again, or for too many; it is not repeated")
		return false
	}
	c.keepStepUps(ctx)
	return true
}

// stepUpAnswered notes that the sign-in for a challenge has come back: how long
// that took says nothing.
func (c *Client) stepUpAnswered(ctx context.Context, want *StepUp) {
	if want == nil {
		return
	}
	s := c.session
	c.recallStepUps(ctx)
	if !s.countStepUp(want) {
		s.fetches.mu.Lock()
		s.fetches.notes.add(want.key(), s.config.Now())
		s.fetches.mu.Unlock()
	}
	c.keepStepUps(ctx)
}

// countStepUp notes a challenge that was not answered a moment ago, of an API that
// has not had so many.
func (s *session) countStepUp(want *StepUp) bool {
	f, now := &s.fetches, s.config.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.notes.has(want.key(), now) || !f.counts.count("sign-in\n"+brief(want.API), stepUpLimit, now) {
		return false
	}
	f.notes.add(want.key(), now)
	return true
}

// recallStepUps takes over what the tab has kept, once.
func (c *Client) recallStepUps(ctx context.Context) {
	_, _ = c.recall.do(ctx, "", func(ctx context.Context) (struct{}, error) {
		if c.recalled.Load() {
			return struct{}{}, nil
		}
		kept, err := c.page.Transactions.Look(ctx, c.stepUpMark())
		c.recalled.Store(err == nil)
		var k keptNotes
		if len(kept.Record) > keptLimit || strictjson.Unmarshal(kept.Record, &k) != nil {
			return struct{}{}, err
		}
		s := c.session
		s.mu.Lock()
		closed := s.standing.closed
		s.mu.Unlock()
		f, now := &s.fetches, s.config.Now()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.counts.takeOver(k.Counted, now)
		if closed <= k.Order && (f.who == "" || k.Who == "" || f.who == k.Who) {
			f.who = cmp.Or(f.who, k.Who)
			f.notes.takeOver(k.Answered, now)
		}
		return struct{}{}, nil
	})
}

// keepStepUps has the tab keep the notes. One that cannot does not leave either: the
// transaction of a sign-in is kept in the same place.
func (c *Client) keepStepUps(ctx context.Context) {
	s := c.session
	_, last := s.current()
	f, now := &s.fetches, s.config.Now()
	f.mu.Lock()
	k := keptNotes{f.who, last.order, f.notes.kept("answered\n", now), f.counts.kept("sign-in\n", now)}
	f.mu.Unlock()
	record, err := strictjson.Marshal(k)
	if err == nil {
		until := now.Add(refusalPause + time.Second).Unix()
		err = c.page.Transactions.Put(ctx, c.stepUpMark(), Transaction{Record: record, ExpiresAt: until})
	}
	if err != nil {
		s.config.Logf("session: the tab does not keep which challenges were answered: %v", err)
	}
}
