package session

import (
	"errors"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A response may come up in another tab than the one that has left: a link in a mail opens
// a tab of its own. What belongs to it is in the tab that has left, which no other reads,
// and in the program that has sent that away. The program completes the sign-in for
// the new tab, which gets the user with the state of the app, and nothing of the record:
// code verifier and nonce stay where they are.
//
// Who brings the response has the state, 256 random bits of this browser. A response to a
// sign-in that was begun in another browser is unknown here: login CSRF (RFC 9700 4.7). So
// is one that somebody else has begun in this browser ([Client.SigninInitiated]), whose
// login_hint may have the provider mail the link to them, and one that was given up: somebody
// has signed in since.

// Awaits returns what the callback page of a new tab needs to hand on a response: where
// the sign-in has left from, whose it is, its redirect URI, and until when it counts. It has no
// record. It reports whether this program has sent a tab away for that state, whose
// response nobody has brought.
func (r *Registry) Awaits(state oidc.Secret) (Transaction, bool) {
	kept, settings, tx, _, err := r.absences.of(state, time.Now())
	if err != nil {
		return Transaction{}, false
	}
	client := Client{settings: *settings}
	return Transaction{Address: tx.RedirectURI, ReturnTo: kept.ReturnTo, Client: client.name(), ExpiresAt: tx.ExpiresAt()}, true
}

// of returns what is kept for a response to a sign-in of the app's that nobody has brought, and
// the settings of the tab that has left. Else it is [oidc.ErrStateUnknown].
func (d *absences) of(state oidc.Secret, now time.Time) (kept Kept, settings *Settings, tx *oidc.Transaction, r *record, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	left := d.left[state]
	if left == nil || left.alone || left.claimed.Load() || !now.Before(left.until) {
		return kept, nil, nil, nil, oidc.ErrStateUnknown
	}
	tx, r, err = parseSigninRecord(left.record)
	if err == nil && r.Restore { // nobody gets a link for that
		err = oidc.ErrStateUnknown
	}
	return Kept{Record: left.record, ReturnTo: left.returnTo, otherTab: true}, &left.settings, tx, r, err
}

// isolate leaves the sign-ins that have left before to their own tabs, as somebody is signed in now.
func (d *absences) isolate(key key) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, left := range d.left {
		left.alone = left.alone || left.settings.key() == key
	}
}

// readOtherTab is for a response to a sign-in of this client that another tab has left for;
// arrival is what this tab keeps of it.
func (c *Client) readOtherTab(callbackURL string, arrival Arrival) (Kept, *oidc.Transaction, *record, error) {
	state, err := oidc.CallbackState(callbackURL)
	if err != nil {
		return Kept{}, nil, nil, err
	}
	kept, settings, tx, r, err := c.session.registry.absences.of(state, time.Now())
	if err == nil && settings.key() != c.settings.key() {
		err = oidc.ErrStateUnknown
	}
	if err != nil {
		return Kept{}, nil, nil, err
	}
	kept.Arrival = arrival
	return kept, tx, r, nil
}

// isUnknown tells whether the tab does not know a response.
func isUnknown(kept Kept, err error) bool {
	return kept.Record == nil && errors.Is(err, oidc.ErrStateUnknown)
}
