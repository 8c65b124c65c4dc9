package api

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

// FuzzConnection sends what a page might, one message per line, to a program
// whose services it never answers: nothing panics, each line brings one answer
// at most beside what the program asks itself, all of it is JSON-RPC, and all
// that was begun ends.
func FuzzConnection(f *testing.F) {
	seeds, err := filepath.Glob(filepath.FromSlash(testdata + "fuzz/*.jsonl"))
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds in testdata/api/fuzz: ", err)
	}
	for _, seed := range seeds {
		data, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Split(data, []byte("\n"))
		if len(lines) > 20 {
			return
		}
		synctest.Test(t, func(t *testing.T) { fuzzConnection(t, lines) })
	})
}

func fuzzConnection(t *testing.T, lines [][]byte) {
	op := oidctest.New(t)
	transport := op.Transport()
	transport.Fail = func(req *oidc.Request) error {
		if req.URL != oidc.ConfigurationURL(op.Issuer) {
			return oidc.ErrNetwork
		}
		return nil
	}
	registry := session.NewRegistry(session.Config{Transport: transport})
	var mu sync.Mutex
	answers := 0
	connection := NewConnection(registry, func(message []byte) error {
		mu.Lock()
		defer mu.Unlock()
		if isAnswer(t, message) {
			answers++
		}
		return nil
	}, func(method string, value any, stack []byte) {
		t.Errorf("panic in %q: %v\n%s", method, value, stack)
	})
	for _, line := range lines {
		connection.Receive(line)
		synctest.Wait()
	}
	// Nobody waits longer than for all services of one call.
	time.Sleep(25 * time.Hour)
	synctest.Wait()
	running := answers
	connection.Close()
	synctest.Wait()
	if answers != running || answers > len(lines) {
		t.Errorf("%d answers to %d lines, %d of them after the end", answers, len(lines), answers-running)
	}
}

// isAnswer fails for what is neither a request, a notification nor a response
// of JSON-RPC 4 and 5, and tells whether it is a response.
func isAnswer(t *testing.T, message []byte) bool {
	var m struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Method  string          `json:"method"`
		Params  json.RawMessage `json:"params"`
		Result  json.RawMessage `json:"result"`
		Error   *struct {
			Code    *int            `json:"code"`
			Message *string         `json:"message"`
			Data    json.RawMessage `json:"data"`
		} `json:"error"`
	}
	decoder := json.NewDecoder(bytes.NewReader(message))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil || m.JSONRPC != "2.0" {
		t.Errorf("no message: %q: %v", message, err)
		return false
	}
	if m.Method != "" {
		if m.Result != nil || m.Error != nil {
			t.Errorf("a request with a result: %q", message)
		}
		return false
	}
	if m.ID == nil || m.Params != nil || (m.Result == nil) == (m.Error == nil) {
		t.Errorf("no response: %q", message)
	}
	if e := m.Error; e != nil && (e.Code == nil || e.Message == nil || len(*e.Message) > 500) {
		t.Errorf("no error object: %q", message)
	}
	return true
}
