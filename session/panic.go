package session

import "runtime/debug"

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
