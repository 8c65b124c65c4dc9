//go:build js && wasm

package jsbridge

import (
	"errors"
	"testing"
)

func TestServe(t *testing.T) {
	const name = "jsbridge.test"
	before := Live()
	eval(t, `
		globalThis[args[0]] = (given) => {
			if (typeof given === "string") globalThis.toldForTest = given;
			else if (given) globalThis.acceptForTest = given;
			else return Promise.resolve("so it is");
			return "said";
		}`, name)
	ports := make(chan *Port, 2)
	host, stop, err := serve(name, func(p *Port) { ports <- p })
	if err != nil || host.Said != "said" {
		t.Fatalf("%v, %v", host, err)
	}
	if err := host.Tell("a text"); err != nil {
		t.Error(err)
	}
	if got := eval(t, `return globalThis.toldForTest`); text(t, got) != "a text" {
		t.Errorf("the host was told %q", text(t, got))
	}
	if so, err := host.Ask(t.Context()); err != nil || !so {
		t.Errorf("the host answers %t, %v", so, err)
	}
	if got := eval(t, `return String(args[0] in globalThis)`, name); text(t, got) != "false" {
		t.Error("the global is still there")
	}
	for _, message := range []string{"first", "second"} {
		other := eval(t, `
			const c = new MessageChannel();
			acceptForTest(c.port1);
			c.port2.postMessage(args[0]);
			return c.port2;`, message)
		p := receive(t, ports)
		messages, _ := collect(t, p)
		if got := receive(t, messages); got != message {
			t.Errorf("got %q, want %q", got, message)
		}
		p.Close()
		eval(t, `args[0].close()`, other)
	}
	eval(t, `delete globalThis.acceptForTest; delete globalThis.toldForTest`)
	stop()
	if Live() != before {
		t.Errorf("%d callbacks are left", Live()-before)
	}
}

func TestServeNoHost(t *testing.T) {
	before := Live()
	accept := func(*Port) { t.Error("accept was called") }
	if _, err := Serve("jsbridge.nobody", accept); err == nil {
		t.Error("no global: no error")
	}
	eval(t, `globalThis["jsbridge.test"] = 1`)
	if _, err := Serve("jsbridge.test", accept); err == nil {
		t.Error("the global is a number: no error")
	}
	eval(t, `globalThis["jsbridge.test"] = () => { throw new RangeError("no"); }`)
	if _, err := Serve("jsbridge.test", accept); !errors.Is(err, &Error{Name: "RangeError"}) {
		t.Errorf("the host throws: got %v", err)
	}
	if Live() != before {
		t.Errorf("%d callbacks are left", Live()-before)
	}
}
