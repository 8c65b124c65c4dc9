package web

import (
	"fmt"
	"regexp"
	"strings"
)

// A Policy says what the assets may reach and who may frame them, in the form
// of source lists of Content-Security-Policy: "https://op.example
// https://api.example". The zero value lets nobody in or out but the origin of
// the assets.
type Policy struct {
	// ConnectSrc is where the worker may connect to besides the origin of the
	// assets (connect-src): the provider and the APIs. It is what bounds a
	// hostile script in the page, which can have the program send a token
	// anywhere else. "*" lets it go everywhere.
	ConnectSrc string

	// FrontChannelLogoutFrom is who may frame frontchannel.html
	// (frame-ancestors): the provider. Empty means nobody: whoever may frame it
	// can sign people out.
	FrontChannelLogoutFrom string
}

// sourceExpression is what a source list may name (CSP Level 3, 2.3.1), as far as it is
// of use here: everything, the own origin, a scheme, or a host with what goes
// with it. Browsers pass over what they do not understand, and nobody hears of it.
var sourceExpression = regexp.MustCompile(`^(\*|'self'|(https?|wss?):|((https?|wss?)://)?(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(:([0-9]+|\*))?(/([A-Za-z0-9._~!$&()*+=:@%-]+/?)*)?)$`)

// sources returns a source list with what always belongs to it in front, or
// what it is if it is empty.
func sources(name, list, always, empty string) (string, error) {
	if strings.Trim(list, " ") == "" {
		return empty, nil
	}
	for one := range strings.SplitSeq(list, " ") {
		if one != "" && !sourceExpression.MatchString(one) {
			return "", fmt.Errorf("web: Policy.%s: %q is no source of a policy: name origins such as https://op.example, "+
				"with spaces between them, and hosts beyond ASCII as xn--…", name, one)
		}
	}
	return strings.TrimSpace(always + " " + strings.Join(strings.Fields(list), " ")), nil
}

// check returns the policy with complete source lists.
func (p Policy) check() (Policy, error) {
	var err error
	if p.ConnectSrc, err = sources("ConnectSrc", p.ConnectSrc, "'self'", "'self'"); err != nil {
		return p, err
	}
	p.FrontChannelLogoutFrom, err = sources("FrontChannelLogoutFrom", p.FrontChannelLogoutFrom, "", "'none'")
	return p, err
}
