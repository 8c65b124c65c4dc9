// Package api is a protected API: what stands behind a single-page app. It
// shows how little an API written in Go needs to check access tokens with
// package oidc.
package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A Config describes an API. Issuer and Audience are required.
type Config struct {
	Issuer   string
	Audience string   // what access tokens for this API have as aud
	Scopes   []string // that a token needs, all of them
	Origins  []string // of sites elsewhere that may call the API (CORS)

	Transport oidc.Transport   // default: a [Transport]
	Now       func() time.Time // default: [time.Now]
}

// handler answers requests that carry a good access token.
type handler struct {
	config   Config
	verifier oidc.AccessTokenVerifier
	keys     *keyCache
}

// New returns a handler for GET /api/hello. It fetches nothing before the
// first request.
func New(config Config) http.Handler {
	if config.Transport == nil {
		config.Transport = &Transport{}
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	h := &handler{
		config:   config,
		verifier: oidc.AccessTokenVerifier{Issuer: config.Issuer, Audience: config.Audience, Leeway: 10 * time.Second},
		keys:     &keyCache{issuer: config.Issuer, transport: config.Transport, now: config.Now},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/hello", h.hello)
	return h.cors(mux)
}

func (h *handler) hello(w http.ResponseWriter, r *http.Request) {
	token, ok := bearer(r)
	if !ok {
		// RFC 6750 3.1: no error code for who sent nothing.
		refuse(w, http.StatusUnauthorized, "Bearer")
		return
	}
	var claims *oidc.AccessTokenClaims
	err := h.keys.verify(r.Context(), func(keys *oidc.KeySet) (err error) {
		claims, err = h.verifier.Verify(token, keys, h.config.Now(), h.config.Scopes...)
		return err
	})
	switch {
	case err == nil:
		writeJSON(w, http.StatusOK, map[string]string{
			"message": "Hello from the API",
			"sub":     claims.Subject,
			"scope":   strings.Join(claims.Scopes, " "),
		})
	case errors.Is(err, errNoKeys):
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
	case errors.Is(err, oidc.ErrScopeInsufficient):
		refuse(w, http.StatusForbidden, `Bearer error="insufficient_scope", scope="`+strings.Join(h.config.Scopes, " ")+`"`)
	default:
		refuse(w, http.StatusUnauthorized, `Bearer error="invalid_token", error_description="`+description(err)+`"`)
	}
}

// description returns the code of an error: enough for a developer, and
// nothing out of the token.
func description(err error) string {
	if code, ok := errors.AsType[oidc.Code](err); ok {
		return string(code)
	}
	return "unknown"
}

// bearer returns the token of the Authorization header (RFC 6750 2.1).
func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}

// refuse answers as RFC 6750 3 says.
func refuse(w http.ResponseWriter, status int, challenge string) {
	w.Header().Set("WWW-Authenticate", challenge)
	writeJSON(w, status, map[string]string{"error": http.StatusText(status)})
}

func writeJSON(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails only if the client is gone
}

// cors lets the configured origins call the API.
func (h *handler) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if slices.Contains(h.config.Origins, origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Headers", "Authorization")
			w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate")
			w.Header().Set("Access-Control-Max-Age", "600")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
