package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// serviceTimeout bounds the page's answer: a tab can be frozen.
const serviceTimeout = 10 * time.Second

// errSilent is what becomes of a service that the tab does not answer. Such a
// tab is frozen: another one may do better.
var errSilent = fmt.Errorf("the tab does not answer: %w (%w)", oidc.ErrTimeout, session.ErrPageGone)

// page asks services of the tab at the other end of the connection.
type page struct {
	conn *jsonrpc.Conn
}

// call asks one service and waits no longer than timeout.
func (p page) call(ctx context.Context, timeout time.Duration, method string, params, result any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errSilent)
	defer cancel()
	return fromPage(p.conn.Call(ctx, method, params, result))
}

// addressJSON is an [oidc.Address].
type addressJSON struct {
	URL    string `json:"url,omitempty"`
	Action string `json:"action,omitempty"`
}

// Navigate is [session.Navigator].
func (p page) Navigate(ctx context.Context, to oidc.Address) error {
	if to.Action != "" {
		return p.call(ctx, serviceTimeout, "submit", addressJSON(to), nil)
	}
	return p.call(ctx, serviceTimeout, "navigate", addressJSON(to), nil)
}

type frameParams struct {
	addressJSON
	Timeout int64 `json:"timeout"` // milliseconds
}

type frameResult struct {
	URL string `json:"url"`
}

// Frame is [session.Framer].
func (p page) Frame(ctx context.Context, to oidc.Address, timeout time.Duration) (string, error) {
	var result frameResult
	params := frameParams{addressJSON(to), timeout.Milliseconds()}
	err := p.call(ctx, timeout+serviceTimeout, "frame", params, &result)
	return result.URL, err
}

// wayJSON is what pages need to know of a transaction.
type wayJSON struct {
	Address   string `json:"address,omitempty"` // the redirect URI, without its query
	Query     string `json:"query,omitempty"`   // of the redirect URI
	ReturnTo  string `json:"return_to,omitempty"`
	Client    string `json:"client"`     // whose it is
	ExpiresAt int64  `json:"expires_at"` // seconds since the epoch
	Restore   bool   `json:"restore,omitempty"`
}

func newWayJSON(t session.Transaction) wayJSON {
	address, query, _ := strings.Cut(t.Address, "?")
	return wayJSON{Address: address, Query: query, ReturnTo: t.ReturnTo, Client: t.Client, ExpiresAt: t.ExpiresAt, Restore: t.Restore}
}

type putParams struct {
	State  string `json:"state"`
	Record string `json:"record"`
	wayJSON
	Arrival *arrivalJSON `json:"arrival,omitempty"`
}

// arrivalJSON is what the callback page keeps of a response that it hands on.
type arrivalJSON struct {
	Address string `json:"address"`
	Mark    string `json:"mark"`
}

// Put is [session.TransactionStore].
func (p page) Put(ctx context.Context, state oidc.Secret, t session.Transaction) error {
	params := putParams{State: state.Reveal(), Record: string(t.Record), wayJSON: newWayJSON(t)}
	if t.Arrival != (session.Arrival{}) {
		params.Arrival = &arrivalJSON{t.Arrival.Address, t.Arrival.Mark}
	}
	return p.call(ctx, serviceTimeout, "transactions.put", params, nil)
}

type takeParams struct {
	State string `json:"state"`
	Keep  bool   `json:"keep,omitempty"`
}

type takeResult struct {
	Record   *string      `json:"record"` // null: the tab has none, though it may know of the response
	ReturnTo string       `json:"return_to"`
	Client   string       `json:"client"`
	Arrival  *arrivalJSON `json:"arrival"`
}

// Take is [session.TransactionStore].
func (p page) Take(ctx context.Context, state oidc.Secret) (session.Kept, error) {
	return p.take(ctx, takeParams{State: state.Reveal()})
}

// Look is [session.TransactionStore].
func (p page) Look(ctx context.Context, state oidc.Secret) (session.Kept, error) {
	return p.take(ctx, takeParams{State: state.Reveal(), Keep: true})
}

func (p page) take(ctx context.Context, params takeParams) (session.Kept, error) {
	var result takeResult
	var kept session.Kept
	err := p.call(ctx, serviceTimeout, "transactions.take", params, &result)
	if err != nil {
		return kept, err
	}
	if result.Record != nil {
		kept.Record = []byte(*result.Record)
	}
	kept.ReturnTo, kept.Client = result.ReturnTo, result.Client
	if result.Arrival != nil {
		kept.Arrival = session.Arrival{Address: result.Arrival.Address, Mark: result.Arrival.Mark}
	}
	return kept, nil
}

// Notify is [session.Listener]. A tab that is gone misses it.
func (p page) Notify(event session.Event) {
	_ = p.conn.Notify("event", newEventJSON(event))
}

// hintJSON is what the pages of an origin keep of a session.
type hintJSON struct {
	SignedIn bool    `json:"signed_in"`
	Order    *string `json:"order"` // see [session.Hint.Kept]; a page of an earlier release has none
}

// hint returns what a page has kept.
func (j *hintJSON) hint() session.Hint {
	if j.Order == nil {
		return session.Hint{SignedIn: j.SignedIn, Order: session.NoOrder}
	}
	return session.NewHint(j.SignedIn, *j.Order)
}

// Hint is [session.Listener].
func (p page) Hint(hint session.Hint) {
	kept := hint.Kept()
	_ = p.conn.Notify("hint", hintJSON{hint.SignedIn, &kept})
}

type headersParams struct {
	Names []string `json:"names"`
}

type headersResult struct {
	Headers map[string]string `json:"headers"` // null is empty
}

// Headers is [session.HeaderSource].
func (p page) Headers(ctx context.Context, names []string) (map[string]string, error) {
	var result headersResult
	err := p.call(ctx, serviceTimeout, "headers", headersParams{names}, &result)
	return result.Headers, err
}

func (p page) services() session.Page {
	return session.Page{Navigator: p, Framer: p, Popper: p, Transactions: p, Listener: p, Checker: p, Headers: p}
}
