//go:build !js

package e2e

import (
	"fmt"
	"testing"
)

// Arguments that cannot cross to the program fail; they do not hang. The call fails
// alone: others in the air have their answers.
func TestArgumentsThatCannotCross(t *testing.T) {
	tests := []struct {
		name, state string
	}{
		{"nested too deeply", "JSON.parse('['.repeat(100) + ']'.repeat(100))"},
		{"too long", "'x'.repeat(5 << 20)"},
		{"a number that JSON does not have", "1n"},
		{"a circle", "globalThis"},
	}
	a := newApp(t)
	newGoOIDC(t, a, options{})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			eval[any](tab, "void (globalThis.others = Promise.allSettled([um.stats({ collect: true }), um.metadataService.getIssuer()]))")
			if code := codeOf(tab, fmt.Sprintf("um.signinRedirect({ state: %s })", tt.state)); code != "invalid_argument" {
				t.Errorf("code %q, want invalid_argument", code)
			}
			if got := eval[string](tab, "others.then((all) => all.map(({ status }) => status).join())"); got != "fulfilled,fulfilled" {
				t.Errorf("calls beside it: %s", got)
			}
		})
	}
	if got := eval[string](tab, userState); got != "nobody" {
		t.Errorf("the connection does not work any more: %s", got)
	}
}

// A manager whose settings are refused keeps no connection: the program's
// callbacks are those of before.
func TestRefusedSettingsLeaveNothing(t *testing.T) {
	a := newApp(t)
	newGoOIDC(t, a, options{})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	const callbacks = "um.stats({ collect: true }).then((s) => s.runtime.callbacks)"
	before := eval[int](tab, callbacks)
	for range 5 {
		if code := codeOf(tab, "new oidc.UserManager({ ...settings, nonsense: 1 }).signinSilent()"); code != "invalid_config" {
			t.Errorf("code %q, want invalid_config", code)
		}
	}
	tab.waitFor(callbacks + fmt.Sprintf(".then((n) => { globalThis.callbacksLeft = n; }) && globalThis.callbacksLeft === %d", before))
}
