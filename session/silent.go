package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// SigninSilent renews the user without showing anything: with the refresh
// token if there is one, else in a hidden frame with prompt=none. A scope and
// a resource go with the refresh token (RFC 6749 6, RFC 8707 2.2); for a
// parameter that changes the tokens in another way the frame is asked. However many tabs ask for the same, one
// renewal is in the air, unless the page whose frame it is lets the others
// wait. Codes: a [oidc.ProviderError] (login_required, ...) if the provider
// wants to see the End-User, [ErrFrameNoResponse], [oidc.ErrTimeout],
// [oidc.ErrNetwork], [oidc.ErrSubjectChanged] if somebody else signed in, and
// those of [Client.SigninCallback].
func (c *Client) SigninSilent(ctx context.Context, args SigninArgs) (*User, error) {
	before := c.session.scene()
	user, err := c.renewOnce(ctx, args, before, false)
	if before.user != nil {
		return user, err
	}
	return c.arrived(ctx, user, err)
}

// renew is SigninSilent for one user: it is [ErrNotSignedIn] if nobody is
// signed in any more, and nothing is left to do if it is another.
func (c *Client) renew(ctx context.Context, user *User) error {
	_, now := c.session.current()
	_, err := c.renewOnce(ctx, SigninArgs{}, scene{user, now}, true)
	return err
}

// renewOnce renews the user, unless others do the same already; with one, only the
// one for whom that was decided on.
func (c *Client) renewOnce(ctx context.Context, args SigninArgs, decided scene, one bool) (*User, error) {
	return c.session.silent.doFor(c.Calling(ctx), c, decided, args.key(), func(ctx, wanted context.Context) (*User, error) {
		if err := c.session.provider.stillWrong(); err != nil {
			return nil, err
		}
		user, err := c.renewNow(ctx, wanted, args, decided, one)
		if errors.Is(err, errAgain) {
			user, err = c.renewNow(ctx, wanted, args, decided, one)
		}
		return user, err
	})
}

// renewNow is renewOnce for who is alone.
func (c *Client) renewNow(ctx, wanted context.Context, args SigninArgs, decided scene, one bool) (*User, error) {
	s := c.session
	user, err := s.refreshInTurn(ctx, wanted, c, args, decided, one)
	if !errors.Is(err, errNeedsFrame) {
		return user, err
	}
	before, done, err := s.sceneSince(decided, one)
	if done || err != nil {
		return before.user, err
	}
	start := time.Now()
	user, err = s.signinFrame(ctx, c, before.user, args)
	if weaker := before.user.unsteppedFor(&c.settings); wantsUser(err) && weaker != nil {
		user, err = s.signinFrame(ctx, c, weaker, args)
	}
	if err == nil && before.user != nil {
		if !same(user, before.user) {
			err = oidc.ErrSubjectChanged
		} else {
			user.follow(before.user)
		}
	}
	return c.renewed(ctx, before, args, start, user, err)
}

// renewed ends a renewal that began at before, and has brought user or an error.
func (c *Client) renewed(ctx context.Context, before scene, args SigninArgs, start time.Time, user *User, err error) (*User, error) {
	c.session.stats.count(func(stats *Stats) { stats.Renewals.add(start, err) })
	if err != nil {
		return nil, err
	}
	if args.State != nil {
		user.State = args.State
	}
	now, err := c.session.replace(before, user, args.key() != "")
	return now, c.orRevoke(ctx, user, err)
}

// errNeedsFrame says that there is no refresh token that could renew the user.
var errNeedsFrame = errors.New("a frame is needed")

// refreshInTurn renews the user with the refresh token; [errNeedsFrame] if that
// cannot be.
func (s *session) refreshInTurn(ctx, wanted context.Context, c *Client, args SigninArgs, decided scene, one bool) (*User, error) {
	if user, _ := s.current(); !args.refreshable() || !s.refreshable(user) {
		return nil, errNeedsFrame
	}
	release, err := s.takeTurn(wanted, c)
	if err != nil {
		return nil, err
	}
	defer release()
	before, done, err := s.sceneSince(decided, one)
	if done || err != nil {
		return before.user, err
	}
	start := time.Now()
	user, err := s.refreshUsable(ctx, c, before.user, args)
	if errors.Is(err, errNeedsFrame) {
		return nil, err
	}
	return c.renewed(ctx, before, args, start, user, err)
}

