package session

import (
	"errors"
	"slices"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// Reasons for failure beside those of the protocol.
const (
	// ErrNotSignedIn: the operation needs a user, or there was a sign-out
	// while it was under way.
	ErrNotSignedIn oidc.Code = "not_signed_in"
	// ErrFrameNoResponse: the hidden frame ended on a page that is not the
	// callback page: a login page, an error page, or a refused frame.
	ErrFrameNoResponse oidc.Code = "frame_no_response"
	// ErrPageGone: the tab that was asked for a service went away.
	ErrPageGone oidc.Code = "page_gone"
	// ErrFetchNotAllowed: the address of a request is not on the list of those
	// that get the access token.
	ErrFetchNotAllowed oidc.Code = "fetch_not_allowed"
	// ErrStepUpRequired: an API wants a stronger sign-in, and the tab has gone
	// for it: the request was not answered.
	ErrStepUpRequired oidc.Code = "step_up_required"
	// ErrPopupBlocked: the browser opens no window, as it was not asked for
	// in the tick of a click.
	ErrPopupBlocked oidc.Code = "popup_blocked"
	// ErrPopupClosed: the popup window was closed before the answer came.
	ErrPopupClosed oidc.Code = "popup_closed"
	// ErrPopupSevered: the popup window cannot be seen any more, and the
	// person came back to the tab without an answer.
	ErrPopupSevered oidc.Code = "popup_severed"
	// ErrRedirectURIShared: several issuers share a redirect URI, and this one
	// does not say in its responses who it is (RFC 9700 4.4).
	ErrRedirectURIShared oidc.Code = "redirect_uri_shared"
	// ErrCallbackUnread: the tab has left for several sign-ins within seconds, and no
	// page has read a response: the app does not call its callback.
	ErrCallbackUnread oidc.Code = "callback_unread"
	// ErrClientMismatch: another client of the tab has begun the sign-in.
	ErrClientMismatch oidc.Code = "client_mismatch"
	// ErrInternal: a bug in this program.
	ErrInternal oidc.Code = "internal"
)

// isAny tells whether err is for one of some reasons.
func isAny(err error, reasons ...oidc.Code) bool {
	return slices.ContainsFunc(reasons, func(reason oidc.Code) bool { return errors.Is(err, reason) })
}

// A SigninError is a sign-in or a sign-out that failed, with what the app gave to it to get
// back. Its text says nothing of that.
type SigninError struct {
	State    strictjson.RawMessage
	URLState string
	Err      error
}

func (e *SigninError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *SigninError) Unwrap() error { return e.Err }
