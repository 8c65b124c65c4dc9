//go:build !js

package e2e

import (
	"testing"
)

// A page in the back/forward cache knows, when it comes back, what has become
// of its session meanwhile.
func TestFaultBackForward(t *testing.T) {
	tests := []struct {
		name      string
		meanwhile string // in another tab
		want      string
	}{
		{"nothing happens", "um.getUser()", "somebody"},
		{"the session is renewed", "um.signinSilent()", "somebody"},
		{"the session ends", "um.removeUser()", "nobody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			tab := r.signedIn()
			other := r.another(tab)
			eval[string](tab, userState)
			token := eval[string](tab, "um.getUser().then((u) => u.access_token)")
			eval[bool](tab, `addEventListener("pageshow", ({ persisted }) => { globalThis.back = um.getUser().then((u) => [persisted, u?.access_token ?? null, heard.length]); }), heard.length = 0, true`)
			tab.navigate(r.op.Issuer + "/.well-known/openid-configuration")
			eval[bool](other, tt.meanwhile+".then(() => true)")
			eval[bool](tab, "setTimeout(() => history.back()), true")
			tab.waitFor("globalThis.um !== undefined && globalThis.ready === true")
			if !eval[bool](tab, "globalThis.back !== undefined") {
				// The browser's choice, as when it is short of memory.
				t.Logf("the page was loaded anew: %s",
					eval[string](tab, "String(JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons))"))
				if got := eval[string](tab, userState); got != tt.want {
					t.Errorf("loaded anew: %s, want %s", got, tt.want)
				}
				r.check(tab, other)
				return
			}
			if got := eval[string](tab, userState); got != tt.want {
				t.Errorf("back again: %s, want %s", got, tt.want)
			}
			now := eval[string](other, "um.getUser().then((u) => u?.access_token ?? '')")
			if got := eval[string](tab, "back.then(([persisted, token]) => token ?? '')"); got != now {
				t.Errorf("the first answer is out of date; the token is still that from before: %v", got == token)
			}
			if code := codeOf(tab, "um.signinSilent()"); code != "" {
				t.Errorf("the next renewal: code %q", code)
			}
			other.waitFor("heard.at(-1) === 'UserLoaded'")
			tab.waitFor("heard.at(-1) === 'UserLoaded'")
			r.check(tab, other)
		})
	}
}
