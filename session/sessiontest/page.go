package sessiontest

import (
	"context"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// A page does for the client what a page in a browser does.
type page struct{ *App }

// Navigate is [session.Navigator].
func (p page) Navigate(_ context.Context, to oidc.Address) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.address = to.URL
	return nil
}

// Frame is [session.Framer].
func (p page) Frame(_ context.Context, to oidc.Address, _ time.Duration) (string, error) {
	return p.visit(to.URL)
}

// Popup is [session.Popper].
func (p page) Popup(_ context.Context, popup session.Popup) (string, error) {
	return p.visit(popup.URL)
}

// LatePopup is [session.Popper]: no window is closed before it has answered.
func (p page) LatePopup(context.Context, session.Popup) (string, error) {
	return "", oidc.ErrTimeout
}

// visit shows an address of the provider in a frame or a window.
func (p page) visit(address string) (string, error) {
	if callbackURL := p.OP.Visit(address); callbackURL != "" {
		return callbackURL, nil
	}
	return "", session.ErrFrameNoResponse
}

// Put is [session.TransactionStore].
func (p page) Put(_ context.Context, state oidc.Secret, transaction session.Transaction) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.transactions[state] = transaction
	return nil
}

// Take is [session.TransactionStore].
func (p page) Take(ctx context.Context, state oidc.Secret) (session.Kept, error) {
	kept, err := p.Look(ctx, state)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.transactions, state)
	return kept, err
}

// Look is [session.TransactionStore].
func (p page) Look(_ context.Context, state oidc.Secret) (session.Kept, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.transactions[state]
	return session.Kept{Record: t.Record, ReturnTo: t.ReturnTo, Arrival: t.Arrival, Client: t.Client}, nil
}

// Notify is [session.Listener].
func (p page) Notify(event session.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, event)
}

// Hint is [session.Listener]: there is no next program that could want it.
func (page) Hint(session.Hint) {}
