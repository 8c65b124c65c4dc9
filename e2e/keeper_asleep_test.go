//go:build !js

package e2e

import "testing"

// A page that sleeps in the back/forward cache, with its program, lives. WebKit does not say so:
// another page gets what that program has given. Then the one that slept leaves the refresh token
// alone; the provider fails the test at its second use.
func TestKeeperBesideAPageThatSleeps(t *testing.T) {
	for _, host := range keeperHosts {
		t.Run(host, func(t *testing.T) {
			a, op, tab := newKept(t, host)
			op.Edit(func() { op.SignedIn = true })
			a.leave(tab)
			other := tab.sibling()
			other.visit(a.origin + "/")
			found, asked := eval[bool](other, "firstUser.then(([user]) => !!user)"), len(op.Requests())
			eval[bool](tab, "setTimeout(() => history.back()), true")
			tab.waitReady()
			cached := eval[bool](tab, "globalThis.mark !== undefined && globalThis.persisted")
			t.Logf("out of the cache: %t; the other page has found somebody: %t, by %d requests", cached, found, asked)
			for range 2 {
				renew(t, tab)
				renew(t, other)
			}
		})
	}
}

func renew(t *testing.T, tab *tab) {
	t.Helper()
	if code := eval[string](tab, "um.signinSilent().then((user) => user ? '' : 'nobody', (e) => e.code)"); code != "" {
		t.Errorf("a renewal: %s", code)
	}
}
