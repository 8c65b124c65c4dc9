package oidc

import (
	"net/url"
	"slices"
)

// An InitiatedLogin is a sign-in that somebody else asks for, such as a
// portal with links to its apps (OIDC Core 4).
type InitiatedLogin struct {
	Issuer        string
	LoginHint     string
	TargetLinkURI string // where to go after the sign-in; empty for nowhere
}

// ParseInitiatedLogin reads the request at the page that is registered as
// initiate_login_uri: its iss has to be one of issuers, and its
// target_link_uri of the page's own origin, or the app would lead anybody
// anywhere (OIDC Core 4). Codes: [ErrCallbackMissing] if there is no iss,
// [ErrCallbackMalformed], [ErrIssuerMismatch], [ErrTargetNotAllowed].
func ParseInitiatedLogin(pageURL string, issuers []string) (*InitiatedLogin, error) {
	page, err := parseSecureURL(pageURL)
	if err != nil {
		return nil, ErrCallbackMalformed
	}
	values, err := parseQuery(page.RawQuery)
	if err != nil {
		return nil, ErrCallbackMalformed
	}
	for _, name := range []string{"iss", "login_hint", "target_link_uri"} {
		if len(values[name]) > 1 {
			return nil, ErrCallbackMalformed
		}
	}
	if values.Get("iss") == "" {
		return nil, ErrCallbackMissing
	}
	if !slices.Contains(issuers, values.Get("iss")) {
		return nil, ErrIssuerMismatch
	}
	target := values.Get("target_link_uri")
	if target != "" && !sameOrigin(target, page) {
		return nil, ErrTargetNotAllowed
	}
	return &InitiatedLogin{Issuer: values.Get("iss"), LoginHint: values.Get("login_hint"), TargetLinkURI: target}, nil
}

// sameOrigin tells whether a browser stays at the origin of page when it goes
// to target. Characters that browsers and this program read differently, such
// as backslashes, are in no address of an app.
func sameOrigin(target string, page *url.URL) bool {
	for _, c := range target {
		if c <= ' ' || c == '\\' || c == 0x7f {
			return false
		}
	}
	u, err := url.Parse(target)
	return err == nil && u.IsAbs() && u.User == nil && u.Host != "" && originOf(u) == originOf(page)
}
