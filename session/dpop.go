package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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

// nextKey returns the key of the next who signs in, which is made when it is first
// needed.
func (s *session) nextKey(ctx context.Context) (*oidc.DPoPTransport, error) {
	s.mu.Lock()
	key := s.key
	s.mu.Unlock()
	if key != nil {
		return key, nil
	}
	key, err := s.newKey(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = cmp.Or(s.key, key)
	return s.key, nil
}

// takeKey returns a key that nobody else gets. That of [Steps] is the app's, for all
// that it does.
func (s *session) takeKey(ctx context.Context) (*oidc.DPoPTransport, error) {
	if s.oneKey {
		return s.nextKey(ctx)
	}
	s.mu.Lock()
	key := s.key
	s.key = nil
	s.mu.Unlock()
	if key != nil {
		return key, nil
	}
	return s.newKey(ctx)
}

func (s *session) newKey(ctx context.Context) (*oidc.DPoPTransport, error) {
	if s.config.NewKey == nil {
		return nil, fmt.Errorf("DPoP: %w", oidc.ErrUnsupported)
	}
	signer, err := s.config.NewKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("DPoP key: %w", err)
	}
	return oidc.NewDPoPTransport(s.config.Transport, signer, s.config.Rand, s.config.Now)
}

// boundLimit bounds how many keys are kept for codes that are away.
const boundLimit = 64

// bind returns the thumbprint of the key that a code is to be bound to, which is kept
// until the code is here.
func (s *session) bind(ctx context.Context) (thumbprint string, err error) {
	key, err := s.takeKey(ctx)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound = append(s.bound, key)
	s.bound = s.bound[max(0, len(s.bound)-boundLimit):]
	return key.Thumbprint(), nil
}

// keyFor returns the key that the tokens for a code or a password are to be bound to,
// nil for none. Nobody knows yet whose they are: it is the one that the code is bound
// to, whose thumbprint that is, or one that nobody has. The user takes it along, and
// the refresh token is used with it.
func (s *session) keyFor(ctx context.Context, settings *Settings, thumbprint string) (*oidc.DPoPTransport, error) {
	switch {
	case !settings.DPoP:
		return nil, nil
	case thumbprint == "" || s.oneKey:
		return s.takeKey(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.bound, func(key *oidc.DPoPTransport) bool { return key.Thumbprint() == thumbprint })
	if i < 0 {
		return nil, oidc.ErrDPoPKeyLost
	}
	key := s.bound[i]
	s.bound = slices.Delete(s.bound, i, i+1)
	return key, nil
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
	prover, err := s.client.session.nextKey(ctx)
	if err != nil {
		return "", err
	}
	return prover.TokenProof(ctx, metadata.TokenEndpoint, nonce)
}

// isBound tells whether the access token of user is bound to the key.
func isBound(user *User) bool { return strings.EqualFold(user.TokenType, "DPoP") }

// DPoPThumbprint returns the thumbprint of the user's key (RFC 7638). Who has none,
// or is not there yet, gets one that is made if need be; empty if the settings ask for
// no DPoP. Code: [oidc.ErrUnsupported] if this program cannot make keys.
func (c *Client) DPoPThumbprint(ctx context.Context) (string, error) {
	if !c.settings.DPoP {
		return "", nil
	}
	if user, _ := c.session.current(); user != nil && user.key != nil {
		return user.key.Thumbprint(), nil
	}
	key, err := c.session.nextKey(ctx)
	if err != nil {
		return "", err
	}
	return key.Thumbprint(), nil
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
	return user.key.Proof(ctx, method, url, user.AccessToken, nonce)
}
