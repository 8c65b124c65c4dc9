package session

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// companyLimit is how long a tab waits for what another tab has begun and a
// page takes part in, before it begins the same for itself.
const companyLimit = 10 * time.Second

// errAbandoned ends what nobody waits for any more.
var errAbandoned = errors.New("nobody waits for it")

// A flight runs one operation of a kind at a time: whoever asks for the same while
// it is in the air gets its result. The operation does not end with the caller that
// happened to start it; it bounds its own time.
type flight[T any] struct {
	config *Config // nil where no simulation looks

	mu  sync.Mutex
	air map[route]*landing[T] // guarded by mu
}

// A route is what a flight is known by: for whom it was begun, as of when, and what
// for. Nobody gets what was asked for somebody else, or before the last act.
type route struct {
	user *User
	mark mark
	key  string
	own  *Client // the tab that flies alone; nil for a flight that others join
}

// landing is where the passengers of one flight wait.
type landing[T any] struct {
	by         *Client // the tab that began it; nil for a flight without a page
	done       chan struct{}
	value      T
	err        error
	passengers int // guarded by the mu of the flight
	abandon    func()
}

// do waits for the operation in the air, or starts fn. A waiter whose ctx ends
// leaves with the cause. It is for what is of no person: the provider, a response.
func (k *flight[T]) do(ctx context.Context, key string, fn func(context.Context) (T, error)) (T, error) {
	return k.doFor(ctx, nil, scene{}, key, func(ctx, _ context.Context) (T, error) { return fn(ctx) })
}

// doFor is do for what was decided on then, on behalf of a tab, and with its page. A
// page may be frozen, or lie: who waits for that of another tab waits for a
// while, and then has an own one. fn gets a second context, for the time before
// it does anything: that ends when nobody wants the result any more.
func (k *flight[T]) doFor(ctx context.Context, c *Client, decided scene, key string, fn func(ctx, wanted context.Context) (T, error)) (T, error) {
	r := route{user: decided.user, mark: decided.mark, key: key}
	r.mark.after = 0 // which is the time where no act is known
	company := time.NewTimer(companyLimit)
	defer company.Stop()
	for {
		l := k.board(ctx, r, c, fn)
		limit := company.C
		if l.by == c {
			limit = nil
		}
		value, settled, err := k.wait(ctx, l, limit)
		switch {
		case !settled:
			r.own = c
		case errors.Is(err, errAbandoned) && ctx.Err() == nil: // it ended just when this tab came
		default:
			return value, err
		}
	}
}

// board returns the flight in the air, a new one if there is none.
func (k *flight[T]) board(ctx context.Context, r route, c *Client, fn func(ctx, wanted context.Context) (T, error)) *landing[T] {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.air[r]
	if l == nil {
		ctx = context.WithoutCancel(ctx)
		wanted, abandon := context.WithCancelCause(ctx)
		l = &landing[T]{by: c, done: make(chan struct{}), abandon: func() { abandon(errAbandoned) }}
		if k.air == nil {
			k.air = map[route]*landing[T]{}
		}
		k.air[r] = l
		k.config.spawn(func() { k.run(l, r, func() (T, error) { return fn(ctx, wanted) }) })
	}
	l.passengers++
	return l
}

// wait waits for a landing; settled is false if limit came first.
func (k *flight[T]) wait(ctx context.Context, l *landing[T], limit <-chan time.Time) (value T, settled bool, err error) {
	defer k.leave(l)
	defer k.config.gate("flight")()
	select {
	case <-l.done:
		return l.value, true, l.err
	case <-ctx.Done():
		return value, true, context.Cause(ctx)
	case <-limit:
		return value, false, nil
	}
}

func (k *flight[T]) leave(l *landing[T]) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if l.passengers--; l.passengers == 0 {
		l.abandon()
	}
}

func (k *flight[T]) run(l *landing[T], r route, fn func() (T, error)) {
	defer func() {
		if err := caught(recover()); err != nil {
			l.err = err
		}
		k.mu.Lock()
		delete(k.air, r)
		k.mu.Unlock()
		close(l.done)
		l.abandon()
	}()
	l.value, l.err = fn()
}

// settle waits for what is in the air. It reports whether there was something.
func (k *flight[T]) settle(ctx context.Context) bool {
	k.mu.Lock()
	var all []*landing[T]
	for _, r := range slices.SortedFunc(maps.Keys(k.air), func(a, b route) int { return strings.Compare(a.key, b.key) }) {
		l := k.air[r]
		l.passengers++
		all = append(all, l)
	}
	k.mu.Unlock()
	for _, l := range all {
		_, _, _ = k.wait(ctx, l, nil)
	}
	return len(all) > 0
}
