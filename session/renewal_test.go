package session

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session/pace"
)

const longRun = 24 * time.Hour

// A token is renewed before it ends, whatever its life is, and no more often
// than that asks for.
func TestRenewalByLifetime(t *testing.T) {
	tests := []struct {
		name      string
		expiresIn any // seconds; nil for none
		run       time.Duration
		least     int // renewals
		most      int
	}{
		{"5 s", 5, time.Minute, 12, 19},
		{"10 s", 10, time.Minute, 6, 9},
		{"a minute", 60, time.Hour, 60, 90},
		{"an hour", 3600, longRun, 24, 25},
		{"a day", 86400, 10 * longRun, 10, 10},
		{"a year", 365 * 86400, 10 * longRun, 0, 0},
		{"a string", "3600", longRun, 24, 25},
		{"none", nil, longRun, 0, 0},
		{"6e11", 6e11, longRun, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				w.op.EditTokenResponse = func(response map[string]any) {
					response["expires_in"] = tt.expiresIn
				}
				client, tab := w.open(false)
				w.signIn(client, tab)
				w.op.ResetRequests()
				time.Sleep(tt.run)
				user, err := client.User(t.Context())
				if err != nil || user == nil || user.left(time.Now()) <= 0 {
					t.Errorf("User = %v, %v; want a good token", user, err)
				}
				if n := w.op.Count(oidctest.Token); n < tt.least || n > tt.most {
					t.Errorf("%d renewals, want %d to %d", n, tt.least, tt.most)
				}
				if heard := tab.heard(); slices.Contains(heard, AccessTokenExpired) {
					t.Error("a token expired before it was renewed")
				}
				client.session.stopTimer()
			})
		})
	}
}

// Clients that signed in together do not come together.
func TestRenewalJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		seconds := map[int64]int{}
		for range 50 {
			w := newWorld(t)
			w.op.RefreshTokens = true
			client, tab := w.open(false)
			w.transport.Fail = func(req *oidc.Request) error {
				if strings.Contains(req.Body, "grant_type=refresh_token") {
					mu.Lock()
					seconds[time.Now().Unix()]++
					mu.Unlock()
				}
				return nil
			}
			w.signIn(client, tab)
		}
		time.Sleep(time.Hour - time.Second)
		mu.Lock()
		defer mu.Unlock()
		if len(seconds) < 10 {
			t.Errorf("50 clients renewed in %d different seconds", len(seconds))
		}
	})
}

// fault is what the provider answers to a refresh, in turn; then it is well.
type fault func(w http.ResponseWriter)

func status(code int, header ...string) fault {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// busyUntil answers with a date, which has no fractions of a second. Whoever is asked
// to wait may take as long again, and has half a minute at least.
func busyUntil(w http.ResponseWriter) {
	status(429, "Retry-After", time.Now().Add(10*time.Second).UTC().Format(http.TimeFormat))(w)
}

func refuse(status int, code string) fault {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"error":"` + code + `"}`))
	}
}

// hangUp ends the connection: the request may have arrived or not.
func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// half breaks off in the middle of the answer.
func half(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"access_token":"`))
}

func html(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<title>hotel</title>"))
}

// slow answers later than anybody waits.
func slow(http.ResponseWriter) { time.Sleep(11 * time.Second) }

