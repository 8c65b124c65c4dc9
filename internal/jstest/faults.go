//go:build !js

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// A faultServer answers in every way that a client of HTTP has to cope with.
// All but /nocors may be read by any origin.
//
//	/ok                  {"ok":true}
//	/nocors              the same, which no other origin may read
//	/status?code=N       an answer with that status
//	/echo                the request as JSON: method, header, body
//	/redirect            302 to /ok
//	/big?n=N             N bytes of unannounced length
//	/slow?id=X           no answer
//	/stall?id=X&length=N the start of an answer of N bytes (0: of no length), and no more
//	/half                announces 100 bytes, sends 4 and hangs up
//	/drop                hangs up
//	/gone?id=X           answers when the client has hung up on /slow or /stall with that id
type faultServer struct {
	mu   sync.Mutex
	gone map[string]chan struct{} // closed when the request of that id has ended
}

func (s *faultServer) handler() http.Handler {
	s.gone = make(map[string]chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", ok)
	mux.HandleFunc("/nocors", ok)
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(number(r, "code"))
	})
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/ok", http.StatusFound)
	})
	mux.HandleFunc("/big", big)
	mux.HandleFunc("/slow", s.hang)
	mux.HandleFunc("/stall", s.stall)
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "half")
		hangUp(w)
	})
	mux.HandleFunc("/drop", func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/gone", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-s.ended(r.FormValue("id")):
		case <-r.Context().Done():
		}
	})
	return withCORS(mux)
}

// withCORS lets every origin read every answer and header, but for /nocors.
func withCORS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/nocors" {
			next.ServeHTTP(w, r)
			return
		}
		header := w.Header()
		header.Set("Access-Control-Allow-Origin", "*")
		header.Set("Access-Control-Expose-Headers", "*")
		if r.Method == http.MethodOptions {
			header.Set("Access-Control-Allow-Methods", r.Header.Get("Access-Control-Request-Method"))
			header.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func ok(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"ok":true}`)
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Echo", "heard")
	json.NewEncoder(w).Encode(map[string]any{
		"method": r.Method,
		"header": r.Header,
		"body":   string(body),
	})
}

func big(w http.ResponseWriter, r *http.Request) {
	chunk := make([]byte, 32<<10)
	for left := number(r, "n"); left > 0; left -= len(chunk) {
		if _, err := w.Write(chunk[:min(left, len(chunk))]); err != nil {
			return
		}
		http.NewResponseController(w).Flush()
	}
}

func (s *faultServer) hang(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // the server looks for a hang-up only after the body
	<-r.Context().Done()
	close(s.ended(r.FormValue("id")))
}

func (s *faultServer) stall(w http.ResponseWriter, r *http.Request) {
	if length := number(r, "length"); length > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	io.WriteString(w, "a start")
	http.NewResponseController(w).Flush()
	s.hang(w, r)
}

// ended returns the channel that is closed when the request of that id ends.
func (s *faultServer) ended(id string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone[id] == nil {
		s.gone[id] = make(chan struct{})
	}
	return s.gone[id]
}

// hangUp sends what is written and closes the connection.
func hangUp(w http.ResponseWriter) {
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// number returns a parameter of the query; what is no number is a mistake in
// the test.
func number(r *http.Request, name string) int {
	text := r.FormValue(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
	return n
}
