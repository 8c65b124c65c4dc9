//go:build js && wasm

package jsbridge

import (
	"sync"

	"github.com/hack-pad/safejs"
)

// Listen calls fn, from a callback, with every event of that type that target
// dispatches, until remove is called. remove may be called more than once.
func Listen(target safejs.Value, typ string, fn func(event safejs.Value)) (remove func(), err error) {
	f := callback(fn)
	if _, err := target.Call("addEventListener", typ, f); err != nil {
		release(f)
		return nil, caught(err)
	}
	return sync.OnceFunc(func() {
		// A target that had addEventListener has this too; if it refuses, the
		// callback stays, because it could still be called.
		if _, err := target.Call("removeEventListener", typ, f); err == nil {
			release(f)
		}
	}), nil
}
