package resource_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/oidcspa/oidcspa/resource"
)

// What a request without a token is told.
func Example() {
	guard, err := resource.New(resource.Config{
		Issuers: []resource.Issuer{{
			Issuer:    "https://op.example",
			Audiences: []string{"https://app.example/api"},
		}},
		DPoP: resource.DPoP{BaseURL: "https://app.example"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /api/things", guard.Handler(http.NotFoundHandler(), "read"))
	mux.Handle("POST /api/payments", guard.Require(http.NotFoundHandler(), resource.Requirement{
		Scopes:    []string{"pay"},
		ACRValues: []string{"mfa"},
		MaxAge:    5 * time.Minute,
	}))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/api/things", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	// Output: 401 Bearer, DPoP algs="ES256 EdDSA Ed25519"
}
