//go:build known

package session

import (
	"errors"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

// "the first challenge for a stronger sign-in after somebody has signed in is
// answered, whatever those before were told" (habits "answered"): what was noted of a
// person ends with the person, also where the program is another one
// when the refusal comes back.
func TestKnownChallengeOfTheNextPerson(t *testing.T) {
	w, client, tab, a := redirectFetcher(t, nil)
	a.answer = always(`Bearer error="insufficient_user_authentication", acr_values="mfa"`)
	address := stepUpByRedirect(t, w, client, tab, a)
	w.restart() // the program ended with the page
	client = w.openIn(tab, true)
	_, err := client.SigninCallback(t.Context(), address)
	mustFail(t, "SigninCallback", err, oidc.ErrACRNotMet)
	w.op.Edit(func() { w.op.Subject = "subject-2" }) // the person gives up, and somebody else signs in
	back := w.redirect(client, tab)
	w.restart()
	client = w.openIn(tab, true)
	if user, err := client.SigninCallback(t.Context(), back); err != nil || user.Subject() != "subject-2" {
		t.Fatal(err)
	}
	if _, err := get(client, a); !errors.Is(err, ErrStepUpRequired) {
		t.Errorf("the first challenge of subject-2 is not answered: %v", err)
	}
	_ = client.RemoveUser(t.Context())
}
