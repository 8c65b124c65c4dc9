package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// start begins a transaction, unless its response could not be told from that
// of another provider. It returns the address to visit.
func (s *session) start(ctx context.Context, c *Client, settings *Settings, metadata *oidc.Metadata, request *oidc.AuthenticationRequest) (*oidc.Transaction, string, error) {
	if settings.BindCode {
		var err error
		if request.DPoPThumbprint, err = s.bind(ctx); err != nil {
			return nil, "", err
		}
	}
	if c.settings.PromptAfterSignout && metadata.EndSessionEndpoint == "" && request.Prompt+request.Extra["prompt"] == "" && s.lastSignedOut() {
		request.Prompt = "login"
	}
	tx, url, err := request.Start(metadata, s.config.Rand, s.config.Now())
	if err != nil {
		return nil, "", err
	}
	c.uses(tx.RedirectURI)
	if err := s.redirects.check(metadata, tx); err != nil {
		return nil, "", err
	}
	now := time.Now()
	if err := s.redirects.begin(metadata, tx, now, expiryOf(tx, s.config.Now(), now)); err != nil {
		return nil, "", err
	}
	url, err = c.settings.Push.Push(ctx, s.config.Transport, metadata, url)
	return tx, url, err
}

// readCallback checks the response that arrived at callbackURL, with new keys
// if it is a JWT that names an unknown one.
func (s *session) readCallback(ctx context.Context, metadata *oidc.Metadata, tx *oidc.Transaction, callbackURL string) (*oidc.Callback, error) {
	if err := s.redirects.checkArrival(metadata, tx, callbackURL); err != nil {
		return nil, err
	}
	if !tx.SignedResponse() {
		return tx.ParseCallback(metadata, callbackURL, s.config.Now())
	}
	return withKeys(ctx, s.provider, func(keys *oidc.KeySet) (*oidc.Callback, error) {
		return tx.ParseSignedCallback(metadata, keys, callbackURL, s.config.Now())
	})
}

// outlives fails if the key that a code is bound to ends with the page that
// starts the sign-in.
func (s *session) outlives(c *Client) error {
	if c.settings.BindCode && s.config.OnePage {
		return fmt.Errorf("a code that is bound to a key, where the key ends with the page: %w", oidc.ErrUnsupported)
	}
	return nil
}

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
func first[K comparable, V any](m map[K]V, compare func(a, b V) int) (least K) {
	found := false
	for key, value := range m {
		if !found || compare(value, m[least]) < 0 {
			least, found = key, true
		}
	}
	return least
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
