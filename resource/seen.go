package resource

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	// DefaultVerifiedTokens is how many tokens of an issuer are remembered as verified.
	DefaultVerifiedTokens = 10_000

	// seenBytes bounds what those take, by the estimate of [costOf].
	seenBytes = 32 << 20

	// seenLife is how long a token is remembered, if it is good for so long.
	seenLife = 5 * time.Minute
)

// seen remembers the claims of tokens that were verified by a trust, so that the same
// token is not verified again. There are two halves: when the young one is full it
// becomes the old one, which is forgotten then.
type seen struct {
	limit int // of tokens

	mu         sync.Mutex // guards all of the below
	by         *trust
	young, old map[digest]sighting
	bytes      int // of young
}

// A sighting is a token that was verified.
type sighting struct {
	claims *oidc.AccessTokenClaims // not to be changed
	err    error                   // why there are none
	until  time.Time
	cost   int
}

// find returns the claims of a token that t has verified, which are not to be changed, or nil.
func (s *seen) find(token digest, t *trust, now time.Time) *oidc.AccessTokenClaims {
	if sight, found := s.look(token, t); found && now.Before(sight.until) {
		return sight.claims
	}
	return nil
}

// has tells whether anything is known of a token.
func (s *seen) has(token digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, young := s.young[token]
	_, old := s.old[token]
	return young || old
}

// look returns what is known of a token, however old.
func (s *seen) look(token digest, t *trust) (sight sighting, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by != t {
		return sighting{}, false
	}
	if sight, found = s.young[token]; found {
		return sight, true
	}
	if sight, found = s.old[token]; found {
		s.keep(token, sight)
	}
	return sight, found
}

// drop forgets a token.
func (s *seen) drop(token digest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes -= s.young[token].cost
	delete(s.young, token)
	delete(s.old, token)
}

// put remembers what is known of a token, whoever says so.
func (s *seen) put(token digest, sight sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep(token, sight)
}

// add remembers claims until then, or until they expire. Those of another trust are forgotten.
func (s *seen) add(token digest, length int, t *trust, claims *oidc.AccessTokenClaims, until time.Time) {
	sight := sighting{claims: claims, until: until, cost: costOf(claims, length)}
	if end := time.Unix(claims.Expiry, 0); end.Before(sight.until) {
		sight.until = end
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by != t {
		s.by, s.young, s.old, s.bytes = t, nil, nil, 0
	}
	s.keep(token, sight)
}

// keep has a token in the young half, if half of all that may be there has room for it.
func (s *seen) keep(token digest, sight sighting) {
	if sight.cost > seenBytes/2 || s.limit < 2 {
		return
	}
	if s.young == nil || len(s.young) >= s.limit/2 || s.bytes+sight.cost > seenBytes/2 {
		s.young, s.old, s.bytes = make(map[digest]sighting), s.young, 0
	}
	s.bytes += sight.cost - s.young[token].cost
	s.young[token] = sight
}

// refusalCost estimates the bytes that a refusal takes.
const refusalCost = 512

// costOf estimates the bytes that claims take, out of a token of some length, or out of an
// answer about it, which may be longer.
func costOf(c *oidc.AccessTokenClaims, length int) int {
	texts := len(c.Audience) + len(c.Scopes) + len(c.Roles)
	for _, roles := range c.ClientRoles {
		texts += 8 + len(roles)
	}
	members := 0
	for name, raw := range c.Members {
		members += len(name) + len(raw)
	}
	return 1024 + 2*max(length, members) + 128*len(c.Members) + 48*texts
}

// copyOf returns claims that can be changed, but for the bytes of members.
func copyOf(c *oidc.AccessTokenClaims) *oidc.AccessTokenClaims {
	copied := *c
	copied.Audience, copied.Scopes, copied.Roles = slices.Clone(c.Audience), slices.Clone(c.Scopes), slices.Clone(c.Roles)
	copied.Members, copied.ClientRoles = maps.Clone(c.Members), maps.Clone(c.ClientRoles)
	for client, roles := range copied.ClientRoles {
		copied.ClientRoles[client] = slices.Clone(roles)
	}
	return &copied
}
