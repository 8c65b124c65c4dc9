package session

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// handOn is what the callback page does: it keeps where the response arrived,
// and returns the address at which the app gets it.
func (t *tab) handOn(callbackURL string) (string, Arrival) {
	address, response, _ := strings.Cut(callbackURL, "?")
	arrival := Arrival{Address: address, Mark: "1-2-3-4"}
	t.mu.Lock()
	defer t.mu.Unlock()
	for state, transaction := range t.transactions {
		transaction.Arrival = arrival
		t.transactions[state] = transaction
	}
	return "https://app.example.test/?oidcspa.arrival=1-2-3-4&" + response, arrival
}

// The token request for a response that the callback page has told of is made
// before the tab asks; what comes of it is for the tab alone, and the same as
// if it had not been told.
func TestExchangeAhead(t *testing.T) {
	const ahead, not = 1, 0
	tests := []struct {
		name  string
		edit  func(w *world)
		told  func(w *world, url string, arrival Arrival) // in place of telling of the response
		then  func(w *world, other *Client, tab *tab)     // before the tab asks
		early int                                         // token requests before the tab asks
		want  oidc.Code
		all   int // token requests
	}{
		{name: "told", early: ahead, all: 1},
		{name: "not told", told: func(*world, string, Arrival) {}, early: not, all: 1},
		{name: "told twice", told: func(w *world, url string, arrival Arrival) {
			w.registry.Arrive(url, arrival)
			w.registry.Arrive(url, arrival)
		}, early: ahead, all: 1},
		{name: "another response of the state", told: func(w *world, url string, arrival Arrival) {
			w.registry.Arrive(url+"&more=1", arrival)
		}, early: ahead, want: oidc.ErrStateUnknown, all: 1},
		{name: "at another address", told: func(w *world, url string, arrival Arrival) {
			arrival.Address += "/other"
			w.registry.Arrive(url, arrival)
		}, early: not, all: 1},
		{name: "of another state", told: func(w *world, url string, arrival Arrival) {
			w.registry.Arrive(strings.Replace(url, "state=", "state=x", 1), arrival)
		}, early: not, all: 1},
		{name: "no response", told: func(w *world, _ string, arrival Arrival) {
			w.registry.Arrive("https://app.example.test/", arrival)
		}, early: not, all: 1},
		{name: "an issuer that is not named", edit: func(w *world) {
			w.op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
		}, early: not, all: 1},
		{name: "headers that a page says", edit: func(w *world) {
			w.settings.Provider.Headers = `{"X-Tenant":null}`
		}, early: not, all: 1},
		{name: "a program of one page", edit: func(w *world) {
			w.onePage = true
			w.restart()
		}, early: not, all: 1},
		{name: "a program that may stop with its pages", edit: func(w *world) {
			w.stops = true
			w.restart()
		}, early: not, all: 1},
		{name: "a code that is refused", edit: func(w *world) {
			w.op.Respond = func(endpoint string, rw http.ResponseWriter, _ *http.Request) bool {
				if endpoint != oidctest.Token {
					return false
				}
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(http.StatusBadRequest)
				_, _ = rw.Write([]byte(`{"error":"invalid_grant"}`))
				return true
			}
		}, early: ahead, want: oidc.ErrProvider, all: 1},
		{name: "a sign-out meanwhile", then: func(w *world, other *Client, _ *tab) {
			_ = other.RemoveUser(w.t.Context())
		}, early: ahead, want: ErrNotSignedIn, all: 1},
		{name: "another record in the tab", then: func(w *world, _ *Client, tab *tab) {
			for state, transaction := range tab.transactions {
				transaction.Record = []byte(strings.Replace(string(transaction.Record), `"signin":`, `"skip_userinfo":true,"signin":`, 1))
				tab.transactions[state] = transaction
			}
		}, early: ahead, want: oidc.ErrStateUnknown, all: 1},
		{name: "the tab is late", then: func(*world, *Client, *tab) { time.Sleep(2 * aheadLimit) }, early: ahead, want: oidc.ErrStateUnknown, all: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				if tt.edit != nil {
					tt.edit(w)
				}
				client, tab := w.open(false)
				tab.headers = func([]string) (map[string]string, error) { return map[string]string{"X-Tenant": "a"}, nil }
				url, arrival := tab.handOn(w.redirect(client, tab))
				client.Close()
				other, observer := w.open(false)
				w.op.ResetRequests()
				if tt.told == nil {
					w.registry.Arrive(url, arrival)
				} else {
					tt.told(w, url, arrival)
				}
				synctest.Wait()
				if n := w.op.Count(oidctest.Token); n != tt.early {
					t.Errorf("%d token requests ahead, want %d", n, tt.early)
				}
				if user, _ := other.session.current(); user != nil || len(observer.heard()) > 0 {
					t.Error("somebody is signed in before the tab asks")
				}
				if tt.then != nil {
					tt.then(w, other, tab)
				}
				user, err := w.openIn(tab, false).SigninCallback(t.Context(), url)
				if tt.want != "" {
					mustFail(t, "SigninCallback", err, tt.want)
				} else if err != nil || user.Subject() != w.op.Subject {
					t.Errorf("got %v, %v", user, err)
				}
				if n := w.op.Count(oidctest.Token); n != tt.all {
					t.Errorf("%d token requests, want %d", n, tt.all)
				}
				time.Sleep(2 * aheadLimit)
				if w.registry.absences.count() > 0 {
					t.Error("the program remembers what is over")
				}
				_ = other.RemoveUser(t.Context())
			})
		})
	}
}

