//go:build !js

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A history is what happens to a program with an honest page and some hostile
// ones: they open connections, call, answer, lie, stay silent and close, in any
// order. Whatever they do, three things hold: the program lives, the calls of
// the honest page settle in time, and in the end nothing of it is left.
//
// Each step is two bytes: what, and a variant of it.
type history struct {
	*world
	t       *testing.T
	locks   *locks
	honest  *tab
	hostile []*hostilePage
	calls   sync.WaitGroup // of the honest page
}

const (
	// settled is how long a call of the honest page may take while hostile ones
	// do what they can, and soon is how long when they are gone.
	settled = 2 * time.Minute
	soon    = 20 * time.Second

	maxHostile = 5
	maxSteps   = 60
)

// FuzzHistory runs histories; see [history].
func FuzzHistory(f *testing.F) {
	for _, seed := range historySeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, steps []byte) { runHistory(t, steps) })
}

// historySeeds are histories of one idea.
var historySeeds = [][]byte{
	{connects, 0, opens, 1, calls, 0, rests, 3, honestCalls, 0, vanishes, 0, honestCalls, 0},   // a frame for a day
	{connects, 2, opens, 1, calls, 0, calls, 1, honestCalls, 1, rests, 2, honestCalls, 2},      // with a lock
	{connects, 0, opens, 2, vanishes, 0, honestCalls, 1, honestCalls, 3},                       // peers of a lie
	{connects, 0, rests, 3, rests, 3, connects, 1, connects, 2, rests, 3, honestCalls, 0},      // never opened
	{connects, 0, opens, 0, calls, 0, lies, 0, lies, 1, lies, 2, lies, 3, honestCalls, 1},      // lies
	{connects, 0, opens, 3, opens, 4, calls, 7, serves, 0, serves, 0, closes, 0, garbage, 1},   // another client
	{connects, 0, opens, 5, connects, 1, opens, 6, connects, 2, opens, 0, calls, 12, rests, 3}, // steps and others
}

// The steps.
const (
	connects = iota
	opens
	calls
	serves
	lies
	rests
	closes
	vanishes
	garbage
	cancels
	honestCalls
	stepKinds
)

// TestHistories runs random histories, the same ones each time.
func TestHistories(t *testing.T) {
	for i, seed := range historySeeds {
		t.Run(fmt.Sprint("seed ", i), func(t *testing.T) { runHistory(t, seed) })
	}
	rnd := rand.New(rand.NewPCG(11, 2))
	for range 150 {
		steps := []byte{connects, byte(rnd.IntN(256)), opens, byte(rnd.IntN(256))}
		for len(steps) < 2*maxSteps {
			steps = append(steps, byte(rnd.IntN(stepKinds)), byte(rnd.IntN(256)))
		}
		runHistory(t, steps)
		if t.Failed() {
			t.Fatalf("the history is %v", steps)
		}
	}
}

func runHistory(t *testing.T, steps []byte) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t)
		h.run(steps[:min(len(steps), 2*maxSteps)&^1])
		h.end()
	})
}

func newHistory(t *testing.T) *history {
	h := &history{world: newWorld(t), t: t, locks: &locks{free: map[string]chan string{}}}
	h.op.Keys = []*oidctest.Key{oidctest.NewKey("ES256", "key-1")} // cheap
	h.op.Lifetime = 90 * time.Second
	h.op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
	h.honest = h.connect()
	h.honest.connection.Gone = h.locks.Gone
	h.honest.offer("ping", func(context.Context, []byte) (any, error) { return nil, nil })
	h.honest.must("open", object{"version": Version, "signed_in": false, "lock": "oidcspa.page.honest", "settings": h.settings}, nil)
	h.honest.signIn(h.op)
	return h
}

func (h *history) run(steps []byte) {
	for ; len(steps) > 0; steps = steps[2:] {
		kind, variant := steps[0]%stepKinds, int(steps[1])
		switch {
		case kind == connects && len(h.hostile) < maxHostile:
			h.hostile = append(h.hostile, newHostilePage(h, variant))
		case kind == rests:
			time.Sleep([]time.Duration{time.Millisecond, time.Second, 11 * time.Second, 61 * time.Second}[variant%4])
		case kind == honestCalls:
			h.call(variant, settled)
		case len(h.hostile) > 0:
			h.hostile[variant%len(h.hostile)].step(kind, variant/len(h.hostile))
		}
		synctest.Wait()
	}
}

