package session

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// left returns how many sessions, providers and redirect URIs the program knows.
func (w *world) left() [3]int {
	sessions, providers, redirectURIs := w.registry.Known()
	return [3]int{sessions, providers, redirectURIs}
}

// What nobody uses is forgotten; a reload is not nobody.
func TestForget(t *testing.T) {
	tests := []struct {
		name string
		use  func(w *world, client *Client, tab *tab)
		soon int // sessions a second after the tab is closed
		then int // a minute later
		end  int // and half an hour
	}{
		{"nothing", func(*world, *Client, *tab) {}, 1, 0, 0},
		{"somebody is signed in", func(w *world, c *Client, tab *tab) { w.signIn(c, tab) }, 1, 1, 1},
		{"somebody has signed out", func(w *world, c *Client, tab *tab) {
			w.signIn(c, tab)
			_ = c.RemoveUser(w.t.Context())
		}, 1, 1, 0},
		{"a sign-in has left the page", func(w *world, c *Client, tab *tab) { w.redirect(c, tab) }, 1, 1, 0},
		{"another tab", func(w *world, _ *Client, _ *tab) { w.open(false) }, 1, 1, 1},
		{"metadata", func(w *world, c *Client, _ *tab) { _, _ = c.Metadata(w.t.Context()) }, 1, 0, 0},
		{"steps", func(w *world, _ *Client, _ *tab) { w.steps().Close() }, 1, 0, 0},
		{"closed twice", func(w *world, c *Client, _ *tab) { w.open(false); c.Close() }, 1, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings.ManualRenew = true
				client, tab := w.open(false)
				tt.use(w, client, tab)
				client.Close()
				for _, step := range []struct {
					after time.Duration
					want  int
				}{{time.Second, tt.soon}, {time.Minute, tt.then}, {30 * time.Minute, tt.end}} {
					time.Sleep(step.after)
					if left := w.left(); left[0] != step.want || left[1] != step.want {
						t.Errorf("after %v: %d sessions and %d providers, want %d", step.after, left[0], left[1], step.want)
					}
				}
			})
		})
	}
}

// A session that waits for its tab to come back keeps no other one longer, and nobody
// looks after it before it is due.
func TestSweepWhenDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, timers := newWorld(t), 0
		w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Gate: func(point string) (pass func()) {
			if point == "timer" {
				timers++
			}
			return func() {}
		}})
		client, tab := w.open(false)
		w.redirect(client, tab)
		client.Close()
		time.Sleep(time.Minute)
		w.settings.ClientID = "other"
		client, _ = w.open(false)
		client.Close()
		time.Sleep(linger)
		synctest.Wait()
		if left := w.left(); left[0] != 1 {
			t.Errorf("%d sessions are left, want the one that is away", left[0])
		}
		time.Sleep(underway)
		synctest.Wait()
		if left := w.left(); left[0] != 0 || timers > 3 {
			t.Errorf("%d sessions are left, after %d timers", left[0], timers)
		}
	})
}

// A reload, and the way back from the provider, find the metadata.
func TestReloadFetchesNothing(t *testing.T) {
	for _, away := range []time.Duration{0, 20 * time.Second, 10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			address := w.redirect(client, tab)
			client.Close()
			time.Sleep(away)
			client = w.openIn(tab, false)
			if _, err := client.SigninCallback(t.Context(), address); err != nil {
				t.Error(err)
			}
			client.Close()
			w.openIn(newTab(w.op), false)
			if n := w.op.Count(oidctest.Discovery); n != 1 {
				t.Errorf("%v away: %d requests for the metadata", away, n)
			}
			_ = client.RemoveUser(t.Context())
		})
	}
}

// A page can open any number of clients, and store a user in each.
func TestForgetMany(t *testing.T) {
	for _, signsIn := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			honest, tab := w.open(false)
			w.signIn(honest, tab)
			for i := range 1000 {
				settings := w.settings
				settings.ClientID = fmt.Sprint("client ", i)
				settings.Provider.MetadataURL = fmt.Sprint("https://op.example.test/", i)
				client, err := w.registry.Open(settings, newTab(w.op).page(), Hint{SignedIn: true})
				if err != nil {
					t.Fatal(err)
				}
				if signsIn {
					if err := client.StoreUser(t.Context(), &User{AccessToken: "token"}); err != nil {
						t.Fatal(err)
					}
				}
				client.Close()
			}
			if left := w.left(); left[0] > lingerers+1 || left[1] > lingerers+1 || left[2] != 1 {
				t.Errorf("sessions, providers and redirect URIs: %v", left)
			}
			if honest.Current() == nil {
				t.Error("the app has lost its user")
			}
			time.Sleep(time.Minute)
			if left := w.left(); !signsIn && left[0] != 1 {
				t.Errorf("%d sessions a minute later", left[0])
			}
			_ = honest.RemoveUser(t.Context())
		})
	}
}

// Who comes in from a sign-in of a session that was forgotten is nobody.
func TestForgottenSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		user := w.signIn(client, tab)
		_ = client.RemoveUser(t.Context())
		client.Close()
		time.Sleep(time.Hour)
		_, began := client.session.current()
		mustFail(t, "load", client.session.load(user, began), ErrNotSignedIn)
		_, err := client.session.replace(client.session.scene(), user, true)
		mustFail(t, "replace", err, ErrNotSignedIn)
	})
}
