package session

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// newRedirectWorld has a tab that restores by redirect, and a hint.
func newRedirectWorld(t *testing.T) (*world, *tab) {
	w := newWorld(t)
	w.settings.Restore = RestoreRedirect
	tab := newTab(w.op)
	tab.hint = true
	return w, tab
}

// After a round trip that found nobody, any sign-in lets the tab go again.
func TestRestoreMarkEndsWithAnySignIn(t *testing.T) {
	ways := []struct {
		name string
		do   func(w *world, client *Client, tab *tab) error
	}{
		{"redirect", func(w *world, client *Client, tab *tab) error {
			w.signIn(client, tab)
			return nil
		}},
		{"popup", func(w *world, client *Client, _ *tab) error {
			_, err := client.SigninPopup(w.t.Context(), SigninArgs{Window: 1})
			return err
		}},
		{"silent", func(w *world, client *Client, _ *tab) error {
			_, err := client.SigninSilent(w.t.Context(), SigninArgs{})
			return err
		}},
		{"password", func(w *world, client *Client, _ *tab) error {
			w.op.Password = "secret"
			_, err := client.SigninPassword(w.t.Context(), PasswordArgs{Username: "u", Password: "secret"})
			return err
		}},
		{"stored user", func(w *world, client *Client, _ *tab) error {
			return client.StoreUser(w.t.Context(), &User{AccessToken: "a", ExpiresAt: time.Now().Add(time.Hour).Unix()})
		}},
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, tab := newRedirectWorld(t)
				w.op.SignedIn = false
				client := w.openIn(tab, true)
				if _, err := client.SigninCallback(t.Context(), roundTrip(t, w, tab)); err != nil {
					t.Fatal(err)
				}
				client.Close()
				w.restart()
				client = w.openIn(tab, true)
				w.op.SignedIn = true
				if err := way.do(w, client, tab); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				client.session.stopTimer()
				client.Close()
				w.restart()
				tab.hint = true
				if roundTrip(t, w, tab) == "" {
					t.Error("a reload after the sign-in shows nobody")
				}
			})
		})
	}
}

// Who asks while the tab is about to leave waits with the first.
func TestRestoreByRedirectIsOneFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tab := newRedirectWorld(t)
		client := w.openIn(tab, true)
		ctx, cancel := context.WithCancel(t.Context())
		answers := make(chan error, 2)
		ask := func() {
			_, err := client.Restore(ctx, "https://app.example.test/shop")
			answers <- err
		}
		go ask()
		time.Sleep(500 * time.Millisecond)
		go ask()
		synctest.Wait()
		if heard := tab.heard(); len(answers) > 0 || len(heard) > 0 || len(tab.addresses) != 1 {
			t.Errorf("%d answers, events %v, the tab left %d times; want two that wait, none, once", len(answers), heard, len(tab.addresses))
		}
		cancel()
		<-answers
		<-answers
		time.Sleep(departure)
	})
}

// So does another client of the page, which asks in the tab's name, too.
func TestRestoreByRedirectOfAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tab := newRedirectWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		answers := make(chan error, 2)
		for range 2 {
			client := w.openIn(tab, true)
			go func() {
				_, err := client.Restore(ctx, "https://app.example.test/shop")
				answers <- err
			}()
			synctest.Wait()
		}
		if heard := tab.heard(); len(answers) > 0 || len(heard) > 0 || len(tab.addresses) != 1 {
			t.Errorf("%d answers, events %v, the tab left %d times; want two that wait, none, once", len(answers), heard, len(tab.addresses))
		}
		time.Sleep(departure)
		synctest.Wait()
		cancel()
		if len(answers) != 2 {
			t.Errorf("%d answers of a tab that has not left", len(answers))
		}
	})
}

// A page whose program ends with it is not sent away where another client would lose
// its user: the two would send it away in turn, without end.
func TestRestoreByRedirectOfTwoClients(t *testing.T) {
	for _, onePage := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			w, tab := newRedirectWorld(t)
			w.onePage = onePage
			w.restart()
			w.signIn(w.openIn(tab, false), tab)
			w.settings.ClientID, w.op.ClientID = "another", "another"
			tab.address = ""
			client := w.openIn(tab, true)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { _, _ = client.Restore(ctx, "https://app.example.test/shop") }()
			synctest.Wait()
			if left := tab.address != ""; left == onePage {
				t.Errorf("a program of one page: %t; the tab leaves: %t", onePage, left)
			}
			cancel()
		})
	}
}

