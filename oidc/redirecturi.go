package oidc

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A Fit says how well an address matches a redirect URI; 0 is not at all. Of
// two redirect URIs that match, the one with the greater fit has more of the
// query of the address.
type Fit int

// FitRedirectURI compares the address at which a response arrived with a
// redirect URI (RFC 9700 4.4.2.2): scheme, host, port and path are equal, and
// the redirect URI's own query is in that of the address. What the provider
// adds to the query (RFC 6749 4.1.2) and the fragment are no part of it.
//
// Lenient: hosts with clean URLs answer /callback.html at /callback, and
// /callback/index.html at /callback/; others add a slash, or take one of two
// away. Such a path is the same.
func FitRedirectURI(redirectURI, address string) Fit {
	want, wantErr := parseAddress(redirectURI)
	got, gotErr := parseAddress(address)
	if wantErr != nil || gotErr != nil || want.place != got.place || cleanPath(want.path) != cleanPath(got.path) {
		return 0
	}
	fit := Fit(1)
	for name, values := range want.query {
		if !slices.Equal(values, got.query[name]) {
			return 0
		}
		fit++
	}
	return fit
}

// SameRedirectURI tells whether two redirect URIs are one, as a server that
// rewrites paths may answer each of them at the other.
func SameRedirectURI(a, b string) bool {
	return FitRedirectURI(a, b) > 0 && FitRedirectURI(b, a) > 0
}

// An address is a URL in the parts in which browsers and this package agree.
type address struct {
	place string // scheme, host and port; all of a URL that has no path
	path  string // with its segments decoded, but for slashes and percent signs
	query url.Values
}

// encoded is what stays encoded in a segment.
var encoded = strings.NewReplacer("%", "%25", "/", "%2F")

func parseAddress(raw string) (*address, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" || u.User != nil {
		return nil, ErrInvalidArgument
	}
	query, err := parseQuery(u.RawQuery)
	if err != nil {
		return nil, err
	}
	if u.Opaque != "" { // the scheme of an installed app
		return &address{place: u.Scheme + ":" + u.Opaque, query: query}, nil
	}
	segments := strings.Split(u.ResolveReference(u).EscapedPath(), "/") // without dot segments
	for i, segment := range segments {
		if plain, err := url.PathUnescape(segment); err == nil {
			segments[i] = encoded.Replace(plain)
		}
	}
	path := strings.Join(segments, "/")
	if path == "" {
		path = "/"
	}
	return &address{originOf(u), path, query}, nil
}

// cleanPath returns a path without what hosts with clean URLs take away or add.
func cleanPath(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	for _, part := range []string{"/", ".html", "/index"} {
		path = strings.TrimSuffix(path, part)
	}
	return path
}

// checkArrival is the defence against mix-up for providers that do not name
// themselves: the response to a request arrives at the redirect URI of that
// request (RFC 9700 4.4.2.2).
func (tx *Transaction) checkArrival(callbackURL string) error {
	if FitRedirectURI(tx.RedirectURI, callbackURL) == 0 {
		return ArrivalError(tx.RedirectURI, callbackURL)
	}
	return nil
}

// ArrivalError returns [ErrRedirectURIMismatch] with the two addresses, as far
// as they hold no secret.
func ArrivalError(redirectURI, callbackURL string) error {
	want, got := plainAddress(redirectURI), plainAddress(callbackURL)
	if want == got {
		return fmt.Errorf("the response arrived at %s with another query than the redirect URI of its request has: %w", got, ErrRedirectURIMismatch)
	}
	return fmt.Errorf("the response arrived at %s, and the redirect URI of its request is %s: %w", got, want, ErrRedirectURIMismatch)
}

// plainAddress returns a URL without userinfo, query and fragment.
func plainAddress(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme == "" {
		return "no address"
	}
	return (&url.URL{Scheme: u.Scheme, Opaque: u.Opaque, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
