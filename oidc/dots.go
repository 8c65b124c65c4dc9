package oidc

import (
	"encoding/hex"
	"math/bits"
	"strings"
	"unicode"
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
//   - "%C0%AE" and full-width dots, where bytes become text in a careless way,
//     and "..%C2%A5", as the yen sign is a backslash in some of those ways;
//   - "..%3A", where a colon ends the name of a file, and "...", where dots at
//     the end of a name are dropped: Windows.
//
// Which of these a server does nobody can list. So the rule is one of what may
// stand beside dots, however it is written: letters, digits and a few plain
// characters make a name of them, anything else is a border or dropped. It
// refuses every NUL, too, and what is escaped more than [maxDecodings] times.
func hidesDots(segment string) bool {
	for range maxDecodings {
		if strings.Contains(segment, "\x00") || hasDots(segment) {
			return true
		}
		plain := likeness.Replace(overlong(unescape(segment)))
		if plain == segment {
			return false
		}
		segment = plain
	}
	return true
}

// borders are what some server takes for the end of a segment, or of what it
// reads of one.
const borders = `/\;:=?#,`

// hasDots tells whether a part of text, between borders, has nothing but dots
// in it, or two dots between what may be a border, or be dropped.
func hasDots(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(borders, r) }) {
		dots, named, attached := 0, false, false // attached: to a name, on the left
		last := 0                                // dots that may be attached to one on the right
		for _, r := range part {
			switch {
			case r <= ' ' || r == 0x7f || r == '+': // nothing to be seen
			case r == '.':
				if !attached {
					last++
				}
			case isPlain(r):
				dots, last, named, attached = 0, 0, true, true
			default:
				if dots += last; dots > 1 {
					return true
				}
				last, attached = 0, false
			}
		}
		if dots += last; dots > 1 || dots > 0 && !named {
			return true
		}
	}
	return false
}

// isPlain tells whether a character is part of a name for every server.
func isPlain(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_~!$&'()*@%", r)
}

// likeness are what becomes a dot, a border or an escape where text is
// normalized (Unicode, form NFKC, and names of hosts).
var likeness = strings.NewReplacer(
	"\u2024", ".", "\u2025", "..", "\u2026", "...", "\ufe19", "...", "\ufe30", "..", "\ufe52", ".", "\uff0e", ".",
	"\u3002", ".", "\uff61", ".",
	"\uff0f", "/", "\u2215", "/", "\u2044", "/", "\uff3c", `\`, "\ufe68", `\`,
	"\uff1b", ";", "\ufe14", ";", "\ufe54", ";", "\u037e", ";", "\uff05", "%", "\ufe6a", "%",
)

// overlong reads UTF-8 as careless servers do: in more bytes than are needed,
// up to six, whatever the first bits of all but the first one are.
func overlong(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		lead := bits.LeadingZeros8(^text[i]) // the number of bytes
		if lead >= 2 && lead <= 6 && i+lead <= len(text) {
			code := uint32(text[i]) & (0x7f >> lead)
			for _, c := range []byte(text[i+1 : i+lead]) {
				code = code<<6 | uint32(c)&0x3f
			}
			if code < 0x80 {
				b.WriteByte(byte(code))
				i += lead - 1
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

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

// brokenEscapes tells whether a segment has a percent sign that begins no escape,
// beside what a server that reads it as one could make dots of: two dots, or an
// escaped byte that begins a longer character.
func brokenEscapes(segment string) bool {
	broken, long := false, strings.Contains(segment, "..")
	for _, after := range strings.Split(segment, "%")[1:] {
		n, ok := hexNumber(after, 0, 2)
		broken, long = broken || !ok, long || ok && n[1] >= 0x80
	}
	return broken && long
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
