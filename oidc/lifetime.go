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

// httpDate reads a date in the one form that servers send (RFC 9110 5.6.7). To
// link the forms that package time reads costs 10 kB.
func httpDate(text string) (time.Time, bool) {
	const form, days, months = "Sun, 00 Jan 0000 00:00:00 GMT", "SunMonTueWedThuFriSat", "JanFebMarAprMayJunJulAugSepOctNovDec"
	if len(text) != len(form) {
		return time.Time{}, false
	}
	for i, want := range []byte(form) {
		digit := text[i] >= '0' && text[i] <= '9'
		if want == '0' && !digit || want != '0' && text[i] != want && (i > 2 && i < 8 || i > 10) {
			return time.Time{}, false
		}
	}
	number := func(from, to int) int {
		n, _ := strconv.Atoi(text[from:to])
		return n
	}
	day, month := strings.Index(days, text[:3]), strings.Index(months, text[8:11])
	hour, minute, second := number(17, 19), number(20, 22), number(23, 25)
	at := time.Date(number(12, 16), time.Month(month/3+1), number(5, 7), hour, minute, second, 0, time.UTC)
	return at, day >= 0 && day%3 == 0 && month >= 0 && month%3 == 0 && at.Day() == number(5, 7) && hour < 24 && minute < 60 && second < 60
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
