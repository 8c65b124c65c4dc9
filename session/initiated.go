package session

import (
	"context"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// SigninInitiated begins the sign-in that somebody else asks for at the page
// that is registered as initiate_login_uri (OIDC Core 4). It leads to
// target_link_uri afterwards, or to this page without its parameters. It
// returns when the navigation has been ordered. Codes: those of
// [oidc.ParseInitiatedLogin] and [Client.SigninRedirect].
func (c *Client) SigninInitiated(ctx context.Context, pageURL string) error {
	pageURL, _, _ = strings.Cut(pageURL, "#") // no part of the request
	login, err := oidc.ParseInitiatedLogin(pageURL, []string{c.settings.Issuer})
	if err != nil {
		return err
	}
	args := SigninArgs{LoginHint: login.LoginHint, ReturnTo: login.TargetLinkURI}
	if args.ReturnTo == "" {
		args.ReturnTo, _, _ = strings.Cut(pageURL, "?")
	}
	return c.SigninRedirect(ctx, args)
}
