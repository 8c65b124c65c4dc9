package session

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// Who comes while a session is being restored is handed out as anybody is: not with an
// access token that has expired.
func TestExpiredUserDuringRestore(t *testing.T) {
	for _, mode := range []RestoreMode{"", RestoreRedirect} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings.Restore, w.settings.ManualRenew = mode, true
				before, tab := w.open(false)
				expired := *w.signIn(before, tab)
				expired.ExpiresAt = time.Now().Add(-time.Minute).Unix()
				before.Close()
				w.restart()

				var client *Client
				tab.set(func() {
					tab.frame = func(_ context.Context, url string) (string, error) {
						tab.set(func() { tab.frame = nil })
						return w.op.Visit(url), client.StoreUser(t.Context(), &expired)
					}
				})
				store := &lookedAt{tab, func() { _ = client.StoreUser(t.Context(), &expired) }}
				client = w.openKept(tab, store)
				user, err := client.Restore(t.Context(), "https://app.example.test/shop")
				if err != nil || user == nil || user.ExpiresAt <= time.Now().Unix() {
					t.Errorf("Restore: somebody %t, %v; want a token that is good", user != nil, err)
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

// What getUser() answers is who is there when it answers, whatever became of the restore
// that it has waited for.
func TestAnswerAfterRestore(t *testing.T) {
	tests := []struct {
		name  string
		frame error
		do    func(*Client)
		want  bool
	}{
		{"it has failed, and somebody comes", oidc.ErrNetwork, func(c *Client) { _ = c.StoreUser(context.Background(), &User{AccessToken: "a"}) }, true},
		{"it has found somebody, who signs out", nil, func(c *Client) { _ = c.RemoveUser(context.Background()) }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				tab := newTab(w.op)
				tab.frame = func(_ context.Context, url string) (string, error) { return w.op.Visit(url), tt.frame }
				var client *Client
				var once sync.Once
				waits := make(chan struct{}) // until the call waits for the restore
				w.registry = NewRegistry(Config{Transport: w.transport, Gate: func(point string) (pass func()) {
					pass = func() {}
					switch {
					case client == nil:
					case point == "start":
						return func() { <-waits }
					case point == "flight":
						once.Do(func() {
							close(waits)
							pass = func() { tt.do(client) }
						})
					}
					return pass
				}})
				client = w.openIn(tab, true)
				if user, err := client.User(t.Context()); (user != nil) != tt.want || err != nil {
					t.Errorf("somebody is handed out: %t, %v; want %t", user != nil, err, tt.want)
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

// lookedAt is a tab in which something happens when what it keeps is looked at first.
type lookedAt struct {
	*tab
	meanwhile func()
}

func (l *lookedAt) Look(ctx context.Context, state oidc.Secret) (Kept, error) {
	if do := l.meanwhile; do != nil {
		l.meanwhile = nil
		do()
	}
	return l.tab.Look(ctx, state)
}

// openKept opens a tab with another store.
func (w *world) openKept(tab *tab, store TransactionStore) *Client {
	w.t.Helper()
	page := tab.page()
	page.Transactions = store
	client, err := w.registry.Open(w.settings, page, Hint{SignedIn: true})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { tab.over.Store(true) })
	return client
}

// Who comes before the tab has left to restore the session is there: no restore has
// failed.
func TestSigninBeforeLeavingToRestore(t *testing.T) {
	for name, marked := range map[string]bool{"in a program of one page": false, "in a tab that was away": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, tab := newRedirectWorld(t)
				w.onePage = !marked
				w.restart()
				var client *Client
				client = w.openKept(tab, &lookedAt{tab, func() {
					_ = client.StoreUser(t.Context(), &User{AccessToken: "a"})
					if marked {
						_ = client.mark(t.Context(), 0)
					}
				}})
				user, err := client.Restore(t.Context(), "https://app.example.test/shop")
				if user == nil || err != nil {
					t.Errorf("Restore = %v, %v", user, err)
				}
				for _, event := range tab.heard() {
					if event == RestoreError {
						t.Error("the page is told that there is nobody")
					}
				}
			})
		})
	}
}

// What a page had begun to look for when it slept fails after it has woken up: that is
// when it looks again.
func TestWakeWhileLooking(t *testing.T) {
	withOrigin(t, 2, func(t *testing.T, o *origin) {
		release := make(chan struct{})
		o.tabs[1].set(func() {
			o.tabs[1].frame = func(context.Context, string) (string, error) {
				<-release
				return "", oidc.ErrTimeout
			}
		})
		o.w.signIn(o.clients[0], o.tabs[0])
		synctest.Wait()
		o.clients[1].Wake()
		o.tabs[1].set(func() { o.tabs[1].frame = nil })
		close(release)
		o.want("after the wake-up", "subject-1 subject-1")
	})
}

// What tabs keep of a sign-out stays, and comes to be kept, where a program that has not
// heard of it goes on: it hears of that from its tab, also if nobody else tells it, and
// with a higher order.
func TestKeptSignout(t *testing.T) {
	for name, first := range map[string]bool{"before the sign-ins": true, "after them": false} {
		t.Run(name, func(t *testing.T) {
			withOrigin(t, 2, func(t *testing.T, o *origin) {
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("at first", "subject-1 subject-1")
				o.set(func() { o.late, o.still = true, true })
				callbacks := []string{o.w.redirect(o.clients[0], o.tabs[0]), o.w.redirect(o.clients[0], o.tabs[0])}
				if first {
					_ = o.clients[1].RemoveUser(t.Context())
				}
				for _, callback := range callbacks { // of the order of the sign-out, and of the next
					if _, err := o.clients[0].SigninCallback(t.Context(), callback); err != nil {
						t.Fatal(err)
					}
				}
				if !first {
					_ = o.clients[1].RemoveUser(t.Context())
				}
				o.set(func() { o.still = false })
				kept := o.keeps()
				o.clients[0].Hinted(kept) // the storage event
				o.want("in the end", "nobody nobody")
				o.wantKept("in the end", false)
			})
		})
	}
}

// A tab that leaves to restore the session when it has heard that somebody signed in
// does not leave again for that one.
func TestLeavingToRestoreAfterNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, tab := newRedirectWorld(t)
		tab.frame = func(ctx context.Context, _ string) (string, error) {
			<-ctx.Done()
			return "", ErrPageGone
		}
		news := Hint{SignedIn: true, Order: time.Now().UnixMilli()}
		var client *Client
		client = w.openKept(tab, &lookedAt{tab, func() { client.Hinted(news) }})
		for _, want := range []int{1, 1} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, _ = client.Restore(ctx, "https://app.example.test/shop")
			cancel()
			if left := len(tab.addresses); left != want {
				t.Errorf("the tab has left %d times, want %d", left, want)
			}
			client.Close()
			w.restart() // it is back, and nobody has signed in
			client = w.openKept(tab, tab)
			client.Hinted(news)
		}
		time.Sleep(time.Hour)
	})
}
