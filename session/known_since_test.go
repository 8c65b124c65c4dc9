//go:build known

package session

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// "Without an ID Token everything is the app's word" (StoreUser): the person is
// the one that the profile says, as a refresh has it (silent.go), and stays when the
// provider says the same.
func TestKnownStoredUserWithoutIDToken(t *testing.T) {
	bob := map[string]strictjson.RawMessage{"sub": strictjson.RawMessage(`"subject-1"`)}
	t.Run("signinSilent", func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew = true
		client, _ := w.open(false)
		if err := client.StoreUser(t.Context(), &User{AccessToken: "a", Profile: bob}); err != nil {
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
			if err := client.StoreUser(t.Context(), &User{AccessToken: "a", Profile: bob, ExpiresAt: time.Now().Add(5 * time.Minute).Unix()}); err != nil {
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
		if err := client.StoreUser(t.Context(), &User{AccessToken: "a", Profile: bob}); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: "https://api.example.test/x"}, &api{}); err != nil {
			t.Errorf("no token for the resource: %v", err)
		}
	})
}

// Two sign-ins in the air at once are of two persons, as far as anybody knows:
// the second has another key (keyFor: "what somebody has who is there already is bound
// to another key").
func TestKnownKeyOfTwoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := newBound(t)
		w.settings.LoadUserinfo, w.settings.ManualRenew = false, true
		one, first := w.open(false)
		two, tab := w.open(false)
		w.op.Edit(func() {
			issued := 0
			w.op.EditIDToken = func(_, claims map[string]any) {
				issued++
				claims["sub"] = fmt.Sprintf("subject-%d", issued)
			}
			note := w.op.Hold
			w.op.Hold = func(endpoint string, r *http.Request) {
				note(endpoint, r)
				if endpoint == oidctest.Token {
					time.Sleep(time.Second) // both are in the air
				}
			}
		})
		var mu sync.Mutex
		subject := 0
		visit := func(_ context.Context, p Popup) (string, error) {
			mu.Lock()
			subject++
			mine := subject
			mu.Unlock()
			time.Sleep(time.Duration(mine) * 100 * time.Millisecond)
			return w.op.Visit(p.URL), nil
		}
		tab.popup, first.popup = visit, visit
		var users [2]*User
		var group sync.WaitGroup
		for i, c := range []*Client{one, two} {
			group.Go(func() { users[i], _ = c.SigninPopup(t.Context(), SigninArgs{}) })
		}
		group.Wait()
		if users[0] == nil || users[1] == nil {
			t.Fatal("no users")
		}
		t.Log(users[0].Subject(), users[1].Subject())
		if users[0].Subject() != users[1].Subject() && users[0].key.Thumbprint() == users[1].key.Thumbprint() {
			t.Error("two persons have one key")
		}
		_ = one.RemoveUser(t.Context())
	})
}

// Where the provider has said yes, a sign-in by redirect brings its user
// ("arrives"), whoever has signed in meanwhile: the code is bound to the key that there
// was when the tab left.
func TestKnownBoundCodeWhileAnotherSignsIn(t *testing.T) {
	w, _ := newBound(t)
	w.settings.LoadUserinfo, w.settings.ManualRenew = false, true
	plain, _ := w.open(false)
	w.settings.BindCode = true
	bound, tab := w.open(false)
	w.signIn(bound, tab)
	back := w.redirect(bound, tab) // it leaves for a sign-in, say for more scopes
	if _, err := plain.SigninPopup(t.Context(), SigninArgs{}); err != nil {
		t.Fatal(err)
	}
	if _, err := bound.SigninCallback(t.Context(), back); err != nil {
		t.Errorf("the provider has said yes, and the sign-in fails: %v", err)
	}
	_ = bound.RemoveUser(t.Context())
}
