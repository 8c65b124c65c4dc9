package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// Version is the number of the contract. A page that speaks another one is
// refused: it has to start the worker that belongs to it.
const Version = 1

// ErrVersionMismatch: page and worker come from different releases.
const ErrVersionMismatch oidc.Code = "version_mismatch"

// A Connection is one tab's connection to the program.
type Connection struct {
	// Runtime, when set, says how the program is doing. Set it before the
	// first Receive.
	Runtime func(collect bool) Runtime

	// Host says how the program came to run. Set it before the first Receive.
	Host HostPhases

	// Gone, when set, waits until the page that holds a lock is gone; an error
	// says that there is no such lock. A page that can say goodbye calls
	// "close"; one that crashes cannot. Set it before the first Receive.
	Gone func(ctx context.Context, lock string) error

	// Pages, when set, are those of all connections of the program. Set it before
	// the first Receive.
	Pages *Pages

	// Relay, when set, sends a request of the page's through the channel that it
	// handed over under a number. Set it before the first Receive.
	Relay func(channel int, options RelayOptions) (Relay, error)

	// Origin, when set, is that of the page. Set it before the first Receive.
	Origin string

	registry *session.Registry
	conn     *jsonrpc.Conn
	asleep   atomic.Bool // it did not answer when it was asked

	mu      sync.Mutex
	opening *time.Timer     // guarded by mu, as all below; closes what is not opened
	client  *session.Client // nil until "open"
	steps   *session.Steps  // the same for an OidcClient
	origins origins
	peers   []session.Peer // what the page named
	forget  func()         // has that forgotten; nil if it does not count
	silent  bool           // what it named does not count
	closed  bool
	start   startJSON // but for HostPhases and Running
}

// NewConnection returns a connection that answers with send, which must not
// wait. onPanic is told of bugs.
func NewConnection(registry *session.Registry, send func([]byte) error, onPanic func(string, any, []byte)) *Connection {
	c := &Connection{registry: registry}
	c.conn = jsonrpc.NewConn(send, c.handle)
	c.conn.OnPanic = onPanic
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opening = time.AfterFunc(openLimit, func() { c.guarded("open", c.expire) })
	return c
}

// Receive takes a message from the tab. It does not wait.
func (c *Connection) Receive(message []byte) {
	if c.asleep.Swap(false) {
		c.counts(true) // before the page begins a sign-in
		c.spawn("sleeps", func() { c.sleeps(false) })
	}
	c.conn.Receive(message)
}

// Close ends the tab's part: what it asked for is abandoned, and services
// asked of it fail with [session.ErrPageGone].
func (c *Connection) Close() {
	c.mu.Lock()
	c.opening.Stop()
	client, steps, forget := c.client, c.steps, c.forget
	c.client, c.steps, c.forget, c.closed = nil, nil, nil, true
	c.mu.Unlock()
	c.conn.Close(session.ErrPageGone)
	if forget != nil {
		forget()
	}
	closeBoth(client, steps)
}

// Done returns a channel that is closed by Close.
func (c *Connection) Done() <-chan struct{} { return c.conn.Done() }

// methods are what a page may call, after "open".
var methods = map[string]func(context.Context, *session.Client, []byte) (any, error){
	"getUser":         getUser,
	"metadata":        getMetadata,
	"prepare":         prepare,
	"removeUser":      removeUser,
	"signinCallback":  signinCallback,
	"signinSilent":    signinSilent,
	"signoutPopup":    signoutPopup,
	"dpopProof":       dpopProof,
	"revokeTokens":    revokeTokens,
	"signoutRedirect": signoutRedirect,
	"signoutCallback": signoutCallback,

	"querySessionStatus": querySessionStatus,
	"stayActive":         stayActive,

	"storeUser":         storeUser,
	"signinCredentials": signinCredentials,
	"signoutSilent":     signoutSilent,
	"silentRenew":       silentRenew,
	"monitorSession":    monitorSession,
	"dpopJkt":           dpopThumbprint,
}

// methodsOfPage are those that need to know the page that calls them.
var methodsOfPage = map[string]func(*Connection, context.Context, *session.Client, []byte) (any, error){
	"fetch":           (*Connection).fetch,
	"signinRedirect":  (*Connection).signinRedirect,
	"signinPopup":     (*Connection).signinPopup,
	"signinInitiated": (*Connection).signinInitiated,
}

// Runtime is how the program is doing.
type Runtime struct {
	Callbacks int    `json:"callbacks"` // functions that JavaScript can call
	Memory    uint64 `json:"memory"`    // bytes got from the browser
	Heap      uint64 `json:"heap"`      // bytes in use
}

