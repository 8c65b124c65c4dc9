package session

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

func TestSignoutRedirect(t *testing.T) {
	w := newWorld(t)
	client, tab1 := w.open(false)
	other, tab2 := w.open(false)
	user := w.signIn(client, tab1)
	tab2.heard()
	err := client.SignoutRedirect(t.Context(), SignoutArgs{State: strictjson.RawMessage(`"bye"`), URLState: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if heard := tab2.heard(); !slices.Equal(heard, []EventName{UserUnloaded}) || tab2.hint {
		t.Errorf("the other tab heard %v, hint %t", heard, tab2.hint)
	}
	if user, err := other.User(t.Context()); user != nil || err != nil {
		t.Errorf("User in the other tab = %v, %v", user, err)
	}
	u, err := url.Parse(tab1.address)
	if err != nil || u.Query().Get("id_token_hint") != user.IDToken.Reveal() {
		t.Errorf("the provider gets no id_token_hint")
	}
	back := w.op.Visit(tab1.address)
	response, err := client.SignoutCallback(t.Context(), back)
	if err != nil || string(response.State) != `"bye"` || response.URLState != "en" || len(tab1.transactions) != 0 {
		t.Errorf("SignoutCallback = %v, %v; %d transactions left", response, err, len(tab1.transactions))
	}
	// rp-init-logout-other-state, -no-state: they do no harm
	for _, callback := range []string{back, "https://app.example.test/?state=foreign"} {
		if response, err := client.SignoutCallback(t.Context(), callback); err != nil || response.State != nil {
			t.Errorf("SignoutCallback = %v, %v; want no state of the app", response, err)
		}
	}
	if response, err := client.SignoutCallback(t.Context(), "https://app.example.test/"); err != nil || response != nil {
		t.Errorf("SignoutCallback = %v, %v; want nothing", response, err)
	}
}

// The ID Token went along with the sign-out, and is kept nowhere.
func TestSignoutRefusalWithoutHint(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	user := w.signIn(client, tab)
	w.op.EditSignout = func(p url.Values) {
		p.Set("error", "invalid_request")
		p.Set("error_description", "the hint "+user.IDToken.Reveal()+" of "+p.Get("state")+" is not valid")
	}
	if err := client.SignoutRedirect(t.Context(), SignoutArgs{}); err != nil {
		t.Fatal(err)
	}
	_, err := client.SignoutCallback(t.Context(), w.op.Visit(tab.address))
	var refusal *oidc.ProviderError
	if !errors.As(err, &refusal) || refusal.Description != "the hint [redacted] of [redacted] is not valid" {
		t.Errorf("SignoutCallback = %v; the description is another", err)
	}
}

// forgetMetadata has the next one fetch the metadata; the keys may still be on their way.
func forgetMetadata(p *provider) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.metadata = nil
}

// Whatever fails, the user is gone here.
func TestSignoutFails(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world)
		want oidc.Code
	}{
		{"offline", func(w *world) {
			w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
			for _, p := range w.registry.providers {
				forgetMetadata(p)
			}
		}, oidc.ErrNetwork},
		{"no end_session_endpoint", func(w *world) {
			for _, p := range w.registry.providers {
				p.mu.Lock()
				metadata := *p.metadata
				metadata.EndSessionEndpoint = ""
				p.metadata = &metadata
				p.mu.Unlock()
			}
		}, oidc.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			w.signIn(client, tab)
			tt.edit(w)
			mustFail(t, "SignoutRedirect", client.SignoutRedirect(t.Context(), SignoutArgs{}), tt.want)
			if user, _ := client.User(t.Context()); user != nil || tab.hint {
				t.Error("the user is still there")
			}
		})
	}
}

// A call that cannot be done changes nothing.
func TestSignoutArguments(t *testing.T) {
	calls := map[string]func(*Client, context.Context, SignoutArgs) error{
		"redirect": (*Client).SignoutRedirect, "popup": (*Client).SignoutPopup, "silent": (*Client).SignoutSilent,
	}
	tests := []struct {
		name string
		args SignoutArgs
		want oidc.Code
	}{
		{"a parameter of the protocol", SignoutArgs{Extra: map[string]string{"id_token_hint": "x"}}, oidc.ErrInvalidArgument},
		{"no address", SignoutArgs{PostLogoutRedirectURI: "/bye"}, oidc.ErrInvalidArgument},
		{"in clear", SignoutArgs{PostLogoutRedirectURI: "http://app.example.test/"}, oidc.ErrInsecureURL},
	}
	for call, signout := range calls {
		for _, tt := range tests {
			t.Run(call+" "+tt.name, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens, w.settings.Scope = true, "openid offline_access"
				client, tab := w.open(false)
				user := w.signIn(client, tab)
				tab.heard()
				mustFail(t, call, signout(client, t.Context(), tt.args), tt.want)
				if heard := tab.heard(); len(heard) > 0 || client.Current() != user || !tab.hint {
					t.Errorf("the user has gone: %v", heard)
				}
				if w.op.Revoked(user.RefreshToken.Reveal()) {
					t.Error("the refresh token is revoked")
				}
			})
		}
	}
}

