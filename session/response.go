package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// start begins a transaction, unless its response could not be told from that
// of another provider.
func (s *session) start(ctx context.Context, c *Client, settings *Settings, metadata *oidc.Metadata, request *oidc.AuthenticationRequest) (*oidc.Transaction, string, error) {
	if settings.BindCode {
		prover, err := s.prover(ctx)
		if err != nil {
			return nil, "", err
		}
		request.DPoPThumbprint = prover.Thumbprint()
		s.mu.Lock()
		s.keyAway = true
		s.mu.Unlock()
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
	return tx, url, nil
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
	for refetch := false; ; refetch = true {
		keys, err := s.provider.fetchKeys(ctx, refetch)
		if err != nil {
			return nil, err
		}
		callback, err := tx.ParseSignedCallback(metadata, keys, callbackURL, s.config.Now())
		if refetch || !errors.Is(err, oidc.ErrKeyNotFound) {
			return callback, err
		}
	}
}

// outlives fails if the key that a code is bound to ends with the page that
// starts the sign-in.
func (s *session) outlives(c *Client) error {
	if c.settings.BindCode && s.config.OnePage {
		return fmt.Errorf("a code that is bound to a key, where the key ends with the page: %w", oidc.ErrUnsupported)
	}
	return nil
}
