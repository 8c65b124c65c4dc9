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
	// Use remembers a key, 43 characters, until expires, which is always the same for one
	// key. It is fresh if it was not remembered before, for one caller only, and cannot have
	// been forgotten: it expires later than all that were. A clock that is set back makes
	// no proof good again. With an error nothing is known, and the request is refused with
	// status 503.
	Use(ctx context.Context, key string, expires time.Time) (fresh bool, err error)
}

// A SharedReplayCache is a [ReplayCache] with limited room, of which nobody gets more than a
// share. A [Middleware] calls UseOf in the place of Use.
type SharedReplayCache interface {
	ReplayCache

	// UseOf is Use for a proof that came with a good token. It takes a place of each of
	// sharers, 43 characters each: the key that has signed the proof, and whose token it is. With
	// [ErrReplayShareFull] the request is refused with status 429.
	UseOf(ctx context.Context, sharers []string, key string, expires time.Time) (fresh bool, err error)
}

// DefaultReplayLimit is the number of proofs that a [MemoryReplayCache]
// remembers by default: 800 requests a second for the two minutes that a
// proof is remembered by default, and half of that for one key, or one person.
const DefaultReplayLimit = 100_000

// ErrReplayCacheFull means that a proof cannot be remembered. It is not
// accepted then: forgetting another one would let that be used again.
var ErrReplayCacheFull = errors.New("resource: the replay cache is full")

// ErrReplayShareFull means that a proof cannot be remembered because there are as many of the
// same key, or of the same person, as there is room left for all others.
var ErrReplayShareFull = errors.New("resource: a share of the replay cache is full")

// A MemoryReplayCache is a [SharedReplayCache] for an API of one process. The zero
// value is ready to use.
//
// Whoever shares it takes one more place while it has fewer than are free. So a key, and a person
// with however many keys, gets half of all, and leaves as much for the others. Of people
// who come one after another each can take half of what is left, so that some seventeen fill the
// default limit.
type MemoryReplayCache struct {
	Limit int              // of proofs; 0 means [DefaultReplayLimit]
	Now   func() time.Time // default: [time.Now]

	mu        sync.Mutex // guards all of the below
	known     map[string]struct{}
	taken     map[string]int // places, by sharer
	queue     expiries
	forgotten int64 // when the last expired that is known no more, nanoseconds since the epoch
}

// Use is part of [ReplayCache]. It fails with [ErrReplayCacheFull].
func (c *MemoryReplayCache) Use(ctx context.Context, key string, expires time.Time) (fresh bool, err error) {
	return c.UseOf(ctx, nil, key, expires)
}

// UseOf is part of [SharedReplayCache]. It fails with [ErrReplayCacheFull] and
// [ErrReplayShareFull].
func (c *MemoryReplayCache) UseOf(_ context.Context, sharers []string, key string, expires time.Time) (fresh bool, err error) {
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
	if _, used := c.known[key]; used || expires.UnixNano() <= c.forgotten {
		return false, nil
	}
	free := limit - len(c.known)
	if free <= 0 {
		return false, ErrReplayCacheFull
	}
	for _, sharer := range sharers {
		if c.taken[sharer] >= free {
			return false, ErrReplayShareFull
		}
	}
	if c.known == nil {
		c.known, c.taken = make(map[string]struct{}), make(map[string]int)
	}
	c.known[key] = struct{}{}
	for _, sharer := range sharers {
		c.taken[sharer]++
	}
	heap.Push(&c.queue, expiry{at: expires.UnixNano(), key: key, sharers: sharers})
	return true, nil
}

// forget makes room.
func (c *MemoryReplayCache) forget(now time.Time) {
	for len(c.queue) > 0 && c.queue[0].at <= now.UnixNano() {
		gone := heap.Pop(&c.queue).(expiry)
		c.forgotten = max(c.forgotten, gone.at)
		delete(c.known, gone.key)
		for _, sharer := range gone.sharers {
			if c.taken[sharer]--; c.taken[sharer] == 0 {
				delete(c.taken, sharer)
			}
		}
	}
}

// An expiry is when a key is forgotten.
type expiry struct {
	at      int64 // nanoseconds since the epoch
	key     string
	sharers []string
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
