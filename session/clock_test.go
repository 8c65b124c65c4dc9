package session

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A fresh ID Token tells by how much a wrong clock is wrong. One that is good
// but for its own times tells nothing.
func TestClockSkew(t *testing.T) {
	tests := []struct {
		name     string
		iat, exp time.Duration // from now
		skew     int64         // seconds; 0 for another error
		want     oidc.Code
	}{
		{"right", 0, 5 * time.Minute, 0, ""},
		{"within the leeway", 25 * time.Second, 5 * time.Minute, 0, ""},
		{"behind by 31 s", 31 * time.Second, 5 * time.Minute, 31, oidc.ErrClockSkew},
		{"behind by a year", 365 * 24 * time.Hour, 366 * 24 * time.Hour, 365 * 24 * 3600, oidc.ErrClockSkew},
		{"ahead by an hour", -time.Hour, 5*time.Minute - time.Hour, -3600, oidc.ErrClockSkew},
		{"dead on arrival", 0, -time.Minute, 0, oidc.ErrTokenExpired},
		{"backdated", -5 * time.Minute, time.Hour, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.EditIDToken = func(_, claims map[string]any) {
					claims["iat"] = time.Now().Add(tt.iat).Unix()
					claims["exp"] = time.Now().Add(tt.exp).Unix()
				}
				client, tab := w.open(false)
				_, err := client.SigninCallback(t.Context(), w.redirect(client, tab))
				if !errors.Is(err, tt.want) && (err != nil || tt.want != "") {
					t.Errorf("SigninCallback = %v, want %q", err, string(tt.want))
				}
				skew := &oidc.ClockSkewError{}
				if errors.As(err, &skew) != (tt.skew != 0) || skew.Seconds != tt.skew {
					t.Errorf("skew = %d s, want %d", skew.Seconds, tt.skew)
				}
				client.session.stopTimer()
			})
		})
	}
}

// Where the clock is wrong nothing is tried again before somebody sets it, whoever asks
// and however often; it may be the provider's, so that there is an end to that.
func TestClockSkewIsNotTriedAgain(t *testing.T) {
	const wrong = time.Hour // behind
	tests := []struct {
		name   string
		set    time.Duration // forward by so much
		passes time.Duration
		want   int64 // the skew, in seconds; 0 if the provider is asked, and all is well
	}{
		{"nobody sets it", 0, time.Minute, 3600},
		{"it is set in part", 20 * time.Minute, time.Minute, 2400},
		{"it is set to be ahead", 2 * wrong, time.Minute, -3600},
		{"it is set", wrong, 0, 0},
		{"it is set within the leeway", wrong - 29*time.Second, 0, 0},
		{"it was the provider's", 0, wrongClockLimit, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var behind, providers atomic.Int64 // nanoseconds
				behind.Store(int64(wrong))
				w.op.EditIDToken = func(_, claims map[string]any) {
					now := time.Now().Add(-time.Duration(providers.Load()))
					claims["iat"], claims["exp"] = now.Unix(), now.Add(time.Hour).Unix()
				}
				w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Now: func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) }})
				client, _ := w.open(true)
				ask := func() {
					for _, call := range []func() (*User, error){
						func() (*User, error) { return client.User(t.Context()) },
						func() (*User, error) { return client.SigninSilent(t.Context(), SigninArgs{}) },
					} {
						user, err := call()
						skew := &oidc.ClockSkewError{}
						if errors.As(err, &skew); skew.Seconds != tt.want || (user != nil) != (tt.want == 0) {
							t.Errorf("%v, %v; want a skew of %d s", user, err, tt.want)
						}
						synctest.Wait()
					}
				}
				_, err := client.User(t.Context())
				mustFail(t, "User", err, oidc.ErrClockSkew)
				if behind.Add(-int64(tt.set)); tt.set == 0 && tt.want == 0 {
					providers.Store(int64(wrong))
				}
				time.Sleep(tt.passes)
				before := len(w.op.Requests())
				ask()
				if asked := len(w.op.Requests()) - before; (asked > 0) != (tt.want == 0) {
					t.Errorf("the provider was asked %d times", asked)
				}
				client.session.stopTimer()
			})
		})
	}
}

// No correction lets a token pass that is wrong in anything else, and none
// keeps a clock that is right from being believed.
func TestClockCorrectionIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		client, tab := w.open(false)
		drift := -25 * time.Second
		w.op.EditIDToken = func(_, claims map[string]any) { claims["iat"] = time.Now().Add(drift).Unix() }
		w.signIn(client, tab)
		for _, drift = range []time.Duration{0, 25 * time.Second, 50 * time.Second, 0, -25 * time.Second} {
			if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Errorf("a clock that differs by %v: %v", drift, err)
			}
			if skew := client.session.provider.skew; skew.Abs() > maxSkew {
				t.Errorf("skew = %v", skew)
			}
		}
		drift = 2 * time.Minute
		w.op.EditIDToken = func(_, claims map[string]any) {
			claims["iat"], claims["nonce"] = time.Now().Add(drift).Unix(), "other"
		}
		_, err := client.SigninSilent(t.Context(), SigninArgs{})
		if errors.Is(err, oidc.ErrClockSkew) {
			t.Error("a token of another sign-in tells the time")
		}
		mustFail(t, "SigninSilent", err, oidc.ErrIssuedInFuture)
		client.session.stopTimer()
	})
}

// The tokens of one round were issued in its middle.
func TestRoundMiddle(t *testing.T) {
	sent := time.Unix(1_800_000_000, 0)
	if got := (round{sent, sent.Add(10 * time.Second)}).middle(); !got.Equal(sent.Add(5 * time.Second)) {
		t.Errorf("middle = %v", got)
	}
}
