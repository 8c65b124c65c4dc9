//go:build !js

package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// A count is what a client has asked for.
type count struct {
	app      int // requests at the origin of the app
	bytes    int // of the bodies it answered with
	provider map[string]int
}

// all is the number of requests at the provider.
func (c count) all() int {
	n := 0
	for _, times := range c.provider {
		n += times
	}
	return n
}

// counts are those of each origin.
type counts struct {
	mu       sync.Mutex // guards byOrigin
	byOrigin map[string]*count
}

// of returns the count of an origin, which the caller has locked.
func (c *counts) of(origin string) *count {
	if c.byOrigin == nil {
		c.byOrigin = map[string]*count{}
	}
	if c.byOrigin[origin] == nil {
		c.byOrigin[origin] = &count{provider: map[string]int{}}
	}
	return c.byOrigin[origin]
}

// takeCount returns what a client has asked for since the last time.
func (c *counts) takeCount(of *client) count {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := *c.of(of.origin)
	delete(c.byOrigin, of.origin)
	return taken
}

// countProvider counts a request at the provider. Whose it is, the header Origin
// says, or where the response is to go. A question whether a request may be made
// (CORS) is not counted: the browser keeps the answer.
func (c *counts) countProvider(r *http.Request) {
	origin := r.Header.Get("Origin")
	if back, err := url.Parse(r.URL.Query().Get("redirect_uri")); err == nil && back.Host != "" {
		origin = back.Scheme + "://" + back.Host
	}
	if r.Method == http.MethodOptions {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of(origin).provider[strings.Trim(r.URL.Path, "/")]++
}

// countApp counts the requests at the origin of the app, without the reports.
func (c *counts) countApp(of *client, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/report" {
			next.ServeHTTP(w, r)
			return
		}
		counting := &countingWriter{ResponseWriter: w}
		next.ServeHTTP(counting, r)
		c.mu.Lock()
		defer c.mu.Unlock()
		count := c.of(of.origin)
		count.app++
		count.bytes += counting.bytes
	})
}

// A countingWriter counts the bytes of a body.
type countingWriter struct {
	http.ResponseWriter

	bytes int
}

func (w *countingWriter) Write(data []byte) (int, error) {
	n, err := w.ResponseWriter.Write(data)
	w.bytes += n
	return n, err
}
