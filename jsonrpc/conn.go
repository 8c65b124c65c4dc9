package jsonrpc

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A Conn is one end of a connection. Make it with [NewConn], give it every
// message that arrives with [Conn.Receive], and end it with [Conn.Close]. All
// methods may be called by several goroutines.
type Conn struct {
	// OnPanic, when set, is told of a panic in the handler: the method, the
	// value, and the stack. The peer only learns that the call failed
	// ([CodeInternal]). Set it before the first Receive.
	OnPanic func(method string, value any, stack []byte)

	send    func(message []byte) error
	handler Handler
	ctx     context.Context // ends at Close; the parent of every handler's
	cancel  context.CancelCauseFunc

	mu            sync.Mutex
	lastID        int64
	calls         map[int64]chan *message            // ours, by their id
	running       map[string]context.CancelCauseFunc // the peer's, by their id as written
	notifications []*message                         // arrived, not yet handled
	draining      bool                               // a goroutine works on notifications
}

// NewConn returns a connection that sends with send and serves the peer with
// handler. Several goroutines may call send at once; it must not wait for the
// peer, and must not keep or change the message.
func NewConn(send func(message []byte) error, handler Handler) *Conn {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Conn{
		send:    send,
		handler: handler,
		ctx:     ctx,
		cancel:  cancel,
		calls:   make(map[int64]chan *message),
		running: make(map[string]context.CancelCauseFunc),
	}
}

// Receive takes one message of the peer. It never blocks, so a JavaScript
// callback may call it. Each request runs in a goroutine of its own;
// notifications run one after the other, in the order of their arrival. The
// message may be changed afterwards.
func (c *Conn) Receive(message []byte) {
	if c.ctx.Err() != nil {
		return
	}
	m, invalid := parse(message)
	switch {
	case invalid != nil:
		go c.reply(m.id, nil, invalid)
	case m.method == "":
		c.settle(m)
	case m.id != nil:
		c.serve(m)
	case m.method == cancel:
		c.cancelRequest(m.params)
	default:
		c.enqueue(m)
	}
}

// Call asks the peer to run a method and waits for the result, which it
// decodes into result unless that is nil. The parameters are an object, an
// array or nil.
//
// The peer's error is an [*Error]. When ctx ends first, the peer is told and
// the cause of ctx is returned; when the connection ends first, the cause
// given to [Conn.Close]. Other errors are [ErrParams], [ErrTooLarge],
// [ErrResponse], and what send or the decoder says.
func (c *Conn) Call(ctx context.Context, method string, params, result any) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	id, answer := c.expect()
	defer c.forget(id)
	if err := c.request(id, method, params); err != nil {
		return err
	}
	select {
	case m := <-answer:
		return m.into(method, result)
	case <-ctx.Done():
		// An error here means that the peer is gone, which ends the call too.
		_ = c.Notify(cancel, cancelParams{ID: strconv.AppendInt(nil, id, 10)})
		return context.Cause(ctx)
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// Notify sends a notification: the peer does not answer. The errors are those
// of [Conn.Call] that do not come from the peer.
func (c *Conn) Notify(method string, params any) error {
	return c.request(0, method, params)
}

// Close ends the connection: handlers' contexts are cancelled with cause, and
// calls fail with it, now and later. Nothing is sent any more; the peer is not
// told. A nil cause is [ErrClosed]. Only the first Close counts.
func (c *Conn) Close(cause error) {
	if cause == nil {
		cause = ErrClosed
	}
	c.cancel(cause)
}

// Done returns a channel that is closed by [Conn.Close].
func (c *Conn) Done() <-chan struct{} { return c.ctx.Done() }

// expect makes room for the answer to a new call.
func (c *Conn) expect() (id int64, answer <-chan *message) {
	room := make(chan *message, 1) // settle never waits for the caller
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	c.calls[c.lastID] = room
	return c.lastID, room
}

func (c *Conn) forget(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, id)
}

// settle gives a response to the call that waits for it. A response to no call
// is ignored: its caller may just have given up.
func (c *Conn) settle(m *message) {
	id := m.callID()
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer, ok := c.calls[id]; ok {
		delete(c.calls, id)
		answer <- m
	}
}

// request sends a request, or with id 0 a notification.
func (c *Conn) request(id int64, method string, params any) error {
	encoded, err := encodeParams(params)
	if err != nil {
		return err
	}
	data, err := encodeMessage(outgoing{JSONRPC: version, ID: id, Method: method, Params: encoded})
	if err != nil {
		return err
	}
	return c.write(data)
}

// reply sends a response. One that is too long, or whose error has data that
// is no JSON, becomes an internal error, so that the peer does not wait for it.
func (c *Conn) reply(id, result strictjson.RawMessage, failure *Error) {
	r := response{JSONRPC: version, ID: id, Result: result, Error: failure}
	data, err := encodeMessage(r)
	if err != nil {
		r.Result, r.Error = nil, internalError()
		data, err = encodeMessage(r)
	}
	if err == nil {
		_ = c.write(data) // whoever closes a broken channel closes the Conn
	}
}

func (c *Conn) write(data []byte) error {
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	if err := c.send(data); err != nil {
		return fmt.Errorf("jsonrpc: send: %w", err)
	}
	return nil
}