// refreshUsable renews a user with the refresh token, if that can be used: a second
// time only where the provider answers. One that is refused is worthless: it is
// [errNeedsFrame], too, as a frame may still find a session. The caller has the turn.
func (s *session) refreshUsable(ctx context.Context, c *Client, user *User, args SigninArgs) (*User, error) {
	token, inDoubt := s.usableRefreshToken(user)
	if token == "" {
		return nil, errNeedsFrame
	}
	if inDoubt {
		if err := s.provider.probe(ctx); err != nil {
			return nil, fmt.Errorf("before the second use of the refresh token: %w", err)
		}
	}
	renewed, err := s.refresh(ctx, c, user, token, args)
	if args.losesGrant(err) {
		s.config.Logf("session: the refresh token was refused, trying the frame")
		return nil, errNeedsFrame
	}
	return renewed, err
}

// orRevoke returns err. If there was a sign-out meanwhile, which could not know of the
// tokens of a user who comes too late, those are revoked. Whoever asked may be gone by
// then.
func (c *Client) orRevoke(ctx context.Context, late *User, err error) error {
	if errors.Is(err, ErrNotSignedIn) {
		c.revokeSoon(context.WithoutCancel(ctx), late, false)
	}
	return err
}

// giveBack revokes what has come for a sign-in that has failed, of nobody knows whom.
func (c *Client) giveBack(ctx context.Context, tokens *oidc.TokenResponse, failed error) error {
	_ = c.orRevoke(ctx, &User{AccessToken: tokens.AccessToken, RefreshToken: tokens.RefreshToken, claims: new(oidc.IDTokenClaims)}, ErrNotSignedIn)
	return failed
}

// refreshable tells whether there is a refresh token to try for user.
func (s *session) refreshable(user *User) bool {
	token, _ := s.usableRefreshToken(user)
	return token != ""
}

// refresh renews a user with the refresh token.
func (s *session) refresh(ctx context.Context, c *Client, previous *User, token oidc.Secret, args SigninArgs) (*User, error) {
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	if previous.IDToken != "" { // they are needed for the next one: a token that nobody can check is wasted
		if _, err := s.provider.fetchKeys(ctx, false); err != nil {
			return nil, err
		}
	}
	settings, resource := c.settings.again(previous), args.resource(previous)
	request := &oidc.RefreshRequest{
		ClientID:     settings.ClientID,
		RefreshToken: token,
		Scope:        settings.refreshScope(previous.Scope),
		RedirectURI:  args.RedirectURI,
		Resource:     resource,
		Extra:        args.ExtraToken,
	}
	if request.Extra == nil && settings.ExtraAtRefresh {
		request.Extra = settings.ExtraToken
	}
	override(&request.Scope, args.Scope)
	if args.scopeless {
		request.Scope = ""
	}
	transport, err := s.tokenTransport(metadata, previous.key, args.Header)
	if err != nil {
		return nil, err
	}
	s.uses(previous)
	if !s.owns(ctx) { // the keeper has heard of that use first: whoever takes the token from now on knows of it
		s.doubt(previous, &args, errNotSent)
		return nil, errNeedsFrame
	}
	r := round{sent: s.config.Now()}
	bounded, cancel := within(ctx, min(args.Timeout, turnLimit)) // others wait for the turn
	defer cancel()
	tokens, err := request.Refresh(bounded, transport, metadata)
	if err != nil {
		s.doubt(previous, &args, err)
		return nil, fmt.Errorf("refresh: %w", err)
	}
	r.received = s.config.Now()
	s.rotate(previous, tokens.RefreshToken)
	tokens.Scope = cmp.Or(tokens.Scope, previous.Scope) // where none is named, all are (RFC 6749 6)
	claims := previous.claims
	kept := tokens.IDToken == "" // it may be left out (OIDC Core 12.2)
	if kept {
		tokens.IDToken = previous.IDToken
	} else {
		expected := c.expectUnasked(metadata, tokens.AccessToken)
		if previous.IDToken != "" {
			expected.Previous = previous.claims
		}
		claims, err = s.provider.verifyFresh(ctx, expected, tokens.IDToken, r)
		if err != nil {
			return nil, fmt.Errorf("ID Token: %w", err)
		}
		if known := previous.person(); known != "" && known != claims.Subject {
			return nil, fmt.Errorf("the user of before: %w", oidc.ErrSubjectChanged)
		}
		// The next one continues those of the sign-in, too (OIDC Core 12.2).
		claims.Nonce = cmp.Or(claims.Nonce, previous.claims.Nonce)
		claims.AuthTime = cmp.Or(claims.AuthTime, previous.claims.AuthTime)
	}
	user := settings.with(&args).newUser(tokens, claims, r)
	if kept {
		user.Profile = maps.Clone(previous.Profile)
	}
	user.key, user.resource = previous.key, resource
	user.follow(previous)
	if err := s.loadUserinfo(ctx, user, args.SkipUserinfo); err != nil {
		return nil, err
	}
	return user, nil
}

