package session

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A Navigator sends the whole tab to another address. It returns when the
// navigation has been ordered.
type Navigator interface {
	Navigate(ctx context.Context, to oidc.Address) error
}

// A Framer visits an address in a hidden frame and returns the address at which
// the callback page came up in it. Codes: [ErrFrameNoResponse],
// [oidc.ErrTimeout], [ErrPageGone].
type Framer interface {
	Frame(ctx context.Context, to oidc.Address, timeout time.Duration) (callbackURL string, err error)
}

// A TransactionStore keeps what is needed after the tab comes back from the
// provider, for this tab alone. Take deletes what it returns, so that a state
// works once; Look leaves it there. For an unknown state both return what has no
// record.
type TransactionStore interface {
	Put(ctx context.Context, state oidc.Secret, transaction Transaction) error
	Take(ctx context.Context, state oidc.Secret) (Kept, error)
	Look(ctx context.Context, state oidc.Secret) (Kept, error)
}

// Kept is what a tab has for a state.
type Kept struct {
	Record   []byte
	Arrival  Arrival
	ReturnTo string
	Client   string // as in [Transaction]; empty if an older release has kept it

	otherTab bool // it is another tab's: this one has no record, and gets none
}

// A Transaction is a record to keep, and what the store and the callback page
// need to know of it.
type Transaction struct {
	Record    []byte
	Arrival   Arrival // of a response that could not be used yet
	Address   string  // the redirect URI: what else its query has is of the response
	ReturnTo  string  // the address that the response is handed to
	Client    string  // whose it is: issuer and client_id
	ExpiresAt int64   // seconds since the epoch
	Restore   bool    // the app did not ask for it, and need not know that it is to be completed
}

// A Listener learns what happens to the session. Its methods do not wait.
type Listener interface {
	Notify(Event)
	// Hint gives the tab what to keep, for another program that it is loaded
	// with. The tab ignores one that is older than what it keeps.
	Hint(Hint)
}

// A Hint is what the tabs of an origin keep of a session for the next program.
type Hint struct {
	SignedIn bool   // it is worth restoring
	Order    int64  // of the last act that whoever wrote it knew of; 0: none is kept; see [NoOrder]
	Out      int64  // of the last sign-out that somebody asked for
	Who      string // has signed in with it, see stamp; empty: not known, or nobody
}

// cameToNothing is the Who of a sign-in that was undone.
const cameToNothing = "-"

// Kept returns what a tab keeps of a hint beside SignedIn. The first is the order:
// the tab need know no more.
func (h Hint) Kept() string {
	if h.Order <= 0 {
		return ""
	}
	return strings.TrimSpace(strconv.FormatInt(h.Order, 10) + " " + strconv.FormatInt(h.Out, 10) + " " + h.Who)
}

// NewHint is for what a tab keeps. Numbers that are none count as none: anybody on
// the origin can write there.
func NewHint(signedIn bool, kept string) Hint {
	order, rest, _ := strings.Cut(kept, " ")
	out, who, _ := strings.Cut(rest, " ")
	return Hint{signedIn, max(0, number(order)), max(0, number(out)), who}
}

// isOrder tells whether a number can be an order: acts are rarer than milliseconds, so
// that none is near twice the time. Whoever is of the origin can write and say others,
// after which no act could come.
func isOrder(n, now int64) bool { return 0 <= n && n/2 <= now }

// NoOrder is the Order of a [Hint] of a page that does not know it: of an earlier
// release.
const NoOrder = -1

// A Page is what a client needs of its tab.
type Page struct {
	Navigator    Navigator
	Framer       Framer
	Popper       Popper
	Transactions TransactionStore
	Listener     Listener
	Checker      Checker
	Headers      HeaderSource // nil: it has none

	// KeepsMetadata says that the app wants a program of its page's own: what is
	// fetched before a redirect may be kept in the page; see [Config.OnePage].
	KeepsMetadata bool

	// Asker tells the settings of the tab from others, if what it asks first may be answered
	// before the program runs; see [Registry.TakeOver].
	Asker string
}

// An EventName says what happened.
type EventName string

// The events of a session; all tabs get all of them.
const (
	UserLoaded          EventName = "userLoaded"
	UserUnloaded        EventName = "userUnloaded"
	AccessTokenExpiring EventName = "accessTokenExpiring"
	AccessTokenExpired  EventName = "accessTokenExpired"
	SilentRenewError    EventName = "silentRenewError"
	StepUpRequired      EventName = "stepUpRequired" // in the tab whose request it was
	RestoreError        EventName = "restoreError"

	// Of the provider's session; see [MonitorSettings].
	UserSignedIn       EventName = "userSignedIn"
	UserSignedOut      EventName = "userSignedOut"
	UserSessionChanged EventName = "userSessionChanged"

	// IdleCountdown comes every second before an idle user is signed out, and
	// once more when somebody is there again; see [IdleSettings].
	IdleCountdown EventName = "idleCountdown"
)

// An Event is something that happened to a session.
type Event struct {
	Name EventName
	User *User // of UserLoaded
	Err  error // of SilentRenewError and RestoreError; of UserUnloaded if the session ended by itself

	StepUp      *StepUp // of StepUpRequired
	URL         string  // of StepUpRequired: of the request
	SecondsLeft *int    // of IdleCountdown; nil: the countdown is over, the user stays
}
