package session

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// A StepUpMode says how a challenge for a stronger sign-in is answered.
type StepUpMode string

// The answers to a challenge. By default there is none: the app gets the
// answer of the API, and the event.
const (
	// StepUpPopup signs in with a popup window and repeats the request.
	StepUpPopup StepUpMode = "popup"
	// StepUpRedirect sends the tab to the provider. The request cannot be
	// repeated then, as the page is gone: it ends with [ErrStepUpRequired].
	StepUpRedirect StepUpMode = "redirect"
)

// A StepUp is what an API wants that the access token does not have
// (RFC 9470 3, RFC 6750 3.1).
type StepUp struct {
	ACRValues string `json:"acr_values,omitempty"` // space-separated; one of them is needed
	MaxAge    *int64 `json:"max_age,omitempty"`    // seconds since the End-User signed in
	Scope     string `json:"scope,omitempty"`      // space-separated; all of them are needed

	// API is the address in fetch.allow of who wants it.
	API string `json:"api,omitempty"`
}

// stepUpLimit is how many sign-ins an API gets within a minute, however its
// challenges differ: one that is never content must not become a loop.
const stepUpLimit = 3

// keys are what is noted of a sign-in that answers the challenge: the challenge
// itself, and one of so many for the API.
func (want *StepUp) keys() []string {
	keys := []string{want.key()}
	for i := range stepUpLimit {
		keys = append(keys, want.API+"\n"+strconv.Itoa(i))
	}
	return keys
}

// stepUpOf returns what an answer asks for, nil if it asks for nothing that a
// sign-in can bring.
func stepUpOf(resp *oidc.Response) *StepUp {
	if resp.Status != 401 && resp.Status != 403 {
		return nil
	}
	challenges, err := oidc.ParseChallenges(resp.Header["www-authenticate"])
	if err != nil {
		return nil
	}
	want := &StepUp{}
	authentication, err := oidc.FindStepUp(challenges)
	if err != nil {
		return nil
	}
	if authentication != nil {
		want.ACRValues, want.MaxAge = strings.Join(strings.Fields(authentication.ACRValues), " "), authentication.MaxAge
	}
	scope, missing := oidc.FindChallenge(challenges, "insufficient_scope")
	if missing {
		want.Scope = strings.Join(scope.Scopes(), " ")
	}
	if authentication == nil && !missing {
		return nil
	}
	return want
}

// key identifies what is asked for.
func (want *StepUp) key() string {
	age := ""
	if want.MaxAge != nil {
		age = strconv.FormatInt(*want.MaxAge, 10)
	}
	return want.ACRValues + "\n" + age + "\n" + want.Scope
}

// stepUp tells the app of a challenge, and answers it if the settings say so.
// It reports whether there is a token now that may do better than the one
// that was used. A challenge that was answered a moment ago is not answered
// again: an API that is never content must not become a loop.
func (f *fetch) stepUp(ctx context.Context, used *credential, want *StepUp) (bool, error) {
	c, s := f.client, f.session
	if current := s.signedInAfter(used.user); current != nil && f.request.Repeatable {
		return true, sameSubject(current, used.user)
	}
	c.page.Listener.Notify(Event{Name: StepUpRequired, StepUp: want, URL: f.request.URL})
	if c.settings.Fetch.StepUp == "" || *want == (StepUp{}) {
		return false, nil
	}
	want.API = f.api.URL
	args := c.stepUpArgs(used.user, want)
	if c.settings.Fetch.StepUp == StepUpRedirect {
		if !s.answer(want) {
			return false, nil
		}
		args.ReturnTo = f.request.ReturnTo
		s.noteStepUp(want) // whatever comes of it
		if err := c.SigninRedirect(ctx, args); err != nil {
			return false, err
		}
		return false, ErrStepUpRequired
	}
	user, err := c.popupForStepUp(ctx, used.user, want, args)
	if user == nil || err != nil {
		return false, err
	}
	return contains(user.Scopes(), oidc.SplitScope(want.Scope)), sameSubject(user, used.user)
}

