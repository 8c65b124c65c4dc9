package session

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session/pace"
)

// seen are the values of a header by endpoint, in order.
type seen struct {
	mu     sync.Mutex
	values map[string][]string
}

// see writes down a header of what the provider is sent from now on.
func see(w *world, name string) *seen {
	s := &seen{values: map[string][]string{}}
	w.op.Hold = func(endpoint string, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.values[endpoint] = append(s.values[endpoint], strings.Join(r.Header.Values(name), " and "))
	}
	return s
}

func (s *seen) at(endpoint string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.values[endpoint])
}

// gives returns a page's answer with one header.
func gives(name, value string) func([]string) (map[string]string, error) {
	return func([]string) (map[string]string, error) { return map[string]string{name: value}, nil }
}

func fails(err error) func([]string) (map[string]string, error) {
	return func([]string) (map[string]string, error) { return nil, err }
}

// Every request to the provider has the headers; what a page has to say of
// them counts.
func TestHeaders(t *testing.T) {
	tests := []struct {
		name, headers string
		answer        func([]string) (map[string]string, error)
		header, want  string
	}{
		{"value", `{"X-A":"1"}`, nil, "X-A", "1"},
		{"function", `{"X-A":null}`, gives("X-A", "2"), "X-A", "2"},
		{"empty value", `{"X-A":""}`, gives("X-A", "2"), "X-A", "2"},
		{"value beside a function", `{"X-A":"1","X-B":null}`, gives("X-B", "2"), "X-A", "1"},
		{"function beside a value", `{"X-A":"1","X-B":null}`, gives("X-B", "2"), "X-B", "2"},
		{"empty answer", `{"X-A":null}`, gives("X-A", ""), "X-A", ""},
		{"no answer", `{"X-A":null}`, gives("X-B", "2"), "X-A", ""},
		{"one of the request", `{"accept":null}`, gives("accept", "text/html"), "Accept", "application/json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings.Provider.Headers = tt.headers
			w.settings.LoadUserinfo = true
			s := see(w, tt.header)
			client, tab := w.open(false)
			tab.headers = tt.answer
			w.signIn(client, tab)
			if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Fatal(err)
			}
			if err := client.RevokeTokens(t.Context(), AccessToken); err != nil {
				t.Fatal(err)
			}
			for endpoint, n := range map[string]int{oidctest.Discovery: 1, oidctest.JWKS: 1, oidctest.Token: 2, oidctest.Userinfo: 2, oidctest.Revocation: 1} {
				got := s.at(endpoint)
				if len(got) != n {
					t.Errorf("%d requests to %s, want %d", len(got), endpoint, n)
				}
				for _, value := range got {
					if value != tt.want && !(tt.header == "Accept" && strings.HasPrefix(value, "application/")) {
						t.Errorf("%s: %s = %q, want %q", endpoint, tt.header, value, tt.want)
					}
				}
			}
		})
	}
}

