package session

import (
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/session/pace"
)

// shortestRefreshLife is the shortest life of a refresh token that counts as the time that
// somebody may do nothing, in seconds: what is shorter is for tests of a provider.
const shortestRefreshLife = 45

// refreshLife is how long the refresh token is good for from when it came; 0 if that is not
// known, or has no end. No specification has it: providers say it in the token response.
func (s *session) refreshLife() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user == nil || s.grant.token == "" {
		return 0
	}
	text := string(s.user.Extra["refresh_expires_in"])
	if text == "" {
		text = string(s.user.Extra["refresh_token_expires_in"])
	}
	seconds := number(strings.ReplaceAll(text, `"`, ""))
	if seconds < shortestRefreshLife {
		return 0
	}
	return time.Duration(min(seconds, maxLifetime)) * time.Second
}

// refreshDue is how long the refresh token need not be renewed for its own sake, which has come
// with an access token that is good for left. Where somebody is there, the session is
// to go on after its end; who is signed out before that does not need it.
func (w *watch) refreshDue(left time.Duration) time.Duration {
	life := w.session.refreshLife()
	ends := left - w.user.lifetime + life // both came at the same time
	if life == 0 || ends <= 0 || !w.session.idle.outlasts(ends) {
		return pace.Forever
	}
	return ends - pace.Due(w.notice(life), w.roll)
}
