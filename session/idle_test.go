package session

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// idleWorld signs out after a minute, and counts the last ten seconds.
func idleWorld(t *testing.T) (*world, *Client, *tab) {
	w := newWorld(t)
	w.op.Lifetime = 24 * time.Hour
	w.settings.Idle = IdleSettings{Timeout: time.Minute, Warn: 10 * time.Second}
	client, tab, _ := w.watched(says("unchanged"))
	return w, client, tab
}

// countdown returns the seconds of the countdown so far, -1 for its end.
func (t *tab) countdown() []int {
	t.mu.Lock()
	defer t.mu.Unlock()
	var seconds []int
	for _, event := range t.events {
		if event.Name == IdleCountdown && event.SecondsLeft == nil {
			seconds = append(seconds, -1)
		} else if event.Name == IdleCountdown {
			seconds = append(seconds, *event.SecondsLeft)
		}
	}
	t.events = nil
	return seconds
}

func TestIdle(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(s *IdleSettings)
		events  []EventName
		signout bool
	}{
		{"sign-out", func(s *IdleSettings) { s.Warn = 0 }, []EventName{IdleCountdown, UserUnloaded}, true},
		{"a countdown of half the time", func(s *IdleSettings) { s.Timeout, s.Warn = 4*time.Second, time.Hour },
			[]EventName{IdleCountdown, IdleCountdown, IdleCountdown, UserUnloaded}, true},
		{"here alone", func(s *IdleSettings) { s.Warn, s.RemoveOnly = 0, true }, []EventName{IdleCountdown, UserUnloaded}, false},
		{"never", func(s *IdleSettings) { s.Timeout = 0 }, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.Lifetime = 24 * time.Hour
				w.settings.Idle = IdleSettings{Timeout: time.Minute, Warn: 10 * time.Second}
				tt.edit(&w.settings.Idle)
				client, tab, _ := w.watched(says("unchanged"))
				w.signIn(client, tab)
				tab.heard()
				time.Sleep(w.settings.Idle.Timeout - time.Millisecond)
				if user, _ := client.session.current(); user == nil {
					t.Fatal("signed out too early")
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if heard := tab.heard(); !slices.Equal(heard, tt.events) && len(heard)+len(tt.events) > 0 {
					t.Errorf("events = %v, want %v", heard, tt.events)
				}
				if signout := len(tab.addresses) == 2; signout != tt.signout {
					t.Errorf("%d navigations, want the sign-in, and a sign-out: %t", len(tab.addresses), tt.signout)
				}
			})
		})
	}
}

// Activity in any tab keeps the session, and ends a countdown.
func TestIdleActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, tab := idleWorld(t)
		other, _, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		for _, c := range []*Client{client, other, client} {
			time.Sleep(45 * time.Second)
			if err := c.StayActive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := tab.countdown(); len(got) > 0 {
			t.Errorf("countdown %v while somebody is there", got)
		}
		time.Sleep(52500 * time.Millisecond)
		_ = other.StayActive(t.Context())
		synctest.Wait()
		if got := tab.countdown(); !slices.Equal(got, []int{10, 9, 8, -1}) {
			t.Errorf("countdown %v, want it to begin and to end", got)
		}
		time.Sleep(time.Minute + time.Millisecond)
		synctest.Wait()
		if got := tab.countdown(); !slices.Equal(got, []int{10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}) {
			t.Errorf("countdown %v", got)
		}
		if user, _ := client.session.current(); user != nil {
			t.Error("nobody was there, and the user is")
		}
	})
}

// A renewal is no activity; a tab that is opened is.
func TestIdleWhatCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, client, tab := idleWorld(t)
		w.signIn(client, tab)
		time.Sleep(45 * time.Second)
		w.watched(says("unchanged"))
		time.Sleep(45 * time.Second)
		if user, _ := client.session.current(); user == nil {
			t.Fatal("a new tab is no activity")
		}
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(16 * time.Second)
		if user, _ := client.session.current(); user != nil {
			t.Error("a renewal counts as activity")
		}
	})
}

// Who wakes a device up after the end does not find the session of before,
// although no timer has run and the first sign of life is an activity.
func TestIdleSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime = 24 * time.Hour
		w.settings.Idle = IdleSettings{Timeout: time.Minute}
		var asleep time.Duration
		w.registry.config.Now = func() time.Time { return time.Now().Add(asleep) }
		client, tab, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		synctest.Wait()
		asleep = 2 * time.Hour
		if err := client.StayActive(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if user, _ := client.session.current(); user != nil {
			t.Error("the session is still there")
		}
	})
}

// The tab of the last activity goes to the provider; if it is gone, another
// one, which has the hint, too.
func TestIdleSignoutTab(t *testing.T) {
	for _, gone := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w, client, first := idleWorld(t)
			page := newTab(w.op)
			p := page.page()
			p.Checker = &opFrame{answer: says("unchanged")}
			if gone {
				p.Navigator = goneTab{}
			}
			second, err := w.registry.Open(w.settings, p, Hint{})
			if err != nil {
				t.Fatal(err)
			}
			w.signIn(client, first)
			w.op.ResetRequests()
			_ = second.StayActive(t.Context())
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			address := page.address
			if gone {
				address = first.address
			}
			w.op.Visit(address)
			if n := w.op.Count(oidctest.EndSession); n != 1 {
				t.Errorf("tab gone %t: no tab went to the provider", gone)
			}
		})
	}
}

type goneTab struct{}

func (goneTab) Navigate(context.Context, string) error { return ErrPageGone }

// Who has just signed in is there.
func TestIdleAfterSignin(t *testing.T) {
	for _, way := range []string{"popup", "password"} {
		t.Run(way, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.Lifetime = 24 * time.Hour
				w.settings.Idle = IdleSettings{Timeout: time.Minute, RemoveOnly: true}
				w.op.Password = "p"
				client, tab, _ := w.watched(says("unchanged"))
				w.signIn(client, tab)
				tab.popup = func(_ context.Context, p Popup) (string, error) {
					time.Sleep(58 * time.Second) // somebody types in the window
					return w.op.Visit(p.URL), nil
				}
				w.op.Edit(func() { w.op.Subject = "subject-2" })
				var err error
				if way == "popup" {
					_, err = client.SigninPopup(t.Context(), SigninArgs{})
				} else {
					time.Sleep(58 * time.Second)
					_, err = client.SigninPassword(t.Context(), PasswordArgs{Username: "u", Password: "p"})
				}
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(5 * time.Second)
				if user := client.Current(); user == nil {
					t.Error("who has signed in five seconds ago is signed out for doing nothing")
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}
