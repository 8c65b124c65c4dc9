package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session/pace"
)

// Current returns the user as it is, nil if nobody is signed in: nothing is
// renewed or restored, see [Client.Restore].
func (c *Client) Current() *User {
	user, _ := c.session.current()
	return user
}

// StoreUser makes given the user in all tabs, as after a sign-in; nil is
// [Client.RemoveUser]. An ID Token that is not the current user's own has to
// pass the checks of one that comes without a nonce, and to be about the
// subject of the profile. Without an ID Token everything is the app's word, but which
// session the tokens of the current user are of. Codes: [oidc.ErrInvalidArgument] without
// an access token, or with one that no header can carry, [oidc.ErrDPoPKeyLost] with one that
// is bound to a key, unless the current user has it or its refresh token,
// [oidc.ErrSubjectChanged] if the profile is about somebody else than the ID Token, those of
// [oidc.FetchMetadata], [oidc.FetchKeys] and [oidc.ExpectedIDToken.VerifyIDToken],
// [ErrNotSignedIn] if there was a sign-out meanwhile, or that session has ended.
func (c *Client) StoreUser(ctx context.Context, given *User) error {
	if given == nil {
		return c.RemoveUser(ctx)
	}
	if !oidc.IsVisible(given.AccessToken.Reveal()) || given.RefreshToken != "" && !oidc.IsVisible(given.RefreshToken.Reveal()) {
		return fmt.Errorf("access_token or refresh_token is no token: %w", oidc.ErrInvalidArgument)
	}
	s := c.session
	before, began := s.current()
	user := *given
	user.line, user.claims = rand.Text(), new(oidc.IDTokenClaims)
	began.again = before != nil && (user.AccessToken == before.AccessToken || user.RefreshToken != "" && user.RefreshToken == before.RefreshToken)
	if began.again { // it is the same grant, of the same session
		user.line, user.asked, user.resource, user.key = before.line, before.asked, before.resource, before.key
		user.claims.Issuer, user.claims.SessionID = before.claims.Issuer, before.claims.SessionID
	}
	user.TokenType = cmp.Or(user.TokenType, "Bearer")
	if isBound(&user) && user.key == nil {
		return fmt.Errorf("the key of the access token: %w", oidc.ErrDPoPKeyLost)
	}
	if err := c.identify(ctx, &user, before); err != nil {
		return err
	}
	if user.ExpiresAt != 0 { // when it began, nobody knows
		left := time.Unix(user.ExpiresAt, 0).Sub(s.config.Now().Round(0))
		user.lifetime, user.deadline = max(left, pace.Tick), time.Now().Add(left)
	}

	// A renewal in the air would use the refresh token up, and find another
	// user than it began with.
	release, err := s.takeTurn(ctx, c)
	if err != nil {
		return err
	}
	defer release()
	current, _ := s.current()
	if current != nil && user.line == current.line && user.RefreshToken == before.RefreshToken && user.key == current.key {
		user.RefreshToken = current.RefreshToken // it may have been replaced meanwhile; one that another key is for goes with that
	}
	_, err = c.arrived(ctx, &user, s.load(&user, began))
	return err
}

// identify finds out whom the tokens are about; before is who was signed in.
func (c *Client) identify(ctx context.Context, user, before *User) error {
	if user.IDToken == "" {
		return nil
	}
	if before != nil && user.IDToken == before.IDToken {
		user.claims = before.claims // it was verified when it was new
	} else {
		ctx = c.Calling(ctx)
		metadata, err := c.session.provider.fetchMetadata(ctx)
		if err != nil {
			return err
		}
		claims, err := c.session.provider.verify(ctx, c.expectUnasked(metadata, user.AccessToken), user.IDToken)
		if err != nil {
			return fmt.Errorf("ID Token: %w", err)
		}
		claims.SessionID = cmp.Or(claims.SessionID, user.claims.SessionID)
		user.claims = claims
	}
	if user.Profile == nil {
		user.Profile = c.settings.Profile.profile(user.claims.Members)
	}
	var subject string
	if strictjson.Unmarshal(user.Profile["sub"], &subject) != nil || subject != user.Subject() {
		return fmt.Errorf("profile.sub: %w", oidc.ErrSubjectChanged)
	}
	return nil
}

// expectUnasked is what an ID Token has to be that no Authentication Request
// asked for.
func (c *Client) expectUnasked(metadata *oidc.Metadata, accessToken oidc.Secret) *oidc.ExpectedIDToken {
	expected := metadata.Expect(c.settings.ClientID, accessToken)
	expected.NoNonce = true
	return expected
}
