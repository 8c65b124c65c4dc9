//go:build known

package session

import "testing"

// A response without scope has granted what the request has asked for (RFC 6749
// 5.1), so that user.scope says what the access token is for.
func TestKnownScopeOfARenewal(t *testing.T) {
	for _, tt := range []struct{ name, refreshScope, asked, want string }{
		{"more", "", "openid profile extra", "openid profile extra"},
		{"less", "", "openid", "openid"},
		{"the setting refreshTokenAllowedScope", "openid", "", "openid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens, w.settings.ManualRenew, w.settings.RefreshScope = true, true, tt.refreshScope
			w.op.EditTokenResponse = func(response map[string]any) { delete(response, "scope") }
			client, tab := w.open(false)
			w.signIn(client, tab)
			user, err := client.SigninSilent(t.Context(), SigninArgs{Scope: tt.asked})
			if err != nil {
				t.Fatal(err)
			}
			if user.Scope != tt.want {
				t.Errorf("scope = %q, want %q", user.Scope, tt.want)
			}
			_ = client.RemoveUser(t.Context())
		})
	}
}
