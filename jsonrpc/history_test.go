package jsonrpc

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A history is what happens on two connections at once: one with a peer that
// sends what it likes, when it likes, and one with an honest peer, of which no
// call fails or waits. In the end neither connection holds anything.
//
// Each step is two bytes: what, and a variant of it.
type history struct {
	t     *testing.T
	conn  *Conn
	out   recorder
	calls sync.WaitGroup

	honest, other *Conn
	closed        bool
}

const maxSteps = 100

// historySeeds are histories of one idea.
var historySeeds = [][]byte{
	{ask, 0, answer, 0, ask, 0, answer, 1, answer, 2, shut, 0}, // right, of another id, twice
	{ask, 0, answer, 192, shut, 0},
	{serve, 5, serve, 5, cancelOne, 0, shut, 0, serve, 0}, // an id that is taken
	{notify, 5, notify, 0, notify, 2, shut, 0},            // a queue behind one that waits
	{ask, 1, ask, 2, shut, 0, ask, 0, answer, 0},          // calls after the end
	{junk, 0, junk, 1, junk, 2, junk, 3, junk, 4, serve, 3},
}

const (
	ask = iota
	answer
	serve
	notify
	cancelOne
	junk
	rest
	shut
	stepKinds
)

// FuzzHistory runs histories; see [history].
func FuzzHistory(f *testing.F) {
	for _, seed := range historySeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, steps []byte) { runHistory(t, steps) })
}

// TestHistories runs random histories, the same ones each time.
func TestHistories(t *testing.T) {
	for i, seed := range historySeeds {
		t.Run(fmt.Sprint("seed ", i), func(t *testing.T) { runHistory(t, seed) })
	}
	rnd := rand.New(rand.NewPCG(11, 8))
	for range 500 {
		steps := make([]byte, 0, 2*maxSteps)
		for len(steps) < cap(steps) {
			kind := rnd.IntN(stepKinds)
			if kind == shut && rnd.IntN(20) > 0 { // or no history gets old
				kind = serve
			}
			steps = append(steps, byte(kind), byte(rnd.IntN(256)))
		}
		runHistory(t, steps)
		if t.Failed() {
			t.Fatalf("the history is %v", steps)
		}
	}
}

func runHistory(t *testing.T, steps []byte) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{t: t}
		h.conn = NewConn(h.out.send, serveTest)
		h.honest, h.other = pair()
		for steps = steps[:min(len(steps), 2*maxSteps)&^1]; len(steps) > 0; steps = steps[2:] {
			h.step(steps[0]%stepKinds, int(steps[1]))
			synctest.Wait()
			h.check()
		}
		h.end()
	})
}

func (h *history) step(kind byte, variant int) {
	ids := []string{"1", "2", "3", `"1"`, "null", "1.0", "-1", "9223372036854775807"}
	id := ids[variant%len(ids)]
	methods := []string{"echo", "nothing", "fail", "fail with broken data", "panic", "wait", "not a number", "no such"}
	method := methods[variant%len(methods)]
	switch kind {
	case ask:
		h.ask(time.Duration(variant%3) * time.Minute)
	case answer:
		bodies := []string{`"result":{}`, `"result":null`, `"error":{"code":1,"message":"no"}`, `"error":7`, `"result":1,"error":{}`}
		for range 1 + variant/64 { // once, or several times in a row
			h.conn.Receive(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,%s}`, id, bodies[variant/len(ids)%len(bodies)]))
		}
	case serve:
		h.conn.Receive(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"method":%q,"params":{}}`, ids[variant/len(methods)%len(ids)], method))
	case notify:
		h.conn.Receive(fmt.Appendf(nil, `{"jsonrpc":"2.0","method":%q}`, method))
	case cancelOne:
		h.conn.Receive(fmt.Appendf(nil, `{"jsonrpc":"2.0","method":%q,"params":{"id":%s}}`, cancel, id))
	case junk:
		texts := []string{"", "{", "[]", "null", `{"jsonrpc":"1.0","id":1}`, `{"jsonrpc":"2.0","id":{},"method":"echo"}`, "\xff"}
		h.conn.Receive([]byte(texts[variant%len(texts)]))
	case rest:
		time.Sleep(time.Duration(variant%120) * time.Second)
	case shut:
		h.conn.Close(nil)
		h.closed = true
	}
}

// ask calls the peer, for a while or for good.
func (h *history) ask(limit time.Duration) {
	ctx, end := context.WithCancel(h.t.Context())
	if limit > 0 {
		ctx, end = context.WithTimeout(ctx, limit)
	}
	h.calls.Go(func() {
		defer end()
		start := time.Now()
		if err := h.conn.Call(ctx, "ask", nil, nil); limit > 0 && time.Since(start) > limit {
			h.t.Errorf("a call of %v took %v: %v", limit, time.Since(start), err)
		}
	})
}

// check expects what was sent to be JSON-RPC, and nothing after the end; and the
// honest connection to work.
func (h *history) check() {
	for _, message := range h.out.take() {
		var m struct {
			Method string `json:"method"`
		}
		switch err := json.Unmarshal([]byte(message), &m); {
		case err != nil || h.closed:
			h.t.Errorf("sent %q, %v; the connection is closed: %t", message, err, h.closed)
		case m.Method == "":
			checkReply(h.t, message)
		}
	}
	start := time.Now()
	if err := h.honest.Call(h.t.Context(), "echo", struct{}{}, nil); err != nil || time.Since(start) > 0 {
		h.t.Errorf("the honest call took %v: %v", time.Since(start), err)
	}
}

// end expects that nothing is left. Goroutines that are left fail the bubble.
func (h *history) end() {
	h.conn.Close(nil)
	h.calls.Wait()
	h.honest.Close(nil)
	h.other.Close(nil)
	synctest.Wait()
	for _, c := range []*Conn{h.conn, h.honest, h.other} {
		c.mu.Lock()
		if len(c.calls)+len(c.running)+len(c.notifications) > 0 || c.draining {
			h.t.Errorf("%d calls, %d requests and %d notifications are left", len(c.calls), len(c.running), len(c.notifications))
		}
		c.mu.Unlock()
	}
}
