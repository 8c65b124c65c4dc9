//go:build js && wasm

package jsbridge

import (
	"errors"
	"strings"
	"testing"

	"github.com/hack-pad/safejs"
)

// TestCaught: whatever a real call throws, safejs wraps it; the name must come
// out nevertheless.
func TestCaught(t *testing.T) {
	tests := []struct {
		name    string
		throws  string
		want    string
		message string
	}{
		{"TypeError", `throw new TypeError("no")`, "TypeError", "no"},
		{"DOMException", `throw new DOMException("no", "AbortError")`, "AbortError", "no"},
		{"the browser's own", `null.x`, "TypeError", "Cannot read properties of null (reading 'x')"},
		{"subclass", `throw new (class extends Error { name = "Mine"; })("no")`, "Mine", "no"},
		{"string", `throw "no"`, "thrown string", "no"},
		{"undefined", `throw undefined`, "thrown undefined", "<undefined>"},
		{"null", `throw null`, "thrown null", "<null>"},
		{"object without a message", `throw { name: "x" }`, "thrown object", "<object>"},
		{"name is a number", `throw { name: 1, message: "no" }`, "thrown object", "<object>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			function, err := safejs.MustGetGlobal("Function").New(tt.throws)
			if err != nil {
				t.Fatal(err)
			}
			_, err = function.Invoke()
			var got *Error
			if !errors.As(caught(err), &got) || got.Name != tt.want || got.Message != tt.message {
				t.Errorf("got %#v, want %q, %q", caught(err), tt.want, tt.message)
			}
		})
	}
}

func TestCaughtGoMistake(t *testing.T) {
	_, err := safejs.Undefined().Get("x")
	if got := caught(err); got != err || got == nil {
		t.Errorf("got %v, want %v as it was", got, err)
	}
	if got := caught(nil); got != nil {
		t.Errorf("caught(nil) = %v", got)
	}
}

func TestErrorKeepsTheMessageAway(t *testing.T) {
	err := &Error{Name: "TypeError", Message: "cannot parse https://op.example/?code=s3cret"}
	if strings.Contains(err.Error(), "s3cret") {
		t.Error(err.Error())
	}
	if errors.Is(err, &Error{Name: "AbortError"}) || !errors.Is(err, &Error{Name: "TypeError"}) {
		t.Error("Is does not go by the name")
	}
}