// A token that makes the address too long for servers is no hint; who is at the
// provider is found without.
func TestLongHint(t *testing.T) {
	w := newWorld(t)
	w.op.EditIDToken = func(_, claims map[string]any) { claims["groups"] = strings.Repeat("g", 6_000) }
	client, tab := w.open(false)
	w.signIn(client, tab)
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil || len(tab.address) > 6_000 {
		t.Errorf("SigninSilent = %v; the address has %d characters", err, len(tab.address))
	}
	if err := client.SignoutRedirect(t.Context(), SignoutArgs{}); err != nil || len(tab.address) > 6_000 {
		t.Errorf("SignoutRedirect = %v; the address has %d characters", err, len(tab.address))
	}
}

// The record of a sign-out is not taken for that of a sign-in.
func TestSignoutStateIsNoSigninState(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	w.signIn(client, tab)
	if err := client.SignoutRedirect(t.Context(), SignoutArgs{}); err != nil {
		t.Fatal(err)
	}
	state := ""
	for s := range tab.transactions {
		state = s.Reveal()
	}
	_, err := client.SigninCallback(t.Context(), "https://app.example.test/?code=c&state="+state)
	mustFail(t, "SigninCallback", err, oidc.ErrStateUnknown)
}

func TestSignoutSilent(t *testing.T) {
	const home = "https://app.example.test/"
	tests := []struct {
		name     string
		redirect string // of the settings
		args     SignoutArgs
		frame    error // of the frame; nil for an answer
		want     oidc.Code
		sent     string // post_logout_redirect_uri
		timeout  time.Duration
	}{
		{"back", home, SignoutArgs{}, nil, "", home, 10 * time.Second},
		{"back elsewhere", home, SignoutArgs{PostLogoutRedirectURI: home + "bye"}, nil, "", home + "bye", 10 * time.Second},
		{"in a second", home, SignoutArgs{Timeout: time.Second}, nil, "", home, time.Second},
		{"no answer", home, SignoutArgs{}, ErrFrameNoResponse, ErrFrameNoResponse, home, 10 * time.Second},
		{"no answer where none can come", "", SignoutArgs{}, ErrFrameNoResponse, ErrFrameNoResponse, "", 10 * time.Second},
		{"never loaded where no answer can come", "", SignoutArgs{}, oidc.ErrTimeout, oidc.ErrTimeout, "", 10 * time.Second},
		{"the tab went away", home, SignoutArgs{}, ErrPageGone, ErrPageGone, home, 10 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.settings.PostLogoutRedirectURI = tt.redirect
			client, tab := w.open(false)
			_, other := w.open(false)
			w.signIn(client, tab)
			other.heard()
			var sent url.Values
			tab.frame = func(_ context.Context, address string) (string, error) {
				u, err := url.Parse(address)
				if err != nil {
					t.Fatal(err)
				}
				sent = u.Query()
				if tt.frame != nil {
					return "", tt.frame
				}
				return w.op.Visit(address), nil
			}
			err := client.SignoutSilent(t.Context(), tt.args)
			if tt.want == "" && err != nil || tt.want != "" && !errors.Is(err, tt.want) {
				t.Errorf("SignoutSilent = %v, want %q", err, string(tt.want))
			}
			if sent.Get("post_logout_redirect_uri") != tt.sent || sent.Has("state") != (tt.sent != "") || !sent.Has("id_token_hint") {
				t.Errorf("the request is %v", sent)
			}
			if tab.frameTimeout != tt.timeout {
				t.Errorf("the frame may take %v, want %v", tab.frameTimeout, tt.timeout)
			}
			if heard := other.heard(); !slices.Equal(heard, []EventName{UserUnloaded}) || client.Current() != nil {
				t.Errorf("the user is still there; events = %v", heard)
			}
			if client.session.provider.frameBlocked(w.settings.RedirectURI) {
				t.Error("a silent sign-in would not be tried any more")
			}
		})
	}
}

// The callback page reports what the provider says.
func TestSignoutSilentRefused(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	w.signIn(client, tab)
	w.op.Edit(func() {
		w.op.EditSignout = func(p url.Values) { p["error"] = []string{"server_error"} }
	})
	mustFail(t, "SignoutSilent", client.SignoutSilent(t.Context(), SignoutArgs{}), oidc.ErrProvider)
}

// A page may take a response for one of the other kind, as both have a state:
// what belongs to it is there when the right one asks.
func TestCallbacksOfTheOtherKind(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	signin := w.redirect(client, tab)
	if response, err := client.SignoutCallback(t.Context(), signin); err != nil || response.State != nil {
		t.Errorf("SignoutCallback = %v, %v", response, err)
	}
	if _, err := client.SigninCallback(t.Context(), signin); err != nil {
		t.Errorf("the sign-in: %v", err)
	}
	if err := client.SignoutRedirect(t.Context(), SignoutArgs{State: []byte(`"mine"`)}); err != nil {
		t.Fatal(err)
	}
	signout := w.op.Visit(tab.address)
	_, err := client.SigninCallback(t.Context(), signout+"&code=c")
	mustFail(t, "SigninCallback", err, oidc.ErrStateUnknown)
	if response, err := client.SignoutCallback(t.Context(), signout); err != nil || string(response.State) != `"mine"` {
		t.Errorf("the sign-out: %v, %v", response, err)
	}
}
