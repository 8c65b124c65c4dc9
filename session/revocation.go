package session

import (
	"context"
	"fmt"
	"slices"
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

func (t TokenType) unknown() bool { return t != AccessToken && t != RefreshToken }

// RevokeTokens tells the provider that tokens of the user are not needed any
// more, in the order of types; without types, those of the settings. It waits for a
// renewal that is in the air. The user stays signed in, without the refresh token if
// that was revoked. Tokens that the user does not have are passed over. Codes:
// [ErrNotSignedIn], [oidc.ErrTimeout], and those of [oidc.RevocationRequest.Revoke].
func (c *Client) RevokeTokens(ctx context.Context, types ...TokenType) error {
	user, _ := c.session.current()
	if user == nil {
		return ErrNotSignedIn
	}
	if types == nil {
		types = c.settings.RevokeTypes
	}
	if types == nil {
		types = []TokenType{AccessToken, RefreshToken}
	}
	if len(types) > 2 || len(types) > 0 && (types[0].unknown() || types[len(types)-1].unknown()) { // others wait for the turn
		return fmt.Errorf("token types have to be access_token and refresh_token: %w", oidc.ErrInvalidArgument)
	}
	metadata, err := c.Metadata(ctx)
	if err != nil {
		return err
	}
	release, err := c.session.takeTurn(ctx, c) // who renews meanwhile gets others
	if err != nil {
		return err
	}
	defer release()
	before := c.session.scene()
	if before.user == nil || !same(before.user, user) {
		return ErrNotSignedIn
	}
	if err := c.revokeAll(ctx, metadata, before.user, types); err != nil || !slices.Contains(types, RefreshToken) {
		return err
	}
	without := *before.user
	without.RefreshToken = ""
	if before.user.RefreshToken != "" {
		_, err = c.session.replace(before, &without, false)
	}
	return err
}

// mayBe tells whether somebody is signed in who may be that person.
func (s *session) mayBe(user *User) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return user.person() == "" && s.standing.hint || s.standing.mayBe(s.who(user))
}

// revokeAll revokes tokens of user in the order of types.
func (c *Client) revokeAll(ctx context.Context, metadata *oidc.Metadata, user *User, types []TokenType) error {
	for _, typ := range types {
		token := user.AccessToken
		if typ == RefreshToken {
			token = c.session.refreshToken(user)
		}
		if token == "" || typ.unknown() {
			continue
		}
		if err := c.revoke(ctx, metadata, token, typ); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) revoke(ctx context.Context, metadata *oidc.Metadata, token oidc.Secret, typ TokenType) error {
	request := &oidc.RevocationRequest{ClientID: c.settings.ClientID, Token: token, TypeHint: string(typ)}
	if err := request.Revoke(c.Calling(ctx), c.session.config.Transport, metadata); err != nil {
		return fmt.Errorf("revocation: %w", err)
	}
	return nil
}

// revokeSoon is revokeAtSignout for whom nobody waits for.
func (c *Client) revokeSoon(ctx context.Context, user *User, ends bool) {
	c.session.config.spawn(func() {
		if metadata, err := c.Metadata(ctx); err == nil {
			c.revokeAtSignout(ctx, metadata, user, ends)
		}
	})
}

// revokeAtSignout revokes the tokens of a user who has signed out, or come too late, if
// the provider can, and unless that person may be signed in by now: Keycloak ends all that
// the client has of a person with one token. Whether that succeeds changes nothing. By default
// that is for those that would outlive the provider's session, if it ends: without
// its token Keycloak has none to end, and leaves the provider behind it signed in. It
// reports whether it has asked the provider.
func (c *Client) revokeAtSignout(ctx context.Context, metadata *oidc.Metadata, user *User, ends bool) bool {
	if user == nil || metadata.RevocationEndpoint == "" || c.session.mayBe(user) {
		return false
	}
	outlive := !ends || metadata.EndSessionEndpoint == "" || slices.Contains(oidc.SplitScope(user.Scope), "offline_access")
	if wanted := c.settings.RevokeAtSignout; wanted != nil && !*wanted || wanted == nil && !outlive {
		return false
	}
	ctx, cancel := context.WithTimeoutCause(ctx, revocationTimeout, oidc.ErrTimeout)
	defer cancel()
	types := c.settings.RevokeTypes
	if types == nil {
		types = []TokenType{RefreshToken}
	}
	if err := c.revokeAll(ctx, metadata, user, types); err != nil {
		c.session.config.Logf("session: tokens were not revoked: %v", err)
	}
	return true
}
