package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// SignoutArgs are what a sign-out asks for beside the settings.
type SignoutArgs struct {
	PostLogoutRedirectURI string
	IDTokenHint           oidc.Secret
	Extra                 map[string]string
	Window                int64 // of [Client.SignoutPopup]; see [Popup]
	URLState              string
	Timeout               time.Duration // of [Client.SignoutSilent]; zero means as in the settings

	// State is any JSON value; [Client.SignoutCallback] returns it.
	State strictjson.RawMessage

	revoked bool          // the tokens have been, or are being, as far as they are to be
	idle    time.Duration // nobody has done anything for so long: the tab stays if somebody is about to sign in, or is there
}

// SignoutRedirect forgets the user in all tabs and sends the tab to the
// provider, to end the session there (RP-Initiated Logout 2). If the arguments are
// good, the user is forgotten whatever fails afterwards. Calls with the same arguments are one, as
// for [Client.SigninRedirect]. Codes: those of [oidc.FetchMetadata]
// and [oidc.EndSessionRequest.Address].
func (c *Client) SignoutRedirect(ctx context.Context, args SignoutArgs) error {
	if err := c.endSession(&args).Check(); err != nil {
		return err
	}
	err := c.signoutByRedirect(ctx, c.session.signOut((*standing).signedOut), args)
	if errors.Is(err, errStays) { // it leaves for a later call
		return nil
	}
	return err
}

// signoutByRedirect is SignoutRedirect for a user who is forgotten already.
func (c *Client) signoutByRedirect(ctx context.Context, user *User, args SignoutArgs) error {
	if user == nil {
		user = c.leaver.Load() // of the call before, which revokes what is to be
		args.revoked = user != nil
	}
	if c.leaver.Swap(user); user != nil {
		defer c.leaver.CompareAndSwap(user, nil)
	}
	call, key := c.leaveCall(args.key())
	_, err := c.signout.doFor(ctx, c, scene{user: user}, key, func(ctx, _ context.Context) (struct{}, error) {
		left := false
		request, to, err := c.startSignout(ctx, user, &args)
		err = outHere(err)
		if err == nil {
			err = c.keepSignout(ctx, request, args.State)
		}
		switch {
		case err != nil:
		case args.idle > 0 && (c.session.expectsSignin(min(args.idle, departure)) || c.Current() != nil):
			err = errStays
		default:
			err = c.leavesFor(call)
		}
		if err == nil {
			err = c.page.Navigator.Navigate(ctx, to)
			left = to.Action != "" && errors.Is(err, ErrPageGone) // a page that sends a form goes before it answers
		}
		left = left || errors.Is(err, errStays) && c.signsOut()
		if err != nil && !left && !args.revoked && args.idle == 0 {
			c.revokeSoon(ctx, user, false)
		}
		return struct{}{}, err
	})
	return err
}

// signsOut tells whether the last call that has the tab leave is a sign-out: it ends the
// session at the provider, whatever its arguments are.
func (c *Client) signsOut() bool {
	c.named.Lock()
	defer c.named.Unlock()
	return strings.HasPrefix(c.called, signoutKey)
}

// signoutKey is what the key of a sign-out begins with.
const signoutKey = "out "

// key is equal for arguments that ask for the same; empty for no call of the tab.
func (a *SignoutArgs) key() string {
	if a.idle > 0 {
		return ""
	}
	return fmt.Sprintf(signoutKey+"%q %q %q %q %s", a.PostLogoutRedirectURI, a.IDTokenHint.Reveal(), a.Extra, a.URLState, a.State)
}

func (c *Client) endSession(args *SignoutArgs) *oidc.EndSessionRequest {
	request := &oidc.EndSessionRequest{
		ClientID:              c.settings.ClientID,
		IDTokenHint:           args.IDTokenHint,
		PostLogoutRedirectURI: cmp.Or(args.PostLogoutRedirectURI, c.settings.PostLogoutRedirectURI),
		Extra:                 args.Extra,
		Post:                  c.settings.SignoutByPost,
	}
	if request.Extra == nil {
		request.Extra = c.settings.Request.Extra
	}
	return request
}

// startSignout returns the request that ends the session of user, and its address.
// Tokens are revoked on the way, which args say then.
func (c *Client) startSignout(ctx context.Context, user *User, args *SignoutArgs) (request *oidc.EndSessionRequest, to oidc.Address, err error) {
	metadata, err := c.session.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, to, err
	}
	request = c.endSession(args)
	if request.IDTokenHint == "" && user != nil {
		request.IDTokenHint = user.IDToken
	}
	if request.State, err = oidc.NewState(c.session.config.Rand, args.URLState); err != nil {
		return nil, to, err
	}
	to, err = request.Address(metadata)
	args.revoked = args.revoked || c.revokeAtSignout(ctx, metadata, user, err == nil)
	return request, to, err
}

