//go:build !js

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A fault is what becomes of a request.
type fault string

const (
	offline fault = "offline" // the connection is reset; the provider has done nothing
	broken  fault = "500"
	busy    fault = "429"   // with Retry-After: 1
	slow    fault = "slow"  // no answer until it is released, or its sender gives up
	never   fault = "never" // no answer, and the provider has done nothing
	half    fault = "half"  // the provider has done it, but the connection ends in the middle of the answer
)

// A script is what becomes of the next requests to one endpoint.
type script struct {
	fault    fault
	left     int           // requests that it is for
	met      chan struct{} // closed when the first one has come
	released chan struct{} // what is slow waits for it
}

// A faulty is the provider for tests behind a network that fails as it is
// told, and watches how refresh tokens are used.
type faulty struct {
	*oidctest.OP
	t   testing.TB
	end chan struct{} // of the test

	mu       sync.Mutex
	clients  map[string]*oidctest.OP // all but the first, by client_id
	scripts  map[string]*script      // by endpoint
	last     map[string]fault        // of the last request, by endpoint
	chains   map[string]string       // sign-ins by refresh token: all of one are a session's
	expiries map[string]time.Time    // by access token
	flying   map[string]int          // refresh requests in flight, by sign-in
	overlaps int
	counts   map[string]int // requests by endpoint; of the token endpoint by grant_type
	requires bool           // the sign-in in a frame needs the provider's cookie
	denied   bool           // pages must not be framed
	ahead    time.Duration  // of the provider's clock
}

// newFaulty starts a provider for a client of the app.
func newFaulty(t testing.TB, a *app, host string) *faulty {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	f := &faulty{
		OP: oidctest.New(t), t: t, end: make(chan struct{}), scripts: map[string]*script{}, last: map[string]fault{},
		chains: map[string]string{}, flying: map[string]int{}, counts: map[string]int{}, clients: map[string]*oidctest.OP{}, expiries: map[string]time.Time{},
	}
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	f.Issuer = "http://" + net.JoinHostPort(host, port)
	f.ClientID = clientID
	f.RefreshTokens = true
	f.EditIDToken = f.date
	server.Config.Handler = f
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(func() { // before: Close waits for those that are held
		f.heal()
		close(f.end)
	})
	a.set("authority", f.Issuer)
	return f
}

// date dates an ID Token by the provider's clock.
func (f *faulty) date(_, claims map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, claim := range []string{"iat", "exp"} {
		claims[claim] = claims[claim].(int64) + int64(f.ahead/time.Second)
	}
}

// addClient registers another client. The provider has a session for it, too.
func (f *faulty) addClient(id string) {
	op := oidctest.New(f.t)
	op.Issuer, op.ClientID, op.Subject, op.Keys = f.Issuer, id, "subject-of-"+id, f.Keys
	op.RefreshTokens, op.EditIDToken = true, f.date
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clients[id] = op
}

// client returns the provider as a client sees it.
func (f *faulty) client(id string) *oidctest.OP {
	f.mu.Lock()
	defer f.mu.Unlock()
	if op := f.clients[id]; op != nil {
		return op
	}
	return f.OP
}

// fail lets the next n requests to an endpoint meet a fault.
func (f *faulty) fail(endpoint string, fault fault, n int) *script {
	s := &script{fault: fault, left: n, met: make(chan struct{}), released: make(chan struct{})}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.scripts[endpoint] = s
	return s
}

// heal ends all faults, and answers what was held.
func (f *faulty) heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.scripts {
		close(s.released)
	}
	clear(f.scripts)
	clear(f.last)
}

// endpoints by path.
var endpoints = map[string]string{
	"/.well-known/openid-configuration": oidctest.Discovery,
	"/jwks":                             oidctest.JWKS,
	"/authorize":                        oidctest.Authorize,
	"/token":                            oidctest.Token,
	"/logout":                           oidctest.EndSession,
	"/revoke":                           oidctest.Revocation,
	"/userinfo":                         oidctest.Userinfo,
}

// meet returns the script that a request is part of, nil if it has none.
func (f *faulty) meet(endpoint string, form url.Values) *script {
	f.mu.Lock()
	defer f.mu.Unlock()
	kind := endpoint
	if grant := form.Get("grant_type"); grant != "" {
		kind = grant
	}
	f.counts[kind]++
	f.last[endpoint] = ""
	s := f.scripts[endpoint]
	if s == nil || s.meet() == nil {
		return nil
	}
	f.last[endpoint] = s.fault
	return s
}

// meet uses a script up, and returns it if it was still good.
func (s *script) meet() *script {
	if s.left == 0 {
		return nil
	}
	s.left--
	select {
	case <-s.met:
	default:
		close(s.met)
	}
	return s
}

// count returns how often each kind of request was made, and starts anew.
func (f *faulty) count() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := maps.Clone(f.counts)
	clear(f.counts)
	return counts
}

