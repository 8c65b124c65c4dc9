//go:build !js

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
)

// A fetchAPI is what the tests call with um.fetch, on an origin of its own.
type fetchAPI struct {
	origin string

	mu    sync.Mutex
	seen  []seen
	ended chan struct{} // when a request for /endless is over
	other string        // where /elsewhere leads to
}

// seen is what a request had.
type seen struct {
	Path, Method, Authorization, Cookie, Referer, ContentType, Proof string
}

// newAPI starts an API with CORS for everybody. With h2 it speaks HTTP/2,
// which streaming uploads need.
func newAPI(t *testing.T, a *app, h2 bool) *fetchAPI {
	t.Helper()
	s := &fetchAPI{ended: make(chan struct{}, 8)}
	server := httptest.NewUnstartedServer(s)
	if h2 {
		server.EnableHTTP2 = true
		server.StartTLS()
		s.origin = "https" + localhost(t, server.Listener.Addr())[len("http"):]
	} else {
		server.Start()
		s.origin = localhost(t, server.Listener.Addr())
	}
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	a.set("fetch", map[string]any{"allow": []string{s.origin + "/"}})
	return s
}

// requests returns what came, and forgets it.
func (s *fetchAPI) requests() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.seen
	s.seen = nil
	return all
}

// ServeHTTP answers with what the tests need.
func (s *fetchAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Expose-Headers", "*, WWW-Authenticate")
	header.Set("Cache-Control", "no-store")
	if r.Method == http.MethodOptions {
		header.Set("Access-Control-Allow-Methods", "*")
		header.Set("Access-Control-Allow-Headers", "*, Authorization")
		return
	}
	s.mu.Lock()
	s.seen = append(s.seen, seen{r.URL.Path, r.Method, r.Header.Get("Authorization"),
		r.Header.Get("Cookie"), r.Header.Get("Referer"), r.Header.Get("Content-Type"), r.Header.Get("DPoP")})
	other := s.other
	s.mu.Unlock()
	switch r.URL.Path {
	case "/digest", "/api/digest": // the length and the SHA-256 of the body
		hash := sha256.New()
		n, err := io.Copy(hash, r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"length": n, "sha256": hex.EncodeToString(hash.Sum(nil)),
			"type": r.Header.Get("Content-Type"), "echo": r.Header.Get("X-Echo"),
		})
	case "/bytes":
		n, _ := strconv.Atoi(r.FormValue("n"))
		chunk := make([]byte, 64<<10)
		for ; n > 0; n -= len(chunk) {
			if _, err := w.Write(chunk[:min(n, len(chunk))]); err != nil {
				return
			}
		}
	case "/endless":
		defer func() { s.ended <- struct{}{} }()
		_, _ = w.Write(make([]byte, 1<<10))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	case "/elsewhere":
		http.Redirect(w, r, other, http.StatusTemporaryRedirect)
	case "/here":
		http.Redirect(w, r, "/digest", http.StatusSeeOther)
	case "/empty":
		w.WriteHeader(http.StatusNoContent)
	case "/teapot":
		w.WriteHeader(http.StatusTeapot)
	default:
		http.NotFound(w, r)
	}
}
