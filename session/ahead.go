package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A tab that comes back from the provider loads two pages before the app asks
// for what the response brings: the callback page and its own. The program that
// sent it away is still there, as a rule, and hears of the response from the
// first of them. It makes the token request meanwhile, and the tab, which alone
// has what belongs to the response, gets the result. Nobody is signed in before
// that.

const (
	// absencesLimit bounds the tabs at the provider of which the program
	// knows, recordLimit what it keeps of one, in bytes. What goes beyond is
	// completed when the tab asks for it.
	absencesLimit = 32
	recordLimit   = 8 << 10

	// aheadLimit is how long the result waits for the tab.
	aheadLimit = time.Minute
)

// errNotAhead says that the response is left to the tab.
var errNotAhead = errors.New("the tab completes the sign-in itself")

// absences are the tabs at the provider.
type absences struct {
	mu   sync.Mutex
	left map[oidc.Secret]*absence // by state; guarded by mu
}

// An absence is what a sign-in that has left its page is completed with.
type absence struct {
	settings Settings
	record   []byte
	returnTo string
	until    time.Time
	phases   SigninPhases // so far
	exchange *exchange    // nil before the response is here
	claimed  atomic.Bool  // a tab has brought the response, and waits
	alone    bool         // no other tab completes it; guarded by the mu of the absences
}

// An exchange is a token request for a response that the tab has not brought yet.
type exchange struct {
	arrived string        // the response, at the address where it arrived
	began   moment        // of the session
	phases  SigninPhases  // up to the last of the exchange
	done    chan struct{} // closed when user or err is there
	user    *User
	err     error
}

// leave notes a sign-in whose tab leaves now.
func (d *absences) leave(state oidc.Secret, left *absence, now time.Time) {
	d.prune(now)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(left.record)+len(left.returnTo) > recordLimit {
		return
	}
	if len(d.left) == absencesLimit {
		delete(d.left, first(d.left, func(a, b *absence) int { return a.until.Compare(b.until) }))
	}
	d.left[state] = left
}

// prune forgets those that have taken too long. It returns when the next one will have; 0 if
// there is none.
func (d *absences) prune(now time.Time) (next time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.left, func(_ oidc.Secret, old *absence) bool { return !now.Before(old.until) })
	for _, old := range d.left {
		if left := old.until.Sub(now); next == 0 || left < next {
			next = left
		}
	}
	return next
}

// arrive begins an exchange, one for each absence.
func (d *absences) arrive(state oidc.Secret, arrived string, now time.Time) *absence {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := d.left[state]
	if left == nil || left.claimed.Load() || left.exchange != nil || !now.Before(left.until) {
		return nil
	}
	left.exchange = &exchange{arrived: arrived, phases: left.phases, done: make(chan struct{})}
	return left
}

// claim is for a tab that has brought a response, and what belongs to it as in brought:
// it gets the exchange for that, if there is one. An absence of something else waits on
// for who has left. It is nil while somebody else waits for a response with that state.
func (d *absences) claim(state oidc.Secret, brought *absence, arrived string) *absence {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := d.left[state]
	switch {
	case left == nil:
		left, d.left[state] = brought, brought
	case left.claimed.Load():
		return nil
	case left.settings.key() != brought.settings.key() || !bytes.Equal(left.record, brought.record):
		left = brought
	case left.exchange != nil && left.exchange.arrived != arrived:
		brought.phases = left.phases
		left = brought
	}
	left.claimed.Store(true)
	return left
}

// drop ends an absence. It reports whether its tab has not come.
func (d *absences) drop(state oidc.Secret, left *absence) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left[state] == left {
		delete(d.left, state)
	}
	return !left.claimed.Load()
}

// Arrive takes a response from the callback page, which has handed it on to the
// app as callbackURL and keeps what arrival says. A response to what this
// program did not begin is left alone, and so is one that does not name its
// issuer: whether it could be another provider's is known when the tab's own page
// is there. Neither does a program begin anything that may stop with the last page. It does
// not wait.
func (r *Registry) Arrive(callbackURL string, arrival Arrival) {
	state, err := oidc.CallbackState(callbackURL)
	if err != nil || r.config.Stops {
		return
	}
	if left := r.absences.arrive(state, arrival.at(callbackURL), time.Now()); left != nil {
		left.exchange.phases.Arrived = r.config.Now().UnixMilli()
		r.config.spawn(func() { r.exchangeAhead(state, left) })
	}
}

// exchangeAhead makes the token request.
func (r *Registry) exchangeAhead(state oidc.Secret, left *absence) {
	nobody := &Client{session: r.session(left.settings.key()), settings: left.settings}
	e := left.exchange
	e.run(func() (*User, error) { // each request bounds its own time
		return nobody.exchangeAhead(nobody.Calling(context.Background()), left)
	})
	nobody.waits(state, left, e) // by now the tab may have put its own there
}

// run brings the user, or the reason why there is none.
func (e *exchange) run(fn func() (*User, error)) {
	defer func() {
		if bug := caught(recover()); bug != nil {
			e.err = bug
		}
		close(e.done)
	}()
	e.user, e.err = fn()
}

