//go:build js && wasm

package jsbridge

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAwaitLock(t *testing.T) {
	free := make(chan error, 1)
	held := eval(t, `return new Promise((held) => {
		navigator.locks.request("jsbridge.test", () => new Promise((free) => { globalThis.freeLock = free; held(); }));
	})`)
	if _, err := Await(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	go func() { free <- AwaitLock(t.Context(), "jsbridge.test") }()

	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("still held"))
	defer cancel()
	if err := AwaitLock(ctx, "jsbridge.test"); !errors.Is(err, context.Cause(ctx)) {
		t.Errorf("AwaitLock of a lock that is held = %v, want the cause", err)
	}
	select {
	case err := <-free:
		t.Errorf("AwaitLock of a lock that is held returned %v", err)
	default:
	}
	eval(t, `freeLock()`)
	if err := <-free; err != nil {
		t.Errorf("AwaitLock of a lock that became free = %v", err)
	}
	// it took nothing
	if err := AwaitLock(t.Context(), "jsbridge.test"); err != nil {
		t.Errorf("AwaitLock of a free lock = %v", err)
	}
}
