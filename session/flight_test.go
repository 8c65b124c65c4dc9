package session

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// getUser() of who is signed in now gets neither the failure of a renewal of the person
// before, nor its word that there is nothing to do.
func TestUserDoesNotJoinRenewalOfAnother(t *testing.T) {
	for name, between := range map[string]func(*Client){
		"after a sign-out":   func(c *Client) { _ = c.RemoveUser(context.Background()) },
		"without a sign-out": func(*Client) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				client, tab := w.open(false)
				other, otherTab := w.open(false)
				ann := w.signIn(client, tab)
				release := holdToken(w)
				go func() { _ = client.session.keep(t.Context(), client, ann) }()
				synctest.Wait()
				between(client)
				w.op.Edit(func() {
					w.op.Subject = "bob"
					w.op.EditTokenResponse = func(r map[string]any) { r["expires_in"] = 6 }
				})
				w.signIn(other, otherTab)
				time.Sleep(8 * time.Second)
				got := make(chan *User, 1)
				go func() {
					user, err := other.User(t.Context())
					if err != nil {
						t.Error(err)
					}
					got <- user
				}()
				synctest.Wait()
				close(release)
				if user := <-got; user == nil || user.Subject() != "bob" {
					t.Errorf("User = %v", user)
				}
				_ = client.RemoveUser(t.Context())
				client.Close()
				other.Close()
				time.Sleep(time.Hour)
			})
		})
	}
}

// Who wants a token renewed does not join the renewal of the one before, for which there
// is nothing to do by now.
func TestRenewalOfTheTokenBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		before := w.signIn(client, tab)
		s := client.session
		s.renewing <- struct{}{}
		go func() { _ = s.keep(t.Context(), client, before) }()
		synctest.Wait()
		user, err := client.SigninSilent(t.Context(), SigninArgs{ForceFrame: true})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() { done <- s.keep(t.Context(), client, user) }()
		synctest.Wait()
		<-s.renewing
		if err := <-done; err != nil || client.Current() == user {
			t.Errorf("keep = %v, and the token is the one of before", err)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// What fails for the person before is no failure of who is there now: no event, no
// pause.
func TestFailuresOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		ann := w.signIn(client, tab)
		release := make(chan struct{})
		tab.set(func() {
			tab.frame = func(context.Context, string) (string, error) {
				<-release
				return "", oidc.ErrNetwork
			}
		})
		go func() { _ = client.session.keep(t.Context(), client, ann) }()
		synctest.Wait()
		w.op.Edit(func() { w.op.Subject = "bob" })
		bob := w.signIn(client, tab)
		tab.heard()
		close(release)
		synctest.Wait()
		last := client.session.lastFailure(bob)
		if heard, pause := tab.heard(), last.Pause(time.Now(), 0); len(heard) > 0 || pause > 0 {
			t.Errorf("the tab hears %v, and the next renewal waits for %v", heard, pause)
		}
		const resource = "https://api.example.test/"
		for range refusalLimit {
			client.session.resourceFailed(ann, resource, oidc.ErrProvider)
		}
		if err := client.session.fetches.tooManyFailures(resource, client.session.config.Now()); err != nil {
			t.Error("no token for a resource because of the person before:", err)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// holdToken has the next token request wait until release is closed.
func holdToken(w *world) (release chan struct{}) {
	release = make(chan struct{})
	w.op.Edit(func() {
		w.op.Hold = func(endpoint string, _ *http.Request) {
			if endpoint == oidctest.Token {
				w.op.Edit(func() { w.op.Hold = nil })
				<-release
			}
		}
	})
	return release
}

// A sign-in that the app asks for after a sign-out succeeds, also while an
// earlier call for the same is still under way (slow metadata).
func TestSigninDoesNotJoinOneBeforeSignout(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		client, tab := o.clients[0], o.tabs[0]
		release := make(chan struct{})
		o.w.op.Edit(func() {
			o.w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Discovery {
					<-release
				}
			}
		})
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { first <- client.SigninRedirect(t.Context(), SigninArgs{}) }()
		synctest.Wait()
		_ = client.RemoveUser(t.Context())
		synctest.Wait()
		go func() { second <- client.SigninRedirect(t.Context(), SigninArgs{}) }()
		synctest.Wait()
		close(release)
		<-first
		if err := <-second; err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := client.SigninCallback(t.Context(), o.w.op.Visit(tab.address)); err != nil {
			t.Errorf("the sign-in asked for after the sign-out: %v", err)
		}
		o.want("after it", "subject-1")
	})
}

