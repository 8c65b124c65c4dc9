//go:build js && wasm

package jsbridge

import (
	"fmt"

	"github.com/hack-pad/safejs"
)

// Serve lets the JavaScript that hosts the program hand in connections. It
// calls accept, in a new goroutine, with each of them.
//
// The host puts a function into the global of that name right before it calls
// go.run(instance). Serve takes the global away and calls that function with
// another one, which the host then calls with a MessagePort per connection, as
// long as the program lives:
//
//	let connect;
//	globalThis["name"] = (accept) => { connect = accept; return "text"; };
//	go.run(instance);
//	connect(port);
//
// Messages that arrive before accept listens are kept. Serve returns the text
// that the host's function has returned, empty if it returned something else.
func Serve(global string, accept func(*Port)) (said string, err error) {
	said, _, err = serve(global, accept)
	return said, err
}

// serve is Serve for tests, which want the callback back.
func serve(global string, accept func(*Port)) (said string, stop func(), err error) {
	host, err := safejs.Global().Get(global)
	if err != nil {
		return "", nil, caught(err)
	}
	if !isType(host, safejs.TypeFunction) {
		return "", nil, fmt.Errorf("jsbridge: globalThis[%q] is no function: the host did not offer itself", global)
	}
	if err := safejs.Global().Delete(global); err != nil {
		return "", nil, caught(err)
	}
	f := callback(func(port safejs.Value) { spawn(func() { accept(NewPort(port)) }) })
	answer, err := host.Invoke(f)
	if err != nil {
		release(f)
		return "", nil, caught(err)
	}
	if isType(answer, safejs.TypeString) {
		said, _ = answer.String()
	}
	return said, func() { release(f) }, nil
}
