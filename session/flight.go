package session

import (
	"context"
	"sync"
)

// A flight runs one operation at a time: whoever asks while one is in the
// air gets its result. The operation does not end with the caller that
// happened to start it; it bounds its own time.
type flight[T any] struct {
	only keyedFlight[T]
}

// do waits for the operation in the air, or starts fn. A waiter whose ctx ends
// leaves with the cause.
func (f *flight[T]) do(ctx context.Context, fn func(context.Context) (T, error)) (T, error) {
	return f.only.do(ctx, "", fn)
}

// A keyedFlight is a flight per key.
type keyedFlight[T any] struct {
	mu  sync.Mutex
	air map[string]*landing[T] // guarded by mu
}

// landing is where the passengers of one flight wait.
type landing[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// do is [flight.do] among those with the same key.
func (k *keyedFlight[T]) do(ctx context.Context, key string, fn func(context.Context) (T, error)) (T, error) {
	k.mu.Lock()
	l := k.air[key]
	if l == nil {
		l = &landing[T]{done: make(chan struct{})}
		if k.air == nil {
			k.air = map[string]*landing[T]{}
		}
		k.air[key] = l
		go k.run(l, context.WithoutCancel(ctx), key, fn)
	}
	k.mu.Unlock()

	select {
	case <-l.done:
		return l.value, l.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}

func (k *keyedFlight[T]) run(l *landing[T], ctx context.Context, key string, fn func(context.Context) (T, error)) {
	defer func() {
		if err := caught(recover()); err != nil {
			l.err = err
		}
		k.mu.Lock()
		delete(k.air, key)
		k.mu.Unlock()
		close(l.done)
	}()
	l.value, l.err = fn(ctx)
}
