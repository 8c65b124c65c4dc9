//go:build js && wasm

package jsbridge

import "github.com/hack-pad/safejs"

// isType tells whether a value of JavaScript is of a type. What comes from
// outside may be a BigInt, of which syscall/js knows no type: asked for it, it
// panics. A test of the sources keeps the question in this file.
func isType(v safejs.Value, want safejs.Type) bool {
	got, known := typeOf(v)
	return known && got == want
}

// nameOf returns the name of the type of a value.
func nameOf(v safejs.Value) string {
	if got, known := typeOf(v); known {
		return got.String()
	}
	return "bigint"
}

func typeOf(v safejs.Value) (t safejs.Type, known bool) {
	defer func() {
		if recover() != nil {
			known = false
		}
	}()
	return v.Type(), true
}
