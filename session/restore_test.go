package session

import (
	"context"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A session that cannot be restored gives nobody and a reason.
func TestRestoreReasons(t *testing.T) {
	blocked := func(_ *world, tab *tab) {
		tab.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
	}
	offline := func(w *world, tab *tab) {
		blocked(w, tab)
		w.transport.Fail = func(req *oidc.Request) error {
			if req.NoCache { // the network goes away while the frame is loading
				return oidc.ErrNetwork
			}
			return nil
		}
	}
	tests := []struct {
		name   string
		mode   RestoreMode
		edit   func(w *world, tab *tab)
		err    oidc.Code
		reason oidc.Code
		hint   bool
		frames int
	}{
		{"signed out at the provider", "", func(w *world, _ *tab) { w.op.SignedIn = false }, "", oidc.ErrProvider, false, 1},
		{"frame blocked", "", blocked, "", ErrFrameNoResponse, false, 1},
		{"offline in the frame", "", offline, oidc.ErrNetwork, "", true, 1},
		{"off", RestoreOff, func(*world, *tab) {}, "", "", true, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.settings.Restore = tt.mode
			tab := newTab(w.op)
			tab.hint = true
			client := w.openIn(tab, true)
			tt.edit(w, tab)
			user, err := client.User(t.Context())
			if user != nil {
				t.Error("somebody is signed in")
			}
			if tt.err != "" || err != nil {
				mustFail(t, "User", err, tt.err)
			}
			reasons := tab.events
			switch {
			case tt.reason == "" && len(reasons) > 0:
				t.Errorf("events = %v, want none", tab.heard())
			case tt.reason != "":
				if len(reasons) != 1 || reasons[0].Name != RestoreError {
					t.Fatalf("events = %v, want one %s", tab.heard(), RestoreError)
				}
				mustFail(t, "reason", reasons[0].Err, tt.reason)
			}
			if tab.hint != tt.hint || tab.frames != tt.frames {
				t.Errorf("hint %t, %d frames; want %t, %d", tab.hint, tab.frames, tt.hint, tt.frames)
			}
		})
	}
}

// That frames cannot work is remembered for the provider, for an hour, or as
// long as the tab is there that says so: it may lie.
func TestBlockedFrameIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		frames := 0
		restore := func() *Client {
			tab := newTab(w.op)
			tab.frame = func(context.Context, string) (string, error) {
				frames++
				return "", ErrFrameNoResponse
			}
			client := w.openIn(tab, true)
			if user, err := client.User(t.Context()); user != nil || err != nil {
				t.Errorf("User = %v, %v", user, err)
			}
			if heard := tab.heard(); !slices.Equal(heard, []EventName{RestoreError}) {
				t.Errorf("events = %v", heard)
			}
			return client
		}
		first := restore()
		restore()
		if frames != 1 {
			t.Errorf("%d frames within the hour, want one", frames)
		}
		first.Close()
		second := restore()
		if frames != 2 {
			t.Errorf("%d frames after the tab that said so was closed, want two", frames)
		}
		time.Sleep(time.Hour)
		restore()
		if frames != 3 {
			t.Errorf("%d frames after the hour, want three", frames)
		}
		second.Close()
	})
}

// roundTrip is a load of the page that restores by redirect: it returns where
// the provider sends the tab back to, nothing if the tab stays.
func roundTrip(t *testing.T, w *world, tab *tab) (callback string) {
	t.Helper()
	tab.address = ""
	client := w.openIn(tab, tab.hint)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = client.Restore(ctx, "https://app.example.test/shop")
	}()
	synctest.Wait() // in a browser, the page is left here
	client.Close()
	cancel()
	<-done
	if tab.address == "" {
		return ""
	}
	if u, err := url.Parse(tab.address); err != nil || u.Query().Get("prompt") != "none" {
		t.Errorf("prompt = %q, want none", u.Query().Get("prompt"))
	}
	w.restart()
	return w.op.Visit(tab.address)
}

func TestRestoreByRedirect(t *testing.T) {
	tests := []struct {
		name  string
		edit  func(w *world)
		user  bool
		again bool // the next load goes to the provider again
	}{
		{"session", func(*world) {}, true, true},
		{"no session", func(w *world) { w.op.SignedIn = false }, false, false},
		{"refused tokens", func(w *world) {
			w.op.EditIDToken = func(_, claims map[string]any) { claims["nonce"] = "other" }
		}, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.settings.Restore = RestoreRedirect
				tab := newTab(w.op)
				tab.hint = true
				tt.edit(w)
				callback := roundTrip(t, w, tab)
				client := w.openIn(tab, true)
				user, err := client.SigninCallback(t.Context(), callback)
				if (user != nil) != tt.user || err != nil || tab.frames > 0 {
					t.Errorf("SigninCallback = %v, %v; %d frames", user, err, tab.frames)
				}
				client.session.stopTimer()
				for range 3 { // reloads
					w.restart()
					callback = roundTrip(t, w, tab)
					if (callback != "") != tt.again {
						t.Fatalf("the tab left: %t, want %t", callback != "", tt.again)
					}
					if callback == "" {
						continue
					}
					client := w.openIn(tab, true)
					if _, err := client.SigninCallback(t.Context(), callback); err != nil {
						t.Error(err)
					}
					client.session.stopTimer()
				}
			})
		})
	}
}

