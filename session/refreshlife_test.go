package session

import (
	"maps"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
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

// A refresh token that ends before the access token does is renewed before that, for who is there.
func TestRefreshTokenKept(t *testing.T) {
	const life = 90 // seconds: renewed between 60 and 75
	ofRefreshToken := IdleSettings{OfRefreshToken: true}
	tests := []struct {
		name     string
		idle     IdleSettings
		active   time.Duration // pause between signs of life; 0 for none
		response map[string]any
		edit     func(*Settings)
		want     int // renewals in two lives
	}{
		{"who is active", ofRefreshToken, 3 * time.Second, map[string]any{"refresh_expires_in": life}, nil, 2},
		{"who is active now and then", ofRefreshToken, 50 * time.Second, map[string]any{"refresh_expires_in": life}, nil, 2},
		{"who comes back at the last moment", ofRefreshToken, 88 * time.Second, map[string]any{"refresh_expires_in": life}, nil, 2},
		{"who does nothing", ofRefreshToken, 0, map[string]any{"refresh_expires_in": life}, nil, 0},
		{"who may do nothing for longer", IdleSettings{Timeout: time.Hour}, 0, map[string]any{"refresh_expires_in": life}, nil, 2},
		{"who is out before", IdleSettings{Timeout: 40 * time.Second}, 0, map[string]any{"refresh_expires_in": life}, nil, 0},
		{"whom nobody watches", IdleSettings{}, 0, map[string]any{"refresh_token_expires_in": life}, nil, 2},
		{"with renewals by hand", IdleSettings{}, 0, map[string]any{"refresh_expires_in": life}, func(s *Settings) { s.ManualRenew = true }, 0},
		{"unknown", IdleSettings{}, 0, nil, nil, 0},
		{"without an end", IdleSettings{}, 0, map[string]any{"refresh_expires_in": 0}, nil, 0},
		{"too short", IdleSettings{}, 0, map[string]any{"refresh_expires_in": 44}, nil, 0},
		{"longer than the access token", IdleSettings{}, 0, map[string]any{"refresh_expires_in": 3600, "expires_in": 400}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.Lifetime, w.op.RefreshTokens = 24*time.Hour, true
				w.settings.Idle = tt.idle
				if tt.edit != nil {
					tt.edit(&w.settings)
				}
				w.op.EditTokenResponse = func(response map[string]any) { maps.Copy(response, tt.response) }
				client, tab, _ := w.watched(says("unchanged"))
				w.signIn(client, tab)
				w.op.ResetRequests()
				const end = 2 * life * time.Second
				for passed := time.Duration(0); passed < end; {
					pause := end - passed
					if tt.active > 0 {
						pause = min(pause, tt.active)
					}
					time.Sleep(pause)
					synctest.Wait()
					passed += pause
					if tt.active > 0 {
						_ = client.StayActive(t.Context())
					}
				}
				if got := w.op.Count(oidctest.Token); got != tt.want {
					t.Errorf("%d renewals, want %d", got, tt.want)
				}
			})
		})
	}
}

// One that cannot be renewed is tried again, and no more often than an access token.
func TestRefreshTokenKeptInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime, w.op.RefreshTokens = 24*time.Hour, true
		w.op.EditTokenResponse = func(response map[string]any) { response["refresh_expires_in"] = 1800 }
		var fails atomic.Bool
		var tries atomic.Int64
		w.transport.Fail = func(req *oidc.Request) error {
			if req.Method == "POST" && fails.Load() {
				tries.Add(1)
				return oidc.ErrNetwork
			}
			return nil
		}
		client, tab, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		fails.Store(true)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if user, _ := client.session.current(); user == nil {
			t.Error("the session is over although the access token is good")
		}
		if n := tries.Load(); n < 1 || n > 10 {
			t.Errorf("%d tries", n)
		}
	})
}

// A renewal brings an end that is sooner than nobody has done anything for: it is counted down to.
func TestRefreshTokenSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime, w.op.RefreshTokens = 5*time.Minute, true
		w.settings.Idle = IdleSettings{OfRefreshToken: true, Warn: time.Minute}
		life := 1800
		w.op.EditTokenResponse = func(response map[string]any) {
			response["refresh_expires_in"] = life
			life = 200 // the provider's session is about to end
		}
		client, tab := w.open(false)
		w.signIn(client, tab)
		for range 600 {
			time.Sleep(time.Second)
			synctest.Wait()
			if client.Current() == nil {
				break
			}
		}
		if client.Current() != nil {
			t.Fatal("nobody was signed out")
		}
		if said := tab.countdown(); len(said) == 0 || said[0] != 60 {
			t.Errorf("the countdown: %v", said)
		}
	})
}
