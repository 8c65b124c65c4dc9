//go:build known

package session

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// "the next user gets another key" (TestDPoPKeyEndsWithUser): two persons are
// not linkable by one key.
func TestKnownKeyOfTwoPersons(t *testing.T) {
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
		if client.session.key != nil {
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
}

// "the same person: nothing happens but that the order is taken"
// (docs/who-is-signed-in.md), whichever comes first, the storage event or the message.
func TestKnownSamePersonByStorageFirst(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.op.RefreshTokens = true
		o.w.signIn(o.clients[0], o.tabs[0])
		ann := o.clients[0].Current()
		o.tabs[0].heard()
		o.open() // the next program has restored nobody yet
		o.mu.Lock()
		o.late = true // messages come after storage events
		o.mu.Unlock()
		o.w.signIn(o.clients[1], o.tabs[1])
		synctest.Wait()
		if heard := o.tabs[0].heard(); len(heard) > 0 {
			t.Errorf("the same person signs in elsewhere, and the page hears %v", heard)
		}
		o.arrive()
		o.want("afterwards", "subject-1 subject-1")
		if !liveRefreshToken(t, o.w, ann.RefreshToken) {
			t.Error("the refresh token of the same person was revoked")
		}
	})
}

// "The user stays signed in, without the refresh token if that was revoked"
// (RevokeTokens), also where a renewal is in the air.
func TestKnownRevokeTokensDuringRenewal(t *testing.T) {
	for _, held := range []string{oidctest.Token, oidctest.Revocation} {
		t.Run("the slow one is "+held, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens, w.settings.ManualRenew = true, true
				client, tab := w.open(false)
				w.signIn(client, tab)
				w.op.Edit(func() {
					w.op.Hold = func(endpoint string, r *http.Request) {
						if endpoint == held {
							time.Sleep(time.Second)
						}
					}
				})
				done := make(chan error)
				go func() {
					if held == oidctest.Revocation {
						time.Sleep(100 * time.Millisecond)
					}
					_, err := client.SigninSilent(t.Context(), SigninArgs{})
					done <- err
				}()
				if held == oidctest.Token {
					synctest.Wait()
				}
				err := client.RevokeTokens(t.Context(), RefreshToken)
				t.Logf("revokeTokens: %v, renewal: %v", err, <-done)
				synctest.Wait()
				if user := client.Current(); err == nil && user != nil && user.RefreshToken != "" {
					t.Errorf("revokeTokens has resolved, and the user has a refresh token; it is live: %t", liveRefreshToken(t, w, user.RefreshToken))
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

// A token whose type says Bearer goes as such (RFC 6750), without a proof.
func TestKnownProofForBearer(t *testing.T) {
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
}

// As TestKnownSamePersonByStorageFirst; a page that slept gets no messages at all,
// and where frames see no cookies the look at the provider finds nobody.
func TestKnownSamePersonWhileAsleep(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.op.RefreshTokens = true
		o.w.signIn(o.clients[0], o.tabs[0])
		ann := o.clients[0].Current()
		o.deaf[0] = true // the page sleeps in the back/forward cache
		blocked := func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		next, tab := o.open()
		tab.frame, o.tabs[0].frame = blocked, blocked
		if user, _ := next.User(t.Context()); user != nil {
			t.Fatal("a frame that sees no cookies has found somebody")
		}
		o.w.signIn(next, tab)
		synctest.Wait()
		o.deaf[0] = false
		o.mu.Lock()
		kept := o.kept
		o.mu.Unlock()
		o.clients[0].Hinted(kept) // it is shown again
		o.want("the same person has signed in in another tab", "subject-1 subject-1")
		if !liveRefreshToken(t, o.w, ann.RefreshToken) {
			t.Error("the refresh token of the same person was revoked")
		}
	})
}
