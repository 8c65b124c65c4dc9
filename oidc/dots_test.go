package oidc

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// legalSegments look like what is refused, and hide no dots.
var legalSegments = []string{
	"a;v=1.0", "a;b;c", ";a", "things;sort=name;page=2", "v1.2", "..a", "a..", "a..b", ".well-known", "...b",
	"100%25", "100%2525", "%25zz", "a%3Bb", "a%3Db", "a%2Fb", "DOMAIN%5Cuser", "a%20b", "%C3%A4", "%E4", "%FF%FE", "%E2%80%A6x", "=", ";", "a:verb", "20%25added", "%25uvw",
	"..name", "caf%C3%A9", "caf%C3%A9.pdf", "%C3%A9t%C3%A9...", "..%C3%A9", ".%C3%A9tat", "%E7%AC%AC%E2%80%A6%E2%80%A6%E5%AE%8C", "%E3%81%A7%E3%81%99%E3%80%82%E3%80%82",
	"to%20be%20...%20not", "to+be+...+not", "what%20(...)%20ever.txt", "J.+R.+R.", "%22a..b%22", "%E2%82%A9.5", "%5Bv1.2%5D.txt", "$..book", "1..5", "a.%C2%AD.b", "%E4.html", "%93%FA%96%7B.txt",
}

// dotSegments are taken for "." or ".." by some server.
var dotSegments = []string{
	"..", ".", "%2e%2e", ".%2E",
	"..;", "..;a=b", ".;a", "..%3B", "%2e%2e;jsessionid=1", "x;..", "x;a=..", "..;/..;", // Tomcat, Jetty
	"%252e%252e", "%25252e%25252e", "..%252f", "..%25zz%252f..", "x%252f..%252fy", // decoded again
	"..%5C", "..%5Cx", "x%5C..", "..%255c", // IIS
	"..%00", "%00..", "..%00.json", "x%00", "..%2500", // strings that end with NUL
	"..%3Fa", "..%23", "..%253f", // the decoded path is parsed again
	"..%25u002f", "%25u002e%25U002E", // IIS
	"..%20", "..%09", ".%09.", "..%0D%0A", ".%2509.", // and loses what is not to be seen
	"...", "....", "..%3A", "..:$DATA", // and a name of a file ends
	"%C0%AE%C0%AE", "%E0%80%AE.", "..%C0%AF", "..%C1%9C", "..%C0%80", "..%C0%BB", "%C0.%C0%2e", "%C0%A52e.", // overlong UTF-8
	"%EF%BC%8E%EF%BC%8E", "%E2%80%A5", "%E2%80%A4.", "%EF%B9%92.", "..%EF%BC%8F", "..%E2%88%95", "..%EF%BC%9B", "%E2%80%A6", "%EF%BC%852e%EF%BC%852e", // NFKC, best fit
	"..+", "+..", "..,", "x,..", "..%7C", "..%22", "%22..%22x", "..%22x", "..%3C%3E", // dropped, or borders
	"..%C2%A5x", "..%E2%82%A9x", "..%E2%88%96x", "x%C2%A5..", "%C2%A5..%C2%A5x", // backslashes of Windows
	".%C2%AD.", ".%E2%80%8B.", ".%EF%BB%BF.", "..%C2%A0", ".%ff.", "%ff..", ".%C2%AD.%C2%A5x", // dropped
	"%f8%80%80%80%ae%f8%80%80%80%ae", "%fc%80%80%80%80%ae.", "..%c1%1cx", "..%c1%pcx", "..%c0%9vx", "%c0%2e%c0%6e", // overlong, and careless about it
	"%E3%80%82%E3%80%82", "%EF%BD%A1.", // full stops
	"%" + strings.Repeat("25", maxDecodings) + "41", // who knows
}

// Whatever dots become when they are escaped, wrapped and escaped again, they
// are refused.
func TestHiddenDots(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	borders := []string{"/", `\`, ";", "\x00", ";a=b", "/x", "?x", "\t", ""}
	for range 20_000 {
		segment := []string{".", ".."}[r.IntN(2)]
		for range r.IntN(maxDecodings - 1) {
			segment = segment + borders[r.IntN(len(borders))]
			segment = escapeSome(r, segment)
		}
		segment = url.PathEscape(segment) // what a URL can have
		if !hidesDots(segment) {
			t.Fatalf("%q passes", segment)
		}
		if _, _, err := ParseAPIURL("https://api.example/v1/" + segment); !errors.Is(err, ErrInvalidArgument) {
			t.Fatalf("ParseAPIURL(.../%s) = %v", segment, err)
		}
	}
}

// escapeSome escapes some bytes of text, in one case or the other.
func escapeSome(r *rand.Rand, text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if r.IntN(2) == 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, []string{"%%%02x", "%%%02X"}[r.IntN(2)], c)
		}
	}
	return b.String()
}

var anyEscape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// decodeOnce is what a lenient server does to a path.
func decodeOnce(path string) string {
	return anyEscape.ReplaceAllStringFunc(path, func(escape string) string {
		plain, err := url.PathUnescape(escape)
		if err != nil {
			panic(err)
		}
		return plain
	})
}

// FuzzAPIURL reads the paths that pass as servers do: decoded up to n times,
// with slashes of both kinds, cut at ";" and NUL.
func FuzzAPIURL(f *testing.F) {
	for _, segments := range [][]string{legalSegments, dotSegments} {
		for _, segment := range segments {
			f.Add("v1/" + segment + "/x")
		}
	}
	f.Fuzz(func(t *testing.T, path string) {
		_, segments, err := ParseAPIURL("https://api.example/" + path)
		if err != nil {
			return
		}
		read := strings.Join(segments, "/")
		for range 2 * maxDecodings {
			for part := range strings.FieldsFuncSeq(read, func(r rune) bool { return r == '/' || r == '\\' }) {
				part, _, _ = strings.Cut(part, ";")
				part, _, _ = strings.Cut(part, "\x00")
				if part == "." || part == ".." {
					t.Fatalf("%q passes, and some server reads %q", path, read)
				}
			}
			read = decodeOnce(read)
		}
	})
}
