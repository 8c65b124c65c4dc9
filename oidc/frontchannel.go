package oidc

import "net/url"

// CheckFrontChannelLogout decides whether a visit of the front-channel logout
// page, at logoutURL, ends the session that claims are of (Front-Channel
// Logout 2): iss and sid come both or not at all, and are those of the ID
// Token. Codes: [ErrCallbackMalformed], [ErrIssuerMismatch],
// [ErrSessionMismatch].
func CheckFrontChannelLogout(logoutURL string, claims *IDTokenClaims) error {
	u, err := url.Parse(logoutURL)
	if err != nil {
		return ErrCallbackMalformed
	}
	values, err := parseQuery(u.RawQuery)
	if err != nil || len(values["iss"]) > 1 || len(values["sid"]) > 1 || values.Has("iss") != values.Has("sid") {
		return ErrCallbackMalformed
	}
	switch {
	case !values.Has("iss"):
		return nil
	case values.Get("iss") != claims.Issuer:
		return ErrIssuerMismatch
	case values.Get("sid") == "" || values.Get("sid") != claims.SessionID:
		return ErrSessionMismatch
	}
	return nil
}
