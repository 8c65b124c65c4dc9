package session

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// popupTimeout bounds the life of a popup window. A person types in it: it is
// that of the transaction.
const popupTimeout = 15 * time.Minute

// A Popper visits an address in a popup window of its tab.
type Popper interface {
	// Popup returns the address at which the callback page came up in the
	// window. Codes: [ErrPopupClosed], [ErrPopupSevered], [ErrPopupBlocked],
	// [oidc.ErrAborted], [oidc.ErrTimeout], [ErrPageGone].
	Popup(ctx context.Context, popup Popup) (callbackURL string, err error)

	// LatePopup goes on waiting for the answer of a window that seems to be
	// closed. Codes: [oidc.ErrTimeout], [ErrPageGone].
	LatePopup(ctx context.Context, popup Popup) (callbackURL string, err error)
}

// A Popup is what to visit in a popup window.
type Popup struct {
	// Window is the number that the page gave to a window that it opened in
	// the tick of the click; 0 lets the page open one, if the browser does.
	Window int64

	oidc.Address
	State   oidc.Secret // by which the callback page finds the tab that waits
	Timeout time.Duration
}

// SigninPopup signs in with a popup window of the tab. Popups are not shared:
// each call has its own. A window that the provider's pages have cut off from
// the tab looks closed; should it answer after all, the sign-in is completed,
// and the tabs hear of the user by [UserLoaded]. Codes: [ErrPopupClosed],
// [ErrPopupSevered], [ErrPopupBlocked], [oidc.ErrAborted], [oidc.ErrTimeout],
// [ErrPageGone], and those of [Client.SigninCallback].
func (c *Client) SigninPopup(ctx context.Context, args SigninArgs) (*User, error) {
	s := c.session
	s.arrivals.Add(1)
	defer s.arrivals.Add(-1)
	_, began := s.current()
	ctx = c.Calling(ctx)
	phases := s.calledAt(args.Called)
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	phases.found(s.provider)
	args.Request.Display = cmp.Or(args.Request.Display, "popup") // OIDC Core 3.1.2.1
	args.RedirectURI = cmp.Or(args.RedirectURI, c.settings.PopupRedirectURI)
	settings := args.settings(c)
	request := args.request(settings)
	tx, url, err := s.start(ctx, c, settings, metadata, request)
	if err != nil {
		return nil, err
	}
	finish := func(ctx context.Context, callbackURL string) (*User, error) {
		phases.Arrived = s.wall()
		_, now := s.current()
		began.outs = now.outs // what forgot nobody meanwhile; the window had left
		user, err := s.complete(ctx, c, tx, callbackURL, SigninArgs{
			SkipUserinfo: args.SkipUserinfo, asked: settings, phases: &phases,
		})
		if err != nil {
			return nil, &SigninError{State: args.State, URLState: args.URLState, Err: err}
		}
		user.State = args.State
		return c.signIn(ctx, user, began, &phases)
	}
	phases.Left = s.wall()
	popup := Popup{Window: args.Window, Address: oidc.Address{URL: url}, State: tx.State, Timeout: popupTimeout}
	c.getReady(ctx, metadata, tx)
	callbackURL, err := c.page.Popper.Popup(ctx, popup)
	if err != nil {
		if errors.Is(err, ErrPopupClosed) || errors.Is(err, ErrPopupSevered) {
			s.config.spawn(func() { c.finishLate(context.WithoutCancel(ctx), popup, finish) })
		}
		return nil, err
	}
	return finish(ctx, callbackURL)
}

// finishLate completes a sign-in whose window seemed to be closed.
func (c *Client) finishLate(ctx context.Context, popup Popup, finish func(context.Context, string) (*User, error)) {
	callbackURL, err := c.page.Popper.LatePopup(ctx, popup)
	if err == nil {
		_, err = finish(ctx, callbackURL)
	}
	if err != nil {
		c.session.config.Logf("session: a popup window that seemed to be closed: %v", err)
	}
}

// SignoutPopup forgets the user in all tabs and ends the provider's session in
// a popup window (RP-Initiated Logout 2). If the arguments are good, the user is
// forgotten whatever fails afterwards. Without a post_logout_redirect_uri nothing comes back: closing
// the window is then the end. Codes: those of [Client.SigninPopup] about the
// window, a [oidc.ProviderError], those of [oidc.FetchMetadata] and of [oidc.EndSessionRequest.Address].
func (c *Client) SignoutPopup(ctx context.Context, args SignoutArgs) error {
	return c.signoutAside(ctx, args, func(state oidc.Secret, to oidc.Address) (string, error) {
		return c.page.Popper.Popup(ctx, Popup{Window: args.Window, Address: to, State: state, Timeout: popupTimeout})
	}, ErrPopupClosed, ErrPopupSevered)
}
