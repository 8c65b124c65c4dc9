package oidc

import (
	"errors"
	"slices"
	"testing"
)

func TestParseAPIURL(t *testing.T) {
	tests := []struct {
		url, origin string
		segments    []string
		want        error
	}{
		{"https://api.example/v1/things?a=b", "https://api.example", []string{"v1", "things"}, nil},
		{"https://api.example", "https://api.example", nil, nil},
		{"https://api.example/", "https://api.example", nil, nil},
		{"https://api.example/v1/", "https://api.example", []string{"v1"}, nil},
		{"https://API.example:443/V1", "https://api.example", []string{"V1"}, nil},
		{"https://api.example:8443/", "https://api.example:8443", nil, nil},
		{"https://api.example./v1", "https://api.example.", []string{"v1"}, nil},
		{"http://localhost:80/v1", "http://localhost", []string{"v1"}, nil},
		{"https://[2001:DB8::1]:443/v1", "https://[2001:db8::1]", []string{"v1"}, nil},
		{"https://xn--bcher-kva.example/v1", "https://xn--bcher-kva.example", []string{"v1"}, nil},
		{"https://api.example/v1/a%2Fb", "https://api.example", []string{"v1", "a%2Fb"}, nil},
		{"https://api.example/v1//x", "https://api.example", []string{"v1", "", "x"}, nil},

		{"http://api.example/v1", "", nil, ErrInsecureURL},
		{"ftp://api.example/v1", "", nil, ErrInsecureURL},
		{"/v1", "", nil, ErrInvalidArgument},
		{"https:api.example", "", nil, ErrInvalidArgument},
		{"https://user@api.example/", "", nil, ErrInvalidArgument},
		{"https://api.example@evil.example/", "", nil, ErrInvalidArgument},
		{"https://@api.example/", "", nil, ErrInvalidArgument},
		{`https://api.example\@evil.example/`, "", nil, ErrInvalidArgument},
		{`https://api.example\v1`, "", nil, ErrInvalidArgument},
		{"https://bücher.example/", "", nil, ErrInvalidArgument},
		{"https://api%2eexample/", "", nil, ErrInvalidArgument},
		{"https://api.example/v1#a", "", nil, ErrInvalidArgument},
		{"https://api.example/v1 x", "", nil, ErrInvalidArgument},
		{"https://api.example/v1\tx", "", nil, ErrInvalidArgument},
		{"https://api.example//v1", "", nil, ErrInvalidArgument},
		{"https://api.example/v1/../admin", "", nil, ErrInvalidArgument},
		{"https://api.example/v1/%2e%2E/admin", "", nil, ErrInvalidArgument},
		{"https://api.example/v1/..%2fadmin", "", nil, ErrInvalidArgument},
		{"https://api.example/v1/x%2F..%5Cadmin", "", nil, ErrInvalidArgument},
		{"https://api.example/v1/.", "", nil, ErrInvalidArgument},
		{"https://api.example/v1/100%", "https://api.example", []string{"v1", "100%"}, nil},
		{"https://api.example/v1/%zz", "https://api.example", []string{"v1", "%zz"}, nil},
		{"https://api.example/v1%2fadmin|x", "https://api.example", []string{"v1%2fadmin%7Cx"}, nil},
		{"https://api.example/v1%2Fadmin[x]", "https://api.example", []string{"v1%2Fadmin[x]"}, nil},
		{`https://api.example/v1?path=C:\x`, "https://api.example", []string{"v1"}, nil},
		{`https://api.example?a="<>`, "https://api.example", nil, nil},
		{"https://api.example/v1/x|y", "https://api.example", []string{"v1", "x%7Cy"}, nil},
		{"HTTPS://api.example:0443/v1", "https://api.example", []string{"v1"}, nil},
		{"http://127.0.0.1:08080/", "http://127.0.0.1:8080", nil, nil},
		{"http://[0:0:0:0:0:0:0:1]/", "http://[::1]", nil, nil},
		{"https://[::FFFF:1.2.3.4]/", "https://[::ffff:102:304]", nil, nil},
		{"https://api.example/v1/x^y", "https://api.example", []string{"v1", "x%5Ey"}, nil},
		{"https://api.example/v1///", "https://api.example", []string{"v1"}, nil},
		{"https://0x7f.1/", "", nil, ErrInvalidArgument},
		{"https://1.2.3/", "", nil, ErrInvalidArgument},
		{"https://api.example.0x/", "", nil, ErrInvalidArgument},
		{"https://api.example:65536/", "", nil, ErrInvalidArgument},
		{"https://[fe80::1%25eth0]/", "", nil, ErrInvalidArgument},
		{`https://api.example/v1/"x"`, "", nil, ErrInvalidArgument},
		{"https://api!example/", "", nil, ErrInvalidArgument},
		{"https://api.example:port/", "", nil, ErrInvalidArgument},
	}
	for _, segment := range legalSegments {
		tests = append(tests, struct {
			url, origin string
			segments    []string
			want        error
		}{"https://api.example/v1/" + segment + "/x", "https://api.example", []string{"v1", segment, "x"}, nil})
	}
	for _, segment := range dotSegments {
		tests = append(tests, struct {
			url, origin string
			segments    []string
			want        error
		}{"https://api.example/v1/" + segment + "/admin", "", nil, ErrInvalidArgument})
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			origin, segments, err := ParseAPIURL(tt.url)
			if origin != tt.origin || !slices.Equal(segments, tt.segments) || !errors.Is(err, tt.want) {
				t.Errorf("got %q, %q, %v; want %q, %q, %v", origin, segments, err, tt.origin, tt.segments, tt.want)
			}
		})
	}
}
