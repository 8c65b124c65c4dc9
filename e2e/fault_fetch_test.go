//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A faultyAPI is an API that fails as it is told, and that takes no token
// which has expired.
type faultyAPI struct {
	op      *faulty
	address string

	mu     sync.Mutex
	script *script
	seen   int
}

func newFaultyAPI(t *testing.T, r *rig) *faultyAPI {
	t.Helper()
	api := &faultyAPI{op: r.op}
	api.address = serve(t, api) + "/things"
	t.Cleanup(api.heal) // before the server closes, which waits
	r.set("fetch", map[string]any{"allow": []string{api.address}})
	return api
}

// fail lets the next n requests meet a fault.
func (api *faultyAPI) fail(fault fault, n int) *script {
	s := &script{fault: fault, left: n, met: make(chan struct{}), released: make(chan struct{})}
	api.mu.Lock()
	defer api.mu.Unlock()
	api.script = s
	return s
}

func (api *faultyAPI) heal() {
	api.mu.Lock()
	defer api.mu.Unlock()
	if api.script != nil {
		close(api.script.released)
	}
	api.script = nil
}

// requests returns how many came since it was asked last.
func (api *faultyAPI) requests() int {
	api.mu.Lock()
	defer api.mu.Unlock()
	seen := api.seen
	api.seen = 0
	return seen
}

func (api *faultyAPI) meet() *script {
	api.mu.Lock()
	defer api.mu.Unlock()
	api.seen++
	if api.script == nil {
		return nil
	}
	return api.script.meet()
}

// failing returns the fault that requests meet or have met.
func (api *faultyAPI) failing() fault {
	api.mu.Lock()
	defer api.mu.Unlock()
	if api.script == nil {
		return ""
	}
	return api.script.fault
}

// refused is the fault of an API that takes no token.
const refused fault = "401"

func (api *faultyAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "authorization")
	w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate")
	probe := r.Header.Get("Sec-Fetch-Mode") == "no-cors"
	switch {
	case probe && api.failing() == offline:
		reset(w)
		return
	case probe, r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if left, ok := api.op.left(token); !ok || left <= 0 {
		api.op.t.Errorf("the API got a token that it cannot know (%v) or that expired %s ago", !ok, -left)
	}
	var fault fault
	s := api.meet()
	if s != nil {
		fault = s.fault
	}
	switch fault {
	case offline:
		reset(w)
	case broken, busy:
		refuse(w, fault)
	case refused:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	case half:
		breakOff(w)
	case slow:
		select {
		case <-s.released:
		case <-r.Context().Done():
			return
		}
		fallthrough
	default:
		_, _ = w.Write([]byte("things"))
	}
}

// fetchState asks the API: the text of the answer, its status, or the code or
// the name of the failure.
func fetchState(api *faultyAPI, init string) string {
	return fmt.Sprintf("um.fetch(%q, %s).then((r) => r.ok ? r.text() : String(r.status)).catch((e) => e instanceof oidc.OIDCError ? e.code : e.name)", api.address, init)
}

// breaksOff is the name of the failure of a body that breaks off: that of its
// stream, but in Firefox, which has one for all streams.
const breaksOff = `new Response(new ReadableStream({ start: (c) => c.error(new TypeError()) })).text().catch((e) => e.name)`

// breakOff answers with the first half of a body.
func breakOff(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "10")
	_, _ = w.Write([]byte("half"))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// An API that fails is not the session's failure: the request says what
