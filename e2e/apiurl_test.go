//go:build !js

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

// Pieces of addresses that parsers are known to read in different ways.
var (
	urlSchemes = []string{"https://", "https://", "https://", "https://", "http://", "HTTPS://", "https:/", "https:", "//", "https:\\\\", "ftp://"}
	urlHosts   = []string{
		"api.example", "api.example", "api.example", "API.Example", "api.example.", "localhost", "127.0.0.1", "127.1", "0x7f.1", "2130706433",
		"1.2.3.4.", "[::1]", "[0:0::1]", "[::ffff:1.2.3.4]", "[2001:DB8::0:1]", "[::1%25eth0]", "user@api.example", "@api.example", ":@api.example",
		"api.example\\@evil.example", "api%2eexample", "api_example", "a-b.example", "xn--bcher-kva.example", "bücher.example", "ａpi.example", "", "a..b", ".a", "a.0x", "a.1x", "a b", "a^b", "a|b", "a!b", "a$b", "a<b", "-a-",
	}
	urlPorts    = []string{"", "", "", "", ":443", ":80", ":8443", ":", ":0", ":00443", ":65535", ":65536", ":99999", ":x", ":-1", ":+1", ":8 "}
	urlSegments = []string{
		"v1", "v1", "v1", "V1", "admin", "", ".", "..", "...", "%2e", "%2E%2e", ".%2e", "%", "%%", "100%", "%zz", "%2", "%2f", "%2Fadmin", "%5c", "\\", "a\\b",
		"a|b", "a^b", "a`b", "a\"b", "a<b>", "a{b}", "[x]", "a;b", ";", "a:b", "a@b", "a=b", "a&b", "a+b", "a'b", "a(b)", "a!b", "a*b", "a,b", "a~b", "a$b",
		"ü", "%C3%BC", "%c0%ae", "\u2024", "a b", "a\tb", "a\nb", "\x00", "\x7f", "%00", "%20", "%7C", "%u002e", "%25", "%252e", "%2525", "x%2f..%2fy",
	}
	urlQueries = []string{"", "", "", "?", "?a=b", "?a=\\", "?path=C:\\x\\..", "?%", "?%zz", "?a|b", "?a=b/../c", "??", "?ü", "?a b", "?'", "?\"", "?<>", "?[]", "#", "#a", "?a#b", "#?a"}
)

func anyURL(r *rand.Rand) string {
	one := func(of []string) string { return of[r.IntN(len(of))] }
	var b strings.Builder
	b.WriteString(one(urlSchemes) + one(urlHosts) + one(urlPorts))
	for range r.IntN(5) {
		b.WriteString("/" + one(urlSegments))
		if r.IntN(4) == 0 {
			b.WriteString(one(urlSegments))
		}
	}
	if r.IntN(4) == 0 {
		b.WriteString("/")
	}
	return b.String() + one(urlQueries)
}

// What the list of a token's addresses takes for the origin and the path of an
// address is what the browser takes for them: of addresses as the browser has
// written them, which is what a request has, and of those that somebody has written,
// which is what the list has. None that is harmless is refused.
func TestAPIURLsAreReadAsTheBrowserReadsThem(t *testing.T) {
	const many = 20_000
	r := rand.New(rand.NewPCG(1, 2))
	urls := make([]string, many)
	for i := range urls {
		urls[i] = anyURL(r)
	}
	list, err := json.Marshal(urls)
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	type read struct {
		Href, Origin, Pathname string
		Userinfo               bool
	}
	browser := eval[[]*read](tab, fmt.Sprintf(`%s.map((address) => {
		try {
			const { href, origin, pathname, username, password, protocol } = new URL(address);
			if (protocol !== "https:" && protocol !== "http:") return null;
			return { Href: href, Origin: origin, Pathname: pathname, Userinfo: Boolean(username || password) };
		} catch {
			return null;
		}
	})`, list))
	segmentsOf := func(pathname string) []string {
		path := strings.TrimRight(strings.TrimPrefix(pathname, "/"), "/")
		path = strings.NewReplacer("|", "%7C", "^", "%5E").Replace(path) // as some browsers do
		if path == "" {
			return nil
		}
		return strings.Split(path, "/")
	}
	taken, written, harmless := 0, 0, 0
	for i, raw := range urls {
		is := browser[i]
		if origin, segments, err := oidc.ParseAPIURL(raw); err == nil {
			written++
			if is == nil || origin != is.Origin || !slices.Equal(segments, segmentsOf(is.Pathname)) || is.Userinfo {
				t.Errorf("%q is %q, %q; the browser has %+v", raw, origin, segments, is)
			}
		}
		if is == nil {
			continue
		}
		href, _, _ := strings.Cut(is.Href, "#")
		origin, segments, err := oidc.ParseAPIURL(href)
		if err == nil {
			taken++
			if origin != is.Origin || !slices.Equal(segments, segmentsOf(is.Pathname)) || is.Userinfo {
				t.Errorf("%q is %q, %q; the browser has %+v", href, origin, segments, is)
			}
		}
		if !plain(is.Origin, is.Pathname) || is.Userinfo {
			continue
		}
		if harmless++; err != nil {
			t.Errorf("%q is refused: %v", href, err)
		}
	}
	t.Logf("%d addresses as written, %d as the browser writes them are taken, of which %d have to be", written, taken, harmless)
	if written < many/100 || taken < many/10 || harmless < many/100 {
		t.Error("too few of them are any good")
	}
}

// plain tells whether nothing speaks against an address: it is secure, its host is a
// name of common characters, and nothing in the path could be dots.
func plain(origin, pathname string) bool {
	host, secure := strings.CutPrefix(origin, "https://")
	return secure && host != "." && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.:[]") == "" &&
		!strings.HasPrefix(pathname, "//") && !strings.ContainsAny(pathname, ".;") &&
		!strings.Contains(strings.ToLower(pathname), "%0") && !strings.Contains(strings.ToLower(pathname), "%2e") &&
		!strings.Contains(strings.ToLower(pathname), "%u") && !strings.Contains(pathname, "%25") && !strings.Contains(pathname, "%C") && !strings.Contains(pathname, "%c") && !strings.Contains(pathname, "%E")
}
