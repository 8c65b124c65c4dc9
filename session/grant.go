package session

import (
	"errors"

	"github.com/oidcspa/oidcspa/oidc"
)

// A grant is the refresh token of the user who is signed in, and what is known
// of its state. A provider that rotates refresh tokens takes the second use of
// one for a theft, and revokes both (RFC 9700 4.14.2). So one whose answer was
// lost is in doubt: it is used once more, when the provider is known to be
// within reach, because most lost answers are requests that never arrived.
type grant struct {
	token   oidc.Secret // the newest; that of the user may be used up
	shown   oidc.Secret // what the user has of it: the newest of an answer that passed its checks
	lost    int         // answers that never came
	spent   bool        // an answer came that holds no usable refresh token
	refused bool        // by the provider
}

// lostLimit is how many lost answers make a refresh token useless.
const lostLimit = 2

// refreshToken returns the newest refresh token of user.
func (s *session) refreshToken(user *User) oidc.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user == user {
		return s.grant.token
	}
	return user.RefreshToken
}

// usableRefreshToken returns the refresh token to renew user with, empty if
// there is none or using it could do harm. inDoubt says that an answer was
// lost.
func (s *session) usableRefreshToken(user *User) (token oidc.Secret, inDoubt bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &s.grant
	if user == nil || s.user != user || g.spent || g.refused || g.lost >= lostLimit {
		return "", false
	}
	return g.token, g.lost > 0
}

// take makes the refresh token of a user who passed all checks the one to use.
// What is known of it stays true. The caller holds the session's mu.
func (g *grant) take(token oidc.Secret) {
	switch token {
	case g.token:
		g.shown = token
	case g.shown: // a newer one came since, which nobody may see yet
	default:
		*g = grant{token: token, shown: token}
	}
}

// rotate remembers the refresh token that came for user, in case that the
// renewal fails after all: the one before is used up. Pages do not see it before
// the checks of its answer have passed.
func (s *session) rotate(user *User, token oidc.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user == user {
		s.grant = grant{token: token, shown: s.grant.shown}
	}
}

// doubt notes what a failed refresh request says about the refresh token.
func (s *session) doubt(user *User, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user != user {
		return
	}
	var transport *oidc.TransportError
	answered := errors.As(err, &transport) && transport.Status != 0
	switch {
	case isInvalidGrant(err):
		s.grant.refused = true
	case errors.Is(err, oidc.ErrProvider), errors.Is(err, oidc.ErrHTTPStatus), errors.Is(err, oidc.ErrRedirectRefused), errors.Is(err, errNotSent):
		// It said no, and issued nothing.
	case transport != nil && !answered:
		s.grant.lost++
	default:
		s.grant.spent = true
	}
}

// grantRefused tells whether the provider refused the refresh token of user.
func (s *session) grantRefused(user *User) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user == user && s.grant.refused
}

func isInvalidGrant(err error) bool {
	var refusal *oidc.ProviderError
	return errors.As(err, &refusal) && refusal.ErrorCode == "invalid_grant"
}
