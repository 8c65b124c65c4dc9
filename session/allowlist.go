package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// FetchSettings are those of [Client.Fetch].
type FetchSettings struct {
	// Allow is what the access token may be sent to; empty means nothing.
	Allow []API

	// StepUp says what becomes of a challenge for a stronger sign-in.
	StepUp StepUpMode
}

// An API is an address that gets the access token: its origin, exactly, and
// what is at or below its path, by whole segments.
type API struct {
	URL string

	// Resource gives the API an access token of its own (RFC 8707), which is
	// fetched when it is first needed. Empty means that of the sign-in.
	Resource string

	// TokenFollowsRedirects has the token go wherever on its origin the API
	// redirects to, on the list or not. Needless where the list has the whole
	// origin for one token; without effect on tokens that are bound to a key.
	TokenFollowsRedirects bool

	origin   string
	segments []string
	follows  bool // no redirect leads the token off the list, or the app does not mind
}

// check fills in what requests are compared with. Codes:
// [oidc.ErrInvalidConfig], [oidc.ErrInsecureURL].
func (f *FetchSettings) check() error {
	allow := make([]API, len(f.Allow)) // the caller's stays as it is
	for i, api := range f.Allow {
		var err error
		api.origin, api.segments, err = oidc.ParseAPIURL(api.URL)
		switch {
		case errors.Is(err, oidc.ErrInsecureURL):
			return fmt.Errorf("fetch.allow: %w", err)
		case err != nil, strings.ContainsAny(api.URL, "?*"):
			return fmt.Errorf("fetch.allow has to have absolute addresses (https://...) without a query or *; what lies below goes with them: %w", oidc.ErrInvalidConfig)
		}
		allow[i] = api
	}
	// Where all of an origin is for one token, find gives it to whatever path a
	// redirect leads to there. At another origin the browser takes the token off
	// (Fetch, HTTP-redirect fetch).
	shared := sharedOrigins(allow)
	for i := range allow {
		api := &allow[i]
		api.follows = api.TokenFollowsRedirects || len(api.segments) == 0 && !shared[api.origin]
	}
	f.Allow = allow
	switch f.StepUp {
	case "", StepUpPopup, StepUpRedirect:
		return nil
	}
	return fmt.Errorf("fetch.stepUp has to be popup or redirect: %w", oidc.ErrInvalidConfig)
}

// sharedOrigins are the origins where the list has several tokens.
func sharedOrigins(allow []API) map[string]bool {
	resources, shared := map[string]string{}, map[string]bool{}
	for i := range allow {
		resource, known := resources[allow[i].origin]
		shared[allow[i].origin] = shared[allow[i].origin] || known && resource != allow[i].Resource
		resources[allow[i].origin] = allow[i].Resource
	}
	return shared
}

// find returns the API that a request goes to, the one with the longest path
// if there are several. Its one failure is [ErrFetchNotAllowed].
func (f *FetchSettings) find(address string) (*API, error) {
	address, _, _ = strings.Cut(address, "#")
	origin, segments, err := oidc.ParseAPIURL(address)
	if err != nil {
		return nil, ErrFetchNotAllowed
	}
	var found *API
	for i := range f.Allow {
		api := &f.Allow[i]
		if api.origin == origin && hasPrefix(segments, api.segments) &&
			(found == nil || len(api.segments) > len(found.segments)) {
			found = api
		}
	}
	if found == nil {
		return nil, ErrFetchNotAllowed
	}
	return found, nil
}

func hasPrefix(segments, prefix []string) bool {
	return len(segments) >= len(prefix) && slices.Equal(segments[:len(prefix)], prefix)
}
