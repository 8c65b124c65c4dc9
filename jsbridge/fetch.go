//go:build js && wasm

package jsbridge

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hack-pad/safejs"
)

// Reasons for a [Fetch] to fail.
var (
	ErrTimeout  = errors.New("jsbridge: no complete answer in time")
	ErrTooLarge = errors.New("jsbridge: answer too large")
	ErrRedirect = errors.New("jsbridge: answer is a redirect")
	ErrForged   = errors.New("jsbridge: the answer is not of the server")
	ErrCORS     = errors.New("jsbridge: the server does not allow this origin")
	ErrNetwork  = errors.New("jsbridge: server not reached")
)

// An InterruptedError is an answer that broke off after its header: the
// server has done what was asked.
type InterruptedError struct {
	Status int
	Err    error // one of the above
}

// Error says what broke off.
func (e *InterruptedError) Error() string { return e.Err.Error() + ", in the middle of the answer" }

// Unwrap returns the cause.
func (e *InterruptedError) Unwrap() error { return e.Err }

const (
	defaultTimeout  = 10 * time.Second
	defaultMaxBytes = 1 << 20
)

// A FetchRequest is one HTTP request.
type FetchRequest struct {
	Method   string            // "" is GET
	URL      string            // absolute
	Header   map[string]string // the browser adds and refuses some
	Body     string            // not for GET
	Cache    string            // a mode of fetch, "no-store" for instance; "" is "default"
	Cookies  string            // a mode of fetch for credentials, "include" for instance; "" is "omit"
	MaxBytes int64             // of the decoded answer; 0 is 1 MiB
	Timeout  time.Duration     // until the last byte of the answer; 0 is 10 s

	// Stream, if set, takes the body of an answer of status 200 in pieces, as they come; an
	// error of it ends the request. Then Timeout is that of the head, and of each piece.
	Stream func(piece []byte) error

	// IsMoved tells whether what is asked for at one address may be answered at another:
	// redirects that end there are followed, without headers and cookies; nil follows none.
	IsMoved func(from, to string) bool
}

// A FetchResponse is a whole answer, of any status.
type FetchResponse struct {
	Status int
	Header map[string]string // those the server lets us see, names in lower case
	Body   []byte
}

// Fetch sends a request without a referrer and reads the answer. It follows no
// redirect, unless the request may move. When ctx ends first, the request is aborted and the cause of ctx
// returned; the other errors are [ErrTimeout], [ErrTooLarge], [ErrRedirect],
// [ErrForged], [ErrCORS] and [ErrNetwork], in an [*InterruptedError] if the answer had
// begun, and an [*Error] for what is no request at all: a malformed URL,
// header, method or mode.
//
// A browser does not say why a request failed. To tell ErrCORS from ErrNetwork
// one more request is made then: a GET of the URL without its query and without
// cookies, whose answer cannot be read.
//
// Fetch must not be called from a callback.
func Fetch(ctx context.Context, req *FetchRequest) (*FetchResponse, error) {
	timeout := req.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := after(timeout, func() { cancel(ErrTimeout) })
	defer timer.Stop()
	response, err := req.send(ctx, func() { timer.Reset(timeout) })
	if err == nil || ctx.Err() == nil {
		return response, err
	}
	cause := context.Cause(ctx) // whatever broke, broke because of that
	var begun *InterruptedError
	if errors.As(err, &begun) {
		cause = &InterruptedError{Status: begun.Status, Err: cause}
	}
	return nil, cause
}

func (req *FetchRequest) send(ctx context.Context, goesOn func()) (*FetchResponse, error) {
	x, err := newExchange(ctx)
	if err != nil {
		return nil, err
	}
	defer x.abort() // an answer that was not read to its end goes on otherwise
	request, err := x.request(req.URL, req.options())
	if err != nil {
		return nil, err
	}
	response, err := x.fetch(request)
	if err != nil {
		return nil, diagnose(ctx, req.URL)
	}
	typ, _ := stringMember(response, "type")
	switch {
	case typ == "opaqueredirect" && req.IsMoved != nil:
		if response, err = x.follow(req); err != nil {
			return nil, err
		}
	case typ == "opaqueredirect":
		return nil, ErrRedirect
	case !isOfServer(request, response, typ):
		return nil, ErrForged
	}
	if req.Stream == nil {
		return x.read(response, req.maxBytes(), nil)
	}
	return x.read(response, req.maxBytes(), func(piece []byte) error {
		goesOn()
		return req.Stream(piece)
	})
}

