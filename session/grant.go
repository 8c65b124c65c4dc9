package session

import (
	"errors"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session/pace"
)

// A grant is the refresh token of the user who is signed in, and what is known
// of its state.
type grant struct {
	token oidc.Secret // the newest; that of the user may be used up
	shown oidc.Secret // what the user has of it: the newest of an answer that passed its checks
	used  bool        // a request with it is in the air
	pace.Grant
}

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
	usable, inDoubt := s.grant.Usable()
	if user == nil || s.user != user || !usable {
		return "", false
	}
	return s.grant.token, inDoubt
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

// uses notes that a request with the refresh token of user begins. Its end is [session.rotate] or
// [session.doubt].
func (s *session) uses(user *User) {
	s.mu.Lock()
	s.grant.used = s.grant.used || s.user == user
	s.mu.Unlock()
	s.handOver()
}

// rotate remembers the refresh token that came for user, in case that the
// renewal fails after all: the one before is used up. Pages do not see it before
// the checks of its answer have passed.
func (s *session) rotate(user *User, token oidc.Secret) {
	defer s.handOver()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user == user {
		s.grant = grant{token: token, shown: s.grant.shown}
	}
}

// doubt notes what a failed refresh request says about the refresh token.
func (s *session) doubt(user *User, args *SigninArgs, err error) {
	defer s.handOver()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user != user {
		return
	}
	s.grant.used = false
	switch {
	case args.losesGrant(err):
		s.grant.Refused = true
	case isAny(err, oidc.ErrProvider, oidc.ErrHTTPStatus, oidc.ErrRedirectRefused), errors.Is(err, errNotSent):
		// It said no, and issued nothing.
	case unanswered(err):
		s.grant.Lost++
	default:
		s.grant.Spent = true
	}
}

// over tells whether the session of user is over after another failure.
func (s *session) over(user *User, last failure, verdict pace.Verdict) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user != user {
		return verdict.Ends(last.Failure, new(pace.Grant))
	}
	over := verdict.Ends(last.Failure, &s.grant.Grant)
	if over && !verdict.Nobody && !verdict.Other && s.grant.token != "" && !s.grant.Refused {
		s.grant.Refused = true // the frame has its turn first
		return false
	}
	return over
}

// losesGrant tells whether the refresh token is good for nothing any more after a refresh
// that failed with err. Providers say so with any code, or none (RFC 6749 5.2 has
// invalid_grant); but they may mean what the call asked for on its own.
func (a *SigninArgs) losesGrant(err error) bool {
	var refusal *oidc.ProviderError
	var bare *oidc.TransportError
	own := a.Scope != "" || a.Request.Resource != nil || a.ExtraToken != nil || a.Header != nil
	switch {
	case errors.As(err, &refusal) && refusal.Endpoint == "token":
		_, passing := isPassing(err)
		return refusal.ErrorCode == "invalid_grant" ||
			!own && !passing && !strings.Contains(refusal.ErrorCode, "dpop") && slices.Contains([]int{200, 400, 401, 403}, refusal.Status)
	case errors.As(err, &bare) && bare.Endpoint == "token":
		return !own && (bare.Status == 400 || bare.Status == 401)
	}
	return false
}
