//go:build known

package session

import (
	"context"
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

// "the first challenge for a stronger sign-in after somebody has signed in is
// answered" (habits "answered"): that the token was renewed meanwhile, with a new ID Token,
// is no sign-in.
func TestKnownChallengeWhileRenewed(t *testing.T) {
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

// Unlocked is an api that answers without its lock.
type unlocked struct{ *api }

func (u *unlocked) Do(_ context.Context, req *oidc.Request) (*oidc.Response, error) {
	u.mu.Lock()
	u.sent = append(u.sent, req.Header)
	n := len(u.sent)
	u.mu.Unlock()
	return u.answer(n, req.Header), nil
}
