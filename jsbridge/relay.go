//go:build js && wasm

package jsbridge

import (
	"context"
	"errors"
	"slices"

	"github.com/hack-pad/safejs"
)

// ErrChannel says that nobody handed over a channel of that number.
var ErrChannel = errors.New("jsbridge: unknown channel")

// A Relay sends requests for the other end of a port. The body comes from
// there through a channel of its own, and the body of the answer goes there,
// in pieces, none before it is asked for: nothing of them is in Go's memory.
//
// Both ends of the channel post the same messages: "pull" asks for a piece of
// the other's body; the answer is a Uint8Array, null at the end, or "error"
// when it broke. "cancel" from the other end gives everything up, "stop" from
// this end says that no more of the body is wanted.
type Relay struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	port   safejs.Value // a MessagePort
	blob   safejs.Value // the body, if it is there as a whole, else null
	remove func()

	pulls  chan struct{} // the other end wants a piece of the answer
	answer *answer       // the last one; nil before
}

// A RelayRequest is the head of a request, and how to send it. The fields are
// those of JavaScript's RequestInit.
type RelayRequest struct {
	Method    string
	URL       string
	Header    map[string]string
	Mode      string
	Redirect  string
	Cache     string
	Integrity string

	// Streamed says that the body comes in pieces; it can be sent once.
	Streamed bool
}

// A RelayResponse is the head of an answer.
type RelayResponse struct {
	Status     int
	StatusText string
	URL        string
	Redirected bool
	Header     map[string]string // those the server lets us see, names in lower case
	HasBody    bool
}

// answer is one exchange and what came of it.
type answer struct {
	x      *exchange
	cancel context.CancelFunc
	upload *upload      // of the request; nil if its body does not come in pieces
	body   safejs.Value // a ReadableStream or null
}

// Relay returns the relay for a channel that the other end handed over under
// that number, once. It ends with ctx or [Relay.Close].
func (p *Port) Relay(ctx context.Context, channel int) (*Relay, error) {
	handed, ok := p.channels[channel]
	if !ok {
		return nil, ErrChannel
	}
	delete(p.channels, channel)
	ctx, cancel := context.WithCancelCause(ctx)
	r := &Relay{
		ctx: ctx, cancel: cancel, port: handed.port, blob: handed.body,
		pulls: make(chan struct{}, 1),
	}
	remove, err := Listen(r.port, "message", r.receive)
	if err != nil {
		cancel(err)
		_, _ = r.port.Call("close")
		return nil, err
	}
	r.remove = remove
	if _, err := r.port.Call("start"); err != nil {
		r.Close()
		return nil, caught(err)
	}
	return r, nil
}

// receive takes a message of the other end. It must not wait: there is one
// wish on the way at most, unless the other end is broken.
func (r *Relay) receive(event safejs.Value) {
	switch word, _ := stringMember(event, "data"); word {
	case "pull":
		select {
		case r.pulls <- struct{}{}:
		default:
		}
		return
	case "cancel":
		r.cancel(context.Canceled)
		return
	}
	if piece, err := event.Get("data"); err == nil && r.answer != nil && r.answer.upload != nil {
		r.answer.upload.put(piece)
	}
}

// Send sends a request and returns the head of the answer. A request before
// it is given up, with its answer. The errors are [ErrNetwork], [ErrCORS],
// [ErrRedirect] for a redirect where none is wanted, an [*Error] for what is no request, and the cause of the context's end.
func (r *Relay) Send(req *RelayRequest) (*RelayResponse, error) {
	r.drop()
	ctx, cancel := context.WithCancel(r.ctx)
	x, err := newExchange(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	a := &answer{x: x, cancel: cancel, body: safejs.Null()}
	r.answer = a
	options := req.options()
	switch {
	case req.Streamed:
		if a.upload, err = newUpload(func() { r.post("pull") }); err != nil {
			return nil, err
		}
		options["body"], options["duplex"] = a.upload.stream, "half"
	case !r.blob.IsNull():
		options["body"] = r.blob
	}
	request, err := x.request(req.URL, options)
	if err != nil {
		return nil, err
	}
	response, err := x.fetch(request)
	if err != nil {
		return nil, r.failure(req)
	}
	if typ, _ := stringMember(response, "type"); typ == "opaqueredirect" {
		return nil, ErrRedirect
	}
	return a.head(req.Method, response)
}

// failure says why a request failed. What a hash or a body that cannot be
// streamed breaks looks the same: then no second request can tell.
func (r *Relay) failure(req *RelayRequest) error {
	switch {
	case r.ctx.Err() != nil:
		return context.Cause(r.ctx)
	case req.Streamed, req.Integrity != "":
		return ErrNetwork
	}
	return diagnose(r.ctx, req.URL)
}

// options returns the second argument of JavaScript's new Request. Where a
// redirect is an error it is "manual" for the browser: that follows none
// either, and tells it from a network that is down.
func (req *RelayRequest) options() map[string]any {
	header := make(map[string]any, len(req.Header))
	for name, value := range req.Header {
		header[name] = value
	}
	redirect := req.Redirect
	if redirect == "error" {
		redirect = "manual"
	}
	return map[string]any{
		"method":         req.Method,
		"headers":        header,
		"mode":           req.Mode,
		"redirect":       redirect,
		"cache":          req.Cache,
		"integrity":      req.Integrity,
		"credentials":    "omit",
		"referrerPolicy": "no-referrer",
	}
}

func (a *answer) head(method string, response safejs.Value) (*RelayResponse, error) {
	status, err := response.Get("status")
	if err != nil {
		return nil, caught(err)
	}
	redirected, err := response.Get("redirected")
	if err != nil {
		return nil, caught(err)
	}
	if a.body, err = response.Get("body"); err != nil {
		return nil, caught(err)
	}
	head := &RelayResponse{}
	head.StatusText, _ = stringMember(response, "statusText")
	head.URL, _ = stringMember(response, "url")
	if head.Status, err = status.Int(); err != nil {
		return nil, caught(err)
	}
	if head.Redirected, err = redirected.Bool(); err != nil {
		return nil, caught(err)
	}
	if !mayHaveBody(method, head.Status) { // Chromium gives a stream nevertheless
		a.body = safejs.Null()
	}
	head.HasBody = !a.body.IsNull()
	head.Header, err = headerOf(response)
	return head, err
}

// mayHaveBody tells which answers have a body (Fetch 2.2.3, RFC 9110 9.3.2).
func mayHaveBody(method string, status int) bool {
	return method != "HEAD" && !slices.Contains([]int{101, 103, 204, 205, 304}, status)
}

// drop gives up the last answer.
func (r *Relay) drop() {
	a := r.answer
	r.answer = nil
	if a == nil {
		return
	}
	a.cancel()
	a.x.abort()
	if a.upload != nil {
		a.upload.end()
		r.post("stop")
	}
}

// Close gives everything up and closes the channel. It may be called more
// than once.
func (r *Relay) Close() {
	r.cancel(context.Canceled)
	r.drop()
	if r.remove != nil {
		r.remove()
		r.remove = nil
		_, _ = r.port.Call("close")
	}
}

// post sends a message to the other end; one that is gone misses it.
func (r *Relay) post(message any, transfer ...any) {
	_, _ = r.port.Call("postMessage", message, transfer)
}
