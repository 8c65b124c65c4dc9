package oidc

import "testing"

// Metadata may be answered at the same address with a slash more or less, and nowhere else.
func TestIsMoved(t *testing.T) {
	const from = "https://op.example/a/.well-known/openid-configuration"
	tests := []struct {
		name, from, to string
		want           bool
	}{
		{"a slash more", from, from + "/", true},
		{"a slash less", from + "/", from, true},
		{"a slash more in front of a query", from + "?p=policy", from + "/?p=policy", true},
		{"nowhere", from, from, false},
		{"two slashes more", from, from + "//", false},
		{"another file of the origin", from, "https://op.example/a/uploads/1", false},
		{"another file below", from, from + "/1", false},
		{"another file above", from, "https://op.example/", false},
		{"another query", from + "?p=policy", from + "/?p=other", false},
		{"a query more", from, from + "/?p=policy", false},
		{"a query less", from + "?p=policy", from + "/", false},
		{"a slash in the query", from + "?p=policy", from + "?p=policy/", false},
		{"another host", from, "https://evil.example/a/.well-known/openid-configuration/", false},
		{"another scheme", from, "http://op.example/a/.well-known/openid-configuration/", false},
		{"another port", from, "https://op.example:8443/a/.well-known/openid-configuration/", false},
		{"an address that cannot be read", from, "", false},
	}
	for _, tt := range tests {
		if got := IsMoved(tt.from, tt.to); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}
