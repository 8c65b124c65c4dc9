package sessiontest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
	"github.com/oidcspa/oidcspa/session/sessiontest"
)

// heard returns the names of the events.
func heard(app *sessiontest.App) (names []session.EventName) {
	for _, event := range app.Events() {
		names = append(names, event.Name)
	}
	return names
}

// What a test can have happen, and what the client makes of it.
func TestApp(t *testing.T) {
	ann := sessiontest.User{Claims: map[string]any{"sub": "ann"}, AccessToken: "token-of-ann", Lifetime: 10 * time.Minute}
	tests := []struct {
		name   string
		edit   func(*session.Settings)
		does   func(*sessiontest.App)
		user   string // sub; "" for nobody
		events []session.EventName
	}{
		{"nobody", nil, func(*sessiontest.App) {}, "", nil},
		{"signed in", nil, func(a *sessiontest.App) { a.SignIn(ann) }, "ann", []session.EventName{session.UserLoaded}},
		{"who is not named", nil, func(a *sessiontest.App) { a.SignIn(sessiontest.User{}) }, "subject-1", []session.EventName{session.UserLoaded}},
		{"signed out", nil, func(a *sessiontest.App) { a.SignIn(ann); a.SignOut() }, "",
			[]session.EventName{session.UserLoaded, session.UserUnloaded}},
		{"another", nil, func(a *sessiontest.App) { a.SignIn(ann); a.SignOut(); a.SignIn(sessiontest.User{}) }, "subject-1",
			[]session.EventName{session.UserLoaded, session.UserUnloaded, session.UserLoaded}},
		{"renewed", nil, func(a *sessiontest.App) { a.SignIn(ann); time.Sleep(ann.Lifetime) }, "ann",
			[]session.EventName{session.UserLoaded, session.AccessTokenExpiring, session.UserLoaded}},
		{"renewed in a frame", nil, func(a *sessiontest.App) { a.OP.RefreshTokens = false; a.SignIn(ann); time.Sleep(ann.Lifetime) }, "ann",
			[]session.EventName{session.UserLoaded, session.AccessTokenExpiring, session.UserLoaded}},
		{"ended at the provider", nil, func(a *sessiontest.App) { a.SignIn(ann); a.EndSession(); time.Sleep(ann.Lifetime) }, "",
			[]session.EventName{session.UserLoaded, session.AccessTokenExpiring, session.UserUnloaded}},
		{"expired", func(s *session.Settings) { s.ManualRenew = true }, func(a *sessiontest.App) { a.SignIn(ann); time.Sleep(ann.Lifetime) }, "ann",
			[]session.EventName{session.UserLoaded, session.AccessTokenExpiring, session.AccessTokenExpired}},
		{"idle", func(s *session.Settings) { s.Idle.Timeout = time.Minute }, func(a *sessiontest.App) { a.SignIn(ann); time.Sleep(time.Hour) }, "",
			[]session.EventName{session.UserLoaded, session.IdleCountdown, session.UserUnloaded}},
		{"in a window", nil, func(a *sessiontest.App) {
			_, _ = a.Client.SigninPopup(context.Background(), session.SigninArgs{})
		}, "subject-1",
			[]session.EventName{session.UserLoaded}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := sessiontest.New(t, tt.edit)
				tt.does(app)
				synctest.Wait()
				sub := ""
				if user := app.Client.Current(); user != nil {
					sub = user.Subject()
				}
				if sub != tt.user {
					t.Errorf("signed in is %q, want %q", sub, tt.user)
				}
				if got := heard(app); !slices.Equal(got, tt.events) {
					t.Errorf("events = %v, want %v", got, tt.events)
				}
			})
		})
	}
}

// While the network is away the user stays.
func TestAppWithoutNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := sessiontest.New(t, nil)
		app.SignIn(sessiontest.User{Lifetime: time.Minute})
		app.Offline(true)
		time.Sleep(2 * time.Minute)
		if _, err := app.Client.Restore(t.Context(), ""); !errors.Is(err, oidc.ErrNetwork) || app.Client.Current() == nil {
			t.Errorf("Restore = %v, want %s, and the user to stay", err, string(oidc.ErrNetwork))
		}
		app.Offline(false)
		app.Client.Wake()
		time.Sleep(time.Minute)
		if user, err := app.Client.Restore(t.Context(), ""); err != nil || user == nil {
			t.Errorf("Restore = %v, want the user", err)
		}
	})
}

// The token and the claims are those of the test, and have passed every check.
func TestAppUser(t *testing.T) {
	app := sessiontest.New(t, func(s *session.Settings) { s.LoadUserinfo = true })
	user := app.SignIn(sessiontest.User{Claims: map[string]any{"sub": "ann", "groups": []string{"staff"}}, AccessToken: "token-of-ann"})
	if user.AccessToken.Reveal() != "token-of-ann" || string(user.Profile["groups"]) != `["staff"]` {
		t.Errorf("user %s with %s", user.Profile, user.AccessToken.Reveal())
	}
	if app.OP.Count(oidctest.Token) != 1 || app.OP.Count(oidctest.JWKS) == 0 {
		t.Errorf("requests %v", app.OP.Requests())
	}
}
