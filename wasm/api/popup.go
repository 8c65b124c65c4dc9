package api

import (
	"context"

	"github.com/oidcspa/oidcspa/session"
)

// popupSettingsJSON are the settings about popup windows that are not the
// page's alone.
type popupSettingsJSON struct {
	PopupRedirectURI           string `json:"popup_redirect_uri"`
	PopupPostLogoutRedirectURI string `json:"popup_post_logout_redirect_uri"`
}

// windowJSON names the window that the page has opened for a call, which it made
// then.
type windowJSON struct {
	calledJSON
	Window int64 `json:"window"`
}

func (c *Connection) signinPopup(ctx context.Context, client *session.Client, params []byte) (any, error) {
	var j struct {
		argumentsJSON
		windowJSON
	}
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	args, err := j.args()
	if err != nil {
		return nil, err
	}
	if err := c.arrives(ctx, &args, true); err != nil {
		return nil, err
	}
	args.Window, args.Called = j.Window, int64(j.Called)
	return userResult(client.SigninPopup(ctx, args))
}

func signoutPopup(ctx context.Context, client *session.Client, params []byte) (any, error) {
	var j struct {
		signoutJSON
		windowJSON
	}
	if err := decode(params, &j); err != nil {
		return nil, err
	}
	args, err := j.args()
	if err != nil {
		return nil, err
	}
	args.Window = j.Window
	return nil, client.SignoutPopup(ctx, args)
}

type popupParams struct {
	Window int64 `json:"window,omitempty"`
	addressJSON
	State   string `json:"state"`
	Timeout int64  `json:"timeout"` // milliseconds
}

// Popup is a method of [session.Popper].
func (p page) Popup(ctx context.Context, popup session.Popup) (string, error) {
	var result frameResult
	err := p.call(ctx, popup.Timeout+serviceTimeout, "popup", popupParams{
		Window:      popup.Window,
		addressJSON: addressJSON(popup.Address),
		State:       popup.State.Reveal(),
		Timeout:     popup.Timeout.Milliseconds(),
	}, &result)
	return result.URL, err
}

// LatePopup is a method of [session.Popper].
func (p page) LatePopup(ctx context.Context, popup session.Popup) (string, error) {
	var result frameResult
	err := p.call(ctx, popup.Timeout+serviceTimeout, "popup.late", popupParams{
		State:   popup.State.Reveal(),
		Timeout: popup.Timeout.Milliseconds(),
	}, &result)
	return result.URL, err
}
