package session

import "github.com/oidcspa/oidcspa/oidc"

// FrontChannelLogout ends the sessions that the provider means when it frames
// the front-channel logout page at pageURL (Front-Channel Logout 2, 3):
// those whose ID Token has its iss and sid, or all of them if it has neither.
// The tabs hear [UserSignedOut]. It reports whether there was one.
func (r *Registry) FrontChannelLogout(pageURL string) bool {
	r.mu.Lock()
	sessions := make([]*session, 0, len(r.sessions))
	for _, s := range r.sessions {
		sessions = append(sessions, s)
	}
	r.mu.Unlock()
	ended := false
	for _, s := range sessions {
		over := func(user *User) bool { return oidc.CheckFrontChannelLogout(pageURL, user.claims) == nil }
		ended = s.endIf(over) || ended
	}
	return ended
}