// follow asks again, and follows redirects. Where they led shows at the end alone, so
// neither headers nor cookies go along: [ErrRedirect] if what was asked for has not moved
// to there, or that cannot be read, [ErrForged] if a service worker has made it.
func (x *exchange) follow(req *FetchRequest) (safejs.Value, error) {
	options := req.options()
	options["redirect"], options["credentials"] = "follow", "omit"
	delete(options, "headers")
	request, err := x.request(req.URL, options)
	if err != nil {
		return request, err
	}
	response, err := x.fetch(request)
	if err != nil {
		return response, ErrRedirect
	}
	asked, answered := addressOf(request), addressOf(response)
	typ, _ := stringMember(response, "type")
	switch {
	case !isFetched(asked, typ):
		return response, ErrForged
	case !req.IsMoved(asked, answered):
		return response, ErrRedirect
	}
	return response, nil
}

// addressOf returns the URL of a request or a response, without its fragment; empty if it
// does not say.
func addressOf(message safejs.Value) string {
	address, _ := stringMember(message, "url")
	address, _, _ = strings.Cut(address, "#")
	return address
}

// isOfServer tells whether an answer is that of the server that was asked, as
// far as it can be seen: it is of this address, and if that is of another
// origin it came by CORS. A service worker can answer with what it got from
// another address, or with what a script has made, which is of type "basic" or
// "default" (Chromium 156). Of the page's own origin the two look the same.
func isOfServer(request, response safejs.Value, typ string) bool {
	asked := addressOf(request)
	return asked != "" && addressOf(response) == asked && isFetched(asked, typ)
}

// isFetched tells whether an answer of a type has come from a server, where address was asked.
func isFetched(address, typ string) bool {
	origin := Origin()
	own := origin != "" && (address == origin || strings.HasPrefix(address, origin+"/"))
	return typ == "cors" || own && typ == "basic"
}

// Origin returns that of this program and of the pages that it serves; empty if the
// browser does not say.
func Origin() string {
	origin, _ := stringMember(safejs.Global(), "origin")
	return origin
}

// options returns the second argument of JavaScript's new Request.
func (req *FetchRequest) options() map[string]any {
	header := make(map[string]any, len(req.Header))
	for name, value := range req.Header {
		header[name] = value
	}
	options := map[string]any{
		"method":         "GET",
		"headers":        header,
		"mode":           "cors",
		"credentials":    "omit",
		"redirect":       "manual",
		"referrerPolicy": "no-referrer",
		"cache":          "default",
	}
	if req.Method != "" {
		options["method"] = req.Method
	}
	if req.Cache != "" {
		options["cache"] = req.Cache
	}
	if req.Cookies != "" {
		options["credentials"] = req.Cookies
	}
	if req.Body != "" {
		options["body"] = req.Body
	}
	return options
}

func (req *FetchRequest) maxBytes() int64 {
	if req.MaxBytes == 0 {
		return defaultMaxBytes
	}
	return req.MaxBytes
}

// probeTime bounds how long a failure waits for its diagnosis.
const probeTime = 3 * time.Second

// diagnose says why fetch failed. A request in the mode no-cors succeeds as
// soon as the server answers, whatever it allows.
func diagnose(ctx context.Context, url string) error {
	url, _, _ = strings.Cut(url, "#")
	url, _, _ = strings.Cut(url, "?")
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	x, err := newExchange(ctx)
	if err != nil {
		return err
	}
	defer x.abort()
	request, err := x.request(url, map[string]any{
		"mode":           "no-cors", // with which redirects must be followed
		"credentials":    "omit",
		"referrerPolicy": "no-referrer",
		"cache":          "no-store",
	})
	if err != nil {
		return err
	}
	if _, err := x.fetch(request); err != nil {
		return ErrNetwork
	}
	return ErrCORS
}