// A tab whose sign-in is being completed is not sent away: who asks meanwhile
// is told what becomes of it.
func TestRestoreByRedirectWaitsForACallback(t *testing.T) {
	tests := []struct {
		name  string
		first bool // the callback is there before somebody asks
		fails bool
	}{
		{"asked after it", true, false},
		{"asked before it", false, false},
		{"asked after one that fails", true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, tab := newRedirectWorld(t)
				client := w.openIn(tab, true)
				callback := w.redirect(client, tab)
				client.Close()
				w.restart() // the page is loaded anew
				client = w.openIn(tab, true)
				tab.set(func() { tab.addresses = nil })
				if tt.fails {
					callback = refusal(tab.address, "access_denied")
				}
				w.transport.Fail = func(*oidc.Request) error {
					time.Sleep(time.Second)
					return nil
				}
				asked, called := make(chan *User, 1), make(chan error, 1)
				ask := func() {
					user, err := client.Restore(t.Context(), "https://app.example.test/shop")
					if err != nil {
						t.Error(err)
					}
					asked <- user
				}
				complete := func() {
					_, err := client.SigninCallback(t.Context(), callback)
					called <- err
				}
				order := []func(){ask, complete}
				if tt.first {
					slices.Reverse(order)
				}
				for _, do := range order {
					go do()
					time.Sleep(100 * time.Millisecond)
				}
				if err := <-called; (err != nil) != tt.fails {
					t.Errorf("SigninCallback = %v", err)
				}
				if user := <-asked; (user == nil) != tt.fails || len(tab.addresses) > 0 {
					t.Errorf("told %v, the tab left %d times", user, len(tab.addresses))
				}
			})
		})
	}
}

// Who asks while a response is read that the tab does not know waits for that, and that
// waits for nobody: the tab leaves once.
func TestRestoreByRedirectBesideAnUnknownResponse(t *testing.T) {
	for _, first := range []string{"asked", "the response is there"} {
		t.Run("first "+first, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, tab := newRedirectWorld(t)
				w.settings.RedirectURI = "https://app.example.test/"
				client := w.openIn(tab, true)
				w.transport.Fail = func(*oidc.Request) error {
					time.Sleep(time.Second)
					return nil
				}
				ctx, leave := context.WithCancel(t.Context())
				settled := make(chan error, 2)
				calls := []func() (*User, error){
					func() (*User, error) { return client.Restore(ctx, w.settings.RedirectURI) },
					func() (*User, error) {
						return client.SigninCallback(ctx, w.settings.RedirectURI+"?error=access_denied&state=of-before&iss="+w.op.Issuer)
					},
				}
				if first != "asked" {
					slices.Reverse(calls)
				}
				for _, call := range calls {
					go func() {
						_, err := call()
						settled <- err
					}()
					time.Sleep(100 * time.Millisecond)
				}
				time.Sleep(departure / 2)
				synctest.Wait() // what the tab has done is read below
				if len(tab.addresses) != 1 || len(settled) > 0 {
					t.Errorf("the tab has left %d times, and %d calls have settled", len(tab.addresses), len(settled))
				}
				leave() // the page ends
				for range calls {
					<-settled
				}
			})
		})
	}
}

