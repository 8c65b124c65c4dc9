package session

import (
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

func TestFetchAllowed(t *testing.T) {
	const none = ""
	tests := []struct {
		name, allow, url string
		want             oidc.Code
	}{
		{"the address itself", "https://api.example/v1", "https://api.example/v1", none},
		{"below it", "https://api.example/v1", "https://api.example/v1/things/7", none},
		{"with a query", "https://api.example/v1", "https://api.example/v1?next=https://evil.example", none},
		{"with a fragment", "https://api.example/v1", "https://api.example/v1#part", none},
		{"a slash at the end", "https://api.example/v1", "https://api.example/v1/", none},
		{"a slash at the end of the list's", "https://api.example/v1/", "https://api.example/v1", none},
		{"the whole origin", "https://api.example", "https://api.example/any/thing", none},
		{"the default port", "https://api.example:443", "https://api.example/", none},
		{"another case of the host", "https://API.example", "https://api.EXAMPLE/", none},
		{"IPv6", "http://[::1]:8080/v1", "http://[::1]:8080/v1/x", none},
		{"an IDN in ASCII", "https://xn--bcher-kva.example", "https://xn--bcher-kva.example/", none},
		{"an escaped slash below it", "https://api.example/v1", "https://api.example/v1/group%2Fname", none},

		{"a suffix of the host", "https://api.example.com", "https://api.example.com.evil.example/", ErrFetchNotAllowed},
		{"a prefix of the host", "https://example.com", "https://evilexample.com/", ErrFetchNotAllowed},
		{"a host below it", "https://example.com", "https://api.example.com/", ErrFetchNotAllowed},
		{"userinfo", "https://api.example", "https://api.example@evil.example/", ErrFetchNotAllowed},
		{"userinfo at the right host", "https://api.example", "https://user@api.example/", ErrFetchNotAllowed},
		{"a backslash", "https://api.example", `https://evil.example\@api.example/`, ErrFetchNotAllowed},
		{"another port", "https://api.example", "https://api.example:8443/", ErrFetchNotAllowed},
		{"another scheme", "http://localhost:8080", "https://localhost:8080/", ErrFetchNotAllowed},
		{"a dot behind the host", "https://api.example", "https://api.example./", ErrFetchNotAllowed},
		{"half a segment", "https://api.example/v1", "https://api.example/v10", ErrFetchNotAllowed},
		{"an escaped slash as the border", "https://api.example/v1", "https://api.example/v1%2Fthings", ErrFetchNotAllowed},
		{"another case of the path", "https://api.example/v1", "https://api.example/V1", ErrFetchNotAllowed},
		{"an empty segment first", "https://api.example/v1", "https://api.example//v1", ErrFetchNotAllowed},
		{"up the path", "https://api.example/v1", "https://api.example/v1/../admin", ErrFetchNotAllowed},
		{"up the path, escaped", "https://api.example/v1", "https://api.example/v1/%2e%2e/admin", ErrFetchNotAllowed},
		{"up the path behind a slash, escaped", "https://api.example/v1", "https://api.example/v1/..%2Fadmin", ErrFetchNotAllowed},
		{"a longer path alone", "https://api.example/v1/things", "https://api.example/v1", ErrFetchNotAllowed},
		{"no URL", "https://api.example", "api", ErrFetchNotAllowed},
		{"not encrypted", "https://api.example", "http://api.example/", ErrFetchNotAllowed},
		{"an IDN that looks the same", "https://api.example", "https://аpi.example/", ErrFetchNotAllowed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			settings := FetchSettings{Allow: []API{{URL: tt.allow}}}
			if err := settings.check(); err != nil {
				t.Fatal(err)
			}
			_, err := settings.find(tt.url)
			if code := codeOf(err); code != tt.want {
				t.Errorf("find = %q, want %q", string(code), string(tt.want))
			}
		})
	}
}

func codeOf(err error) oidc.Code {
	if err == nil {
		return ""
	}
	return err.(oidc.Code)
}

func TestFetchLongestPath(t *testing.T) {
	settings := FetchSettings{Allow: []API{
		{URL: "https://api.example/v1/files", Resource: "urn:files"},
		{URL: "https://api.example", Resource: "urn:all"},
		{URL: "https://api.example/v1", Resource: "urn:v1"},
	}}
	if err := settings.check(); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]string{
		"https://api.example/v1/files/7": "urn:files",
		"https://api.example/v1/files7":  "urn:v1",
		"https://api.example/v2":         "urn:all",
	} {
		if api, err := settings.find(address); err != nil || api.Resource != want {
			t.Errorf("%s: %v, %v; want %s", address, api, err, want)
		}
	}
}

func TestFetchSettingsRefusals(t *testing.T) {
	tests := []struct {
		name     string
		settings FetchSettings
		want     oidc.Code
	}{
		{"a path", FetchSettings{Allow: []API{{URL: "/api"}}}, oidc.ErrInvalidConfig},
		{"nothing", FetchSettings{Allow: []API{{}}}, oidc.ErrInvalidConfig},
		{"a query", FetchSettings{Allow: []API{{URL: "https://api.example/?a=b"}}}, oidc.ErrInvalidConfig},
		{"a fragment", FetchSettings{Allow: []API{{URL: "https://api.example/#a"}}}, oidc.ErrInvalidConfig},
		{"an IDN", FetchSettings{Allow: []API{{URL: "https://bücher.example/"}}}, oidc.ErrInvalidConfig},
		{"a wildcard", FetchSettings{Allow: []API{{URL: "*"}}}, oidc.ErrInvalidConfig},
		{"not encrypted", FetchSettings{Allow: []API{{URL: "http://api.example/"}}}, oidc.ErrInsecureURL},
		{"an unknown answer", FetchSettings{StepUp: "frame"}, oidc.ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			mustFail(t, "check", tt.settings.check(), tt.want)
		})
	}
}
