package session

import (
	"crypto/sha256"
	"errors"
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
	used []response // the oldest first; guarded by mu
}

type response struct {
	state [sha256.Size]byte
	until time.Time
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
	digest := sha256.Sum256([]byte(state.Reveal()))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used = slices.DeleteFunc(r.used, func(old response) bool { return !now.Before(old.until) })
	if slices.ContainsFunc(r.used, func(old response) bool { return old.state == digest }) {
		return false
	}
	if len(r.used) == responsesLimit {
		r.used = slices.Delete(r.used, 0, 1)
	}
	r.used = append(r.used, response{digest, now.Add(responseMemory)})
	return true
}

// giveBack takes that back, for a caller who has kept what belongs to the
// response, to try again where nothing has answered.
func (r *responses) giveBack(state oidc.Secret) {
	digest := sha256.Sum256([]byte(state.Reveal()))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used = slices.DeleteFunc(r.used, func(old response) bool { return old.state == digest })
}

// unanswered tells whether a request failed before there was an answer.
func unanswered(err error) bool {
	var transport *oidc.TransportError
	return errors.Is(err, errNotSent) || errors.As(err, &transport) && transport.Status == 0
}
