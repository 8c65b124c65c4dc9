package oidctest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// A Transport takes requests to the provider without a network.
type Transport struct {
	op *OP

	// Fail, if set, is asked before each request; its error is the result.
	Fail func(req *oidc.Request) error
}

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
	r := httptest.NewRequest(req.Method, req.URL, strings.NewReader(req.Body))
	for name, value := range req.Header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	t.op.ServeHTTP(w, r)
	if w.Code >= 300 && w.Code < 400 {
		return nil, oidc.ErrRedirectRefused
	}
	header := make(map[string]string)
	for name := range w.Header() {
		header[strings.ToLower(name)] = w.Header().Get(name)
	}
	return &oidc.Response{Status: w.Code, Header: header, Body: w.Body.Bytes()}, nil
}

// Visit does what a browser does with a URL of the provider's: it returns the
// address that it is sent on to.
func (op *OP) Visit(address string) string {
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, strings.TrimSuffix(op.Issuer, "/")+"/") {
		op.tb.Errorf("oidctest: a browser was sent elsewhere than to the provider")
		return ""
	}
	w := httptest.NewRecorder()
	op.ServeHTTP(w, httptest.NewRequest(http.MethodGet, u.String(), nil))
	return w.Header().Get("Location")
}
