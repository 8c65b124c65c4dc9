//go:build !js

package api

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

func (tab *tab) checkSession(_ context.Context, params []byte) (any, error) {
	var p checkParams
	result := checkResult{Answer: "unchanged"}
	err := tab.read(params, &p, func() {
		tab.checks = append(tab.checks, p)
		if len(tab.answers) > 0 {
			result.Answer, tab.answers = tab.answers[0], tab.answers[1:]
		}
	})
	return result, err
}

// watching is how often the provider's frame is asked in the first ten
// seconds after a sign-in.
func TestMonitorSettings(t *testing.T) {
	tests := []struct {
		name    string
		value   any
		answers []string
		want    int
	}{
		{"monitorSession", true, nil, 4},
		{"monitorSession", false, nil, 0},
		{"checkSessionIntervalInSeconds", 4, nil, 2},
		{"checkSessionIntervalInSeconds", 0.5, nil, 19},
		{"checkSessionIntervalInSeconds", nil, nil, 4},
		{"stopCheckSessionOnError", nil, []string{"error"}, 1},
		{"stopCheckSessionOnError", true, []string{"error"}, 1},
		{"stopCheckSessionOnError", false, []string{"error"}, 4},
		{"query_status_response_type", "code", nil, 4},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s=%v", tt.name, tt.value), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.CheckSession = true
				w.settings["monitorSession"] = true
				w.settings = w.with(tt.name, tt.value)
				tab := w.open()
				tab.answers = tt.answers
				tab.signIn(w.op)
				time.Sleep(10*time.Second - time.Millisecond)
				synctest.Wait()
				if n := len(tab.checks); n != tt.want {
					t.Errorf("%d questions, want %d", n, tt.want)
				}
				tab.must("removeUser", nil, nil)
			})
		})
	}
}

// A page may want its session watched later, and twice.
func TestMonitorSessionLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.CheckSession = true
		tab := w.open()
		tab.signIn(w.op)
		for _, want := range []int{0, 4, 9} {
			time.Sleep(10*time.Second - time.Millisecond)
			synctest.Wait()
			if n := len(tab.checks); n != want {
				t.Errorf("%d questions, want %d", n, want)
			}
			tab.must("monitorSession", nil, nil)
		}
		tab.must("removeUser", nil, nil)
	})
}

func TestMonitorAnonymousSession(t *testing.T) {
	for _, wanted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.CheckSession = true
			w.settings = w.with("monitorAnonymousSession", wanted)
			tab := w.open()
			time.Sleep(4 * time.Second)
			if heard := slices.Contains(tab.names(), session.UserSignedIn); heard != wanted {
				t.Errorf("monitorAnonymousSession %t: userSignedIn %t", wanted, heard)
			}
			tab.connection.Close()
		})
	}
}

// The page gets what the provider's frame needs.
func TestCheckSessionShape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.CheckSession = true
		w.settings = w.with("monitorSession", true)
		tab := w.open()
		user := tab.signIn(w.op)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		want := checkParams{
			URL: w.op.Issuer + "/check-session", Origin: w.op.Issuer, Message: "app " + user.SessionState, Keep: 64_000,
		}
		if !slices.Equal(tab.checks, []checkParams{want}) {
			t.Errorf("asked %+v, want %+v", tab.checks, want)
		}
		tab.must("removeUser", nil, nil)
	})
}

func TestIdleSetting(t *testing.T) {
	tests := []struct {
		name      string
		value     object
		countdown int // events in the last minute, less the one of the end
		signout   bool
	}{
		{"a minute of warning", object{"timeoutInSeconds": 600}, 60, true},
		{"no warning", object{"timeoutInSeconds": 600, "warnInSeconds": 0}, 0, true},
		{"ten seconds", object{"timeoutInSeconds": 600, "warnInSeconds": 10, "action": "signout"}, 10, true},
		{"here alone", object{"timeoutInSeconds": 600, "warnInSeconds": 5, "action": "remove"}, 5, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings = w.with("idle", tt.value)
				tab := w.open()
				tab.signIn(w.op)
				synctest.Wait()
				tab.names()
				before := tab.visited()
				time.Sleep(10*time.Minute + time.Second)
				names := tab.names()
				if n := len(names); n != tt.countdown+2 || names[n-1] != session.UserUnloaded {
					t.Errorf("%d events, want %d", n, tt.countdown+2)
				}
				if signout := tab.visited() != before; signout != tt.signout {
					t.Errorf("went to the provider: %t, want %t", signout, tt.signout)
				}
			})
		})
	}
}

