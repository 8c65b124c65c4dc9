package oidc

import (
	"strconv"
	"strings"
	"time"
)

// Bounds of how long an answer is used, whatever the server says: a day, so
// that a key that was withdrawn goes, and a minute, so that a server that
// forbids caching is not asked for every token.
const (
	minLifetime     = time.Minute
	maxLifetime     = 24 * time.Hour
	defaultLifetime = time.Hour // where the server does not say
)

// Lifetime returns how long metadata or keys may be used from now on: max-age
// less the Age that the answer has from a cache (RFC 9111 4.2.1 and 4.2.3),
// between a minute and a day; an hour if it does not say. A max-age that cannot
// be read makes the answer stale (RFC 9111 4.2.1).
func Lifetime(resp *Response) time.Duration {
	value, found := "", false
	for _, directive := range splitList(resp.Header["cache-control"]) {
		name, argument, _ := strings.Cut(directive, "=")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "no-store", "no-cache":
			return minLifetime
		case "max-age":
			if !found { // the first one counts
				value, found = strings.Trim(strings.TrimSpace(argument), `"`), true
			}
		}
	}
	if !found {
		return defaultLifetime
	}
	first, _, _ := strings.Cut(resp.Header["age"], ",") // RFC 9111 5.1
	age, _ := deltaSeconds(first)                       // absent: fresh from the server
	maxAge, ok := deltaSeconds(value)
	if !ok {
		return minLifetime
	}
	return min(max(maxAge-age, minLifetime), maxLifetime)
}

// maxDelta is what a number of seconds is cut to: 2^31 (RFC 9111 1.2.2).
const maxDelta = 1 << 31

// deltaSeconds reads a number of seconds (RFC 9111 1.2.2).
func deltaSeconds(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > maxDelta { // digits alone: too many of them
		n = maxDelta
	}
	return time.Duration(n) * time.Second, true
}

// splitList cuts a header at the commas that are not in a quoted string
// (RFC 9110 5.6.1).
func splitList(header string) []string {
	var elements []string
	start, quoted := 0, false
	for i := 0; i < len(header); i++ {
		switch c := header[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			elements = append(elements, header[start:i])
			start = i + 1
		}
	}
	return append(elements, header[start:])
}
