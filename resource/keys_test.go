package resource_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/resource"
)

// at returns a handler whose clock shows *now.
func at(t *testing.T, p *provider, now *time.Time) http.Handler {
	return newMiddleware(t, p, func(c *resource.Config) {
		c.Now = func() time.Time { return *now }
	}).Handler(reached)
}

// step is one request with a good token after something happened, and what
// the provider has been asked for because of it.
type step struct {
	name   string
	after  time.Duration
	do     func()
	status int
	asked  []string
}

func steps(t *testing.T, p *provider, all []step) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { follow(t, p, all) })
}

func follow(t *testing.T, p *provider, all []step) {
	now := noon
	h := at(t, p, &now)
	for _, s := range all {
		now = now.Add(s.after)
		if s.do != nil {
			s.do()
		}
		p.requests = nil
		w := get(h, "Authorization", "Bearer "+p.token(claims{"exp": now.Unix() + 60}))
		synctest.Wait() // for what is fetched beside
		if w.Code != s.status || !slices.Equal(p.requests, s.asked) {
			t.Errorf("%s: status %d and requests %q, want %d and %q", s.name, w.Code, p.requests, s.status, s.asked)
		}
	}
}

func TestKeyRotation(t *testing.T) {
	p := newProvider(t)
	rotate := func(kid string) func() { return func() { p.rotate(kid) } }
	steps(t, p, []step{
		{"first request", 0, nil, 204, []string{"metadata", "jwks"}},
		{"second request", 0, nil, 204, nil},
		{"unknown key at once", 0, rotate("key-2"), 401, nil},
		{"unknown key, 59 s", 59 * time.Second, nil, 401, nil},
		{"unknown key, a minute", time.Second, nil, 204, []string{"jwks past the cache"}},
		{"that key again", 0, nil, 204, nil},
		{"one more key", time.Minute, rotate("key-3"), 204, []string{"jwks past the cache"}},
	})
}

// A provider that has started again has a new key under the old kid: a token that it
// signs is good a minute after the keys were fetched, as it is for the client.
func TestKeyOfTheSameName(t *testing.T) {
	p := newProvider(t)
	steps(t, p, []step{
		{"first request", 0, nil, 204, []string{"metadata", "jwks"}},
		{"the same kid, at once", 0, func() { p.rotate("key-1") }, 401, nil},
		{"the same kid, 59 s", 59 * time.Second, nil, 401, nil},
		{"the same kid, a minute", time.Second, nil, 204, []string{"jwks past the cache"}},
		{"and again", 0, nil, 204, nil},
	})
}

// A key that nobody publishes costs one request a minute, however many
// tokens name it.
func TestUnknownKeys(t *testing.T) {
	p, stranger := newProvider(t), newProvider(t)
	stranger.rotate("unknown")
	now := noon
	h := at(t, p, &now)
	check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 204, "")
	p.requests = nil
	for range 3 {
		now = now.Add(time.Minute)
		for range 5 {
			check(t, get(h, "Authorization", "Bearer "+stranger.token(nil)), 401,
				`Bearer error="invalid_token", error_description="key_not_found"`)
		}
	}
	if len(p.requests) != 3 {
		t.Errorf("requests %q, want three", p.requests)
	}
}

func TestKeyLife(t *testing.T) {
	tests := []struct {
		name, cacheControl, age string
		want                    time.Duration
	}{
		{"9111-5.2.2.1 max-age", "public, max-age=600", "", 10 * time.Minute},
		{"9111-5.2.2.1 in upper case, quoted", `Max-Age="600"`, "", 10 * time.Minute},
		{"9111-4.2.1 max-age that is none", "max-age=soon", "", time.Minute},
		{"nothing said", "", "", time.Hour},
		{"something else said", "public, immutable", "", time.Hour},
		{"9111-4.2.3 less the age that it has from a cache", "max-age=600", "420", 3 * time.Minute},
		{"9111-4.2.3 nearly stale in the cache", "max-age=86400", "86390", time.Minute},
		{"9111-4.2.1 max-age twice", "max-age=600, max-age=86400", "", 10 * time.Minute},
		{"less than a minute", "max-age=1", "", time.Minute},
		{"more than a day", "max-age=31536000", "", 24 * time.Hour},
		{"9111-1.2.2 more than a number holds", "max-age=99999999999999999999", "", 24 * time.Hour},
		{"9111-5.2.2.4 no-cache", "no-cache", "", time.Minute},
		{"9111-5.2.2.5 no-store", "max-age=600, no-store", "", time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newProvider(t)
			p.cache, p.age = tt.cacheControl, tt.age
			steps(t, p, []step{
				{"first", 0, nil, 204, []string{"metadata", "jwks"}},
				{"a second before", tt.want - time.Second, nil, 204, nil},
				{"then", time.Second, nil, 204, []string{"metadata", "jwks"}},
			})
		})
	}
}