// Faults of the token endpoint during a renewal with a refresh token.
func TestRenewalFaults(t *testing.T) {
	many := func(f fault, n int) []fault { return slices.Repeat([]fault{f}, n) }
	tests := []struct {
		name    string
		faults  []fault
		session bool          // goes on
		refresh int           // requests, with those that were answered
		frames  int           //
		pause   time.Duration // before the second request, at least
		events  []EventName
	}{
		{"none", nil, true, 1, 0, 0, []EventName{AccessTokenExpiring, UserLoaded}},
		{"500", many(status(500), 1), true, 2, 0, time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"500 three times", many(status(500), 3), true, 4, 0, time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"429 with seconds", many(status(429, "Retry-After", "10"), 1), true, 2, 0, 10 * time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"429 with a date", many(busyUntil, 1), true, 2, 0, 9 * time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"429 with a year", many(status(429, "Retry-After", "31536000"), 1), true, 2, 0, pace.RetryAfterLimit, []EventName{AccessTokenExpiring, SilentRenewError, AccessTokenExpired, UserLoaded}},
		{"lost answer", many(hangUp, 1), true, 2, 0, time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"two lost answers", many(hangUp, 2), true, 2, 1, time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"slow", many(slow, 1), true, 2, 0, 10 * time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"half an answer", many(half, 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"another page answers", many(html, 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"404", many(status(404), 1), true, 2, 0, time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"403 of nobody", many(status(403), 1), true, 2, 0, time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"temporarily_unavailable", many(refuse(400, "temporarily_unavailable"), 1), true, 2, 0, time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"server_error", many(refuse(400, "server_error"), 1), true, 2, 0, time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"slow_down", many(refuse(400, "slow_down"), 1), true, 2, 0, time.Second, []EventName{AccessTokenExpiring, SilentRenewError, UserLoaded}},
		{"invalid_dpop_proof", many(refuse(400, "invalid_dpop_proof"), 1), true, 2, 0, 10 * time.Second, []EventName{AccessTokenExpiring, SilentRenewError, AccessTokenExpired, UserLoaded}},
		{"invalid_grant", many(refuse(400, "invalid_grant"), 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, UserLoaded}},
		{"invalid_grant, as a success", many(refuse(200, "invalid_grant"), 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, UserLoaded}},
		{"invalid_request", many(refuse(400, "invalid_request"), 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, UserLoaded}},
		{"invalid_scope", many(refuse(400, "invalid_scope"), 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, UserLoaded}},
		{"a code of its own", many(refuse(401, "Bad Request"), 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, UserLoaded}},
		{"access_denied with 403", many(refuse(403, "access_denied"), 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, UserLoaded}},
		{"an empty 400", many(status(400), 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, UserLoaded}},
		{"an empty 401", many(status(401), 1), true, 1, 1, 0, []EventName{AccessTokenExpiring, UserLoaded}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				client, tab := w.open(false)
				w.signIn(client, tab)
				tab.heard()
				var sent []time.Time
				faults := tt.faults
				w.op.Edit(func() {
					w.op.Respond = func(endpoint string, rw http.ResponseWriter, r *http.Request) bool {
						_ = r.ParseForm()
						if endpoint != oidctest.Token || r.PostForm.Get("grant_type") != "refresh_token" {
							return false
						}
						sent = append(sent, time.Now())
						if len(faults) == 0 {
							return false
						}
						f := faults[0]
						faults = faults[1:]
						f(rw)
						return true
					}
				})
				time.Sleep(time.Hour + 2*pace.RetryAfterLimit)
				synctest.Wait()
				if len(sent) != tt.refresh || tab.frames != tt.frames {
					t.Errorf("%d refresh requests, %d frames; want %d, %d", len(sent), tab.frames, tt.refresh, tt.frames)
				}
				if len(sent) > 1 && sent[1].Sub(sent[0]) < tt.pause {
					t.Errorf("second request after %v, want %v", sent[1].Sub(sent[0]), tt.pause)
				}
				if user, _ := client.session.current(); (user != nil) != tt.session {
					t.Errorf("user = %v", user)
				}
				if heard := tab.heard(); !slices.Equal(heard, tt.events) {
					t.Errorf("events = %v, want %v", heard, tt.events)
				}
				if stats := client.Stats(); stats.Retries != max(len(tt.faults)-1, 0) && stats.Retries != len(tt.faults) {
					t.Errorf("%d retries for %d faults", stats.Retries, len(tt.faults))
				}
				client.session.stopTimer()
			})
		})
	}
}

