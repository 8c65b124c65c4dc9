package api

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
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

// check refuses addresses of a call that leaves where nothing can come back to.
func (o *origins) check(ctx context.Context, page page, method string, params []byte) error {
	name, setting, popup := "redirect_uri", o.redirect, method == "signinPopup"
	switch method {
	case "signinRedirect", "signinInitiated":
	case "signinPopup":
		name, setting = "popup_redirect_uri, or redirect_uri", o.popup
	default:
		return nil
	}
	var args struct {
		RedirectURI string `json:"redirect_uri"`
		ReturnTo    string `json:"return_to"`
	}
	if len(params) > 0 && strictjson.Unmarshal(params, &args) != nil {
		return nil // the method says why
	}
	if o.isForeign(args.ReturnTo) {
		return fmt.Errorf("return_to: has to be an address (https://...) of the page's own origin: %w", oidc.ErrInvalidArgument)
	}
	if !o.isForeign(cmp.Or(args.RedirectURI, setting)) {
		return nil
	}
	var none []bool // whether the app has no navigator for redirects, for windows
	if page.call(ctx, serviceTimeout, "ways", struct{}{}, &none) != nil || len(none) != 2 || popup && !none[1] || !popup && !none[0] {
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
