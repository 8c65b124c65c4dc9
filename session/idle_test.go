package session

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
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

func (goneTab) Navigate(context.Context, oidc.Address) error { return ErrPageGone }

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

// "Where nothing fails, the refresh token of who signs out at the provider is
// revoked" (promises "revoked"), and idle signs out there by default: also while all
// pages are frozen, which is when nobody is there.
func TestIdleWhileAllSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime, w.op.RefreshTokens = 24*time.Hour, true
		w.settings.Idle = IdleSettings{Timeout: time.Minute}
		client, tab, _ := w.watched(says("unchanged"))
		user := w.signIn(client, tab)
		client.Sleeps(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if client.Current() != nil {
			t.Error("the idle user is there")
		}
		if liveRefreshToken(t, w, user.RefreshToken) {
			t.Error("the idle user is signed out, and the refresh token is still good")
		}
	})
}

// "what ends first counts" (User.left) of both clocks: who does nothing is signed
// out, also where the clock is set back meanwhile.
func TestIdleWhereTheClockGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime = 24 * time.Hour
		w.settings.Idle = IdleSettings{Timeout: time.Minute, RemoveOnly: true}
		var back atomic.Int64
		w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Now: func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }})
		client, tab, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		time.Sleep(10 * time.Second)
		back.Store(int64(time.Hour))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if client.Current() != nil {
			t.Error("nobody has done anything for ten minutes, and the user is there")
		}
		_ = client.RemoveUser(t.Context())
	})
}

// "an interactive sign-in is stronger than the end of the session before it:
// idle" (docs/who-is-signed-in.md, rule 2): while somebody types in a window of the app,
// or the response of a sign-in is being completed, no page is sent away.
func TestIdleDuringSignin(t *testing.T) {
	var busy atomic.Bool // the program looks at the next thing later
	for name, signIn := range map[string]func(w *world, client *Client, tab *tab) (*User, error){
		"a window": func(w *world, client *Client, tab *tab) (*User, error) {
			tab.popup = func(_ context.Context, p Popup) (string, error) {
				time.Sleep(5 * time.Second) // somebody types in it
				return w.op.Visit(p.URL), nil
			}
			return client.SigninPopup(w.t.Context(), SigninArgs{})
		},
		"a response": func(w *world, client *Client, tab *tab) (*User, error) {
			return client.SigninCallback(w.t.Context(), w.redirect(client, tab))
		},
		"a response that has just come": func(w *world, client *Client, tab *tab) (*User, error) {
			back := w.redirect(client, tab)
			busy.Store(true)
			return client.SigninCallback(w.t.Context(), back)
		},
		"a tab that is about to leave": func(w *world, client *Client, tab *tab) (*User, error) {
			client.settings.Push = oidc.PushRequired
			return nil, client.SigninRedirect(w.t.Context(), SigninArgs{})
		},
		"a tab that leaves": func(w *world, client *Client, tab *tab) (*User, error) {
			err := client.SigninRedirect(w.t.Context(), SigninArgs{})
			time.Sleep(5 * time.Second)
			return nil, err
		},
		"a password": func(w *world, client *Client, _ *tab) (*User, error) {
			return client.SigninPassword(w.t.Context(), PasswordArgs{Username: "ada", Password: "secret-of-the-user"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Gate: func(point string) (pass func()) {
					if point == "start" && busy.Swap(false) {
						return func() { time.Sleep(5 * time.Second) }
					}
					return func() {}
				}})
				w.op.Lifetime, w.op.Password = 24*time.Hour, "secret-of-the-user"
				w.settings.Idle = IdleSettings{Timeout: time.Minute}
				client, tab, _ := w.watched(says("unchanged"))
				w.signIn(client, tab)
				leaves := len(tab.addresses)
				w.op.Edit(func() {
					w.op.Hold = func(endpoint string, _ *http.Request) {
						if endpoint == oidctest.Token || endpoint == oidctest.PAR {
							time.Sleep(5 * time.Second)
						}
					}
				})
				time.Sleep(58 * time.Second)
				if user, err := signIn(w, client, tab); err != nil || client.Current() != user {
					t.Errorf("the sign-in: %v", err)
				}
				tab.set(func() {
					for _, address := range tab.addresses[leaves:] {
						if !strings.Contains(address, "/authorize") {
							t.Error("a page is sent away for doing nothing while somebody signs in")
						}
					}
				})
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

// "The user there is signed out, and the tokens are revoked, but no page is sent to the
// provider" (docs/who-is-signed-in.md): what does not end there is revoked, as where a
// sign-out of the app does not get there.
func TestSignoutThatStaysHereRevokes(t *testing.T) {
	for name, signOut := range map[string]func(w *world, client *Client, tab *tab) error{
		"idle beside a window": func(w *world, client *Client, tab *tab) error {
			_, err := client.SigninPopup(w.t.Context(), SigninArgs{})
			return err
		},
		"a window that is closed": func(w *world, client *Client, tab *tab) error {
			return client.SignoutPopup(w.t.Context(), SignoutArgs{})
		},
		"a tab that is gone": func(w *world, client *Client, tab *tab) error {
			client.page.Navigator = goneTab{}
			return client.SignoutRedirect(w.t.Context(), SignoutArgs{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				w.op.RefreshTokens, w.settings.ManualRenew = true, true
				w.settings.Idle = IdleSettings{Timeout: time.Minute}
				w.settings.PopupPostLogoutRedirectURI = "https://app.example.test/callback.html"
				client, tab := w.open(false)
				user := w.signIn(client, tab)
				tab.late = func(context.Context, Popup) (string, error) { return "", ErrPageGone }
				tab.popup = func(context.Context, Popup) (string, error) {
					time.Sleep(5 * time.Minute)
					return "", ErrPopupClosed
				}
				err := signOut(w, client, tab)
				synctest.Wait()
				if err == nil || client.Current() != nil || liveRefreshToken(t, w, user.RefreshToken) {
					t.Errorf("%v, and the refresh token is good", err)
				}
			})
		})
	}
}

// "Who signs in stays" (docs/who-is-signed-in.md): who has signed in while the
// tokens of the idle user are revoked is not sent away to end the session at the provider.
func TestSigninDuringIdleSignout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.Lifetime, w.op.RefreshTokens = 24*time.Hour, true
		w.settings.Idle = IdleSettings{Timeout: time.Minute}
		client, tab, _ := w.watched(says("unchanged"))
		w.signIn(client, tab)
		leaves := len(tab.addresses)
		w.op.Edit(func() {
			w.op.Subject = "subject-2"
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Revocation {
					time.Sleep(1500 * time.Millisecond)
				}
			}
		})
		tab.popup = func(_ context.Context, p Popup) (string, error) {
			time.Sleep(61 * time.Second)
			return w.op.Visit(p.URL), nil
		}
		if _, err := client.SigninPopup(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		before := len(tab.addresses) // the window's is among them, if at all
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if user := client.Current(); user == nil || user.Subject() != "subject-2" {
			t.Error("Bob is not signed in")
		}
		if len(tab.addresses) > before {
			t.Errorf("Bob has signed in, and the page is sent away to sign out: %.60s", tab.addresses[before])
		}
		_ = leaves
		_ = client.RemoveUser(t.Context())
	})
}
