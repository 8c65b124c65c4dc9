package session

import (
	"strings"
	"time"
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