// ServeHTTP answers, or does not.
func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	endpoint := endpoints[r.URL.Path]
	if r.Method == http.MethodOptions || r.Header.Get("Sec-Fetch-Mode") == "no-cors" {
		f.aside(endpoint, w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender is gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form := url.Values{}
	if r.Method == http.MethodPost {
		form, _ = url.ParseQuery(string(body))
	}
	landed := f.depart(form.Get("refresh_token"))
	answer := f.answer(endpoint, w, r, form)
	landed() // before the sender can know
	if answer != nil {
		answer()
	}
}

// aside answers what is no request of the protocol: it fails like the last
// one.
func (f *faulty) aside(endpoint string, w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	last := f.last[endpoint]
	f.mu.Unlock()
	if last == offline {
		reset(w)
		return
	}
	f.OP.ServeHTTP(w, r)
}

// answer deals with a request, and returns what sends its answer; nil if
// there is nobody to get one.
func (f *faulty) answer(endpoint string, w http.ResponseWriter, r *http.Request, form url.Values) func() {
	s := f.meet(endpoint, form)
	if s == nil {
		return f.process(endpoint, w, r, form, false)
	}
	switch s.fault {
	case offline:
		return func() { reset(w) }
	case broken, busy:
		return func() { refuse(w, s.fault) }
	case half:
		return f.process(endpoint, w, r, form, true)
	case slow:
		select {
		case <-s.released:
			return f.process(endpoint, w, r, form, false)
		case <-r.Context().Done():
		}
	case never:
		select {
		case <-f.end:
		case <-r.Context().Done():
		}
	}
	return nil
}

func refuse(w http.ResponseWriter, fault fault) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	status := http.StatusInternalServerError
	if fault == busy {
		w.Header().Set("Retry-After", "1")
		status = http.StatusTooManyRequests
	}
	w.WriteHeader(status)
}

// process lets the provider do what is asked.
func (f *faulty) process(endpoint string, w http.ResponseWriter, r *http.Request, form url.Values, cut bool) func() {
	recorded := httptest.NewRecorder()
	f.session(endpoint, recorded, r, form.Get("client_id")+r.URL.Query().Get("client_id"))
	f.follow(form, recorded.Body.Bytes())
	return func() {
		maps.Copy(w.Header(), recorded.Header())
		body := recorded.Body.Bytes()
		if cut {
			w.Header().Set("Content-Length", fmt.Sprint(max(len(body), 2)))
			w.WriteHeader(recorded.Code)
			_, _ = w.Write(body[:len(body)/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(body)
	}
}

// session lets the provider answer; who comes in a frame without the cookie
// has no session, if that is required.
func (f *faulty) session(endpoint string, w http.ResponseWriter, r *http.Request, client string) {
	f.mu.Lock()
	requires, denied := f.requires, f.denied
	f.mu.Unlock()
	const cookie = "provider_session"
	framed := r.Header.Get("Sec-Fetch-Dest") == "iframe"
	if endpoint == oidctest.Authorize && denied && framed {
		w.Header().Set("X-Frame-Options", "DENY")
		w.WriteHeader(http.StatusOK)
		return
	}
	if endpoint == oidctest.Authorize && requires {
		_, err := r.Cookie(cookie)
		f.Edit(func() { f.SignedIn = err == nil })
		if !framed {
			http.SetCookie(w, &http.Cookie{
				Name: cookie, Value: "1", Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode,
			})
		}
	}
	f.client(client).ServeHTTP(w, r)
}

// depart notes a refresh request in flight; the result ends that.
func (f *faulty) depart(token string) (landed func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	chain := f.chains[token]
	if chain == "" {
		return func() {}
	}
	f.flying[chain]++
	if f.flying[chain] > 1 {
		f.overlaps++
	}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.flying[chain]--
	}
}

// wait waits until the first request has met the fault.
func (s *script) wait(t *testing.T) {
	t.Helper()
	select {
	case <-s.met:
	case <-time.After(stepTimeout):
		t.Fatalf("no request came that could meet %q", s.fault)
	}
}

// left returns how long an access token is good for, by the provider's clock.
func (f *faulty) left(accessToken string) (left time.Duration, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	expiry, known := f.expiries[accessToken]
	return expiry.Sub(time.Now().Add(f.ahead)), known
}

// follow notes when a new access token expires, and to which sign-in a new
// refresh token belongs.
func (f *faulty) follow(form url.Values, body []byte) {
	var tokens struct {
		AccessToken  string `json:"access_token"`
		ExpiresIn    int    `json:"expires_in"`
		RefreshToken string `json:"refresh_token"`
	}
	if json.Unmarshal(body, &tokens) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expiries[tokens.AccessToken] = time.Now().Add(f.ahead + time.Duration(tokens.ExpiresIn)*time.Second)
	if tokens.RefreshToken == "" {
		return
	}
	chain := f.chains[form.Get("refresh_token")]
	if chain == "" {
		chain = tokens.RefreshToken
	}
	f.chains[tokens.RefreshToken] = chain
}

// check fails the test if two refresh requests of a session were in flight.
// The provider itself fails it on a refresh token that is used twice.
func (f *faulty) check() {
	f.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.overlaps > 0 {
		f.t.Errorf("%d times two refresh requests of a session were in flight", f.overlaps)
	}
}

// reset ends a connection as a network does that goes away.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