// call makes a call of the honest page, which may fail, but not be late.
func (h *history) call(variant int, limit time.Duration) {
	calls := []func() error{
		func() error { return h.honest.call("getUser", object{}, nil) },
		func() error { return h.honest.call(silent, object{}, nil) },
		func() error { return h.honest.call("signinRedirect", object{}, nil) },
		func() error { return h.honest.call(silent, object{"forceIframeAuth": true}, nil) },
		func() error { return h.honest.call("querySessionStatus", object{}, nil) },
		func() error { return h.honest.call("metadata", nil, nil) },
		func() error { return h.honest.call("revokeTokens", object{}, nil) },
	}
	h.calls.Go(func() {
		start := time.Now()
		err := calls[variant%len(calls)]()
		if took := time.Since(start); took > limit {
			h.t.Errorf("call %d of the honest page took %v: %v", variant%len(calls), took, err)
		}
	})
}

// end closes the hostile pages, in one way or another, and expects the honest
// one to work then, and nothing to be left when that is gone, too.
func (h *history) end() {
	t := h.t
	time.Sleep(settled)
	h.calls.Wait()
	for _, page := range h.hostile {
		page.disappear()
	}
	time.Sleep(time.Minute)
	for _, page := range h.hostile {
		select {
		case <-page.connection.Done():
		default:
			t.Errorf("a connection is left a minute after its page, with the lock %q", page.lock)
		}
	}
	start := time.Now()
	h.honest.signIn(h.op)
	for _, call := range []string{silent, "getUser"} {
		var user *userJSON
		if h.honest.must(call, object{}, &user); user == nil {
			t.Errorf("%s: nobody, when the hostile pages are gone", call)
		}
	}
	if took := time.Since(start); took > soon {
		t.Errorf("a sign-in and a renewal took %v when the hostile pages are gone", took)
	}
	h.honest.must("removeUser", nil, nil)
	h.honest.connection.Close()
	h.honest.conn.Close(nil)
	time.Sleep(16 * time.Minute)
	// Goroutines that are left fail the bubble.
	if sessions, providers, uris := h.registry.Known(); sessions+providers+uris > 0 {
		t.Errorf("%d sessions, %d providers and %d redirect URIs are left", sessions, providers, uris)
	}
}

// A hostilePage is the other end of a connection, made by hand.
type hostilePage struct {
	h          *history
	connection *Connection
	lock       string
	lastID     int
	foreign    bool // it has opened another client

	mu      sync.Mutex
	pending []asked // of the program, not answered
}

type asked struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

func newHostilePage(h *history, variant int) *hostilePage {
	p := &hostilePage{h: h}
	switch variant % 4 {
	case 1:
		p.lock = "oidcspa.page.honest" // that of another page
	case 2, 3:
		p.lock = fmt.Sprint("oidcspa.page.hostile ", len(h.hostile))
		h.locks.mu.Lock()
		h.locks.free[p.lock] = make(chan string)
		h.locks.mu.Unlock()
	}
	p.connection = NewConnection(h.registry, p.receive, func(method string, value any, stack []byte) {
		h.t.Errorf("panic in %q: %v\n%s", method, value, stack)
	})
	p.connection.Gone = h.locks.Gone
	return p
}

func (p *hostilePage) receive(message []byte) error {
	var r asked
	if json.Unmarshal(message, &r) == nil && r.Method != "" && r.ID != nil {
		p.mu.Lock()
		p.pending = append(p.pending, r)
		p.mu.Unlock()
	}
	return nil
}

func (p *hostilePage) send(message any) {
	data, err := json.Marshal(message)
	if err != nil {
		p.h.t.Error(err)
	}
	p.connection.Receive(data)
}

// disappear is the end of the tab: its locks are free, and its port says nothing
// of it.
func (p *hostilePage) disappear() {
	if gone := p.h.locks.of(p.lock); gone != nil {
		select {
		case <-gone:
		default:
			close(gone)
		}
	}
	if p.lock == "oidcspa.page.honest" {
		p.connection.Close() // nothing tells, for as long as the other is there
	}
}

