//go:build !js

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A rig is an app and its provider under faults, with what is checked in all
// of them; see [rig.check].
type rig struct {
	*app
	t  testing.TB
	op *faulty

	mu        sync.Mutex
	problems  []string // what pages and workers report
	wall      time.Duration
	monotonic time.Duration
}

// newRig serves the test app with a clock that can be set.
func newRig(t testing.TB) *rig { return newRigAt(t, "localhost") }

// newRigAt is newRig with the provider on a host of its own.
func newRigAt(t testing.TB, host string) *rig {
	t.Helper()
	a := newApp(t)
	r := &rig{app: a, t: t, op: newFaulty(t, a, host)}
	a.respond("/", func(w http.ResponseWriter, req *http.Request) {
		a.mu.Lock()
		host := a.host
		a.mu.Unlock()
		w.Header().Set("Content-Security-Policy", policy(host))
		http.ServeFileFS(w, req, testappFiles(), "fault/index.html")
	})
	a.respond("/fault.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, r.prefix()+file(t, "fault/calls.js"))
	})
	a.respond("/problems", func(_ http.ResponseWriter, req *http.Request) {
		problem, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.problems = append(r.problems, string(problem))
	})
	worker := "/" + assetsManifest(t).Files["worker.js"].Name
	a.respond(worker, func(w http.ResponseWriter, req *http.Request) { r.serveWorker(w, req) })
	return r
}

func file(t testing.TB, name string) string {
	t.Helper()
	data, err := testapp.ReadFile("testapp/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// prefix is the script before the scripts of pages and workers.
func (r *rig) prefix() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("globalThis.offset = {wall: %d, monotonic: %d};\n", r.wall.Milliseconds(), r.monotonic.Milliseconds()) +
		file(r.t, "fault/clock.js")
}

// serveWorker serves the worker's script behind the prefix.
func (r *rig) serveWorker(w http.ResponseWriter, req *http.Request) {
	req.Header.Del("Accept-Encoding")
	req.Header.Del("If-None-Match")
	recorded := httptest.NewRecorder()
	r.assets.ServeHTTP(recorded, req)
	for name, values := range recorded.Header() {
		if name != "Content-Length" && name != "Etag" {
			w.Header()[name] = values
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.Copy(w, io.MultiReader(strings.NewReader(r.prefix()+endScript+noKeeperScript), bytes.NewReader(recorded.Body.Bytes())))
}

// setClock sets the wall clock of the browser, and of its monotonic clock,
// relative to the true time. The worker, if there is to be one, runs, and has
// heard of it in the end.
func (r *rig) setClock(tab *tab, wall, monotonic time.Duration) {
	r.t.Helper()
	r.mu.Lock()
	r.wall, r.monotonic = wall, monotonic
	r.mu.Unlock()
	r.app.mu.Lock()
	host := r.host
	r.app.mu.Unlock()
	eval[bool](tab, fmt.Sprintf("setClock({wall: %d, monotonic: %d}, %t)", wall.Milliseconds(), monotonic.Milliseconds(), host != "page"))
}

// timePasses lets all clocks go on by d, the provider's too, and wakes the
// program so that it notices.
func (r *rig) timePasses(tab *tab, d time.Duration) {
	r.t.Helper()
	r.op.mu.Lock()
	r.op.ahead += d
	r.op.mu.Unlock()
	r.setClock(tab, r.wall+d, r.monotonic+d)
	eval[bool](tab, "um.stats({ collect: true }).then(() => true)")
}

// open opens the app in a fresh profile.
func (r *rig) open() *tab {
	r.t.Helper()
	tab := newTab(r.t)
	tab.expectProblems() // check looks at them
	tab.visit(r.origin + "/")
	return tab
}

// signedIn opens the app in a fresh profile, and signs in.
func (r *rig) signedIn() *tab {
	r.t.Helper()
	tab := r.open()
	if code := signinCode(tab); code != "" {
		r.t.Fatalf("sign-in: code %q", code)
	}
	return tab
}

// check fails the test on what must never happen: a call that does not
// settle, an unhandled rejection, an error in the console that is not the
// browser's own of a request that failed, two refresh requests in flight.
func (r *rig) check(tabs ...*tab) {
	r.t.Helper()
	for _, tab := range tabs {
		tab.waitFor("calls.pending.size === 0")
		r.checkConsole(tab)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, problem := range r.problems {
		r.t.Errorf("reported: %s", problem)
	}
	r.op.check()
}

// ofRequests are in what Chromium and Firefox say of requests that failed, and of
// answers that break off.
var ofRequests = []string{"Failed to load resource", "(Reason: CORS request did not succeed)", "Failed to read data from the ReadableStream"}

// checkConsole fails the test on what a console says, but for the browser's
// own words about requests that failed.
func (r *rig) checkConsole(tab *tab) {
	r.t.Helper()
	for _, problem := range tab.takeProblems() {
		if !slices.ContainsFunc(ofRequests, func(words string) bool { return strings.Contains(problem, words) }) {
			r.t.Errorf("console: %s", problem)
		}
	}
}
