// Package api is a protected API: what stands behind a single-page app. It
// shows how little an API written in Go needs besides package resource.
package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// A Config describes an API. Issuer and Audience are required.
type Config struct {
	Issuer   string
	Audience string   // what access tokens for this API have as aud
	Scopes   []string // that a token needs, all of them
	Origins  []string // of sites elsewhere that may call the API (CORS)
	BaseURL  string   // where clients find the API, such as "https://app.example"; takes DPoP-bound tokens, too

	Transport oidc.Transport   // default: a [resource.Transport]
	Now       func() time.Time // default: [time.Now]
}

// New returns a handler for GET /api/hello. It fetches nothing before the
// first request. Codes: those of [resource.New].
func New(config Config) (http.Handler, error) {
	guard, err := resource.New(resource.Config{
		Issuers:   []resource.Issuer{{Issuer: config.Issuer, Audiences: []string{config.Audience}}},
		Scopes:    config.Scopes,
		Leeway:    10 * time.Second,
		DPoP:      resource.DPoP{BaseURL: config.BaseURL},
		Transport: config.Transport,
		Now:       config.Now,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /api/hello", guard.Handler(http.HandlerFunc(hello)))
	return cors(mux, config.Origins), nil
}

func hello(w http.ResponseWriter, r *http.Request) {
	claims := resource.ClaimsFrom(r.Context())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(map[string]string{ // fails only if the client is gone
		"message": "Hello from the API",
		"sub":     claims.Subject,
		"scope":   strings.Join(claims.Scopes, " "),
	})
}

// cors lets the origins call the API.
func cors(next http.Handler, origins []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if slices.Contains(origins, origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, DPoP")
			w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce")
			w.Header().Set("Access-Control-Max-Age", "600")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
