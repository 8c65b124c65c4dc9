package jsonrpc

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

var errTabGone = errors.New("the tab went away")

func TestCall(t *testing.T) {
	type point struct {
		X int `json:"x"`
	}
	tests := []struct {
		name   string
		method string
		params any
		want   point
		err    string
	}{
		{"result", "echo", point{1}, point{1}, ""},
		{"pointer as params", "echo", &point{2}, point{2}, ""},
		{"raw params", "echo", rawMessage(`{"x":3}`), point{3}, ""},
		{"null result", "echo", nil, point{}, ""},
		{"remote error", "fail", nil, point{}, "jsonrpc: 7 no"},
		{"remote panic", "panic", nil, point{}, "jsonrpc: -32603 internal"},
		{"unknown method", "no", nil, point{}, "jsonrpc: -32601 method not found"},
		{"params are a number", "echo", 1, point{}, ErrParams.Error()},
		{"params are not JSON", "echo", []any{make(chan int)}, point{}, "jsonrpc: json: unsupported type: chan int"},
		{"params are too large", "echo", []string{strings.Repeat("x", maxMessage)}, point{}, ErrTooLarge.Error()},
		{"result of another type", "echo", []int{1}, point{}, "jsonrpc: result of echo: has to be an object"},
	}
	a, _ := pair()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got point
			err := a.Call(t.Context(), tt.method, tt.params, &got)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if got != tt.want || text != tt.err {
				t.Errorf("got %v, %q; want %v, %q", got, text, tt.want, tt.err)
			}
		})
	}
	if len(a.calls) != 0 {
		t.Errorf("%d calls are still registered", len(a.calls))
	}
}

func TestCallErrorData(t *testing.T) {
	a, _ := pair()
	err := a.Call(t.Context(), "fail", nil, nil)
	var remote *Error
	if !errors.As(err, &remote) || remote.Code != 7 || string(remote.Data) != `{"a":1}` {
		t.Errorf("got %v", err)
	}
}

func TestCallsBothWays(t *testing.T) {
	a, b := pair()
	var wg sync.WaitGroup
	for _, c := range []*Conn{a, b} {
		for i := range 100 {
			wg.Go(func() {
				var got []int
				if err := c.Call(t.Context(), "echo", []int{i}, &got); err != nil || len(got) != 1 || got[0] != i {
					t.Errorf("echo(%d) = %v, %v", i, got, err)
				}
			})
		}
	}
	wg.Wait()
}

