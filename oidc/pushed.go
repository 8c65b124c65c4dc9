package oidc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A PushMode says whether Authentication Requests are pushed to the provider
// before the End-User visits it (RFC 9126). A pushed request is one request
// more, and shows the browser's address bar nothing.
type PushMode string

const (
	// PushAuto pushes where the provider takes no other requests
	// (require_pushed_authorization_requests, RFC 9126 5). It is also what
	// the empty mode means.
	PushAuto PushMode = "auto"
	// PushOff never pushes.
	PushOff PushMode = "off"
	// PushRequired always pushes.
	PushRequired PushMode = "required"
)

// Push returns the URL to send the End-User to in the place of
// authorizationURL, the one that [AuthenticationRequest.Start] returned: its
// parameters go to the provider, and a reference to them into the new URL. The
// reference is good for one visit (RFC 9126 4). Where the mode does not push,
// or the app pushed the request itself, Push returns authorizationURL, without an
// id_token_hint that makes the address of a silent request too long for servers.
//
// Codes: those of [Transport], [ErrInvalidArgument], [ErrUnsupported] if
// provider and mode exclude each other, [ErrHTTPStatus], [ErrNotJSON],
// [ErrPushResponseInvalid], a [ProviderError] with the endpoint
// "pushed_authorization_request".
func (mode PushMode) Push(ctx context.Context, t Transport, m *Metadata, authorizationURL string) (string, error) {
	push, err := mode.applies(m)
	if err != nil || !push {
		return withoutLongHint(authorizationURL), err
	}
	form, err := parametersOf(authorizationURL, m)
	if err != nil {
		return "", err
	}
	if form.get("request_uri") != "" {
		return authorizationURL, nil // pushed by somebody else (RFC 9126 2.1)
	}
	requestURI, err := pushForm(ctx, t, m, form)
	if err != nil {
		return "", err
	}
	p := &params{}
	p.add("client_id", form.get("client_id"))
	p.add("request_uri", requestURI)
	return p.appendTo(m.AuthorizationEndpoint), nil
}

// addressLimit is how long an address with an id_token_hint may be: many servers refuse
// more than 8 kB, some of them with the cookies.
const addressLimit = 6_000

func withoutLongHint(authorizationURL string) string {
	before, after, found := strings.Cut(authorizationURL, "&id_token_hint=")
	if len(authorizationURL) <= addressLimit || !found || !strings.Contains(authorizationURL, "&prompt=none") {
		return authorizationURL
	}
	if end := strings.IndexByte(after, '&'); end >= 0 {
		before += after[end:]
	}
	return before
}

// applies decides between what the mode and the provider want.
func (mode PushMode) applies(m *Metadata) (bool, error) {
	push := false
	switch mode {
	case PushRequired:
		push = true
	case PushAuto, "":
		push = m.RequirePushedAuthorizationRequests
	case PushOff:
		if m.RequirePushedAuthorizationRequests {
			return false, fmt.Errorf("the provider takes pushed requests only, and par is off: %w", ErrUnsupported)
		}
	default:
		return false, fmt.Errorf("par has to be auto, required or off: %w", ErrInvalidArgument)
	}
	if push && m.PushedAuthorizationRequestEndpoint == "" {
		return false, unannounced("par", "pushed_authorization_request_endpoint")
	}
	return push, nil
}

// parametersOf returns what was appended to the authorization endpoint.
func parametersOf(authorizationURL string, m *Metadata) (*params, error) {
	appended, ok := strings.CutPrefix(authorizationURL, m.AuthorizationEndpoint)
	values, err := parseQuery(strings.TrimLeft(appended, "?&"))
	if !ok || err != nil || values.Get("client_id") == "" {
		return nil, fmt.Errorf("authorization URL: %w", ErrInvalidArgument)
	}
	p := &params{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			p.add(name, value)
		}
	}
	return p, nil
}

// pushForm posts the parameters and returns the reference to them
// (RFC 9126 2.2).
func pushForm(ctx context.Context, t Transport, m *Metadata, form *params) (string, error) {
	const endpoint = "pushed_authorization_request"
	resp, err := postForm(ctx, t, endpoint, m.PushedAuthorizationRequestEndpoint, form, 201)
	if err != nil {
		return "", err
	}
	var raw strictjson.RawMessage
	if err := decodeJSON(endpoint, resp, &raw); err != nil {
		return "", err
	}
	var wire struct {
		RequestURI string                `json:"request_uri"`
		ExpiresIn  strictjson.RawMessage `json:"expires_in"`
	}
	if strictjson.Unmarshal(raw, &wire) != nil || wire.RequestURI == "" {
		return "", ErrPushResponseInvalid
	}
	// The visit comes at once: only a lifetime that ends before is of interest.
	if expiresIn, err := parseExpiresIn(wire.ExpiresIn); err != nil || expiresIn != nil && *expiresIn <= 0 {
		return "", ErrPushResponseInvalid
	}
	return wire.RequestURI, nil
}
