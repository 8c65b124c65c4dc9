//go:build !js

package e2e

import (
	"slices"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// clicked evaluates an expression in the handler of a click.
func clicked(tab *tab, expression string) {
	tab.t.Helper()
	eval[bool](tab, `(() => {
		document.querySelector("#clicked")?.remove();
		const button = document.createElement("button");
		button.id = "clicked";
		button.onclick = () => { `+expression+` };
		document.body.append(button);
		return true;
	})()`)
	tab.clickOn("#clicked")
}

// A sign-in in a popup window, of which each phase meets each fault. A window
// that shows an error page is closed by the app.
func TestFaultPopup(t *testing.T) {
	for _, endpoint := range []string{oidctest.Discovery, oidctest.Authorize, oidctest.JWKS, oidctest.Token} {
		t.Run(endpoint, func(t *testing.T) {
			r := newRig(t)
			tab := r.open()
			for _, fault := range []fault{offline, broken, busy, slow, half} {
				s := r.op.fail(endpoint, fault, fault.times(t))
				clicked(tab, `globalThis.outcome = um.signinPopup({popupSignal: (globalThis.aborter = new AbortController()).signal}).then(() => "", (e) => e.code ?? String(e))`)
				s.wait(t)
				if fault == slow {
					r.op.heal()
				}
				codes := outcomes[fault]
				if endpoint == oidctest.Authorize && fault != slow {
					eval[bool](tab, "aborter.abort(), true")
					codes = []string{"aborted"}
				}
				if code := eval[string](tab, "outcome"); code != "" && !slices.Contains(codes, code) {
					t.Errorf("%s: code %q, want none or one of %q", fault, code, codes)
				}
				r.op.heal()
				r.recovers(t, tab, string(fault))
				r.fresh(t, tab)
			}
			r.check(tab)
		})
	}
}

// The tab is closed while its popup is open: another tab knows nothing of it
// and can sign in.
func TestFaultPopupTabCloses(t *testing.T) {
	r := newRig(t)
	tab := r.open()
	other := r.another(tab)
	s := r.op.fail(oidctest.Token, slow, 1)
	clicked(tab, "globalThis.outcome = um.signinPopup().catch(() => {})")
	s.wait(t)
	tab.close()
	r.op.heal()
	if code := codeOf(other, "um.signinSilent()"); code != "" {
		t.Errorf("in the other tab: code %q", code)
	}
	r.check(other)
}
