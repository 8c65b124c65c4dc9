package session

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// copyOf is a tab that was opened with the storage of another one.
func copyOf(w *world, original *tab) *tab {
	twin := newTab(w.op)
	for state, transaction := range original.transactions {
		twin.transactions[state] = transaction
	}
	return twin
}

// A response that two tabs have makes one token request (RFC 6749 4.1.2).
func TestResponseOnce(t *testing.T) {
	tests := []struct {
		name     string
		complete func(w *world, twin *tab) func(callbackURL string) error // what the second tab does
		before   bool                                                     // it begins before the first has ended
	}{
		{"another tab", signinCallback, false},
		{"another tab at the same time", signinCallback, true},
		{"steps", func(w *world, twin *tab) func(string) error {
			steps, err := w.registry.OpenSteps(w.settings, twin.page())
			if err != nil {
				w.t.Fatal(err)
			}
			return func(callbackURL string) error {
				_, err := steps.SigninResponse(w.t.Context(), callbackURL, ResponseArgs{Keep: true})
				return err
			}
		}, false},
		{"a client with other settings", func(w *world, twin *tab) func(string) error {
			w.settings.Provider.MetadataURL = w.op.Issuer + "/.well-known/openid-configuration"
			// It hears of the sign-in, and finds nobody by itself.
			twin.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
			return signinCallback(w, twin)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				client, original := w.open(false)
				callbackURL := w.redirect(client, original)
				second := tt.complete(w, copyOf(w, original))
				if tt.before {
					w.op.Hold = func(endpoint string, _ *http.Request) {
						if endpoint == oidctest.Token {
							time.Sleep(time.Second)
						}
					}
				}
				w.op.ResetRequests()
				var first sync.WaitGroup
				first.Go(func() {
					if _, err := client.SigninCallback(t.Context(), callbackURL); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
				mustFail(t, "the second use", second(callbackURL), oidc.ErrStateUnknown)
				first.Wait()
				if n := w.op.Count(oidctest.Token); n != 1 {
					t.Errorf("%d token requests with one code", n)
				}
				_ = client.RemoveUser(t.Context())
			})
		})
	}
}

func signinCallback(w *world, twin *tab) func(string) error {
	client := w.openIn(twin, false)
	return func(callbackURL string) error {
		_, err := client.SigninCallback(w.t.Context(), callbackURL)
		return err
	}
}

// Where the code was not used the same response is tried again.
func TestResponseNotUsedYet(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	callbackURL := w.redirect(client, tab)
	records := tab.transactions
	w.restart()
	tab.transactions = records
	client = w.openIn(tab, false)
	w.transport.Fail = func(*oidc.Request) error { return oidc.ErrNetwork }
	_, err := client.SigninCallback(t.Context(), callbackURL)
	mustFail(t, "without a network", err, oidc.ErrNetwork)
	w.transport.Fail = nil
	if _, err := client.SigninCallback(t.Context(), callbackURL); err != nil {
		t.Errorf("tried again: %v", err)
	}
}

func TestResponsesAreForgotten(t *testing.T) {
	r := responses{used: map[string]time.Time{}}
	now := time.Now()
	states := make([]oidc.Secret, 2*responsesLimit)
	for i := range states {
		states[i] = oidc.Secret(rune('a' + i))
		now = now.Add(time.Millisecond)
		if !r.use(states[i], now, now.Add(underway)) {
			t.Fatal("a new response counts as used")
		}
	}
	if len(r.used) != responsesLimit || !r.use(states[0], now, now.Add(underway)) || r.use(states[len(states)-1], now, now) {
		t.Errorf("%d responses are known, want the last %d", len(r.used), responsesLimit)
	}
	now = now.Add(underway)
	if !r.use("later", now, now.Add(underway)) || len(r.used) != 1 {
		t.Errorf("%d responses are known after a quarter of an hour", len(r.used))
	}
}

// Where a sign-in may take an hour, its response is known for an hour.
func TestResponseOnceInAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		w.settings.RedirectTimeout, w.settings.ManualRenew = time.Hour, true
		client, original := w.open(false)
		callbackURL := w.redirect(client, original)
		second := signinCallback(w, copyOf(w, original))
		w.op.ResetRequests()
		if _, err := client.SigninCallback(t.Context(), callbackURL); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Minute)
		mustFail(t, "the second use", second(callbackURL), oidc.ErrStateUnknown)
		if n := w.op.Count(oidctest.Token); n != 1 {
			t.Errorf("%d token requests with one code", n)
		}
		_ = client.RemoveUser(t.Context())
	})
}

// What is kept for a sign-in has an end, whatever a record says.
func TestExpiryOf(t *testing.T) {
	now := time.Now()
	for lifetime, want := range map[int64]time.Duration{1: underway, 3600: time.Hour, 1 << 40: longestFlow} {
		tx := &oidc.Transaction{CreatedAt: now.Unix(), Lifetime: lifetime}
		if got := expiryOf(tx, now, now).Sub(now); got < want-time.Second || got > want+time.Second {
			t.Errorf("a life of %d s: kept for %v, want %v", lifetime, got, want)
		}
	}
}
