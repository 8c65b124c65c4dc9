//go:build known

package session

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// "what of a sign-in comes too late is revoked": a session found by a restore or
// a silent sign-in that is not needed, because another was faster, leaves no live refresh
// token behind.
func TestKnownTokensThatAreNotNeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens, w.settings.ManualRenew = true, true
		one, first := w.open(true)
		two, second := w.open(true)
		var tokens []string
		w.op.Edit(func() {
			w.op.EditTokenResponse = func(response map[string]any) {
				tokens = append(tokens, response["refresh_token"].(string))
			}
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Token {
					time.Sleep(time.Second)
				}
			}
		})
		_, _ = first, second
		done := make(chan error, 2)
		go func() { _, err := one.User(t.Context()); done <- err }()
		go func() { _, err := two.SigninSilent(t.Context(), SigninArgs{ForceFrame: true}); done <- err }()
		t.Log(<-done, <-done)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		user := one.Current()
		for _, token := range tokens {
			if token != user.RefreshToken.Reveal() && !w.op.Revoked(token) {
				t.Error("a refresh token that nobody has is still good")
			}
		}
		_ = one.RemoveUser(t.Context())
	})
}

// Who gives a sign-in up after the tokens are there leaves none behind: a sign-in
// that came to nothing is revoked ("revoked").
func TestKnownGivenUpAfterTheTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens, w.settings.ManualRenew, w.settings.LoadUserinfo = true, true, true
		client, _ := w.open(false)
		var token string
		ctx, cancel := context.WithCancel(t.Context())
		w.op.Edit(func() {
			w.op.EditTokenResponse = func(response map[string]any) { token = response["refresh_token"].(string) }
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Userinfo {
					cancel() // the tab is closed
					time.Sleep(time.Second)
				}
			}
		})
		_, err := client.SigninPopup(ctx, SigninArgs{})
		t.Log(err)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if err != nil && token != "" && !w.op.Revoked(token) {
			t.Error("the sign-in came to nothing, and its refresh token is still good")
		}
		_ = client.RemoveUser(t.Context())
	})
}
