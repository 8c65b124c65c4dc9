//go:build js && wasm

package jsbridge

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// server returns the address of the server that internal/jstest runs.
func server(t *testing.T) string {
	t.Helper()
	address := os.Getenv("JSTEST_SERVER")
	if address == "" {
		t.Fatal("JSTEST_SERVER is not set: run with go test -exec bin/jstest")
	}
	return address
}

func TestFetch(t *testing.T) {
	move := func(r *FetchRequest) { r.IsMoved = slashed }
	tests := []struct {
		name string
		path string
		edit func(*FetchRequest)
		err  error
		body string
	}{
		{"answer", "/ok", nil, nil, `{"ok":true}`},
		{"404", "/status?code=404", nil, nil, ""},
		{"503", "/status?code=503", nil, nil, ""},
		{"204 has no body", "/status?code=204", nil, nil, ""},
		{"HEAD", "/ok", func(r *FetchRequest) { r.Method = "HEAD" }, nil, ""},
		{"as large as allowed", "/ok", func(r *FetchRequest) { r.MaxBytes = 11 }, nil, `{"ok":true}`},

		{"one byte too large", "/ok", func(r *FetchRequest) { r.MaxBytes = 10 }, ErrTooLarge, ""},
		{"too large by default", "/big?n=" + strconv.Itoa(defaultMaxBytes+1), nil, ErrTooLarge, ""},
		{"too large by its announced length", "/stall?length=11", func(r *FetchRequest) { r.MaxBytes = 10 }, ErrTooLarge, ""},
		{"too large and unfinished", "/stall", func(r *FetchRequest) { r.MaxBytes = 3 }, ErrTooLarge, ""},
		{"redirect", "/redirect", nil, ErrRedirect, ""},
		{"redirect to where it has moved", "/moved", move, nil, `{"ok":true}`},
		{"redirect to where it has moved, asked with a fragment", "/moved#a", move, nil, `{"ok":true}`},
		{"redirect to another address of the origin", "/redirect", move, ErrRedirect, ""},
		{"redirect by way of another address", "/redirect?to=/moved", move, ErrRedirect, ""},
		{"redirect to another origin that may not", "/away", move, ErrRedirect, ""},
		{"no redirect, and it might", "/ok", move, nil, `{"ok":true}`},
		{"not for this origin", "/nocors", nil, ErrCORS, ""},
		{"preflight refused", "/nocors", func(r *FetchRequest) { r.Header = map[string]string{"X-Test": "1"} }, ErrCORS, ""},
		{"hangs up", "/drop", nil, ErrNetwork, ""},
		{"hangs up halfway", "/half", nil, ErrNetwork, ""},
		{"no answer", "/slow", func(r *FetchRequest) { r.Timeout = time.Millisecond }, ErrTimeout, ""},
		{"half an answer", "/stall", func(r *FetchRequest) { r.Timeout = 500 * time.Millisecond }, ErrTimeout, ""},
		{"no URL", "", func(r *FetchRequest) { r.URL = "http://[" }, &Error{Name: "TypeError"}, ""},
		{"user in the URL", "", func(r *FetchRequest) { r.URL = "http://user:password@127.0.0.1/" }, &Error{Name: "TypeError"}, ""},
		{"malformed header", "/ok", func(r *FetchRequest) { r.Header = map[string]string{"X": "a\nb"} }, &Error{Name: "TypeError"}, ""},
		{"unknown scheme", "", func(r *FetchRequest) { r.URL = "nowhere://x/" }, ErrNetwork, ""},
		{"unknown cache mode", "/ok", func(r *FetchRequest) { r.Cache = "x" }, &Error{Name: "TypeError"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := Live()
			req := &FetchRequest{URL: server(t) + tt.path}
			if tt.edit != nil {
				tt.edit(req)
			}
			got, err := Fetch(t.Context(), req)
			if !errors.Is(err, tt.err) || (got == nil) != (err != nil) {
				t.Fatalf("got an answer: %t, error %v; want %v", got != nil, err, tt.err)
			}
			if err == nil && string(got.Body) != tt.body {
				t.Errorf("body %q, want %q", got.Body, tt.body)
			}
			if Live() != before {
				t.Errorf("%d callbacks are left", Live()-before)
			}
		})
	}
}

// slashed tells whether to is from with a slash more.
func slashed(from, to string) bool { return to == from+"/" }