// Two clients of one tab: what belongs to one is left to it by the other.
func TestTransactionsBelongToAClient(t *testing.T) {
	w := newWorld(t)
	mine, tab := w.open(false)
	mineBack := w.redirect(mine, tab)
	other := w.settings
	w.settings.ClientID = "another"
	theirs := w.openIn(tab, false)
	_, err := theirs.SigninCallback(t.Context(), mineBack)
	mustFail(t, "SigninCallback of the other client", err, ErrClientMismatch)
	if user, err := mine.SigninCallback(t.Context(), mineBack); user == nil || err != nil {
		t.Errorf("SigninCallback of its own = %v, %v", user, err)
	}
	w.settings = other
	if err := mine.SignoutRedirect(t.Context(), SignoutArgs{State: []byte(`"cart"`)}); err != nil {
		t.Fatal(err)
	}
	out := w.op.Visit(tab.address)
	if response, err := theirs.SignoutCallback(t.Context(), out); err != nil || response != nil && response.State != nil {
		t.Errorf("SignoutCallback of the other client = %+v, %v", response, err)
	}
	if response, err := mine.SignoutCallback(t.Context(), out); err != nil || string(response.State) != `"cart"` {
		t.Errorf("SignoutCallback of its own = %+v, %v", response, err)
	}
}

// That one client of a tab has looked for its session keeps no other from it.
func TestRestoreMarkIsOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tab := newRedirectWorld(t)
		if roundTrip(t, w, tab) == "" {
			t.Fatal("the tab never left")
		}
		w.restart()
		w.settings.ClientID, w.op.ClientID = "another", "another"
		if roundTrip(t, w, tab) == "" {
			t.Error("the other client's session is not looked for")
		}
	})
}

// A tab that is about to leave stays if somebody has signed out, or is there, by then.
func TestRestoreByRedirectStays(t *testing.T) {
	for name, meanwhile := range map[string]func(w *world, client *Client){
		"signed out": func(w *world, client *Client) { _ = client.RemoveUser(w.t.Context()) },
		"signed in": func(w *world, client *Client) {
			if err := client.StoreUser(w.t.Context(), &User{AccessToken: "a"}); err != nil {
				w.t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, tab := newRedirectWorld(t)
				w.t = t
				client := w.openIn(tab, true)
				release := make(chan struct{})
				w.op.Hold = func(string, *http.Request) { <-release }
				answer := make(chan *User)
				go func() {
					user, err := client.Restore(t.Context(), "https://app.example.test/shop")
					if err != nil {
						t.Error(err)
					}
					answer <- user
				}()
				synctest.Wait()
				meanwhile(w, client)
				close(release)
				if user := <-answer; user != client.Current() || len(tab.addresses) > 0 {
					t.Errorf("Restore = %v, and the tab left %d times", user, len(tab.addresses))
				}
			})
		})
	}
}

// A restore that finds nobody takes nothing from a tab that is at the provider.
func TestRestoreByRedirectWhileAFrameFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tab := newRedirectWorld(t)
		w.op.RefreshTokens, w.settings.ManualRenew = true, true
		client := w.openIn(tab, true)
		go func() { _, _ = client.Restore(t.Context(), "https://app.example.test/") }()
		synctest.Wait()
		if tab.address == "" {
			t.Fatal("the tab has not left")
		}
		back := w.op.Visit(tab.address)
		w.settings.Restore = RestoreSilent // a tab of the release before, whose frames see no cookies
		silent, other := w.open(true)
		other.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		if user, err := silent.User(t.Context()); user != nil || err != nil {
			t.Fatalf("User = %v, %v", user, err)
		}
		if user, err := client.SigninCallback(t.Context(), back); user == nil || err != nil {
			t.Errorf("the tab is back with somebody, and nobody has signed out: %v, %v", user, err)
		}
		synctest.Wait()
		_ = client.RemoveUser(t.Context())
	})
}

// A mark keeps a tab from going to the provider again for 15 minutes (README: "a
// reload within 15 minutes"), whatever the clock said when it was made; notes of other
// things end when the clock is set back (notes.has).
func TestRestoreMarkOfAWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tab := newRedirectWorld(t)
		w.op.SignedIn = false
		now := func() time.Time { return time.Now().Add(10 * 365 * 24 * time.Hour) }
		w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Now: now})
		client := w.openIn(tab, true)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _, _ = client.Restore(ctx, "https://app.example.test/") }()
		synctest.Wait()
		if tab.transactions[client.restoreMark()].Record == nil {
			t.Fatal("no mark")
		}
		client.Close()
		w.restart() // the clock is right again
		client = w.openIn(tab, true)
		if marked, _ := client.hasMark(t.Context(), 0); marked {
			t.Error("the tab is kept back for ten years")
		}
	})
}
