//go:build js && wasm

package jsbridge

import (
	"context"
	"strconv"

	"github.com/hack-pad/safejs"
)

// An exchange is one request and its answer, which end with a context.
type exchange struct {
	ctx        context.Context
	controller safejs.Value // an AbortController
}

func newExchange(ctx context.Context) (*exchange, error) {
	class, err := safejs.Global().Get("AbortController")
	if err != nil {
		return nil, caught(err)
	}
	controller, err := class.New()
	if err != nil {
		return nil, caught(err)
	}
	return &exchange{ctx: ctx, controller: controller}, nil
}

// abort ends the request. After the end it does nothing.
func (x *exchange) abort() {
	_, _ = x.controller.Call("abort") // it does not throw
}

// await waits for promise. When the context ends first, it aborts the request
// and waits for the promise nevertheless: it settles soon, and then no
// callback is left behind.
func (x *exchange) await(promise safejs.Value) (safejs.Value, error) {
	value, err := Await(x.ctx, promise)
	if x.ctx.Err() == nil {
		return value, err
	}
	x.abort()
	_, _ = Await(context.WithoutCancel(x.ctx), promise)
	return safejs.Undefined(), context.Cause(x.ctx)
}

// request returns a Request that the exchange can abort. It finds the mistakes
// that fetch itself would report like a network that is down.
func (x *exchange) request(url string, options map[string]any) (safejs.Value, error) {
	signal, err := x.controller.Get("signal")
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	options["signal"] = signal
	class, err := safejs.Global().Get("Request")
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	request, err := class.New(url, options)
	return request, caught(err)
}

// fetch sends the request and waits for the head of the answer.
func (x *exchange) fetch(request safejs.Value) (safejs.Value, error) {
	if x.ctx.Err() != nil {
		return safejs.Undefined(), context.Cause(x.ctx)
	}
	promise, err := safejs.Global().Call("fetch", request)
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	return x.await(promise)
}

// read reads the answer to its end, or until it is longer than limit. With status 200
// take, unless it is nil, takes the pieces of it, each no longer than that.
func (x *exchange) read(response safejs.Value, limit int64, take func([]byte) error) (*FetchResponse, error) {
	status, err := response.Get("status")
	if err != nil {
		return nil, caught(err)
	}
	code, err := status.Int()
	if err != nil {
		return nil, caught(err)
	}
	header, err := headerOf(response)
	if err != nil {
		return nil, err
	}
	if code != 200 {
		take = nil
	}
	// Encoded bytes are counted here; the decoded ones are more.
	if n, err := strconv.ParseInt(header["content-length"], 10, 64); err == nil && n > limit {
		return nil, &InterruptedError{Status: code, Err: ErrTooLarge}
	}
	body, err := x.readBody(response, limit, take)
	if err != nil {
		return nil, &InterruptedError{Status: code, Err: err}
	}
	return &FetchResponse{Status: code, Header: header, Body: body}, nil
}

func (x *exchange) readBody(response safejs.Value, limit int64, take func([]byte) error) ([]byte, error) {
	stream, err := response.Get("body")
	if err != nil {
		return nil, caught(err)
	}
	if stream.IsNull() { // status 204, or the method HEAD
		return nil, nil
	}
	reader, err := stream.Call("getReader")
	if err != nil {
		return nil, caught(err)
	}
	var body []byte
	for {
		chunk, err := x.readChunk(reader)
		if err != nil || chunk.IsUndefined() {
			return body, err
		}
		n, err := chunk.Length()
		if err != nil {
			return nil, caught(err)
		}
		if int64(len(body))+int64(n) > limit {
			return nil, ErrTooLarge // the abort of the exchange cancels the reader
		}
		start := len(body)
		body = append(body, make([]byte, n)...)
		if _, err := safejs.CopyBytesToGo(body[start:], chunk); err != nil {
			return nil, caught(err)
		}
		if take != nil {
			if err := take(body); err != nil {
				return nil, err
			}
			body = nil
		}
	}
}

// readChunk returns a Uint8Array, or undefined at the end.
func (x *exchange) readChunk(reader safejs.Value) (safejs.Value, error) {
	promise, err := reader.Call("read")
	if err != nil {
		return safejs.Undefined(), caught(err)
	}
	result, err := x.await(promise)
	if err != nil {
		return safejs.Undefined(), ErrNetwork
	}
	value, err := result.Get("value")
	return value, caught(err)
}

// headerOf returns the headers that JavaScript may see, in lower case.
func headerOf(response safejs.Value) (map[string]string, error) {
	headers, err := response.Get("headers")
	if err != nil {
		return nil, caught(err)
	}
	array, err := safejs.Global().Get("Array")
	if err != nil {
		return nil, caught(err)
	}
	pairs, err := array.Call("from", headers)
	if err != nil {
		return nil, caught(err)
	}
	n, err := pairs.Length()
	if err != nil {
		return nil, caught(err)
	}
	header := make(map[string]string, n)
	for i := range n {
		pair, err := pairs.Index(i)
		if err != nil {
			return nil, caught(err)
		}
		name, _ := stringMember(pair, "0")
		value, _ := stringMember(pair, "1")
		header[name] = value
	}
	return header, nil
}
