package session

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// The settings of the tabs that are there count, in whatever order tabs came, went,
// slept and woke: a model with no memory but for the last tab's says the same.
func TestSettingsOfTabsThatAreThere(t *testing.T) {
	const ops = 4 // in a row
	idles := []time.Duration{time.Hour, 30 * time.Minute, 0}
	monitored := []bool{true, false, true}
	notices := []time.Duration{90 * time.Second, 30 * time.Second, 5 * time.Minute}
	for seed := range 6 * 6 * 6 * 6 {
		synctest.Test(t, func(t *testing.T) {
			w := newWatchedWorld(t)
			w.settings.ManualRenew = true
			var clients [3]*Client
			var asleep [3]bool
			open := func(i int) {
				w.settings.Idle.Timeout, w.settings.Monitor.Session, w.settings.ExpiringNotice = idles[i], monitored[i], notices[i]
				clients[i], _, _ = w.watched(says("unchanged"))
				asleep[i] = false
			}
			open(0)
			s := clients[0].session
			_, began := s.current()
			user := &User{AccessToken: "token", claims: new(oidc.IDTokenClaims), SessionState: "state", lifetime: 24 * time.Hour, deadline: time.Now().Add(24 * time.Hour), ExpiresAt: time.Now().Add(24 * time.Hour).Unix()}
			if err := s.load(user, began); err != nil {
				t.Fatal(err)
			}
			trail, order := "", []int{0}
			wantIdle := idles[0]
			for step, code := 0, seed; step < ops; step, code = step+1, code/6 {
				i, sleeps := code%6/2, code%2 == 1
				switch {
				case clients[i] == nil && sleeps:
					continue
				case clients[i] == nil:
					trail += fmt.Sprint(" open ", i)
					open(i)
					order = append(order, i)
				case sleeps:
					trail += fmt.Sprint(" sleep or wake ", i)
					asleep[i] = !asleep[i]
					clients[i].Sleeps(asleep[i])
				default:
					trail += fmt.Sprint(" close ", i)
					clients[i].Close()
					clients[i] = nil
					order = slices.DeleteFunc(order, func(k int) bool { return k == i })
				}
				synctest.Wait()

				present := slices.DeleteFunc(slices.Clone(order), func(k int) bool { return asleep[k] })
				if len(present) == 0 {
					present = order
				}
				var wantNotice time.Duration
				var watcher *Client
				if len(present) > 0 {
					wantIdle = 0
				}
				for _, k := range present {
					if idles[k] > 0 && (wantIdle == 0 || idles[k] < wantIdle) {
						wantIdle = idles[k]
					}
					wantNotice = max(wantNotice, notices[k])
					if watcher == nil && monitored[k] {
						watcher = clients[k]
					}
				}
				if wantNotice == 0 {
					wantNotice = defaultExpiringNotice
				}
				s.idle.mu.Lock()
				idle := s.idle.settings.Timeout
				if s.idle.cancel == nil {
					idle = 0
				}
				s.idle.mu.Unlock()
				s.turn.Lock()
				var watches *Client
				if s.monitor.vigil != nil {
					watches = s.monitor.vigil.client.Load()
				}
				s.turn.Unlock()
				if notice := s.expiry.notice(user.lifetime); idle != wantIdle || notice != wantNotice || watches != watcher {
					t.Fatalf("after%s: idle %v, want %v; notice %v, want %v; the right tab's monitor: %t", trail, idle, wantIdle, notice, wantNotice, watches == watcher)
				}
			}
			s.signOut((*standing).signedOut)
			for _, c := range clients {
				if c != nil {
					c.Close()
				}
			}
			s.turn.Lock()
			s.monitor.stop()
			s.turn.Unlock()
		})
		if t.Failed() {
			return
		}
	}
}

// A tab that comes with a shorter time is activity: nobody is signed out by it.
func TestIdleOfATabThatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatchedWorld(t)
		w.settings.Idle.Timeout = time.Hour
		client, tab, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		time.Sleep(30 * time.Minute)
		w.settings.Idle.Timeout = 5 * time.Minute
		w.watched(says("unchanged"))
		time.Sleep(5*time.Minute - time.Second)
		if client.Current() == nil {
			t.Fatal("signed out by a tab that came")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if client.Current() != nil {
			t.Error("the shorter time does not count")
		}
	})
}

// An end that came while the device slept stays one, whichever tab wakes first.
func TestIdleEndStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime = 24 * time.Hour
		w.settings.Idle.Timeout = time.Minute
		var asleep time.Duration
		w.registry.config.Now = func() time.Time { return time.Now().Add(asleep) }
		client, tab, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		w.settings.Idle.Timeout = 0
		other, _, _ := w.watched(says("unchanged"))
		client.Sleeps(true)
		other.Sleeps(true)
		synctest.Wait()
		asleep = time.Hour
		other.Sleeps(false)
		synctest.Wait()
		if client.Current() != nil {
			t.Error("the session is still there")
		}
	})
}

// bubbled returns how many goroutines are in bubbles: the runtime has others, which
// come and go.
func bubbled() int {
	stacks := make([]byte, 1<<22)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte(", synctest bubble "))
}