// A stream is taken as it comes, and bounded by its silence alone.
func TestFetchStream(t *testing.T) {
	full := errors.New("enough")
	tests := []struct {
		name    string
		path    string
		take    error // of the first piece
		timeout time.Duration
		err     error
		taken   string
		body    string
	}{
		{"to its end", "/ok", nil, 0, nil, `{"ok":true}`, ""},
		{"more than any answer", "/big?n=" + strconv.Itoa(defaultMaxBytes+1), nil, 0, nil, "", ""},
		{"another status", "/status?code=404", nil, 0, nil, "", ""},
		{"silence", "/stall", nil, 500 * time.Millisecond, ErrTimeout, "a start", ""},
		{"nothing at all", "/slow", nil, time.Millisecond, ErrTimeout, "", ""},
		{"enough", "/stall", full, 0, full, "a start", ""},
		{"hangs up halfway", "/half", nil, 0, ErrNetwork, "half", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, taken := Live(), ""
			got, err := Fetch(t.Context(), &FetchRequest{URL: server(t) + tt.path, Timeout: tt.timeout, Stream: func(piece []byte) error {
				taken += string(piece)
				return tt.take
			}})
			if !errors.Is(err, tt.err) || (got == nil) != (err != nil) {
				t.Fatalf("got an answer: %t, error %v; want %v", got != nil, err, tt.err)
			}
			if strings.HasPrefix(tt.path, "/big") {
				if len(taken) < defaultMaxBytes+1 {
					t.Errorf("%d bytes", len(taken))
				}
			} else if taken != tt.taken && !(tt.err == ErrNetwork && taken == "") { // what broke off may have come, or not
				t.Errorf("taken %q, want %q", taken, tt.taken)
			}
			if err == nil && string(got.Body) != tt.body {
				t.Errorf("body %q, want %q", got.Body, tt.body)
			}
			if Live() != before {
				t.Errorf("%d callbacks are left", Live()-before)
			}
		})
	}
}

// What goes along with a request stays at its origin, wherever a redirect leads.
func TestFetchMovedTakesNothingAlong(t *testing.T) {
	req := &FetchRequest{URL: server(t) + "/away?to=/keeps", IsMoved: slashed, Header: map[string]string{"X-Gateway-Key": "s3cr3t-of-the-app"}}
	if _, err := Fetch(t.Context(), req); !errors.Is(err, ErrRedirect) {
		t.Errorf("Fetch = %v", err)
	}
	seen, err := Fetch(t.Context(), &FetchRequest{URL: server(t) + "/nocors/seen"})
	if err != nil {
		t.Fatal(err)
	}
	if body := string(seen.Body); !strings.Contains(body, "/keeps") || strings.Contains(body, "s3cr3t-of-the-app") {
		t.Errorf("the other origin got: %s", body)
	}
}

// echoed is what /echo and /nocors/seen tell of a request.
type echoed struct {
	Method string
	URI    string
	Header http.Header
	Body   string
}

func TestFetchSends(t *testing.T) {
	response, err := Fetch(t.Context(), &FetchRequest{
		Method: "POST",
		URL:    server(t) + "/echo",
		Header: map[string]string{"Authorization": "Bearer x", "Content-Type": "application/x-www-form-urlencoded"},
		Body:   "a=%C3%A4&b=ä",
		Cache:  "no-store",
	})
	if err != nil {
		t.Fatal(err)
	}
	if response.Status != 200 || response.Header["x-echo"] != "heard" || response.Header["content-type"] != "application/json" {
		t.Errorf("got %d, %v", response.Status, response.Header)
	}
	var got echoed
	if err := json.Unmarshal(response.Body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || got.Body != "a=%C3%A4&b=ä" {
		t.Errorf("the server saw %s %q", got.Method, got.Body)
	}
	want := map[string]string{
		"Authorization": "Bearer x",
		"Content-Type":  "application/x-www-form-urlencoded",
		"Cache-Control": "no-cache", // no-store, as the browser says it
		"Cookie":        "",         // there is one: see internal/jstest/site.go
		"Referer":       "",
	}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), value)
		}
	}
}

// Cookies go along where the request says so, if the server allows it.
func TestFetchCookies(t *testing.T) {
	for _, tt := range []struct {
		path, mode string
		want       bool
		err        error
	}{
		{"/cookies", "", false, nil},
		{"/cookies", "omit", false, nil},
		{"/cookies", "same-origin", false, nil}, // it is of another port
		{"/cookies", "include", true, nil},
		{"/echo", "include", false, ErrCORS}, // for any origin, without cookies
		{"/cookies", "all", false, &Error{Name: "TypeError"}},
	} {
		response, err := Fetch(t.Context(), &FetchRequest{URL: server(t) + tt.path, Cookies: tt.mode})
		if !errors.Is(err, tt.err) {
			t.Errorf("%s with %q: %v, want %v", tt.path, tt.mode, err, tt.err)
		}
		if err != nil {
			continue
		}
		var got echoed
		if err := json.Unmarshal(response.Body, &got); err != nil {
			t.Fatal(err)
		}
		if came := got.Header.Get("Cookie") != ""; came != tt.want {
			t.Errorf("%s with %q: a cookie came: %t", tt.path, tt.mode, came)
		}
	}
}

func TestFetchLargeBody(t *testing.T) {
	const n = 3<<20 + 5
	response, err := Fetch(t.Context(), &FetchRequest{URL: server(t) + "/big?n=" + strconv.Itoa(n), MaxBytes: n})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(response.Body, make([]byte, n)) {
		t.Errorf("got %d bytes, want %d zeros", len(response.Body), n)
	}
}

