//go:build known

package session

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

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