// waits has what an exchange has brought, or will bring, wait for the tab for a while.
func (c *Client) waits(state oidc.Secret, left *absence, e *exchange) {
	r := c.session.registry
	pass := r.config.gate("exchange")
	<-e.done
	pass()
	r.config.after(aheadLimit, func() {
		defer r.release(c.session)
		if r.absences.drop(state, left) && e.err == nil {
			_ = c.orRevoke(context.Background(), e.user, ErrNotSignedIn)
		}
	})
}

func (c *Client) exchangeAhead(ctx context.Context, left *absence) (*User, error) {
	_, now := c.session.current()
	tx, record, err := parseSigninRecord(left.record)
	if err != nil {
		return nil, errNotAhead
	}
	left.exchange.began = now.askedFor(record.Order)
	p := c.session.provider
	if err := p.prepare(ctx, tx); err != nil || c.settings.headersToAsk() != nil { // a page of the app would be needed
		return nil, errNotAhead
	}
	metadata, err := p.fetchMetadata(ctx)
	if err != nil || !namesIssuer(metadata, tx) {
		return nil, errNotAhead
	}
	left.exchange.phases.Ahead = true
	return c.session.complete(ctx, c, tx, left.exchange.arrived, record.args(&c.settings, tx, &left.exchange.phases))
}

// exchanged returns the exchange for the response that the tab has brought: one that was
// made ahead, or for a page of the tab that has gone meanwhile, or else its own. With
// an error the response is still good: the tab keeps what belongs to it. A page that
// goes before the user is there leaves the exchange to the next one.
func (c *Client) exchanged(ctx, wanted context.Context, kept Kept, callbackURL string, tx *oidc.Transaction, r *record) (*exchange, error) {
	s, d, state, arrived := c.session, &c.session.registry.absences, tx.State, kept.Arrival.at(callbackURL)
	left := d.claim(state, &absence{settings: c.settings, record: kept.Record, until: time.Now().Add(underway)}, arrived)
	if left == nil {
		return nil, fmt.Errorf("a response with that state is in the air: %w", oidc.ErrStateUnknown)
	}
	for {
		if left.exchange == nil {
			if err := c.send(ctx, left, kept, tx, r); err != nil {
				d.drop(state, left)
				return nil, err
			}
			_, now := s.current()
			e := &exchange{arrived: arrived, began: now.askedFor(r.Order), phases: left.phases, done: make(chan struct{})}
			left.exchange = e
			s.config.spawn(func() {
				e.run(func() (*User, error) { return s.complete(ctx, c, tx, arrived, r.args(&c.settings, tx, &e.phases)) })
			})
		}
		e := left.exchange
		pass := s.config.gate("exchange")
		select {
		case <-e.done:
		case <-wanted.Done():
		}
		pass()
		switch {
		case wanted.Err() != nil:
			left.claimed.Store(false)
			nobody := &Client{session: s.registry.session(s.id), settings: left.settings}
			s.config.spawn(func() { nobody.waits(state, left, e) })
			return nil, context.Cause(wanted)
		case !errors.Is(e.err, errNotAhead):
			d.drop(state, left)
			return e, nil
		}
		left.phases, left.exchange = e.phases, nil
	}
}

// send has the tab note that the response is used from now on: a code is sent once
// (RFC 6749 4.1.2), also by the program of a page that comes back. A tab that has nothing of
// the sign-in gets nothing.
func (c *Client) send(ctx context.Context, left *absence, kept Kept, tx *oidc.Transaction, r *record) (err error) {
	if r.Sent {
		c.forgets(ctx, tx.State)
		return fmt.Errorf("a page was left while the response was used: %w", oidc.ErrStateUnknown)
	}
	if err = c.session.provider.prepare(ctx, tx); err != nil {
		return err
	}
	sent := *r
	sent.Sent = true
	if left.record, err = sent.signin(tx); err != nil {
		return err
	}
	if kept.otherTab {
		return nil
	}
	return c.page.Transactions.Put(ctx, tx.State, Transaction{Record: left.record, Address: tx.RedirectURI, Arrival: kept.Arrival, ReturnTo: kept.ReturnTo, Client: c.name(), Restore: r.Restore, ExpiresAt: tx.ExpiresAt()})
}

// An Arrival says where a response arrived, if that was the callback page,
// which has sent the tab on to a page of the app. The zero value means that it
// has not.
//
// A response could be made to look as if it came from anywhere: the address of
// the app's page is one that it has a part in, and what the tab keeps may be of
// another visit under the same state. So the callback page draws a mark for
// each response, which it keeps beside the address and puts into the query in
// front of the parameters that it hands on.
type Arrival struct {
	Address string // without query and fragment
	Mark    string // unknown to all but the tab
}

// markParameter has the mark, and ends the query of the app's own page.
const markParameter = "oidcspa.arrival="

// at returns the address at which the response in callbackURL arrived, with
// its parameters: that of the callback page if it has handed over this very
// response, else callbackURL itself.
func (a *Arrival) at(callbackURL string) string {
	if a.Mark == "" {
		return callbackURL
	}
	address, fragment, hashed := strings.Cut(callbackURL, "#")
	_, query, _ := strings.Cut(address, "?")
	mark := markParameter + a.Mark
	if !slices.Contains(strings.Split(query, "&"), mark) {
		return callbackURL
	}
	_, handed, _ := strings.Cut(query, mark)
	arrived := a.Address + "?" + strings.TrimPrefix(handed, "&")
	if hashed {
		arrived += "#" + fragment
	}
	return arrived
}
