//go:build !js

package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

// A bidi is a connection by WebDriver BiDi: commands with their answers, and
// events.
type bidi struct {
	ws    *websocket.Conn
	event func(method string, params json.RawMessage)

	mu      sync.Mutex
	last    int
	pending map[int]chan<- answer
	gone    error // why the connection has ended
}

// An answer is that of the browser to a command.
type answer struct {
	result json.RawMessage
	err    error
}

// object is a JSON object.
type object = map[string]any

// dialBiDi connects to an address, and tells events until the connection ends.
func dialBiDi(ctx context.Context, address string, event func(string, json.RawMessage)) (*bidi, error) {
	ws, response, err := websocket.Dial(ctx, address, nil)
	if err != nil {
		return nil, err
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	ws.SetReadLimit(-1) // what pages return is as large as they like
	c := &bidi{ws: ws, event: event, pending: map[int]chan<- answer{}}
	go c.receive(context.WithoutCancel(ctx))
	return c, nil
}

func (c *bidi) receive(ctx context.Context) {
	for {
		_, data, err := c.ws.Read(ctx)
		if err != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.gone = fmt.Errorf("the browser is gone: %w", err)
			for _, waits := range c.pending {
				waits <- answer{err: c.gone}
			}
			clear(c.pending)
			return
		}
		var message struct {
			ID             int
			Type, Method   string
			Error, Message string
			Result, Params json.RawMessage
		}
		if err := json.Unmarshal(data, &message); err != nil {
			continue
		}
		if message.Type == "event" {
			c.event(message.Method, message.Params)
			continue
		}
		c.mu.Lock()
		waits := c.pending[message.ID]
		delete(c.pending, message.ID)
		c.mu.Unlock()
		switch {
		case waits == nil: // nobody does any more
		case message.Type == "error":
			waits <- answer{err: fmt.Errorf("%s: %s", message.Error, message.Message)}
		default:
			waits <- answer{result: message.Result}
		}
	}
}

// call sends a command and decodes its result, if that is not nil.
func (c *bidi) call(ctx context.Context, method string, params, result any) error {
	waits := make(chan answer, 1)
	c.mu.Lock()
	if c.gone != nil {
		defer c.mu.Unlock()
		return c.gone
	}
	c.last++
	id := c.last
	c.pending[id] = waits
	c.mu.Unlock()
	data, err := json.Marshal(object{"id": id, "method": method, "params": params})
	if err != nil {
		return err
	}
	// The context of a command does not end the connection, as it would in Write.
	if err := c.ws.Write(context.WithoutCancel(ctx), websocket.MessageText, data); err != nil {
		return err
	}
	select {
	case a := <-waits:
		if a.err != nil {
			return fmt.Errorf("%s: %w", method, a.err)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(a.result, result)
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.pending, id)
		return fmt.Errorf("%s: %w", method, context.Cause(ctx))
	}
}

func (c *bidi) close() { _ = c.ws.CloseNow() }
