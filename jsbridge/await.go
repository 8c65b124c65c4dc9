//go:build js && wasm

package jsbridge

import (
	"context"

	"github.com/hack-pad/safejs"
)

// Await waits until promise settles or ctx ends. What the promise was rejected
// with is an [*Error]; when ctx ends first, the cause of ctx is returned.
//
// The promise goes on after ctx has ended and keeps two callbacks until it
// settles. So abort what it stands for, if that is possible.
//
// Await must not be called from a callback.
func Await(ctx context.Context, promise safejs.Value) (safejs.Value, error) {
	type outcome struct {
		value safejs.Value
		err   error
	}
	settled := make(chan outcome, 1) // exactly one of the callbacks runs, once
	var fulfilled, rejected safejs.Func
	settle := func(o outcome) {
		release(fulfilled, rejected)
		settled <- o
	}
	fulfilled = callback(func(v safejs.Value) { settle(outcome{value: v}) })
	rejected = callback(func(v safejs.Value) { settle(outcome{err: errorOf(v)}) })
	if _, err := promise.Call("then", fulfilled, rejected); err != nil {
		release(fulfilled, rejected)
		return safejs.Undefined(), caught(err)
	}
	select {
	case o := <-settled:
		return o.value, o.err
	case <-ctx.Done():
		return safejs.Undefined(), context.Cause(ctx)
	}
}
