package web

import (
	"fmt"
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

// sources returns a source list with what always belongs to it in front, or
// what it is if it is empty.
func sources(name, list, always, empty string) (string, error) {
	for i := range len(list) {
		// Other characters are in no source (CSP Level 3, 2.3.1); some of them
		// would end the directive, the policy or the header.
		if c := list[i]; c < ' ' || c > '~' || c == ';' || c == ',' {
			return "", fmt.Errorf("web: Policy.%s: the character %q is in no source of a policy", name, c)
		}
	}
	all := strings.Fields(list)
	if len(all) == 0 {
		return empty, nil
	}
	return strings.TrimSpace(always + " " + strings.Join(all, " ")), nil
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
