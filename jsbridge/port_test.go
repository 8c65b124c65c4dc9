//go:build js && wasm

package jsbridge

import (
	"errors"
	"strconv"
	"testing"

	"github.com/hack-pad/safejs"
)

// channel returns a Port and the MessagePort at its other end.
func channel(t *testing.T) (*Port, safejs.Value) {
	t.Helper()
	c := eval(t, `const c = new MessageChannel(); return [c.port1, c.port2]`)
	port := NewPort(eval(t, `return args[0][0]`, c))
	t.Cleanup(port.Close)
	return port, eval(t, `return args[0][1]`, c)
}

// collect listens and returns what arrives.
func collect(t *testing.T, p *Port) (messages chan string, closed chan struct{}) {
	t.Helper()
	messages = make(chan string, 1000)
	closed = make(chan struct{}, 2)
	err := p.Listen(
		func(message []byte) { messages <- string(message) },
		func() { closed <- struct{}{} },
	)
	if err != nil {
		t.Fatal(err)
	}
	return messages, closed
}

func TestPort(t *testing.T) {
	a, jsB := channel(t)
	b := NewPort(jsB)
	t.Cleanup(b.Close)
	want := []string{"before b listens", "", "ä€😀\x00", `{"jsonrpc":"2.0"}`}
	for i := range 500 {
		want = append(want, strconv.Itoa(i))
	}
	if err := a.Send([]byte(want[0])); err != nil {
		t.Fatal(err)
	}
	messages, _ := collect(t, b)
	for _, message := range want[1:] {
		if err := a.Send([]byte(message)); err != nil {
			t.Fatal(err)
		}
	}
	for _, message := range want {
		if got := receive(t, messages); got != message {
			t.Fatalf("got %q, want %q", got, message)
		}
	}
}

// TestPortText: only text is a message; half a character becomes U+FFFD.
func TestPortText(t *testing.T) {
	p, other := channel(t)
	messages, _ := collect(t, p)
	eval(t, `for (const m of [1, null, undefined, {}, ["x"], new Uint8Array(1), "\ud800", "end"]) args[0].postMessage(m)`, other)
	for _, want := range []string{"\ufffd", "end"} {
		if got := receive(t, messages); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestPortOtherEndCloses: no browser dispatches this event by default yet, so
// the test does.
func TestPortOtherEndCloses(t *testing.T) {
	before := Live()
	p, _ := channel(t)
	_, closed := collect(t, p)
	eval(t, `for (let i = 0; i < 2; i++) args[0].dispatchEvent(new Event("close"))`, p.port)
	receive(t, closed)
	if len(closed) != 0 {
		t.Error("onClose was called twice")
	}
	if err := p.Send([]byte("x")); err != ErrPortClosed {
		t.Errorf("Send = %v, want %v", err, ErrPortClosed)
	}
	if Live() != before {
		t.Errorf("%d callbacks are left", Live()-before)
	}
}

func TestPortClose(t *testing.T) {
	before := Live()
	a, _ := channel(t)
	_, closed := collect(t, a)
	a.Close()
	a.Close()
	eval(t, `args[0].dispatchEvent(new Event("close"))`, a.port)
	if len(closed) != 0 {
		t.Error("onClose came after Close")
	}
	if err := a.Send([]byte("x")); err != ErrPortClosed {
		t.Errorf("Send = %v, want %v", err, ErrPortClosed)
	}
	if err := a.Listen(nil, nil); err != ErrPortClosed {
		t.Errorf("Listen = %v, want %v", err, ErrPortClosed)
	}
	if Live() != before {
		t.Errorf("%d callbacks are left", Live()-before)
	}
}

// TestPortClosedWithin: onMessage may close the port, which releases the
// callback that is running.
func TestPortClosedWithin(t *testing.T) {
	p, other := channel(t)
	done := make(chan struct{}, 2)
	err := p.Listen(func([]byte) {
		p.Close()
		done <- struct{}{}
	}, func() {})
	if err != nil {
		t.Fatal(err)
	}
	eval(t, `args[0].postMessage("1"); args[0].postMessage("2")`, other)
	receive(t, done)
	if len(done) != 0 {
		t.Error("a message came after Close")
	}
}

func TestPortListenTwice(t *testing.T) {
	p, _ := channel(t)
	collect(t, p)
	if err := p.Listen(func([]byte) {}, func() {}); err != ErrPortListens {
		t.Errorf("got %v, want %v", err, ErrPortListens)
	}
}

// TestPortBroken: what is not a MessagePort gives errors and keeps nothing.
func TestPortBroken(t *testing.T) {
	tests := []struct {
		name string
		port string
		err  error // nil is any: a mistake on the Go side has no type
	}{
		{"no object", `return 1`, nil},
		{"no event target", `return {}`, nil},
		{"no start", `return new EventTarget()`, nil},
		{"close is refused", `
			const target = new EventTarget();
			target.addEventListener = (type) => { if (type === "close") throw new RangeError("no"); };
			return target;`, &Error{Name: "RangeError"}},
		{"start throws", `
			const target = new EventTarget();
			target.start = () => { throw new RangeError("no"); };
			return target;`, &Error{Name: "RangeError"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := Live()
			p := NewPort(eval(t, tt.port))
			err := p.Listen(func([]byte) {}, func() {})
			if err == nil || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("Listen = %v, want %v", err, tt.err)
			}
			if Live() != before {
				t.Errorf("%d callbacks are left", Live()-before)
			}
			if err := p.Send([]byte("x")); err == nil {
				t.Error("Send: no error")
			}
			p.Close() // does not panic
		})
	}
}

// Channels that nobody takes do not pile up, nor do they outlive the port.
func TestChannelsThatNobodyTakes(t *testing.T) {
	main := eval(t, `
		const main = new MessageChannel();
		for (let n = 1; n <= 1000; n++) {
			const side = new MessageChannel();
			main.port2.postMessage({ channel: n, body: new Blob(["x"]) }, [side.port2]);
		}
		const side = new MessageChannel();
		main.port2.postMessage({ channel: 1000, body: null }, [side.port2]);
		main.port2.postMessage("all");
		return main.port1;`)
	port := NewPort(main)
	messages, _ := collect(t, port)
	receive(t, messages)
	if n := len(port.channels); n != channelsLimit {
		t.Errorf("%d channels, want %d", n, channelsLimit)
	}
	for _, n := range []int{1000, 1001 - channelsLimit} { // the last ones are there
		r, err := port.Relay(t.Context(), n)
		if err != nil {
			t.Fatalf("channel %d: %v", n, err)
		}
		r.Close()
	}
	port.Close()
	if n := len(port.channels); n != 0 {
		t.Errorf("%d channels of a port that is closed", n)
	}
}
