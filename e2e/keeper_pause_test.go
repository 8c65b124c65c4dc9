//go:build !js

package e2e

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A page is left for a while, or hidden first: what comes back finds, and what it
// asks the provider, is printed. KEEPER_PAUSES has the pauses, "2s 60s"; each is made
// KEEPER_RELOADS times. A keeper has no word to keep beyond a minute, and a browser
// that is in need of memory none at all: nothing is judged here but that somebody who
// is found without a request is the one who was there. COOKIES=blocked is as for
// TestKeeperReload. KEEPER_HIDDEN is how long the page is behind another before it is left.
func TestKeeperPauses(t *testing.T) {
	pauses := strings.Fields(os.Getenv("KEEPER_PAUSES"))
	if len(pauses) == 0 {
		t.Skip("KEEPER_PAUSES has no pauses: it prints figures")
	}
	times, _ := strconv.Atoi(os.Getenv("KEEPER_RELOADS"))
	hidden, _ := time.ParseDuration(os.Getenv("KEEPER_HIDDEN"))
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			a, op, tab := keptWith(t, host, func(t *testing.T, a *app) *oidctest.OP { return cookied(t, a, new(atomic.Bool)) })
			a.respondPage("blank", "globalThis.ready = true;")
			for _, word := range pauses {
				pause, err := time.ParseDuration(word)
				if err != nil {
					t.Fatal(err)
				}
				users, found, requests := 0, 0, 0
				var took float64
				for range max(times, 1) {
					if hidden > 0 {
						other := tab.sibling()
						other.navigate(strings.Replace(a.origin, "localhost", "127.0.0.1", 1) + "/blank.html")
						state := eval[string](tab, "document.visibilityState")
						<-time.After(hidden)
						other.close()
						t.Logf("hidden for %s (the page says %s)", hidden, state)
					}
					tab.navigate(strings.Replace(a.origin, "localhost", "127.0.0.1", 1) + "/blank.html")
					<-time.After(pause)
					tab.visit(a.origin + "/")
					if eval[bool](tab, `firstUser.then(([user]) => !!user)`) {
						users++
					}
					took += eval[float64](tab, `firstUser.then(([, milliseconds]) => milliseconds)`)
					n := len(op.Requests())
					if requests += n; n == 0 {
						found++
					}
					if !eval[bool](tab, "um.getUser().then((user) => !!user)") {
						signInKept(t, a, tab)
					}
					tab.waitKept()
					op.ResetRequests()
				}
				n := max(times, 1)
				t.Logf("left for %s: somebody in %d of %d, in %d of these with no request; %d requests, %.0f ms", word, users, n, found, requests, took/float64(n))
				if found > users {
					t.Errorf("left for %s: nobody, and the provider was not asked", word)
				}
			}
		})
	}
}
