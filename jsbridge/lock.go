//go:build js && wasm

package jsbridge

import (
	"context"

	"github.com/hack-pad/safejs"
)

// AwaitLock waits until nobody holds the Web Lock of that name, and takes
// nothing: a page or a worker that holds a lock for as long as it lives gives
// a sign when it is gone, even if it crashed. When ctx ends first, the cause of
// ctx is returned; another error means that the browser has no locks.
func AwaitLock(ctx context.Context, name string) error {
	x, err := newExchange(ctx)
	if err != nil {
		return err
	}
	defer x.abort()
	locks, err := webLocks()
	if err != nil {
		return err
	}
	signal, err := x.controller.Get("signal")
	if err != nil {
		return caught(err)
	}
	granted := callback(func(safejs.Value) {}) // and released when it returns
	defer release(granted)
	options := map[string]any{"mode": "shared", "signal": signal}
	promise, err := locks.Call("request", name, options, granted)
	if err != nil {
		return caught(err)
	}
	_, err = x.await(promise)
	return err
}

func webLocks() (safejs.Value, error) {
	navigator, err := safejs.Global().Get("navigator")
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	locks, err := navigator.Get("locks")
	return locks, caught(err)
}
