package session

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A session that is restored by a redirect: the tab goes to the provider and
// back. That is done for a call of the app alone, by one flight per tab, and not
// while the response to a sign-in is being read; see docs/decisions.

const (
	// restoreMarkLifetime is how long a tab does not go again.
	restoreMarkLifetime = 15 * time.Minute

	// departure is how long a tab may take to leave for the provider.
	departure = 10 * time.Second
)

// errStays says that a tab is not sent away after all.
var errStays = errors.New("the tab stays")

// restoreByRedirect sends the tab to the provider and back, once: a mark in
// the tab keeps it from going again until a sign-in succeeds. It returns when
// the tab has not left after all. With inCallback it is a part of the callback in the air,
// and a flight of its own: all others wait for that callback.
func (c *Client) restoreByRedirect(ctx context.Context, returnTo string, began moment, inCallback bool) (*User, error) {
	s, key := c.session, ""
	if inCallback {
		key = "callback"
	}
	return c.restoring.doFor(ctx, c, scene{moment: began}, key, func(ctx, wanted context.Context) (*User, error) {
		start := time.Now()
		defer c.leaving.Store(false)
		err := c.leaveToRestore(ctx, wanted, returnTo, began, inCallback)
		if err != nil && !errors.Is(err, errStays) {
			return nil, err
		}
		if err == nil {
			s.stats.count(func(stats *Stats) { stats.Restores.add(start, nil) })
			if !s.config.sleep(wanted, "departure", departure, nil) {
				return nil, context.Cause(wanted)
			}
		}
		return c.Current(), nil
	})
}

// leaveToRestore has the tab leave. It is [errStays] if nobody wants that any more,
// if the tab has gone a moment ago, or if another callback was in the air: who waited
// for that is told what it brought.
func (c *Client) leaveToRestore(ctx, wanted context.Context, returnTo string, began moment, inCallback bool) error {
	s := c.session
	call, _ := c.leaveCall("")
	if !inCallback && c.callback.settle(wanted) {
		return errStays
	}
	if err := s.outlives(c); err != nil {
		return err
	}
	marked, err := c.hasMark(ctx, began.order)
	user, _ := s.current()
	switch {
	case err != nil:
		return err
	case user != nil: // who came meanwhile
		return errStays
	case marked && slices.ContainsFunc(s.tabs(), func(c *Client) bool { return c.leaving.Load() }):
		return nil // another client of its page has the tab leave
	case marked || s.endsOthers():
		s.notify(Event{Name: RestoreError, Err: ErrNotSignedIn})
		return errStays
	}
	request := new(SigninArgs).request(&c.settings)
	silence(request)
	return c.leave(ctx, call, request, record{Restore: true, Order: &began.order}, returnTo, SigninPhases{}, func() error {
		user, now := s.current()
		if user != nil || now.ends != began.ends {
			return errStays
		}
		c.leaving.Store(true)
		if err := c.mark(ctx, now.order); err != nil {
			return err
		}
		if !inCallback && c.callback.settle(wanted) || wanted.Err() != nil {
			return errors.Join(errStays, c.unmark(ctx))
		}
		return nil
	})
}

// endsOthers tells whether other clients lose their users with the page, since the
// program ends with it: they would have the page leave in turn, without end.
func (s *session) endsOthers() bool {
	s.registry.mu.Lock()
	all := s.registry.inOrder()
	s.registry.mu.Unlock()
	return s.config.OnePage && slices.ContainsFunc(all, func(other *session) bool {
		user, _ := other.current()
		return user != nil
	})
}

// restoreMark is the name under which a tab remembers that it went to the
// provider to restore the session of this client. It is no state ([oidc.IsState]).
func (c *Client) restoreMark() oidc.Secret { return oidc.Secret("restore:" + c.name()) }

// name tells the clients of a tab apart.
func (c *Client) name() string { return c.settings.Issuer + ":" + c.settings.ClientID }

// mark keeps the tab from being sent to the provider for a while, unless somebody
// signs in, wherever that is.
func (c *Client) mark(ctx context.Context, order int64) error {
	until := c.session.config.Now().Add(restoreMarkLifetime).Unix()
	return c.page.Transactions.Put(ctx, c.restoreMark(), Transaction{
		Record:    []byte(strconv.FormatInt(until, 10) + " " + strconv.FormatInt(order, 10)), // seconds since the epoch
		ExpiresAt: until,
	})
}

func (c *Client) hasMark(ctx context.Context, order int64) (bool, error) {
	mark, err := c.page.Transactions.Look(ctx, c.restoreMark())
	until, then, _ := strings.Cut(string(mark.Record), " ")
	left := number(until) - c.session.config.Now().Unix() // too long: the clock was set back
	return 0 < left && left <= int64(restoreMarkLifetime/time.Second) && number(then) >= order, err
}

// number is 0 for what is none.
func number(digits string) int64 {
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

// unmark removes the mark.
func (c *Client) unmark(ctx context.Context) error {
	_, err := c.page.Transactions.Take(ctx, c.restoreMark())
	return err
}

// arrived removes the mark after a sign-in, whichever way that came. What keeps
// the page from it is no failure of the sign-in.
func (c *Client) arrived(ctx context.Context, user *User, err error) (*User, error) {
	if err != nil {
		return nil, err
	}
	if c.settings.Restore == RestoreRedirect {
		_ = c.unmark(ctx)
	}
	return user, nil
}

// read returns what the tab keeps for the response with that state, and takes
// it away unless it is to be kept. It is looked at first: what belongs to another
// client of the tab, to a sign-in instead of a sign-out or the other way round,
// stays for whom it is.
func (c *Client) read(ctx context.Context, state oidc.Secret, kind recordKind, keep bool) (Kept, error) {
	kept, err := c.page.Transactions.Look(ctx, state)
	if err != nil || keep {
		return kept, err
	}
	if kept.Client != "" && kept.Client != c.name() {
		return Kept{}, errOfAnother
	}
	if kindOf(kept.Record) != kind {
		return kept, nil
	}
	return c.page.Transactions.Take(ctx, state)
}

// readSignin returns what belongs to the response to a sign-in of this client.
func (c *Client) readSignin(ctx context.Context, callbackURL string, keep bool) (kept Kept, tx *oidc.Transaction, r *record, err error) {
	state, err := oidc.CallbackState(callbackURL)
	if err == nil && !oidc.IsState(state) {
		err = oidc.ErrStateUnknown // it may be the name of something else that the tab keeps
	}
	if err == nil {
		kept, err = c.read(ctx, state, ofSignin, keep)
	}
	if err == nil {
		tx, r, err = parseSigninRecord(kept.Record)
	}
	if err == nil && (tx.Issuer != c.settings.Issuer || tx.ClientID != c.settings.ClientID) {
		err = errOfAnother
	}
	return kept, tx, r, err
}