// An API outlives its provider by a day, and asks it every five seconds at most.
func TestProviderAway(t *testing.T) {
	p := newProvider(t)
	down := func(down bool) func() { return func() { p.down = down } }
	steps(t, p, []step{
		{"down from the start", 0, down(true), 503, []string{"metadata"}},
		{"not asked at once", 4 * time.Second, nil, 503, nil},
		{"and up", time.Second, down(false), 204, []string{"metadata", "jwks"}},
		{"down when the keys expire", time.Hour, down(true), 204, []string{"metadata"}},
		{"not asked at once, with old keys", 4 * time.Second, nil, 204, nil},
		{"asked after five seconds", time.Second, nil, 204, []string{"metadata"}},
		{"a day after the fetch", 23 * time.Hour, nil, 503, []string{"metadata"}},
		{"up again", 5 * time.Second, down(false), 204, []string{"metadata", "jwks"}},
	})
	p.down = true
	w := get(newMiddleware(t, p, nil).Handler(reached), "Authorization", "Bearer "+p.token(nil))
	check(t, w, http.StatusServiceUnavailable, "")
	if w.Header().Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
}

func TestOneFetchForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t)
		p.hold = make(chan struct{})
		h := newMiddleware(t, p, nil).Handler(reached)
		token := p.token(nil)
		codes := make(chan int, 5)
		for range 5 {
			go func() { codes <- get(h, "Authorization", "Bearer "+token).Code }()
		}
		synctest.Wait() // all of them wait for the fetch
		close(p.hold)
		for range 5 {
			if code := <-codes; code != 204 {
				t.Errorf("status %d, want 204", code)
			}
		}
		if len(p.requests) != 2 {
			t.Errorf("requests %q, want two", p.requests)
		}
	})
}

// Keys that have expired are good until there are newer ones: no request waits
// for a provider that never answers, but for those whose key nobody knows.
func TestProviderHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, stranger := newProvider(t), newProvider(t)
		stranger.rotate("unknown")
		now := noon
		h := at(t, p, &now)
		check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 204, "")
		now = now.Add(2 * time.Hour)
		hold := make(chan struct{})
		p.hold = hold
		token := p.token(claims{"exp": now.Unix() + 60})
		start := time.Now()
		for range 3 {
			check(t, get(h, "Authorization", "Bearer "+token), 204, "") // would never come back
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("they waited for %v", waited)
		}
		answered := make(chan int, 1)
		go func() {
			answered <- get(h, "Authorization", "Bearer "+stranger.token(claims{"exp": now.Unix() + 60})).Code
		}()
		synctest.Wait()
		select {
		case code := <-answered:
			t.Errorf("a token with an unknown key was answered with %d before the keys came", code)
		default:
		}
		close(hold)
		if code := <-answered; code != http.StatusUnauthorized {
			t.Errorf("then it was answered with %d", code)
		}
		synctest.Wait()
		if len(p.requests) != 4 {
			t.Errorf("requests %q, want the two of the start and two more", p.requests)
		}
	})
}

// A key that the issuer has withdrawn is refused as soon as newer keys are there, which
// are fetched when the old ones have expired.
func TestWithdrawnKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t)
		now := noon
		h := at(t, p, &now)
		check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 204, "")
		now = now.Add(time.Hour)
		token := p.token(claims{"exp": now.Unix() + 60})
		p.rotate("key-2")
		check(t, get(h, "Authorization", "Bearer "+token), 204, "")
		synctest.Wait()
		check(t, get(h, "Authorization", "Bearer "+token), 401, `Bearer error="invalid_token", error_description="key_not_found"`)
	})
}

// While the keys take their time nobody waits who has an old one: a thousand requests
// take as long as with a provider that is quick.
func TestSlowKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t)
		now := noon
		h := at(t, p, &now)
		check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 204, "")
		now = now.Add(time.Hour)
		token := p.token(claims{"exp": now.Unix() + 60})
		p.requests, p.takes = nil, func() { time.Sleep(10 * time.Second) }
		start := time.Now()
		for range 1000 {
			check(t, get(h, "Authorization", "Bearer "+token), 204, "")
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("a thousand requests waited for %v", waited)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(p.requests) != 2 {
			t.Errorf("requests %q, want two", p.requests)
		}
	})
}

