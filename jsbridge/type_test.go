//go:build js && wasm

package jsbridge

import (
	"testing"

	"github.com/hack-pad/safejs"
)

// strangers are values that any script can post; none of them is text, or what
// a port hands over.
const strangers = `return [1n, {channel: 1n}, {channel: 1, body: 1n}, {data: 1n}, null, undefined, 0, NaN, true, [], [1n], {},
	new Date(), new Map([[1n, 1n]]), new Error("x"), new ArrayBuffer(1), new Blob([]), 1n << 4096n]`

// TestStrangers: whatever is posted, the program lives and hears the next text.
func TestStrangers(t *testing.T) {
	all := eval(t, strangers)
	count, err := all.Length()
	if err != nil {
		t.Fatal(err)
	}
	port, other := channel(t)
	messages, _ := collect(t, port)
	heard := make(chan string, 1)
	broadcast, err := NewBroadcast("strangers", 100, func(message []byte) { heard <- string(message) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broadcast.Close)
	sender := eval(t, `return new BroadcastChannel("strangers")`)
	t.Cleanup(func() { _, _ = sender.Call("close") })
	for i := range count {
		value, err := all.Index(i)
		if err != nil {
			t.Fatal(err)
		}
		eval(t, `args[0].postMessage(args[1]); args[0].postMessage(args[1], [new MessageChannel().port1])`, other, value)
		eval(t, `args[0].postMessage(args[1])`, sender, value)
	}
	for _, target := range []safejs.Value{other, sender} {
		eval(t, `args[0].postMessage("text")`, target)
	}
	if got := receive(t, messages); got != "text" {
		t.Errorf("the port heard %q", got)
	}
	if got := receive(t, heard); got != "text" {
		t.Errorf("the channel heard %q", got)
	}
}

// What is thrown can be anything, too.
func TestThrownBigInt(t *testing.T) {
	err := errorOf(eval(t, `return 1n`))
	if err.Name != "thrown bigint" {
		t.Errorf("got %v", err)
	}
}

func TestIsType(t *testing.T) {
	if !isType(eval(t, `return "x"`), safejs.TypeString) || isType(eval(t, `return 1n`), safejs.TypeNumber) {
		t.Error("the types are others")
	}
}
