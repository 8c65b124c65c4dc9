package session

import (
	"context"
	"fmt"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// revocationTimeout bounds how long a sign-out waits for a revocation.
const revocationTimeout = 2 * time.Second

// A TokenType names a token to revoke (RFC 7009 2.1).
type TokenType string

// The tokens that can be revoked.
const (
	AccessToken  TokenType = "access_token"
	RefreshToken TokenType = "refresh_token"
)

// RevokeTokens tells the provider that tokens of the user are not needed any
// more, in the order of types; without types, the access token and then the
// refresh token. The user stays signed in, without the refresh token if that
// was revoked. Tokens that the user does not have are passed over. Codes:
// [ErrNotSignedIn], and those of [oidc.RevocationRequest.Revoke].
func (c *Client) RevokeTokens(ctx context.Context, types ...TokenType) error {
	user, unloads := c.session.current()
	if user == nil {
		return ErrNotSignedIn
	}
	if len(types) == 0 {
		types = []TokenType{AccessToken, RefreshToken}
	}
	metadata, err := c.session.provider.fetchMetadata(ctx)
	if err != nil {
		return err
	}
	without := *user
	for _, typ := range types {
		token := user.AccessToken
		switch typ {
		case AccessToken:
		case RefreshToken:
			token, without.RefreshToken = c.session.refreshToken(user), ""
		default:
			return fmt.Errorf("token type: %w", oidc.ErrInvalidArgument)
		}
		if token == "" {
			continue
		}
		if err := c.revoke(ctx, metadata, token, typ); err != nil {
			return err
		}
	}
	if without.RefreshToken != user.RefreshToken {
		_, err = c.session.replace(user, &without, unloads)
	}
	return err
}

func (c *Client) revoke(ctx context.Context, metadata *oidc.Metadata, token oidc.Secret, typ TokenType) error {
	request := &oidc.RevocationRequest{ClientID: c.settings.ClientID, Token: token, TypeHint: string(typ)}
	if err := request.Revoke(ctx, c.session.config.Transport, metadata); err != nil {
		return fmt.Errorf("revocation: %w", err)
	}
	return nil
}

// revokeAtSignout revokes the refresh token of a user who has signed out, if
// the provider can. Whether that succeeds changes nothing: the user is gone.
func (c *Client) revokeAtSignout(ctx context.Context, metadata *oidc.Metadata, user *User) {
	if user == nil || user.RefreshToken == "" || c.settings.KeepRefreshToken || metadata.RevocationEndpoint == "" {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, revocationTimeout, oidc.ErrTimeout)
	defer cancel()
	if err := c.revoke(ctx, metadata, user.RefreshToken, RefreshToken); err != nil {
		c.session.config.Logf("session: the refresh token was not revoked: %v", err)
	}
}