// Whatever tokens somebody makes up, the provider is asked twice: as often as for good ones.
func TestGarbage(t *testing.T) {
	p, stranger := newProvider(t), newProvider(t)
	garbage := make([]string, 1000)
	for i := range garbage {
		switch kid := "kid-" + strconv.Itoa(i); i % 6 {
		case 0:
			garbage[i] = stranger.token(claims{"header kid": kid})
		case 1:
			garbage[i] = stranger.token(claims{"header kid": nil, "iss": issuer + "/" + kid})
		case 2:
			garbage[i] = kid
		case 3:
			garbage[i] = p.token(claims{"header kid": kid, "header jku": issuer + "/" + kid})
		case 4:
			garbage[i] = p.token(nil) + kid
		case 5:
			garbage[i] = stranger.token(claims{"header kid": "key-1", "jti": kid})
		}
	}
	tests := []struct {
		name   string
		before func(*time.Time, http.Handler)
		status []int
		asked  int
	}{
		{"nothing is known", func(*time.Time, http.Handler) {}, []int{401}, 2},
		{"keys are known", func(now *time.Time, h http.Handler) {
			get(h, "Authorization", "Bearer "+p.token(nil))
			*now = now.Add(2 * time.Minute)
		}, []int{401}, 1},
		{"keys have expired", func(now *time.Time, h http.Handler) {
			get(h, "Authorization", "Bearer "+p.token(nil))
			*now = now.Add(2 * time.Hour)
		}, []int{401}, 2},
		{"nothing is known, and the provider is away", func(*time.Time, http.Handler) { p.down = true }, []int{503}, 1},
		{"keys are known, and the provider is away", func(now *time.Time, h http.Handler) {
			p.down = false
			get(h, "Authorization", "Bearer "+p.token(nil))
			*now, p.down = now.Add(2*time.Minute), true
		}, []int{401, 503}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				now := noon
				h := at(t, p, &now)
				tt.before(&now, h)
				p.requests = nil
				for _, token := range garbage {
					if w := get(h, "Authorization", "Bearer "+token); !slices.Contains(tt.status, w.Code) {
						t.Fatalf("status %d for %s", w.Code, token)
					}
				}
				synctest.Wait()
				if len(p.requests) != tt.asked {
					t.Errorf("requests %q, want %d", p.requests, tt.asked)
				}
			})
		})
	}
}

// A key that nobody here knows may be a new one: while the provider is away nobody can say
// that the token is bad.
func TestUnknownKeyWhileAway(t *testing.T) {
	p := newProvider(t)
	set := func(down bool, kid string) func() {
		return func() {
			if p.down = down; kid != "" {
				p.rotate(kid)
			}
		}
	}
	steps(t, p, []step{
		{"first", 0, nil, 204, []string{"metadata", "jwks"}},
		{"a new key, and the provider is away", time.Minute, set(true, "key-2"), 503, []string{"jwks past the cache"}},
		{"not asked at once", 4 * time.Second, nil, 503, nil},
		{"asked after five seconds", time.Second, nil, 503, []string{"metadata"}},
		{"and it is there", 5 * time.Second, set(false, ""), 204, []string{"metadata", "jwks past the cache"}},
	})
}

// A transport that panics ends requests that need it, and nothing else.
func TestTransportPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t)
		now := noon
		var told error
		h := newMiddleware(t, p, func(c *resource.Config) {
			c.Now = func() time.Time { return now }
			c.Refused = func(_ *http.Request, err error) { told = err }
		}).Handler(reached)
		p.takes = func() { panic(mark) }
		check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 503, "")
		if told == nil || strings.Contains(told.Error(), mark) || !strings.Contains(told.Error(), "panics with a string") || !strings.Contains(told.Error(), "keys_test.go") {
			t.Errorf("told %v", told)
		}
		p.takes, now = nil, now.Add(5*time.Second)
		check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 204, "")
		p.takes, now = func() { panic(mark) }, now.Add(time.Hour)
		token := p.token(claims{"exp": now.Unix() + 60})
		for range 2 {
			check(t, get(h, "Authorization", "Bearer "+token), 204, "")
			synctest.Wait()
		}
	})
}

// BenchmarkSlowKeys is what a request with a good token waits for while newer keys do not
// come, and where they came at once: of a hundred the 99th, in microseconds, in turns, and the
// one as a share of the other. TestSlowKeys says that nobody waits.
func BenchmarkSlowKeys(b *testing.B) {
	slow, healthy := newProvider(b), newProvider(b)
	providers, now := []*provider{slow, healthy}, noon
	handlers, tokens := make([]http.Handler, 2), make([]string, 2)
	ask := func(i int) time.Duration {
		start := time.Now()
		if w := get(handlers[i], "Authorization", "Bearer "+tokens[i]); w.Code != http.StatusNoContent {
			b.Fatal(w.Code)
		}
		return time.Since(start)
	}
	for i, p := range providers {
		handlers[i] = newMiddleware(b, p, func(c *resource.Config) { c.Now = func() time.Time { return now } }).Handler(reached)
		tokens[i] = p.token(claims{"exp": noon.Unix() + 7200})
		ask(i)
	}
	slow.hold = make(chan struct{})
	b.Cleanup(func() { close(slow.hold) })
	now = now.Add(time.Hour) // the keys of both have expired
	took := make([][]time.Duration, 2)
	for b.Loop() {
		for i := range providers {
			took[i] = append(took[i], ask(i))
		}
	}
	p99 := func(i int) float64 {
		slices.Sort(took[i])
		return float64(took[i][len(took[i])*99/100]) / float64(time.Microsecond)
	}
	b.ReportMetric(p99(0), "slow-p99-µs")
	b.ReportMetric(p99(1), "healthy-p99-µs")
	b.ReportMetric(p99(0)/p99(1), "slow/healthy")
	b.ReportMetric(0, "ns/op")
}
