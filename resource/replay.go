package resource

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"time"
)

// A ReplayCache remembers the proofs that were used (RFC 9449 11.1). All
// instances of an API share one: what one of them does not know of can be
// used there again. Package redisreplay has one in Redis.
type ReplayCache interface {
	// Use remembers a key, 43 characters, until expires. It is fresh if it was
	// not remembered before, for one caller only. With an error nothing is
	// known, and the request is refused with status 503.
	Use(ctx context.Context, key string, expires time.Time) (fresh bool, err error)
}

// DefaultReplayLimit is the number of proofs that a [MemoryReplayCache]
// remembers by default: 800 requests a second for the two minutes that a
// proof is remembered by default.
const DefaultReplayLimit = 100_000

// ErrReplayCacheFull means that a proof cannot be remembered. It is not
// accepted then: forgetting another one would let that be used again.
var ErrReplayCacheFull = errors.New("resource: the replay cache is full")

// A MemoryReplayCache is a [ReplayCache] for an API of one process. The zero
// value is ready to use.
type MemoryReplayCache struct {
	Limit int              // of keys; 0 means [DefaultReplayLimit]
	Now   func() time.Time // default: [time.Now]

	mu    sync.Mutex // guards all of the below
	known map[string]struct{}
	queue expiries
}

// Use is part of [ReplayCache]. It fails with [ErrReplayCacheFull].
func (c *MemoryReplayCache) Use(_ context.Context, key string, expires time.Time) (fresh bool, err error) {
	now, limit := time.Now, DefaultReplayLimit
	if c.Now != nil {
		now = c.Now
	}
	if c.Limit != 0 {
		limit = c.Limit
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(now())
	if _, used := c.known[key]; used {
		return false, nil
	}
	if len(c.known) >= limit {
		return false, ErrReplayCacheFull
	}
	if c.known == nil {
		c.known = make(map[string]struct{})
	}
	c.known[key] = struct{}{}
	heap.Push(&c.queue, expiry{at: expires.UnixNano(), key: key})
	return true, nil
}

// forget makes room.
func (c *MemoryReplayCache) forget(now time.Time) {
	for len(c.queue) > 0 && c.queue[0].at <= now.UnixNano() {
		delete(c.known, c.queue[0].key)
		heap.Pop(&c.queue)
	}
}

// An expiry is when a key is forgotten.
type expiry struct {
	at  int64 // nanoseconds since the epoch
	key string
}

// expiries is a [heap.Interface]: the next to be forgotten is the first.
type expiries []expiry

func (q expiries) Len() int           { return len(q) }
func (q expiries) Less(i, j int) bool { return q[i].at < q[j].at }
func (q expiries) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push is part of [heap.Interface].
func (q *expiries) Push(x any) { *q = append(*q, x.(expiry)) }

// Pop is part of [heap.Interface].
func (q *expiries) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	(*q)[last] = expiry{} // for the garbage collector
	*q = (*q)[:last]
	return x
}
