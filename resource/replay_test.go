package resource_test

import (
	"errors"
	"slices"
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

// Keys that take what they can leave room for others, and get it back when theirs are
// forgotten. However many they are, a key that is new gets as much as each of them.
func TestReplayShares(t *testing.T) {
	tests := []struct {
		name    string
		keys    int
		each    int // the least and
		most    int // the most places that each of them gets, of 10,000
		newcome int // at least, for one more
	}{
		{"one", 1, 5000, 5000, 2500},
		{"two", 2, 3333, 3334, 1666},
		{"ten", 10, 909, 910, 450},
		{"a thousand", 1000, 9, 10, 5},
		{"five thousand", 5000, 1, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := noon
			cache := &resource.MemoryReplayCache{Limit: 10_000, Now: func() time.Time { return now }}
			taken := make([]int, tt.keys)
			for n, going := 0, true; going; n++ { // all of them, one after the other, until none gets more
				going = false
				for i := range taken {
					name := strconv.Itoa(i)
					fresh, err := cache.UseOf(t.Context(), name, name+"."+strconv.Itoa(n), now.Add(time.Minute))
					if err != nil && !errors.Is(err, resource.ErrReplayShareFull) || fresh != (err == nil) {
						t.Fatalf("%t, %v", fresh, err)
					}
					if fresh {
						going = true
						taken[i]++
					}
				}
			}
			if least, most := slices.Min(taken), slices.Max(taken); least < tt.each || most > tt.most {
				t.Errorf("%d to %d places for each, want %d to %d", least, most, tt.each, tt.most)
			}
			got := 0
			for fresh := true; fresh; got++ {
				fresh, _ = cache.UseOf(t.Context(), "new", "new."+strconv.Itoa(got), now.Add(time.Minute))
			}
			if got--; got < tt.newcome {
				t.Errorf("%d places for one more, want %d", got, tt.newcome)
			}
			if fresh, err := cache.UseOf(t.Context(), "0", "0.0", now.Add(time.Minute)); fresh || err != nil {
				t.Errorf("a proof that is known: %t, %v", fresh, err)
			}
			if fresh, err := cache.UseOf(t.Context(), "another", "0.0", now.Add(time.Minute)); fresh || err != nil {
				t.Errorf("a proof that is known, for another share: %t, %v", fresh, err)
			}
			now = now.Add(time.Minute)
			if fresh, err := cache.UseOf(t.Context(), "0", "0.0", now.Add(time.Minute)); !fresh || err != nil {
				t.Errorf("when all are forgotten: %t, %v", fresh, err)
			}
		})
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
