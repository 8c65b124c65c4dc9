//go:build !js

package api

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/session"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata/api")

const testdata = "../../testdata/api/"

// object is a JSON object as a page writes it.
type object map[string]any

// world is a provider, a program and the settings of an app.
type world struct {
	t         *testing.T
	op        *oidctest.OP
	transport *oidctest.Transport
	registry  *session.Registry
	settings  object
}

func newWorld(t *testing.T) *world {
	op := oidctest.New(t)
	w := &world{t: t, op: op, transport: op.Transport(), settings: object{
		"authority":                op.Issuer,
		"client_id":                op.ClientID,
		"redirect_uri":             "https://app.example.test/callback.html",
		"post_logout_redirect_uri": "https://app.example.test/",
		"scope":                    "openid profile",
	}}
	w.registry = session.NewRegistry(session.Config{Transport: w.transport})
	return w
}

// A service is what a page does for the program.
type service func(ctx context.Context, params []byte) (any, error)

// tab is a page without a browser at the other end of a connection.
type tab struct {
	t          *testing.T
	connection *Connection
	conn       *jsonrpc.Conn

	mu       sync.Mutex
	services map[string]service
	stored   map[string]putParams // transactions by state
	address  string               // where the last navigation, frame or window went
	frames   []frameParams
	popups   []popupParams
	events   []event
	checks   []checkParams
	answers  []string // of the provider's frame; then "unchanged"
	hint     bool
	order    int64
	heard    [][]byte // all messages of the program
}

// event is the notification "event" as a page reads it.
type event struct {
	Name        session.EventName `json:"name"`
	SecondsLeft *int              `json:"seconds_left"`
	StepUp      *stepUpJSON       `json:"step_up"`
	User        *userJSON         `json:"user"`
	Error       *struct {
		Message string    `json:"message"`
		Data    errorData `json:"data"`
	} `json:"error"`
}

// connect connects a tab that has not called "open".
func (w *world) connect() *tab {
	w.t.Helper()
	tab := &tab{t: w.t, stored: map[string]putParams{}}
	tab.services = map[string]service{
		"navigate":          tab.navigate,
		"frame":             func(_ context.Context, params []byte) (any, error) { return tab.frame(w.op, params) },
		"popup":             func(_ context.Context, params []byte) (any, error) { return tab.popup(w.op, params) },
		"popup.late":        func(context.Context, []byte) (any, error) { return nil, errors.New("not expected") },
		"transactions.put":  tab.put,
		"transactions.take": tab.take,
		"event":             tab.event,
		"hint":              tab.hinted,
		"checkSession":      tab.checkSession,
		"ways":              func(context.Context, []byte) (any, error) { return []bool{true, true}, nil },
	}
	tab.conn = jsonrpc.NewConn(func(m []byte) error { tab.connection.Receive(m); return nil }, tab.serve)
	tab.connection = NewConnection(w.registry, tab.receive, func(method string, value any, stack []byte) {
		w.t.Errorf("panic in %s: %v\n%s", method, value, stack)
	})
	tab.connection.Origin = "https://app.example.test"
	w.t.Cleanup(func() {
		select {
		case <-tab.connection.Done():
		default:
			_ = tab.conn.Call(context.Background(), "removeUser", nil, nil) // ends the watch over the token
		}
		tab.connection.Close()
		tab.conn.Close(nil)
	})
	return tab
}

// open connects a tab with the settings of the world.
func (w *world) open() *tab {
	w.t.Helper()
	tab := w.connect()
	tab.must("open", object{"version": Version, "signed_in": false, "settings": w.settings}, nil)
	return tab
}

// with returns the settings with one changed.
func (w *world) with(name string, value any) object {
	settings := maps.Clone(w.settings)
	settings[name] = value
	return settings
}

// receive takes a message of the program's.
func (tab *tab) receive(message []byte) error {
	tab.mu.Lock()
	tab.heard = append(tab.heard, append([]byte(nil), message...))
	tab.mu.Unlock()
	tab.conn.Receive(message)
	return nil
}

func (tab *tab) serve(ctx context.Context, method string, params []byte) (any, error) {
	tab.mu.Lock()
	serve := tab.services[method]
	tab.mu.Unlock()
	if serve == nil {
		tab.t.Errorf("the program asks for %q", method)
		return nil, errors.New("unknown service")
	}
	return serve(ctx, params)
}

// offer replaces a service.
func (tab *tab) offer(method string, serve service) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.services[method] = serve
}