// TestFetchTimeByDefault: who sets no time does not wait for ever. The other
// bound is far enough away to tell the two apart on a busy machine.
func TestFetchTimeByDefault(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*defaultTimeout)
	defer cancel()
	if _, err := Fetch(ctx, &FetchRequest{URL: server(t) + "/slow"}); err != ErrTimeout {
		t.Errorf("got %v, want %v", err, ErrTimeout)
	}
	if defaultTimeout != 10*time.Second || defaultMaxBytes != 1<<20 {
		t.Error("the documents say 10 s and 1 MiB")
	}
}

// TestFetchStops: the server hears that nobody wants the answer any more.
func TestFetchStops(t *testing.T) {
	errEnough := errors.New("enough")
	tests := []struct {
		name string
		path string
		edit func(*FetchRequest)
		want error
		// of the answer that had begun; 0 is none
		status int
	}{
		{"cancelled without an answer", "/slow", nil, errEnough, 0},
		{"cancelled in the answer", "/stall", nil, errEnough, 200},
		{"too large", "/stall", func(r *FetchRequest) { r.MaxBytes = 3 }, ErrTooLarge, 200},
		{"too large as announced", "/stall", func(r *FetchRequest) { r.MaxBytes = 3; r.URL += "&length=4" }, ErrTooLarge, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := Live()
			id := rand.Text()
			req := &FetchRequest{URL: server(t) + tt.path + "?id=" + id, Timeout: time.Hour}
			if tt.edit != nil {
				tt.edit(req)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			switch {
			case tt.want != errEnough:
			case tt.status == 0:
				go func() {
					Fetch(t.Context(), &FetchRequest{URL: server(t) + "/begun?id=" + id})
					cancel(errEnough)
				}()
			default:
				begun := eval(t, whenAnswered)
				go func() {
					_, _ = Await(t.Context(), begun)
					cancel(errEnough)
				}()
			}
			_, err := Fetch(ctx, req)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if begun, ok := errors.AsType[*InterruptedError](err); ok != (tt.status != 0) || ok && begun.Status != tt.status {
				t.Errorf("got %v, want it to tell of an answer of status %d", err, tt.status)
			}
			if _, err := Fetch(t.Context(), &FetchRequest{URL: server(t) + "/gone?id=" + id}); err != nil {
				t.Errorf("the server still has the request: %v", err)
			}
			if Live() != before {
				t.Errorf("%d callbacks are left", Live()-before)
			}
		})
	}
}

// whenAnswered is a promise of the moment when the next request's answer has begun,
// and whoever waited for that knows.
const whenAnswered = `
	const original = fetch;
	return new Promise((resolve) => {
		globalThis.fetch = (request) => {
			globalThis.fetch = original;
			const answer = original(request), later = () => setTimeout(resolve);
			answer.then(later, later);
			return answer;
		};
	});`

func TestFetchContextEnded(t *testing.T) {
	errEnough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	if _, err := Fetch(ctx, &FetchRequest{URL: server(t) + "/ok"}); err != errEnough {
		t.Errorf("got %v, want %v", err, errEnough)
	}
}

// TestFetchProbe: the request that finds out about CORS carries nothing.
func TestFetchProbe(t *testing.T) {
	_, err := Fetch(t.Context(), &FetchRequest{
		Method: "POST",
		URL:    server(t) + "/nocors?code=s3cret#probe",
		Body:   "code=s3cret",
	})
	if err != ErrCORS {
		t.Fatalf("got %v, want %v", err, ErrCORS)
	}
	response, err := Fetch(t.Context(), &FetchRequest{URL: server(t) + "/nocors/seen"})
	if err != nil {
		t.Fatal(err)
	}
	var seen []echoed
	if err := json.Unmarshal(response.Body, &seen); err != nil || len(seen) < 2 {
		t.Fatalf("the server saw %d requests, %v", len(seen), err)
	}
	request, probe := seen[len(seen)-2], seen[len(seen)-1]
	if request.Method != "POST" || request.URI != "/nocors?code=s3cret" {
		t.Errorf("the request was %s %s", request.Method, request.URI)
	}
	if probe.Method != "GET" || probe.URI != "/nocors" || probe.Header.Get("Cookie") != "" || probe.Header.Get("Referer") != "" {
		t.Errorf("the probe was %s %s with %v", probe.Method, probe.URI, probe.Header)
	}
}

// TestFetchErrorsAreSilent: no error quotes what was asked.
func TestFetchErrorsAreSilent(t *testing.T) {
	for _, url := range []string{
		server(t) + "/nocors?code=s3cret", server(t) + "/drop?code=s3cret", server(t) + "/redirect?code=s3cret",
		server(t) + "/half?code=s3cret", "http://[?code=s3cret", "https://user:s3cret@op.example/",
	} {
		_, err := Fetch(t.Context(), &FetchRequest{URL: url})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
