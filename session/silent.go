package session

import (
	"context"
	"errors"

	"github.com/oidcspa/oidcspa/oidc"
)

// SigninSilent renews the user without showing anything: with the refresh
// token if there is one, else in a hidden frame with prompt=none. However many
// tabs ask, one renewal is in the air. Codes: a [oidc.ProviderError]
// (login_required, ...) if the provider wants to see the End-User,
// [ErrFrameNoResponse], [oidc.ErrTimeout], [oidc.ErrSubjectChanged] if somebody
// else signed in, and those of [Client.SigninCallback].
func (c *Client) SigninSilent(ctx context.Context, args SigninArgs) (*User, error) {
	s := c.session
	return s.silent.do(ctx, func(ctx context.Context) (*User, error) {
		previous, unloads := s.current()
		user, err := s.renew(ctx, c, previous, args)
		if err != nil {
			return nil, err
		}
		// Who signed out meanwhile stays signed out.
		if _, now := s.current(); now != unloads {
			return nil, ErrNotSignedIn
		}
		s.load(user)
		return user, nil
	})
}

// renew tries the refresh token, then the frame. A refresh token that the
// provider refuses is worthless: the frame may still find a session.
func (s *session) renew(ctx context.Context, c *Client, previous *User, args SigninArgs) (*User, error) {
	if previous != nil && previous.RefreshToken != "" {
		user, err := s.refresh(ctx, c, previous)
		if !isInvalidGrant(err) {
			return user, err
		}
		s.config.Logf("session: the refresh token was refused, trying the frame")
	}
	user, err := s.signinFrame(ctx, c, previous, args)
	if err != nil {
		return nil, err
	}
	if previous != nil {
		if user.Subject() != previous.Subject() {
			return nil, oidc.ErrSubjectChanged
		}
		user.follow(previous)
	}
	return user, nil
}

func isInvalidGrant(err error) bool {
	var refusal *oidc.ProviderError
	return errors.As(err, &refusal) && refusal.ErrorCode == "invalid_grant"
}

// signinFrame signs in through a hidden frame of the tab that asked, or of
// another one if that tab goes away meanwhile. The transaction never leaves
// this program.
func (s *session) signinFrame(ctx context.Context, c *Client, previous *User, args SigninArgs) (*User, error) {
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	request := args.request(&c.settings)
	request.Prompt = "none"
	if args.RedirectURI == "" {
		request.RedirectURI = c.settings.SilentRedirectURI
	}
	if previous != nil && request.IDTokenHint == "" && !c.settings.OmitIDTokenHint {
		request.IDTokenHint = previous.IDToken // OIDC Core 3.1.2.1
	}
	err = ErrPageGone
	for _, tab := range s.tabs(c) {
		tx, url, startErr := request.Start(metadata, s.config.Rand, s.config.Now())
		if startErr != nil {
			return nil, startErr
		}
		var callbackURL string
		callbackURL, err = tab.page.Framer.Frame(ctx, url, c.settings.SilentTimeout)
		if err == nil {
			return s.complete(ctx, c, tx, callbackURL)
		}
		if !errors.Is(err, ErrPageGone) {
			return nil, err
		}
	}
	return nil, err
}