// refuse makes a service fail as the page's do.
func (tab *tab) refuse(method string, data string) {
	tab.offer(method, func(context.Context, []byte) (any, error) {
		return nil, &jsonrpc.Error{Code: applicationError, Message: "page", Data: []byte(data)}
	})
}

// freeze stops the tab from answering.
func (tab *tab) freeze() {
	for _, method := range []string{"navigate", "frame", "transactions.put", "transactions.take"} {
		tab.offer(method, func(ctx context.Context, _ []byte) (any, error) {
			<-tab.connection.Done()
			return nil, ctx.Err()
		})
	}
}

func (tab *tab) navigate(_ context.Context, params []byte) (any, error) {
	var p addressJSON
	return nil, tab.read(params, &p, func() { tab.address = p.URL })
}

func (tab *tab) frame(op *oidctest.OP, params []byte) (any, error) {
	var p frameParams
	err := tab.read(params, &p, func() { tab.address, tab.frames = p.URL, append(tab.frames, p) })
	return frameResult{URL: op.Visit(p.URL)}, err
}

func (tab *tab) popup(op *oidctest.OP, params []byte) (any, error) {
	var p popupParams
	err := tab.read(params, &p, func() { tab.address, tab.popups = p.URL, append(tab.popups, p) })
	return frameResult{URL: op.Visit(p.URL)}, err
}

func (tab *tab) put(_ context.Context, params []byte) (any, error) {
	var p putParams
	return nil, tab.read(params, &p, func() { tab.stored[p.State] = p })
}

func (tab *tab) take(_ context.Context, params []byte) (any, error) {
	var p takeParams
	result := takeResult{}
	err := tab.read(params, &p, func() {
		if stored, ok := tab.stored[p.State]; ok {
			result.Record, result.Arrival = &stored.Record, stored.Arrival
			if !p.Keep {
				delete(tab.stored, p.State)
			}
		}
	})
	return result, err
}

func (tab *tab) event(_ context.Context, params []byte) (any, error) {
	var e event
	return nil, tab.read(params, &e, func() { tab.events = append(tab.events, e) })
}

func (tab *tab) hinted(_ context.Context, params []byte) (any, error) {
	var p hintJSON
	return nil, tab.read(params, &p, func() { tab.hint, tab.order = p.SignedIn, p.hint().Order })
}

// read decodes params and runs then with the lock.
func (tab *tab) read(params []byte, v any, then func()) error {
	if err := json.Unmarshal(params, v); err != nil {
		tab.t.Errorf("params: %v", err)
		return err
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	then()
	return nil
}

// call calls the program.
func (tab *tab) call(method string, params, result any) error {
	return tab.conn.Call(tab.t.Context(), method, params, result)
}

// must is call, which has to succeed.
func (tab *tab) must(method string, params, result any) {
	tab.t.Helper()
	if err := tab.call(method, params, result); err != nil {
		tab.t.Fatalf("%s: %v", method, err)
	}
}

// mustFail is call, which has to fail with a code. It returns the rest.
func (tab *tab) mustFail(method string, params any, want oidc.Code) (errorData, string) {
	tab.t.Helper()
	var result any
	err := tab.call(method, params, &result)
	var answer *jsonrpc.Error
	if !errors.As(err, &answer) {
		tab.t.Fatalf("%s = %v, %v; want %s", method, result, err, string(want))
	}
	var data errorData
	if err := json.Unmarshal(answer.Data, &data); err != nil || data.Code != want {
		tab.t.Errorf("%s: %v, code %q; want %s", method, answer, string(data.Code), string(want))
	}
	return data, answer.Message
}

// signIn signs the tab in by redirect.
func (tab *tab) signIn(op *oidctest.OP) *userJSON {
	tab.t.Helper()
	tab.must("signinRedirect", object{}, nil)
	var user userJSON
	tab.must("signinCallback", object{"url": op.Visit(tab.visited())}, &user)
	return &user
}

// visited returns where the last navigation or frame went.
func (tab *tab) visited() string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return tab.address
}

// query returns the parameters of that.
func (tab *tab) query() url.Values {
	tab.t.Helper()
	u, err := url.Parse(tab.visited())
	if err != nil {
		tab.t.Fatal(err)
	}
	return u.Query()
}

// names returns the names of the events so far, and forgets them.
func (tab *tab) names() []session.EventName {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	names := []session.EventName{}
	for _, e := range tab.events {
		names = append(names, e.Name)
	}
	tab.events = nil
	return names
}

// golden compares v as JSON with a file in testdata/api.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.FromSlash(testdata + name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
	}
}
