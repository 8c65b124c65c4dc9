package session

import (
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// responses are those that have led to a token request: a code is used once
// (RFC 6749 4.1.2). A browser that opens or duplicates a tab copies its
// sessionStorage, and with it what belongs to a response that both tabs then
// have; the record says nothing of the other tab. Only digests are kept.
type responses struct {
	mu   sync.Mutex
	used map[string]time.Time // until when it matters, by digest; guarded by mu
}

// responsesLimit bounds how many are known; those that end first go first.
const responsesLimit = 1000

// use notes, until the sign-in is over in any case, that the response with a
// state is used. It reports whether that is for the first time.
func (r *responses) use(state oidc.Secret, now, until time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.used, func(_ string, until time.Time) bool { return !now.Before(until) })
	if _, used := r.used[digest(state)]; used {
		return false
	}
	if len(r.used) == responsesLimit {
		delete(r.used, first(r.used, time.Time.Compare))
	}
	r.used[digest(state)] = until
	return true
}

// first returns the key of the least value.
func first[K comparable, V any](m map[K]V, compare func(a, b V) int) K {
	return slices.MinFunc(slices.Collect(maps.Keys(m)), func(a, b K) int { return compare(m[a], m[b]) })
}

func digest(state oidc.Secret) string {
	sum := sha256.Sum256([]byte(state.Reveal()))
	return string(sum[:])
}

// giveBack takes that back, for a caller who has kept what belongs to the
// response, to try again where nothing has answered.
func (r *responses) giveBack(state oidc.Secret) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.used, digest(state))
}

// unanswered tells whether a request failed before there was an answer.
func unanswered(err error) bool {
	var transport *oidc.TransportError
	return errors.Is(err, errNotSent) || errors.As(err, &transport) && transport.Status == 0
}
