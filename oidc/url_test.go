package oidc

import (
	"strconv"
	"testing"
	"time"
)

func TestCheckIssuer(t *testing.T) {
	tests := []struct {
		name, issuer string
		want         error
	}{
		{"3 https", "https://op.example", nil},
		{"3 https with port and path", "https://op.example:8443/tenant", nil},
		{"3 a trailing slash", "https://op.example/", nil},
		{"3 upper-case scheme", "HTTPS://op.example", nil},
		{"8252-7.3 localhost", "http://localhost:8080", nil},
		{"8252-7.3 localhost in upper case", "http://LOCALHOST", nil},
		{"8252-7.3 localhost with the root dot", "http://localhost.", nil},
		{"8252-7.3 a name below localhost", "http://op.localhost:8080", nil},
		{"8252-7.3 IPv4 loopback", "http://127.0.0.1:8080", nil},
		{"8252-7.3 all of 127/8", "http://127.1.2.3", nil},
		{"8252-7.3 IPv6 loopback", "http://[::1]:8080", nil},
		{"3 http", "http://op.example", ErrInsecureURL},
		{"3 http on a private address", "http://192.168.0.1", ErrInsecureURL},
		{"3 http on the unspecified address", "http://0.0.0.0", ErrInsecureURL},
		{"3 http on a name that ends in localhost", "http://evillocalhost", ErrInsecureURL},
		{"3 http on a name that begins with localhost", "http://localhost.evil.example", ErrInsecureURL},
		{"3 http on a name that begins like loopback", "http://127.0.0.1.evil.example", ErrInsecureURL},
		{"3 a browser's own scheme", "blob://op.example", ErrInsecureURL},
		{"3 no scheme", "//op.example", ErrInsecureURL},
		{"3 no host", "https:///path", ErrInvalidConfig},
		{"3 a port and no host", "https://:443", ErrInvalidConfig},
		{"3 opaque", "https:op.example", ErrInvalidConfig},
		{"3 a user", "https://user@op.example", ErrInvalidConfig},
		{"3 a query", "https://op.example?tenant=1", ErrInvalidConfig},
		{"3 an empty query", "https://op.example?", ErrInvalidConfig},
		{"3 a fragment", "https://op.example#x", ErrInvalidConfig},
		{"3 an empty fragment", "https://op.example#", ErrInvalidConfig},
		{"3 a backslash before the host", `https://op.example\@evil.example`, ErrInvalidConfig},
		{"3 a line break", "https://op.example/\n", ErrInvalidConfig},
		{"3 a space before", " https://op.example", ErrInvalidConfig},
		{"3 empty", "", ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkError(t, CheckIssuer(tt.issuer), tt.want)
		})
	}
}

func TestParams(t *testing.T) {
	tests := []struct{ name, endpoint, want string }{
		{"6749-3.1 no query", "https://op.example/a", "https://op.example/a?x=1+%2B%26&%C3%A4=2"},
		{"6749-3.1 a query is kept", "https://op.example/a?q=%20", "https://op.example/a?q=%20&x=1+%2B%26&%C3%A4=2"},
		{"6749-3.1 an empty query", "https://op.example/a?", "https://op.example/a?x=1+%2B%26&%C3%A4=2"},
		{"6749-3.1 a query that ends in &", "https://op.example/a?q&", "https://op.example/a?q&x=1+%2B%26&%C3%A4=2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := &params{}
			p.add("x", "0")
			p.add("empty", "")
			p.set("ä", "2")
			p.set("x", "1 +&")
			if got := p.appendTo(tt.endpoint); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := (&params{}).appendTo("https://op.example/a"); got != "https://op.example/a" {
		t.Errorf("without parameters: got %q", got)
	}
}

// Extra parameters take time in proportion to how many there are. With the square
// no run is quick; in proportion one is, whatever else the machine does.
func TestManyParameters(t *testing.T) {
	took := func(n int) time.Duration {
		extra := map[string]string{"last": "2"}
		for i := range n {
			extra[strconv.Itoa(i)] = "1"
		}
		p := &params{}
		p.add("last", "1")
		start := time.Now()
		p.setAll(extra)
		took := time.Since(start)
		if len(p.names) != n+1 || p.get("last") != "2" {
			t.Fatalf("%d parameters, and the last is %q", len(p.names), p.get("last"))
		}
		return took
	}
	var few, many time.Duration
	for begin := time.Now(); time.Since(begin) < 10*time.Second; {
		few, many = took(4000), took(64_000)
		if many <= 100*few+200*time.Millisecond { // with the square 256 times, and seconds
			return
		}
	}
	t.Errorf("4000 take %v, and sixteen times as many %v", few, many)
}
