package sessiontest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
	"github.com/oidcspa/oidcspa/session/sessiontest"
)

// greeting is the code under test: it works with the client of the app.
func greeting(ctx context.Context, client *session.Client) (string, error) {
	user, err := client.Restore(ctx, "") // with an access token that is good
	if err != nil || user == nil {
		return "Sign in", err
	}
	return fmt.Sprintf("Hello %s, with %s", user.Profile["name"], user.AccessToken.Reveal()), nil
}

func Example() {
	t := new(testing.T) // that of the test
	ctx := context.Background()
	app := sessiontest.New(t, nil)
	fmt.Println(greeting(ctx, app.Client))

	app.SignIn(sessiontest.User{
		Claims:      map[string]any{"sub": "ann", "name": "Ann"},
		AccessToken: "token-of-ann",
	})
	fmt.Println(greeting(ctx, app.Client))

	app.EndSession() // in another app, say
	_, err := app.Client.SigninSilent(ctx, session.SigninArgs{})
	var refusal *oidc.ProviderError
	fmt.Println(errors.As(err, &refusal) && refusal.ErrorCode == "login_required")

	app.SignOut()
	fmt.Println(greeting(ctx, app.Client))
	// Output:
	// Sign in <nil>
	// Hello "Ann", with token-of-ann <nil>
	// true
	// Sign in <nil>
}