// A session that is over ends with one event, which has the reason, and
// nothing more is asked of the provider.
func TestSessionEnds(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world, tab *tab)
		want oidc.Code
	}{
		{"signed out at the provider", func(w *world, _ *tab) { w.op.SignedIn = false }, oidc.ErrProvider},
		{"somebody else at the provider", func(w *world, _ *tab) { w.op.Subject = "subject-2" }, oidc.ErrSubjectChanged},
		{"frame blocked until the end", func(_ *world, tab *tab) {
			tab.frame = func(context.Context, string) (string, error) { return "", ErrFrameNoResponse }
		}, ErrFrameNoResponse},
		{"the client is refused", func(_ *world, tab *tab) {
			tab.frame = func(_ context.Context, address string) (string, error) {
				return refusal(address, "unauthorized_client"), nil
			}
		}, oidc.ErrProvider},
		{"the request is refused", func(_ *world, tab *tab) {
			tab.frame = func(_ context.Context, address string) (string, error) {
				return refusal(address, "invalid_request"), nil
			}
		}, oidc.ErrProvider},
		{"a page instead of an answer", func(w *world, _ *tab) {
			w.op.Respond = func(endpoint string, rw http.ResponseWriter, _ *http.Request) bool {
				if endpoint == oidctest.Token {
					status(404)(rw)
				}
				return endpoint == oidctest.Token
			}
		}, oidc.ErrHTTPStatus},
		{"tokens that nobody can use", func(w *world, _ *tab) {
			w.op.EditIDToken = func(_, claims map[string]any) { claims["iss"] = "https://other.example.test" }
		}, oidc.ErrIssuerMismatch},
	}
	for _, tt := range tests {
		for _, refresh := range []bool{false, true} {
			t.Run(tt.name+map[bool]string{true: ", refresh token refused"}[refresh], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.op.RefreshTokens = refresh
					client, tab := w.open(false)
					w.signIn(client, tab)
					tab.heard()
					w.op.RevokeRefreshTokens()
					tab.set(func() { w.op.Edit(func() { tt.edit(w, tab) }) })
					time.Sleep(2 * time.Hour)
					synctest.Wait()
					ends := 0
					for _, event := range tab.events {
						if event.Name == UserUnloaded {
							ends++
							mustFail(t, "reason", event.Err, tt.want)
						}
					}
					if ends != 1 || tab.hint {
						t.Errorf("%d ends of the session, hint %t: %v", ends, tab.hint, tab.heard())
					}
					w.op.ResetRequests()
					user, err := client.User(t.Context())
					time.Sleep(time.Hour)
					if user != nil || err != nil || len(w.op.Requests()) > 0 {
						t.Errorf("User = %v, %v; requests %v", user, err, w.op.Requests())
					}
				})
			})
		}
	}
}

// Away from the network a session is not over, and what is asked for is
// answered with that reason and no expired token. Back, it goes on.
func TestOffline(t *testing.T) {
	for _, refresh := range []bool{true, false} {
		t.Run(map[bool]string{true: "refresh token", false: "frame"}[refresh], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = refresh
				client, tab := w.open(false)
				var away atomic.Bool
				var requests atomic.Int32
				w.transport.Fail = func(*oidc.Request) error {
					if requests.Add(1); away.Load() {
						return oidc.ErrNetwork
					}
					return nil
				}
				tab.frame = func(_ context.Context, url string) (string, error) {
					if away.Load() {
						time.Sleep(time.Second)
						return "", ErrFrameNoResponse // the browser's own error page
					}
					return w.op.Visit(url), nil
				}
				w.signIn(client, tab)
				tab.heard()
				requests.Store(0)
				away.Store(true)
				time.Sleep(3 * time.Hour)
				for range 10 {
					user, err := client.User(t.Context())
					mustFail(t, "User", err, oidc.ErrNetwork)
					if user != nil {
						t.Error("an expired token is handed out")
					}
				}
				want := []EventName{AccessTokenExpiring, SilentRenewError, AccessTokenExpired}
				if heard := tab.heard(); !slices.Equal(heard, want) || !tab.hint {
					t.Errorf("events = %v, want %v; hint %t", heard, want, tab.hint)
				}
				if n := requests.Load(); n > 600 {
					t.Errorf("%d requests in three hours without a network", n)
				}
				away.Store(false)
				client.Wake()
				time.Sleep(3 * time.Second)
				user, err := client.User(t.Context())
				if err != nil || user == nil || user.left(time.Now()) <= 0 {
					t.Errorf("User = %v, %v; want the session to go on", user, err)
				}
				client.session.stopTimer()
			})
		})
	}
}

// A wake-up does not shorten what the provider asked for.
func TestWakeKeepsRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		w.signIn(client, tab)
		w.op.Edit(func() {
			w.op.Answer(oidctest.Token, func(rw http.ResponseWriter, _ *http.Request) { status(429, "Retry-After", "300")(rw) })
		})
		time.Sleep(time.Hour)
		w.op.ResetRequests()
		for range 100 {
			client.Wake()
			time.Sleep(time.Second)
		}
		if n := w.op.Count(oidctest.Token); n > 0 {
			t.Errorf("%d requests while the provider asked to wait", n)
		}
		client.session.stopTimer()
	})
}