// resource returns what the access token is to be for: as the call says, or as the
// one before.
func (a *SigninArgs) resource(previous *User) []string {
	if a.Request.Resource != nil || previous == nil {
		return a.Request.Resource
	}
	return previous.resource
}

// refreshable tells whether a refresh request can carry the arguments. What
// matters only to a page that is shown, or on the way to one, need not be carried.
func (a SigninArgs) refreshable() bool {
	a.Scope, a.Request.Resource, a.ExtraToken = "", nil, nil
	a.RedirectURI, a.LoginHint, a.IDTokenHint = "", "", ""
	a.Request.Prompt, a.Request.Display, a.Request.UILocales, a.Request.ResponseMode = "", "", "", ""
	a.State, a.SkipUserinfo, a.Timeout = nil, false, 0
	return a.key() == ""
}

// key is equal for arguments that ask for the same; empty for none.
func (a *SigninArgs) key() string {
	r, v := &a.Request, url.Values{}
	for _, p := range [][2]string{
		{"redirect_uri", a.RedirectURI}, {"scope", a.Scope}, {"login_hint", a.LoginHint},
		{"id_token_hint", a.IDTokenHint.Reveal()}, {"prompt", r.Prompt}, {"display", r.Display},
		{"ui_locales", r.UILocales}, {"acr_values", r.ACRValues}, {"claims", r.Claims},
		{"response_mode", r.ResponseMode}, {"nonce", a.Nonce.Reveal()}, {"url_state", a.URLState},
		{"request", a.RequestObject}, {"request_uri", a.RequestURI}, {"state", string(a.State)},
	} {
		if p[1] != "" {
			v.Set(p[0], p[1])
		}
	}
	if r.MaxAge != nil {
		v.Set("max_age", strconv.FormatInt(*r.MaxAge, 10))
	}
	if a.Timeout > 0 || a.SkipUserinfo || a.ForceFrame {
		v.Set("how", fmt.Sprintf("%d %t %t", a.Timeout, a.SkipUserinfo, a.ForceFrame))
	}
	if r.Resource != nil {
		v["resource"] = append([]string{""}, r.Resource...)
	}
	if r.Extra != nil || a.ExtraToken != nil {
		v.Set("extra", fmt.Sprintf("%q %q", r.Extra, a.ExtraToken)) // in the order of the names
	}
	return v.Encode()
}

