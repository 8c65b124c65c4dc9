package session

import (
	"crypto/sha256"
	"errors"
	"maps"
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
	used map[string]time.Time // when, by digest; guarded by mu
}

const (
	// responseMemory is how long a response is known as used: as long as a
	// sign-in may take by default.
	responseMemory = 15 * time.Minute

	// responsesLimit bounds how many are known; the oldest go first.
	responsesLimit = 1000
)

// use notes that the response with a state is used. It reports whether that is
// for the first time.
func (r *responses) use(state oidc.Secret, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.used, func(_ string, at time.Time) bool { return now.Sub(at) >= responseMemory })
	if _, used := r.used[digest(state)]; used {
		return false
	}
	if r.used == nil {
		r.used = map[string]time.Time{}
	}
	if len(r.used) == responsesLimit {
		var oldest string
		for other, at := range r.used {
			if oldest == "" || at.Before(r.used[oldest]) {
				oldest = other
			}
		}
		delete(r.used, oldest)
	}
	r.used[digest(state)] = now
	return true
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
