package redisreplay_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/internal/redistest"
	"github.com/oidcspa/oidcspa/internal/replaytest"
	"github.com/oidcspa/oidcspa/resource"
	"github.com/oidcspa/oidcspa/resource/redisreplay"
)

func TestUse(t *testing.T) {
	server := redistest.Start(t)
	client := redistest.NewClient(t, server.Socket)
	one, two, other := redisreplay.New(client), redisreplay.New(redistest.NewClient(t, server.Socket)), redisreplay.New(client)
	other.Prefix = "another API:"
	now := time.Now()
	for _, cache := range []*redisreplay.Cache{one, two, other} {
		cache.Now = func() time.Time { return now }
	}
	steps := []struct {
		name    string
		cache   *redisreplay.Cache
		key     string
		life    time.Duration
		sharers []string
		fresh   bool
	}{
		{"first", one, "a", time.Minute, []string{"first"}, true},
		{"again", one, "a", time.Minute, nil, false},
		{"again, elsewhere", two, "a", time.Minute, nil, false},
		{"another proof", two, "b", 90 * time.Second, []string{"first", "second"}, true},
		{"another API", other, "a", time.Minute, nil, true},
		{"a broken second", one, "c", 1500 * time.Millisecond, []string{"first"}, true},
		{"too late to be remembered", one, "d", -time.Minute, nil, true},
	}
	for _, s := range steps {
		fresh, err := s.cache.UseOf(t.Context(), s.sharers, s.key, now.Add(s.life))
		if err != nil || fresh != s.fresh {
			t.Errorf("%s: %t, %v, want %t", s.name, fresh, err, s.fresh)
		}
	}
	// No key stays for ever, and none goes too early: a proof that is known no more has to be known as forgotten.
	const day = 24 * time.Hour
	for key, most := range map[string]time.Duration{"proofs": day + time.Minute, "of:first": 90 * time.Second, "of:second": 90 * time.Second} {
		if left, err := client.PTTL(t.Context(), one.Prefix+key).Result(); err != nil || left <= most/2 || left > most {
			t.Errorf("%s lives for %v, %v, want at most %v", key, left, err, most)
		}
	}
}

// opener returns caches in one Redis, each of which knows nothing of the others.
func opener(t *testing.T) replaytest.Opener {
	server, n := redistest.Start(t), 0
	return func(t testing.TB, limit int, now func() time.Time) resource.SharedReplayCache {
		n++
		cache := redisreplay.New(redistest.NewClient(t, server.Socket))
		cache.Prefix, cache.Limit, cache.Now = fmt.Sprintf("{test %d}:", n), limit, now
		return cache
	}
}

func TestRemembers(t *testing.T) { replaytest.Remembers(t, opener(t)) }

func TestSetBack(t *testing.T) { replaytest.SetBack(t, opener(t)) }

func TestShares(t *testing.T) { replaytest.Shares(t, opener(t)) }

func TestOneAfterAnother(t *testing.T) { replaytest.OneAfterAnother(t, opener(t)) }

// Of many at once, at several instances, one is first.
func TestRace(t *testing.T) {
	server := redistest.Start(t)
	replaytest.Race(t, func(t testing.TB, _ int, _ func() time.Time) resource.SharedReplayCache {
		return instances{redisreplay.New(redistest.NewClient(t, server.Socket)), redisreplay.New(redistest.NewClient(t, server.Socket))}
	})
}

// instances are a cache that is asked at any of them.
type instances []*redisreplay.Cache

func (i instances) Use(ctx context.Context, key string, expires time.Time) (bool, error) {
	return i.UseOf(ctx, nil, key, expires)
}

func (i instances) UseOf(ctx context.Context, sharers []string, key string, expires time.Time) (bool, error) {
	return i[rand.IntN(len(i))].UseOf(ctx, sharers, key, expires)
}

// An instance whose clock is ahead has nothing forgotten, and refuses no proofs of others.
func TestClockAhead(t *testing.T) {
	server := redistest.Start(t)
	right, ahead := redisreplay.New(redistest.NewClient(t, server.Socket)), redisreplay.New(redistest.NewClient(t, server.Socket))
	now := time.Now()
	ahead.Now = func() time.Time { return time.Now().Add(time.Hour) }
	steps := []struct {
		name    string
		at      *redisreplay.Cache
		key     string
		expires time.Duration // from now on
		fresh   bool
	}{
		{"a proof", right, "a", 2 * time.Minute, true},
		{"one of an hour later", ahead, "b", time.Hour + 2*time.Minute, true},
		{"the first again", right, "a", 2 * time.Minute, false},
		{"an older one that is new", right, "c", time.Minute, true},
	}
	for _, s := range steps {
		if fresh, err := s.at.Use(t.Context(), s.key, now.Add(s.expires)); fresh != s.fresh || err != nil {
			t.Errorf("%s: %t, %v, want %t", s.name, fresh, err, s.fresh)
		}
	}
}

// A key that cannot be remembered is never fresh.
func TestUseFails(t *testing.T) {
	server := redistest.Start(t)
	full := redistest.Start(t)
	if err := redistest.NewClient(t, full.Socket).ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name    string
		ctx     context.Context
		socket  string
		timeout time.Duration
		want    string
	}{
		{"nobody there", t.Context(), server.Socket + "x", time.Minute, "no such file"},
		{"no room", t.Context(), full.Socket, time.Minute, "OOM"},
		// The context or the connection tells first.
		{"no answer", t.Context(), silent(t), 50 * time.Millisecond, "timeout|deadline exceeded"},
		{"given up", cancelled, server.Socket, time.Minute, "context canceled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cache := redisreplay.New(redistest.NewClient(t, tt.socket))
			cache.Timeout = tt.timeout
			fresh, err := cache.Use(tt.ctx, "key", time.Now().Add(time.Minute))
			if fresh || err == nil || !regexp.MustCompile(tt.want).MatchString(err.Error()) {
				t.Errorf("Use = %t, %v, want %s", fresh, err, tt.want)
			}
		})
	}
}

// silent returns a socket that takes connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return socket
}

func BenchmarkUse(b *testing.B) {
	cache := redisreplay.New(redistest.NewClient(b, redistest.Start(b).Socket))
	expires := time.Now().Add(2 * time.Minute)
	for i := 0; b.Loop(); i++ {
		sharers := []string{"key" + strconv.Itoa(i%1000), "person" + strconv.Itoa(i%500)}
		if fresh, err := cache.UseOf(b.Context(), sharers, strconv.Itoa(i), expires); !fresh || err != nil {
			b.Fatal(fresh, err)
		}
	}
}
