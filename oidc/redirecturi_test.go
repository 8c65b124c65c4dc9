package oidc

import (
	"errors"
	"strings"
	"testing"
)

// The address at which a response arrives is the redirect URI of its request
// (RFC 9700 4.4.2.2).
func TestFitRedirectURI(t *testing.T) {
	const none, match = 0, 1
	tests := []struct {
		name, redirectURI, address string
		want                       Fit
	}{
		{"equal", "https://app.example/cb.html", "https://app.example/cb.html", match},
		{"with a response", "https://app.example/cb", "https://app.example/cb?code=c&state=s", match},
		{"with a fragment", "https://app.example/cb", "https://app.example/cb#code=c&state=s", match},
		{"no path", "https://app.example", "https://app.example/?code=c", match},
		{"default port", "https://app.example:443/cb", "https://APP.example/cb", match},
		{"escapes", "https://app.example/caf%C3%A9", "https://app.example/café", match},
		{"dot segments", "https://app.example/a/../cb", "https://app.example/cb", match},
		{"own query", "https://app.example/cb?op=1", "https://app.example/cb?op=1&code=c", match + 1},
		{"own query, put behind", "https://app.example/cb?op=1", "https://app.example/cb?code=c&op=1", match + 1},
		{"own query, written otherwise", "https://app.example/cb?op=a%20b", "https://app.example/cb?op=a+b", match + 1},
		{"two parameters", "https://app.example/cb?op=1&x", "https://app.example/cb?x=&op=1", match + 2},
		{"of an installed app", "com.example.app:/cb", "com.example.app:/cb?code=c", match},
		{"of an installed app, without a path", "com.example.app:cb", "com.example.app:cb?code=c", match},

		{"without .html", "https://app.example/cb.html", "https://app.example/cb?code=c", match},
		{"with .html", "https://app.example/cb", "https://app.example/cb.html?code=c", match},
		{"with a slash", "https://app.example/cb", "https://app.example/cb/?code=c", match},
		{"without a slash", "https://app.example/cb/", "https://app.example/cb?code=c", match},
		{"without index.html", "https://app.example/cb/index.html", "https://app.example/cb/?code=c", match},
		{"with index.html", "https://app.example", "https://app.example/index.html?code=c", match},
		{"index without .html", "https://app.example/index.html", "https://app.example/index?code=c", match},
		{"two slashes", "https://app.example/a//cb", "https://app.example/a/cb", match},
		{"rewritten with own query", "https://app.example/cb.html?op=1", "https://app.example/cb?op=1", match + 1},

		{"another scheme", "https://localhost/cb", "http://localhost/cb", none},
		{"another host", "https://app.example/cb", "https://app.example.evil/cb", none},
		{"another port", "https://app.example/cb", "https://app.example:8443/cb", none},
		{"another path", "https://app.example/cb", "https://app.example/cb2", none},
		{"another case", "https://app.example/cb", "https://app.example/CB", none},
		{"below", "https://app.example/cb", "https://app.example/cb/x", none},
		{"not the index", "https://app.example/cb-index.html", "https://app.example/cb-", none},
		{"another suffix", "https://app.example/cb.html", "https://app.example/cb.htm", none},
		{"a slash escaped twice", "https://app.example/a%2Fcb", "https://app.example/a%252Fcb", none},
		{"an escaped slash", "https://app.example/a/cb", "https://app.example/a%2Fcb", none},
		{"another value", "https://app.example/cb?op=1", "https://app.example/cb?op=2&code=c", none},
		{"no value", "https://app.example/cb?op=1", "https://app.example/cb?code=c", none},
		{"the value twice", "https://app.example/cb?op=1", "https://app.example/cb?op=1&op=2", none},
		{"in the fragment", "https://app.example/cb?op=1", "https://app.example/cb#op=1", none},
		{"userinfo", "https://app.example/cb", "https://evil@app.example/cb", none},
		{"relative", "https://app.example/cb", "/cb?code=c", none},
		{"a query alone", "https://app.example/cb", "?code=c", none},
		{"no URL", "https://app.example/cb", "https://app.example:port/cb", none},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := FitRedirectURI(tt.redirectURI, tt.address); got != tt.want {
				t.Errorf("fit %d, want %d", got, tt.want)
			}
		})
	}
}

func TestSameRedirectURI(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"https://app.example/cb", "https://app.example/cb", true},
		{"https://app.example/cb", "https://app.example/cb.html", true},
		{"https://app.example/cb/?op=1", "https://app.example/cb.html?op=1", true},
		{"https://app.example/", "https://app.example/index.html", true},
		{"https://app.example/cb", "https://app.example/cb?op=1", false},
		{"https://app.example/cb?op=1", "https://app.example/cb?op=2", false},
		{"https://app.example/cb", "https://app.example/cb2", false},
	}
	for _, tt := range tests {
		if SameRedirectURI(tt.a, tt.b) != tt.want || SameRedirectURI(tt.b, tt.a) != tt.want {
			t.Errorf("%s and %s: want %v", tt.a, tt.b, tt.want)
		}
	}
}

// The message shows both paths, for whoever has a server that rewrites them,
// and nothing of the response.
func TestArrivalError(t *testing.T) {
	tests := []struct{ name, redirectURI, address, want string }{
		{"another path", "https://app.example/cb.html?op=1", "https://app.example/login/cb?code=c3cr3t#c3cr3t",
			"the response arrived at https://app.example/login/cb, and the redirect URI of its request is https://app.example/cb.html: oidc: redirect_uri_mismatch"},
		{"another query", "https://app.example/cb?op=1", "https://app.example/cb?op=2&code=c3cr3t",
			"the response arrived at https://app.example/cb with another query than the redirect URI of its request has: oidc: redirect_uri_mismatch"},
		{"no address", "https://app.example/cb", "?code=c3cr3t",
			"the response arrived at no address, and the redirect URI of its request is https://app.example/cb: oidc: redirect_uri_mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := ArrivalError(tt.redirectURI, tt.address)
			if err.Error() != tt.want || !errors.Is(err, ErrRedirectURIMismatch) || strings.Contains(err.Error(), "c3cr3t") {
				t.Errorf("got %q", err)
			}
		})
	}
}

// What matches one address is the same for the other, but for the query.
func FuzzFitRedirectURI(f *testing.F) {
	for _, seed := range []string{"https://app.example/cb.html?op=1", "https://app.example/", "com.example.app:cb", "http://[::1]:8080/a%2Fb//c?x=%20"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, redirectURI, address string) {
		fit := FitRedirectURI(redirectURI, address)
		if fit < 0 {
			t.Errorf("fit %d", fit)
		}
		parsed, err := parseAddress(redirectURI)
		if err == nil && FitRedirectURI(redirectURI, redirectURI) != Fit(1+len(parsed.query)) {
			t.Error("a redirect URI does not match itself")
		}
		if SameRedirectURI(redirectURI, address) != SameRedirectURI(address, redirectURI) {
			t.Error("the other way round it is another")
		}
	})
}
