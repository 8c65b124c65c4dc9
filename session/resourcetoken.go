package session

import (
	"context"
	"errors"

	"github.com/oidcspa/oidcspa/oidc"
)

// A credential is an access token to send: the user's own, or that for one resource
// (RFC 8707), which is good for as long as the user stays the one that it came with.
type credential struct {
	holder *User // has the token, its end and its key; nobody else sees that of a resource
	user   *User // whose it is
}

// resourceToken returns the token of the user for a resource, from memory if
// it is good for a while.
func (s *session) resourceToken(ctx context.Context, c *Client, resource string) (*credential, error) {
	user, now := s.current()
	if user == nil {
		return nil, ErrNotSignedIn
	}
	if token := s.cachedToken(user, resource); token != nil {
		return token, nil
	}
	return s.fetches.flights.doFor(c.Calling(ctx), c, scene{moment: now}, resource, func(ctx, wanted context.Context) (*credential, error) {
		if err := s.fetches.tooManyFailures(resource, s.config.Now()); err != nil {
			return nil, err
		}
		token, err := s.refreshResource(ctx, wanted, c, resource)
		if errors.Is(err, errNeedsFrame) {
			token, err = s.frameResource(ctx, c, resource)
		}
		if err != nil {
			s.resourceFailed(user, resource, err)
		}
		return token, err
	})
}

// refreshResource asks with the refresh token, which the user has who is there
// when it is our turn; [errNeedsFrame] if there is none to use.
func (s *session) refreshResource(ctx, wanted context.Context, c *Client, resource string) (*credential, error) {
	if user, _ := s.current(); !s.refreshable(user) {
		return nil, errNeedsFrame
	}
	release, err := s.takeTurn(wanted, c)
	if err != nil {
		return nil, err
	}
	defer release()
	before := s.scene()
	if token := s.cachedToken(before.user, resource); token != nil {
		return token, nil
	}
	args := SigninArgs{Request: RequestSettings{Resource: []string{resource}}, scopeless: true}
	holder, err := s.refreshUsable(ctx, c, before.user, args)
	if err != nil {
		return nil, err
	}
	return c.keepToken(ctx, before, resource, &credential{holder, before.user})
}

// frameResource asks in a hidden frame.
func (s *session) frameResource(ctx context.Context, c *Client, resource string) (*credential, error) {
	before := s.scene()
	if before.user == nil {
		return nil, ErrNotSignedIn
	}
	if token := s.cachedToken(before.user, resource); token != nil {
		return token, nil
	}
	holder, err := s.signinFrame(ctx, c, before.user, SigninArgs{Request: RequestSettings{Resource: []string{resource}}})
	if err != nil {
		return nil, err
	}
	if !same(holder, before.user) {
		return nil, oidc.ErrSubjectChanged
	}
	return c.keepToken(ctx, before, resource, &credential{holder, before.user})
}

// cachedToken returns the token of user for a resource, nil if there is none
// that is good for a while.
func (s *session) cachedToken(user *User, resource string) *credential {
	s.fetches.mu.Lock()
	defer s.fetches.mu.Unlock()
	token := s.fetches.tokens[resource]
	if token == nil || token.user != user || s.expiring(token.holder) {
		return nil
	}
	return token
}

// keepToken remembers a token of who was signed in before, and may have been
// renewed since, unless somebody has signed in or out: then it is [ErrNotSignedIn],
// and the refresh token that came with it is revoked.
func (c *Client) keepToken(ctx context.Context, before scene, resource string, token *credential) (*credential, error) {
	s := c.session
	s.turn.Lock() // unload, which forgets the tokens, comes before or after
	defer s.turn.Unlock()
	current := s.scene()
	if current.user == nil || current.changes != before.changes {
		return nil, c.orRevoke(ctx, token.holder, ErrNotSignedIn)
	}
	token.user = current.user
	s.fetches.mu.Lock()
	defer s.fetches.mu.Unlock()
	if s.fetches.tokens == nil {
		s.fetches.tokens = map[string]*credential{}
	}
	s.fetches.tokens[resource] = token
	return token, nil
}

// drop forgets a token that was refused, if it is still the one.
func (f *fetches) drop(resource string, refused oidc.Secret) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if token := f.tokens[resource]; token != nil && token.holder.AccessToken == refused {
		delete(f.tokens, resource)
	}
}
