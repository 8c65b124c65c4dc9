//go:build js && wasm

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/oidcspa/oidcspa/jsbridge"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/wasm/api"
)

// relay is [api.Relay] over a channel of the page's.
type relay struct {
	*jsbridge.Relay
	options api.RelayOptions
	last    *jsbridge.RelayResponse
}

// relays returns what makes the relays of one port, which end with ctx.
func relays(ctx context.Context, port *jsbridge.Port) func(int, api.RelayOptions) (api.Relay, error) {
	return func(channel int, options api.RelayOptions) (api.Relay, error) {
		r, err := port.Relay(ctx, channel)
		if err != nil {
			return nil, fmt.Errorf("channel: %w", oidc.ErrInvalidArgument)
		}
		return &relay{Relay: r, options: options}, nil
	}
}

// Do sends req. Neither time nor size are bounded: the app decides.
func (r *relay) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	redirect := "error"
	if req.MayRedirect {
		redirect = r.options.Redirect
	}
	resp, err := r.Send(&jsbridge.RelayRequest{
		Method:    req.Method,
		URL:       req.URL,
		Header:    req.Header,
		Mode:      r.options.Mode,
		Redirect:  redirect,
		Cache:     r.options.Cache,
		Integrity: r.options.Integrity,
		Streamed:  r.options.Streamed,
	})
	if err != nil {
		return nil, relayError(ctx, err)
	}
	r.last = resp
	return &oidc.Response{Status: resp.Status, Header: resp.Header}, nil
}

// Answer is [api.Relay].
func (r *relay) Answer() api.Answer {
	return api.Answer{
		StatusText: r.last.StatusText, URL: r.last.URL, Redirected: r.last.Redirected, HasBody: r.last.HasBody,
	}
}

// relayError is [fetchError] for requests of the app's, which may be none.
func relayError(ctx context.Context, err error) error {
	var refused *jsbridge.Error
	switch {
	case errors.As(err, &refused):
		return fmt.Errorf("the browser refuses the request: %w", oidc.ErrInvalidArgument)
	case errors.Is(err, context.Canceled):
		return oidc.ErrAborted
	}
	return fetchError(ctx, err)
}
