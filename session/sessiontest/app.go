// Package sessiontest is for tests of Go code that works with a [session.Client]: the client is the real one, with its
// checks, renewals and events, and there is neither a browser nor a network. The provider is [oidctest.OP], which signs
// in whom the test says.
//
// What comes with time, such as the end of a token, its renewal, or a sign-out for doing nothing, a test has at once
// inside a bubble of package testing/synctest: there time.Sleep moves the clocks of both sides.
package sessiontest

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

// A User is who signs in.
type User struct {
	// Claims are added to those of the ID Token, and replace them: sub, name, acr, ...
	// Without a sub it is "subject-1".
	Claims map[string]any

	// AccessToken is the one of the sign-in and of its renewals. Empty has the provider make them.
	AccessToken string

	// Lifetime of the access token; 0 means an hour.
	Lifetime time.Duration
}

// An App is the only page of an app, and all that is around it.
type App struct {
	Client *session.Client

	// OP says what else the provider does; change it under [oidctest.OP.Edit].
	OP *oidctest.OP

	tb testing.TB

	mu           sync.Mutex
	offline      bool
	address      string          // guarded by mu, as all below
	events       []session.Event // nobody has asked for
	transactions map[oidc.Secret]session.Transaction
}

// New returns an app in which nobody is signed in. Issuer, ClientID and RedirectURI of its settings are those of the provider;
// edit, if it is not nil, changes the settings before they count. The client ends with the test.
func New(tb testing.TB, edit func(*session.Settings)) *App {
	tb.Helper()
	op := oidctest.New(tb)
	op.RefreshTokens = true
	a := &App{OP: op, tb: tb, transactions: map[oidc.Secret]session.Transaction{}}
	transport := op.Transport()
	transport.Fail = a.fail
	settings := session.Settings{
		Issuer:                op.Issuer,
		ClientID:              op.ClientID,
		RedirectURI:           "https://app.example.test/callback.html",
		PostLogoutRedirectURI: "https://app.example.test/",
	}
	if edit != nil {
		edit(&settings)
	}
	does := session.Page{Navigator: page{a}, Framer: page{a}, Popper: page{a}, Transactions: page{a}, Listener: page{a}}
	client, err := session.NewRegistry(session.Config{Transport: transport}).Open(settings, does, session.Hint{})
	if err != nil {
		tb.Fatalf("sessiontest: %v", err)
	}
	a.Client = client
	tb.Cleanup(func() {
		_ = client.RemoveUser(context.Background()) // what watches the user ends
		client.Close()
	})
	return a
}

// SignIn signs user in, by a redirect to the provider and back, instead of who was there.
func (a *App) SignIn(user User) *session.User {
	a.tb.Helper()
	a.OP.Edit(func() { a.serve(user) })
	if err := a.Client.SigninRedirect(context.Background(), session.SigninArgs{}); err != nil {
		a.tb.Fatalf("sessiontest: sign-in: %v", err)
	}
	signedIn, err := a.Client.SigninCallback(context.Background(), a.OP.Visit(a.Address()))
	if err != nil {
		a.tb.Fatalf("sessiontest: sign-in: %v", err)
	}
	return signedIn
}

// serve has the provider sign in user.
func (a *App) serve(user User) {
	a.OP.SignedIn, a.OP.Respond = true, nil
	a.OP.Subject, a.OP.Lifetime = "subject-1", time.Hour
	if sub, ok := user.Claims["sub"].(string); ok {
		a.OP.Subject = sub
	}
	if user.Lifetime > 0 {
		a.OP.Lifetime = user.Lifetime
	}
	a.OP.EditIDToken = func(_, claims map[string]any) {
		maps.Copy(claims, user.Claims)
		if user.AccessToken != "" {
			delete(claims, "at_hash") // of the token that the provider has made
		}
	}
	a.OP.EditTokenResponse = func(response map[string]any) {
		if user.AccessToken != "" {
			response["access_token"] = user.AccessToken
		}
	}
}

// SignOut signs out as an app does that calls [session.Client.SignoutRedirect]; the provider's session ends, too.
func (a *App) SignOut() {
	a.tb.Helper()
	if err := a.Client.SignoutRedirect(context.Background(), session.SignoutArgs{}); err != nil {
		a.tb.Fatalf("sessiontest: sign-out: %v", err)
	}
	a.EndSession()
}

// EndSession ends the session at the provider, which tells nobody: the client finds out with the next renewal.
func (a *App) EndSession() {
	a.OP.Edit(func() {
		a.OP.SignedIn = false
		a.OP.Respond = func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
			if endpoint != oidctest.Token {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
			return true
		}
	})
}

// Offline takes the network away from now on, or gives it back.
func (a *App) Offline(is bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.offline = is
}

func (a *App) fail(*oidc.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.offline {
		return oidc.ErrNetwork
	}
	return nil
}

// Address is where the page was last sent to.
func (a *App) Address() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.address
}

// Events returns what the page has heard since they were last asked for.
func (a *App) Events() []session.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	events := a.events
	a.events = nil
	return events
}