// A program without a tab renews nothing, and renews when one comes.
func TestRenewalWithoutTabs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		w.signIn(client, tab)
		client.Close()
		w.op.ResetRequests()
		time.Sleep(3 * time.Hour)
		if n := len(w.op.Requests()); n > 0 {
			t.Errorf("%d requests for nobody", n)
		}
		next, _ := w.open(true)
		user, err := next.User(t.Context())
		if err != nil || user == nil || user.left(time.Now()) <= 0 {
			t.Errorf("User = %v, %v", user, err)
		}
		next.session.stopTimer()
	})
}

// The clocks may be set while a session lasts; sleep stops one of them.
func TestClockIsSet(t *testing.T) {
	tests := []struct {
		name  string
		jump  time.Duration
		after time.Duration // until the token is asked for
		want  oidc.Code
		skew  int64
	}{
		{"two hours of sleep", 2 * time.Hour, 0, "", 0}, // the provider's clock goes on
		{"forward by hours", 3 * time.Hour, 0, oidc.ErrClockSkew, -3 * 3600},
		{"back by hours, token good", -3 * time.Hour, 0, "", 0},
		{"back by hours, token expired", -3 * time.Hour, 2 * time.Hour, oidc.ErrClockSkew, 3 * 3600},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.op.RefreshTokens = true
				w.settings.ManualRenew = true
				var mu sync.Mutex
				var offset time.Duration
				w.registry = NewRegistry(Config{Transport: w.transport, Logf: t.Logf, Now: func() time.Time {
					mu.Lock()
					defer mu.Unlock()
					return time.Now().Round(0).Add(offset)
				}})
				client, tab := w.open(false)
				before := w.signIn(client, tab)
				mu.Lock()
				offset = tt.jump
				mu.Unlock()
				if tt.want == "" && tt.jump > 0 {
					w.op.Edit(func() {
						w.op.EditIDToken = func(_, claims map[string]any) {
							for _, name := range []string{"iat", "exp"} {
								claims[name] = claims[name].(int64) + int64(tt.jump/time.Second)
							}
						}
					})
				}
				time.Sleep(tt.after)
				w.op.ResetRequests()
				user, err := client.User(t.Context())
				if tt.want == "" {
					if err != nil || user == nil || (user == before) != (tt.jump < 0) {
						t.Errorf("User = %v, %v", user, err)
					}
					client.session.stopTimer()
					return
				}
				var skew *oidc.ClockSkewError
				if !errors.Is(err, tt.want) || !errors.As(err, &skew) || skew.Seconds != tt.skew {
					t.Errorf("User = %v, want %s of %d s", err, string(tt.want), tt.skew)
				}
				time.Sleep(time.Hour)
				if n := w.op.Count(oidctest.Token); n > 1 {
					t.Errorf("%d token requests within the hour: a loop", n)
				}
				mu.Lock()
				offset = 0
				mu.Unlock()
				if user, err = client.User(t.Context()); err != nil || user == nil {
					t.Errorf("User = %v, %v when the clock is right again", user, err)
				}
				client.session.stopTimer()
			})
		})
	}
}

// A scope and a resource go with the refresh token; what else changes the
// question goes to the frame.
func TestSigninSilentArguments(t *testing.T) {
	age := int64(60)
	tests := []struct {
		name   string
		args   SigninArgs
		form   string // of the refresh request
		frames int
	}{
		{"none", SigninArgs{}, "grant_type=refresh_token", 0},
		{"scope", SigninArgs{Scope: "openid"}, "scope=openid&", 0},
		{"resource", SigninArgs{Request: RequestSettings{Resource: []string{"https://api.example"}}}, "resource=https%3A%2F%2Fapi.example", 0},
		{"prompt", SigninArgs{Request: RequestSettings{Prompt: "login"}}, "grant_type=refresh_token", 0},
		{"display", SigninArgs{Request: RequestSettings{Display: "touch"}}, "grant_type=refresh_token", 0},
		{"ui_locales", SigninArgs{Request: RequestSettings{UILocales: "de"}}, "grant_type=refresh_token", 0},
		{"response_mode", SigninArgs{Request: RequestSettings{ResponseMode: "fragment"}}, "grant_type=refresh_token", 0},
		{"login_hint", SigninArgs{LoginHint: "ada"}, "grant_type=refresh_token", 0},
		{"redirect_uri", SigninArgs{RedirectURI: "https://app.example.test/other"}, "grant_type=refresh_token", 0},
		{"nonce", SigninArgs{Nonce: oidc.Secret(strings.Repeat("n", 43))}, "", 1},
		{"acr_values", SigninArgs{Request: RequestSettings{ACRValues: "mfa"}}, "", 1},
		{"max_age", SigninArgs{Request: RequestSettings{MaxAge: &age}}, "", 1},
		{"claims", SigninArgs{Request: RequestSettings{Claims: "{}"}}, "", 1},
		{"scope and max_age", SigninArgs{Scope: "openid", Request: RequestSettings{MaxAge: &age}}, "", 1},
		{"extraQueryParams", SigninArgs{Request: RequestSettings{Extra: map[string]string{"a": "b"}}}, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			client, tab := w.open(false)
			w.signIn(client, tab)
			form := ""
			w.transport.Fail = func(req *oidc.Request) error {
				if strings.Contains(req.Body, "refresh_token") {
					form = req.Body + "&"
				}
				return nil
			}
			if _, err := client.SigninSilent(t.Context(), tt.args); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(form, tt.form) || (form == "") != (tt.form == "") || tab.frames != tt.frames {
				t.Errorf("%d frames, refresh request with %q: %t; want %d", tab.frames, tt.form, form != "", tt.frames)
			}
		})
	}
}