func TestCallMalformedResponse(t *testing.T) {
	tests := []struct {
		name, response string
	}{
		{"result and error", `{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}`},
		{"error is a string", `{"jsonrpc":"2.0","id":1,"error":"no"}`},
		{"error is null", `{"jsonrpc":"2.0","id":1,"error":null}`},
		{"nested too deeply", `{"jsonrpc":"2.0","id":1,"result":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`},
		{"code is a string", `{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":""}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c *Conn
			c = NewConn(func([]byte) error { c.Receive([]byte(tt.response)); return nil }, serveTest)
			if err := c.Call(t.Context(), "x", nil, nil); !errors.Is(err, ErrResponse) {
				t.Errorf("got %v, want %v", err, ErrResponse)
			}
		})
	}
}

func TestCallSendFails(t *testing.T) {
	c := NewConn(func([]byte) error { return errTabGone }, serveTest)
	if err := c.Call(t.Context(), "echo", nil, nil); !errors.Is(err, errTabGone) {
		t.Errorf("Call = %v, want %v", err, errTabGone)
	}
	if err := c.Notify("echo", nil); !errors.Is(err, errTabGone) {
		t.Errorf("Notify = %v, want %v", err, errTabGone)
	}
}

func TestCallCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out recorder
		c := NewConn(out.send, serveTest)
		errEnough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Call(ctx, "wait", nil, nil) }()
		synctest.Wait()
		cancel(errEnough)
		if err := <-done; err != errEnough {
			t.Errorf("got %v, want %v", err, errEnough)
		}
		want := []string{
			`{"jsonrpc":"2.0","id":1,"method":"wait"}`,
			`{"jsonrpc":"2.0","method":"$/cancel","params":{"id":1}}`,
		}
		if got := out.take(); !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
		if err := c.Call(ctx, "wait", nil, nil); err != errEnough {
			t.Errorf("call with an ended context: got %v, want %v", err, errEnough)
		}
		c.Receive([]byte(`{"jsonrpc":"2.0","id":1,"result":1}`)) // too late
		if got := out.take(); got != nil {
			t.Errorf("then sent %q, want nothing", got)
		}
	})
}

// TestCancelReachesThePeer: the handler on the other end sees the cause.
func TestCancelReachesThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		var a, b *Conn
		a = NewConn(func(m []byte) error { b.Receive(m); return nil }, serveTest)
		b = NewConn(func(m []byte) error { a.Receive(m); return nil },
			func(ctx context.Context, _ string, _ []byte) (any, error) {
				<-ctx.Done()
				cause = context.Cause(ctx)
				return nil, nil
			})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { synctest.Wait(); cancel() }()
		if err := a.Call(ctx, "x", nil, nil); err != context.Canceled {
			t.Errorf("Call = %v, want %v", err, context.Canceled)
		}
		synctest.Wait()
		if cause != ErrCancelled {
			t.Errorf("cause = %v, want %v", cause, ErrCancelled)
		}
	})
}

func TestCloseEndsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out recorder
		c := NewConn(out.send, serveTest)
		done := make(chan error, 1)
		go func() { done <- c.Call(t.Context(), "x", nil, nil) }()
		synctest.Wait()
		c.Close(errTabGone)
		c.Close(errors.New("a second cause"))
		if err := <-done; err != errTabGone {
			t.Errorf("pending Call = %v, want %v", err, errTabGone)
		}
		if err := c.Call(t.Context(), "x", nil, nil); err != errTabGone {
			t.Errorf("later Call = %v, want %v", err, errTabGone)
		}
		if err := c.Notify("x", nil); err != errTabGone {
			t.Errorf("later Notify = %v, want %v", err, errTabGone)
		}
		<-c.Done()
		if got := out.take(); len(got) != 1 {
			t.Errorf("sent %q, want the first call alone", got)
		}
	})
}

func TestCloseEndsHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out recorder
		var causes []error
		var mu sync.Mutex
		c := NewConn(out.send, func(ctx context.Context, _ string, _ []byte) (any, error) {
			<-ctx.Done()
			mu.Lock()
			defer mu.Unlock()
			causes = append(causes, context.Cause(ctx))
			return nil, nil
		})
		c.Receive([]byte(`{"jsonrpc":"2.0","id":1,"method":"x"}`))
		c.Receive([]byte(`{"jsonrpc":"2.0","method":"y"}`))
		c.Receive([]byte(`{"jsonrpc":"2.0","method":"queued behind y"}`))
		synctest.Wait()
		c.Close(nil)
		c.Receive([]byte(`{"jsonrpc":"2.0","id":2,"method":"x"}`))
		c.Receive([]byte(`nonsense`))
		synctest.Wait()
		if want := []error{ErrClosed, ErrClosed}; !slices.Equal(causes, want) {
			t.Errorf("causes = %v, want %v", causes, want)
		}
		if got := out.take(); got != nil {
			t.Errorf("sent %q after Close", got)
		}
		if len(c.running) != 0 {
			t.Errorf("%d requests are still registered", len(c.running))
		}
	})
}

// TestCloseRace lets every method meet Close; the race detector judges.
func TestCloseRace(t *testing.T) {
	for range 50 {
		a, b := pair()
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() { _ = a.Call(t.Context(), "echo", []int{i}, nil) })
			wg.Go(func() { _ = b.Call(t.Context(), "wait", nil, nil) })
			wg.Go(func() { _ = a.Notify("wait", nil) })
		}
		wg.Go(func() { a.Close(errTabGone) })
		wg.Go(func() { b.Close(fmt.Errorf("b: %w", errTabGone)) })
		wg.Wait()
	}
}

// TestDeps keeps packages out of the program for the browser.
func TestDeps(t *testing.T) {
	forbidden := map[string]string{
		"net/http":      "adds 0.8 MB after brotli",
		"encoding/json": "internal/strictjson reads all JSON",
		"log":           "OnPanic tells",
	}
	cmd := exec.Command("go", "list", "-deps", ".")
	cmd.Env = append(cmd.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "context") {
		t.Fatalf("go list printed %q", deps)
	}
	for _, dep := range deps {
		if why, ok := forbidden[dep]; ok {
			t.Errorf("links %s: %s", dep, why)
		}
	}
}