// happened, as fetch does.
func TestFaultFetch(t *testing.T) {
	r := newRig(t)
	api := newFaultyAPI(t, r)
	tab := r.signedIn()
	tests := []struct {
		fault      fault
		init, want string
		requests   int
		renewals   int
		abort      bool
	}{
		{fault: offline, init: "{}", want: "network", requests: offline.times(t)}, // all but the first are the browser's own
		{fault: broken, init: "{}", want: "500", requests: 1},
		{fault: busy, init: "{}", want: "429", requests: 1},
		{fault: half, init: "{}", want: eval[string](tab, breaksOff), requests: 1},
		{fault: refused, init: "{}", want: "things", requests: 2, renewals: 1},
		{fault: slow, init: "{}", want: "things", requests: 1},
		{fault: slow, init: "{signal: (globalThis.aborter = new AbortController()).signal}", want: "AbortError", requests: 1, abort: true},
	}
	for _, tt := range tests {
		s := api.fail(tt.fault, tt.fault.times(t))
		r.op.count()
		api.requests()
		eval[bool](tab, fmt.Sprintf("globalThis.outcome = %s, true", fetchState(api, tt.init)))
		s.wait(t)
		if tt.abort {
			eval[bool](tab, "aborter.abort(), true")
		} else if tt.fault == slow {
			api.heal()
		}
		if got := eval[string](tab, "outcome"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.fault, got, tt.want)
		}
		if n := api.requests(); n > tt.requests || n == 0 {
			t.Errorf("%s: %d requests to the API, want %d", tt.fault, n, tt.requests)
		}
		if n := r.op.count()["refresh_token"]; n != tt.renewals {
			t.Errorf("%s: %d renewals, want %d", tt.fault, n, tt.renewals)
		}
		api.heal()
		if got := eval[string](tab, fetchState(api, "{}")); got != "things" {
			t.Errorf("after %s: %q", tt.fault, got)
		}
	}
	r.check(tab)
}

// Twenty requests from two tabs with a token that has expired: the API gets
// none with the old one, the provider is asked once, and whatever becomes of
// that, each request settles.
func TestFaultFetchRenewal(t *testing.T) {
	r := newRig(t)
	api := newFaultyAPI(t, r)
	first := r.signedIn()
	second := r.another(first)
	for _, fault := range []fault{"", slow, broken, busy, offline, half} {
		r.sleeps(first, 2*time.Hour, 0)
		r.op.count()
		var s *script
		if fault != "" {
			s = r.op.fail(oidctest.Token, fault, fault.times(t))
		}
		for _, tab := range []*tab{first, second} {
			eval[bool](tab, fmt.Sprintf("globalThis.outcome = Promise.all(Array.from({length: 10}, () => %s)).then((all) => [...new Set(all)].join(' ')), true",
				fetchState(api, "{}")))
		}
		if s != nil {
			s.wait(t)
		}
		if fault == slow {
			r.op.heal()
		}
		for _, tab := range []*tab{first, second} {
			for got := range strings.FieldsSeq(eval[string](tab, "outcome")) {
				if got != "things" && (fault == "" || fault == slow || !strings.Contains(strings.Join(outcomes[fault], " "), got)) {
					t.Errorf("the renewal meets %q: %q", fault, got)
				}
			}
		}
		if n := r.op.count()["refresh_token"]; (fault == "" || fault == slow) && n != 1 {
			t.Errorf("the renewal meets %q: %d renewals, want 1", fault, n)
		}
		r.op.heal()
		r.recovers(t, first, fmt.Sprintf("the renewal met %q", fault))
		if got := eval[string](second, fetchState(api, "{}")); got != "things" {
			t.Errorf("after the renewal met %q: %q", fault, got)
		}
	}
	r.check(first, second)
}

// The worker dies while the API is slow: the request fails with a code, and
// the next one works.
func TestFaultFetchWorkerDies(t *testing.T) {
	r := newRig(t)
	api := newFaultyAPI(t, r)
	tab := r.signedIn()
	s := api.fail(slow, 1)
	eval[bool](tab, fmt.Sprintf("globalThis.outcome = %s, true", fetchState(api, "{}")))
	s.wait(t)
	killWorkers(t, r.origin)
	if got := eval[string](tab, "outcome"); got != "runtime_stopped" {
		t.Errorf("when the worker died: %q", got)
	}
	api.heal()
	if got := eval[string](tab, fetchState(api, "{}")); got != "things" {
		t.Errorf("afterwards: %q", got)
	}
	r.check(tab)
}
