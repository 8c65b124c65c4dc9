//go:build js && wasm

package jsbridge

import (
	"runtime/debug"
	"time"
)

// OnPanic is told, if set, of a bug in what JavaScript calls, or in what that has
// begun: nobody else hears of it, and the program goes on. Set it before anything
// else of this package is used.
var OnPanic func(value any, stack []byte)

// guarded calls fn. Without OnPanic its panic goes on.
func guarded(fn func()) {
	defer func() {
		if OnPanic == nil {
			return
		}
		if value := recover(); value != nil {
			OnPanic(value, debug.Stack())
		}
	}()
	fn()
}

// spawn runs what no callback may wait for.
func spawn(fn func()) { go guarded(fn) }

// after is spawn when d is over.
func after(d time.Duration, fn func()) *time.Timer {
	return time.AfterFunc(d, func() { guarded(fn) })
}
