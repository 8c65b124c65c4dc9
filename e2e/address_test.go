//go:build !js

package e2e

import (
	"cmp"
	"net/url"
	"testing"
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
				if got := eval[string](tab, "Object.keys(sessionStorage).join(' ')"); got != "" {
					t.Errorf("the tab keeps %s", got)
				}
			})
		}
	}
}

// What the app's own page has under the names of a response is neither taken for one nor in
// its way, where the other part of the address has the response.
func TestAddressWithOwnParameters(t *testing.T) {
	for _, own := range []string{"state=CA", "code=PROMO50", "error=404", "response=yes", "code=PROMO50&state=CA"} {
		t.Run(own, func(t *testing.T) {
			a := newApp(t)
			a.set("redirect_uri", a.origin+"/?x=%7e&"+own)
			a.set("response_mode", "fragment")
			newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != "" {
				t.Errorf("code %q", code)
			}
			if got, want := eval[string](tab, "location.href"), a.origin+"/?x=%7e&"+own; got != want {
				t.Errorf("the address is %s, want %s", got, want)
			}
		})
	}
}

// unknownState is one that some program has drawn, and this tab does not know.
const unknownState = "of-before-0123456789-0123456789-0123456789-0"

// So it is where the response is of a sign-in that the tab does not know: another tab's, an
// old one. Where it can be no response of a client, the address is the app's own.
func TestAddressAfterUnknownResponse(t *testing.T) {
	const response = "zz=1&code=c&state=" + unknownState + "&scope=openid+email&authuser=0&hd=example.com&prompt=none&session_state=x.y&iss="
	tests := []struct {
		name, redirectURI, address, want, code string
	}{
		{"in the query", "/?page=app&x=%7e&quiet", "/?page=app&x=%7e&quiet&" + response, "/?page=app&x=%7e&quiet", "state_unknown"},
		{"in a query of its own", "/", "/?" + response, "/", "state_unknown"},
		{"at the origin", "", "/?" + response, "/", "state_unknown"},
		{"in the fragment, beside a state of the app's", "/?state=CA&x=%7e", "/?state=CA&x=%7e#" + response, "/?state=CA&x=%7e", "state_unknown"},
		{"in the query, with a code of the app's in the fragment", "/", "/?" + response + "#/orders?code=PROMO50", "/#/orders?code=PROMO50", "state_unknown"},
		{"in the fragment", "/?page=app&x=%7e&quiet", "/?page=app&x=%7e&quiet#" + response, "/?page=app&x=%7e&quiet", "state_unknown"},
		{"of another redirect URI", "/callback.html", "/?page=app&x=%7e&quiet&" + response[len("zz=1&"):], "/?page=app&x=%7e&quiet", "state_unknown"},
		{"a code of the app's", "/", "/?view=a+b&code=PROMO50&x=%7e&quiet#top", "", "state_mismatch"},
		{"a code and a state of the app's", "/", "/?code=PROMO50&view=a+b&state=CA&x=%7e#top", "", "state_unknown"},
		{"an error of the app's", "/", "/?error=404&view=a+b&x=%7e#/a?b=c", "", "provider_error"},
		{"a state of the app's", "/", "/?state=CA&view=a+b&x=%7e", "", ""}, // the page takes it for a sign-out
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			a.set("redirect_uri", a.origin+tt.redirectURI)
			newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + tt.address)
			if code := codeOf(tab, "globalThis.callback ?? um.signinCallback()"); code != tt.code {
				t.Errorf("code %q, want %q", code, tt.code)
			}
			if got, want := eval[string](tab, "location.href"), a.origin+cmp.Or(tt.want, tt.address); got != want {
				t.Errorf("the address is %s, want %s", got, want)
			}
		})
	}
}

// Who is signed in and goes back to the provider's login page gets the answer to a
// sign-in that is over (Keycloak), also where a page of the app is the redirect URI.
func TestAnswerToWhatIsOver(t *testing.T) {
	for _, host := range hosts {
		for _, tt := range []struct{ redirectURI, restore string }{{"/callback.html", ""}, {"/?page=app", ""}, {"/?page=app", "redirect"}} {
			t.Run(host+tt.redirectURI+tt.restore, func(t *testing.T) {
				redirectURI := tt.redirectURI
				a := newApp(t)
				a.setHost(host)
				if tt.restore != "" {
					a.set("restore", tt.restore)
				}
				a.set("redirect_uri", a.origin+redirectURI)
				op := newHostile(t, a)
				tab := newTab(t)
				tab.visit(a.origin + "/")
				if code := signinCode(tab); code != "" {
					t.Fatalf("code %q", code)
				}
				answer := url.Values{"error": {"temporarily_unavailable"}, "error_description": {"authentication_expired"}, "state": {unknownState}, "iss": {op.Issuer}}
				address, separator := a.origin+redirectURI, "?"
				want := a.origin + "/"
				if redirectURI != "/callback.html" {
					separator, want = "&", address
				}
				if tt.restore != "" {
					killAll(t, a.origin) // the program is new
				}
				tab.navigate(address + separator + answer.Encode())
				if tt.restore != "" {
					tab.waitFor("globalThis.heard?.includes('UserLoaded')") // after a round trip
				}
				tab.waitReady()
				const found = "(globalThis.callback ?? um.getUser()).then((u) => u.profile.sub + ' ' + location.href)"
				if got := eval[string](tab, found); got != op.Subject+" "+want {
					t.Errorf("the tab has %s, want %s", got, want)
				}
			})
		}
	}
}
