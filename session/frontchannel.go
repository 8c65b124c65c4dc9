package session

import (
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	// endingsLimit bounds the sessions that are remembered as ended, and
	// endingSize the address of the page that says so, in bytes.
	endingsLimit = 64
	endingSize   = 1 << 10

	// endingAge is how long they are remembered: longer than what is in the air
	// when the provider ends a session can take.
	endingAge = 5 * time.Minute
)

// An ending is what the provider has said of a session that may be in the air
// still.
type ending struct {
	at      time.Time
	number  int
	pageURL string
	all     bool // it names no session
}

// remember has who is in the air not come any more if pageURL means that one.
// The caller has the turn.
func (s *session) remember(pageURL string) {
	now := s.config.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	old := 0
	for old < len(s.ended) && (len(s.ended)-old >= endingsLimit || now.Sub(s.ended[old].at) >= endingAge) {
		old++
	}
	s.ended = s.ended[old:]
	s.endings++
	if len(pageURL) <= endingSize {
		all := oidc.CheckFrontChannelLogout(pageURL, new(oidc.IDTokenClaims)) == nil
		s.ended = append(s.ended, ending{now, s.endings, pageURL, all})
	}
}

// FrontChannelLogout ends the sessions that the provider means when it frames
// the front-channel logout page at pageURL (Front-Channel Logout 2, 3):
// those whose ID Token has its iss and sid, or all of them if it has neither.
// The tabs hear [UserSignedOut]. Those that are being restored or signed in at that
// time do not come. It reports whether there was one.
func (r *Registry) FrontChannelLogout(pageURL string) bool {
	r.mu.Lock()
	sessions := r.inOrder()
	r.mu.Unlock()
	ended := r.handover.disownIf(func(kept *keptSession) bool {
		return oidc.CheckFrontChannelLogout(pageURL, kept.User.Claims.claims()) == nil
	})
	for _, s := range sessions {
		over := func(user *User) bool { return user != nil && oidc.CheckFrontChannelLogout(pageURL, user.claims) == nil }
		s.turn.Lock()
		s.remember(pageURL)
		s.turn.Unlock()
		ended = s.endIf(over) || ended
	}
	return ended
}
