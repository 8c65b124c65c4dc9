package session

import (
	"context"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// SigninInitiated begins the sign-in that somebody else asks for at the page
// that is registered as initiate_login_uri (OIDC Core 4). It leads to
// target_link_uri afterwards, or to this page without its parameters, also if
// the target is this page, or a redirect URI. It
// returns when the navigation has been ordered. Codes: those of
// [oidc.ParseInitiatedLogin] and [Client.SigninRedirect].
func (c *Client) SigninInitiated(ctx context.Context, pageURL string) error {
	pageURL, _, _ = strings.Cut(pageURL, "#") // no part of the request
	login, err := oidc.ParseInitiatedLogin(pageURL, []string{c.settings.Issuer})
	if err != nil {
		return err
	}
	args := SigninArgs{LoginHint: login.LoginHint, ReturnTo: login.TargetLinkURI}
	page, _, _ := strings.Cut(pageURL, "?")
	for _, again := range []string{page, c.settings.RedirectURI, c.settings.SilentRedirectURI, c.settings.PopupRedirectURI} {
		place, _, _ := strings.Cut(again, "?")
		if oidc.FitRedirectURI(place, args.ReturnTo) > 0 {
			args.ReturnTo = "" // a page that would send the tab away again
		}
	}
	override(&page, args.ReturnTo)
	args.ReturnTo = page
	return c.SigninRedirect(ctx, args)
}
