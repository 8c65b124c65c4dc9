package resource

import (
	"net/http"
	"net/url"
	"strings"
)

// The authentication schemes (RFC 6750 2.1, RFC 9449 7.1).
const (
	bearer = "Bearer"
	dpop   = "DPoP"
)

// credentials returns the scheme of a request, as it is written in
// challenges, and its token. A token in the form of a body is not looked for:
// that would take the body from the handler.
func (m *Middleware) credentials(r *http.Request) (scheme, token string, err error) {
	// Tokens in URLs end up in logs and histories (RFC 6750 2.3, RFC 9700 4.3.2).
	if namesToken(r.URL.RawQuery) {
		return "", "", m.invalidRequest("the token is in the query")
	}
	values := r.Header.Values("Authorization")
	switch len(values) {
	case 0:
		return "", "", m.unauthenticated(ErrNoToken)
	case 1:
	default: // RFC 6750 2
		return "", "", m.invalidRequest("there is more than one token")
	}
	name, token, _ := strings.Cut(values[0], " ")
	switch { // RFC 9110 11.1: case-insensitive
	case strings.EqualFold(name, bearer):
		scheme = bearer
	case strings.EqualFold(name, dpop) && m.config.DPoP.enabled():
		scheme = dpop
	case strings.EqualFold(name, dpop):
		return "", "", m.unauthenticated(m.config.DPoP.ifOff(ErrNoToken))
	default:
		return "", "", m.unauthenticated(ErrNoToken)
	}
	token = strings.Trim(token, " ")
	if !isToken68(token) {
		return "", "", m.invalidRequest("the token is malformed")
	}
	return scheme, token, nil
}

// namesToken tells whether a query has an access token for anybody who reads
// it: [net/url] passes over pairs with a semicolon, which may separate them as
// well, and those with an escape that is none, wherever that is.
func namesToken(query string) bool {
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && plain == "access_token" {
			return true
		}
	}
	return false
}

// isToken68 tells whether a token can be one by its characters (RFC 6750
// 2.1, RFC 9110 11.2).
func isToken68(token string) bool {
	trimmed := strings.TrimRight(token, "=")
	for i := range len(trimmed) {
		if !token68[trimmed[i]] {
			return false
		}
	}
	return trimmed != ""
}

// token68 has the characters: a token has many of them, and comes with each request.
var token68 = func() (is [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/") {
		is[c] = true
	}
	return is
}()