// outHere says what there is to do where the provider has no sign-out.
func outHere(err error) error {
	if errors.Is(err, oidc.ErrUnsupported) {
		return fmt.Errorf("the user is signed out here already; where the provider has no sign-out, call removeUser() instead: %w", err)
	}
	return err
}

// keepSignout keeps the app's state for the way back, if there is one.
func (c *Client) keepSignout(ctx context.Context, request *oidc.EndSessionRequest, appState strictjson.RawMessage) error {
	if request.PostLogoutRedirectURI == "" {
		return nil
	}
	data, err := strictjson.Marshal(record{Signout: true, AppState: appState})
	if err != nil {
		return err
	}
	return c.page.Transactions.Put(ctx, request.State, Transaction{
		Record:    data,
		Address:   request.PostLogoutRedirectURI,
		Client:    c.name(),
		ExpiresAt: c.session.config.Now().Add(c.settings.RedirectTimeout).Unix(),
	})
}

// A SignoutResponse is what came back after a sign-out.
type SignoutResponse struct {
	State    strictjson.RawMessage // of the app; nil if there is none that belongs to the response
	URLState string                // what the app added to the state parameter
}

// SignoutCallback returns the app's state when the provider sent the tab
// back after a sign-out; nil if the address holds no state at all. A missing or
// foreign state is no error: the user is gone already. Codes:
// [oidc.ErrCallbackMalformed], a [oidc.ProviderError].
func (c *Client) SignoutCallback(ctx context.Context, callbackURL string) (*SignoutResponse, error) {
	response, refusal, err := c.signoutResponse(ctx, callbackURL, false)
	if response != nil && refusal != nil {
		return nil, &SigninError{State: response.State, URLState: response.URLState, Err: refusal}
	}
	return response, err
}

// signoutResponse returns what belongs to a response, and the refusal that it is.
func (c *Client) signoutResponse(ctx context.Context, callbackURL string, keep bool) (response *SignoutResponse, refusal, err error) {
	state, refusal := oidc.SignoutState(callbackURL)
	if state == "" {
		return nil, nil, refusal
	}
	kept, err := c.read(ctx, state, ofSignout, keep)
	if err != nil && !errors.Is(err, errOfAnother) {
		return nil, refusal, err
	}
	return &SignoutResponse{State: parseSignoutRecord(kept.Record), URLState: oidc.URLState(state)}, refusal, nil
}

// SignoutSilent forgets the user in all tabs and ends the provider's session in
// a hidden frame of the tab, which browsers let see the provider's cookies only
// where both are of one site. The user is forgotten as in [Client.SignoutRedirect].
// Without a post_logout_redirect_uri nothing comes back, and of the provider nothing
// is known. Codes: [ErrFrameNoResponse], [oidc.ErrTimeout], [ErrPageGone], a
// [oidc.ProviderError], those of [oidc.FetchMetadata] and of [oidc.EndSessionRequest.Address].
func (c *Client) SignoutSilent(ctx context.Context, args SignoutArgs) error {
	return c.signoutAside(ctx, args, func(_ oidc.Secret, to oidc.Address) (string, error) {
		visit, cancel := context.WithTimeoutCause(ctx, frameLimit, errNoFrame)
		defer cancel()
		return c.page.Framer.Frame(visit, to, min(positive(args.Timeout, c.settings.SilentTimeout), frameLimit))
	})
}

// signoutAside is a sign-out for which the tab stays. Without an address to come back
// to, the visit ends with one of some codes.
func (c *Client) signoutAside(ctx context.Context, args SignoutArgs, visit func(state oidc.Secret, to oidc.Address) (string, error), ends ...oidc.Code) error {
	args.PostLogoutRedirectURI = cmp.Or(args.PostLogoutRedirectURI, c.settings.PopupPostLogoutRedirectURI)
	if err := c.endSession(&args).Check(); err != nil {
		return err
	}
	user := c.session.signOut((*standing).signedOut)
	request, to, err := c.startSignout(ctx, user, &args)
	if err != nil {
		return outHere(err)
	}
	callbackURL, err := visit(request.State, to)
	switch alone := request.PostLogoutRedirectURI == ""; {
	case alone && isAny(err, ends...):
		return nil
	case err != nil:
		if !args.revoked {
			c.revokeSoon(context.WithoutCancel(ctx), user, false)
		}
		if alone && isAny(err, ErrFrameNoResponse, oidc.ErrTimeout) {
			err = fmt.Errorf("nothing comes back without popup_post_logout_redirect_uri; set and register it: %w", err)
		} else if isAny(err, ErrFrameNoResponse, oidc.ErrTimeout) {
			err = fmt.Errorf("nothing came back to %s; register that as an address to come back to after a sign-out, and allow the provider in the page's frame-src: %w", request.PostLogoutRedirectURI, err)
		}
		return err
	}
	if _, err := oidc.SignoutState(callbackURL); err != nil {
		return &SigninError{State: args.State, URLState: args.URLState, Err: err}
	}
	return nil
}
