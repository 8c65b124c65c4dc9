//go:build !js

package engine

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// newBiDi connects to a browser that answers as answer says.
func newBiDi(t *testing.T, answer func(id int, method string) string, event func(string, json.RawMessage)) *bidi {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.CloseNow() }()
		for {
			_, data, err := ws.Read(r.Context())
			if err != nil {
				return
			}
			var command struct {
				ID     int
				Method string
			}
			if err := json.Unmarshal(data, &command); err != nil {
				return
			}
			for line := range strings.SplitSeq(answer(command.ID, command.Method), "\n") {
				if line == "" {
					return
				}
				if err := ws.Write(r.Context(), websocket.MessageText, []byte(line)); err != nil {
					return
				}
			}
		}
	}))
	t.Cleanup(server.Close)
	c, err := dialBiDi(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http"), event)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

func TestBiDi(t *testing.T) {
	events := make(chan string, 1)
	c := newBiDi(t, func(id int, method string) string {
		n := strconv.Itoa(id)
		switch method {
		case "fails":
			return `{"type":"error","id":` + n + `,"error":"no such frame","message":"gone"}`
		case "ends":
			return ""
		case "silent":
			return `{"type":"event","method":"nothing","params":{}}`
		}
		return `{"type":"event","method":"log.entryAdded","params":{"text":"` + method + `"}}` + "\n" +
			`{"type":"success","id":99,"result":{}}` + "\n" + // nobody waits for it
			`{"type":"success","id":` + n + `,"result":{"word":"` + strings.Repeat("x", 100_000) + `"}}`
	}, func(method string, params json.RawMessage) {
		if method == "log.entryAdded" {
			events <- string(params)
		}
	})
	var got struct{ Word string }
	if err := c.call(t.Context(), "asks", object{}, &got); err != nil || len(got.Word) != 100_000 {
		t.Errorf("a result: %d characters, %v", len(got.Word), err)
	}
	if params := <-events; params != `{"text":"asks"}` {
		t.Errorf("the event has %s", params)
	}
	if err := c.call(t.Context(), "fails", object{}, nil); err == nil || err.Error() != "fails: no such frame: gone" {
		t.Errorf("an error: %v", err)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := c.call(soon, "silent", object{}, nil); err == nil || !strings.Contains(err.Error(), "deadline") {
		t.Errorf("no answer: %v", err)
	}
	for _, when := range []string{"during a command", "before it"} {
		if err := c.call(t.Context(), "ends", object{}, nil); err == nil || !strings.Contains(err.Error(), "the browser is gone") {
			t.Errorf("the end of the browser, %s: %v", when, err)
		}
	}
}
