package oidc

import (
	"errors"
	"net/url"
	"testing"
	"time"
)

func goodRevocation() *RevocationRequest {
	return &RevocationRequest{ClientID: testClientID, Token: mark + "-refresh-token", TypeHint: "refresh_token"}
}

func TestRevokeRequest(t *testing.T) {
	m := goodMetadata(t)
	var sent *Request
	transport := fakeTransport{"POST " + m.RevocationEndpoint: func(req *Request) (*Response, error) {
		sent = req
		return respond(200, "", "")(req)
	}}
	if err := goodRevocation().Revoke(t.Context(), transport, m); err != nil {
		t.Fatal(err)
	}
	checkForm(t, sent, url.Values{
		"token":           {mark + "-refresh-token"},
		"token_type_hint": {"refresh_token"},
		"client_id":       {testClientID},
	})
}

func TestRevoke(t *testing.T) {
	tests := []struct {
		name        string
		status      int
		contentType string
		retryAfter  string
		body        string
		want        error
		retryable   bool
		wait        time.Duration
	}{
		{"2.2 empty", 200, "", "", "", nil, false, 0},
		{"2.2 text", 200, "text/plain", "", "OK", nil, false, 0},
		{"2.2 HTML", 200, "text/html", "", "<!doctype html>", nil, false, 0},
		{"2.2 JSON", 200, "application/json", "", "{}", nil, false, 0},
		{"2.2 another success", 204, "", "", "", ErrHTTPStatus, false, 0},
		{"2.2.1 unsupported_token_type", 400, "application/json", "", `{"error":"unsupported_token_type"}`, ErrProvider, false, 0},
		{"2.2.1 busy", 503, "", "", "", ErrHTTPStatus, true, 0},
		{"2.2.1 busy for a time", 503, "", "120", "", ErrHTTPStatus, true, 2 * time.Minute},
		{"2.2.1 busy until a date", 503, "", "Sat, 21 Nov 2026 12:00:00 GMT", "", ErrHTTPStatus, true, time.Hour},
		{"too many requests", 429, "", "1", "", ErrHTTPStatus, true, time.Second},
		{"not found", 404, "text/html", "", mark, ErrHTTPStatus, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := goodMetadata(t)
			transport := fakeTransport{"POST " + m.RevocationEndpoint: func(*Request) (*Response, error) {
				header := map[string]string{"content-type": tt.contentType, "retry-after": tt.retryAfter, "date": "Sat, 21 Nov 2026 11:00:00 GMT"}
				return &Response{Status: tt.status, Header: header, Body: []byte(tt.body)}, nil
			}}
			err := goodRevocation().Revoke(t.Context(), transport, m)
			checkError(t, err, tt.want)
			var failure *TransportError
			if errors.As(err, &failure) && (failure.Retryable() != tt.retryable || failure.RetryAfter != tt.wait) {
				t.Errorf("retryable %t after %v, want %t after %v", failure.Retryable(), failure.RetryAfter, tt.retryable, tt.wait)
			}
			if tt.want == ErrHTTPStatus {
				checkTransportError(t, err, "revocation", tt.status)
			}
		})
	}
}

func TestRevokeRefusals(t *testing.T) {
	tests := []struct {
		name string
		edit func(*RevocationRequest, *Metadata)
		want error
	}{
		{"2.1 token missing", func(r *RevocationRequest, _ *Metadata) { r.Token = "" }, ErrInvalidArgument},
		{"2.1 client_id missing", func(r *RevocationRequest, _ *Metadata) { r.ClientID = "" }, ErrInvalidArgument},
		{"2 no endpoint", func(_ *RevocationRequest, m *Metadata) { m.RevocationEndpoint = "" }, ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, m := goodRevocation(), goodMetadata(t)
			tt.edit(r, m)
			checkError(t, r.Revoke(t.Context(), fakeTransport{}, m), tt.want)
		})
	}
}

func TestRetryable(t *testing.T) {
	tests := []struct {
		err  TransportError
		want bool
	}{
		{TransportError{Err: ErrNetwork}, true},
		{TransportError{Err: ErrTimeout}, true},
		{TransportError{Err: ErrAborted}, false},
		{TransportError{Err: ErrCORSRefused}, false},
		{TransportError{Err: ErrRedirectRefused}, false},
		{TransportError{Status: 500, Err: ErrHTTPStatus}, true},
		{TransportError{Status: 400, Err: ErrHTTPStatus}, false},
		{TransportError{Status: 500, Err: ErrNotJSON}, false},
	}
	for _, tt := range tests {
		if got := tt.err.Retryable(); got != tt.want {
			t.Errorf("%v: retryable %t, want %t", &tt.err, got, tt.want)
		}
	}
}
