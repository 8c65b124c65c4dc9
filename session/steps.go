package session

import (
	"context"
	"fmt"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// Steps are the protocol one step at a time, for an app that keeps the session
// itself: nothing is renewed, no tab hears of anything, and whoever gets a
// user has the only copy. The methods may be called at the same time.
type Steps struct {
	client *Client
}

// OpenSteps returns the steps for one tab, of which only the Transactions and
// the Headers are used. They are to be closed when the tab goes away. Codes as
// for [Registry.Open].
func (r *Registry) OpenSteps(settings Settings, page Page) (*Steps, error) {
	if err := settings.check(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.newSession(settings.key())
	s.oneKey = true
	r.hold(s)
	return &Steps{s.newClient(settings, page)}, nil
}

// Sleeps is [Client.Sleeps].
func (s *Steps) Sleeps(asleep bool) { s.client.Sleeps(asleep) }

// Close ends the tab's part.
func (s *Steps) Close() { s.client.Close() }

// Metadata returns what the provider says of itself.
func (s *Steps) Metadata(ctx context.Context) (*oidc.Metadata, error) {
	return s.client.Metadata(ctx)
}

// Metadata returns what the provider says of itself. Codes: those of
// [oidc.FetchMetadata].
func (c *Client) Metadata(ctx context.Context) (*oidc.Metadata, error) {
	return c.session.provider.fetchMetadata(c.Calling(ctx))
}

// A SigninRequest is where to send the End-User, and what is remembered.
type SigninRequest struct {
	URL          string
	State        oidc.Secret
	Scope        string
	RedirectURI  string
	ResponseMode string
	CreatedAt    int64 // seconds since the epoch
}

// remembered is what of a transaction the app may know.
func remembered(tx *oidc.Transaction) *SigninRequest {
	return &SigninRequest{
		State: tx.State, Scope: tx.Scope, RedirectURI: tx.RedirectURI, ResponseMode: tx.ResponseMode, CreatedAt: tx.CreatedAt,
	}
}

// Signin prepares a sign-in. Codes as for [Client.SigninRedirect].
func (s *Steps) Signin(ctx context.Context, args SigninArgs) (*SigninRequest, error) {
	c := s.client
	ctx = c.Calling(ctx)
	metadata, err := c.session.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	kept := record{AppState: args.State, SkipUserinfo: args.SkipUserinfo}
	tx, url, _, err := c.begin(ctx, metadata, args.request(&c.settings), kept, args.ReturnTo)
	if err != nil {
		return nil, err
	}
	request := remembered(tx)
	request.URL = url
	return request, nil
}

// SigninState returns what belongs to a response, and leaves it there with
// keep. Codes: [oidc.ErrCallbackMissing], [oidc.ErrCallbackMalformed],
// [oidc.ErrStateMismatch], [oidc.ErrStateUnknown].
func (s *Steps) SigninState(ctx context.Context, callbackURL string, keep bool) (*SigninRequest, strictjson.RawMessage, error) {
	_, tx, record, err := s.client.readSignin(ctx, callbackURL, keep)
	if err != nil {
		return nil, nil, err
	}
	return remembered(tx), record.AppState, nil
}

// ResponseArgs are what completing a sign-in takes beside the response.
type ResponseArgs struct {
	Header map[string]string // as in [SigninArgs]

	// Keep leaves the state where it is, for another call, if this one fails
	// before the token endpoint has answered. A response that was answered is
	// used, whatever became of it: another call fails with
	// [oidc.ErrStateUnknown], as the code works once (RFC 6749 4.1.2).
	Keep bool
}

// SigninResponse completes a sign-in; the user has the state of the app. Codes
// as for [Client.SigninCallback].
func (s *Steps) SigninResponse(ctx context.Context, callbackURL string, args ResponseArgs) (*User, error) {
	kept, tx, record, err := s.client.readSignin(ctx, callbackURL, args.Keep)
	if err != nil {
		return nil, err
	}
	user, err := s.client.session.complete(s.Calling(ctx), s.client, tx, kept.Arrival.at(callbackURL), SigninArgs{
		SkipUserinfo: record.SkipUserinfo, Header: args.Header, keep: args.Keep,
	})
	if err != nil {
		return nil, err
	}
	user.State = record.AppState
	return user, nil
}

// Refresh renews the user whom an earlier step returned; of it, RefreshToken
// has to be there, and IDToken for the new one to be compared with (OIDC Core
// 12.2), unless the user never had one: best that of the sign-in, as one of a
// refresh may say less. Of the arguments, those of a token
// request count, Header, Timeout and SkipUserinfo. Codes: those of
// [oidc.RefreshRequest.Refresh] and
// [oidc.ExpectedIDToken.VerifyIDToken].
func (s *Steps) Refresh(ctx context.Context, previous *User, args SigninArgs) (*User, error) {
	known := *previous
	known.claims = new(oidc.IDTokenClaims)
	if known.IDToken != "" {
		claims, err := oidc.ReadIDToken(known.IDToken)
		if err != nil {
			return nil, fmt.Errorf("ID Token: %w", err)
		}
		known.claims, known.Profile = claims, s.client.settings.Profile.profile(claims.Members)
	}
	if s.client.settings.DPoP {
		var err error
		if known.key, err = s.client.session.nextKey(ctx); err != nil {
			return nil, err
		}
	}
	return s.client.session.refresh(s.Calling(ctx), s.client, &known, known.RefreshToken, args)
}

// Signout returns the address that ends the provider's session, and the state
// that comes back; empty if nothing does. Codes as for
// [Client.SignoutRedirect].
func (s *Steps) Signout(ctx context.Context, args SignoutArgs) (url string, state oidc.Secret, err error) {
	request, to, err := s.client.startSignout(s.Calling(ctx), nil, &args)
	if err != nil || request.PostLogoutRedirectURI == "" {
		return to.URL, "", err
	}
	return to.URL, request.State, s.client.keepSignout(ctx, request, args.State)
}

// SignoutState returns what belongs to a response, and leaves it there with
// keep; nil if the address holds no state at all. A refusal is one only without
// a state. Codes: [oidc.ErrCallbackMalformed], a [oidc.ProviderError].
func (s *Steps) SignoutState(ctx context.Context, callbackURL string, keep bool) (*SignoutResponse, error) {
	response, _, err := s.client.signoutResponse(ctx, callbackURL, keep)
	return response, err
}

// SignoutResponse is [Client.SignoutCallback].
func (s *Steps) SignoutResponse(ctx context.Context, callbackURL string) (*SignoutResponse, error) {
	return s.client.SignoutCallback(ctx, callbackURL)
}

// Revoke tells the provider that a token is not needed any more. Codes: those
// of [oidc.RevocationRequest.Revoke].
func (s *Steps) Revoke(ctx context.Context, token oidc.Secret, typ TokenType) error {
	metadata, err := s.Metadata(ctx)
	if err != nil {
		return err
	}
	return s.client.revoke(ctx, metadata, token, typ)
}
