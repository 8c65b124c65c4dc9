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
// writes. It needs Redis 5 or newer, whose clock is that of the instances within some
// seconds: where it is behind, proofs take their places for longer.
//
// Whoever shares the cache has no more places than are free, as in the cache in memory. A proof
// takes some 300 to 650 bytes, so that a full one has 0.65 GB at most by default.
package redisreplay

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oidcspa/oidcspa/resource"
)

const (
	// DefaultTimeout is how long a request waits for Redis.
	DefaultTimeout = time.Second

	// DefaultLimit is the number of proofs that are remembered by default, of all instances:
	// 8,000 requests a second for the two minutes that a proof is remembered by default.
	DefaultLimit = 1_000_000

	// kept is how long Redis keeps all of it after the last proof.
	kept = 24 * time.Hour
)

// A Cache is a resource.SharedReplayCache. Its fields may be changed before it is
// used.
type Cache struct {
	// Prefix is that of all keys, which are in one slot of a cluster, as its braces say;
	// "{oidcspa:dpop}:" by default.
	Prefix  string
	Limit   int              // of proofs; 0 means [DefaultLimit]
	Timeout time.Duration    // of one call, if the client has ContextTimeoutEnabled; 0 means [DefaultTimeout]
	Now     func() time.Time // default: [time.Now]

	client redis.Cmdable
}

var _ resource.SharedReplayCache = (*Cache)(nil)

// New returns a cache. Instances that use the same Redis share it.
func New(client redis.Cmdable) *Cache {
	return &Cache{Prefix: "{oidcspa:dpop}:", client: client}
}

// What the script answers, 0 for a proof that was used.
const (
	fresh     = 1
	full      = -1
	shareFull = -2
)

// use is one step, which Redis does for one caller alone. KEYS are the proofs by the time when they
// expire, when the last expired that is known no more, and the proofs of each sharer; ARGV the
// proof, when it expires and what time it is, in milliseconds since the epoch, the limit, and how long to keep
// the proofs and those of the sharers, in milliseconds. What has expired is over by two clocks: an
// instance whose clock is ahead must not have those of others forgotten. A hundred go with each call.
var use = redis.NewScript(`
local clock = redis.call('TIME')
local now = math.min(clock[1] * 1000 + math.floor(clock[2] / 1000), ARGV[3])
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, 100)
for i = 1, #gone, 2 do redis.call('ZREM', KEYS[1], gone[i]) end
local forgotten, last = tonumber(redis.call('GET', KEYS[2]) or 0), tonumber(gone[#gone] or 0)
if last > forgotten then
	forgotten = last
	redis.call('SET', KEYS[2], string.format('%.0f', last), 'PX', ARGV[5])
end
if tonumber(ARGV[2]) <= forgotten or redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
local free = ARGV[4] - redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')
if free <= 0 then return -1 end
for i = 3, #KEYS do
	redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
	if redis.call('ZCARD', KEYS[i]) >= free then return -2 end
end
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
for i = 3, #KEYS do
	redis.call('ZADD', KEYS[i], ARGV[2], ARGV[1])
	if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[6]) then redis.call('PEXPIRE', KEYS[i], ARGV[6]) end
end
return 1`)

// Use is part of resource.ReplayCache. It fails with resource.ErrReplayCacheFull, and whatever Redis
// says. If the answer to the first try is lost, the client's second
// one finds the key, which refuses the request, too.
func (c *Cache) Use(ctx context.Context, key string, expires time.Time) (bool, error) {
	return c.UseOf(ctx, nil, key, expires)
}

// UseOf is part of resource.SharedReplayCache. It fails as Use does, and with resource.ErrReplayShareFull.
func (c *Cache) UseOf(ctx context.Context, sharers []string, key string, expires time.Time) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Timeout, DefaultTimeout))
	defer cancel()
	now := time.Now()
	if c.Now != nil {
		now = c.Now()
	}
	keys := []string{c.Prefix + "proofs", c.Prefix + "forgotten"}
	for _, sharer := range sharers {
		keys = append(keys, c.Prefix+"of:"+sharer)
	}
	until := expires.Add(time.Millisecond - 1).UnixMilli() // no earlier
	life := max(expires.Sub(now), time.Second)             // none at all would be for ever
	done, err := use.Run(ctx, c.client, keys,
		key, until, now.UnixMilli(), cmp.Or(c.Limit, DefaultLimit), (life + kept).Milliseconds(), life.Milliseconds()).Int()
	switch {
	case err != nil:
		return false, fmt.Errorf("redisreplay: %w", err)
	case done == full:
		return false, resource.ErrReplayCacheFull
	case done == shareFull:
		return false, resource.ErrReplayShareFull
	}
	return done == fresh, nil
}
