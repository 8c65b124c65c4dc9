package resource_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// A thousand requests with one token are one question, also if they come at once.
func TestIntrospectionIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := introspecting(t, nil)
		h, release := m.Handler(reached), make(chan struct{})
		answer := opaque(t, nil)
		r.says(func(token string) (*oidc.Response, error) {
			<-release
			return answer(token)
		})
		gone, leave := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		for i := range 1000 {
			ctx, want := t.Context(), 204
			if i%10 == 0 {
				ctx, want = gone, 503
			}
			wait.Go(func() {
				if w := requestIn(ctx, h, "/things", "Authorization", "Bearer opaque"); w.Code != want {
					t.Errorf("status %d, want %d", w.Code, want)
				}
			})
			if i == 0 {
				synctest.Wait() // the first one asks
			}
		}
		synctest.Wait()
		leave() // who does not wait any more takes nothing from the others
		synctest.Wait()
		close(release)
		wait.Wait()
		if r.times() != 1 {
			t.Errorf("asked %d times", r.times())
		}
	})
}

// A crowd sends requests beside each other, and counts what comes of them.
type crowd struct {
	t    *testing.T
	h    http.Handler
	wait sync.WaitGroup

	mu     sync.Mutex
	status map[string]map[int]int   // how many requests, by kind of token
	most   map[string]time.Duration // that one took
}

// sends has n requests with tokens of a kind begin, as many a second.
func (c *crowd) sends(kind string, n, perSecond int) {
	for i := range n {
		c.wait.Go(func() {
			time.Sleep(time.Duration(i) * time.Second / time.Duration(perSecond))
			start := time.Now()
			w := requestIn(c.t.Context(), c.h, "/things", "Authorization", "Bearer "+kind+strconv.Itoa(i))
			took := time.Since(start)
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.status[kind] == nil {
				c.status[kind] = map[int]int{}
			}
			c.status[kind][w.Code]++
			c.most[kind] = max(c.most[kind], took)
		})
	}
}

// busy has the provider take a time for each answer: tokens that begin with "bad" are not active. The
// result tells how many it was at work on at the same time.
func (r *registry) busy(t *testing.T, takes time.Duration) (most func() int) {
	good, bad := opaque(t, claims{"exp": time.Now().Unix() + 3600, "iat": nil}), opaque(t, claims{"active": false})
	var mu sync.Mutex
	now, top := 0, 0
	r.says(func(token string) (*oidc.Response, error) {
		mu.Lock()
		now++
		top = max(top, now)
		mu.Unlock()
		time.Sleep(takes)
		mu.Lock()
		now--
		mu.Unlock()
		if token[0] == 'b' {
			return bad(token)
		}
		return good(token)
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return top
	}
}

// However many tokens come, the provider is at work on so many at a time; it sets the
// pace, and garbage holds up nobody whose token was good before.
func TestInquiriesAreBounded(t *testing.T) {
	type kind struct {
		n, perSecond int
		least        int // of them pass
		longest      time.Duration
	}
	tests := []struct {
		name    string
		takes   time.Duration // an answer
		before  int           // tokens that were good a minute ago
		kinds   map[string]kind
		most    int  // at a time
		refuses bool // some, with status 503
	}{
		{"new tokens in a flood of garbage", 20 * time.Millisecond, 0,
			map[string]kind{"bad": {10_000, 1000, 0, time.Second}, "new": {100, 10, 100, time.Second}}, 50, false},
		{"after a restart, all at once", 100 * time.Millisecond, 0,
			map[string]kind{"new": {2000, 2000, 2000, 5 * time.Second}}, 50, false},
		{"more garbage than the provider has time for", 20 * time.Millisecond, 0,
			map[string]kind{"bad": {12_000, 6000, 0, 2 * time.Second}, "new": {200, 100, 40, 2 * time.Second}}, 50, true},
		{"the same, and tokens that were good before", 20 * time.Millisecond, 200,
			map[string]kind{"bad": {12_000, 6000, 0, 2 * time.Second}, "old": {200, 100, 200, 20 * time.Millisecond}}, 100, true},
		{"all that were good before, at once", 20 * time.Millisecond, 2000,
			map[string]kind{"old": {2000, 1_000_000, 2000, time.Second}}, 50, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				busy := 0
				r, m := introspecting(t, func(c *resource.Config) {
					c.Now = time.Now
					c.Refused = func(_ *http.Request, err error) {
						mu.Lock()
						defer mu.Unlock()
						if errors.Is(err, resource.ErrTooManyInquiries) {
							busy++
						}
					}
				})
				r.busy(t, 0)
				for i := range tt.before {
					ask(m.Handler(reached), "old"+strconv.Itoa(i))
				}
				time.Sleep(time.Minute)
				most := r.busy(t, tt.takes)
				c := &crowd{t: t, h: m.Handler(reached), status: map[string]map[int]int{}, most: map[string]time.Duration{}}
				for name, k := range tt.kinds {
					c.sends(name, k.n, k.perSecond)
				}
				c.wait.Wait()
				for name, k := range tt.kinds {
					if passed := c.status[name][204]; passed < k.least || c.most[name] > k.longest {
						t.Errorf("%s: %d of %d pass, want %d, one after %v, want %v", name, passed, k.n, k.least, c.most[name], k.longest)
					}
				}
				if top := most(); top > tt.most || (busy > 0) != tt.refuses {
					t.Errorf("%d at a time, want %d; %d are refused", top, tt.most, busy)
				}
				t.Logf("status %v, %d inquiries at a time, the longest %v", c.status, most(), c.most)
			})
		})
	}
}

