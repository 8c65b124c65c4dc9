package session

import (
	"cmp"
	"context"
	"fmt"

	"github.com/oidcspa/oidcspa/oidc"
)

// PasswordArgs are what a sign-in with a password asks for.
type PasswordArgs struct {
	Username string
	Password oidc.Secret
	Extra    map[string]string

	// SkipUserinfo leaves out what the settings say of the userinfo endpoint.
	SkipUserinfo bool
}

// SigninPassword signs in with the End-User's password (RFC 6749 4.3), for
// apps that are about to leave it. Codes: those of [Steps.Password],
// [ErrNotSignedIn] if there was a sign-out meanwhile.
func (c *Client) SigninPassword(ctx context.Context, args PasswordArgs) (*User, error) {
	c.session.arrivals.Add(1)
	defer c.session.arrivals.Add(-1)
	_, began := c.session.current()
	if args.Extra == nil {
		args.Extra = c.settings.ExtraToken
	}
	user, err := c.session.password(ctx, c, args)
	if err != nil {
		return nil, err
	}
	return c.arrived(ctx, user, c.orRevoke(ctx, user, c.session.load(user, began)))
}

// Password signs in with the End-User's password. Without the scope "openid"
// the user has an access token and no profile. Codes: those of
// [oidc.PasswordRequest.Exchange] and [oidc.ExpectedIDToken.VerifyIDToken].
func (s *Steps) Password(ctx context.Context, args PasswordArgs) (*User, error) {
	return s.client.session.password(ctx, s.client, args)
}

// password is [Steps.Password] for any client.
func (s *session) password(ctx context.Context, c *Client, args PasswordArgs) (*User, error) {
	ctx = c.Calling(ctx)
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	key, err := s.keyFor(ctx, &c.settings, "")
	if err != nil {
		return nil, err
	}
	transport, err := s.tokenTransport(metadata, key, nil)
	if err != nil {
		return nil, err
	}
	scope := cmp.Or(c.settings.Scope, "openid")
	if c.settings.OmitScope {
		scope = ""
	}
	request := &oidc.PasswordRequest{
		ClientID: c.settings.ClientID,
		Username: args.Username,
		Password: args.Password,
		Scope:    scope,
		Extra:    args.Extra,
	}
	r := round{sent: s.config.Now()}
	tokens, err := request.Exchange(ctx, transport, metadata)
	if err != nil {
		return nil, fmt.Errorf("token request: %w", err)
	}
	r.received = s.config.Now()
	claims := new(oidc.IDTokenClaims)
	if tokens.IDToken != "" {
		claims, err = s.provider.verifyFresh(ctx, c.expectUnasked(metadata, tokens.AccessToken), tokens.IDToken, r)
		if err != nil {
			return nil, c.giveBack(ctx, tokens, fmt.Errorf("ID Token: %w", err))
		}
	}
	user := c.settings.newUser(tokens, claims, r)
	user.key = key
	if err := s.loadUserinfo(ctx, user, args.SkipUserinfo); err != nil {
		return nil, c.giveBack(ctx, tokens, err)
	}
	return user, nil
}
