// Package redisreplay is a replay cache in Redis for the instances of an API
// that share one. It is a package of its own so that nobody else links the
// client of Redis.
//
//	client := redis.NewClient(&redis.Options{Addr: "redis:6379", ContextTimeoutEnabled: true})
//	guard, err := resource.New(resource.Config{
//		// ...
//		ReplayCache: redisreplay.New(client),
//	})
//
// Redis must not throw keys away before their time (maxmemory-policy
// noeviction), and a proof can be used again if it forgets: after a restart
// without persistence, or when a replica takes over that lacks the last
// writes.
//
// There are no shares by key, as the cache in memory has them: what bounds the proofs, each some
// 150 bytes for two minutes by default, is the memory that Redis may take (maxmemory). Where
// that is full no proof is accepted (status 503), whoever has filled it: room for as many
// requests as the API can serve in that time keeps one client from closing it for others,
// or a limit on the requests of each client in front of it.
package redisreplay

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// DefaultTimeout is how long a request waits for Redis.
const DefaultTimeout = time.Second

// A Cache is a resource.ReplayCache. Its fields may be changed before it is
// used.
type Cache struct {
	Prefix  string           // of the keys; "oidcspa:dpop:" by default
	Timeout time.Duration    // of one call, if the client has ContextTimeoutEnabled; 0 means [DefaultTimeout]
	Now     func() time.Time // default: [time.Now]

	client redis.Cmdable
}

// New returns a cache. Instances that use the same Redis share it.
func New(client redis.Cmdable) *Cache {
	return &Cache{Prefix: "oidcspa:dpop:", client: client}
}

// Use remembers a key until expires: SET with NX and a time to live, which
// Redis does for one caller alone. Each failure is an error, and so a request
// that is refused. If the answer to the first try is lost, the client's second
// one finds the key, which refuses the request, too.
func (c *Cache) Use(ctx context.Context, key string, expires time.Time) (fresh bool, err error) {
	now, timeout := time.Now, c.Timeout
	if c.Now != nil {
		now = c.Now
	}
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	life := max(expires.Sub(now()), time.Second) // none at all would be for ever
	fresh, err = c.client.SetNX(ctx, c.Prefix+key, 1, life).Result()
	if err != nil {
		return false, fmt.Errorf("redisreplay: %w", err)
	}
	return fresh, nil
}
