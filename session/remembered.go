package session

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// fetches is what a session remembers for its requests to APIs.
type fetches struct {
	flights flight[*credential]

	mu     sync.Mutex
	who    string                 // whose notes they are, see session.who; empty if nobody knows
	tokens map[string]*credential // by resource; guarded by mu, as all below

	// Notes for a minute. Those of a person end with the person: of tokens that
	// were renewed for a request that could not be repeated, of resources where
	// that was in vain, of challenges that were answered with a sign-in. What
	// bounds how often something is done outlives everybody.
	notes, counts notes

	failures map[string]error // by resource: why there was no token last
}

// notes say when something was noted, on the wall clock.
type notes map[string]time.Time

func (n notes) has(key string, now time.Time) bool {
	at, ok := n[key]
	age := now.Round(0).Sub(at.Round(0))
	return ok && age >= 0 && age < refusalPause
}

func (n *notes) add(key string, now time.Time) {
	if *n == nil {
		*n = notes{}
	}
	maps.DeleteFunc(*n, func(old string, _ time.Time) bool { return !n.has(old, now) })
	(*n)[key] = now
}

// count adds one of limit notes under key. It reports whether there was room.
func (n *notes) count(key string, limit int, now time.Time) bool {
	for i := range limit {
		if one := numbered(key, i); !n.has(one, now) {
			n.add(one, now)
			return true
		}
	}
	return false
}

func numbered(key string, i int) string { return key + "\n" + strconv.Itoa(i) }

// kept returns the newest of what begins with prefix and is still good, for [keptNotes].
func (n notes) kept(prefix string, now time.Time) map[string]int64 {
	kept := map[string]int64{}
	newest := slices.SortedFunc(maps.Keys(n), func(a, b string) int { return n[b].Compare(n[a]) })
	for _, key := range newest {
		if strings.HasPrefix(key, prefix) && n.has(key, now) && len(kept) < keptMost {
			kept[key] = n[key].UnixMilli()
		}
	}
	return kept
}

// takeOver adds what was kept and is still good.
func (n *notes) takeOver(kept map[string]int64, now time.Time) {
	was := notes{}
	for key, at := range kept {
		if was[key] = time.UnixMilli(at); was.has(key, now) && !n.has(key, now) {
			n.add(key, now)
			(*n)[key] = was[key]
		}
	}
}

// forget drops what is of a person.
func (f *fetches) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.who, f.tokens, f.notes, f.failures = "", nil, nil, nil
}

// forgetUseless drops what is of no use to user, who is signed in now.
func (f *fetches) forgetUseless(user *User, who string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.tokens, func(_ string, token *credential) bool { return token.user != user })
	if f.who != "" && f.who != who {
		f.notes, f.failures = nil, nil
	}
	f.who = who
}

// noted tells whether something was remembered less than a minute ago.
func (s *session) noted(key string) bool {
	s.fetches.mu.Lock()
	defer s.fetches.mu.Unlock()
	return s.fetches.notes.has(key, s.config.Now())
}

// note notes something of user, if that is still who is signed in.
func (s *session) note(user *User, key string) {
	s.fetches.mu.Lock() // a sign-out, which forgets the notes, comes before or after
	defer s.fetches.mu.Unlock()
	if s.still(user) == nil {
		s.fetches.notes.add(key, s.config.Now())
	}
}

// mayRenew tells whether a token that was refused is renewed, one of so many for a
// resource, however many requests were refused with it.
func (s *session) mayRenew(resource string, refused oidc.Secret) bool {
	f, now := &s.fetches, s.config.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	key := "refused\n" + digest(refused)
	if f.counts.has(key, now) {
		return true
	}
	if !f.counts.count("renewal\n"+resource, refusalLimit, now) {
		return false
	}
	f.counts.add(key, now)
	return true
}

// renewalFailed has the next renewal of the same token count again.
func (s *session) renewalFailed(refused oidc.Secret) {
	s.fetches.mu.Lock()
	defer s.fetches.mu.Unlock()
	delete(s.fetches.counts, "refused\n"+digest(refused))
}

// tooManyFailures returns why there is no token for a resource, if so many requests
// for one have failed a moment ago that there is not another one.
func (f *fetches) tooManyFailures(resource string, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range refusalLimit {
		if !f.notes.has(numbered("failed\n"+resource, i), now) {
			return nil
		}
	}
	return f.failures[resource]
}

// resourceFailed notes that the provider gave user no token for a resource, if that is
// still who is signed in. A network that is down asks nobody.
func (s *session) resourceFailed(user *User, resource string, reason error) {
	for _, other := range []oidc.Code{oidc.ErrNetwork, oidc.ErrTimeout, ErrPageGone, ErrNotSignedIn} {
		if errors.Is(reason, other) {
			return
		}
	}
	f, now := &s.fetches, s.config.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.still(user) != nil {
		return
	}
	if f.failures == nil {
		f.failures = map[string]error{}
	}
	f.failures[resource] = reason
	f.notes.count("failed\n"+resource, refusalLimit, now)
}
