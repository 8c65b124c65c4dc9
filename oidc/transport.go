package oidc

import (
	"context"
	"strings"
	"time"
)

// A Request is one HTTP request to the provider.
type Request struct {
	Method  string // "GET" or "POST"
	URL     string
	Header  map[string]string
	Body    string // form-encoded, for POST
	NoCache bool   // past the HTTP cache: for keys that were not found in it
	NoStore bool   // neither from the HTTP cache nor into it: for what is about a person
	Cookies bool   // those of the server go along, and those that it sets are kept

	// MayRedirect lets a transport follow redirects: for APIs, never for a
	// provider.
	MayRedirect bool

	// MayMove lets a transport follow a redirect to an address that [IsMoved], without
	// headers and cookies, which might go elsewhere: for metadata, which some providers
	// serve at an address with a slash more.
	MayMove bool

	// Stream has the body of an answer with status 200 handed over as it comes. A
	// transport that cannot returns it in the [Response], as any other.
	Stream *Stream
}

// A Stream takes a body that has no end.
type Stream struct {
	// Take takes the next bytes, which are its own. With an error the request fails.
	Take func(piece []byte) error
	// Silence is how long nothing may come, in the place of the time for all of the
	// answer; then the request ends with [ErrTimeout].
	Silence time.Duration
}

// IsMoved tells whether a request that may move may be answered at another address: the
// same but for a slash at the end of the path. Who can make up a redirect, or finds one, can
// name any other file of the origin.
func IsMoved(from, to string) bool {
	a, query, _ := strings.Cut(from, "?")
	b, otherQuery, _ := strings.Cut(to, "?")
	return query == otherQuery && (a+"/" == b || a == b+"/")
}

// A Response is the provider's answer.
type Response struct {
	Status int
	Header map[string]string // names in lower case
	Body   []byte

	// Secrets are those of the request that its sender does not know: a
	// transport that adds credentials says so here.
	Secrets []Secret
}

// A Transport sends one HTTP request. It does not follow redirects
// ([ErrRedirectRefused]) unless the request may, and sends no cookies unless the request says so, bounds
// the time ([ErrTimeout]), unless ctx has a deadline, and the length of the
// answer ([ErrResponseTooLarge]). A deadline whose cause is ErrTimeout gives
// that. Other failures are [ErrNetwork] and [ErrCORSRefused]. An answer that
// broke off is a [TransportError] with its status: the server has done what was
// asked. An answer of any status is no error.
type Transport interface {
	Do(ctx context.Context, req *Request) (*Response, error)
}
