package session

import (
	"context"
	"fmt"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// tokenTransport returns what token and userinfo requests are sent with. With
// bound it proves the possession of the session's key, and tokens that are
// not bound to that key are refused (RFC 9449 5).
func (s *session) tokenTransport(ctx context.Context, metadata *oidc.Metadata, bound bool, headers map[string]string) (oidc.Transport, error) {
	transport := s.config.Transport
	if len(headers) > 0 {
		transport = s.transport(headers)
	}
	if !bound {
		return transport, nil
	}
	prover, err := s.prover(ctx)
	if err != nil {
		return nil, err
	}
	if err := metadata.CheckDPoP(prover.Algorithm()); err != nil {
		return nil, err
	}
	return prover.Over(transport), nil
}

// prover returns the transport with the session's key, which is made when it
// is first needed and forgotten with the user, unless a tab may come back with a code
// that is bound to it: a refresh token needs the key it was issued to (RFC 9449 5).
func (s *session) prover(ctx context.Context) (*oidc.DPoPTransport, error) {
	if s.config.NewKey == nil {
		return nil, fmt.Errorf("DPoP: %w", oidc.ErrUnsupported)
	}
	if own := keyOf(ctx); own != nil {
		return own, nil
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
		s.key = prover
		return prover, nil
	})
}

func (s *session) newProver(ctx context.Context) (*oidc.DPoPTransport, error) {
	signer, err := s.config.NewKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("DPoP key: %w", err)
	}
	return oidc.NewDPoPTransport(s.config.Transport, signer, s.config.Rand, s.config.Now)
}

type keyContext struct{}

// withNewKey returns a context for a sign-in at which anybody may sign in: what
// somebody has who is there already is bound to another key. A code that is
// bound to a key is bound to the one that there is.
func (c *Client) withNewKey(ctx context.Context) context.Context {
	user, _ := c.session.current()
	if user == nil || !c.settings.DPoP || c.settings.BindCode || c.session.config.NewKey == nil {
		return ctx
	}
	prover, err := c.session.newProver(ctx)
	if err != nil {
		return ctx // the one that there is will do
	}
	return context.WithValue(ctx, keyContext{}, prover)
}

// withKey returns a context with the key that the tokens of a request are bound to,
// if they are: it stays theirs, also where the session forgets it meanwhile.
func (s *session) withKey(ctx context.Context, bound bool) (context.Context, error) {
	if !bound {
		return ctx, nil
	}
	prover, err := s.prover(ctx)
	return context.WithValue(ctx, keyContext{}, prover), err
}

// keyOf returns the key of what has one of its own, else nil.
func keyOf(ctx context.Context) *oidc.DPoPTransport {
	prover, _ := ctx.Value(keyContext{}).(*oidc.DPoPTransport)
	return prover
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
	prover, err := c.session.prover(ctx)
	if err != nil {
		return "", err
	}
	return prover.Proof(ctx, method, url, user.AccessToken, nonce)
}
