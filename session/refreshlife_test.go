package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// Who does nothing is signed out after the life of the refresh token, where that is known.
func TestIdleOfRefreshToken(t *testing.T) {
	tests := []struct {
		name     string
		timeout  time.Duration
		response map[string]any // members of the token response
		want     time.Duration  // 0: no end
	}{
		{"unknown", 0, nil, 0},
		{"unknown, with a time", 2 * time.Minute, nil, 2 * time.Minute},
		{"refresh_expires_in", 0, map[string]any{"refresh_expires_in": 1800}, 30 * time.Minute},
		{"refresh_expires_in as text", 0, map[string]any{"refresh_expires_in": "1800"}, 30 * time.Minute},
		{"refresh_token_expires_in", 0, map[string]any{"refresh_token_expires_in": 600}, 10 * time.Minute},
		{"shorter than the time", time.Hour, map[string]any{"refresh_expires_in": 1800}, 30 * time.Minute},
		{"longer than the time", time.Minute, map[string]any{"refresh_expires_in": 1800}, time.Minute},
		{"without an end", 0, map[string]any{"refresh_expires_in": 0}, 0},
		{"too short", 0, map[string]any{"refresh_expires_in": 44}, 0},
		{"what is no number", 0, map[string]any{"refresh_expires_in": "half an hour"}, 0},
		{"no refresh token", 0, map[string]any{"refresh_token": nil, "refresh_expires_in": 1800}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.Lifetime, w.op.RefreshTokens = 24*time.Hour, true
				w.settings.Idle = IdleSettings{Timeout: tt.timeout, OfRefreshToken: true}
				w.op.EditTokenResponse = func(response map[string]any) {
					for name, value := range tt.response {
						if response[name] = value; value == nil {
							delete(response, name)
						}
					}
				}
				client, tab, _ := w.watched(says("unchanged"))
				w.signIn(client, tab)
				if tt.want > 0 {
					time.Sleep(tt.want - time.Millisecond)
					if user, _ := client.session.current(); user == nil {
						t.Fatal("signed out too early")
					}
					time.Sleep(time.Second)
					synctest.Wait()
				} else {
					time.Sleep(2 * time.Hour)
				}
				if user, _ := client.session.current(); (user == nil) != (tt.want > 0) {
					t.Errorf("somebody is signed in: %t, want an end after %s", user != nil, tt.want)
				}
			})
		})
	}
}
