package session

import (
	"context"
	"runtime/debug"
	"time"
)

// A PanicError is a bug that an operation ran into. Its text says no more than
// [ErrInternal]: what the value and the stack hold is for who mends it.
type PanicError struct {
	Value any
	Stack []byte
}

func (*PanicError) Error() string { return ErrInternal.Error() }

// Unwrap returns [ErrInternal].
func (*PanicError) Unwrap() error { return ErrInternal }

// caught returns what a deferred function got from recover, nil for nothing.
func caught(value any) error {
	if value == nil {
		return nil
	}
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// spawn runs what nobody waits for. A bug in it must not end the program, which
// serves all tabs.
func (c *Config) spawn(fn func()) {
	go c.guarded(c.gate("start"), fn)
}

func (c *Config) guarded(pass, fn func()) {
	defer func() {
		if value := recover(); value != nil && c != nil && c.OnPanic != nil {
			c.OnPanic(value, debug.Stack())
		}
	}()
	pass()
	fn()
}

// gate is called by who is about to wait, or to start a goroutine; what it
// returns is called, with no lock held, before whoever has waited, or begins, does
// anything.
func (c *Config) gate(point string) (pass func()) {
	if c == nil || c.Gate == nil {
		return func() {}
	}
	return c.Gate(point)
}

// after is spawn when d is over.
func (c *Config) after(d time.Duration, fn func()) {
	pass := c.gate("timer")
	time.AfterFunc(d, func() { c.guarded(pass, fn) })
}

// sleep waits until d is over or somebody rings. It reports whether ctx goes on.
func (c *Config) sleep(ctx context.Context, point string, d time.Duration, wake alarm) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	defer c.gate(point)()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// An alarm wakes who sleeps, now or next time; it has room for one.
type alarm chan struct{}

func (a alarm) ring() {
	select {
	case a <- struct{}{}:
	default: // one look is enough
	}
}
