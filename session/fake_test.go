package session

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// tab is a page without a browser.
type tab struct {
	op   *oidctest.OP
	over atomic.Bool // the test is

	mu           sync.Mutex
	address      string // where the last navigation went
	action       string // of the form that it was last sent away with
	addresses    []string
	navigates    error // what a navigation ends with
	transactions map[oidc.Secret]Transaction
	events       []Event
	hint         bool
	order        int64 // of the hint
	frames       int

	// frame replaces the visit of a hidden frame, if set, popup that of a
	// window, and late what comes when that was closed.
	frame func(ctx context.Context, url string) (string, error)
	popup func(ctx context.Context, popup Popup) (string, error)
	late  func(ctx context.Context, popup Popup) (string, error)

	frameTimeout time.Duration // of the last one

	onEvent func(Event) // what the page does meanwhile, if set

	full    bool   // it keeps nothing more
	keeping func() // what happens before it keeps something, if set

	keepsMetadata bool
	headers       func(names []string) (map[string]string, error)
}

func newTab(op *oidctest.OP) *tab {
	return &tab{op: op, keepsMetadata: true, transactions: map[oidc.Secret]Transaction{}}
}

func (t *tab) Navigate(_ context.Context, to oidc.Address) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.address, t.action, t.addresses = to.URL, to.Action, append(t.addresses, to.URL)
	return t.navigates
}

func (t *tab) Frame(ctx context.Context, to oidc.Address, timeout time.Duration) (string, error) {
	t.mu.Lock()
	t.frames++
	t.action = to.Action
	t.frameTimeout = timeout
	frame := t.frame
	t.mu.Unlock()
	if frame != nil {
		return frame(ctx, to.URL)
	}
	if t.over.Load() {
		return "", ErrPageGone
	}
	return t.op.Visit(to.URL), nil
}

func (t *tab) Popup(ctx context.Context, popup Popup) (string, error) {
	t.mu.Lock()
	t.address, t.action = popup.URL, popup.Action
	visit := t.popup
	t.mu.Unlock()
	if visit != nil {
		return visit(ctx, popup)
	}
	return t.op.Visit(popup.URL), nil
}

func (t *tab) LatePopup(ctx context.Context, popup Popup) (string, error) {
	return t.late(ctx, popup)
}

func (t *tab) Headers(_ context.Context, names []string) (map[string]string, error) {
	if t.headers == nil {
		return nil, ErrPageGone
	}
	return t.headers(names)
}

func (t *tab) Put(_ context.Context, state oidc.Secret, transaction Transaction) error {
	if t.keeping != nil {
		t.keeping()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.full {
		return ErrPageGone
	}
	t.transactions[state] = transaction
	return nil
}

func (t *tab) Take(ctx context.Context, state oidc.Secret) (Kept, error) {
	kept, err := t.Look(ctx, state)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.transactions, state)
	return kept, err
}

func (t *tab) Look(_ context.Context, state oidc.Secret) (Kept, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	transaction := t.transactions[state]
	return Kept{Record: transaction.Record, ReturnTo: transaction.ReturnTo, Arrival: transaction.Arrival, Client: transaction.Client}, nil
}

func (t *tab) Notify(event Event) {
	t.mu.Lock()
	t.events = append(t.events, event)
	heed := t.onEvent
	t.mu.Unlock()
	if heed != nil {
		heed(event)
	}
}

func (t *tab) Hint(hint Hint) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if hint.Order >= t.order { // as pages do it
		t.hint, t.order = hint.SignedIn, hint.Order
	}
}

// set changes fields while the program may use the tab.
func (t *tab) set(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
}

// heard returns the names of the events so far, and forgets them.
func (t *tab) heard() []EventName {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := []EventName{}
	for _, event := range t.events {
		names = append(names, event.Name)
	}
	t.events = nil
	return names
}

func (t *tab) page() Page {
	return Page{Navigator: t, Framer: t, Popper: t, Transactions: t, Listener: t, Headers: t, KeepsMetadata: t.keepsMetadata}
}

// world is a provider, a program and what tabs there are.
type world struct {
	t         *testing.T
	op        *oidctest.OP
	transport *oidctest.Transport
	registry  *Registry
	settings  Settings
	onePage   bool
	stops     bool // see [Config.Stops]
}

func newWorld(t *testing.T) *world {
	op := oidctest.New(t)
	w := &world{t: t, op: op, transport: op.Transport(), settings: Settings{
		Issuer:                op.Issuer,
		ClientID:              op.ClientID,
		RedirectURI:           "https://app.example.test/callback.html",
		PostLogoutRedirectURI: "https://app.example.test/",
		Scope:                 "openid profile",
	}}
	w.restart()
	return w
}

// restart is a reload of the only tab where the program lives in it.
func (w *world) restart() {
	w.registry = NewRegistry(Config{Transport: w.transport, OnePage: w.onePage, Stops: w.stops, Logf: w.t.Logf})
}

// open opens a tab.
func (w *world) open(hint bool) (*Client, *tab) {
	w.t.Helper()
	tab := newTab(w.op)
	return w.openIn(tab, hint), tab
}

// openWith opens a tab with a hint in one of several programs.
func (w *world) openWith(registry *Registry, tab *tab) *Client {
	w.registry = registry
	return w.openIn(tab, true)
}

func (w *world) openIn(tab *tab, hint bool) *Client {
	w.t.Helper()
	client, err := w.registry.Open(w.settings, tab.page(), Hint{SignedIn: hint})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		client.session.stopTimer()
		tab.over.Store(true)
	})
	return client
}

// stopTimer has the access token not watched any more.
func (s *session) stopTimer() {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.expiry.stop()
}

// signIn signs a tab in by redirect.
func (w *world) signIn(client *Client, tab *tab) *User {
	w.t.Helper()
	user, err := client.SigninCallback(w.t.Context(), w.redirect(client, tab))
	if err != nil {
		w.t.Fatal(err)
	}
	return user
}

// redirect goes to the provider and returns the address that it sends back to.
func (w *world) redirect(client *Client, tab *tab) string {
	w.t.Helper()
	if err := client.SigninRedirect(w.t.Context(), SigninArgs{}); err != nil {
		w.t.Fatal(err)
	}
	return w.op.Visit(tab.address)
}

// mustFail reports an error of another code than want, or none.
func mustFail(t *testing.T, what string, err error, want oidc.Code) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %s", what, err, string(want))
	}
}

// User is [Client.Restore] for a page that cannot be left.
func (c *Client) User(ctx context.Context) (*User, error) { return c.Restore(ctx, "") }
