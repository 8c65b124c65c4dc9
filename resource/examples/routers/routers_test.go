package routers

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/oidcspa/oidcspa/resource"
	"github.com/oidcspa/oidcspa/resource/examples/internal/op"
)

// Each router lets the same requests through, and answers the others alike.
func TestRouters(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	provider := op.New(t)
	guard, err := resource.New(resource.Config{Issuers: []resource.Issuer{{Issuer: provider.URL, Audiences: []string{op.Audience}}}})
	if err != nil {
		t.Fatal(err)
	}
	good := provider.Token(op.Audience, "read")
	for name, router := range map[string]http.Handler{"chi": Chi(guard), "echo": Echo(guard), "gin": Gin(guard)} {
		server := httptest.NewServer(router)
		t.Cleanup(server.Close)
		for _, tt := range []struct {
			name, target, token string
			status              int
			body                string
		}{
			{"good", "/things/7", good, http.StatusOK, "7 jane"},
			{"again", "/things/8", good, http.StatusOK, "8 jane"},
			{"no token", "/things/7", "", http.StatusUnauthorized, `{"error":"Unauthorized"}` + "\n"},
			{"a token that is none", "/things/7", "x", http.StatusUnauthorized, `{"error":"invalid_token"}` + "\n"},
			{"another audience", "/things/7", provider.Token("other", "read"), http.StatusUnauthorized, `{"error":"invalid_token"}` + "\n"},
			{"another scope", "/things/7", provider.Token(op.Audience, "write"), http.StatusForbidden, `{"error":"insufficient_scope"}` + "\n"},
			{"in the query, too", "/things/7?access_token=x", good, http.StatusBadRequest, `{"error":"invalid_request"}` + "\n"},
		} {
			if status, body := op.Ask(t, server.URL+tt.target, http.MethodGet, tt.token); status != tt.status || body != tt.body {
				t.Errorf("%s: %s: %d %q, want %d %q", name, tt.name, status, body, tt.status, tt.body)
			}
		}
	}
}
