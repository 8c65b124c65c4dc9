package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func TestSigninSilentFrame(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	before := w.signIn(client, tab)
	w.op.ResetRequests()
	user, err := client.SigninSilent(t.Context(), SigninArgs{})
	if err != nil {
		t.Fatal(err)
	}
	if user.AccessToken == before.AccessToken || user.Subject() != before.Subject() {
		t.Errorf("the renewal brought no new token of the same user")
	}
	if got := w.op.Requests(); !slices.Equal(got, []string{oidctest.Authorize, oidctest.Token}) {
		t.Errorf("requests = %v", got)
	}
	if len(tab.transactions) != 0 {
		t.Errorf("the transaction of a frame was stored")
	}
}

func TestSigninSilentRefreshToken(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	client, tab := w.open(false)
	w.signIn(client, tab)
	for range 3 { // the provider fails the test on a token used twice
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
	}
	if tab.frames != 0 {
		t.Errorf("%d frames, want none", tab.frames)
	}
	w.op.RevokeRefreshTokens()
	if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil || tab.frames != 1 {
		t.Errorf("refresh token refused: %v, %d frames; want the frame to take over", err, tab.frames)
	}
}

// OIDC Core 12.2 is about the ID Token of the sign-in, not of the refresh
// before: what one refresh leaves out is the same in the next.
func TestSigninSilentTwice(t *testing.T) {
	without := func(claim string) func(map[string]any) {
		return func(c map[string]any) { delete(c, claim) }
	}
	set := func(claim string, value any) func(map[string]any) {
		return func(c map[string]any) { c[claim] = value }
	}
	same := func(map[string]any) {}
	tests := []struct {
		name          string
		first, second func(claims map[string]any)
		want          error
	}{
		{"nothing changes", same, same, nil},
		{"auth_time left out, then the same", without("auth_time"), same, nil},
		{"auth_time left out, then another", without("auth_time"), set("auth_time", 1), oidc.ErrClaimInvalid},
		{"nonce left out, then the same", without("nonce"), same, nil},
		{"nonce left out, then another", without("nonce"), set("nonce", "other"), oidc.ErrNonceMismatch},
		{"nonce left out twice", without("nonce"), without("nonce"), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens, w.op.RepeatNonce, w.settings.ManualRenew = true, true, true
			edit, authTime := same, time.Now().Unix()
			w.op.EditIDToken = func(_, c map[string]any) {
				c["auth_time"] = authTime
				edit(c)
			}
			client, tab := w.open(false)
			w.signIn(client, tab)
			w.op.Edit(func() { edit = tt.first })
			if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			w.op.Edit(func() { edit = tt.second })
			_, err := client.SigninSilent(t.Context(), SigninArgs{})
			if !errors.Is(err, tt.want) {
				t.Errorf("the second refresh: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestSigninSilentRefusals(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world, tab *tab)
		want oidc.Code
	}{
		{"signed out at the provider", func(w *world, _ *tab) { w.op.SignedIn = false }, oidc.ErrProvider},
		{"somebody else signed in", func(w *world, _ *tab) { w.op.Subject = "subject-2" }, oidc.ErrSubjectChanged},
		{"login page in the frame", func(_ *world, tab *tab) {
			tab.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		}, ErrFrameNoResponse},
		{"response of another frame", func(_ *world, tab *tab) {
			tab.frame = func(context.Context, string) (string, error) {
				return "https://app.example.test/callback.html?code=c&state=other", nil
			}
		}, oidc.ErrStateMismatch},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			client, tab := w.open(false)
			user := w.signIn(client, tab)
			tt.edit(w, tab)
			renewed, err := client.SigninSilent(t.Context(), SigninArgs{})
			mustFail(t, "SigninSilent", err, tt.want)
			if renewed != nil {
				t.Error("a user came with an error")
			}
			if now, _ := client.User(t.Context()); now != user {
				t.Error("a failed renewal changed the user")
			}
		})
	}
}

// A silent sign-in of the app that finds no session ends none; the renewal does.
func TestSessionOverForSigninSilent(t *testing.T) {
	for _, manual := range []bool{false, true} {
		t.Run(fmt.Sprintf("manual %t", manual), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings.ManualRenew = manual
				client, tab := w.open(false)
				user := w.signIn(client, tab)
				w.op.Edit(func() { w.op.SignedIn = false })
				tab.heard()
				_, err := client.SigninSilent(t.Context(), SigninArgs{})
				mustFail(t, "SigninSilent", err, oidc.ErrProvider)
				if heard := tab.heard(); len(heard) > 0 || client.Current() != user {
					t.Errorf("a call that failed ended the session: %v", heard)
				}
				time.Sleep(time.Until(time.Unix(user.ExpiresAt, 0)))
				if now, err := client.User(t.Context()); now != nil || err != nil {
					t.Errorf("User = %v, %v", now, err)
				}
				if heard := tab.heard(); !slices.Contains(heard, UserUnloaded) {
					t.Errorf("the tab heard %v", heard)
				}
			})
		})
	}
}

