//go:build !js

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
)

// A faultServer answers in every way that a client of HTTP has to cope with.
// All but /nocors may be read by any origin.
//
//	/ok                  {"ok":true}
//	/nocors              the same, which no other origin may read
//	/nocors/seen         the requests for /nocors so far: [{method, uri, header}, ...]
//	/status?code=N       an answer with that status
//	/echo                the request as JSON: method, header, body
//	/cookies             the same, which may be asked with cookies
//	/redirect?to=P       302 to P, or /ok
//	/moved               302 to /moved/, which is as /ok
//	/away?to=P           302 to P, or /ok, at another origin, localhost
//	/keeps               /ok, and is in /nocors/seen, too
//	/big?n=N             N bytes of unannounced length
//	/slow?id=X           no answer; an id serves once
//	/stall?id=X&length=N the start of an answer of N bytes (0: of no length), and no more
//	/half                announces 100 bytes, sends 4 and hangs up
//	/drop                hangs up
//	/begun?id=X          answers when /slow or /stall with that id was asked
//	/gone?id=X           answers when the client has hung up on it
type faultServer struct {
	mu       sync.Mutex
	seen     []map[string]any // requests for /nocors
	hangings map[string]*hanging
}

// A hanging is a request for /slow or /stall; the channels close.
type hanging struct {
	begun, gone chan struct{}
}

func (s *faultServer) handler() http.Handler {
	s.hangings = make(map[string]*hanging)
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", ok)
	mux.HandleFunc("/nocors", s.noCORS)
	mux.HandleFunc("/nocors/seen", s.showSeen)
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(number(r, "code"))
	})
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/cookies", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
		w.Header().Set("Access-Control-Allow-Credentials", "true")
		echo(w, r)
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, cmp.Or(r.URL.Query().Get("to"), "/ok"), http.StatusFound)
	})
	mux.Handle("/moved", http.RedirectHandler("/moved/", http.StatusFound))
	mux.HandleFunc("/moved/", ok)
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		_, port, _ := net.SplitHostPort(r.Host)
		http.Redirect(w, r, "http://localhost:"+port+cmp.Or(r.URL.Query().Get("to"), "/ok"), http.StatusFound)
	})
	mux.HandleFunc("/keeps", s.noCORS) // what came here is in /nocors/seen
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
	mux.HandleFunc("/begun", func(_ http.ResponseWriter, r *http.Request) {
		await(r, s.hanging(r).begun)
	})
	mux.HandleFunc("/gone", func(_ http.ResponseWriter, r *http.Request) {
		await(r, s.hanging(r).gone)
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

func (s *faultServer) noCORS(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, map[string]any{"method": r.Method, "uri": r.RequestURI, "header": r.Header})
	ok(w, r)
}

func (s *faultServer) showSeen(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	json.NewEncoder(w).Encode(s.seen)
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
	h := s.hanging(r)
	close(h.begun)
	<-r.Context().Done()
	close(h.gone)
}

func (s *faultServer) stall(w http.ResponseWriter, r *http.Request) {
	if length := number(r, "length"); length > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	io.WriteString(w, "a start")
	http.NewResponseController(w).Flush()
	s.hang(w, r)
}

// hanging returns what is known of the request with the id that r names.
func (s *faultServer) hanging(r *http.Request) *hanging {
	id := r.URL.Query().Get("id")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hangings[id] == nil || id == "" {
		s.hangings[id] = &hanging{begun: make(chan struct{}), gone: make(chan struct{})}
	}
	return s.hangings[id]
}

// await waits for an event, as long as the client wants to know.
func await(r *http.Request, event <-chan struct{}) {
	select {
	case <-event:
	case <-r.Context().Done():
	}
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
