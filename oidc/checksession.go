package oidc

import (
	"net/url"
	"strings"
)

// A SessionStatus is what the provider's frame says of the End-User's session
// there (Session Management 3.2).
type SessionStatus string

const (
	// SessionUnchanged: the End-User is signed in as before.
	SessionUnchanged SessionStatus = "unchanged"
	// SessionChanged: a silent sign-in tells who is signed in now.
	SessionChanged SessionStatus = "changed"
	// SessionError: the message could not be read; asking again would not
	// help, and a silent sign-in must not follow.
	SessionError SessionStatus = "error"
)

// CheckSessionMessage returns what to post to the provider's frame: client_id
// and session_state, between them a space (Session Management 3.1). Its one
// failure is [ErrInvalidArgument]: one of them is empty, or would be read as
// two.
func CheckSessionMessage(clientID, sessionState string) (string, error) {
	if clientID == "" || sessionState == "" || strings.Contains(sessionState, " ") {
		return "", ErrInvalidArgument
	}
	return clientID + " " + sessionState, nil
}

// ParseSessionStatus reads the answer of the provider's frame. It is to come
// from the origin of [Metadata.CheckSessionOrigin] and from that frame; what
// is none of the three words is not meant for the client.
func ParseSessionStatus(message string) (SessionStatus, bool) {
	switch status := SessionStatus(message); status {
	case SessionUnchanged, SessionChanged, SessionError:
		return status, true
	}
	return "", false
}

// CheckSessionOrigin returns the origin of check_session_iframe, to post to
// and to hear from; empty if the provider has none.
func (m *Metadata) CheckSessionOrigin() string {
	u, err := url.Parse(m.CheckSessionIframe)
	if err != nil || m.CheckSessionIframe == "" {
		return ""
	}
	return originOf(u)
}