// What nobody takes leaves no token behind, and somebody else who comes first, with a
// copy of what the tab keeps, takes it from nobody.
func TestExchangeAheadOfAnother(t *testing.T) {
	tests := []struct {
		name    string
		edit    func(w *world, tab *tab, url *string) // of who comes first
		revoked int
	}{
		{"a tab of another session", func(w *world, _ *tab, _ *string) {
			w.settings.Provider.Metadata = document(w.op, "userinfo_endpoint", w.op.Base()+"/userinfo")
		}, 0},
		{"another record", func(_ *world, tab *tab, _ *string) {
			for state, transaction := range tab.transactions {
				transaction.Record = []byte(strings.Replace(string(transaction.Record), `"signin":`, `"skip_userinfo":true,"signin":`, 1))
				tab.transactions[state] = transaction
			}
		}, 0},
		{"another response", func(_ *world, _ *tab, url *string) { *url += "&more=1" }, 0},
		{"nobody", nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.t = t
				w.op.RefreshTokens = true
				w.settings.ManualRenew = true
				client, tab := w.open(false)
				url, arrival := tab.handOn(w.redirect(client, tab))
				client.Close()
				w.registry.Arrive(url, arrival)
				synctest.Wait()
				if tt.edit != nil {
					settings, copied, theirs := w.settings, newTab(w.op), url
					copied.transactions = maps.Clone(tab.transactions)
					tt.edit(w, copied, &theirs)
					_, err := w.openIn(copied, false).SigninCallback(t.Context(), theirs)
					mustFail(t, "SigninCallback of the other", err, oidc.ErrStateUnknown)
					w.settings = settings
					back := w.openIn(tab, false)
					if _, err := back.SigninCallback(t.Context(), url); err != nil {
						t.Errorf("SigninCallback = %v", err)
					}
				}
				time.Sleep(2 * aheadLimit)
				synctest.Wait()
				if n := w.op.Count(oidctest.Revocation); n != tt.revoked {
					t.Errorf("%d revocations, want %d", n, tt.revoked)
				}
			})
		})
	}
}

// A tab that comes while the token request is on its way waits for it, and for
// nothing that the page before has to do.
func TestExchangeAheadOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		client, tab := w.open(false)
		url, arrival := tab.handOn(w.redirect(client, tab))
		client.Close()
		w.op.Hold = func(endpoint string, _ *http.Request) {
			if endpoint == oidctest.Token {
				time.Sleep(time.Second)
			}
		}
		w.registry.Arrive(url, arrival)
		back := w.openIn(tab, false)
		if _, err := back.SigninCallback(t.Context(), url); err != nil {
			t.Error(err)
		}
		if n := w.op.Count(oidctest.Token); n != 1 {
			t.Errorf("%d token requests with one code", n)
		}
		_ = back.RemoveUser(t.Context())
	})
}

