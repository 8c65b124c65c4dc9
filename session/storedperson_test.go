package session

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Without an ID Token everything is the app's word: the person is the one that the
// profile says, and stays when the provider says the same.
func TestStoredUserWithoutIDToken(t *testing.T) {
	profile := map[string]strictjson.RawMessage{"sub": strictjson.RawMessage(`"subject-1"`)}
	t.Run("signinSilent", func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew = true
		client, _ := w.open(false)
		if err := client.StoreUser(t.Context(), &User{AccessToken: "a", Profile: profile}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Errorf("the same person is found, and the renewal fails: %v", err)
		}
	})
	t.Run("renewal before the token ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			client, _ := w.open(false)
			if err := client.StoreUser(t.Context(), &User{AccessToken: "a", Profile: profile, ExpiresAt: time.Now().Add(5 * time.Minute).Unix()}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(4*time.Minute + 55*time.Second)
			synctest.Wait()
			if client.Current() == nil {
				t.Error("signed out, and the provider has a session of the same person")
			}
			_ = client.RemoveUser(t.Context())
		})
	})
	t.Run("token of a resource", func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew = true
		w.settings.Fetch = FetchSettings{Allow: []API{{URL: "https://api.example.test/", Resource: "https://api.example.test/"}}}
		client, _ := w.open(false)
		if err := client.StoreUser(t.Context(), &User{AccessToken: "a", Profile: profile}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: "https://api.example.test/x"}, &api{}); err != nil {
			t.Errorf("no token for the resource: %v", err)
		}
	})
}

// The claims of the userinfo endpoint are those of that person, too, where the renewal
// brings no ID Token (OIDC Core 12.2). Where nobody says who it is, none are asked for.
func TestUserinfoOfStoredUser(t *testing.T) {
	for _, named := range []bool{true, false} {
		w := newWorld(t)
		w.op.RefreshTokens, w.settings.LoadUserinfo, w.settings.ManualRenew = true, true, true
		client, tab := w.open(false)
		saved := given(w.signIn(client, tab))
		if saved.IDToken = ""; !named {
			saved.Profile = nil
		}
		if err := client.StoreUser(t.Context(), saved); err != nil {
			t.Fatal(err)
		}
		w.op.ResetRequests()
		w.op.Edit(func() { w.op.EditTokenResponse = func(response map[string]any) { delete(response, "id_token") } })
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Errorf("named %t: the renewal: %v", named, err)
		}
		if asked := w.op.Count(oidctest.Userinfo) > 0; asked != named {
			t.Errorf("named %t: the userinfo endpoint was asked: %t", named, asked)
		}
		_ = client.RemoveUser(t.Context())
	}
}

// The monitor ends no session of the same person.
func TestMonitorOfStoredUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatchedWorld(t)
		client, _, _ := w.watched(says("unchanged changed unchanged"))
		profile := map[string]strictjson.RawMessage{"sub": strictjson.RawMessage(`"subject-1"`)}
		if err := client.StoreUser(t.Context(), &User{AccessToken: "a", Profile: profile, SessionState: "state.salt"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if client.Current() == nil {
			t.Error("signed out, and the provider has a session of the same person")
		}
		_ = client.RemoveUser(t.Context())
	})
}