// The time can be that of the refresh token.
func TestIdleOfRefreshToken(t *testing.T) {
	for _, tt := range []struct {
		value object
		after time.Duration
	}{
		{object{"ofRefreshToken": true}, 10 * time.Minute},
		{object{"ofRefreshToken": true, "timeoutInSeconds": 60}, time.Minute},
		{object{"ofRefreshToken": false, "timeoutInSeconds": 1200}, 20 * time.Minute},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.op.EditTokenResponse = func(response map[string]any) { response["refresh_expires_in"] = 600 }
			w.settings = w.with("idle", tt.value)
			tab := w.open()
			tab.signIn(w.op)
			synctest.Wait()
			before := tab.visited()
			time.Sleep(tt.after - time.Second)
			if tab.visited() != before {
				t.Errorf("%v: went to the provider too early", tt.value)
			}
			time.Sleep(2 * time.Second)
			if tab.visited() == before {
				t.Errorf("%v: nobody went to the provider", tt.value)
			}
		})
	}
}

func TestStayActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings = w.with("idle", object{"timeoutInSeconds": 60})
		tab := w.open()
		tab.signIn(w.op)
		time.Sleep(50 * time.Second)
		if err := tab.conn.Notify("stayActive", object{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Second)
		var user *userJSON
		if tab.must("getUser", nil, &user); user == nil {
			t.Error("nobody is signed in")
		}
		tab.must("removeUser", nil, nil)
	})
}

func TestWatchSettingsRefused(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  oidc.Code
	}{
		{"idle", object{}, oidc.ErrInvalidConfig},
		{"idle", object{"timeoutInSeconds": -1}, oidc.ErrInvalidConfig},
		{"idle", object{"timeoutInSeconds": 60, "action": "lock"}, oidc.ErrInvalidConfig},
		{"idle", object{"timeoutInSeconds": 60, "seconds": 1}, oidc.ErrInvalidConfig},
		{"query_status_response_type", "id_token", oidc.ErrUnsupported},
		{"logoutEvents", "https://api.example.test/events", oidc.ErrInvalidConfig}, // not on fetch.allow
		{"logoutEvents", true, oidc.ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s=%v", tt.name, tt.value), func(t *testing.T) {
			w := newWorld(t)
			w.connect().mustFail("open", object{"version": Version, "settings": w.with(tt.name, tt.value)}, tt.want)
		})
	}
}

func TestQuerySessionStatus(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	var found *sessionStatusJSON
	if tab.must("querySessionStatus", nil, &found); found != nil {
		t.Errorf("without session management: %+v", found)
	}
	w.op.CheckSession = true
	if tab.must("querySessionStatus", nil, &found); found == nil || found.Sub != w.op.Subject || found.SessionState == "" {
		t.Errorf("status = %+v", found)
	}
	w.op.SignedIn = false
	tab.mustFail("querySessionStatus", nil, oidc.ErrProvider)
}

// The host tells of the front-channel logout page without being a tab.
func TestFrontchannelLogout(t *testing.T) { synctest.Test(t, testFrontchannelLogout) }

func testFrontchannelLogout(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	tab.signIn(w.op)
	synctest.Wait()
	tab.names()
	host := w.connect()
	host.must("frontchannelLogout", object{"url": "https://app.example.test/?iss=https://evil.example&sid=s"}, nil)
	synctest.Wait()
	if names := tab.names(); len(names) > 0 {
		t.Errorf("events = %v of another's logout", names)
	}
	host.must("frontchannelLogout", object{"url": "https://app.example.test/"}, nil)
	host.mustFail("frontchannelLogout", object{"other": 1}, oidc.ErrInvalidArgument)
	host.mustFail("getUser", nil, oidc.ErrInvalidArgument)
	if err := host.conn.Notify("close", nil); err != nil {
		t.Fatal(err)
	}
	var user *userJSON
	tab.must("getUser", nil, &user)
	synctest.Wait()
	if names := tab.names(); !slices.Equal(names, []session.EventName{session.UserSignedOut, session.UserUnloaded}) || user != nil {
		t.Errorf("events = %v, user %t", names, user != nil)
	}
}

func TestSigninInitiated(t *testing.T) {
	w := newWorld(t)
	tab := w.open()
	tab.must("signinInitiated", object{"url": "https://app.example.test/?login_hint=me&iss=" + w.op.Issuer}, nil)
	if got := tab.query().Get("login_hint"); got != "me" {
		t.Errorf("login_hint = %q", got)
	}
	tab.mustFail("signinInitiated", object{"url": "https://app.example.test/"}, oidc.ErrCallbackMissing)
	if n := w.op.Count(oidctest.Authorize); n != 0 {
		t.Errorf("%d requests", n)
	}
}
