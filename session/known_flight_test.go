//go:build known

package session

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Right: getUser() and fetch() of who is signed in now do not get the failure of a
// renewal of the person before.
func TestKnownUserJoinsRenewalOfAnotherPerson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.op.RefreshTokens = true
		client, tab := w.open(false)
		other, otherTab := w.open(false)
		ann := w.signIn(client, tab)
		release := make(chan struct{})
		held := false
		w.op.Edit(func() {
			w.op.Hold = func(endpoint string, r *http.Request) {
				if endpoint == oidctest.Token && !held {
					held = true
					<-release
				}
			}
		})
		go func() { _ = client.session.keep(t.Context(), client, ann) }()
		synctest.Wait()
		_ = client.RemoveUser(t.Context())
		w.op.Edit(func() {
			w.op.Subject = "bob"
			w.op.EditTokenResponse = func(r map[string]any) { r["expires_in"] = 6 }
		})
		w.signIn(other, otherTab)
		time.Sleep(8 * time.Second)
		got := make(chan string, 1)
		go func() {
			user, err := other.User(t.Context())
			got <- fmt.Sprint(user != nil, " ", err)
		}()
		synctest.Wait()
		close(release)
		if s := <-got; s != "true <nil>" {
			t.Errorf("User = %s", s)
		}
		_ = client.RemoveUser(t.Context())
		client.Close()
		other.Close()
		time.Sleep(time.Hour)
	})
}

// Right: a step-up is bounded whatever the addresses of the APIs are. The notes of
// a tab with many, or with long ones, are more than what is believed of a tab: each
// load then forgets that it has just been at the provider.
func TestKnownStepUpNotesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := "https://api.example.test/v1/" + strings.Repeat("x", 20<<10)
		w, client, tab, a := redirectFetcher(t, func(w *world) {
			w.settings.ManualRenew = true
			w.settings.Fetch.Allow = []API{{URL: long}}
		})
		a.answer = func(int, map[string]string) *oidc.Response { return challenged(401, mfa) }
		left := 0
		for range 20 {
			_, err := client.Fetch(t.Context(), &FetchRequest{Method: "GET", URL: long, Repeatable: true}, a)
			if err == ErrStepUpRequired {
				left++
				address := w.op.Visit(tab.address)
				client.Close()
				w.restart()
				client = w.openIn(tab, true)
				_, _ = client.SigninCallback(t.Context(), address)
			}
			client.Close()
			w.restart()
			client = w.openIn(tab, true)
			time.Sleep(time.Second)
		}
		if left > stepUpLimit {
			t.Errorf("the tab left %d times within 20 seconds", left)
		}
		_ = client.RemoveUser(t.Context())
	})
}
