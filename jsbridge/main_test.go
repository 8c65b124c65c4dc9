//go:build js && wasm

package jsbridge

import (
	"fmt"
	"os"
	"testing"

	"github.com/hack-pad/safejs"
)

// TestMain fails when a callback is left over, or was released twice.
func TestMain(m *testing.M) {
	code := m.Run()
	if n := Live(); n != 0 {
		fmt.Fprintf(os.Stderr, "%d callbacks are live after the tests, want 0\n", n)
		code = 1
	}
	os.Exit(code)
}

// eval runs the body of a JavaScript function, with args as its array args.
func eval(t *testing.T, body string, args ...any) safejs.Value {
	t.Helper()
	function, err := safejs.MustGetGlobal("Function").New("...args", body)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	value, err := function.Invoke(args...)
	if err != nil {
		t.Fatalf("%s: %v", body, caught(err))
	}
	return value
}

// text returns the string that v must be.
func text(t *testing.T, v safejs.Value) string {
	t.Helper()
	if v.Type() != safejs.TypeString {
		t.Fatalf("got a %v, want a string", v.Type())
	}
	s, err := v.String()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// receive waits for one value from ch.
func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
		panic("unreachable")
	}
}