// Where the keys for a signed response cannot be fetched, nothing is lost: the
// tab tries again.
func TestExchangeAheadWithoutKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		w.settings.Request.ResponseMode = "query.jwt"
		client, tab := w.open(false)
		url, arrival := tab.handOn(w.redirect(client, tab))
		client.Close()
		w.op.Respond = func(endpoint string, rw http.ResponseWriter, _ *http.Request) bool {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		w.registry.Arrive(url, arrival)
		synctest.Wait()
		w.op.Respond = nil
		back := w.openIn(tab, false)
		if _, err := back.SigninCallback(t.Context(), url); err != nil {
			t.Error(err)
		}
		_ = back.RemoveUser(t.Context())
	})
}

// A response that the program leaves to the tab, which is there already.
func TestExchangeAheadLeftToTheTab(t *testing.T) {
	for range 30 { // with -race: both look at the exchange of the absence
		w := newWorld(t)
		w.settings.ManualRenew = true
		w.settings.Provider.Headers = `{"X-Tenant":null}`
		client, tab := w.open(false)
		tab.headers = func([]string) (map[string]string, error) { return map[string]string{"X-Tenant": "a"}, nil }
		url, arrival := tab.handOn(w.redirect(client, tab))
		w.registry.Arrive(url, arrival)
		if _, err := client.SigninCallback(t.Context(), url); err != nil {
			t.Error(err)
		}
		_ = client.RemoveUser(t.Context())
	}
}

// Who does not come back leaves no token behind: a refresh token is revoked.
func TestExchangeAheadAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		url, arrival := tab.handOn(w.redirect(client, tab))
		client.Close()
		w.registry.Arrive(url, arrival)
		time.Sleep(2 * aheadLimit)
		synctest.Wait()
		if w.op.Count(oidctest.Revocation) != 1 || w.registry.absences.count() != 0 {
			t.Errorf("%d revocations, and %d absences are known", w.op.Count(oidctest.Revocation), w.registry.absences.count())
		}
	})
}

// A page can let tabs leave as often as it likes: the program remembers few of
// them, and of none more than it needs.
func TestAbsencesAreBounded(t *testing.T) {
	w := newWorld(t)
	client, tab := w.open(false)
	for range 2 * absencesLimit {
		w.redirect(client, tab)
	}
	if n := w.registry.absences.count(); n != absencesLimit {
		t.Errorf("%d absences, want %d", n, absencesLimit)
	}
	w.restart()
	client, _ = w.open(false)
	if err := client.SigninRedirect(context.Background(), SigninArgs{State: []byte(`"` + strings.Repeat("x", recordLimit) + `"`)}); err != nil {
		t.Fatal(err)
	}
	if n := w.registry.absences.count(); n != 0 {
		t.Errorf("%d absences with a large state", n)
	}
}

// The requests have the time that requests of this program have, and no more: a
// provider that never answers is a timeout as ever.
func TestExchangeAheadBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.t = t
		var bounded, requests atomic.Int32
		inner := w.transport
		w.registry = NewRegistry(Config{Logf: t.Logf, Transport: doFunc(func(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
			requests.Add(1)
			if _, ok := ctx.Deadline(); ok {
				bounded.Add(1)
			}
			return inner.Do(ctx, req)
		})})
		client, tab := w.open(false)
		url, arrival := tab.handOn(w.redirect(client, tab))
		client.Close()
		requests.Store(0)
		bounded.Store(0)
		w.registry.Arrive(url, arrival)
		synctest.Wait()
		if requests.Load() == 0 || bounded.Load() > 0 {
			t.Errorf("%d of %d requests have a time of their own", bounded.Load(), requests.Load())
		}
	})
}

type doFunc func(context.Context, *oidc.Request) (*oidc.Response, error)

func (f doFunc) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	return f(ctx, req)
}

// count returns how many absences are known.
func (d *absences) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.left)
}
