//go:build js && wasm

package jsbridge

import (
	"context"
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
// Messages that arrive before accept listens are kept.
func Serve(global string, accept func(*Port)) (*Host, error) {
	host, _, err := serve(global, accept)
	return host, err
}

// A Host is the JavaScript around the program.
type Host struct {
	// Said is the text that its function has returned, empty if that returned something
	// else.
	Said string

	function safejs.Value
}

// Tell calls the function of the host again, with a text.
func (h *Host) Tell(text string) error {
	_, err := h.function.Invoke(text)
	return caught(err)
}

// Ask calls the function of the host again without anything, and waits for the truth of what it
// promises; false if it fails. Ask must not be called from a callback.
func (h *Host) Ask(ctx context.Context) (bool, error) {
	promise, err := h.function.Invoke()
	if err != nil {
		return false, caught(err)
	}
	answer, err := Await(ctx, promise)
	if err != nil {
		return false, err
	}
	return answer.Truthy()
}

// serve is Serve for tests, which want the callback back.
func serve(global string, accept func(*Port)) (_ *Host, stop func(), err error) {
	host, err := safejs.Global().Get(global)
	if err != nil {
		return nil, nil, caught(err)
	}
	if !isType(host, safejs.TypeFunction) {
		return nil, nil, fmt.Errorf("jsbridge: globalThis[%q] is no function: the host did not offer itself", global)
	}
	if err := safejs.Global().Delete(global); err != nil {
		return nil, nil, caught(err)
	}
	f := callback(func(port safejs.Value) { spawn(func() { accept(NewPort(port)) }) })
	answer, err := host.Invoke(f)
	if err != nil {
		release(f)
		return nil, nil, caught(err)
	}
	h := &Host{function: host}
	if isType(answer, safejs.TypeString) {
		h.Said, _ = answer.String()
	}
	return h, func() { release(f) }, nil
}
