package resource_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/internal/replaytest"
	"github.com/oidcspa/oidcspa/resource"
)

func inMemory(_ testing.TB, limit int, now func() time.Time) resource.SharedReplayCache {
	return &resource.MemoryReplayCache{Limit: limit, Now: now}
}

func TestMemoryReplayCache(t *testing.T) { replaytest.Remembers(t, inMemory) }

func TestReplaySetBack(t *testing.T) { replaytest.SetBack(t, inMemory) }

func TestReplayShares(t *testing.T) { replaytest.Shares(t, inMemory) }

func TestReplayOneAfterAnother(t *testing.T) { replaytest.OneAfterAnother(t, inMemory) }

func TestMemoryReplayCacheRace(t *testing.T) { replaytest.Race(t, inMemory) }

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
