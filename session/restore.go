package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	// freshTries is how often a token is renewed that has expired when it is here.
	freshTries = 3

	// nearlyExpired is how much life an access token needs to be handed out as
	// it is; a tenth of its whole life if that is less.
	nearlyExpired = 5 * time.Second
)

// Restore returns the user, nil if nobody is signed in. An access token that is
// known to be expired is renewed first: if that fails and may succeed later,
// the failure is returned, and the user stays. If the program is new and the
// tab says that there was a session, it is restored first; what keeps it from
// being found is told with [RestoreError]. Codes: those of
// [Client.SigninSilent], but for the provider's answer that nobody is signed
// in, which is no error. The tab shows returnTo, which is where it comes back to if
// the session is restored by a redirect; see [RestoreRedirect].
func (c *Client) Restore(ctx context.Context, returnTo string) (*User, error) {
	return c.restore(ctx, returnTo, false)
}

// restore is Restore; with inCallback it is a part of the callback in the air.
func (c *Client) restore(ctx context.Context, returnTo string, inCallback bool) (*User, error) {
	s := c.session
	s.mu.Lock()
	user, hint, began := s.user, s.standing.hint, s.moment()
	s.mu.Unlock()
	var err error
	switch {
	case user != nil:
	case !hint || c.settings.Restore == RestoreOff:
	case c.settings.Restore != RestoreRedirect:
		_, err = c.restoreSilently(ctx, began)
	case returnTo != "":
		_, err = c.restoreByRedirect(ctx, returnTo, began, inCallback)
	}
	// Whatever became of it: somebody may have signed in or out meanwhile.
	if user = c.Current(); user == nil {
		return nil, err
	}
	return c.fresh(ctx, user)
}

// restoreSilently signs in who is signed in at the provider, without anything to see.
func (c *Client) restoreSilently(ctx context.Context, began moment) (*User, error) {
	s := c.session
	return s.restore.doFor(ctx, c, scene{moment: began}, "", func(ctx, _ context.Context) (*User, error) {
		if user, _ := s.current(); user != nil {
			return user, nil
		}
		start := time.Now()
		var err error = ErrFrameNoResponse
		if !s.provider.frameBlocked(c.settings.SilentRedirectURI) {
			_, err = c.renewOnce(ctx, SigninArgs{}, scene{moment: began}, true)
		}
		s.stats.count(func(stats *Stats) { stats.Restores.add(start, err) })
		switch {
		case errors.Is(err, ErrNotSignedIn):
			err = nil
		case failsAgain(err):
			return c.nothingRestored(began, err)
		}
		return nil, err
	})
}

// fresh returns user, or who is there after a renewal if the access token is
// about to end.
func (c *Client) fresh(ctx context.Context, user *User) (*User, error) {
	s := c.session
	var err error
	for range freshTries {
		if user.handedOut(s.config.Now()) > 0 {
			return user, nil
		}
		err = s.keepFor(ctx, c, user)
		current, _ := s.current()
		if current == nil || current.left(s.config.Now()) > 0 {
			return current, nil
		}
		if current == user && err != nil {
			return nil, err
		}
		user = current // who came while this waited has expired, too
	}
	if err != nil {
		return nil, err
	}
	return user, nil // its tokens are expired when they come
}

// handedOut returns how long the access token is handed out as it is.
func (u *User) handedOut(now time.Time) time.Duration {
	return u.left(now) - min(nearlyExpired, u.lifetime/10)
}

// nothingRestored tells the tabs why there is no session, unless somebody
// signed in meanwhile.
func (c *Client) nothingRestored(began moment, reason error) (*User, error) {
	s := c.session
	s.config.Logf("session: nothing to restore: %v", reason)
	s.notRestored(began)
	user, _ := s.current()
	if user == nil {
		s.notify(Event{Name: RestoreError, Err: reason})
	}
	return user, nil
}

// out tells whether the last act was a sign-out.
func (s *session) out() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing.out()
}

// lastSignedOut tells whether the last act was a sign-out, also of a user who did nothing.
func (s *session) lastSignedOut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing.act == signedOut || s.standing.act == idled
}

// failsAgain tells whether a restore that failed would fail with the next page, too: not
// for what the clock here or a way to the provider is the reason of. Without a user the
// provider gets no hint, and may refuse that (OIDC Core 3.1.2.1).
func failsAgain(err error) bool {
	_, passing := isPassing(err)
	var page *oidc.TransportError
	return err != nil && !passing && !errors.Is(err, oidc.ErrClockSkew) && (!errors.As(err, &page) || page.Endpoint == "token")
}

// wantsUser tells whether a failed silent sign-in means that nobody is signed
// in at the provider (OIDC Core 3.1.2.6): the four errors mean the same to a
// silent sign-in.
func wantsUser(err error) bool {
	return isRefusal(err, "login_required", "interaction_required", "consent_required", "account_selection_required")
}

// isRefusal tells whether the provider has refused a sign-in, with one of some codes if
// there are any. What came without state may be of another one.
func isRefusal(err error, codes ...string) bool {
	var refusal *oidc.ProviderError
	return errors.As(err, &refusal) && refusal.Endpoint != "userinfo" && !refusal.NoState &&
		(codes == nil || slices.Contains(codes, refusal.ErrorCode))
}
