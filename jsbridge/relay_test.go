//go:build js && wasm

package jsbridge

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"testing"

	"github.com/hack-pad/safejs"
)

// relayOf hands a channel over, and returns the relay and the other end. The
// other end collects what it is sent: see pulled.
func relayOf(t *testing.T, ctx context.Context, body any) (*Relay, safejs.Value) {
	t.Helper()
	ends := eval(t, `
		const [main, side] = [new MessageChannel(), new MessageChannel()];
		main.port2.postMessage({channel: 7, body: args[0]}, [side.port2]);
		main.port2.postMessage("named");
		return [main.port1, side.port1];`, body)
	main, err := ends.Index(0)
	if err != nil {
		t.Fatal(err)
	}
	side, err := ends.Index(1)
	if err != nil {
		t.Fatal(err)
	}
	port := NewPort(main)
	t.Cleanup(port.Close)
	messages, _ := collect(t, port)
	receive(t, messages) // comes after the channel
	r, err := port.Relay(ctx, 7)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := port.Relay(ctx, 7); !errors.Is(err, ErrChannel) {
		t.Errorf("taken twice: %v", err)
	}
	t.Cleanup(func() {
		r.Close()
		eval(t, `args[0].close()`, side)
	})
	return r, side
}

// pulled pulls until the end and returns what came: the number of bytes, and
// "end" or "error".
func pulled(t *testing.T, side safejs.Value) (text, outcome string) {
	t.Helper()
	promise := eval(t, `
		const port = args[0], pieces = [];
		return new Promise((resolve) => {
			port.onmessage = ({data}) => {
				if (data instanceof Uint8Array) {
					pieces.push(data);
					port.postMessage("pull");
				} else {
					new Blob(pieces).text().then((text) => resolve([text, data === null ? "end" : String(data)]));
				}
			};
			port.postMessage("pull");
		});`, side)
	result, err := Await(t.Context(), promise)
	if err != nil {
		t.Fatal(err)
	}
	first, _ := result.Index(0)
	second, _ := result.Index(1)
	text, _ = first.String()
	outcome, _ = second.String()
	return text, outcome
}

func relayRequest(method, url string) *RelayRequest {
	return &RelayRequest{Method: method, URL: url, Mode: "cors", Redirect: "follow", Cache: "default"}
}

// The body is sent as often as the request is; the last answer is delivered.
func TestRelay(t *testing.T) {
	before := Live()
	r, side := relayOf(t, t.Context(), eval(t, `return new Blob(["bödy"])`))
	req := relayRequest("POST", server(t)+"/echo")
	req.Header = map[string]string{"Authorization": "Bearer x", "Content-Type": "text/x"}
	for range 2 {
		head, err := r.Send(req)
		if err != nil {
			t.Fatal(err)
		}
		if head.Status != 200 || head.StatusText != "OK" || head.URL != req.URL || head.Redirected || !head.HasBody || head.Header["x-echo"] != "heard" {
			t.Errorf("the head is %+v", head)
		}
	}
	go r.Deliver()
	text, outcome := pulled(t, side)
	var got echoed
	if err := json.Unmarshal([]byte(text), &got); err != nil || outcome != "end" {
		t.Fatalf("%v, %s", err, outcome)
	}
	if got.Method != "POST" || got.Body != "bödy" || got.Header.Get("Authorization") != "Bearer x" ||
		got.Header.Get("Content-Type") != "text/x" || got.Header.Get("Cookie") != "" || got.Header.Get("Referer") != "" {
		t.Errorf("the server saw %s %q %v", got.Method, got.Body, got.Header)
	}
	r.Close()
	r.Close()
	if live := Live() - before; live != 2 { // those of the port
		t.Errorf("%d callbacks are left", live)
	}
}