// However many tabs ask, one renewal is in the air.
func TestSigninSilentSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first, tab := w.open(false)
		w.signIn(first, tab)
		w.op.ResetRequests()
		tab.frame = func(_ context.Context, url string) (string, error) {
			time.Sleep(time.Second)
			return w.op.Visit(url), nil
		}
		second, _ := w.open(false)
		var wg sync.WaitGroup
		for i := range 10 {
			client := []*Client{first, second}[i%2]
			if i == 0 {
				wg.Go(func() { _, _ = first.SigninSilent(t.Context(), SigninArgs{}) })
				synctest.Wait()
			}
			wg.Go(func() {
				if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := w.op.Requests(); !slices.Equal(got, []string{oidctest.Authorize, oidctest.Token}) {
			t.Errorf("requests = %v", got)
		}
	})
}

// A frame whose tab goes away moves to another tab.
func TestSigninSilentTabGone(t *testing.T) {
	w := newWorld(t)
	first, tab1 := w.open(false)
	_, tab2 := w.open(false)
	w.signIn(first, tab1)
	tab1.frame = func(context.Context, string) (string, error) {
		first.Close()
		return "", ErrPageGone
	}
	if _, err := first.SigninSilent(t.Context(), SigninArgs{}); err != nil || tab2.frames != 1 {
		t.Errorf("SigninSilent = %v, %d frames in the other tab", err, tab2.frames)
	}
}

// Who signs out while a renewal is in the air stays signed out.
func TestSignoutDuringRenewal(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	w.signIn(client, tab)
	tab.frame = func(ctx context.Context, url string) (string, error) {
		return w.op.Visit(url), client.RemoveUser(ctx)
	}
	_, err := client.SigninSilent(t.Context(), SigninArgs{})
	mustFail(t, "SigninSilent", err, ErrNotSignedIn)
	if user, _ := client.User(t.Context()); user != nil {
		t.Error("the user is back")
	}
}

func TestSigninSilentCancelled(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	release := make(chan struct{})
	defer close(release)
	tab.frame = func(context.Context, string) (string, error) {
		<-release
		return "", oidc.ErrTimeout
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the tab gave up")
	cancel(cause)
	if _, err := client.SigninSilent(ctx, SigninArgs{}); !errors.Is(err, cause) {
		t.Errorf("SigninSilent = %v, want the cause", err)
	}
}

func TestRestore(t *testing.T) {
	tests := []struct {
		name     string
		hint     bool
		edit     func(w *world, tab *tab)
		want     oidc.Code
		user     bool
		hintLeft bool
		frames   int
	}{
		{"session", true, func(*world, *tab) {}, "", true, true, 1},
		{"no hint", false, func(*world, *tab) {}, "", false, false, 0},
		{"session over", true, func(w *world, _ *tab) { w.op.SignedIn = false }, "", false, false, 1},
		{"login page", true, func(_ *world, tab *tab) {
			tab.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		}, "", false, false, 1},
		{"offline", true, func(w *world, _ *tab) {
			w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
		}, oidc.ErrNetwork, false, true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			tab := newTab(w.op)
			tab.hint = tt.hint
			client := w.openIn(tab, tt.hint)
			tt.edit(w, tab)
			user, err := client.User(t.Context())
			if tt.want != "" {
				mustFail(t, "User", err, tt.want)
			} else if err != nil || (user != nil) != tt.user {
				t.Errorf("User = %v, %v", user, err)
			}
			if tab.hint != tt.hintLeft || tab.frames != tt.frames {
				t.Errorf("hint %t, %d frames; want %t, %d", tab.hint, tab.frames, tt.hintLeft, tt.frames)
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	tests := []struct {
		name     string
		lifetime time.Duration
		manual   bool
		signOut  bool
		expiring time.Duration // when accessTokenExpiring comes; 0 for never
		expired  bool
		renewed  int
	}{
		{"an hour", time.Hour, true, false, time.Hour - time.Minute, true, 0},
		{"a minute", time.Minute, true, false, 40 * time.Second, true, 0},
		{"renewed", time.Hour, false, false, time.Hour - time.Minute, false, 1},
		{"signed out before", time.Hour, false, true, 0, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.Lifetime = tt.lifetime
				w.settings.ManualRenew = tt.manual
				client, tab := w.open(false)
				w.signIn(client, tab)
				tab.heard()
				if tt.signOut {
					_ = client.RemoveUser(t.Context())
					tab.heard()
				}
				if tt.expiring > 0 {
					time.Sleep(tt.expiring - time.Second)
					if heard := tab.heard(); len(heard) > 0 {
						t.Errorf("events %v a second early", heard)
					}
					time.Sleep(2 * time.Second)
					if heard := tab.heard(); !slices.Contains(heard, AccessTokenExpiring) {
						t.Errorf("events = %v, want %s", heard, AccessTokenExpiring)
					}
				}
				time.Sleep(tt.lifetime/3 + time.Second)
				if heard := tab.heard(); slices.Contains(heard, AccessTokenExpired) != tt.expired {
					t.Errorf("events = %v, expired %t", heard, tt.expired)
				}
				if tab.frames != tt.renewed {
					t.Errorf("%d renewals, want %d", tab.frames, tt.renewed)
				}
				client.session.stopTimer()
			})
		})
	}
}

func TestRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		w.signIn(client, tab)
		tab.heard()
		w.op.Edit(func() { w.op.SignedIn = false })
		time.Sleep(2 * time.Hour)
		want := []EventName{AccessTokenExpiring, UserUnloaded}
		if heard := tab.heard(); !slices.Equal(heard, want) {
			t.Errorf("events = %v, want %v", heard, want)
		}
	})
}
