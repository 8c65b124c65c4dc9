//go:build js && wasm

package jsbridge

import (
	"strings"
	"testing"
)

// TestLongText: of what is too long no more arrives than shows that it is.
func TestLongText(t *testing.T) {
	port, other := channel(t)
	messages, _ := collect(t, port)
	for _, length := range []int{0, 1, MaxText, MaxText + 1, 32 << 20} {
		eval(t, `args[0].postMessage("x".repeat(args[1]))`, other, length)
		want := min(length, MaxText+1)
		if got := receive(t, messages); len(got) != want || strings.Trim(got, "x") != "" {
			t.Errorf("of %d characters %d arrived, want %d", length, len(got), want)
		}
	}
}
