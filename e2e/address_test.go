//go:build !js

package e2e

import (
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
)

// strange are parameters that providers put into a response, and some that none has so far.
func strange(p url.Values) {
	for _, name := range []string{"scope", "authuser", "prompt", "hd", "session_state", "kc_action_status", "zz"} {
		p.Set(name, "of the response")
	}
}

// What a response brings never touches the app's own address: the tab comes back to the
// one that it left, or to the redirect URI, byte for byte.
func TestAddressAfterResponse(t *testing.T) {
	const left = "/?view=a+b&quiet&iss=mine&x=%7e&error_uri#/orders/7?page=2"
	for _, mode := range []string{"query", "fragment"} {
		for _, tt := range []struct{ name, redirectURI, want string }{
			{"callback page", "/callback.html", left},
			{"page of the app", "/?page=app&x=%7e&quiet", "/?page=app&x=%7e&quiet"},
		} {
			t.Run(mode+"/"+tt.name, func(t *testing.T) {
				a := newApp(t)
				a.set("redirect_uri", a.origin+tt.redirectURI)
				a.set("response_mode", mode)
				op := newHostile(t, a)
				op.Edit(func() { op.EditCallback = strange })
				tab := newTab(t)
				tab.visit(a.origin + left)
				if code := signinCode(tab); code != "" {
					t.Fatalf("code %q", code)
				}
				if got := eval[string](tab, "location.href"); got != a.origin+tt.want {
					t.Errorf("the address is %s, want %s", got, a.origin+tt.want)
				}
			})
		}
	}
}

// Who is signed in and goes back to the provider's login page gets the answer to a
// sign-in that is over (Keycloak), also where a page of the app is the redirect URI.
func TestAnswerToWhatIsOver(t *testing.T) {
	for _, host := range hosts {
		for _, redirectURI := range []string{"/callback.html", "/?page=app"} {
			t.Run(host+redirectURI, func(t *testing.T) {
				a := newApp(t)
				a.setHost(host)
				a.set("redirect_uri", a.origin+redirectURI)
				op := newHostile(t, a)
				tab := newTab(t)
				tab.visit(a.origin + "/")
				if code := signinCode(tab); code != "" {
					t.Fatalf("code %q", code)
				}
				answer := url.Values{"error": {"temporarily_unavailable"}, "error_description": {"authentication_expired"}, "state": {"of-before"}, "iss": {op.Issuer}}
				address, separator := a.origin+redirectURI, "?"
				want := a.origin + "/"
				if redirectURI != "/callback.html" {
					separator, want = "&", address
				}
				tab.do("come back", chromedp.Navigate(address+separator+answer.Encode()))
				tab.waitReady()
				const found = "(globalThis.callback ?? um.getUser()).then((u) => u.profile.sub + ' ' + location.href)"
				if got := eval[string](tab, found); got != op.Subject+" "+want {
					t.Errorf("the tab has %s, want %s", got, want)
				}
			})
		}
	}
}