func TestRelayAnswers(t *testing.T) {
	tests := []struct {
		name, method, path string
		edit               func(*RelayRequest)
		err                error
		length             int
		outcome            string
	}{
		{"ten megabytes", "GET", "/big?n=10485760", nil, nil, 10 << 20, "end"},
		{"no body", "GET", "/status?code=204", nil, nil, -1, ""},
		{"HEAD", "HEAD", "/ok", nil, nil, -1, ""},
		{"breaks off", "GET", "/half", nil, nil, 0, "error"},
		{"redirect", "GET", "/redirect", nil, nil, 11, "end"},
		{"redirect refused", "GET", "/redirect", func(r *RelayRequest) { r.Redirect = "error" }, ErrRedirect, 0, ""},
		{"no redirect, and none comes", "GET", "/status?code=204", func(r *RelayRequest) { r.Redirect = "error" }, nil, -1, ""},
		{"hangs up where none may come", "GET", "/drop", func(r *RelayRequest) { r.Redirect = "error" }, ErrNetwork, 0, ""},
		{"not for this origin", "GET", "/nocors", nil, ErrCORS, 0, ""},
		{"hangs up", "GET", "/drop", nil, ErrNetwork, 0, ""},
		{"no method", "NO METHOD", "/ok", nil, &Error{Name: "TypeError"}, 0, ""},
		{"no mode", "GET", "/ok", func(r *RelayRequest) { r.Mode = "x" }, &Error{Name: "TypeError"}, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := Live()
			r, side := relayOf(t, t.Context(), safejs.Null())
			req := relayRequest(tt.method, server(t)+tt.path)
			if tt.edit != nil {
				tt.edit(req)
			}
			head, err := r.Send(req)
			if !errors.Is(err, tt.err) {
				t.Fatalf("Send = %v, want %v", err, tt.err)
			}
			if err == nil && head.HasBody != (tt.length >= 0) {
				t.Errorf("has a body: %t", head.HasBody)
			}
			go r.Deliver()
			if err == nil && head.HasBody {
				if text, outcome := pulled(t, side); tt.outcome == "end" && len(text) != tt.length || outcome != tt.outcome {
					t.Errorf("%d bytes and %q, want %d and %q", len(text), outcome, tt.length, tt.outcome)
				}
			}
			r.Close()
			if live := Live() - before; live != 2 {
				t.Errorf("%d callbacks are left", live)
			}
		})
	}
}

// What is given up ends at the server, too: before the head and after it.
func TestRelayCancel(t *testing.T) {
	for _, path := range []string{"/slow", "/stall"} {
		t.Run(path, func(t *testing.T) {
			before, id := Live(), rand.Text()
			r, side := relayOf(t, t.Context(), safejs.Null())
			begun := make(chan struct{})
			go func() {
				defer close(begun)
				if path == "/slow" {
					_, _ = Fetch(t.Context(), &FetchRequest{URL: server(t) + "/begun?id=" + id})
				}
				eval(t, `args[0].postMessage("cancel")`, side)
			}()
			if path == "/stall" {
				<-begun
			}
			_, err := r.Send(relayRequest("GET", server(t)+path+"?id="+id))
			if path == "/slow" && !errors.Is(err, context.Canceled) {
				t.Errorf("Send = %v", err)
			}
			r.Deliver() // returns: the other end never pulls
			<-begun
			r.Close()
			if path == "/slow" {
				if _, err := Fetch(t.Context(), &FetchRequest{URL: server(t) + "/gone?id=" + id}); err != nil {
					t.Error("the server did not see the end:", err)
				}
			}
			if live := Live() - before; live != 2 {
				t.Errorf("%d callbacks are left", live)
			}
		})
	}
}

// A body in pieces needs HTTP/2 in Chromium; over HTTP/1.1 it fails, and
// nothing of it stays. (The end-to-end tests have a server with HTTP/2.)
func TestRelayStreamed(t *testing.T) {
	for _, message := range []string{"null", `"error"`, `new Uint8Array(3)`} {
		before := Live()
		r, side := relayOf(t, t.Context(), safejs.Null())
		eval(t, `args[0].onmessage = ({data}) => { if (data === "pull") args[0].postMessage(`+message+`); };`, side)
		req := relayRequest("POST", server(t)+"/echo")
		req.Streamed = true
		if _, err := r.Send(req); !errors.Is(err, ErrNetwork) {
			t.Errorf("Send = %v, want %v", err, ErrNetwork)
		}
		r.Close()
		if live := Live() - before; live != 2 {
			t.Errorf("%d callbacks are left", live)
		}
	}
}