// Who asks for something else gets something else, one after the other: the
// provider reports a refresh token that is used twice.
func TestSigninSilentDifferentArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		w.signIn(client, tab)
		w.op.ResetRequests()
		inFlight := 0
		w.op.Edit(func() {
			w.op.Hold = func(endpoint string, _ *http.Request) {
				if endpoint == oidctest.Token {
					if inFlight++; inFlight > 1 {
						t.Error("two refresh requests at once")
					}
					time.Sleep(time.Second)
					inFlight--
				}
			}
		})
		var wg sync.WaitGroup
		for i := range 9 {
			scope := []string{"", "openid", "openid profile"}[i%3]
			wg.Go(func() {
				if _, err := client.SigninSilent(t.Context(), SigninArgs{Scope: scope}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.op.Count(oidctest.Token); n != 3 {
			t.Errorf("%d refresh requests for three questions", n)
		}
		client.session.stopTimer()
	})
}

// What a session costs does not depend on the number of tabs.
func TestRequestsByTabs(t *testing.T) {
	counts := map[int]int{}
	for _, tabs := range []int{1, 5, 20} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.op.Lifetime = 5 * time.Minute
			client, tab := w.open(false)
			w.signIn(client, tab)
			clients := []*Client{client}
			for range tabs - 1 {
				c, _ := w.open(true)
				clients = append(clients, c)
			}
			w.op.ResetRequests()
			for range 60 {
				time.Sleep(time.Minute)
				var wg sync.WaitGroup
				for _, c := range clients {
					c.Wake()
					wg.Go(func() {
						if user, err := c.User(t.Context()); err != nil || user == nil {
							t.Errorf("User = %v, %v", user, err)
						}
					})
				}
				wg.Wait()
			}
			counts[tabs] = len(w.op.Requests())
			client.session.stopTimer()
		})
	}
	t.Logf("requests per hour with 1, 5, 20 tabs: %d, %d, %d", counts[1], counts[5], counts[20])
	for tabs, n := range counts {
		if n > counts[1]+4 || n < counts[1]-4 { // jitter moves one or two over the edge
			t.Errorf("%s tabs: %d requests per hour, one: %d", strconv.Itoa(tabs), n, counts[1])
		}
	}
}

// Tokens that live for a moment are no storm of requests, nor is their number where nobody asks.
func TestShortTokensAreNoStorm(t *testing.T) {
	for _, seconds := range []int{0, 1, 2, 5} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings.Fetch = FetchSettings{Allow: []API{{URL: "https://api.example.test/"}}}
			w.op.EditTokenResponse = func(r map[string]any) { r["expires_in"] = seconds }
			client, tab := w.open(false)
			w.signIn(client, tab)
			w.op.ResetRequests()
			for range 600 {
				_, _ = client.User(t.Context())
				_, _ = client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: "https://api.example.test/x"}, &api{})
				time.Sleep(100 * time.Millisecond)
			}
			if n := w.op.Count(oidctest.Token); n > 30 {
				t.Errorf("expires_in %v: %d token requests in a minute", seconds, n)
			}
			w.op.ResetRequests()
			time.Sleep(time.Hour)
			if n := w.op.Count(oidctest.Token); seconds < 2 && (n < 50 || n > 70) {
				t.Errorf("expires_in %v: %d token requests in an hour without a call", seconds, n)
			}
			_ = client.RemoveUser(t.Context())
		})
	}
}
