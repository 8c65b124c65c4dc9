package session

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// What a tab remembers of the sign-in that it has left for.

// underwayMark is the name under which a tab remembers the state of the sign-in that it
// has left for, so that this can begin again, once; and behind it how many such sign-ins
// there were in a row, and when it left for the last, in milliseconds since the epoch.
const underwayMark oidc.Secret = "underway"

const (
	// unreadLimit is for how many sign-ins in a row pages of a tab may leave of which none
	// reads the response: an app that signs in whenever nobody is there, and does not
	// call its callback, would have the tab come and go without end.
	unreadLimit = 5

	// unreadPause is after how long a sign-in is in no row: people think, and type.
	unreadPause = 10 * time.Second
)

// unreadWith returns how many sign-ins in a row there are, with the one that is about to
// begin, whichever clients of the tab they are of. A page of each counts once. It is [ErrCallbackUnread] beyond the limit.
func (c *Client) unreadWith(ctx context.Context) (int64, error) {
	c.named.Lock()
	n := c.unread
	c.named.Unlock()
	if n > 0 {
		return n, nil
	}
	kept, err := c.page.Transactions.Look(ctx, underwayMark)
	if err != nil {
		return 0, err
	}
	n = 1
	_, before, left := parseUnderway(kept)
	if since := c.session.config.Now().UnixMilli() - left; 0 <= since && since < unreadPause.Milliseconds() {
		n = before + 1
	}
	if n > unreadLimit {
		return 0, fmt.Errorf("this tab has left for %d sign-ins in a row, and no page has read a response: %w", before, ErrCallbackUnread)
	}
	c.named.Lock()
	defer c.named.Unlock()
	c.unread = n
	return n, nil
}

// goesUnderway has the tab remember a sign-in with that state.
func (c *Client) goesUnderway(ctx context.Context, state oidc.Secret, kept Transaction, unread int64) error {
	kept.Record = []byte(state.Reveal() + "\n" + strconv.FormatInt(unread, 10) + " " + strconv.FormatInt(c.session.config.Now().UnixMilli(), 10))
	return c.page.Transactions.Put(ctx, underwayMark, kept)
}

// parseUnderway reads what goesUnderway has kept; an earlier release has kept the state alone.
func parseUnderway(kept Kept) (state oidc.Secret, unread, left int64) {
	record := string(kept.Record)
	if i := strings.LastIndexByte(record, '\n'); i >= 0 {
		n, at, _ := strings.Cut(record[i+1:], " ")
		record, unread, left = record[:i], number(n), number(at)
	}
	return oidc.Secret(record), unread, left
}

// forgets has the tab forget a sign-in.
func (c *Client) forgets(ctx context.Context, state oidc.Secret) {
	_, _ = c.page.Transactions.Take(ctx, state)
	_, _ = c.page.Transactions.Take(ctx, underwayMark)
}

// answeredAnother is for a response that the tab does not know: of a hidden frame that
// was given up, of a sign-in that is over, of another tab, or forged. Nobody reads it. A
// sign-in that the tab has left for begins again, else who is signed in stays so: whom a
// redirect has to find, it finds from the app's own page, if that is the redirect URI.
func (c *Client) answeredAnother(ctx, wanted context.Context, callbackURL string, call int64, now moment, err error) (*User, error) {
	underway, _ := c.read(ctx, underwayMark, ofNothing, false)
	state, _, _ := parseUnderway(underway)
	kept, _ := c.page.Transactions.Look(ctx, state)
	if r := parseRecord(kept.Record); r.Request != nil && !r.Sent && c.signinAgain(ctx, wanted, call, r, kept.ReturnTo, now.askedFor(r.Order)) {
		return nil, context.Cause(wanted)
	}
	returnTo := c.settings.RedirectURI
	if oidc.FitRedirectURI(returnTo, callbackURL) == 0 {
		returnTo = ""
	}
	switch user, failed := c.restore(wanted, returnTo, true); {
	case user != nil:
		return user.unanswered(), nil
	case wanted.Err() != nil: // the tab has left
		return nil, context.Cause(wanted)
	case failed != nil && c.Current() != nil: // whose tokens cannot be renewed now
		return nil, failed
	}
	return nil, err
}

// signinAgain has the tab leave for the provider once more, for the sign-in of r that
// began then. It reports whether the tab has gone.
func (c *Client) signinAgain(ctx, wanted context.Context, call int64, r record, returnTo string, began moment) bool {
	request := r.Request
	r.Request, r.Sent = nil, false
	err := c.leave(ctx, call, request, r, returnTo, SigninPhases{}, func() error { return c.session.stillAsked(began) })
	return err == nil && !c.session.config.sleep(wanted, "departure", departure, nil)
}
