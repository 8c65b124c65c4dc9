//go:build js && wasm

package jsbridge

import (
	"context"
	"errors"
	"testing"
)

func TestAwait(t *testing.T) {
	tests := []struct {
		name    string
		promise string
		want    string
		err     error
	}{
		{"fulfilled", `return Promise.resolve("yes")`, "yes", nil},
		{"fulfilled later", `return new Promise((resolve) => setTimeout(resolve, 1, "yes"))`, "yes", nil},
		{"thenable", `return { then(resolve) { resolve("yes"); } }`, "yes", nil},
		{"rejected", `return Promise.reject(new TypeError("no"))`, "", &Error{Name: "TypeError"}},
		{"then throws", `return { then() { throw new RangeError("no"); } }`, "", &Error{Name: "RangeError"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := Live()
			got, err := Await(t.Context(), eval(t, tt.promise))
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if err == nil && text(t, got) != tt.want {
				t.Errorf("got %q, want %q", text(t, got), tt.want)
			}
			if Live() != before {
				t.Errorf("%d callbacks are left", Live()-before)
			}
		})
	}
}

func TestAwaitNoPromise(t *testing.T) {
	for _, body := range []string{`return 1`, `return {}`, `return undefined`, `return { then: 1 }`} {
		if _, err := Await(t.Context(), eval(t, body)); err == nil {
			t.Errorf("%s: no error", body)
		}
	}
}

// TestAwaitCancelled: the wait ends, the callbacks live until the promise
// settles, and then they are gone.
func TestAwaitCancelled(t *testing.T) {
	for _, settle := range []string{"resolve", "reject"} {
		t.Run(settle, func(t *testing.T) {
			before := Live()
			errEnough := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			deferred := eval(t, `
				const d = {};
				d.promise = new Promise((resolve, reject) => { d.resolve = resolve; d.reject = reject; });
				return d;`)
			promise := eval(t, `return args[0].promise`, deferred)
			cancel(errEnough)
			value, err := Await(ctx, promise)
			if err != errEnough || !value.IsUndefined() {
				t.Errorf("got %v, want %v", err, errEnough)
			}
			if Live() != before+2 {
				t.Errorf("%d callbacks wait for the promise, want 2", Live()-before)
			}
			eval(t, `args[0][args[1]]()`, deferred, settle)
			Await(t.Context(), promise)
			if Live() != before {
				t.Errorf("%d callbacks are left", Live()-before)
			}
		})
	}
}
