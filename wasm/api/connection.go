package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	Runtime func() Runtime

	// Gone, when set, waits until the page that holds a lock is gone. A page
	// that can say goodbye calls "close"; one that crashes cannot. Set it
	// before the first Receive.
	Gone func(ctx context.Context, lock string) error

	// Relay, when set, sends a request of the page's through the channel that it
	// handed over under a number. Set it before the first Receive.
	Relay func(channel int, options RelayOptions) (Relay, error)

	registry *session.Registry
	conn     *jsonrpc.Conn

	mu     sync.Mutex
	client *session.Client // guarded by mu; nil until "open"
	steps  *session.Steps  // the same for an OidcClient
	closed bool
}

// NewConnection returns a connection that answers with send, which must not
// wait. onPanic is told of bugs.
func NewConnection(registry *session.Registry, send func([]byte) error, onPanic func(string, any, []byte)) *Connection {
	c := &Connection{registry: registry}
	c.conn = jsonrpc.NewConn(send, c.handle)
	c.conn.OnPanic = onPanic
	return c
}

// Receive takes a message from the tab. It does not wait.
func (c *Connection) Receive(message []byte) { c.conn.Receive(message) }

// Close ends the tab's part: what it asked for is abandoned, and services
// asked of it fail with [session.ErrPageGone].
func (c *Connection) Close() {
	c.mu.Lock()
	client, steps := c.client, c.steps
	c.client, c.closed = nil, true
	c.mu.Unlock()
	c.conn.Close(session.ErrPageGone)
	if client != nil {
		client.Close()
	}
	if steps != nil {
		steps.Close()
	}
}

// Done returns a channel that is closed by Close.
func (c *Connection) Done() <-chan struct{} { return c.conn.Done() }

// methods are what a page may call, after "open".
var methods = map[string]func(context.Context, *session.Client, []byte) (any, error){
	"getUser":         getUser,
	"metadata":        getMetadata,
	"removeUser":      removeUser,
	"signinRedirect":  signinRedirect,
	"signinCallback":  signinCallback,
	"signinSilent":    signinSilent,
	"signinPopup":     signinPopup,
	"signoutPopup":    signoutPopup,
	"dpopProof":       dpopProof,
	"revokeTokens":    revokeTokens,
	"signoutRedirect": signoutRedirect,
	"signoutCallback": signoutCallback,

	"signinInitiated":    signinInitiated,
	"querySessionStatus": querySessionStatus,
	"stayActive":         stayActive,

	"storeUser":         storeUser,
	"signinCredentials": signinCredentials,
	"signoutSilent":     signoutSilent,
	"silentRenew":       silentRenew,
	"monitorSession":    monitorSession,
	"dpopJkt":           dpopThumbprint,
}

// Runtime is how the program is doing.
type Runtime struct {
	Callbacks int    `json:"callbacks"` // functions that JavaScript can call
	Memory    uint64 `json:"memory"`    // bytes got from the browser
	Heap      uint64 `json:"heap"`      // bytes in use, after a collection
}

func (c *Connection) handle(ctx context.Context, method string, params []byte) (any, error) {
	switch method {
	case "open":
		return nil, toRPC(c.open(params))
	case "stats":
		return c.stats(), nil
	case "frontchannelLogout":
		return nil, toRPC(c.frontchannelLogout(params))
	case "close":
		c.Close()
		return nil, nil
	case "wake":
		c.wake()
		return nil, nil
	}
	if s := c.openedSteps(); s != nil {
		return runStep(ctx, s, method, params)
	}
	run, ok := methods[method]
	if method == "fetch" {
		run, ok = c.fetch, true
	}
	if !ok {
		return nil, &jsonrpc.Error{Code: jsonrpc.CodeMethodNotFound, Message: "unknown method"}
	}
	c.mu.Lock()
	client := c.client
	c.mu.Unlock()
	if client == nil {
		return nil, toRPC(fmt.Errorf("the connection is not open: %w", oidc.ErrInvalidArgument))
	}
	result, err := run(ctx, client, params)
	if bug := (*session.PanicError)(nil); errors.As(err, &bug) && c.conn.OnPanic != nil {
		c.conn.OnPanic(method, bug.Value, bug.Stack)
	}
	return result, toRPC(err)
}

type openParams struct {
	Version  int                   `json:"version"`
	SignedIn bool                  `json:"signed_in"`
	Lock     string                `json:"lock"`  // held by the page as long as it lives; may be empty
	Steps    bool                  `json:"steps"` // for an OidcClient
	Settings strictjson.RawMessage `json:"settings"`

	// Peers are all clients of the page, open or not; see [peers].
	Peers []strictjson.RawMessage `json:"peers"`
}

func (c *Connection) open(params []byte) error {
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
	if err := strictjson.UnmarshalKnown(ofApp(p.Settings), &j); err != nil {
		return fmt.Errorf("settings: %s: %w", err.Error(), oidc.ErrInvalidConfig)
	}
	settings, err := j.settings()
	if err != nil {
		return err
	}
	c.registry.Meet(peers(p.Peers)...)
	if p.Steps {
		return c.openSteps(settings, p.Lock)
	}
	client, err := c.registry.Open(settings, page{c.conn}.services(), p.SignedIn)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil || c.closed {
		client.Close()
		return fmt.Errorf("the connection is open or closed already: %w", oidc.ErrInvalidArgument)
	}
	c.client = client
	if c.Gone != nil && p.Lock != "" {
		go c.watch(p.Lock)
	}
	return nil
}

// patience is how long a page may take to answer when its lock is free.
const patience = time.Second

// watch closes the connection when the page is gone. One that answers has
// lost its lock alone, and is asked from then on.
func (c *Connection) watch(lock string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-c.Done()
		cancel()
	}()
	for c.Gone(ctx, lock) == nil {
		if !c.answers(ctx) {
			// A page that was only slow hears of it, and comes back.
			_ = c.conn.Notify("stopped", map[string]string{"code": "runtime_stopped", "message": "the page seemed to be gone"})
			c.Close()
			return
		}
		select {
		case <-time.After(patience):
		case <-ctx.Done():
		}
	}
}

// answers asks the page something that it does not know: it says so.
func (c *Connection) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var refusal *jsonrpc.Error
	return errors.As(c.conn.Call(ctx, "ping", struct{}{}, nil), &refusal)
}

func userResult(user *session.User, err error) (any, error) {
	if err != nil || user == nil {
		return nil, err
	}
	return newUserJSON(user), nil
}