// slowPut has Put of a tab wait.
type slowPut struct {
	*tab
	wait  chan struct{}
	armed atomic.Bool
}

func (s *slowPut) Put(ctx context.Context, state oidc.Secret, tx Transaction) error {
	if s.armed.Load() {
		<-s.wait
	}
	return s.tab.Put(ctx, state, tx)
}

// The sign-out of the person who is there now ends that person's session:
// the tokens are revoked, also while the tab has not left yet for the sign-out of
// the person before.
func TestSignoutDoesNotJoinThatOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		w.settings.ManualRenew = true
		w.settings.RevokeTypes, w.settings.Scope = []TokenType{AccessToken, RefreshToken}, "openid offline_access"
		tab := newTab(w.op)
		slow := &slowPut{tab: tab, wait: make(chan struct{})}
		page := tab.page()
		page.Transactions = slow
		client, err := w.registry.Open(w.settings, page, Hint{})
		if err != nil {
			t.Fatal(err)
		}
		other, otherTab := w.open(false)
		w.signIn(client, tab)
		slow.armed.Store(true)
		go func() { _ = client.SignoutRedirect(t.Context(), SignoutArgs{}) }()
		synctest.Wait()
		w.op.Edit(func() { w.op.Subject = "bob" })
		bob := w.signIn(other, otherTab)
		done := make(chan error, 1)
		go func() { done <- client.SignoutRedirect(t.Context(), SignoutArgs{}) }()
		synctest.Wait()
		close(slow.wait)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if client.Current() != nil {
			t.Error("bob is signed in")
		}
		if liveRefreshToken(t, w, bob.RefreshToken) {
			t.Error("the refresh token of who signed out is good")
		}
		client.Close()
		other.Close()
		time.Sleep(time.Hour)
	})
}

// The token for a resource of who is signed in now is not that, nor the
// failure, of the person before.
func TestResourceDoesNotJoinThatOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.ManualRenew = true
		client, tab := w.open(false)
		w.signIn(client, tab)
		release := make(chan struct{})
		var n atomic.Int32
		tab.set(func() {
			tab.frame = func(_ context.Context, url string) (string, error) {
				callback := w.op.Visit(url)
				if n.Add(1) == 1 {
					<-release
				}
				return callback, nil
			}
		})
		const resource = "https://api.example.test/"
		go func() { _, _ = client.session.resourceToken(t.Context(), client, resource) }()
		synctest.Wait()
		_ = client.RemoveUser(t.Context())
		w.op.Edit(func() { w.op.Subject = "bob" })
		w.signIn(client, tab)
		got := make(chan error, 1)
		go func() {
			_, err := client.session.resourceToken(t.Context(), client, resource)
			got <- err
		}()
		synctest.Wait()
		close(release)
		if err := <-got; err != nil {
			t.Errorf("the token for a resource of who is signed in: %v", err)
		}
		_ = client.RemoveUser(t.Context())
		client.Close()
		time.Sleep(time.Hour)
	})
}

// Where no act is known the time stands for its order; who asks a moment later joins
// all the same.
func TestRestoreIsJoinedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(true)
		release := make(chan struct{})
		tab.set(func() {
			tab.frame = func(_ context.Context, url string) (string, error) {
				callback := w.op.Visit(url)
				<-release
				return callback, nil
			}
		})
		users := make(chan *User, 2)
		for range 2 {
			go func() {
				user, err := client.User(t.Context())
				if err != nil {
					t.Error(err)
				}
				users <- user
			}()
			time.Sleep(20 * time.Millisecond)
		}
		close(release)
		for range 2 {
			if user := <-users; user == nil {
				t.Error("nobody")
			}
		}
		if n := w.op.Count(oidctest.Authorize); n != 1 {
			t.Errorf("%d visits to the provider", n)
		}
	})
}

// Who waits with a context of a flight that nobody wants any more leaves: it is not told
// that the flight that it waits for was given up.
func TestWaiterOfAFlightThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, _ := w.open(false)
		ctx, giveUp := context.WithCancelCause(t.Context())
		giveUp(errAbandoned)
		k, begun := flight[int]{config: client.session.config}, 0
		_, err := k.doFor(ctx, client, scene{}, "", func(ctx, wanted context.Context) (int, error) {
			if begun++; begun > 1 {
				t.Error("it begins again")
				return 0, nil
			}
			<-wanted.Done()
			return 0, context.Cause(wanted)
		})
		if !errors.Is(err, errAbandoned) {
			t.Errorf("doFor = %v", err)
		}
	})
}
