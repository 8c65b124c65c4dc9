package session

import (
	"slices"
	"time"
)

// mostAskers is how many settings of a session are told apart at most, the last ones.
const mostAskers = 8

// A keptAnswer is what [Client.Restore] returns for as long as nothing happens: the host of
// the next program may answer with it before that one runs. All is decided here: it
// compares texts and numbers. What the page has heard it checks again when the program runs.
type keptAnswer struct {
	Askers []string // see [Page.Asker]
	Order  string   // that the page keeps, beside the hint that somebody is signed in; see [Hint.Kept]
	From   int64    // milliseconds since the epoch
	Until  int64    // the first at which it is none any more
	User   string   // as the page gets it
}

// keptAnswer returns the answer that goes with kept; nil if there is none. The caller holds
// s.mu.
func (s *session) keptAnswer(kept *keptSession, now time.Time) *keptAnswer {
	hint, until := s.carried.keeps(), kept.At+min(keptFor, s.user.handedOut(now)).Milliseconds()
	if kept.IdleAt > 0 {
		until = min(until, kept.IdleAt)
	}
	if len(s.askers) == 0 || !hint.SignedIn || hint.Order == 0 || until <= kept.At {
		return nil
	}
	return &keptAnswer{s.askers, hint.Kept(), kept.At, until, string(s.registry.handover.Answer(s.user))}
}

// asks notes whose answer is kept. It tells whether that is news.
func (s *session) asks(asker string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if asker == "" || slices.Contains(s.askers, asker) {
		return false
	}
	s.askers = append(slices.Clone(s.askers), asker) // a record has the one before
	s.askers = s.askers[max(0, len(s.askers)-mostAskers):]
	return true
}