// A provider that hangs is left alone for five seconds, as for keys; one that fails at once, or
// for one token alone, is not.
func TestProviderHangsIntrospecting(t *testing.T) {
	const soon, late = 100 * time.Millisecond, 10 * time.Second
	fails := func(after time.Duration, err error) func(string) (*oidc.Response, error) {
		return func(string) (*oidc.Response, error) {
			time.Sleep(after)
			return nil, err
		}
	}
	tests := []struct {
		name   string
		answer func(string) (*oidc.Response, error) // about the first token
		other  bool                                 // another token is answered meanwhile
		later  time.Duration                        // after that
		asked  bool                                 // about one more
	}{
		{"no answer in time", fails(late, oidc.ErrTimeout), false, 0, false},
		{"no network, and that takes long", fails(late, oidc.ErrNetwork), false, 0, false},
		{"an error, and that takes long", func(string) (*oidc.Response, error) {
			time.Sleep(late)
			return &oidc.Response{Status: 504}, nil
		}, false, 0, false},
		{"no answer in time, just before five seconds are over", fails(late, oidc.ErrTimeout), false, 5*time.Second - 1, false},
		{"no answer in time, five seconds ago", fails(late, oidc.ErrTimeout), false, 5 * time.Second, true},
		{"no answer in time to one token alone", fails(late, oidc.ErrTimeout), true, 0, true},
		{"no network, at once", fails(soon, oidc.ErrNetwork), false, 0, true},
		{"an answer that takes long", func(token string) (*oidc.Response, error) {
			time.Sleep(late)
			return opaque(t, claims{"active": false})(token)
		}, false, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := introspecting(t, func(c *resource.Config) { c.Now = time.Now })
				h := m.Handler(reached)
				good := opaque(t, claims{"exp": time.Now().Unix() + 3600, "iat": nil})
				r.says(good)
				time.Sleep(time.Second)
				ask(h, "remembered")
				r.says(func(token string) (*oidc.Response, error) {
					if token == "first" {
						return tt.answer(token)
					}
					return good(token)
				})
				go ask(h, "first")
				time.Sleep(soon / 2)
				if tt.other {
					ask(h, "other")
				}
				time.Sleep(late - soon/2)
				synctest.Wait()
				time.Sleep(tt.later)
				before, start := r.times(), time.Now()
				status := ask(h, "second")
				if asked := r.times() > before; asked != tt.asked || (status == 204) != tt.asked || time.Since(start) != 0 {
					t.Errorf("status %d after %v, asked %t, want %t", status, time.Since(start), asked, tt.asked)
				}
				if status := ask(h, "remembered"); status != 204 {
					t.Errorf("one that is remembered: status %d", status)
				}
			})
		})
	}
}

