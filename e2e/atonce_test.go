//go:build !js

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Two calls in one turn of JavaScript, of which the first waits for the provider: both
// settle, or the tab is where one of them has it go.
func TestCallsAtOnce(t *testing.T) {
	tests := []struct {
		calls string
		want  string // what they settle with, or where the tab is
	}{
		{"signinRedirect removeUser", "not_signed_in ok"},
		{"removeUser signinRedirect", "the login page"},
		{"signinRedirect signoutRedirect", "the app"},
		{"signinSilent removeUser", "not_signed_in ok"},
	}
	for _, host := range []string{"shared", "dedicated"} {
		a := newApp(t)
		a.setHost(host)
		op := newHostile(t, a)
		op.Edit(func() { op.LoginForm = true })
		tab := newTab(t)
		for _, tt := range tests {
			op.Edit(func() { op.SignedIn = strings.HasPrefix(tt.calls, "signinSilent") })
			tab.visit(a.origin + "/")
			endWorkers(t, tab, a.origin)
			tab.visit(a.origin + "/")
			metadata := hold(t, op, oidctest.Discovery)
			script := "globalThis.ready = false, globalThis.settled = []"
			for i, call := range strings.Fields(tt.calls) {
				script += fmt.Sprintf(", um.%s().then(() => 'ok', (e) => e.code).then((got) => { settled[%d] = got; })", call, i)
			}
			eval[bool](tab, script+", true")
			metadata.wait(tab)
			if strings.Contains(tt.calls, "removeUser") {
				tab.waitFor("settled.includes('ok')")
			}
			metadata.release()
			tab.waitFor(fmt.Sprintf(`(() => {
				if (location.origin === %q) globalThis.got = document.querySelector("form") && "the login page";
				else if (globalThis.ready) globalThis.got = "the app";
				else if (globalThis.settled?.filter(Boolean).length === 2) globalThis.got = settled.join(" ");
				return Boolean(globalThis.got);
			})()`, op.Issuer))
			if got := eval[string](tab, "got"); got != tt.want {
				t.Errorf("%s, %s: %s, want %s", host, tt.calls, got, tt.want)
			}
		}
	}
}
