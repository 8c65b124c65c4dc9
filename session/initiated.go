package session

import (
	"cmp"
	"context"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// SigninInitiated begins the sign-in that somebody else asks for at the page
// that is registered as initiate_login_uri (OIDC Core 4). It leads to
// target_link_uri afterwards, or to this page without its parameters, also if
// the target would send the tab away again. It
// returns when the navigation has been ordered. Codes: those of
// [oidc.ParseInitiatedLogin] and [Client.SigninRedirect].
func (c *Client) SigninInitiated(ctx context.Context, pageURL string) error {
	pageURL, _, _ = strings.Cut(pageURL, "#") // no part of the request
	login, err := oidc.ParseInitiatedLogin(pageURL, []string{c.settings.Issuer})
	if err != nil {
		return err
	}
	page, _, _ := strings.Cut(pageURL, "?")
	if c.leadsAway(login.TargetLinkURI, page) {
		login.TargetLinkURI = ""
	}
	return c.SigninRedirect(ctx, SigninArgs{initiated: true, LoginHint: login.LoginHint, ReturnTo: cmp.Or(login.TargetLinkURI, page)})
}

// leadsAway tells whether the target of an initiated login would send the tab away
// again: page, with another login to begin, or a redirect URI.
func (c *Client) leadsAway(target, page string) bool {
	if oidc.FitRedirectURI(page, target) > 0 {
		_, err := oidc.ParseInitiatedLogin(target, []string{c.settings.Issuer})
		return err == nil
	}
	for _, uri := range []string{c.settings.RedirectURI, c.settings.SilentRedirectURI, c.settings.PopupRedirectURI} {
		place, _, _ := strings.Cut(uri, "?")
		if oidc.FitRedirectURI(place, target) > 0 {
			return true
		}
	}
	return false
}
