package session

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A switch of a tab's automatic renewal, some time after the sign-in.
type turn struct {
	after time.Duration
	tab   int
	on    bool
}

func TestRenewAutomatically(t *testing.T) {
	tests := []struct {
		name   string
		manual []bool // the setting of each tab
		turns  []turn
		want   []time.Duration // when there is a renewal, or within the minute before; the token lives an hour
	}{
		{"as set", []bool{false}, nil, []time.Duration{time.Hour}},
		{"as set, manual", []bool{true}, nil, nil},
		{"stopped", []bool{false}, []turn{{time.Minute, 0, false}}, nil},
		{"stopped twice", []bool{false}, []turn{{time.Minute, 0, false}, {2 * time.Minute, 0, false}}, nil},
		{"started before it is due", []bool{true}, []turn{{time.Minute, 0, true}}, []time.Duration{time.Hour}},
		{"started when it is due", []bool{true}, []turn{{time.Hour - 5*time.Second, 0, true}}, []time.Duration{time.Hour}},
		{"started when it has expired", []bool{true}, []turn{{90 * time.Minute, 0, true}}, []time.Duration{90 * time.Minute}},
		{"stopped and started", []bool{false}, []turn{{time.Minute, 0, false}, {90 * time.Minute, 0, true}}, []time.Duration{90 * time.Minute}},
		{"stopped after a renewal", []bool{false}, []turn{{65 * time.Minute, 0, false}}, []time.Duration{time.Hour}},
		{"stopped in one of two tabs", []bool{false, false}, []turn{{time.Minute, 0, false}}, []time.Duration{time.Hour}},
		{"stopped in both", []bool{false, false}, []turn{{time.Minute, 0, false}, {2 * time.Minute, 1, false}}, nil},
		{"started in the other", []bool{true, true}, []turn{{time.Minute, 1, true}}, []time.Duration{time.Hour}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				var clients []*Client
				var tabs []*tab
				for _, manual := range tt.manual {
					w.settings.ManualRenew = manual
					client, tab := w.open(false)
					clients, tabs = append(clients, client), append(tabs, tab)
				}
				w.signIn(clients[0], tabs[0])
				w.op.ResetRequests()
				start, renewals := time.Now(), []time.Duration{}
				for now := time.Duration(0); now < 110*time.Minute; now += time.Second {
					for _, turn := range tt.turns {
						if turn.after == now {
							clients[turn.tab].RenewAutomatically(turn.on)
						}
					}
					time.Sleep(time.Second)
					synctest.Wait()
					if n := w.op.Count(oidctest.Token); n > len(renewals) {
						renewals = append(renewals, time.Since(start))
					}
				}
				near := func(a, b time.Duration) bool { return a > b-time.Minute && a < b+2*time.Second }
				if !slices.EqualFunc(renewals, tt.want, near) {
					t.Errorf("renewals after %v, want %v", renewals, tt.want)
				}
				clients[0].session.stopTimer()
			})
		})
	}
}

// A response without scope has granted what the request has asked for (RFC 6749
// 5.1), so that user.scope says what the access token is for.
func TestScopeOfARenewal(t *testing.T) {
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
