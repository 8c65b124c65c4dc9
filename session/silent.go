package session

import (
	"context"
	"errors"
	"maps"

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
		return s.replace(previous, user, unloads)
	})
}

// renew is SigninSilent for one user: it is [ErrNotSignedIn] if nobody is
// signed in any more, and nothing is left to do if it is another.
func (c *Client) renew(ctx context.Context, user *User) error {
	s := c.session
	_, err := s.silent.do(ctx, func(ctx context.Context) (*User, error) {
		previous, unloads := s.current()
		switch previous {
		case nil:
			return nil, ErrNotSignedIn
		case user:
		default:
			return previous, nil
		}
		renewed, err := s.renew(ctx, c, previous, SigninArgs{})
		if err != nil {
			return nil, err
		}
		return s.replace(previous, renewed, unloads)
	})
	return err
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
	request.Extra = maps.Clone(request.Extra)
	delete(request.Extra, "prompt") // it would win
	if args.RedirectURI == "" {
		request.RedirectURI = c.settings.SilentRedirectURI
	}
	if previous != nil && request.IDTokenHint == "" && !c.settings.OmitIDTokenHint {
		request.IDTokenHint = previous.IDToken // OIDC Core 3.1.2.1
	}
	err = ErrPageGone
	asked := map[*Client]bool{}
	for tab := s.nextTab(c, asked); tab != nil; tab = s.nextTab(c, asked) {
		asked[tab] = true
		tx, url, startErr := s.start(ctx, c, metadata, request)
		if startErr != nil {
			return nil, startErr
		}
		if url, err = c.settings.Push.Push(ctx, s.config.Transport, metadata, url); err != nil {
			return nil, err
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

// nextTab returns a tab that was not asked yet, preferably c; nil if there is
// none. A tab may have come since the last one was asked.
func (s *session) nextTab(c *Client, asked map[*Client]bool) *Client {
	for _, tab := range s.tabs(c) {
		if !asked[tab] {
			return tab
		}
	}
	return nil
}
