package session

import (
	"context"
	"errors"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

// What was noted of a person ends with the person, also where the program is another
// one when the refusal comes back: the first challenge of who signs in next is answered.
func TestChallengeOfTheNextPerson(t *testing.T) {
	for _, same := range []bool{true, false} { // the program
		w, client, tab, a := redirectFetcher(t, nil)
		a.answer = always(`Bearer error="insufficient_user_authentication", acr_values="mfa"`)
		address := stepUpByRedirect(t, w, client, tab, a)
		w.restart() // the program ended with the page
		client = w.openIn(tab, true)
		_, err := client.SigninCallback(t.Context(), address)
		mustFail(t, "SigninCallback", err, oidc.ErrACRNotMet)
		w.op.Edit(func() { w.op.Subject = "subject-2" }) // the person gives up, and somebody else signs in
		back := w.redirect(client, tab)
		if !same {
			w.restart()
			client = w.openIn(tab, true)
		}
		if user, err := client.SigninCallback(t.Context(), back); err != nil || user.Subject() != "subject-2" {
			t.Fatal(err)
		}
		if _, err := get(client, a); !errors.Is(err, ErrStepUpRequired) {
			t.Errorf("the same program %t: the first challenge of subject-2 is not answered: %v", same, err)
		}
		_ = client.RemoveUser(t.Context())
	}
}

// That the token was renewed since, with a new ID Token, is no sign-in that has
// answered a challenge.
func TestChallengeWhileRenewed(t *testing.T) {
	for _, repeatable := range []bool{true, false} {
		w, client, tab, a := newFetcher(t, func(w *world) { w.settings.Fetch.StepUp, w.settings.ManualRenew = StepUpPopup, true })
		windows := 0
		tab.popup = func(_ context.Context, p Popup) (string, error) {
			windows++
			return w.op.Visit(p.URL), nil
		}
		a.answer = func(n int, _ map[string]string) *oidc.Response {
			if n == 1 {
				if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
					t.Error(err)
				}
			}
			return challenged(401, `Bearer error="insufficient_user_authentication", max_age="300"`)
		}
		_, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: apiURL, Repeatable: repeatable}, &unlocked{a})
		if windows != 1 {
			t.Errorf("repeatable %t: %d windows, %v", repeatable, windows, err)
		}
		_ = client.RemoveUser(t.Context())
	}
}

// unlocked is an api that answers without its lock.
type unlocked struct{ *api }

func (u *unlocked) Do(_ context.Context, req *oidc.Request) (*oidc.Response, error) {
	u.mu.Lock()
	u.sent = append(u.sent, req.Header)
	n := len(u.sent)
	u.mu.Unlock()
	return u.answer(n, req.Header), nil
}