// A page is asked for the values before each request, and for no others.
func TestHeaderNames(t *testing.T) {
	w := newWorld(t)
	w.settings.Provider.Headers = `{"X-B":null,"X-A":null,"X-C":"1"}`
	client, tab := w.open(false)
	asked := 0
	tab.headers = func(names []string) (map[string]string, error) {
		asked++
		if slices.Sort(names); !slices.Equal(names, []string{"X-A", "X-B"}) {
			t.Errorf("asked for %q", names)
		}
		return nil, nil
	}
	for range 2 { // both tell the provider
		if _, err := client.Metadata(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times for one request", asked)
	}
}

// A tab that is gone or frozen is asked once; another one of the client answers.
func TestHeadersOfAnotherTab(t *testing.T) {
	w := newWorld(t)
	w.op.RefreshTokens = true
	w.settings.Provider.Headers = `{"X-A":null}`
	client, first := w.open(false)
	first.headers = gives("X-A", "first")
	w.signIn(client, first)
	s := see(w, "X-A")
	renew := func(want oidc.Code) {
		t.Helper()
		_, err := client.SigninSilent(t.Context(), SigninArgs{})
		if want == "" && err != nil || !errors.Is(err, want) && want != "" {
			t.Errorf("SigninSilent = %v, want %q", err, string(want))
		}
	}
	frozen := 0
	first.headers = func([]string) (map[string]string, error) {
		frozen++
		return nil, ErrPageGone
	}
	renew(ErrPageGone)

	settings := w.settings
	w.settings.ClientID = "other" // another session with the same source
	_, stranger := w.open(false)
	stranger.headers = gives("X-A", "stranger")
	w.settings = settings
	renew(ErrPageGone)

	other, second := w.open(false)
	second.headers = gives("X-A", "second")
	renew("")
	renew("")
	if frozen != 4 {
		t.Errorf("the frozen tab was asked %d times, want 4: for each call of its own", frozen)
	}
	other.Close()
	first.headers = gives("X-A", "again")
	renew("")
	if got := s.at(oidctest.Token); !slices.Equal(got, []string{"second", "second", "again"}) {
		t.Errorf("token requests with %q", got)
	}
}

// What concerns the provider alone may be asked of the tabs of all its clients.
func TestHeadersOfProvider(t *testing.T) {
	w := newWorld(t)
	w.settings.Provider.Headers = `{"X-A":null}`
	client, gone := w.open(false)
	gone.headers = fails(ErrPageGone)
	w.settings.ClientID = "other"
	_, other := w.open(false)
	other.headers = gives("X-A", "other")
	s := see(w, "X-A")
	if _, err := client.Metadata(t.Context()); err != nil || !slices.Equal(s.at(oidctest.Discovery), []string{"other"}) {
		t.Errorf("Metadata = %v, with %q", err, s.at(oidctest.Discovery))
	}
}

// A request that a page fails for is not sent, and uses up no refresh token.
func TestHeadersMissing(t *testing.T) {
	for _, want := range []oidc.Code{ErrPageGone, oidc.ErrInvalidConfig, oidc.ErrTimeout, ErrInternal} {
		t.Run(string(want), func(t *testing.T) {
			w := newWorld(t)
			w.op.RefreshTokens = true
			w.settings.Provider.Headers = `{"X-A":null}`
			client, tab := w.open(false)
			tab.headers = gives("X-A", "1")
			w.signIn(client, tab)
			w.op.ResetRequests()
			tab.headers = fails(want)
			for range pace.LostLimit + 1 {
				_, err := client.SigninSilent(t.Context(), SigninArgs{})
				mustFail(t, "SigninSilent", err, want)
			}
			if requests := w.op.Requests(); len(requests) > 0 {
				t.Errorf("requests = %q", requests)
			}
			tab.headers = gives("X-A", "1")
			if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil || tab.frames > 0 {
				t.Errorf("SigninSilent = %v, %d frames; want the refresh token", err, tab.frames)
			}
		})
	}
}

// The steps of an OidcClient ask its page, as long as that is there.
func TestHeadersOfSteps(t *testing.T) {
	w := newWorld(t)
	w.settings.Provider.Headers = `{"X-A":null}`
	tab := newTab(w.op)
	tab.headers = gives("X-A", "1")
	steps, err := w.registry.OpenSteps(w.settings, tab.page())
	if err != nil {
		t.Fatal(err)
	}
	s := see(w, "X-A")
	request, err := steps.Signin(t.Context(), SigninArgs{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := steps.SigninResponse(t.Context(), w.op.Visit(request.URL), ResponseArgs{}); err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{oidctest.Discovery, oidctest.Token} {
		if got := s.at(endpoint); !slices.Equal(got, []string{"1"}) {
			t.Errorf("%s with %q", endpoint, got)
		}
	}
	steps.Close()
	mustFail(t, "Revoke", steps.Revoke(t.Context(), "x", AccessToken), ErrPageGone)
	if n := len(steps.client.session.provider.clients); n != 0 {
		t.Errorf("the provider knows of %d tabs", n)
	}
}

// A tab that fails a renewal with its headers is in nobody's way when it is gone; one
// of another session is not asked while the tab answers whose call it is.
func TestHeadersOfATabThatIsGone(t *testing.T) {
	for _, other := range []bool{false, true} {
		t.Run(fmt.Sprint("of another session: ", other), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				w.op.RefreshTokens, w.op.Lifetime = true, 2*time.Hour
				w.settings.Provider.Headers = `{"x-app":null}`
				good := func([]string) (map[string]string, error) { return map[string]string{"x-app": "1"}, nil }
				honest, honestTab := w.open(false)
				honestTab.headers = good
				w.signIn(honest, honestTab)
				if other {
					w.settings.ClientID = "client-2"
				}
				hostile, hostileTab := w.open(false)
				hostileTab.headers = func([]string) (map[string]string, error) { return nil, oidc.ErrInvalidConfig }
				hostile.served(nil) // who answered last is asked first
				hostile.session.answers = 100
				hostile.answeredAt.Store(100)
				time.Sleep(2*time.Hour - 20*time.Second)
				synctest.Wait()
				if failed := slices.Contains(honestTab.heard(), SilentRenewError); failed == other {
					t.Fatalf("the renewal failed: %t", failed)
				}
				hostile.Close()
				time.Sleep(15 * time.Second)
				synctest.Wait()
				if user := honest.Current(); user == nil || user.left(time.Now()) < time.Hour {
					t.Error("nothing was renewed when the tab was gone")
				}
				_ = honest.RemoveUser(t.Context())
			})
		})
	}
}

// Nor does one fail what is another's call while its page sleeps.
func TestHeadersOfATabThatFails(t *testing.T) {
	w := newWorld(t)
	w.settings.Provider.Headers = `{"X-B":null}`
	_, stranger := w.open(false)
	stranger.headers = gives("X-A", "of an app that knows no such header")
	w.settings.Provider.Headers = `{"X-A":null,"X-Load":"1"}`
	client, sleeper := w.open(false)
	sleeper.headers = fails(ErrPageGone)
	w.settings.Provider.Headers = `{"X-A":null,"X-Load":"2"}`
	_, hostile := w.open(false)
	hostile.headers = fails(oidc.ErrInvalidConfig)
	_, good := w.open(false)
	good.headers = gives("X-A", "good")
	s := see(w, "X-A")
	if _, err := client.Metadata(t.Context()); err != nil || !slices.Equal(s.at(oidctest.Discovery), []string{"good"}) {
		t.Errorf("Metadata = %v, with %q", err, s.at(oidctest.Discovery))
	}
}
