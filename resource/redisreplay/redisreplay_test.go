package redisreplay_test

import (
	"context"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/internal/redistest"
	"github.com/oidcspa/oidcspa/resource"
	"github.com/oidcspa/oidcspa/resource/redisreplay"
)

var _ resource.ReplayCache = (*redisreplay.Cache)(nil)

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
		name  string
		cache *redisreplay.Cache
		key   string
		life  time.Duration
		fresh bool
	}{
		{"first", one, "a", time.Minute, true},
		{"again", one, "a", time.Minute, false},
		{"again, elsewhere", two, "a", time.Minute, false},
		{"another key", two, "b", 90 * time.Second, true},
		{"another API", other, "a", time.Minute, true},
		{"a broken second", one, "c", 1500 * time.Millisecond, true},
		{"too late to be remembered", one, "d", -time.Minute, true},
	}
	for _, s := range steps {
		fresh, err := s.cache.Use(t.Context(), s.key, now.Add(s.life))
		if err != nil || fresh != s.fresh {
			t.Errorf("%s: %t, %v, want %t", s.name, fresh, err, s.fresh)
		}
	}
	// No key stays for ever, and none goes too early.
	for key, most := range map[string]time.Duration{"a": time.Minute, "b": 90 * time.Second, "c": 1500 * time.Millisecond, "d": time.Second} {
		left, err := client.PTTL(t.Context(), "oidcspa:dpop:"+key).Result()
		expired := left == -2 && most < 2*time.Second // on a machine that is slow
		if err != nil || !expired && (left <= most/2 || left > most) {
			t.Errorf("%s lives for %v, %v, want at most %v", key, left, err, most)
		}
	}
}

// Of many at once, at several instances, one is first.
func TestUseRace(t *testing.T) {
	server := redistest.Start(t)
	var first atomic.Int32
	var wait sync.WaitGroup
	for range 4 {
		cache := redisreplay.New(redistest.NewClient(t, server.Socket))
		for range 10 {
			wait.Go(func() {
				fresh, err := cache.Use(t.Context(), "key", time.Now().Add(time.Hour))
				if err != nil {
					t.Error(err)
				}
				if fresh {
					first.Add(1)
				}
			})
		}
	}
	wait.Wait()
	if first.Load() != 1 {
		t.Errorf("fresh for %d, want one", first.Load())
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
		if fresh, err := cache.Use(b.Context(), strconv.Itoa(i), expires); !fresh || err != nil {
			b.Fatal(fresh, err)
		}
	}
}