// A tab that went to the provider and did not come back with an answer does
// not go again, and says why there is nobody.
func TestRestoreByRedirectOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.Restore = RestoreRedirect
		tab := newTab(w.op)
		tab.hint = true
		if roundTrip(t, w, tab) == "" {
			t.Fatal("the tab never left")
		}
		for range 5 { // back button, reload
			w.restart()
			if roundTrip(t, w, tab) != "" {
				t.Error("the tab left again")
			}
			if heard := tab.heard(); !slices.Equal(heard, []EventName{RestoreError}) {
				t.Errorf("events = %v, want the reason", heard)
			}
			// Links to the app that call the mark their state.
			client := w.openIn(tab, true)
			_, err := client.SigninCallback(t.Context(), "https://app.example.test/?code=x&state=restore")
			mustFail(t, "SigninCallback", err, oidc.ErrStateUnknown)
			if response, err := client.SignoutCallback(t.Context(), "https://app.example.test/?state=restore"); err != nil || response.State != nil {
				t.Errorf("SignoutCallback = %v, %v", response, err)
			}
			client.Close()
		}
		time.Sleep(15*time.Minute - time.Second)
		if roundTrip(t, w, tab) != "" {
			t.Error("the tab left again within 15 minutes")
		}
		time.Sleep(time.Second)
		if roundTrip(t, w, tab) == "" {
			t.Error("the tab never leaves again")
		}
	})
}

// A renewal that finds no session in the frame leaves the hint to the redirect.
func TestRedirectOutlivesTheFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.settings.Restore = RestoreRedirect
		client, tab := w.open(false)
		w.signIn(client, tab)
		tab.set(func() {
			tab.frame = func(_ context.Context, address string) (string, error) {
				return refusal(address, "login_required"), nil // cookies are blocked there
			}
		})
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if user, _ := client.session.current(); user != nil || !tab.hint {
			t.Errorf("user %v, hint %t; want nobody and the hint", user, tab.hint)
		}
	})
}

// Every waiting call settles when the tab closes and others go on.
func TestCloseDuringRestore(t *testing.T) {
	withOrigin(t, 1, func(t *testing.T, o *origin) {
		o.w.signIn(o.clients[0], o.tabs[0])
		client, _ := o.open()
		release := o.slow(1)
		done := make(chan error, 2)
		for range 2 {
			go func() { _, err := client.User(t.Context()); done <- err }()
		}
		synctest.Wait()
		client.Close()
		client.Close()
		close(release)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for range 2 {
			select {
			case <-done:
			default:
				t.Error("a call hangs")
			}
		}
	})
}

// What is wrong with the answers of a provider, but not with the way to it, is so with
// the next call, too: that asks for nothing.
func TestFailedRestoreIsNotTriedAgain(t *testing.T) {
	ways := []oidc.Code{ // the section Requests of docs/errors.md
		oidc.ErrNetwork, oidc.ErrCORSRefused, oidc.ErrTimeout, oidc.ErrRedirectRefused, oidc.ErrHTTPStatus,
		oidc.ErrResponseTooLarge, oidc.ErrNotJSON,
		oidc.ErrDPoPNonceHidden, // of the endpoint for userinfo
	}
	codes := map[oidc.Code]int{}
	for _, c := range oidctest.Cases() {
		if c.Flow != oidctest.FlowRedirect && c.Flow != oidctest.FlowUserinfo || c.Want == "" || slices.Contains(ways, c.Want) {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVictim(t, c)
				v.client, v.tab = v.open(true)
				v.c.Strike(v.op)
				user, err := v.client.User(t.Context())
				if _, passing := isPassing(err); passing {
					return
				}
				synctest.Wait()
				before := len(v.op.Requests())
				for range 3 {
					if user, _ := v.client.User(t.Context()); user != nil {
						t.Error("somebody is signed in")
					}
					synctest.Wait()
				}
				if asked := len(v.op.Requests()) - before; asked > 0 || user != nil {
					t.Errorf("%s: %v, %v, then %d requests", string(c.Want), user, err, asked)
				}
				codes[c.Want]++
			})
		})
	}
	if len(codes) < 20 {
		t.Errorf("%d codes", len(codes))
	}
}
