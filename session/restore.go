package session

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// restoreMark is the name under which a tab remembers that it went to the
// provider to restore the session. It is no state: those are longer, and what
// an address calls its state is looked up with [Client.take].
const restoreMark oidc.Secret = "restore"

const (
	// restoreMarkLifetime is how long a tab does not go again.
	restoreMarkLifetime = 15 * time.Minute

	// departure is how long a tab may take to leave for the provider.
	departure = 10 * time.Second

	// freshTries is how often a token is renewed that has expired when it is here.
	freshTries = 3

	// nearlyExpired is how much life an access token needs to be handed out as
	// it is; a tenth of its whole life if that is less.
	nearlyExpired = 5 * time.Second
)

// User returns the user, nil if nobody is signed in. An access token that is
// known to be expired is renewed first: if that fails and may succeed later,
// the failure is returned, and the user stays. If the program is new and the
// tab says that there was a session, it is restored first; what keeps it from
// being found is told with [RestoreError]. Codes: those of
// [Client.SigninSilent], but for the provider's answer that nobody is signed
// in, which is no error.
func (c *Client) User(ctx context.Context) (*User, error) {
	return c.Restore(ctx, "")
}

// Restore is User for a tab that shows returnTo, which is where it comes back
// to if the session is restored by a redirect; see [RestoreRedirect].
func (c *Client) Restore(ctx context.Context, returnTo string) (*User, error) {
	s := c.session
	s.mu.Lock()
	user, hint := s.user, s.hint
	s.mu.Unlock()
	switch {
	case user != nil:
		return c.fresh(ctx, user)
	case !hint || c.settings.Restore == RestoreOff:
		return nil, nil
	case c.settings.Restore == RestoreRedirect && returnTo != "":
		return c.restoreByRedirect(ctx, returnTo)
	case c.settings.Restore == RestoreRedirect:
		return nil, nil
	}
	return s.restore.doFor(ctx, c, func(ctx, _ context.Context) (*User, error) {
		if user, _ := s.current(); user != nil {
			return user, nil
		}
		start := time.Now()
		err := c.restoreSilently(ctx)
		s.stats.restore(start, err)
		if wantsUser(err) || errors.Is(err, ErrFrameNoResponse) {
			return c.nothingRestored(err)
		}
		// Whatever became of it: somebody may have signed in or out meanwhile.
		user, _ := s.current()
		if user != nil || errors.Is(err, ErrNotSignedIn) {
			err = nil
		}
		return user, err
	})
}

// fresh returns user, or who is there after a renewal if the access token is
// about to end.
func (c *Client) fresh(ctx context.Context, user *User) (*User, error) {
	s := c.session
	var err error
	for range freshTries {
		if user.left(s.config.Now()) > min(nearlyExpired, user.lifetime/10) {
			return user, nil
		}
		err = s.keep(ctx, c, user)
		current, _ := s.current()
		if current == nil || current.left(s.config.Now()) > 0 {
			return current, nil
		}
		if current == user {
			return nil, err
		}
		user = current // who came while this waited has expired, too
	}
	if err != nil {
		return nil, err
	}
	return user, nil // its tokens are expired when they come
}

// restoreSilently signs in through the frame, unless that is known not to work.
func (c *Client) restoreSilently(ctx context.Context) error {
	if c.session.provider.frameBlocked() {
		return ErrFrameNoResponse
	}
	_, err := c.SigninSilent(ctx, SigninArgs{})
	return err
}

// nothingRestored tells the tabs why there is no session, unless somebody
// signed in meanwhile.
func (c *Client) nothingRestored(reason error) (*User, error) {
	s := c.session
	s.config.Logf("session: nothing to restore: %v", reason)
	s.dropHint()
	user, _ := s.current()
	if user == nil {
		s.notify(Event{Name: RestoreError, Err: reason})
	}
	return user, nil
}

// restoreByRedirect sends the tab to the provider and back, once: a mark in
// the tab keeps it from going again until a sign-in succeeds. It returns when
// the tab has not left after all.
func (c *Client) restoreByRedirect(ctx context.Context, returnTo string) (*User, error) {
	s := c.session
	if err := s.outlives(c); err != nil {
		return nil, err
	}
	start, now := time.Now(), s.config.Now()
	mark, err := c.page.Transactions.Take(ctx, restoreMark)
	if err != nil {
		return nil, err
	}
	if until, err := strconv.ParseInt(string(mark.Record), 10, 64); err == nil && now.Unix() < until {
		if err := c.markRestore(ctx, until); err != nil {
			return nil, err
		}
		s.notify(Event{Name: RestoreError, Err: ErrNotSignedIn})
		return nil, nil
	}
	metadata, err := s.provider.fetchMetadata(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.markRestore(ctx, now.Add(restoreMarkLifetime).Unix()); err != nil {
		return nil, err
	}
	request := c.settings.request()
	silence(request)
	if err := c.leave(ctx, metadata, request, record{Restore: true}, returnTo, SigninPhases{}); err != nil {
		return nil, err
	}
	s.stats.restore(start, nil)
	pass := s.config.gate("departure")
	select {
	case <-ctx.Done():
		pass()
		return nil, context.Cause(ctx)
	case <-time.After(departure):
		pass()
	}
	user, _ := s.current()
	return user, nil
}

// take takes what the tab keeps for the response with that state; nothing for
// the mark, which is no transaction's: an address must not take it away.
func (c *Client) take(ctx context.Context, state oidc.Secret) (Kept, error) {
	if state == restoreMark {
		return Kept{}, nil
	}
	return c.page.Transactions.Take(ctx, state)
}

// markRestore keeps the tab from being sent to the provider before until,
// seconds since the epoch.
func (c *Client) markRestore(ctx context.Context, until int64) error {
	return c.page.Transactions.Put(ctx, restoreMark, Transaction{
		Record:    []byte(strconv.FormatInt(until, 10)),
		ExpiresAt: until,
	})
}

// restored removes the mark after a sign-in that succeeded.
func (c *Client) restored(ctx context.Context, byRedirect bool) error {
	if !byRedirect {
		return nil
	}
	_, err := c.page.Transactions.Take(ctx, restoreMark)
	return err
}

// hinted tells whether there was a session that is worth restoring.
func (s *session) hinted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hint
}

// restoresByRedirect tells whether there is a tab that restores by redirect.
func (s *session) restoresByRedirect() bool {
	for _, c := range s.tabs(nil) {
		if c.settings.Restore == RestoreRedirect {
			return true
		}
	}
	return false
}

// wantsUser tells whether a failed silent sign-in means that nobody is signed
// in at the provider (OIDC Core 3.1.2.6): the four errors mean the same to a
// silent sign-in.
func wantsUser(err error) bool {
	var refusal *oidc.ProviderError
	if errors.As(err, &refusal) {
		switch refusal.ErrorCode {
		case "login_required", "interaction_required", "consent_required", "account_selection_required":
			return true
		}
	}
	return false
}
