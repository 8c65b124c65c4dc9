package jsonrpc

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

const (
	parseFirst     = `{"jsonrpc":"2.0","id":1,"error":{"code":-32700,"message":"parse error"}}`
	tooLongFirst   = `{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"message too long"}}`
	parseError     = `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}`
	invalid        = `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid request"}}`
	invalidFirst   = `{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"invalid request"}}`
	tooLong        = `{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"message too long"}}`
	internalFailed = `{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"internal"}}`
)

func TestReceive(t *testing.T) {
	tests := []struct {
		name    string
		message string
		reply   string // "" is none
	}{
		{"request", `{"jsonrpc":"2.0","id":1,"method":"echo","params":{"a":1}}`, `{"jsonrpc":"2.0","id":1,"result":{"a":1}}`},
		{"array of params", `{"jsonrpc":"2.0","id":1,"method":"echo","params":[1]}`, `{"jsonrpc":"2.0","id":1,"result":[1]}`},
		{"no params", `{"jsonrpc":"2.0","id":1,"method":"echo"}`, `{"jsonrpc":"2.0","id":1,"result":null}`},
		{"string id", `{"jsonrpc":"2.0","id":"x","method":"nothing"}`, `{"jsonrpc":"2.0","id":"x","result":null}`},
		{"id zero", `{"jsonrpc":"2.0","id":0,"method":"nothing"}`, `{"jsonrpc":"2.0","id":0,"result":null}`},
		{"unknown member", `{"jsonrpc":"2.0","id":1,"method":"nothing","more":1}`, `{"jsonrpc":"2.0","id":1,"result":null}`},
		{"notification", `{"jsonrpc":"2.0","method":"echo","params":{"a":1}}`, ""},
		{"failing notification", `{"jsonrpc":"2.0","method":"fail"}`, ""},
		{"panicking notification", `{"jsonrpc":"2.0","method":"panic"}`, ""},

		{"handler returns an Error", `{"jsonrpc":"2.0","id":1,"method":"fail"}`, `{"jsonrpc":"2.0","id":1,"error":{"code":7,"message":"no","data":{"a":1}}}`},
		{"handler returns an Error with broken data", `{"jsonrpc":"2.0","id":1,"method":"fail with broken data"}`, internalFailed},
		{"handler returns a nil Error", `{"jsonrpc":"2.0","id":1,"method":"fail with a nil *Error"}`, internalFailed},
		{"handler returns another error", `{"jsonrpc":"2.0","id":1,"method":"secret"}`, internalFailed},
		{"handler panics", `{"jsonrpc":"2.0","id":1,"method":"panic"}`, internalFailed},
		{"result is not JSON", `{"jsonrpc":"2.0","id":1,"method":"not a number"}`, internalFailed},
		{"result is too large", `{"jsonrpc":"2.0","id":1,"method":"too large"}`, internalFailed},

		{"5.1 empty message", ``, parseError},
		{"5.1 truncated", `{"jsonrpc":"2.0","id":1,"method":"echo"`, parseFirst},
		{"5.1 trailing data", `{"jsonrpc":"2.0","id":1,"method":"echo"} 1`, parseFirst},
		{"5.1 invalid UTF-8", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", parseFirst},
		{"5.1 nested too deeply", `{"jsonrpc":"2.0","id":1,"method":"echo","params":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`, parseFirst},

		{"4 scalar", `1`, invalid},
		{"4 null", `null`, invalid},
		{"4 no version", `{"id":1,"method":"echo"}`, invalid},
		{"4 other version", `{"jsonrpc":"1.0","id":1,"method":"echo"}`, invalid},
		{"4 other case", `{"jsonrpc":"2.0","id":1,"Method":"echo"}`, invalid},
		{"4 method is a number", `{"jsonrpc":"2.0","id":1,"method":1}`, invalidFirst},
		{"4 empty method", `{"jsonrpc":"2.0","id":1,"method":""}`, invalidFirst},
		{"4 empty method, no id", `{"jsonrpc":"2.0","method":""}`, invalid},
		{"4 duplicate method", `{"jsonrpc":"2.0","id":1,"method":"echo","method":"echo"}`, invalidFirst},
		{"4 id null", `{"jsonrpc":"2.0","id":null,"method":"echo"}`, invalid},
		{"4 id is an object", `{"jsonrpc":"2.0","id":{},"method":"echo"}`, invalid},
		{"4 id is true", `{"jsonrpc":"2.0","id":true,"method":"echo"}`, invalid},
		{"4 request with result", `{"jsonrpc":"2.0","id":1,"method":"echo","result":1}`, invalidFirst},
		{"4 request with error", `{"jsonrpc":"2.0","id":1,"method":"echo","error":{}}`, invalidFirst},
		{"4.2 params is a number", `{"jsonrpc":"2.0","id":1,"method":"echo","params":1}`, invalidFirst},
		{"4.2 params is null", `{"jsonrpc":"2.0","id":1,"method":"echo","params":null}`, invalidFirst},
		{"5 neither method nor result", `{"jsonrpc":"2.0","id":1}`, invalid},
		{"6 batch", `[{"jsonrpc":"2.0","id":1,"method":"echo"}]`, invalid},
		{"6 empty batch", `[]`, invalid},
		{"too long, begun", `{"jsonrpc":"2.0","id":1,"method":"echo","params":["` + strings.Repeat("x", maxMessage) + `"]}`, tooLongFirst},
		{"5.1 unreadable, the id is long", `{"jsonrpc":"2.0","id":12345678901234567,"method":[`, parseError},
		{"5.1 unreadable, the id is none", `{"jsonrpc":"2.0","id":,"method":[`, parseError},
		{"5.1 unreadable, the id is cut off", `{"jsonrpc":"2.0","id":1`, parseError},
		{"5.1 unreadable, what follows is no method", `{"jsonrpc":"2.0","id":1,"params":[`, parseError},
		{"5.1 unreadable response", `{"jsonrpc":"2.0","id":1,"result":[`, ""},
		{"5.1 unreadable failure", `{"jsonrpc":"2.0","id":1,"error":[`, ""},
		{"too long", strings.Repeat(" ", maxMessage+1), tooLong},

		{"response to nothing", `{"jsonrpc":"2.0","id":1,"result":1}`, ""},
		{"error to nothing", invalid, ""},
		{"malformed response to nothing", `{"jsonrpc":"2.0","id":1,"result":1,"error":1}`, ""},
		{"cancel of nothing", `{"jsonrpc":"2.0","method":"$/cancel","params":{"id":1}}`, ""},
		{"cancel without id", `{"jsonrpc":"2.0","method":"$/cancel","params":{}}`, ""},
		{"cancel without params", `{"jsonrpc":"2.0","method":"$/cancel"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out recorder
				c := NewConn(out.send, serveTest)
				c.Receive([]byte(tt.message))
				synctest.Wait()
				var want []string
				if tt.reply != "" {
					want = []string{tt.reply}
				}
				if got := out.take(); !slices.Equal(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		})
	}
}

func TestCancelRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out recorder
		c := NewConn(out.send, serveTest)
		c.Receive([]byte(`{"jsonrpc":"2.0","id":1,"method":"wait"}`))
		c.Receive([]byte(`{"jsonrpc":"2.0","id":"1","method":"wait"}`))
		c.Receive([]byte(`{"jsonrpc":"2.0","method":"$/cancel","params":{"id":1}}`))
		synctest.Wait()
		want := []string{`{"jsonrpc":"2.0","id":1,"error":{"code":8,"message":"jsonrpc: cancelled by the peer"}}`}
		if got := out.take(); !slices.Equal(got, want) {
			t.Errorf("after the cancel of 1: got %q, want %q", got, want)
		}
		c.Receive([]byte(`{"jsonrpc":"2.0","method":"$/cancel","params":{"id":"1"}}`))
		synctest.Wait()
		if got := out.take(); len(got) != 1 || !strings.Contains(got[0], `"id":"1"`) {
			t.Errorf("after the cancel of %q: got %q", "1", got)
		}
	})
}

// TestRequestIDTaken: an answer under the id in use would end the request that
// runs under it.
func TestRequestIDTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out recorder
		c := NewConn(out.send, serveTest)
		c.Receive([]byte(`{"jsonrpc":"2.0","id":1,"method":"wait"}`))
		c.Receive([]byte(`{"jsonrpc":"2.0","id":1,"method":"echo"}`))
		synctest.Wait()
		if got := out.take(); !slices.Equal(got, []string{invalid}) {
			t.Errorf("got %q, want %q", got, invalid)
		}
		c.Receive([]byte(`{"jsonrpc":"2.0","method":"$/cancel","params":{"id":1}}`))
		synctest.Wait()
		c.Receive([]byte(`{"jsonrpc":"2.0","id":1,"method":"nothing"}`)) // free again
		synctest.Wait()
		if got := out.take(); len(got) != 2 || got[1] != `{"jsonrpc":"2.0","id":1,"result":null}` {
			t.Errorf("got %q", got)
		}
	})
}

// TestNotificationOrder: the first handler waits until all have arrived.
func TestNotificationOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		arrived := make(chan struct{})
		c := NewConn(nil, func(_ context.Context, method string, _ []byte) (any, error) {
			<-arrived
			order = append(order, method)
			return nil, nil
		})
		want := []string{"a", "b", "c", "d"}
		for _, method := range want {
			c.Receive([]byte(`{"jsonrpc":"2.0","method":"` + method + `"}`))
		}
		close(arrived)
		synctest.Wait()
		c.Receive([]byte(`{"jsonrpc":"2.0","method":"e"}`)) // after the queue ran dry
		synctest.Wait()
		if want := append(want, "e"); !slices.Equal(order, want) {
			t.Errorf("handled %q, want %q", order, want)
		}
	})
}

func TestOnPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out recorder
		var method string
		var value any
		var stack []byte
		c := NewConn(out.send, serveTest)
		c.OnPanic = func(m string, v any, s []byte) { method, value, stack = m, v, s }
		c.Receive([]byte(`{"jsonrpc":"2.0","id":1,"method":"panic"}`))
		synctest.Wait()
		if method != "panic" || value != "boom" || !strings.Contains(string(stack), "serveTest") {
			t.Errorf("OnPanic(%q, %v, %s)", method, value, stack)
		}
		c.Receive([]byte(`{"jsonrpc":"2.0","id":1,"method":"nothing"}`))
		synctest.Wait()
		if got := out.take(); len(got) != 2 || got[0] != internalFailed {
			t.Errorf("got %q", got)
		}
	})
}

// TestReceiveDoesNotBlock: nothing that Receive starts runs inside it, so a
// channel and a handler that wait do not hold it up.
func TestReceiveDoesNotBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		stuck := func([]byte) error { <-free; return nil }
		c := NewConn(stuck, serveTest)
		for _, m := range []string{
			`{"jsonrpc":"2.0","id":1,"method":"echo"}`,
			`{"jsonrpc":"2.0","id":2,"method":"wait"}`,
			`{"jsonrpc":"2.0","id":2,"method":"wait"}`,
			`{"jsonrpc":"2.0","method":"wait"}`,
			`{"jsonrpc":"2.0","method":"wait"}`,
			`nonsense`,
		} {
			c.Receive([]byte(m)) // a deadlock ends the bubble
		}
		c.Close(nil)
		close(free)
	})
}
