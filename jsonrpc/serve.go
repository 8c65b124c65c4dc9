package jsonrpc

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A Handler serves one request or notification of the peer. params is JSON, an
// object or an array, or nil. The context ends when the peer cancels the
// request ([ErrCancelled]) or the connection closes.
//
// A nil result is JSON null. An [*Error], also a wrapped one, is sent as it
// is; of any other error the peer sees [CodeInternal] and nothing of the text.
// What a notification returns is dropped.
type Handler func(ctx context.Context, method string, params []byte) (result any, err error)

// serve runs a request in its own goroutine. It is registered before that, so
// that the next message may already cancel it.
func (c *Conn) serve(m *message) {
	ctx, end := context.WithCancelCause(c.ctx)
	id := string(m.id)
	c.mu.Lock()
	_, taken := c.running[id]
	if !taken {
		c.running[id] = end
	}
	c.mu.Unlock()
	if taken {
		end(nil)
		// Under its own id this answer would end the request that runs.
		go c.reply(null, nil, invalidRequest())
		return
	}
	go func() {
		result, err := c.run(ctx, m)
		c.mu.Lock()
		delete(c.running, id)
		c.mu.Unlock()
		end(nil)
		c.reply(m.id, result, err)
	}()
}

func (c *Conn) cancelRequest(params []byte) {
	var p cancelParams
	if strictjson.Unmarshal(params, &p) != nil {
		return
	}
	c.mu.Lock()
	end := c.running[string(p.ID)]
	c.mu.Unlock()
	if end != nil {
		end(ErrCancelled)
	}
}

func (c *Conn) enqueue(m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notifications = append(c.notifications, m)
	if !c.draining {
		c.draining = true
		go c.drain()
	}
}

// drain handles notifications until there are no more.
func (c *Conn) drain() {
	for {
		c.mu.Lock()
		if len(c.notifications) == 0 || c.ctx.Err() != nil {
			c.notifications, c.draining = nil, false
			c.mu.Unlock()
			return
		}
		m := c.notifications[0]
		c.notifications = c.notifications[1:]
		c.mu.Unlock()
		_, _ = c.run(c.ctx, m) // nobody waits for the outcome
	}
}

// run calls the handler and encodes what it returns. It is the one place that
// recovers: the encoder runs the handler's types too.
func (c *Conn) run(ctx context.Context, m *message) (result strictjson.RawMessage, failure *Error) {
	defer func() {
		if value := recover(); value != nil {
			result, failure = nil, internalError()
			if c.OnPanic != nil {
				c.OnPanic(m.method, value, debug.Stack())
			}
		}
	}()
	value, err := c.handler(ctx, m.method, m.params)
	if errors.As(err, &failure) && failure != nil {
		return nil, failure
	}
	if err == nil {
		result, err = encode(value)
	}
	if err != nil {
		return nil, internalError()
	}
	return result, nil
}