// signedInAfter returns the current user if there was a sign-in since user was
// that, else nil.
func (s *session) signedInAfter(user *User) *User {
	if current, _ := s.current(); current != nil && current.claims != user.claims {
		return current
	}
	return nil
}

// sameSubject is [oidc.ErrSubjectChanged] if a request of one End-User would be
// repeated for another.
func sameSubject(now, then *User) error {
	if !same(now, then) {
		return oidc.ErrSubjectChanged
	}
	return nil
}

// popupForStepUp opens one window, however many requests of used were
// challenged, and however late. It returns no user if the challenge is not
// answered again.
func (c *Client) popupForStepUp(ctx context.Context, used *User, want *StepUp, args SigninArgs) (*User, error) {
	return c.stepUps.do(ctx, want.key(), func(ctx context.Context) (*User, error) {
		if current := c.session.signedInAfter(used); current != nil {
			return current, nil // another flight has landed
		}
		if !c.session.answer(want) {
			return c.session.signedInAfter(used), nil // what is noted comes after the sign-in
		}
		user, err := c.SigninPopup(ctx, args)
		if !isWindow(err) { // the person has seen it
			c.session.noteStepUp(want)
		}
		return user, err
	})
}

// stepUpArgs returns the sign-in that answers a challenge. That the provider
// met it is checked with the ID Token: acr_values and max_age are demanded,
// not only asked for.
func (c *Client) stepUpArgs(user *User, want *StepUp) SigninArgs {
	asked := c.settings.again(user) // what the user has is to stay
	args := SigninArgs{stepUp: want, asked: asked}
	args.Request.ACRValues, args.Request.MaxAge = want.ACRValues, want.MaxAge
	if want.Scope != "" {
		args.Scope = joinScopes(asked.Scope, user.Scope, want.Scope)
	}
	return args
}

// isWindow tells whether a sign-in failed at the window alone.
func isWindow(err error) bool {
	for _, code := range []oidc.Code{ErrPopupBlocked, ErrPopupClosed, ErrPopupSevered, oidc.ErrAborted, ErrPageGone} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// answer tells whether a challenge is answered with a sign-in: one that was not a
// moment ago, of an API that has not had so many. It is one of them then,
// however the sign-in ends.
func (s *session) answer(want *StepUp) bool {
	keys := want.keys()
	if !s.isAnswered(keys[0]) && s.countStepUp(keys[1:]) {
		return true
	}
	s.config.Logf("session: an API asks for the same sign-in again, or for too many; it is not repeated")
	return false
}

// countStepUp takes the first of keys that is free, if there is one.
func (s *session) countStepUp(keys []string) bool {
	s.fetches.counting.Lock()
	defer s.fetches.counting.Unlock()
	for _, key := range keys {
		if !s.isAnswered(key) {
			s.fetches.note(&s.fetches.answered, key, s.config.Now())
			return true
		}
	}
	return false
}

func (s *session) isAnswered(key string) bool {
	return s.fetches.noted(&s.fetches.answered, key, s.config.Now())
}

// stepUpAnswered notes that a challenge was answered with a sign-in, which counts
// if it was another program that it began in.
func (s *session) stepUpAnswered(want *StepUp) {
	if want == nil {
		return
	}
	keys := want.keys()
	if !s.isAnswered(keys[0]) {
		s.countStepUp(keys[1:])
	}
	s.noteStepUp(want)
}

// noteStepUp notes it where it counts already.
func (s *session) noteStepUp(want *StepUp) {
	s.fetches.note(&s.fetches.answered, want.key(), s.config.Now())
}

// requiredACR are the acr of which the answer has to have one.
func (want *StepUp) requiredACR() []string {
	if want == nil {
		return nil
	}
	return strings.Fields(want.ACRValues)
}

func contains(all, some []string) bool {
	known := setOf(all)
	return !slices.ContainsFunc(some, func(one string) bool { return !known[one] })
}