// Who waits for a place is asked about in its turn, unless nobody waits any more, the provider
// has come to hang, or it takes too long.
func TestInquiriesWait(t *testing.T) {
	tests := []struct {
		name   string
		takes  time.Duration // the token that has the place
		err    error
		leaves bool // who waits, before there is a place
		back   bool // and comes again
		status int
		took   time.Duration
		asked  int
	}{
		{"its turn comes", time.Second, nil, false, false, 204, time.Second, 2},
		{"its turn comes after a failure", time.Second / 2, oidc.ErrNetwork, false, false, 204, time.Second / 2, 2},
		{"the provider hangs", 3 * time.Second, oidc.ErrTimeout, false, false, 503, 3 * time.Second, 1},
		{"too long", 20 * time.Second, nil, false, false, 503, 5 * time.Second, 1},
		{"nobody waits any more", 3 * time.Second, nil, true, false, 503, 2 * time.Second, 1},
		{"nobody did, and somebody does again", 3 * time.Second, nil, true, true, 204, time.Second, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := introspecting(t, func(c *resource.Config) {
					c.Now = time.Now
					c.Issuers[0].Introspection.Inquiries = 1
				})
				h := m.Handler(reached)
				good := opaque(t, claims{"exp": time.Now().Unix() + 3600, "iat": nil})
				r.says(func(token string) (*oidc.Response, error) {
					if token == "first" {
						time.Sleep(tt.takes)
						if tt.err != nil {
							return nil, tt.err
						}
					}
					return good(token)
				})
				go ask(h, "first")
				synctest.Wait()
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				if tt.leaves {
					time.AfterFunc(2*time.Second, leave)
				}
				start := time.Now()
				status := requestIn(ctx, h, "/things", "Authorization", "Bearer second").Code
				if tt.back {
					start = time.Now()
					status = ask(h, "second")
				}
				took := time.Since(start)
				time.Sleep(30 * time.Second) // whatever comes later
				if status != tt.status || took != tt.took || r.times() != tt.asked {
					t.Errorf("status %d after %v, asked %d times; want %d, %v, %d", status, took, r.times(), tt.status, tt.took, tt.asked)
				}
			})
		})
	}
}

// Inquiries over HTTP/1.1 share connections, as many as there are at a time.
func TestInquiriesKeepConnections(t *testing.T) {
	const inquiries, rounds = 8, 10
	var opened atomic.Int64
	came, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		came <- struct{}{}
		<-answer
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"active": false}`))
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	_, m := introspecting(t, func(c *resource.Config) {
		c.Transport, c.Issuers[0].Introspection.Endpoint, c.Issuers[0].Introspection.Inquiries = nil, server.URL, inquiries
	})
	h := m.Handler(reached)
	for round := range rounds {
		var wait sync.WaitGroup
		for i := range inquiries {
			wait.Go(func() {
				if status := ask(h, strconv.Itoa(round)+"-"+strconv.Itoa(i)); status != 401 {
					t.Errorf("status %d", status)
				}
			})
		}
		for range inquiries {
			<-came
		}
		for range inquiries { // all are under way by now
			answer <- struct{}{}
		}
		wait.Wait()
	}
	if n := opened.Load(); n > 2*inquiries {
		t.Errorf("%d connections for %d inquiries, %d at a time", n, rounds*inquiries, inquiries)
	}
}