// All that tabs have begun is gone when they are: sessions, what is known of
// providers, goroutines and flights.
func TestNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.CheckSession, w.op.RefreshTokens = true, true
		before := 0
		for round := range 2 {
			for i := range 300 {
				w.settings.Provider.Headers = fmt.Sprintf(`{"X-Load":"%d"}`, i)
				w.settings.ClientID = []string{w.op.ClientID, "b", "c"}[i%3]
				w.settings.Idle.Timeout = time.Duration(i%2) * time.Hour
				w.settings.Monitor = MonitorSettings{Session: i%4 < 2, Anonymous: i%5 < 2}
				client, tab, _ := w.watched(says("unchanged"))
				if i%3 == 0 { // the provider knows this one
					if i%2 == 0 {
						w.signIn(client, tab)
						if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
							t.Fatal(err)
						}
					} else {
						_ = client.SigninRedirect(t.Context(), SigninArgs{}) // and never comes back
					}
				}
				_ = client.Prepare(t.Context())
				synctest.Wait()
				if i%3 == 0 && i > 290 {
					_ = client.RemoveUser(t.Context())
				}
				client.Close()
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if left := w.left(); left != [3]int{} {
				t.Errorf("round %d: sessions, providers and redirect URIs: %v", round, left)
			}
			if r := w.registry; len(r.idle) > 0 || !r.sweepAt.IsZero() || r.absences.count() > 0 || len(r.redirects.rivals) > 0 {
				t.Errorf("round %d: %d idle, a sweeper: %t, %d absences, %d rivals", round, len(r.idle), !r.sweepAt.IsZero(), r.absences.count(), len(r.redirects.rivals))
			}
			now := bubbled()
			if round == 0 {
				before = now
			} else if now > before {
				t.Errorf("%d goroutines, %d a round before", now, before)
			}
		}
	})
}

// Somebody else signs in elsewhere, and no tab can look at the provider just then: it is
// done as soon as one can.
func TestLooksLater(t *testing.T) {
	tests := []struct {
		name   string
		before func(client *Client, tab *tab)
		after  func(o *origin, client *Client, tab *tab)
	}{
		{"the tab sleeps", func(client *Client, _ *tab) { client.Sleeps(true) }, func(_ *origin, client *Client, _ *tab) { client.Sleeps(false) }},
		{"it does not answer any more", func(_ *Client, tab *tab) { tab.frame = failing(ErrPageGone) }, func(_ *origin, client *Client, tab *tab) {
			client.Sleeps(true)
			tab.set(func() { tab.frame = nil })
			client.Sleeps(false)
		}},
		{"there is no network", func(_ *Client, tab *tab) { tab.frame = failing(oidc.ErrNetwork) }, func(_ *origin, client *Client, tab *tab) {
			tab.set(func() { tab.frame = nil })
			client.Wake()
		}},
		{"there is no tab", func(client *Client, _ *tab) { client.Close() }, func(o *origin, client *Client, tab *tab) {
			page := tab.page()
			page.Listener = &keeper{tab, o, 1}
			again, err := client.session.registry.Open(o.w.settings, page, o.keeps())
			if err != nil {
				o.w.t.Fatal(err)
			}
			o.clients[1] = again
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withOrigin(t, 2, func(t *testing.T, o *origin) {
				client, tab := o.clients[1], o.tabs[1]
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("a sign-in", "subject-1 subject-1")
				tab.heard()
				tt.before(client, tab)
				synctest.Wait()
				o.person("bob")
				o.w.signIn(o.clients[0], o.tabs[0])
				time.Sleep(time.Second)
				synctest.Wait()
				if client.Current() != nil {
					t.Error("the user of before is there")
				}
				tt.after(o, client, tab)
				o.want("later", "bob bob")
				heard := tab.heard()
				if !slices.Contains(heard, UserLoaded) {
					t.Errorf("the tab hears %v", heard)
				}
			})
		})
	}
}

func failing(err error) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return "", err }
}

// The tokens of who goes because somebody signed out elsewhere are revoked, also where
// no tab could do that.
func TestRevokesWithoutATab(t *testing.T) {
	for name, before := range map[string]func(*Client){
		"asleep": func(c *Client) { c.Sleeps(true) },
		"closed": (*Client).Close,
	} {
		t.Run(name, func(t *testing.T) {
			withOrigin(t, 0, func(t *testing.T, o *origin) {
				o.w.op.RefreshTokens, o.w.settings.Scope = true, "openid offline_access"
				o.open()
				o.open()
				o.w.signIn(o.clients[0], o.tabs[0])
				o.want("a sign-in", "subject-1 subject-1")
				ann := o.clients[1].Current()
				before(o.clients[1])
				synctest.Wait()
				_ = o.clients[0].RemoveUser(t.Context())
				o.want("a sign-out", "nobody nobody")
				if liveRefreshToken(t, o.w, ann.RefreshToken) {
					t.Error("the refresh token is good")
				}
			})
		})
	}
}

// Frames stay under a constant in a minute. Any script of the origin, or a
// program of a release with a fault, says once in 100 ms that somebody signed in.
func TestFramesPerMinuteByMessages(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		client, tab := o.clients[0], o.tabs[0]
		o.w.signIn(client, tab)
		for i := range 600 {
			client.session.registry.Heard(fmt.Appendf(nil, `{"issuer":%q,"client_id":%q,"who":"x%d","order":%d}`, o.w.op.Issuer, o.w.op.ClientID, i, i+10))
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		tab.set(func() {
			if tab.frames > 2*lookLimit {
				t.Errorf("%d hidden frames within a minute", tab.frames)
			}
		})
		o.want("in the end", "subject-1")
	})
}