// signinFrame signs in through a hidden frame of the tab that asked, or of
// another one if that tab goes away meanwhile. The transaction never leaves
// this program.
func (s *session) signinFrame(ctx context.Context, c *Client, previous *User, args SigninArgs) (*User, error) {
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	args.asked, args.Request.Resource = c.settings.again(previous), args.resource(previous)
	args.RedirectURI = cmp.Or(args.RedirectURI, c.settings.SilentRedirectURI)
	settings := args.settings(c)
	request := args.request(settings)
	silence(request)
	if previous == nil || request.IDTokenHint != "" || c.settings.OmitIDTokenHint {
		return s.throughFrame(ctx, c, settings, metadata, request, args)
	}
	request.IDTokenHint = previous.IDToken // OIDC Core 3.1.2.1
	user, err := s.throughFrame(ctx, c, settings, metadata, request, args)
	if s.provider.refusesHint(err) {
		request.IDTokenHint = ""
		user, err = s.throughFrame(ctx, c, settings, metadata, request, args)
		s.provider.unhinted.Store(err != nil) // it is the hint: so it will be the next time
	}
	return user, err
}

// throughFrame is signinFrame with a request.
func (s *session) throughFrame(ctx context.Context, c *Client, settings *Settings, metadata *oidc.Metadata, request *oidc.AuthenticationRequest, args SigninArgs) (*User, error) {
	timeout := positive(args.Timeout, c.settings.SilentTimeout)
	visits, cancel := context.WithTimeoutCause(ctx, frameLimit, errNoFrame)
	defer cancel()
	err := error(ErrPageGone)
	asked := map[*Client]bool{}
	for tab := s.nextTab(c, asked); tab != nil; tab = s.nextTab(c, asked) {
		asked[tab] = true
		tx, url, startErr := s.start(visits, c, settings, metadata, request)
		if startErr != nil {
			return nil, startErr
		}
		var callbackURL string
		limit := frameLimit
		if s.nextTab(c, asked) != nil {
			limit /= 2 // the other is to have its turn
		}
		callbackURL, err = s.frame(visits, tab, url, request.RedirectURI, min(timeout, frameLimit), limit)
		if err == nil {
			return s.complete(ctx, c, tx, callbackURL, args)
		}
		s.redirects.end(tx)
		if !errors.Is(err, ErrPageGone) || visits.Err() != nil {
			return nil, err
		}
	}
	return nil, err
}

// frameLimit bounds the time that hidden frames may take for one request, in
// all tabs together, whatever the settings of a page say.
const frameLimit = time.Minute

// errNoFrame is what becomes of a frame at that limit.
var errNoFrame = fmt.Errorf("hidden frame: no answer within a minute: %w (%w)", oidc.ErrTimeout, ErrPageGone)

// silence makes a request one that shows nothing.
func silence(request *oidc.AuthenticationRequest) {
	request.Prompt = "none"
	request.Extra = maps.Clone(request.Extra)
	delete(request.Extra, "prompt") // it would win
}

// frame visits url in a hidden frame of a tab. A browser shows its own error
// page in a frame without a network, which looks like a login page from
// outside: the provider is asked before it is blamed. The page gets to know the
// timeout, and is waited for no longer than limit.
func (s *session) frame(ctx context.Context, tab *Client, url, redirectURI string, timeout, limit time.Duration) (string, error) {
	start := time.Now()
	visit, cancel := context.WithTimeoutCause(ctx, limit, errNoFrame)
	defer cancel()
	callbackURL, err := tab.page.Framer.Frame(visit, oidc.Address{URL: url}, timeout)
	s.stats.request("authorize", start, err)
	tab.served(err)
	switch {
	case err == nil:
		s.provider.frameAnswered(tab, redirectURI, true)
	case errors.Is(err, ErrPageGone):
	case errors.Is(err, ErrFrameNoResponse), errors.Is(err, oidc.ErrTimeout):
		if away := s.provider.probe(ctx); away != nil {
			return "", fmt.Errorf("hidden frame: %w", away)
		}
		s.provider.frameAnswered(tab, redirectURI, !errors.Is(err, ErrFrameNoResponse))
	}
	return callbackURL, err
}
