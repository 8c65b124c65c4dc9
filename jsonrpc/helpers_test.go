package jsonrpc

import (
	"context"
	"errors"
	"math"
	"sync"
)

// A recorder keeps what a Conn sends.
type recorder struct {
	mu   sync.Mutex
	sent []string
}

func (r *recorder) send(message []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, string(message))
	return nil
}

// take returns what was sent since the last take.
func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.sent
	r.sent = nil
	return sent
}

var errSecret = errors.New("the token is s3cret")

// serveTest has one method for every way in which a handler can end.
func serveTest(ctx context.Context, method string, params []byte) (any, error) {
	switch method {
	case "echo":
		if params == nil {
			return nil, nil
		}
		return rawMessage(params), nil
	case "nothing":
		return nil, nil
	case "fail":
		return nil, errors.Join(&Error{Code: 7, Message: "no", Data: rawMessage(`{"a":1}`)})
	case "fail with broken data":
		return nil, &Error{Code: 7, Message: "no", Data: rawMessage(`{`)}
	case "fail with a nil *Error":
		return nil, (*Error)(nil)
	case "secret":
		return nil, errSecret
	case "panic":
		panic("boom")
	case "not a number":
		return math.NaN(), nil
	case "too large":
		return make([]byte, maxMessage), nil
	case "wait":
		<-ctx.Done()
		return nil, &Error{Code: 8, Message: context.Cause(ctx).Error()}
	}
	return nil, &Error{Code: CodeMethodNotFound, Message: "method not found"}
}

// pair returns two connections, each other's peers, that serve serveTest.
func pair() (a, b *Conn) {
	a = NewConn(func(m []byte) error { b.Receive(m); return nil }, serveTest)
	b = NewConn(func(m []byte) error { a.Receive(m); return nil }, serveTest)
	return a, b
}
