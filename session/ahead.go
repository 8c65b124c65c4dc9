package session

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
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
	until    time.Time
	phases   SigninPhases // so far
	exchange *exchange    // nil before the response is here
}

// An exchange is a token request for a response that the tab has not brought yet.
type exchange struct {
	arrived string // the response, at the address where it arrived
	session *session
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
	if len(left.record) > recordLimit {
		return
	}
	if len(d.left) == absencesLimit {
		delete(d.left, first(d.left, func(a, b *absence) int { return a.until.Compare(b.until) }))
	}
	d.left[state] = left
}

// prune forgets those that have taken too long.
func (d *absences) prune(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.DeleteFunc(d.left, func(_ oidc.Secret, old *absence) bool { return !now.Before(old.until) })
}

// arrive begins an exchange, one for each absence.
func (d *absences) arrive(state oidc.Secret, arrived string, now time.Time) *absence {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := d.left[state]
	if left == nil || left.exchange != nil || !now.Before(left.until) {
		return nil
	}
	left.exchange = &exchange{arrived: arrived, phases: left.phases, done: make(chan struct{})}
	return left
}

// claim ends an absence of a session. It returns what is known of the sign-in so far,
// and the exchange for the response that the tab has brought, nil if there is none. One
// that is of something else waits on for who has left.
func (d *absences) claim(state oidc.Secret, session key, record []byte, arrived string) (SigninPhases, *exchange) {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := d.left[state]
	if left == nil || left.settings.key() != session || !bytes.Equal(left.record, record) {
		return SigninPhases{}, nil
	}
	if left.exchange != nil && left.exchange.arrived != arrived {
		return left.phases, nil
	}
	delete(d.left, state)
	return left.phases, left.exchange
}

// drop ends an absence whose tab has not come. It reports whether that is so.
func (d *absences) drop(state oidc.Secret, left *absence) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left[state] != left {
		return false
	}
	delete(d.left, state)
	return true
}

// Arrive takes a response from the callback page, which has handed it on to the
// app as callbackURL and keeps what arrival says. A response to what this
// program did not begin is left alone, and so is one that does not name its
// issuer: whether it could be another provider's is known when the tab's own page
// is there. It does not wait.
func (r *Registry) Arrive(callbackURL string, arrival Arrival) {
	state, err := oidc.CallbackState(callbackURL)
	if err != nil {
		return
	}
	if left := r.absences.arrive(state, arrival.at(callbackURL), time.Now()); left != nil {
		left.exchange.phases.Arrived = r.config.Now().UnixMilli()
		r.config.spawn(func() { r.exchangeAhead(state, left) })
	}
}

// exchangeAhead makes the token request; its result waits for the tab for a while.
func (r *Registry) exchangeAhead(state oidc.Secret, left *absence) {
	e := left.exchange
	e.session = r.session(left.settings.key())
	nobody := &Client{session: e.session, settings: left.settings}
	e.user, e.err = nobody.exchangeAhead(nobody.Calling(context.Background()), left) // each request bounds its own time
	close(e.done)
	r.config.after(aheadLimit, func() {
		defer r.release(e.session)
		if r.absences.drop(state, left) && e.err == nil {
			_ = nobody.orRevoke(context.Background(), e.user, ErrNotSignedIn)
		}
	})
}

func (c *Client) exchangeAhead(ctx context.Context, left *absence) (user *User, err error) {
	defer func() {
		if bug := caught(recover()); bug != nil {
			err = bug
		}
	}()
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
	return c.session.complete(ctx, c, tx, left.exchange.arrived, record.args(&c.settings, tx, &left.exchange.phases))
}

// completedAhead returns the user whom the exchange for a response has brought,
// and when that began. It is [errNotAhead] if there was none. It adds what the
// program knows of the sign-in to phases.
func (c *Client) completedAhead(ctx context.Context, state oidc.Secret, kept Kept, callbackURL string, phases *SigninPhases) (*User, moment, error) {
	known, e := c.session.registry.absences.claim(state, c.session.id, kept.Record, kept.Arrival.at(callbackURL))
	if *phases = known; e == nil {
		return nil, moment{}, errNotAhead
	}
	pass := c.session.config.gate("exchange")
	select {
	case <-e.done:
		pass()
	case <-ctx.Done():
		pass()
		return nil, moment{}, context.Cause(ctx)
	}
	*phases = e.phases
	phases.Ahead = !errors.Is(e.err, errNotAhead)
	return e.user, e.began, e.err
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
