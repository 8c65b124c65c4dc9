package oidc

import (
	"encoding/hex"
	"strings"
)

// maxDecodings is how often a path may be escaped. Nobody means more, and
// every one costs time.
const maxDecodings = 8

// hidesDots tells whether some server may take a segment of a path for one
// that leads up: "..", "%2e%2e", "..%2Fadmin", and also what only some do:
//
//   - "..;a=b", where parameters of a segment (RFC 3986 3.3) are cut off
//     before the path is read: Tomcat, Jetty;
//   - "%252e%252e", behind a proxy that decodes once more;
//   - "..%5C", where a backslash separates: IIS;
//   - "..%00", where a string ends with NUL, and "..%3F", where the decoded
//     path is parsed again, which also drops tabs and line breaks (URL
//     Standard 4.4);
//   - "%C0%AE" and full-width dots, where bytes become text in a careless way;
//   - "..%3A", where a colon ends the name of a file, and "...", where dots at
//     the end of a name are dropped: Windows.
//
// It refuses every NUL, and what is escaped more than [maxDecodings] times.
func hidesDots(segment string) bool {
	for range maxDecodings {
		if strings.Contains(segment, "\x00") || hasDots(segment) {
			return true
		}
		plain := likeness.Replace(unescape(segment))
		if plain == segment {
			return false
		}
		segment = plain
	}
	return true
}

// hasDots tells whether a part of text, between anything that some server may
// take for a border, is nothing but dots.
func hasDots(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(`/\;:=?#`, r) }) {
		dots := strings.Map(func(r rune) rune {
			if r <= ' ' || r == 0x7f {
				return -1
			}
			return r
		}, part)
		if dots != "" && strings.Trim(dots, ".") == "" {
			return true
		}
	}
	return false
}

// likeness are what becomes a dot, a border or an escape where overlong UTF-8
// is taken, or text normalized (Unicode, form NFKC).
var likeness = strings.NewReplacer(
	"\xc0.", ".", "\xc0\xae", ".", "\xe0\x80\xae", ".", "\xf0\x80\x80\xae", ".",
	"\xc0/", "/", "\xc0\xaf", "/", "\xe0\x80\xaf", "/", "\xf0\x80\x80\xaf", "/",
	"\xc1\x9c", `\`, "\xe0\x81\x9c", `\`, "\xf0\x80\x81\x9c", `\`,
	"\xc0\x80", "\x00", "\xc0\xbb", ";", "\xc0\xa5", "%",
	"\u2024", ".", "\u2025", "..", "\u2026", "...", "\ufe19", "...", "\ufe30", "..", "\ufe52", ".", "\uff0e", ".",
	"\uff0f", "/", "\u2215", "/", "\u2044", "/", "\uff3c", `\`, "\ufe68", `\`,
	"\uff1b", ";", "\ufe14", ";", "\ufe54", ";", "\u037e", ";", "\uff05", "%", "\ufe6a", "%",
)

// unescape decodes what is escaped, also as "%u002E" (IIS), and leaves alone
// what is no escape, as lenient servers do.
func unescape(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		text = after
		if n, ok := hexNumber(after, 0, 2); ok {
			b.WriteByte(n[1])
			text = after[2:]
		} else if n, ok := hexNumber(after, 1, 5); ok && after[0]|0x20 == 'u' {
			b.WriteRune(rune(n[0])<<8 | rune(n[1]))
			text = after[5:]
		} else {
			b.WriteByte('%')
		}
	}
}

// hexNumber returns the two bytes of the number that text[from:to] is, if it
// is one.
func hexNumber(text string, from, to int) (n [2]byte, ok bool) {
	if len(text) < to {
		return n, false
	}
	_, err := hex.Decode(n[2-(to-from)/2:], []byte(text[from:to]))
	return n, err == nil
}
