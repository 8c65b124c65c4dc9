package oidctest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A Transport takes requests to the provider without a network, within the
// bounds that a browser's transport keeps.
type Transport struct {
	op *OP

	// Fail, if set, is asked before each request; its error is the result.
	Fail func(req *oidc.Request) error
}

const (
	timeout  = 10 * time.Second
	maxBytes = 1 << 20
)

// Transport returns a transport to the provider.
func (op *OP) Transport() *Transport { return &Transport{op: op} }

// Do is [oidc.Transport].
func (t *Transport) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	if ctx.Err() != nil {
		return nil, oidc.ErrAborted
	}
	if t.Fail != nil {
		if err := t.Fail(req); err != nil {
			return nil, err
		}
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, oidc.ErrTimeout)
		defer cancel()
	}
	w, err := t.serve(ctx, req)
	if err != nil {
		return nil, err
	}
	header := make(map[string]string)
	for name := range w.Header() {
		if !exposed(w.Header(), name) {
			continue
		}
		header[strings.ToLower(name)] = w.Header().Get(name)
	}
	return &oidc.Response{Status: w.Code, Header: header, Body: w.Body.Bytes()}, nil
}

// exposed tells whether a browser shows a header of the answer to a script
// (Fetch, CORS-safelisted response-header names).
func exposed(header http.Header, name string) bool {
	switch name {
	case "Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Expires", "Last-Modified", "Pragma":
		return true
	}
	for _, shown := range strings.Split(header.Get("Access-Control-Expose-Headers"), ",") {
		if strings.EqualFold(strings.TrimSpace(shown), name) {
			return true
		}
	}
	return false
}

// serve asks the provider, and fails where a browser does.
func (t *Transport) serve(ctx context.Context, req *oidc.Request) (w *httptest.ResponseRecorder, err error) {
	defer func() {
		recovered := recover()
		if failure, ok := recovered.(error); ok && errors.Is(failure, http.ErrAbortHandler) {
			err = oidc.ErrNetwork
		} else if recovered != nil {
			panic(recovered)
		}
	}()
	r := httptest.NewRequestWithContext(ctx, req.Method, req.URL, strings.NewReader(req.Body))
	for name, value := range req.Header {
		r.Header.Set(name, value)
	}
	w = httptest.NewRecorder()
	t.op.ServeHTTP(w, r)
	length, lengthErr := strconv.Atoi(w.Header().Get("Content-Length"))
	switch {
	case errors.Is(context.Cause(ctx), oidc.ErrTimeout):
		return nil, oidc.ErrTimeout
	case ctx.Err() != nil:
		return nil, oidc.ErrAborted
	case w.Header().Get("Access-Control-Allow-Origin") == "":
		return nil, oidc.ErrCORSRefused
	case w.Code >= 300 && w.Code < 400:
		if location := w.Header().Get("Location"); req.MayMove && oidc.IsMoved(req.URL, location) {
			moved := *req
			moved.URL, moved.MayMove, moved.Header, moved.Cookies = location, false, nil, false
			return t.serve(ctx, &moved)
		}
		return nil, oidc.ErrRedirectRefused
	case w.Body.Len() > maxBytes:
		return nil, oidc.ErrResponseTooLarge
	case lengthErr == nil && length != w.Body.Len():
		return nil, &oidc.TransportError{Status: w.Code, Err: oidc.ErrNetwork}
	}
	return w, nil
}

// Visit does what a browser does with a URL of the provider's: it returns the
// address that it is sent on to; none if it shows a page.
func (op *OP) Visit(address string) string {
	u, err := url.Parse(address)
	if err != nil || op.profile == nil && !strings.HasPrefix(address, op.Base()+"/") || op.profile != nil && !op.hasEndpoint(address) {
		op.tb.Errorf("oidctest: a browser was sent elsewhere than to the provider")
		return ""
	}
	w := httptest.NewRecorder()
	op.ServeHTTP(w, httptest.NewRequest(http.MethodGet, u.String(), nil))
	return w.Header().Get("Location")
}
