package session

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

// Cookies go along where the app wants that, and only with what is about the
// End-User or may be.
func TestCookies(t *testing.T) {
	tests := []struct {
		endpoint string
		address  func(*oidc.Metadata) string
		want     bool // with the setting
	}{
		{"discovery", func(m *oidc.Metadata) string { return oidc.ConfigurationURL(m.Issuer) }, true},
		{"jwks", func(m *oidc.Metadata) string { return m.JWKSURI }, false},
		{"par", func(m *oidc.Metadata) string { return m.PushedAuthorizationRequestEndpoint }, true},
		{"token", func(m *oidc.Metadata) string { return m.TokenEndpoint }, true}, // a code and a refresh token
		{"userinfo", func(m *oidc.Metadata) string { return m.UserinfoEndpoint }, true},
		{"revocation", func(m *oidc.Metadata) string { return m.RevocationEndpoint }, false},
	}
	for _, setting := range []bool{false, true} {
		w := newWorld(t)
		w.op.RefreshTokens = true
		w.settings.LoadUserinfo = true
		w.settings.Push = oidc.PushRequired
		w.settings.Provider.Cookies = setting
		var mu sync.Mutex
		sent := map[string][]bool{} // whether cookies went along, by address
		w.transport.Fail = func(req *oidc.Request) error {
			mu.Lock()
			defer mu.Unlock()
			sent[req.URL] = append(sent[req.URL], req.Cookies)
			return nil
		}
		client, tab := w.open(false)
		w.signIn(client, tab)
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		if err := client.RevokeTokens(t.Context(), RefreshToken); err != nil {
			t.Fatal(err)
		}
		metadata, err := client.Metadata(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range tests {
			requests := sent[tt.address(metadata)]
			if len(requests) == 0 {
				t.Errorf("%s: no request", tt.endpoint)
			}
			for _, got := range requests {
				if got != (setting && tt.want) {
					t.Errorf("Cookies %t: a request to %s with cookies: %t", setting, tt.endpoint, got)
				}
			}
		}
	}
}

// Cookies are a matter of the tab whose call it is, in one session.
func TestCookiesAreOfATab(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	var got []bool
	w.transport.Fail = func(req *oidc.Request) error {
		if strings.Contains(req.Body, "refresh_token") {
			got = append(got, req.Cookies)
		}
		return nil
	}
	plain, tab := w.open(false)
	w.settings.Provider.Cookies = true
	with, _ := w.open(false)
	w.signIn(plain, tab)
	for _, client := range []*Client{plain, with, plain} {
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, []bool{false, true, false}) {
		t.Errorf("refresh requests with cookies: %v", got)
	}
}
