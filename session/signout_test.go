package session

import (
	"net/url"
	"slices"
	"testing"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

func TestSignoutRedirect(t *testing.T) {
	w := newWorld(t)
	client, tab1 := w.open(false)
	other, tab2 := w.open(false)
	user := w.signIn(client, tab1)
	tab2.heard()
	err := client.SignoutRedirect(t.Context(), SignoutArgs{State: strictjson.RawMessage(`"bye"`)})
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
	state, err := client.SignoutCallback(t.Context(), back)
	if err != nil || string(state) != `"bye"` || len(tab1.transactions) != 0 {
		t.Errorf("SignoutCallback = %s, %v; %d transactions left", state, err, len(tab1.transactions))
	}
	// rp-init-logout-other-state, -no-state: they do no harm
	for _, callback := range []string{back, "https://app.example.test/", "https://app.example.test/?state=foreign"} {
		if state, err := client.SignoutCallback(t.Context(), callback); state != nil || err != nil {
			t.Errorf("SignoutCallback = %s, %v; want nothing", state, err)
		}
	}
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
				p.mu.Lock() // the keys may still be on their way
				p.metadata = nil
				p.mu.Unlock()
			}
		}, oidc.ErrNetwork},
		{"no end_session_endpoint", func(w *world) {
			for _, p := range w.registry.providers {
				p.metadata.EndSessionEndpoint = ""
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
