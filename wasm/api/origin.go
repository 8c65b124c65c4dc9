package api

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// origins say where the responses to sign-ins arrive: on the origin of the page,
// which alone has the other half, unless a navigator of the app brings them.
type origins struct {
	page            string // as browsers write it; empty if it is not known
	redirect, popup string // the settings
}

// of keeps the settings.
func (o *origins) of(s *session.Settings) {
	o.redirect, o.popup = s.RedirectURI, cmp.Or(s.PopupRedirectURI, s.RedirectURI)
}

// arrives refuses the addresses of a sign-in that leaves where nothing can come back to.
func (c *Connection) arrives(ctx context.Context, args *session.SigninArgs, popup bool) error {
	c.mu.Lock()
	o := c.origins
	c.mu.Unlock()
	if o.isForeign(args.ReturnTo) {
		return fmt.Errorf("return_to: has to be an address (https://...) of the page's own origin: %w", oidc.ErrInvalidArgument)
	}
	name, setting, way := "redirect_uri", o.redirect, 0
	if popup {
		name, setting, way = "popup_redirect_uri, or redirect_uri", o.popup, 1
	}
	if !o.isForeign(cmp.Or(args.RedirectURI, setting)) {
		return nil
	}
	var none []bool // whether the app has no navigator for redirects, for windows
	if (page{c.conn}).call(ctx, serviceTimeout, "ways", struct{}{}, &none) != nil || len(none) != 2 || !none[way] {
		return nil
	}
	code := oidc.ErrInvalidConfig
	if args.RedirectURI != "" {
		name, code = "redirect_uri", oidc.ErrInvalidArgument
	}
	return fmt.Errorf("%s: has to be of the page's own origin, where the response is awaited, unless the app has a navigator: %w", name, code)
}

// isForeign tells whether a page of the web has another origin. Hosts that browsers
// write in another way are not compared.
func (o *origins) isForeign(address string) bool {
	if _, err := oidc.Origin(o.page); err != nil {
		return false
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.ContainsFunc(u.Host, func(r rune) bool { return r >= 0x80 || r == '%' }) {
		return false
	}
	origin, err := oidc.Origin(address)
	return (u.Scheme == "https" || u.Scheme == "http") && (err != nil || origin != o.page)
}
