package session

import (
	"context"
	"encoding/base64"
	"fmt"
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
	authentication, err := oidc.FindStepUp(challenges)
	scope, missing := oidc.FindChallenge(challenges, "insufficient_scope")
	if err != nil || authentication == nil && !missing {
		return nil
	}
	want := &StepUp{}
	if missing {
		want.Scope = strings.Join(scope.Scopes(), " ")
	}
	if authentication != nil {
		want.ACRValues, want.MaxAge = strings.Join(strings.Fields(authentication.ACRValues), " "), authentication.MaxAge
	}
	return want
}

// key identifies what is asked for. It is short, whatever that is.
func (want *StepUp) key() string {
	age := ""
	if want.MaxAge != nil {
		age = strconv.FormatInt(*want.MaxAge, 10)
	}
	return "answered\n" + brief(want.ACRValues+"\n"+age+"\n"+want.Scope)
}

func brief(text string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(digest(oidc.Secret(text))))
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
		if !c.answers(ctx, used.user, want) {
			return false, nil
		}
		args.ReturnTo = f.request.ReturnTo
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
	if current, _ := s.current(); current != nil && current.line != user.line {
		return current
	}
	return nil
}

// sameSubject is [oidc.ErrSubjectChanged] if a request of one End-User would be
// repeated for another.
func sameSubject(now, then *User) error {
	if !same(now, then) {
		return fmt.Errorf("the request is somebody else's: %w", oidc.ErrSubjectChanged)
	}
	return nil
}

// popupForStepUp opens one window, however many requests of used were
// challenged, and however late. It returns no user if the challenge is not
// answered again.
func (c *Client) popupForStepUp(ctx context.Context, used *User, want *StepUp, args SigninArgs) (*User, error) {
	_, now := c.session.current()
	return c.stepUps.doFor(ctx, c, scene{moment: now}, c.session.who(used)+"\n"+want.key(), func(ctx, _ context.Context) (*User, error) {
		if current := c.session.signedInAfter(used); current != nil {
			return current, nil // another flight has landed
		}
		if !c.answers(ctx, used, want) {
			return c.session.signedInAfter(used), nil // it may have come meanwhile
		}
		return c.SigninPopup(ctx, args)
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
