package session

import (
	"net/url"
	"slices"
	"testing"
)

func TestFrontChannelLogout(t *testing.T) {
	const page = "https://app.example.test/frontchannel.html"
	query := func(iss, sid string) string { return page + "?" + url.Values{"iss": {iss}, "sid": {sid}}.Encode() }
	tests := []struct {
		name, address string
		ended         bool
	}{
		{"2 of this session", query("https://op.example.test", "sid-1"), true},
		{"2 neither iss nor sid", page, true},
		{"2 another session", query("https://op.example.test", "sid-2"), false},
		{"2 another issuer", query("https://evil.example", "sid-1"), false},
		{"2 iss alone", page + "?iss=https%3A%2F%2Fop.example.test", false},
		{"2 sid alone", page + "?sid=sid-1", false},
		{"2 not an address", "%", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.SessionID = "sid-1"
			client, first := w.open(false)
			_, second := w.open(false)
			w.signIn(client, first)
			first.heard()
			second.heard()
			if ended := w.registry.FrontChannelLogout(tt.address); ended != tt.ended {
				t.Errorf("FrontChannelLogout = %t, want %t", ended, tt.ended)
			}
			want := []EventName{}
			if tt.ended {
				want = []EventName{UserSignedOut, UserUnloaded}
			}
			for _, tab := range []*tab{first, second} {
				if heard := tab.heard(); !slices.Equal(heard, want) || tab.hint == tt.ended {
					t.Errorf("events = %v, hint %t; want %v", heard, tab.hint, want)
				}
			}
		})
	}
}

// A refreshed ID Token without sid is of the session of before.
func TestFrontChannelLogoutAfterRefresh(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens, w.op.SessionID = true, "sid-1"
	client, tab := w.open(false)
	w.signIn(client, tab)
	w.op.SessionID = ""
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
		t.Fatal(err)
	}
	if !w.registry.FrontChannelLogout("https://app.example.test/?iss=" + url.QueryEscape(w.op.Issuer) + "&sid=sid-1") {
		t.Error("the session is not known any more")
	}
}

// Nobody is signed in: there is nothing to end, and nothing to tell.
func TestFrontChannelLogoutOfNobody(t *testing.T) {
	w := newWorld(t)
	_, tab := w.open(false)
	if w.registry.FrontChannelLogout("https://app.example.test/") || len(tab.heard()) > 0 {
		t.Error("nobody was signed out")
	}
}
