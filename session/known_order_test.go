//go:build known

// Orders of events that break the rule today; see docs/who-is-signed-in.md. A test
// whose order is right by now loses the tag.

package session

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Right: a sign-in that the app asks for after a sign-out succeeds, also while an
// earlier call for the same is still under way (slow metadata).
func TestKnownSigninAfterSignoutJoinsOneBefore(t *testing.T) {
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

// Right: the sign-out of the person who is there now ends that person's session:
// the tokens are revoked, also while the tab has not left yet for the sign-out of
// the person before.
func TestKnownSignoutJoinsThatOfAnotherPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		w.settings.ManualRenew = true
		w.settings.RevokeTypes = []TokenType{AccessToken, RefreshToken}
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

// Right: the token for a resource of who is signed in now is not that, nor the
// failure, of the person before.
func TestKnownResourceJoinsThatOfAnotherPerson(t *testing.T) {
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

// Right: a tab that slept while somebody else signed in elsewhere is told who is
// signed in when it is awake again.
func TestKnownAsleepDuringSigninElsewhere(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1 subject-1")
		o.tabs[1].heard()
		o.clients[1].Sleeps(true)
		synctest.Wait()
		o.person("bob")
		o.w.signIn(o.clients[0], o.tabs[0])
		time.Sleep(time.Second)
		synctest.Wait()
		o.clients[1].Sleeps(false)
		o.clients[1].Wake()
		o.clients[1].Hinted(o.kept)
		o.want("awake again", "bob bob")
		t.Log("the tab has heard", o.tabs[1].heard())
		if user, err := o.clients[1].User(t.Context()); err != nil || user == nil || user.Subject() != "bob" {
			t.Errorf("User = %v, %v", user, err)
		}
	})
}

// Right: a tab that slept while somebody else signed in elsewhere: the tokens of who
// goes are revoked.
func TestKnownAsleepRevokes(t *testing.T) {
	withOrigin(t, 0, func(t *testing.T, o *origin) {
		o.w.op.RefreshTokens = true
		o.open()
		o.open()
		o.w.signIn(o.clients[0], o.tabs[0])
		o.want("a sign-in", "subject-1 subject-1")
		ann := o.clients[1].Current()
		o.clients[1].Sleeps(true)
		synctest.Wait()
		_ = o.clients[0].RemoveUser(t.Context())
		time.Sleep(time.Second)
		synctest.Wait()
		o.clients[1].Sleeps(false)
		o.want("awake again", "nobody nobody")
		if liveRefreshToken(t, o.w, ann.RefreshToken) {
			t.Error("the refresh token of a program whose tab slept during the sign-out is good")
		}
	})
}

// Control for TestKnownResourceJoinsThatOfAnotherPerson: who does not join gets a token.
func TestKnownResourceControl(t *testing.T) {
	w := newWorld(t)
	w.settings.ManualRenew = true
	client, tab := w.open(false)
	w.signIn(client, tab)
	_ = client.RemoveUser(t.Context())
	w.op.Edit(func() { w.op.Subject = "bob" })
	w.signIn(client, tab)
	if _, err := client.session.resourceToken(t.Context(), client, "https://api.example.test/"); err != nil {
		t.Error(err)
	}
	_ = client.RemoveUser(t.Context())
}
