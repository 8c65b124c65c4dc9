//go:build js && wasm

package jsbridge

import (
	"testing"

	"github.com/hack-pad/safejs"
)

// A bug in a callback, or in what it has begun, does not end the program.
func TestPanicsInCallbacks(t *testing.T) {
	heard := make(chan any, 2)
	OnPanic = func(value any, stack []byte) {
		if len(stack) > 0 {
			heard <- value
		}
	}
	defer func() { OnPanic = nil }()
	f := callback(func(safejs.Value) {
		spawn(func() { panic("in a goroutine") })
		panic("in a callback")
	})
	defer release(f)
	if _, err := f.Value().Invoke(); err != nil {
		t.Fatal(err)
	}
	got := map[any]bool{receive(t, heard): true, receive(t, heard): true}
	if !got["in a callback"] || !got["in a goroutine"] {
		t.Errorf("heard of %v", got)
	}
}
