package session

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// Where a program ends with its last page, a reload ends it. What is needed to go on
// has a keeper meanwhile, and the next program takes it: it is then as one that has
// slept. It goes by what its pages keep and the other programs say since, as ever.

const (
	// keptAgain is how often the keeper is given anew what it has: a browser ends one
	// that has nothing to do, after some 30 s.
	keptAgain = 12 * time.Second

	// keptFor is how old what it has may be, on the wall clock.
	keptFor = time.Minute
)

// A handover is where the sessions of this program are kept, and what it has taken.
type handover struct {
	config *Config
	Keeper
	asking sync.Mutex // held while the keeper is asked

	mu       sync.Mutex
	sessions map[*session]bool // of which it has something; guarded by mu, as all below
	taken    []*keptSession    // that no tab has come for yet
	holds    bool              // it has something
	awake    bool              // it will be given that again
}

// A Keeper is what keeps the record of a program for the next one.
type Keeper struct {
	// Give has it keep a record instead of the one before, nothing when there is no session any
	// more. It does not wait. Nil if there is no keeper.
	Give func(record []byte)

	// Owns tells whether no other program has taken what was given: one may have, while this
	// one slept with its page. Nil if none can.
	Owns func(ctx context.Context) bool

	// Answer is how a page gets a user: with that the record answers a page whose Asker it
	// knows; see [keptAnswer].
	Answer func(*User) []byte
}

// TakeOver goes on with what an earlier program, which lives no more, has given keeper for the
// next one, if anything, and has keeper get what this one has for the next. Call it before the
// first [Registry.Open]. What a record holds must be neither stored nor shown to anybody.
func (r *Registry) TakeOver(record []byte, keeper Keeper) {
	k := &r.handover
	k.mu.Lock()
	defer k.mu.Unlock()
	k.config, k.Keeper, k.sessions, k.holds = &r.config, keeper, map[*session]bool{}, len(record) > 0
	if strictjson.Unmarshal(record, &k.taken) != nil {
		k.taken = nil
	}
	if k.holds {
		k.giveAgain()
	}
}

// handOver has the keeper have what is so now. What is over is forgotten there before anybody
// hears of it.
func (s *session) handOver() {
	k := &s.registry.handover
	if k.Give == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch kept := s.kept(); {
	case kept != nil:
		k.sessions[s] = true
	case !k.sessions[s]:
		return
	default:
		delete(k.sessions, s)
		k.clear() // also what others have given who are gone
	}
	k.giveAll()
}

// owns tells whether the refresh token of the session is still this program's: one that has slept
// may have lost what it gave to another, to which it is a theft to use it, too. The keeper says so
// once: all sessions hear of it.
func (s *session) owns(ctx context.Context) bool {
	k := &s.registry.handover
	if k.Owns == nil {
		return true
	}
	k.asking.Lock()
	defer k.asking.Unlock()
	if k.Owns(ctx) {
		return true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for given := range k.sessions {
		given.mu.Lock()
		given.grant.Refused = true
		given.mu.Unlock()
	}
	return false
}

// leaves is for a sign-out: what others have given is forgotten with it, also where nobody is.
func (k *handover) leaves(s *session) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.Give != nil {
		k.sessions[s], k.holds = true, true
	}
}

// giveAll gives what there is. The caller holds k.mu.
func (k *handover) giveAll() {
	now := k.config.Now()
	k.taken = slices.DeleteFunc(k.taken, func(kept *keptSession) bool { return !kept.good(now) })
	all := slices.Clone(k.taken)
	for s := range k.sessions {
		if kept := s.kept(); kept != nil {
			all = append(all, kept)
		}
	}
	record, err := strictjson.Marshal(all)
	if len(all) == 0 || err != nil {
		k.clear()
		return
	}
	k.holds = true
	k.Give(record)
	k.giveAgain()
}

func (k *handover) clear() {
	if k.holds {
		k.Give(nil)
	}
	k.holds = false
}

// giveAgain gives it again after a while, so that the keeper stays awake. The caller holds
// k.mu.
func (k *handover) giveAgain() {
	if k.awake {
		return
	}
	k.awake = true
	k.config.after(keptAgain, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.awake = false
		if k.holds {
			k.giveAll()
		}
	})
}

// take returns what there is for a session, if it is still good, once.
func (k *handover) take(name string) *keptSession {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.taken, func(kept *keptSession) bool { return kept.Key == name })
	if i < 0 {
		return nil
	}
	kept := k.taken[i]
	k.taken = slices.Delete(k.taken, i, i+1)
	if !kept.good(k.config.Now()) {
		return nil
	}
	return kept
}

// disown drops what there is of a client that another program has news of: it has come too
// late to be told.
func (k *handover) disown(issuer, clientID string) {
	k.disownIf(func(kept *keptSession) bool { return kept.Issuer == issuer && kept.ClientID == clientID })
}

// disownIf drops what no tab has come for yet, where it is so. It tells whether there was any.
func (k *handover) disownIf(is func(*keptSession) bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	before := len(k.taken)
	k.taken = slices.DeleteFunc(k.taken, is)
	if len(k.taken) == before {
		return false
	}
	k.giveAll()
	return true
}

// good tells whether a program can go on with it: it is not old, nobody has been idle for
// too long, and its order is one. A clock that was set says nothing.
func (kept *keptSession) good(now time.Time) bool {
	ms := now.UnixMilli()
	return now.Sub(time.UnixMilli(kept.At)).Abs() <= keptFor && (kept.IdleAt == 0 || ms < kept.IdleAt) && isOrder(kept.Standing.Order, ms)
}

// goOn makes a session that nobody knows anything of yet the one that an earlier program
// has had, if that has given it. c is the first tab.
func (s *session) goOn(c *Client) {
	if s.registry.handover.Give == nil {
		return
	}
	kept := s.registry.handover.take(s.id.name())
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	unknown := s.user == nil && s.standing == standing{}
	s.mu.Unlock()
	if kept == nil || !unknown {
		return
	}
	user := kept.user(&c.settings, s.config.Now())
	s.mu.Lock()
	s.standing = kept.Standing.standing()
	s.standing.here, s.standing.hint = s.who(user), true
	s.mu.Unlock()
	s.set(user)
	s.mu.Lock()
	s.grant = kept.Grant.grant()
	if kept.Answer != nil {
		s.askers = kept.Answer.Askers
	}
	s.mu.Unlock()
	s.config.Logf("session: goes on where an earlier program has ended")
}
