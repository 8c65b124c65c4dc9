package resource

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	timeout   = 10 * time.Second
	bodyLimit = 1 << 20
)

// A Transport is an [oidc.Transport] over net/http. The zero value is ready
// to use.
type Transport struct {
	// RoundTripper is the way to the network; default: [http.DefaultTransport].
	RoundTripper http.RoundTripper
}

// newTransport returns that of settings without one. It keeps a connection for each inquiry
// that there may be at a time: [http.DefaultTransport] keeps two for a host, and so shakes
// hands anew for nearly all others, which is more work for the provider than they are.
func newTransport(c *Config) *Transport {
	inquiries := 0
	for _, i := range c.Issuers {
		if i.Introspection != nil {
			inquiries = max(inquiries, 2*cmp.Or(i.Introspection.Inquiries, DefaultInquiries))
		}
	}
	standard, ok := http.DefaultTransport.(*http.Transport)
	if inquiries == 0 || !ok {
		return &Transport{}
	}
	own := standard.Clone()
	own.MaxIdleConnsPerHost, own.MaxIdleConns = inquiries, max(own.MaxIdleConns, inquiries)
	return &Transport{RoundTripper: own}
}

// Do sends a request and reads its answer, with no cookies, in at most 10
// seconds and 1 MiB. Codes: [oidc.ErrNetwork], [oidc.ErrTimeout],
// [oidc.ErrAborted], [oidc.ErrRedirectRefused], [oidc.ErrResponseTooLarge].
func (t *Transport) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(limited, req.Method, req.URL, strings.NewReader(req.Body))
	if err != nil {
		return nil, oidc.ErrInvalidArgument
	}
	for name, value := range req.Header {
		r.Header.Set(name, value)
	}
	switch {
	case req.NoStore:
		r.Header.Set("Cache-Control", "no-store")
	case req.NoCache:
		r.Header.Set("Cache-Control", "no-cache")
	}
	client := http.Client{
		Transport: t.RoundTripper,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if req.MayMove && len(via) == 1 && oidc.IsMoved(via[0].URL.String(), next.URL.String()) {
				return nil
			}
			return http.ErrUseLastResponse
		},
	}
	res, err := client.Do(r)
	if err != nil {
		return nil, reason(ctx, err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		return nil, oidc.ErrRedirectRefused
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, bodyLimit+1))
	if err != nil {
		return nil, reason(ctx, err)
	}
	if len(body) > bodyLimit {
		return nil, oidc.ErrResponseTooLarge
	}
	header := make(map[string]string, len(res.Header))
	for name, values := range res.Header {
		header[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	return &oidc.Response{Status: res.StatusCode, Header: header, Body: body}, nil
}

// reason returns the code of a request that failed. Of the cause goes with it what
// kind it is: it may hold a URL.
func reason(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", oidc.ErrAborted, context.Cause(ctx))
	case errors.Is(err, context.DeadlineExceeded):
		return oidc.ErrTimeout
	default:
		return networkError(err)
	}
}

// networkError is [oidc.ErrNetwork], with what somebody has to look at where that is known.
func networkError(err error) error {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("the name of the host cannot be resolved: %w", oidc.ErrNetwork)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return fmt.Errorf("the certificate is of an authority that is not known here: %w", oidc.ErrNetwork)
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return fmt.Errorf("the certificate is of another host, or not good now: %w", oidc.ErrNetwork)
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok { // such as "connection refused"
		return fmt.Errorf("%w: %w", number, oidc.ErrNetwork)
	}
	return oidc.ErrNetwork
}

// recovered makes an error of a transport that panics. It is to be deferred.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the transport panics with a %T: %w\n%s", p, oidc.ErrNetwork, debug.Stack())
	}
}
