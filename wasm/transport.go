//go:build js && wasm

package main

import (
	"context"
	"errors"
	"time"

	"github.com/oidcspa/oidcspa/jsbridge"
	"github.com/oidcspa/oidcspa/oidc"
)

// transport is [oidc.Transport] over the browser's fetch.
type transport struct{}

// fetchErrors are the reasons of jsbridge in the words of oidc.
var fetchErrors = []struct {
	from error
	to   oidc.Code
}{
	{jsbridge.ErrTimeout, oidc.ErrTimeout},
	{jsbridge.ErrTooLarge, oidc.ErrResponseTooLarge},
	{jsbridge.ErrRedirect, oidc.ErrRedirectRefused},
	{jsbridge.ErrForged, oidc.ErrAnswerForged},
	{jsbridge.ErrCORS, oidc.ErrCORSRefused},
	{jsbridge.ErrNetwork, oidc.ErrNetwork},
}

// Do sends req. Time and size are bounded by jsbridge's defaults: 10 s, or what
// ctx allows, and 1 MiB.
func (transport) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	cache, cookies := "", ""
	switch {
	case req.NoStore:
		cache = "no-store"
	case req.NoCache:
		cache = "no-cache"
	}
	if req.Cookies {
		cookies = "include"
	}
	var timeout time.Duration
	if deadline, ok := ctx.Deadline(); ok {
		timeout = time.Until(deadline)
	}
	var stream func([]byte) error
	if req.Stream != nil {
		stream, timeout = req.Stream.Take, req.Stream.Silence
	}
	fetch := &jsbridge.FetchRequest{
		Method:  req.Method,
		URL:     req.URL,
		Header:  req.Header,
		Body:    req.Body,
		Cache:   cache,
		Cookies: cookies,
		Timeout: timeout,
		Stream:  stream,
	}
	if req.MayMove {
		fetch.IsMoved = oidc.IsMoved
	}
	resp, err := jsbridge.Fetch(ctx, fetch)
	if err != nil {
		return nil, fetchError(ctx, err)
	}
	return &oidc.Response{Status: resp.Status, Header: resp.Header, Body: resp.Body}, nil
}

func fetchError(ctx context.Context, err error) error {
	var begun *jsbridge.InterruptedError
	if errors.As(err, &begun) {
		return &oidc.TransportError{Status: begun.Status, Err: fetchError(ctx, begun.Err)}
	}
	for _, e := range fetchErrors {
		if errors.Is(err, e.from) {
			return e.to
		}
	}
	switch {
	case errors.Is(context.Cause(ctx), oidc.ErrTimeout):
		return oidc.ErrTimeout
	case ctx.Err() != nil:
		return oidc.ErrAborted
	}
	return oidc.ErrNetwork
}
