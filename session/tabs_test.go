package session

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
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
			user := &User{AccessToken: "token", SessionState: "state", lifetime: 24 * time.Hour, deadline: time.Now().Add(24 * time.Hour), ExpiresAt: time.Now().Add(24 * time.Hour).Unix()}
			if err := clients[0].identify(t.Context(), user, nil); err != nil {
				t.Fatal(err)
			}
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
				s.monitor.mu.Lock()
				var watches *Client
				if s.monitor.vigil != nil {
					watches = s.monitor.vigil.client
				}
				s.monitor.mu.Unlock()
				if notice := s.expiry.notice(user); idle != wantIdle || notice != wantNotice || watches != watcher {
					t.Fatalf("after%s: idle %v, want %v; notice %v, want %v; the right tab's monitor: %t", trail, idle, wantIdle, notice, wantNotice, watches == watcher)
				}
			}
			s.signOut()
			for _, c := range clients {
				if c != nil {
					c.Close()
				}
			}
			s.monitor.stop()
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
			if r := w.registry; len(r.idle) > 0 || r.sweeper != nil || len(r.absences.left) > 0 || len(r.redirects.rivals) > 0 {
				t.Errorf("round %d: %d idle, a sweeper: %t, %d absences, %d rivals", round, len(r.idle), r.sweeper != nil, len(r.absences.left), len(r.redirects.rivals))
			}
			now := runtime.NumGoroutine()
			if round == 0 {
				before = now
			} else if now > before {
				t.Errorf("%d goroutines, %d a round before", now, before)
			}
		}
	})
}