func (c *Connection) handle(ctx context.Context, method string, params []byte) (any, error) {
	switch method {
	case "open":
		return nil, toRPC(c.open(params))
	case "stats":
		return c.stats(params)
	case "frontchannelLogout":
		return nil, toRPC(c.frontchannelLogout(params))
	case "arrive":
		return nil, toRPC(c.arrive(params))
	case "awaits":
		return c.awaits(params)
	case "close":
		c.Close()
		return nil, nil
	case "wake":
		c.wake(params)
		return nil, nil
	}
	if s := c.openedSteps(); s != nil {
		return runStep(s.Calling(ctx), s, method, params)
	}
	run := methods[method]
	if ofPage := methodsOfPage[method]; ofPage != nil {
		run = func(ctx context.Context, client *session.Client, params []byte) (any, error) {
			return ofPage(c, ctx, client, params)
		}
	}
	if run == nil {
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeMethodNotFound, Message: "unknown method"}
	}
	c.mu.Lock()
	client := c.client
	if client != nil {
		c.asks(method, params)
	}
	c.mu.Unlock()
	if client == nil {
		return nil, toRPC(fmt.Errorf("the connection is not open: %w", oidc.ErrInvalidArgument))
	}
	result, err := run(client.Calling(ctx), client, params)
	if bug := (*session.PanicError)(nil); errors.As(err, &bug) && c.conn.OnPanic != nil {
		c.conn.OnPanic(method, bug.Value, bug.Stack)
	}
	return result, toRPC(err)
}

type openParams struct {
	calledJSON
	hintJSON
	Version  int                   `json:"version"`
	Lock     string                `json:"lock"`  // held by the page as long as it lives; may be empty
	Steps    bool                  `json:"steps"` // for an OidcClient
	Host     string                `json:"host"`  // where the app wants the program to run; empty if it does not say
	Settings strictjson.RawMessage `json:"settings"`

	// Peers are all clients of the page, open or not; see [peers].
	Peers []strictjson.RawMessage `json:"peers"`
}

// arriveParams are what the callback page knows of a response that it hands on.
type arriveParams struct {
	URL     string      `json:"url"` // at which the app gets it
	Arrival arrivalJSON `json:"arrival"`
}

// arrive is told by the callback page, which opens no client.
func (c *Connection) arrive(params []byte) error {
	var p arriveParams
	if err := decode(params, &p); err != nil {
		return err
	}
	c.registry.Arrive(p.URL, session.Arrival{Address: p.Arrival.Address, Mark: p.Arrival.Mark})
	return nil
}

// awaitsParams have the state of a response that a tab does not know.
type awaitsParams struct {
	State string `json:"state"`
}

// awaits says how to hand on a response that came up in another tab than the one that has left;
// null if this program has sent none away for it. A page asks before it opens a client, or after.
func (c *Connection) awaits(params []byte) (any, error) {
	var p awaitsParams
	if err := decode(params, &p); err != nil {
		return nil, toRPC(err)
	}
	if kept, awaited := c.registry.Awaits(oidc.Secret(p.State)); awaited {
		return newWayJSON(kept), nil
	}
	return nil, nil
}

func (c *Connection) open(params []byte) error {
	if len(params) > largest {
		return fmt.Errorf("settings: more than 256 KiB: %w", oidc.ErrInvalidConfig)
	}
	// Another version may have parameters that this one does not know.
	var hello struct {
		Version int `json:"version"`
	}
	if strictjson.Unmarshal(params, &hello) != nil || hello.Version != Version {
		return ErrVersionMismatch
	}
	var p openParams
	if err := decode(params, &p); err != nil {
		return err
	}
	var j settingsJSON
	if err := unmarshal(ofApp(p.Settings), &j); err != nil {
		return fmt.Errorf("settings: %s: %w", err.Error(), oidc.ErrInvalidConfig)
	}
	settings, err := j.settings()
	if err != nil {
		return err
	}
	return c.join(settings, &p)
}

// join opens a client of the registry, or steps.
func (c *Connection) join(settings session.Settings, p *openParams) error {
	page := page{c.conn}.services()
	page.KeepsMetadata = p.Host == "dedicated" || p.Host == "page"
	page.Asker = asker(p.Settings)
	var client *session.Client
	var steps *session.Steps
	var err error
	peers := peers(p.Peers)
	forget := c.registry.Meet(peers...)
	if p.Steps {
		steps, err = c.registry.OpenSteps(settings, page)
	} else {
		client, err = c.registry.Open(settings, page, p.hint())
	}
	if err != nil {
		forget()
		return err
	}
	c.mu.Lock()
	late := c.client != nil || c.steps != nil || c.closed
	if !late {
		c.opening.Stop()
		c.origins.page = c.Origin
		c.origins.of(&settings)
		c.client, c.steps, c.peers, c.forget = client, steps, peers, forget
		c.start = startJSON{Called: int64(p.Called), Opened: time.Now().UnixMilli()}
	}
	c.mu.Unlock()
	if late {
		forget()
		closeBoth(client, steps)
		return fmt.Errorf("the connection is open or closed already: %w", oidc.ErrInvalidArgument)
	}
	if c.Gone != nil {
		c.spawn("watch", func() { c.watch(p.Lock) })
	}
	return nil
}

// asker tells settings from others. web/shim/told.js has the same digest of what a page asks before
// the program runs: with the same settings it is the same client.
func asker(settings []byte) string {
	digest := sha256.Sum256(settings)
	return base64.StdEncoding.EncodeToString(digest[:])
}

func closeBoth(client *session.Client, steps *session.Steps) {
	if client != nil {
		client.Close()
	}
	if steps != nil {
		steps.Close()
	}
}

func userResult(user *session.User, err error) (any, error) {
	if err != nil || user == nil {
		return nil, err
	}
	return newUserJSON(user), nil
}
