//go:build !js

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A session that is restored by a redirect: the tab goes to the provider once
// at most, whatever happens to it there, and the app knows the outcome.
func TestFaultRestoreRedirect(t *testing.T) {
	tests := []struct {
		endpoint string // empty: all is well
		fault    fault
		signedIn bool   // at the provider
		want     string // empty: whatever goes with the fault
	}{
		{"", "", true, "somebody"},
		{"", "", false, "nobody"},
		{oidctest.Token, broken, true, ""},
		{oidctest.Token, offline, true, ""},
		{oidctest.Token, half, true, ""},
		{oidctest.Token, busy, true, ""},
		{oidctest.Discovery, offline, true, ""},
		{oidctest.Discovery, broken, true, ""},
		{oidctest.JWKS, offline, true, ""},
		{oidctest.JWKS, broken, true, ""},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s %s %v", tt.endpoint, tt.fault, tt.signedIn), func(t *testing.T) {
			r := newRig(t)
			r.set("restore", "redirect")
			r.setHost("dedicated") // which a reload ends
			tab := r.signedIn()
			r.op.count()
			r.op.Edit(func() { r.op.SignedIn = tt.signedIn })
			if tt.endpoint != "" {
				r.op.fail(tt.endpoint, tt.fault, tt.fault.times(t))
			}
			tab.visit(r.origin + "/")
			tab.waitFor("globalThis.ready === true && globalThis.calls.pending.size === 0 && globalThis.calls.settled > 0")
			// Where the tab could not leave at first, another call would send it.
			got := eval[string](tab, strings.Replace(userState, "um.getUser()", "(firstUser?.then(([u]) => u) ?? um.getUser())", 1)+".catch((e) => e.code)")
			want := append([]string{"somebody", "nobody"}, outcomes[tt.fault]...) // it may have been tried again
			if tt.want != "" {
				want = []string{tt.want}
			}
			if !slices.Contains(want, got) {
				t.Errorf("%s, want one of %q", got, want)
			}
			r.op.heal()
			for range 2 {
				tab.visit(r.origin + "/")
				tab.waitFor("globalThis.ready === true && globalThis.calls.pending.size === 0")
			}
			// Where it works each reload asks again: this host keeps nothing.
			works := got == "somebody" || tt.endpoint == oidctest.Discovery
			if n := r.op.count()["authorize"]; !works && n > 1 {
				t.Errorf("the tab was sent to the provider %d times", n)
			}
			r.op.Edit(func() { r.op.SignedIn = true })
			if code := signinCode(tab); code != "" {
				t.Errorf("the next sign-in: code %q", code)
			}
			r.check(tab)
		})
	}
}
