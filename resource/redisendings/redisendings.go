// Package redisendings remembers in Redis which sessions are over, for the instances of
// an API that share one. It is a package of its own so that nobody else links the
// client of Redis.
//
//	client := redis.NewClient(&redis.Options{Addr: "redis:6379", ContextTimeoutEnabled: true})
//	guard, err := resource.New(resource.Config{
//		// ...
//		Endings: redisendings.New(client),
//	})
//
// What Redis has acknowledged it may still forget: with a restart where nothing is
// written to disk (appendonly yes, appendfsync always), when a replica takes over that
// lacks the last writes, or for want of memory (maxmemory-policy noeviction). It needs
// Redis 6.2 or newer.
package redisendings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/oidcspa/oidcspa/resource"
)

const (
	// DefaultTimeout is how long a request waits for Redis.
	DefaultTimeout = time.Second

	// block is how long a watch waits for Redis to have something, and so how long it
	// goes on at most after its end; pause is between two attempts.
	block = 2 * time.Second
	pause = 500 * time.Millisecond

	// batch is how many endings are read at once.
	batch = 100
)

// An Endings is a resource.Endings. Its fields may be changed before it is used.
type Endings struct {
	// Prefix is that of all keys, which are in one slot of a cluster, as its braces say;
	// "{oidcspa:ended}:" by default.
	Prefix  string
	Timeout time.Duration    // of one call, if the client has ContextTimeoutEnabled; 0 means [DefaultTimeout]
	Now     func() time.Time // default: [time.Now]

	client redis.UniversalClient
}

var _ resource.Endings = (*Endings)(nil)

// New returns what the instances share that use the same Redis.
func New(client redis.UniversalClient) *Endings {
	return &Endings{Prefix: "{oidcspa:ended}:", client: client}
}

// An entry is what Redis keeps of an ending.
type entry struct {
	IssuedAt int64  `json:"iat"` // seconds since the epoch
	Session  string `json:"sid,omitempty"`
	Subject  string `json:"sub,omitempty"`
}

func (e *entry) ending() resource.Ending {
	return resource.Ending{Session: e.Session, Subject: e.Subject, IssuedAt: time.Unix(e.IssuedAt, 0)}
}

// add is one step, so that nobody sees a part of it; what fails in it is not undone, and so
// the ID comes last, or nothing would be done when the provider tries again. KEYS are
// those of the ID, of the stream and of the ending; ARGV how long to remember the ID and the rest, in
// milliseconds, the iat, and the entry. The stream goes by the clock of Redis.
var add = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 3, #KEYS do
	local known = redis.call('GET', KEYS[i])
	if not known or cjson.decode(known).iat < tonumber(ARGV[3]) then
		redis.call('SET', KEYS[i], ARGV[4], 'PX', ARGV[2])
	end
end
local oldest = math.max(redis.call('TIME')[1] * 1000 - ARGV[2], 0)
redis.call('XADD', KEYS[2], 'MINID', '~', string.format('%.0f', oldest), '*', 'ending', ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
return 1`)

// Add is part of resource.Endings. If the answer to the first try is lost, the provider's
// second one finds the ID: the ending is remembered, and not fresh.
func (s *Endings) Add(ctx context.Context, e resource.Ending) (fresh bool, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	now := s.now()
	data, err := json.Marshal(entry{e.IssuedAt.Unix(), e.Session, e.Subject})
	if err != nil {
		return false, err
	}
	keys := []string{s.Prefix + "jti:" + e.ID, s.Prefix + "stream"}
	for _, key := range e.Keys() {
		keys = append(keys, s.Prefix+key)
	}
	done, err := add.Run(ctx, s.client, keys,
		milliseconds(e.Used.Sub(now)), milliseconds(e.Forget.Sub(now)), e.IssuedAt.Unix(), data).Int()
	if err != nil {
		return false, fmt.Errorf("redisendings: %w", err)
	}
	return done == 1, nil
}

// milliseconds are at least a second: none at all would be for ever.
func milliseconds(d time.Duration) int64 { return max(d, time.Second).Milliseconds() }

// Last is part of resource.Endings.
func (s *Endings) Last(ctx context.Context, keys []string) (latest *resource.Ending, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = s.Prefix + key
	}
	values, err := s.client.MGet(ctx, names...).Result()
	if err != nil {
		return nil, fmt.Errorf("redisendings: %w", err)
	}
	for _, value := range values {
		if value == nil {
			continue
		}
		e, err := parse(value)
		if err != nil {
			return nil, err
		}
		if latest == nil || latest.IssuedAt.Before(e.IssuedAt) {
			latest = &e
		}
	}
	return latest, nil
}

// errForeign means that somebody else writes under the prefix.
var errForeign = errors.New("redisendings: what is there is no ending")

func parse(value any) (resource.Ending, error) {
	text, _ := value.(string)
	var e entry
	if json.Unmarshal([]byte(text), &e) != nil || e.IssuedAt == 0 {
		return resource.Ending{}, errForeign
	}
	return e.ending(), nil
}

// Watch is part of resource.Endings. Where Redis is away it tries again, twice a second,
// and goes on where it was.
func (s *Endings) Watch(ctx context.Context) (<-chan resource.Ending, error) {
	position, err := s.newest(ctx)
	if err != nil {
		return nil, fmt.Errorf("redisendings: %w", err)
	}
	endings := make(chan resource.Ending)
	go func() {
		defer close(endings)
		for ctx.Err() == nil {
			position = s.read(ctx, position, endings)
		}
	}()
	return endings, nil
}

// start is before the first entry of a stream.
const start = "0-0"

// newest returns the position of the last entry.
func (s *Endings) newest(ctx context.Context) (position string, err error) {
	ctx, cancel := s.within(ctx)
	defer cancel()
	messages, err := s.client.XRevRangeN(ctx, s.Prefix+"stream", "+", "-", 1).Result()
	if err != nil || len(messages) == 0 {
		return start, err
	}
	return messages[0].ID, nil
}

// read sends what comes after a position, and returns the next one.
func (s *Endings) read(ctx context.Context, position string, to chan<- resource.Ending) string {
	streams, err := s.client.XRead(ctx, &redis.XReadArgs{Streams: []string{s.Prefix + "stream", position}, Count: batch, Block: block}).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return s.again(ctx, position)
	case err != nil:
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		return position
	}
	for _, stream := range streams {
		for _, message := range stream.Messages {
			position = message.ID
			e, err := parse(message.Values["ending"])
			if err != nil {
				continue // nobody can be told of it
			}
			select {
			case to <- e:
			case <-ctx.Done():
				return position
			}
		}
	}
	return position
}

// again returns the position to go on at when nothing has come. A stream that Redis has lost, or that
// has expired, begins anew: at an earlier position, if the clock of Redis has been set back, or is
// that of another. All that it has then is new.
func (s *Endings) again(ctx context.Context, position string) string {
	newest, err := s.newest(ctx)
	if err == nil && isBefore(newest, position) {
		return start
	}
	return position
}

// isBefore compares positions: milliseconds since the epoch, and a number.
func isBefore(a, b string) bool {
	number := func(position string) (n [2]uint64) {
		at, count, _ := strings.Cut(position, "-")
		n[0], _ = strconv.ParseUint(at, 10, 64)
		n[1], _ = strconv.ParseUint(count, 10, 64)
		return n
	}
	x, y := number(a), number(b)
	return slices.Compare(x[:], y[:]) < 0
}

func (s *Endings) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Endings) within(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	return context.WithTimeout(ctx, timeout)
}
