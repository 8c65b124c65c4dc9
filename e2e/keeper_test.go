//go:build !js

package e2e

import (
	"os"
	"strconv"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// keeperHosts are those whose programs end with the page in browsers that have a keeper.
var keeperHosts = []string{"shared", "dedicated"}

// keeperReady waits until the service worker runs.
const keeperReady = `navigator.serviceWorker.getRegistrations().then((all) => all.length === 1 && !!all[0].active)`

// newKept signs in, and waits for the keeper.
func newKept(t *testing.T, host string) (*app, *oidctest.OP, *tab) {
	if inChromium(t) {
		t.Skip("its workers cannot talk to service workers; its shared worker outlives a reload")
	}
	a := newApp(t)
	a.setHost(host)
	op := newHostile(t, a)
	op.Edit(func() { op.RefreshTokens = true })
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("sign-in: %s", code)
	}
	tab.until("a keeper", func() bool { return eval[bool](tab, keeperReady) })
	op.ResetRequests()
	return a, op, tab
}

// A reload finds the session, and asks the provider nothing. KEEPER_RELOADS says how often.
func TestKeeperReload(t *testing.T) {
	reloads, _ := strconv.Atoi(os.Getenv("KEEPER_RELOADS"))
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			a, op, tab := newKept(t, host)
			found, users := 0, 0
			for range max(reloads, 3) {
				tab.visit(a.origin + "/")
				if eval[bool](tab, `firstUser.then(([user]) => !!user)`) {
					users++
				}
				if n := len(op.Requests()); n == 0 {
					found++
				} else {
					t.Logf("%d requests: %v", n, op.Requests())
				}
				op.ResetRequests()
			}
			t.Logf("%d of %d reloads found somebody, %d of them with no request", users, max(reloads, 3), found)
			if found < users || users < max(reloads, 3) {
				t.Errorf("%d found, %d with no request", users, found)
			}
		})
	}
}
