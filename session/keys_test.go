package session

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Two persons are not linkable by one key.
func TestKeyOfTwoPersons(t *testing.T) {
	t.Run("a stored bearer user after a bound one", func(t *testing.T) {
		w, _ := newBound(t)
		w.settings.LoadUserinfo, w.settings.ManualRenew = false, true
		client, tab := w.open(false)
		ann := w.signIn(client, tab)
		w.op.Edit(func() { w.op.Subject = "subject-2" })
		claims := map[string]any{
			"iss": w.op.Issuer, "sub": w.op.Subject, "aud": w.op.ClientID, "iat": time.Now().Unix(), "exp": time.Now().Unix() + 300,
		}
		token := w.op.Sign(map[string]any{"alg": w.op.Keys[0].Alg, "kid": w.op.Keys[0].ID}, claims)
		if err := client.StoreUser(t.Context(), &User{AccessToken: "bobs", IDToken: oidc.Secret(token)}); err != nil {
			t.Fatal(err)
		}
		if jkt, _ := client.DPoPThumbprint(t.Context()); jkt == ann.key.Thumbprint() {
			t.Error("subject-2 is there, and the key is that of subject-1")
		}
		now, err := client.SigninSilent(t.Context(), SigninArgs{ForceFrame: true})
		if err != nil {
			t.Fatal(err)
		}
		if now.key != nil && now.key.Thumbprint() == ann.key.Thumbprint() {
			t.Errorf("%s has the key of %s", now.Subject(), ann.Subject())
		}
		_ = client.RemoveUser(t.Context())
	})
	t.Run("a code that is bound", func(t *testing.T) {
		w, _ := newBound(t)
		w.settings.BindCode = true
		client, tab := w.open(false)
		ann := w.signIn(client, tab)
		_ = client.RemoveUser(t.Context())
		w.op.Edit(func() { w.op.Subject = "subject-2" })
		next := w.signIn(client, tab)
		if ann.key.Thumbprint() == next.key.Thumbprint() {
			t.Errorf("%s has the key of %s, who has signed out", next.Subject(), ann.Subject())
		}
		_ = client.RemoveUser(t.Context())
		if client.session.key != nil || len(client.session.bound) > 0 {
			t.Error("a key is kept after the sign-out, and no code is away")
		}
	})
	t.Run("nobody, and the monitor looks who is at the provider", func(t *testing.T) {
		w, _ := newBound(t)
		client, tab := w.open(false)
		if _, err := client.QuerySessionStatus(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		was := client.session.key
		w.op.Edit(func() { w.op.Subject = "subject-2" })
		next := w.signIn(client, tab)
		if was != nil && was.Thumbprint() == next.key.Thumbprint() {
			t.Errorf("%s has the key of subject-1, who was found at the provider", next.Subject())
		}
		_ = client.RemoveUser(t.Context())
	})
	t.Run("a frame that finds somebody else", func(t *testing.T) {
		w, proofs := newBound(t)
		client, tab := w.open(false)
		w.signIn(client, tab)
		w.op.Edit(func() { w.op.Subject = "subject-2" })
		_, err := client.SigninSilent(t.Context(), SigninArgs{ForceFrame: true})
		mustFail(t, "SigninSilent", err, oidc.ErrSubjectChanged)
		if sent := proofs[oidctest.Token]; keyIn(sent[0].Get("DPoP")) == keyIn(sent[1].Get("DPoP")) {
			t.Error("the code of subject-2 went with the key of subject-1")
		}
		_ = client.RemoveUser(t.Context())
	})
}

// Two sign-ins in the air at once are of two persons, as far as anybody knows: the
// second has another key.
func TestKeyOfTwoAtOnce(t *testing.T) {
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

// Where the provider has said yes, a sign-in by redirect brings its user, whoever has
// signed in meanwhile: the key that the code is bound to waits for it.
func TestBoundCodeWhileAnotherSignsIn(t *testing.T) {
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

// A token whose type says Bearer goes as such (RFC 6750), without a proof. The refresh
// token that it came with is bound to the key all the same.
func TestProofForBearer(t *testing.T) {
	w, _ := newBound(t)
	w.settings.LoadUserinfo, w.settings.ManualRenew = false, true
	w.settings.Fetch = FetchSettings{Allow: []API{{URL: "https://api.example.test/"}}}
	client, tab := w.open(false)
	user := given(w.signIn(client, tab))
	user.AccessToken, user.TokenType = "of-bearers", "Bearer"
	if err := client.StoreUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	a := &api{}
	if _, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: "https://api.example.test/x"}, a); err != nil {
		t.Fatal(err)
	}
	if got := a.sent[0]; got["DPoP"] != "" {
		t.Errorf("a bearer token goes with a proof, as %.10s", got["Authorization"])
	}
	if now, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil || !isBound(now) {
		t.Errorf("the renewal: %v", err)
	}
}

// A token that is bound to a key which is gone is worth nothing: nobody can prove the
// possession of it, and another key would be a proof of something else.
func TestStoreUserWithoutItsKey(t *testing.T) {
	for _, then := range []string{"sign-out", "sign-in"} {
		t.Run("after a "+then, func(t *testing.T) {
			w, _ := newBound(t)
			client, tab := w.open(false)
			saved := given(w.signIn(client, tab))
			_ = client.RemoveUser(t.Context())
			if then == "sign-in" {
				w.op.Edit(func() { w.op.Subject = "subject-2" })
				w.signIn(client, tab)
			}
			mustFail(t, "StoreUser", client.StoreUser(t.Context(), saved), oidc.ErrDPoPKeyLost)
			_ = client.RemoveUser(t.Context())
		})
	}
}
