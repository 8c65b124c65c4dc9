package web

import (
	"net/http"
	"strings"
	"testing"
)

// TestPolicy expects the source lists where they belong, and nothing that a
// source list cannot hold.
func TestPolicy(t *testing.T) {
	const worker, logout = "/worker.js", "/frontchannel.html"
	tests := []struct {
		name       string
		policy     Policy
		path, want string // the end of the header
		refused    string // the setting
	}{
		{"nothing said", Policy{}, worker, "connect-src 'self'", ""},
		{"spaces", Policy{ConnectSrc: "  "}, worker, "connect-src 'self'", ""},
		{"one", Policy{ConnectSrc: "https://op.example"}, worker, "connect-src 'self' https://op.example", ""},
		{"two", Policy{ConnectSrc: " https://op.example  https://api.example:8443/v1/ "}, worker,
			"connect-src 'self' https://op.example https://api.example:8443/v1/", ""},
		{"all of a scheme", Policy{ConnectSrc: "https: wss:"}, worker, "connect-src 'self' https: wss:", ""},
		{"all hosts below one", Policy{ConnectSrc: "https://*.example.com:*"}, worker, "connect-src 'self' https://*.example.com:*", ""},
		{"a host alone", Policy{ConnectSrc: "localhost:8080"}, worker, "connect-src 'self' localhost:8080", ""},
		{"everywhere", Policy{ConnectSrc: "*"}, worker, "connect-src 'self' *", ""},
		{"nobody frames", Policy{}, logout, "frame-ancestors 'none'", ""},
		{"one frames", Policy{FrontChannelLogoutFrom: "https://op.example"}, logout, "frame-ancestors https://op.example", ""},

		{"a scheme misspelt", Policy{ConnectSrc: "htps://op.example"}, "", "", "ConnectSrc"},
		{"a scheme without its colon", Policy{ConnectSrc: "https//op.example"}, "", "", "ConnectSrc"},
		{"none", Policy{ConnectSrc: "'none' https://op.example"}, "", "", "ConnectSrc"},
		{"a keyword of scripts", Policy{ConnectSrc: "'unsafe-inline'"}, "", "", "ConnectSrc"},
		{"no port", Policy{ConnectSrc: "https://op.example:443x"}, "", "", "ConnectSrc"},
		{"a query", Policy{ConnectSrc: "https://op.example/a?b=1"}, "", "", "ConnectSrc"},
		{"another directive", Policy{ConnectSrc: "https://op.example; script-src *"}, "", "", "ConnectSrc"},
		{"another policy", Policy{ConnectSrc: "https://op.example, default-src *"}, "", "", "ConnectSrc"},
		{"another header", Policy{ConnectSrc: "https://op.example\r\nX: y"}, "", "", "ConnectSrc"},
		{"a tab", Policy{ConnectSrc: "https://op.example\thttps://api.example"}, "", "", "ConnectSrc"},
		{"beyond ASCII", Policy{ConnectSrc: "https://bücher.example"}, "", "", "ConnectSrc"},
		{"delete", Policy{ConnectSrc: "https://op.example\x7f"}, "", "", "ConnectSrc"},
		{"another directive for frames", Policy{FrontChannelLogoutFrom: "*; sandbox"}, "", "", "FrontChannelLogoutFrom"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := NewHandler(folder(t), tt.policy)
			if tt.refused != "" {
				if err == nil || !strings.HasPrefix(err.Error(), "web: Policy."+tt.refused+": ") {
					t.Errorf("NewHandler: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := get(h, http.MethodGet, tt.path, nil).Header.Get("Content-Security-Policy")
			if !strings.HasSuffix(got, "; "+tt.want) {
				t.Errorf("the policy is %q, want it to end in %q", got, tt.want)
			}
		})
	}
}

// TestChangedPolicy expects what carries a policy to be asked for again, and
// the policy of now in the answer, whatever the browser has stored.
func TestChangedPolicy(t *testing.T) {
	const worker = "/worker.0123456789abcdef.js"
	old := get(handler(t, Policy{ConnectSrc: "*"}), http.MethodGet, worker, nil)
	stored := http.Header{"If-None-Match": {old.Header.Get("ETag")}}
	same := get(handler(t, Policy{ConnectSrc: "*"}), http.MethodGet, worker, stored)
	for _, name := range []string{"Content-Security-Policy", "Cross-Origin-Embedder-Policy"} {
		if got := same.Header.Get(name); same.StatusCode != http.StatusNotModified || got == "" || got != old.Header.Get(name) {
			t.Errorf("the same policy: status %d, %s: %q", same.StatusCode, name, got)
		}
	}
	changed := get(handler(t, Policy{ConnectSrc: "https://op.example"}), http.MethodGet, worker, stored)
	if changed.StatusCode != http.StatusOK || !strings.HasSuffix(changed.Header.Get("Content-Security-Policy"), "'self' https://op.example") {
		t.Errorf("another policy: status %d, header %v", changed.StatusCode, changed.Header)
	}
	if old.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("Cache-Control: %q", old.Header.Get("Cache-Control"))
	}
}