func (p *hostilePage) step(kind byte, variant int) {
	switch kind {
	case opens:
		p.open(variant)
	case calls:
		p.call(variant)
	case serves:
		p.serve()
	case lies:
		p.lie(variant)
	case closes:
		p.send(object{"jsonrpc": "2.0", "method": "close"})
	case vanishes:
		p.disappear()
	case garbage:
		p.connection.Receive([]byte([]string{"", "{", "null", `{"jsonrpc":"2.0"}`, `{"jsonrpc":"2.0","id":1}`, "[]"}[variant%6]))
	case cancels:
		p.send(object{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": object{"id": variant % (p.lastID + 1)}})
	}
}

func (p *hostilePage) open(variant int) {
	settings, more := p.h.settings, object{}
	p.foreign = p.foreign || !slices.Contains([]int{0, 2}, variant%8)
	switch variant % 8 {
	case 1:
		settings = p.h.with("silentRequestTimeoutInSeconds", 86400)
	case 2:
		more["peers"] = []any{[]string{"https://evil.example", "https://app.example.test/callback.html"}, 1, []string{}}
	case 3:
		settings = p.h.with("client_id", fmt.Sprint("client ", variant))
	case 4:
		settings = p.h.with("authority", "https://evil.example")
	case 5:
		more["steps"] = true
	case 6:
		settings = p.h.with("extraHeaders", object{"X-Slow": nil})
	case 7:
		settings = p.h.with("monitorAnonymousSession", true)
		settings["monitorSession"], settings["restore"] = true, "redirect"
	}
	params := object{"version": Version, "signed_in": variant&8 != 0, "lock": p.lock, "settings": settings}
	for name, value := range more {
		params[name] = value
	}
	p.request("open", params)
}

func (p *hostilePage) call(variant int) {
	calls := []struct {
		method string
		params any
	}{
		{silent, object{"forceIframeAuth": true, "silentRequestTimeoutInSeconds": 86400}},
		{silent, object{}},
		{silent, object{"scope": fmt.Sprint("openid s", variant), "silentRequestTimeoutInSeconds": 86400}},
		{"getUser", object{"return_to": "https://app.example.test/"}},
		{"signinRedirect", object{"redirect_uri": "https://app.example.test/callback.html"}},
		{"signinPopup", object{"window": 1}},
		{"signinCallback", object{"url": "https://app.example.test/callback.html?code=c&state=s"}},
		{"querySessionStatus", object{}},
		{"metadata", nil},
		{"createSignin", object{}},
		{"processSignin", object{"url": "https://app.example.test/callback.html?code=c&state=s"}},
		{"monitorSession", nil},
		{"silentRenew", object{"on": false}},
		{"storeUser", object{"user": object{"access_token": "t", "token_type": "Bearer", "profile": object{"sub": "x"}}}},
		{"dpopProof", object{"url": "https://api.example.test/", "method": "GET"}},
		{"signoutPopup", object{}},
		{"stats", nil},
		{"frontchannelLogout", object{"url": "https://app.example.test/?iss=https://evil.example"}},
	}
	call := calls[variant%len(calls)]
	if p.foreign && call.method == "storeUser" {
		return // who is signed in stays, and so do the session and its provider
	}
	p.request(call.method, call.params)
}

func (p *hostilePage) request(method string, params any) {
	p.lastID++
	message := object{"jsonrpc": "2.0", "id": p.lastID, "method": method}
	if params != nil {
		message["params"] = params
	}
	p.send(message)
}

// next takes the oldest request of the program.
func (p *hostilePage) next() (r asked, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.pending) == 0 {
		return r, false
	}
	r, p.pending = p.pending[0], p.pending[1:]
	return r, true
}

// serve answers a request as an honest page does.
func (p *hostilePage) serve() {
	r, ok := p.next()
	if !ok {
		return
	}
	var params struct {
		URL string `json:"url"`
	}
	_ = json.Unmarshal(r.Params, &params)
	var result any
	switch r.Method {
	case "frame", "popup":
		visited := "https://app.example.test/callback.html?error=login_required"
		if strings.Contains(params.URL, "client_id="+p.h.op.ClientID+"&") { // the provider knows no other
			visited = p.h.op.Visit(params.URL)
		}
		result = frameResult{URL: visited}
	case "checkSession":
		result = checkResult{Answer: "changed"}
	case "transactions.take":
		result = takeResult{}
	case "headers":
		result = headersResult{map[string]string{"X-Slow": "now"}}
	}
	p.send(object{"jsonrpc": "2.0", "id": r.ID, "result": result})
}

// lie answers what was asked with something else, or what was not asked.
func (p *hostilePage) lie(variant int) {
	r, ok := p.next()
	if !ok {
		r.ID = json.RawMessage(fmt.Sprint(variant))
	}
	switch variant % 6 {
	case 0:
		p.send(object{"jsonrpc": "2.0", "id": r.ID, "result": []int{1}})
	case 1:
		p.send(object{"jsonrpc": "2.0", "id": "x", "result": nil})
	case 2:
		codes := []oidc.Code{"timeout", "frame_no_response", "popup_closed", "aborted", "internal", "page_gone", "login_required"}
		p.send(object{"jsonrpc": "2.0", "id": r.ID, "error": object{
			"code": applicationError, "message": "page", "data": object{"code": codes[variant/6%len(codes)]},
		}})
	case 3:
		for range 2 {
			p.send(object{"jsonrpc": "2.0", "id": r.ID, "result": frameResult{URL: "https://app.example.test/callback.html?error=login_required&state=x"}})
		}
	case 4:
		p.send(object{"jsonrpc": "2.0", "id": r.ID, "error": object{"code": jsonrpc.CodeInternal, "message": ""}})
	case 5:
		p.send(object{"jsonrpc": "2.0", "id": r.ID, "result": object{"url": 7, "record": object{}, "headers": 1, "answer": nil}})
	}
}
