package jsonrpc

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

type rawMessage = strictjson.RawMessage

// FuzzReceive sends arbitrary bytes to a Conn that waits for the answer to its
// call 1: no panic gets out, at most one reply comes, and that is JSON-RPC.
func FuzzReceive(f *testing.F) {
	seeds, err := filepath.Glob("../testdata/jsonrpc/*.json")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds in testdata/jsonrpc: ", err)
	}
	for _, seed := range seeds {
		data, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		synctest.Test(t, func(t *testing.T) {
			var out recorder
			c := NewConn(out.send, serveTest)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { _ = c.Call(ctx, "x", nil, nil) }()
			synctest.Wait()
			out.take()

			c.Receive(data)
			synctest.Wait()
			replies := out.take()
			if len(replies) > 1 {
				t.Errorf("%d replies to one message: %q", len(replies), replies)
			}
			for _, reply := range replies {
				checkReply(t, reply)
			}
			cancel()
			c.Close(nil)
		})
	})
}

// checkReply fails unless reply is a response of JSON-RPC 5.
func checkReply(t *testing.T, reply string) {
	t.Helper()
	var r struct {
		JSONRPC string     `json:"jsonrpc"`
		ID      rawMessage `json:"id"`
		Result  rawMessage `json:"result"`
		Error   rawMessage `json:"error"`
	}
	if err := strictjson.UnmarshalKnown([]byte(reply), &r); err != nil {
		t.Fatalf("%q: %v", reply, err)
	}
	if r.JSONRPC != "2.0" || r.ID == nil || (r.Result == nil) == (r.Error == nil) {
		t.Errorf("not a response: %q", reply)
	}
	if r.Error == nil {
		return
	}
	var e struct {
		Code    *int       `json:"code"`
		Message *string    `json:"message"`
		Data    rawMessage `json:"data"`
	}
	if err := strictjson.UnmarshalKnown(r.Error, &e); err != nil || e.Code == nil || e.Message == nil {
		t.Errorf("not an error object: %q", r.Error)
	}
}
