//go:build !js

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestCounts gives each client what is its own: by the header Origin, or by where
// the response is to go.
func TestCounts(t *testing.T) {
	const app = "http://app.localhost:1"
	request := func(method, target, origin string) *http.Request {
		r := httptest.NewRequest(method, target, nil)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		return r
	}
	tests := []struct {
		name    string
		request *http.Request
		want    string
	}{
		{"navigation", request("GET", "/authorize?redirect_uri="+app+"/back.html", ""), "map[authorize:1]"},
		{"fetch", request("POST", "/token", app), "map[token:1]"},
		{"fetch of another", request("POST", "/token", "http://app.localhost:2"), "map[]"},
		{"question of CORS", request("OPTIONS", "/token", app), "map[]"},
		{"nobody's", request("GET", "/style.css", ""), "map[]"},
	}
	for _, tt := range tests {
		var c counts
		c.countProvider(tt.request)
		taken := c.takeCount(&client{origin: app})
		if got := fmt.Sprint(taken.provider); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
		if again := c.takeCount(&client{origin: app}); again.all() != 0 {
			t.Errorf("%s: %v is counted twice", tt.name, again.provider)
		}
	}

	var c counts
	me := &client{origin: app}
	handler := c.countApp(me, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "12345")
	}))
	for _, target := range []string{"/", "/report", "/assets/app.js"} {
		handler.ServeHTTP(httptest.NewRecorder(), request("GET", target, ""))
	}
	if got := c.takeCount(me); got.app != 2 || got.bytes != 10 {
		t.Errorf("%d requests with %d bytes, want 2 with 10: the report is not the app's", got.app, got.bytes)
	}
}
