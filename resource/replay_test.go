package resource_test

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/resource"
)

func TestMemoryReplayCache(t *testing.T) {
	now := noon
	cache := &resource.MemoryReplayCache{Limit: 2, Now: func() time.Time { return now }}
	steps := []struct {
		name  string
		key   string
		after time.Duration
		life  time.Duration
		fresh bool
		want  error
	}{
		{"first", "a", 0, 2 * time.Minute, true, nil},
		{"again", "a", 0, 2 * time.Minute, false, nil},
		{"another, for a shorter time", "b", 0, time.Minute, true, nil},
		{"no room", "c", 0, time.Minute, false, resource.ErrReplayCacheFull},
		{"known, without room", "b", 0, time.Minute, false, nil},
		{"just before the first is forgotten", "c", time.Minute - 1, time.Minute, false, resource.ErrReplayCacheFull},
		{"room again", "c", 1, time.Minute, true, nil},
		{"the longer one is still known", "a", 0, time.Minute, false, nil},
		{"and then forgotten", "a", time.Minute, time.Minute, true, nil},
	}
	for _, s := range steps {
		now = now.Add(s.after)
		fresh, err := cache.Use(t.Context(), s.key, now.Add(s.life))
		if fresh != s.fresh || !errors.Is(err, s.want) {
			t.Errorf("%s: %t, %v, want %t, %v", s.name, fresh, err, s.fresh, s.want)
		}
	}
}

// Of many at once, one is first.
func TestMemoryReplayCacheRace(t *testing.T) {
	var cache resource.MemoryReplayCache
	var first atomic.Int32
	var wait sync.WaitGroup
	for range 50 {
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
	wait.Wait()
	if first.Load() != 1 {
		t.Errorf("fresh for %d, want one", first.Load())
	}
}

func BenchmarkMemoryReplayCache(b *testing.B) {
	now := noon
	cache := &resource.MemoryReplayCache{Now: func() time.Time { return now }}
	for i := 0; b.Loop(); i++ {
		now = now.Add(2 * time.Millisecond)
		if fresh, err := cache.Use(b.Context(), strconv.Itoa(i), now.Add(2*time.Minute)); !fresh || err != nil {
			b.Fatal(fresh, err)
		}
	}
}

func BenchmarkBearer(b *testing.B) {
	p := newProvider(b)
	h := newMiddleware(b, p, nil).Handler(reached)
	token := p.token(nil)
	for b.Loop() {
		if w := get(h, "Authorization", "Bearer "+token); w.Code != 204 {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkDPoP(b *testing.B) {
	p, c := newProvider(b), newClient(b)
	h := newMiddleware(b, p, withDPoP).Handler(reached)
	token := p.token(claims{"cnf": c.binding()})
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		proof := c.proof(token, claims{"jti": strconv.Itoa(i)})
		b.StartTimer()
		if w := get(h, "Authorization", "DPoP "+token, "DPoP", proof); w.Code != 204 {
			b.Fatal(w.Code)
		}
	}
}
