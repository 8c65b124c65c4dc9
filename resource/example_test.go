package resource_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/oidcspa/oidcspa/resource"
)

// A server that the provider tells of logouts, and whose pages listen.
func ExampleMiddleware_BackChannelLogout() {
	guard, err := resource.New(resource.Config{
		Issuers: []resource.Issuer{{Issuer: "https://op.example", Audiences: []string{"https://app.example/api"}}},
		Endings: &resource.MemoryEndings{}, // several processes: package redisendings
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	logout, err := guard.BackChannelLogout(resource.BackChannelLogout{
		Clients: map[string][]string{"https://op.example": {"app"}}, // client_ids
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	events, err := guard.LogoutEvents(resource.LogoutEvents{})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("POST /backchannel-logout", logout) // backchannel_logout_uri
	mux.Handle("GET /events", events)              // logoutEvents
	server := http.Server{Handler: mux}
	server.RegisterOnShutdown(events.Close)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("POST", "/backchannel-logout", nil))
	fmt.Println(w.Code, w.Header().Get("Cache-Control"))
	// Output: 400 no-store
}

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
