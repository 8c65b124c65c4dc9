//go:build !js

package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// signedResponses are the ways in which a response in a JWT comes back.
var signedResponses = []string{"jwt", "query.jwt", "fragment.jwt"}

func TestSignedResponsesGoOIDC(t *testing.T) {
	for _, mode := range signedResponses {
		t.Run(mode, func(t *testing.T) {
			a := newApp(t)
			testSignedResponse(t, a, newGoOIDC(t, a, options{}), mode)
		})
	}
}

func TestSignedResponsesPeer(t *testing.T) {
	for _, mode := range signedResponses {
		t.Run(mode, func(t *testing.T) {
			a := newApp(t)
			testSignedResponse(t, a, newPeer(t, a), mode)
		})
	}
}

// testSignedResponse signs in by redirect and in the frame.
func testSignedResponse(t *testing.T, a *app, p *provider, mode string) {
	a.set("response_mode", mode)
	tab := newTab(t)
	tab.visit(a.origin + "/?view=cart#top")
	p.signIn(tab)
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("after the sign-in: %s", got)
	}
	if got := eval[string](tab, "location.search"); got != "?view=cart" {
		t.Errorf("the address after the sign-in ends in %q", got)
	}
	if got := eval[int](tab, "location.href.length"); got > len(a.origin)+20 {
		t.Errorf("%d characters are left in the address", got)
	}
	before := eval[string](tab, "um.getUser().then((u) => u.access_token)")
	if after := eval[string](tab, "um.signinSilent().then((u) => u.access_token)"); after == before {
		t.Error("the renewal brought the same access token")
	}
	checkStorage(t, tab, p.secrets)
}

// A page of the app that is the redirect URI takes a signed response, too, in
// the tab and in the frame.
func TestSignedResponseToTheApp(t *testing.T) {
	for _, mode := range signedResponses {
		t.Run(mode, func(t *testing.T) {
			a := newApp(t)
			a.set("redirect_uri", a.origin+"/")
			a.set("response_mode", mode)
			newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != "" {
				t.Fatalf("code %q", code)
			}
			if got := eval[string](tab, "location.search + location.hash"); got != "" {
				t.Errorf("the address keeps %d characters of the response", len(got))
			}
			if code := codeOf(tab, "um.signinSilent()"); code != "" {
				t.Errorf("renewal: code %q", code)
			}
		})
	}
}

// A code that is bound to the key of the worker (RFC 9449 10).
func TestBoundCode(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			a.set("dpop", map[string]any{"bind_authorization_code": true})
			op := newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			want := "unsupported" // the key ends with the page
			if host == "shared" {
				want = ""
			}
			if code := signinCode(tab); code != want {
				t.Errorf("redirect: code %q, want %q", code, want)
			}
			if code := codeOf(tab, "um.signinSilent()"); code != "" {
				t.Errorf("frame: code %q", code)
			}
			if got := eval[string](tab, "um.getUser().then((u) => u.token_type)"); got != "DPoP" {
				t.Errorf("token_type %q", got)
			}
			if n := op.Count(oidctest.Token); n == 0 {
				t.Error("no token was asked for")
			}
		})
	}
}

// The worker that had the key of a code is gone when the response comes.
func TestBoundCodeWithoutItsKey(t *testing.T) {
	a := newApp(t)
	a.set("dpop", map[string]any{"bind_authorization_code": true})
	op := newHostile(t, a)
	op.Edit(func() { op.SignedIn, op.LoginForm = false, true })
	tab := newTab(t)
	tab.visit(a.origin + "/")
	eval[void](tab, "void um.signinRedirect()")
	tab.waitFor("document.querySelector('button') !== null")
	killWorkers(t, a.origin)
	tab.clickOn("button")
	tab.waitReady()
	if code := codeOf(tab, "callback"); code != "dpop_key_lost" {
		t.Errorf("code %q", code)
	}
	if n := op.Count(oidctest.Token); n != 0 {
		t.Errorf("%d token requests", n)
	}
}

// A page with two clients tells the program of both, open or not: a provider
// that does not say who it is gets a redirect URI of its own.
func TestSharedRedirectURI(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	op.Edit(func() {
		op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
	})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	other := "globalThis.other = new oidc.UserManager({...settings, authority: 'https://other.example', redirect_uri: '" + a.redirectURI() + "'}), true"
	eval[bool](tab, other)
	if code := codeOf(tab, "um.signinSilent()"); code != "redirect_uri_shared" {
		t.Errorf("code %q", code)
	}
	steps := `(async () => {
		const { OidcClient } = await import("/index.js");
		new OidcClient({ ...settings, authority: "https://other.example" });
		await new OidcClient(settings).createSigninRequest();
	})()`
	alone := tab.sibling()
	alone.visit(a.origin + "/")
	if code := codeOf(alone, steps); code != "redirect_uri_shared" {
		t.Errorf("of single steps: code %q", code)
	}
	alone.close()
	a.set("redirect_uri", a.redirectURI()+"?op=1")
	tab.visit(a.origin + "/")
	eval[bool](tab, strings.ReplaceAll(other, "callback.html", "callback.html?op=2"))
	if code := codeOf(tab, "um.signinSilent()"); code != "" {
		t.Errorf("with a redirect URI of its own: code %q", code)
	}
}

// What the app knows of the provider is not asked for.
func TestMetadataOfTheApp(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	a.set("metadata", map[string]any{
		"issuer": op.Issuer, "authorization_endpoint": op.Base() + "/authorize",
		"token_endpoint": op.Base() + "/token", "jwks_uri": op.Base() + "/jwks",
	})
	a.set("signingKeys", []any{op.PublicJWK()})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	for _, endpoint := range []string{oidctest.Discovery, oidctest.JWKS} {
		if n := op.Count(endpoint); n != 0 {
			t.Errorf("%d %s requests", n, endpoint)
		}
	}
}

// The state of an OidcClient says where the response is, signed or not.
func TestModeOfSignedResponses(t *testing.T) {
	a := newApp(t)
	newGoOIDC(t, a, options{})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	got := eval[[]string](tab, `(async () => {
		const { OidcClient } = await import("/index.js");
		const client = new OidcClient(await fetch("config.json").then((answer) => answer.json()));
		const modes = [];
		for (const response_mode of [undefined, "query", "fragment", "jwt", "query.jwt", "fragment.jwt"]) {
			const { state } = await client.createSigninRequest({ response_mode });
			modes.push(String(state.response_mode));
		}
		return modes;
	})()`)
	if want := []string{"undefined", "query", "fragment", "query", "query", "fragment"}; !slices.Equal(got, want) {
		t.Errorf("modes %q, want %q", got, want)
	}
}
