//go:build !js

package e2e

import (
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A provider answers the request of a hidden frame, which was given up, when somebody
// signs in by redirect: that sign-in begins again, and brings what it was to bring.
func TestAnswerOfAnotherRequest(t *testing.T) {
	for _, host := range hosts {
		for name, redirectURI := range map[string]string{"callback page": "/callback.html", "page of the app": "/?page=app"} {
			t.Run(host+"/"+name, func(t *testing.T) {
				a := newApp(t)
				a.setHost(host)
				a.set("redirect_uri", a.origin+redirectURI)
				op := newHostile(t, a)
				op.Edit(func() { op.SignedIn, op.LoginForm, op.AnswersFirst = false, true, true })
				const left = "/?view=cart&quiet#top"
				tab := newTab(t)
				tab.visit(a.origin + left)
				if code := codeOf(tab, "um.signinSilent()"); code != "frame_no_response" {
					t.Fatalf("frame: code %q", code)
				}
				eval[void](tab, "void um.signinRedirect({ state: 'basket' })")
				tab.clickOn("button")
				tab.waitFor("globalThis.heard?.includes('UserLoaded')")
				want := left
				if redirectURI != "/callback.html" {
					want = redirectURI
				}
				const result = "callback.then((u) => u.profile.sub + ' ' + u.state + ' ' + location.href)"
				if got := eval[string](tab, result); got != op.Subject+" basket "+a.origin+want {
					t.Errorf("the tab has %s", got)
				}
				if n := op.Count(oidctest.Authorize); n != 3 { // the frame, the sign-in, and once more
					t.Errorf("%d requests", n)
				}
			})
		}
	}
}
