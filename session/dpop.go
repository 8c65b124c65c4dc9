package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// tokenTransport returns what token and userinfo requests are sent with. With a key
// it proves the possession of that, and tokens that are not bound to it are refused
// (RFC 9449 5).
func (s *session) tokenTransport(metadata *oidc.Metadata, key *oidc.DPoPTransport, headers map[string]string) (oidc.Transport, error) {
	transport := s.config.Transport
	if len(headers) > 0 {
		transport = s.transport(headers)
	}
	if key == nil {
		return transport, nil
	}
	if err := metadata.CheckDPoP(key.Algorithm()); err != nil {
		return nil, err
	}
	return key.Over(transport), nil
}

// prover returns the session's key, which is made when it is first needed: the next
// who signs in has it. It is forgotten with the user, unless a tab may come back with a
// code that is bound to it.
func (s *session) prover(ctx context.Context) (*oidc.DPoPTransport, error) {
	if s.config.NewKey == nil {
		return nil, fmt.Errorf("DPoP: %w", oidc.ErrUnsupported)
	}
	return s.proverFlight.do(ctx, "", func(ctx context.Context) (*oidc.DPoPTransport, error) {
		s.mu.Lock()
		prover := s.key
		s.mu.Unlock()
		if prover != nil {
			return prover, nil
		}
		prover, err := s.newProver(ctx)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.key == nil { // else somebody has come meanwhile, with another one
			s.key = prover
		}
		return s.key, nil
	})
}

func (s *session) newProver(ctx context.Context) (*oidc.DPoPTransport, error) {
	signer, err := s.config.NewKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("DPoP key: %w", err)
	}
	return oidc.NewDPoPTransport(s.config.Transport, signer, s.config.Rand, s.config.Now)
}

// keyFor returns the key that the tokens of a sign-in are to be bound to, nil for
// none: that of previous, if it is a renewal. Otherwise anybody may sign in, and what
// somebody has who is there already is bound to another key. A code that is bound to a
// key is bound to the one that there is.
func (s *session) keyFor(ctx context.Context, settings *Settings, previous *User) (*oidc.DPoPTransport, error) {
	if !settings.DPoP {
		return nil, nil
	}
	user, _ := s.current()
	switch {
	case settings.BindCode, s.config.NewKey == nil:
	case previous != nil && previous.key != nil:
		return previous.key, nil
	case previous == nil && user != nil:
		return s.newProver(ctx)
	}
	return s.prover(ctx)
}

// keyOf returns the key that the tokens of user are bound to, nil for none: it is
// theirs, whoever is signed in meanwhile. Where the app has brought them to [Steps], it
// is that of the steps.
func (s *session) keyOf(ctx context.Context, user *User) (*oidc.DPoPTransport, error) {
	if user.key != nil || !isBound(user) {
		return user.key, nil
	}
	return s.prover(ctx)
}

// TokenProof returns the header DPoP for a token request that the app sends
// itself, for one request alone (RFC 9449 5), with the key of the steps, which
// is made if there is none yet. nonce is the server's, or empty for the last
// one that it gave. Codes: [oidc.ErrUnsupported], [oidc.ErrInvalidArgument],
// those of [oidc.FetchMetadata].
func (s *Steps) TokenProof(ctx context.Context, nonce string) (string, error) {
	metadata, err := s.Metadata(ctx)
	if err != nil {
		return "", err
	}
	prover, err := s.client.session.prover(ctx)
	if err != nil {
		return "", err
	}
	return prover.TokenProof(ctx, metadata.TokenEndpoint, nonce)
}

// isBound tells whether the access token of user is bound to the key.
func isBound(user *User) bool { return strings.EqualFold(user.TokenType, "DPoP") }

// DPoPThumbprint returns the thumbprint of the session's key (RFC 7638), which
// is made if there is none yet; empty if the settings ask for no DPoP. Code:
// [oidc.ErrUnsupported] if this program cannot make keys.
func (c *Client) DPoPThumbprint(ctx context.Context) (string, error) {
	if !c.settings.DPoP {
		return "", nil
	}
	prover, err := c.session.prover(ctx)
	if err != nil {
		return "", err
	}
	return prover.Thumbprint(), nil
}

// DPoPProof returns the header DPoP for a request that carries the user's
// access token, for one request alone (RFC 9449 7.1). nonce is the server's, or
// empty if it gave none. Codes: [ErrNotSignedIn], [oidc.ErrUnsupported] if the
// access token is not bound to a key, [oidc.ErrInvalidArgument] and
// [oidc.ErrInsecureURL] for the address.
func (c *Client) DPoPProof(ctx context.Context, method, url, nonce string) (string, error) {
	user, _ := c.session.current()
	switch {
	case user == nil:
		return "", ErrNotSignedIn
	case !isBound(user):
		return "", fmt.Errorf("the access token is a bearer token: %w", oidc.ErrUnsupported)
	}
	prover, err := c.session.keyOf(ctx, user)
	if err != nil {
		return "", err
	}
	return prover.Proof(ctx, method, url, user.AccessToken, nonce)
}
