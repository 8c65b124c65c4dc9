//go:build js && wasm

package jsbridge

import "testing"

func TestBroadcast(t *testing.T) {
	heard := make(chan string, 2)
	first, err := NewBroadcast("jsbridge.test", 100, func(message []byte) { heard <- "first " + string(message) })
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := NewBroadcast("jsbridge.test", 100, func(message []byte) { heard <- "second " + string(message) })
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewBroadcast("jsbridge.other", 100, func([]byte) { heard <- "other" })
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()

	eval(t, `globalThis.number = new BroadcastChannel("jsbridge.test"); number.postMessage(7)`) // no text
	if err := first.Post([]byte("héllo")); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "second héllo" {
		t.Errorf("heard %q", got)
	}
	second.Close()
	eval(t, `number.postMessage("x".repeat(101)); number.postMessage("\u00e4".repeat(51))`) // too long
	eval(t, `number.postMessage("from JavaScript"); number.close()`)
	if got := <-heard; got != "first from JavaScript" {
		t.Errorf("heard %q", got)
	}
	if err := second.Post([]byte("late")); err == nil {
		t.Error("a channel that was closed posts")
	}
}
