//go:build js && wasm

package jsbridge

import "github.com/hack-pad/safejs"

// live counts callbacks. There is one thread, and nothing here yields.
var live int

// Live returns how many callbacks are made and not released. Tests end with
// the number that they began with.
func Live() int { return live }

// callback makes a function that JavaScript calls with one argument. fn must
// not wait. The function returns null: what Go returns may not be a value
// of JavaScript, and finding that out ends the program.
func callback(fn func(arg safejs.Value)) safejs.Func {
	f, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		arg := safejs.Undefined()
		if len(args) > 0 {
			arg = args[0]
		}
		guarded(func() { fn(arg) })
		return nil
	})
	if err != nil {
		panic(err) // syscall/js itself is broken
	}
	live++
	return f
}

// release gives callbacks back, each of them once. JavaScript must not be able
// to call them any more; a callback may release itself.
func release(callbacks ...safejs.Func) {
	for _, f := range callbacks {
		f.Release()
		live--
	}
}
