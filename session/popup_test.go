package session

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func TestSigninPopup(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	_, other := w.open(false)
	var popup Popup
	tab.popup = func(_ context.Context, p Popup) (string, error) {
		popup = p
		return w.op.Visit(p.URL), nil
	}
	user, err := client.SigninPopup(t.Context(), SigninArgs{Window: 3, State: []byte(`{"cart":7}`)})
	if err != nil {
		t.Fatal(err)
	}
	if user.Subject() != w.op.Subject || string(user.State) != `{"cart":7}` {
		t.Errorf("the user is %v, with the state %s", user, user.State)
	}
	if popup.Window != 3 || popup.State == "" || popup.Timeout != popupTimeout {
		t.Errorf("the page was asked for %+v", popup)
	}
	if got := w.op.Visit(popup.URL); got == "" || len(tab.transactions) != 0 {
		t.Error("the transaction of a window was stored")
	}
	for _, tab := range []*struct{ heard []EventName }{{tab.heard()}, {other.heard()}} {
		if !slices.Equal(tab.heard, []EventName{UserLoaded}) {
			t.Errorf("events = %v", tab.heard)
		}
	}
}

// What becomes of the window becomes of the call; nobody is signed in.
func TestSigninPopupEnds(t *testing.T) {
	for _, code := range []oidc.Code{ErrPopupBlocked, ErrPopupClosed, ErrPopupSevered, ErrPageGone, oidc.ErrAborted, oidc.ErrTimeout} {
		t.Run(string(code), func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			_, other := w.open(false)
			tab.popup = func(context.Context, Popup) (string, error) { return "", code }
			late := make(chan struct{})
			tab.late = func(context.Context, Popup) (string, error) {
				close(late)
				return "", oidc.ErrTimeout
			}
			user, err := client.SigninPopup(t.Context(), SigninArgs{})
			mustFail(t, "SigninPopup", err, code)
			if user != nil || len(tab.heard()) != 0 || other.address != "" {
				t.Error("somebody is signed in, or another tab was asked")
			}
			if code == ErrPopupClosed || code == ErrPopupSevered {
				<-late
			}
		})
	}
}

// A window that only seemed to be closed brings its answer later.
func TestSigninPopupLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		tab.popup = func(context.Context, Popup) (string, error) { return "", ErrPopupSevered }
		tab.late = func(_ context.Context, p Popup) (string, error) {
			time.Sleep(time.Minute)
			return w.op.Visit(p.URL), nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, err := client.SigninPopup(ctx, SigninArgs{})
		mustFail(t, "SigninPopup", err, ErrPopupSevered)
		cancel() // the call is over
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if user, _ := client.User(t.Context()); user == nil || !slices.Equal(tab.heard(), []EventName{UserLoaded}) {
			t.Errorf("the user is %v", user)
		}
		client.session.stopTimer()
	})
}

// An answer for another sign-in, or none, signs nobody in.
func TestSigninPopupRefusals(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world, tab *tab)
		want oidc.Code
	}{
		{"another state", func(_ *world, tab *tab) {
			tab.popup = func(context.Context, Popup) (string, error) {
				return "https://app.example.test/callback.html?code=c&state=other", nil
			}
		}, oidc.ErrStateMismatch},
		{"refused at the provider", func(w *world, tab *tab) {
			tab.popup = func(_ context.Context, p Popup) (string, error) {
				return "https://app.example.test/callback.html?error=access_denied&state=" + p.State.Reveal() + "&iss=" + w.op.Issuer, nil
			}
		}, oidc.ErrProvider},
		{"no metadata", func(w *world, _ *tab) {
			w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
		}, oidc.ErrNetwork},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			tt.edit(w, tab)
			user, err := client.SigninPopup(t.Context(), SigninArgs{})
			mustFail(t, "SigninPopup", err, tt.want)
			if now, _ := client.User(t.Context()); user != nil || now != nil {
				t.Error("somebody is signed in")
			}
		})
	}
}

func TestSignoutPopup(t *testing.T) {
	tests := []struct {
		name     string
		redirect string
		end      error // of the window; nil for an answer
		want     oidc.Code
	}{
		{"back", "https://app.example.test/", nil, ""},
		{"closed before the way back", "https://app.example.test/", ErrPopupClosed, ErrPopupClosed},
		{"closed where there is no way back", "", ErrPopupClosed, ""},
		{"cut off where there is no way back", "", ErrPopupSevered, ""},
		{"blocked where there is no way back", "", ErrPopupBlocked, ErrPopupBlocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.settings.PostLogoutRedirectURI = tt.redirect
			client, tab := w.open(false)
			w.signIn(client, tab)
			tab.popup = func(_ context.Context, p Popup) (string, error) {
				if tt.end != nil {
					return "", tt.end
				}
				return w.op.Visit(p.URL), nil
			}
			err := client.SignoutPopup(t.Context(), SignoutArgs{})
			if tt.want == "" && err != nil || tt.want != "" && !errors.Is(err, tt.want) {
				t.Errorf("SignoutPopup = %v, want %q", err, string(tt.want))
			}
			if user, _ := client.User(t.Context()); user != nil {
				t.Error("the user is still there")
			}
			if tt.end == nil && w.op.Count(oidctest.EndSession) != 1 {
				t.Error("the provider's session goes on")
			}
		})
	}
}
