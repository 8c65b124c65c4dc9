package session

import (
	"context"
	"errors"

	"github.com/oidcspa/oidcspa/oidc"
)

// A resourceToken is the access token for one resource (RFC 8707). It is good
// for as long as the user stays the one that it came with.
type resourceToken struct {
	token     oidc.Secret
	expiresAt int64 // seconds since the epoch; 0 if the provider does not say
	lifetime  int64 // seconds
	user      *User
}

// resourceToken returns the token of the user for a resource, from memory if
// it is good for a while.
func (s *session) resourceToken(ctx context.Context, c *Client, resource string) (*resourceToken, error) {
	user, _ := s.current()
	if token := s.cachedToken(user, resource); token != nil {
		return token, nil
	}
	return s.fetches.flights.do(ctx, resource, func(ctx context.Context) (*resourceToken, error) {
		// A refresh token is used by one request at a time, and the user has
		// it who is there when it is our turn.
		if err := s.grantTurn.take(ctx); err != nil {
			return nil, err
		}
		defer s.grantTurn.give()
		user, _ := s.current()
		if user == nil {
			return nil, ErrNotSignedIn
		}
		if token := s.cachedToken(user, resource); token != nil {
			return token, nil
		}
		token, err := s.requestToken(ctx, c, user, resource)
		if err != nil {
			return nil, err
		}
		return token, s.keepToken(user, resource, token)
	})
}

// requestToken asks with the refresh token, or else in a hidden frame.
func (s *session) requestToken(ctx context.Context, c *Client, user *User, resource string) (*resourceToken, error) {
	if refresh := s.refreshToken(user); refresh != "" {
		token, err := s.refreshFor(ctx, c, user, refresh, resource)
		if !isInvalidGrant(err) {
			return token, err
		}
		s.config.Logf("session: the refresh token was refused for a resource, trying the frame")
	}
	other, err := s.signinFrame(ctx, c, user, SigninArgs{Request: RequestSettings{Resource: []string{resource}}})
	if err != nil {
		return nil, err
	}
	if other.Subject() != user.Subject() {
		return nil, oidc.ErrSubjectChanged
	}
	return &resourceToken{other.AccessToken, other.ExpiresAt, other.lifetime, user}, nil
}

func (s *session) refreshFor(ctx context.Context, c *Client, user *User, refresh oidc.Secret, resource string) (*resourceToken, error) {
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	transport, err := s.tokenTransport(ctx, metadata, isBound(user))
	if err != nil {
		return nil, err
	}
	// No scope: the provider gives what of the grant concerns the resource.
	request := &oidc.RefreshRequest{ClientID: c.settings.ClientID, RefreshToken: refresh, Resource: resource}
	tokens, err := request.Refresh(ctx, transport, metadata)
	if err != nil {
		return nil, err
	}
	s.rotate(user, tokens.RefreshToken)
	token := &resourceToken{token: tokens.AccessToken, user: user}
	if tokens.ExpiresIn != nil {
		token.lifetime = *tokens.ExpiresIn
		token.expiresAt = s.config.Now().Unix() + token.lifetime
	}
	return token, nil
}

// cachedToken returns the token of user for a resource, nil if there is none
// that is good for a while.
func (s *session) cachedToken(user *User, resource string) *resourceToken {
	s.fetches.mu.Lock()
	defer s.fetches.mu.Unlock()
	token := s.fetches.tokens[resource]
	if token == nil || token.user != user || s.expiring(token.expiresAt, token.lifetime) {
		return nil
	}
	return token
}

// keepToken remembers a token of user, unless somebody else is signed in
// now: [ErrNotSignedIn].
func (s *session) keepToken(user *User, resource string, token *resourceToken) error {
	s.turn.Lock() // unload, which forgets the tokens, comes before or after
	defer s.turn.Unlock()
	if current, _ := s.current(); current != user {
		return ErrNotSignedIn
	}
	s.fetches.mu.Lock()
	defer s.fetches.mu.Unlock()
	if s.fetches.tokens == nil {
		s.fetches.tokens = map[string]*resourceToken{}
	}
	s.fetches.tokens[resource] = token
	return nil
}

// drop forgets a token that was refused, if it is still the one.
func (f *fetches) drop(resource string, refused oidc.Secret) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if token := f.tokens[resource]; token != nil && token.token == refused {
		delete(f.tokens, resource)
	}
}

// A turnstile lets one through at a time. Waiting for it ends with a context,
// which a mutex cannot.
type turnstile chan struct{}

func newTurnstile() turnstile { return make(turnstile, 1) }

func (t turnstile) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errors.Join(oidc.ErrAborted, context.Cause(ctx))
	}
}

func (t turnstile) give() { <-t }
