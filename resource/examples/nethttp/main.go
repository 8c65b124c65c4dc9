// Nethttp is an API of one program: net/http, and package resource in front of
// what it protects.
//
//	ISSUER=https://op.example AUDIENCE=https://api.example go run ./nethttp
package main

import (
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/oidcspa/oidcspa/resource"
)

func main() {
	handler, err := newAPI(os.Getenv("ISSUER"), os.Getenv("AUDIENCE"))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "localhost:8080", Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// newAPI returns the handler of all of its addresses.
func newAPI(issuer, audience string) (http.Handler, error) {
	guard, err := resource.New(resource.Config{
		Issuers: []resource.Issuer{{Issuer: issuer, Audiences: []string{audience}}},
		Refused: func(_ *http.Request, err error) { log.Print(err) },
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("GET /things", guard.Handler(http.HandlerFunc(things), "read"))
	mux.Handle("DELETE /things", guard.Require(http.HandlerFunc(things), resource.Requirement{
		Scopes:    []string{"write"},
		ACRValues: []string{"mfa"},
		MaxAge:    5 * time.Minute,
	}))
	return mux, nil
}

// things answers with what it knows of who asks.
func things(w http.ResponseWriter, r *http.Request) {
	claims := resource.ClaimsFrom(r.Context())
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"subject": claims.Subject, "scopes": claims.Scopes}) // the client may be gone
}
