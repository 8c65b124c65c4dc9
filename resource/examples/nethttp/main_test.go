package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oidcspa/oidcspa/resource/examples/internal/op"
)

// The API as it runs, behind its own server.
func TestAPI(t *testing.T) {
	provider := op.New(t)
	handler, err := newAPI(provider.URL, op.Audience)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	for _, tt := range []struct {
		name, method, path, token string
		status                    int
		body                      string
	}{
		{"for everybody", "GET", "/health", "", http.StatusNoContent, ""},
		{"good", "GET", "/things", provider.Token(op.Audience, "read"), http.StatusOK, `{"scopes":["read"],"subject":"jane"}` + "\n"},
		{"no token", "GET", "/things", "", http.StatusUnauthorized, ""},
		{"another audience", "GET", "/things", provider.Token("other", "read"), http.StatusUnauthorized, ""},
		{"another scope", "GET", "/things", provider.Token(op.Audience, "write"), http.StatusForbidden, ""},
		{"no strong sign-in", "DELETE", "/things", provider.Token(op.Audience, "write"), http.StatusUnauthorized, ""},
	} {
		status, body := op.Ask(t, server.URL+tt.path, tt.method, tt.token)
		if status != tt.status || tt.body != "" && body != tt.body {
			t.Errorf("%s: %d %s, want %d %s", tt.name, status, body, tt.status, tt.body)
		}
	}
}
