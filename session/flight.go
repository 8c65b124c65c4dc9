package session

import (
	"context"
	"sync"
)

// A flight runs one operation at a time: whoever asks while one is in the
// air gets its result. The operation does not end with the caller that
// happened to start it; it bounds its own time.
type flight[T any] struct {
	mu      sync.Mutex
	current *landing[T] // guarded by mu
}

// landing is where the passengers of one flight wait.
type landing[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// do waits for the operation in the air, or starts fn. A waiter whose ctx ends
// leaves with the cause.
func (f *flight[T]) do(ctx context.Context, fn func(context.Context) (T, error)) (T, error) {
	f.mu.Lock()
	l := f.current
	if l == nil {
		l = &landing[T]{done: make(chan struct{})}
		f.current = l
		go f.run(l, context.WithoutCancel(ctx), fn)
	}
	f.mu.Unlock()

	select {
	case <-l.done:
		return l.value, l.err
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	}
}

func (f *flight[T]) run(l *landing[T], ctx context.Context, fn func(context.Context) (T, error)) {
	defer func() {
		if err := caught(recover()); err != nil {
			l.err = err
		}
		f.mu.Lock()
		f.current = nil
		f.mu.Unlock()
		close(l.done)
	}()
	l.value, l.err = fn(ctx)
}

// A keyedFlight is a flight per key.
type keyedFlight[T any] struct {
	mu      sync.Mutex
	flights map[string]*flight[T] // guarded by mu
}

// do is [flight.do] among those with the same key.
func (k *keyedFlight[T]) do(ctx context.Context, key string, fn func(context.Context) (T, error)) (T, error) {
	k.mu.Lock()
	if k.flights == nil {
		k.flights = map[string]*flight[T]{}
	}
	f := k.flights[key]
	if f == nil {
		f = &flight[T]{}
		k.flights[key] = f
	}
	k.mu.Unlock()
	return f.do(ctx, func(ctx context.Context) (T, error) {
		defer func() {
			k.mu.Lock()
			defer k.mu.Unlock()
			delete(k.flights, key)
		}()
		return fn(ctx)
	})
}
