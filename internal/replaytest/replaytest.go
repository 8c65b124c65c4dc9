// Package replaytest tests what every replay cache of package resource has to do, wherever it
// keeps the proofs.
package replaytest

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

// An Opener returns an empty cache with so many places that goes by a clock. It may be called
// for several caches.
type Opener func(t testing.TB, limit int, now func() time.Time) resource.SharedReplayCache

// A clock is set by tests.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

// newClock returns one that may go on for an hour, and is never ahead of others.
func newClock() *clock { return &clock{time.Now().Add(-2 * time.Hour).Truncate(time.Second)} }

// Remembers tests how long a proof is known.
func Remembers(t *testing.T, open Opener) {
	clock := newClock()
	cache := open(t, 2, clock.now)
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
		{"just before the first is forgotten", "c", time.Minute - time.Millisecond, time.Minute, false, resource.ErrReplayCacheFull},
		{"room again", "c", time.Millisecond, time.Minute, true, nil},
		{"the longer one is still known", "a", 0, time.Minute, false, nil},
		{"and then forgotten", "a", time.Minute, time.Minute, true, nil},
	}
	for _, s := range steps {
		clock.Time = clock.Add(s.after)
		fresh, err := cache.Use(t.Context(), s.key, clock.Add(s.life))
		if fresh != s.fresh || !errors.Is(err, s.want) {
			t.Errorf("%s: %t, %v, want %t, %v", s.name, fresh, err, s.fresh, s.want)
		}
	}
}

// SetBack tests that a proof works once, where the clock goes forward and back.
func SetBack(t *testing.T, open Opener) {
	clock := newClock()
	cache, noon := open(t, 10, clock.now), clock.Time
	steps := []struct {
		name    string
		at      time.Duration // after noon
		key     string
		expires time.Duration // after noon
		fresh   bool
	}{
		{"a proof", 0, "a", time.Minute, true},
		{"one of an hour later", time.Hour, "b", time.Hour + time.Minute, true},
		{"the first again, back at noon", time.Second, "a", time.Minute, false},
		{"the second again", time.Second, "b", time.Hour + time.Minute, false},
		{"one that is new there", time.Second, "c", time.Minute + time.Second, true},
		{"that again", time.Second, "c", time.Minute + time.Second, false},
		{"one that expires with the first", time.Second, "d", time.Minute, false},
	}
	for _, s := range steps {
		clock.Time = noon.Add(s.at)
		if fresh, err := cache.Use(t.Context(), s.key, noon.Add(s.expires)); fresh != s.fresh || err != nil {
			t.Errorf("%s: %t, %v, want %t", s.name, fresh, err, s.fresh)
		}
	}
}

// Shares tests that whoever takes what they can leave room for others, and get it back when
// theirs are forgotten. However many they are, one that is new gets as much as each of them.
func Shares(t *testing.T, open Opener) {
	const limit = 1000
	own := func(i int) []string { return []string{strconv.Itoa(i)} }
	tests := []struct {
		name    string
		many    int
		sharers func(i int) []string
		least   int // places that each of them gets, and
		most    int
		newcome int // at least, for one more
	}{
		{"one", 1, own, 500, 500, 250},
		{"two", 2, own, 333, 334, 166},
		{"ten", 10, own, 90, 91, 45},
		{"a hundred", 100, own, 9, 10, 5},
		{"five hundred", 500, own, 1, 2, 1},
		{"a hundred keys of one person", 100, func(i int) []string { return []string{strconv.Itoa(i), "person"} }, 5, 5, 250},
		{"one key of a hundred people", 100, func(i int) []string { return []string{"key", strconv.Itoa(i)} }, 5, 5, 250},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := newClock()
			cache := open(t, limit, clock.now)
			use := func(sharers []string, key string) (fresh bool, err error) {
				return cache.UseOf(t.Context(), sharers, key, clock.Add(time.Minute))
			}
			taken := make([]int, tt.many)
			for n, going := 0, true; going; n++ { // all of them, in turn, until none gets more
				going = false
				for i := range taken {
					fresh, err := use(tt.sharers(i), strconv.Itoa(i)+"."+strconv.Itoa(n))
					if err != nil && !errors.Is(err, resource.ErrReplayShareFull) || fresh != (err == nil) {
						t.Fatalf("%t, %v", fresh, err)
					}
					if fresh {
						going = true
						taken[i]++
					}
				}
			}
			if least, most := slices.Min(taken), slices.Max(taken); least < tt.least || most > tt.most {
				t.Errorf("%d to %d places for each, want %d to %d", least, most, tt.least, tt.most)
			}
			got := 0
			for fresh := true; fresh; got++ {
				fresh, _ = use([]string{"new", "new person"}, "new."+strconv.Itoa(got))
			}
			if got--; got < tt.newcome {
				t.Errorf("%d places for one more, want %d", got, tt.newcome)
			}
			for _, sharers := range [][]string{tt.sharers(0), {"another"}, nil} {
				if fresh, err := use(sharers, "0.0"); fresh || err != nil {
					t.Errorf("a proof that is known, for %q: %t, %v", sharers, fresh, err)
				}
			}
			clock.Time = clock.Add(time.Minute)
			if fresh, err := use(tt.sharers(0), "0.0"); !fresh || err != nil {
				t.Errorf("when all are forgotten: %t, %v", fresh, err)
			}
		})
	}
}

// OneAfterAnother tests that a person who makes new keys closes the cache for nobody.
func OneAfterAnother(t *testing.T, open Opener) {
	clock := newClock()
	cache, taken := open(t, 1000, clock.now), 0
	use := func(person, key string) error {
		taken++
		_, err := cache.UseOf(t.Context(), []string{key, person}, strconv.Itoa(taken), clock.Add(time.Minute))
		return err
	}
	for key := range 100 {
		for use("greedy", strconv.Itoa(key)) == nil {
		}
	}
	for i := range 250 {
		if err := use("somebody", "a key"); err != nil {
			t.Fatalf("proof %d of somebody else: %v", i+1, err)
		}
	}
}

// Race tests that of many at once one is first.
func Race(t *testing.T, open Opener) {
	cache := open(t, 1000, time.Now)
	expires := time.Now().Add(time.Hour)
	var first atomic.Int32
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			fresh, err := cache.UseOf(t.Context(), []string{"key", "person"}, "proof", expires)
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
