//go:build !js

package e2e

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// earlyRoot is what most apps give to the early script.
const earlyRoot = `{ BASE_URL: "/" }`

// Who never signed in costs no worker, and no request.
func TestCreateOidcNobody(t *testing.T) {
	for _, early := range []string{earlyRoot, ""} {
		r := newRoot(t, "", early)
		r.visit("/orders?x=1#top")
		r.wantWho("nobody")
		r.wantAt("/orders?x=1#top")
		if got := eval[string](r.tab, "[oidc.issuerUri, oidc.clientId, oidc.validRedirectUri].join(' ')"); got != r.op.Issuer+" "+clientID+" "+r.origin+"/" {
			t.Errorf("the app has %s", got)
		}
		if loaded := eval[[]string](r.tab, "performance.getEntriesByType('resource').map(({ name }) => name.split('/').pop()).filter((name) => name.startsWith('ondemand'))"); len(loaded) > 0 {
			t.Errorf("the page loads %q", loaded)
		}
		if n := sharedWorkers(t, r.origin); n != 0 || len(r.op.Requests()) != 0 {
			t.Errorf("%d workers and %q, want none", n, r.op.Requests())
		}
	}
}

// A login leads back to where it began, or to where it was told to, and the app sees nothing of the response.
func TestCreateOidcLogin(t *testing.T) {
	for _, tt := range []struct{ name, params, early, call, want string }{
		{"to where it began", "", earlyRoot, "oidc.login()", "/orders?x=a+b&y#top"},
		{"by a click", "", earlyRoot, "document.body.addEventListener('click', oidc.login); document.body.click()", "/orders?x=a+b&y#top"},
		{"to another page", "", earlyRoot, "oidc.login({ redirectUrl: '/private?z=1' })", "/private?z=1"},
		{"from a protected page", "", earlyRoot, "oidc.login({ doesCurrentHrefRequiresAuth: true })", "/orders?x=a+b&y#top"},
		{"to a page of the parameters", `postLoginRedirectUrl: "/bye"`, earlyRoot, "oidc.login()", "/bye"},
		{"without the early script", "", "", "oidc.login()", "/orders?x=a+b&y#top"},
		{"twice", "", earlyRoot, "oidc.login(), oidc.login({ redirectUrl: '/bye' })", "/orders?x=a+b&y#top"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoot(t, tt.params, tt.early)
			r.visit("/orders?x=a+b&y#top")
			entries := eval[int](r.tab, "history.length")
			r.does(tt.call)
			r.wantWho("subject-1")
			r.wantAt(tt.want)
			if seen := eval[string](r.tab, "seen"); tt.early != "" && seen != r.origin+tt.want {
				t.Errorf("the app has seen %s", seen)
			}
			more := eval[int](r.tab, "history.length") - entries
			if replaces := strings.Contains(tt.call, "RequiresAuth"); replaces != (more == 0) {
				t.Errorf("the history has %d entries more", more)
			}
			if got := r.asked(oidctest.Authorize); got.Get("scope") != "openid profile" || got.Get("redirect_uri") != r.origin+"/" || got.Has("prompt") {
				t.Errorf("the request is %q", got)
			}
			r.keepsNothing()
		})
	}
}

// keepsNothing fails the test if the browser keeps a secret, or what belongs to one round trip.
func (r *root) keepsNothing() {
	r.t.Helper()
	found := eval[string](r.tab, walk)
	for _, secret := range r.op.Secrets() {
		if strings.Contains(found, secret) {
			r.t.Error("the browser keeps a secret")
		}
	}
	for key, value := range eval[map[string]string](r.tab, "({ ...sessionStorage })") {
		_, err := strconv.ParseInt(value, 10, 32)
		if key != "loads" && !(strings.HasPrefix(key, "oidcspa-seen:") && err == nil) {
			r.t.Errorf("the tab keeps %s, %d characters", key, len(value))
		}
	}
}

// A reload finds the session in the program, and in a frame where that is another one. The frame loads no app.
func TestCreateOidcReload(t *testing.T) {
	for _, tt := range []struct {
		name, early, method string
		ends                bool // the program
	}{
		{"in the program", earlyRoot, "auto", false},
		{"in a frame", earlyRoot, "auto", true},
		{"in a frame without the early script", "", "iframe", true},
		{"by a redirect", earlyRoot, "full page redirect", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoot(t, `sessionRestorationMethod: "`+tt.method+`"`, tt.early)
			r.signIn("/orders")
			if !eval[bool](r.tab, "oidc.isNewBrowserSession && oidc.backFromAuthServer !== undefined") {
				t.Error("the sign-in is no new session of the browser")
			}
			r.op.ResetRequests()
			loads := eval[int](r.tab, "loads")
			if tt.ends {
				killAll(t, r.origin)
			}
			eval[bool](r.tab, "globalThis.ready = false, true")
			r.tab.reload()
			r.tab.waitReady()
			r.wantWho("subject-1")
			r.wantAt("/orders")
			if eval[bool](r.tab, "oidc.isNewBrowserSession || oidc.backFromAuthServer !== undefined") {
				t.Error("the reload is a new session of the browser")
			}
			if n := eval[int](r.tab, "Number(sessionStorage.getItem('loads'))") - loads; n != 1 && tt.early != "" && tt.method == "auto" {
				t.Errorf("the app was loaded %d times: in the frame, too", n)
			}
			if n := r.op.Count(oidctest.Authorize); (n == 1) != tt.ends && inChromium(t) { // elsewhere a keeper may have it
				t.Errorf("the provider was asked %d times", n)
			}
			r.keepsNothing()
		})
	}
}

// A sign-out leads to where it is told to.
func TestCreateOidcLogout(t *testing.T) {
	for _, tt := range []struct{ name, args, want, registered string }{
		{"home", "{ redirectTo: 'home' }", "/", ""},
		{"to the current page", "{ redirectTo: 'current page' }", "/orders?x=1#top", ""},
		{"to a page", "{ redirectTo: 'specific url', url: '/bye?from=orders' }", "/bye?from=orders", ""},
	} {
		for _, ends := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				r := newRoot(t, "", earlyRoot)
				if !ends {
					r.op.EditMetadata = func(metadata map[string]any) { delete(metadata, "end_session_endpoint") }
				}
				r.signIn("/orders?x=1#top")
				r.does("oidc.logout(" + tt.args + ")")
				r.wantWho("nobody")
				r.wantAt(tt.want)
				r.keepsNothing()
				if !ends {
					r.does("oidc.login()")
					if got := r.asked(oidctest.Authorize).Get("prompt"); got != "login" {
						t.Errorf("the login after it has the prompt %q", got)
					}
					return
				}
				if got := r.asked(oidctest.EndSession); got.Get("post_logout_redirect_uri") != r.origin+"/" || got.Get("id_token_hint") == "" {
					t.Errorf("the request is %q", got)
				}
				r.does("oidc.login()")
				if got := r.asked(oidctest.Authorize); got.Has("prompt") {
					t.Errorf("the login after it has the prompt %q", got.Get("prompt"))
				}
			})
		}
	}
}

// What a sign-out asks the provider for: what the app adds, an address that is registered, and to revoke the tokens.
func TestCreateOidcLogoutRequest(t *testing.T) {
	for _, tt := range []struct {
		name, params, args string
		want               url.Values // of the request to sign out
		at                 string     // of the app
		revoked            []string
	}{
		{"nothing more", "", "{ redirectTo: 'home' }", url.Values{"post_logout_redirect_uri": {"{app}/"}}, "/", nil},
		{"parameters", "", "{ redirectTo: 'home', extraQueryParams: { ui_locales: 'fr', logout_hint: 'a&b', none: undefined } }",
			url.Values{"ui_locales": {"fr"}, "logout_hint": {"a&b"}, "none": nil, "post_logout_redirect_uri": {"{app}/"}}, "/", nil},
		{"a registered address below the root", "", "{ redirectTo: 'registered url', url: '/bye?from=orders' }",
			url.Values{"post_logout_redirect_uri": {"{app}/bye?from=orders"}}, "/bye?from=orders", nil},
		{"parameters of logins are of those", "extraQueryParams: { ui_locales: 'fr' }", "{ redirectTo: 'current page' }",
			url.Values{"ui_locales": nil, "post_logout_redirect_uri": {"{app}/"}}, "/orders", nil},
		{"tokens revoked", "revokeTokensOnLogout: true", "{ redirectTo: 'home' }", nil, "/", []string{"refresh_token", "access_token"}},
		{"tokens left", "revokeTokensOnLogout: false, scopes: ['offline_access']", "{ redirectTo: 'home' }", nil, "/", nil},
		{"tokens that outlive it", "scopes: ['offline_access']", "{ redirectTo: 'home' }", nil, "/", []string{"refresh_token"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoot(t, tt.params, earlyRoot)
			r.op.RefreshTokens = true
			r.signIn("/orders")
			r.does("oidc.logout(" + tt.args + ")")
			r.wantWho("nobody")
			r.wantAt(tt.at)
			got := r.asked(oidctest.EndSession)
			for name, values := range tt.want {
				want := strings.ReplaceAll(strings.Join(values, " "), "{app}", r.origin)
				if strings.Join(got[name], " ") != want {
					t.Errorf("%s is %q, want %q", name, got[name], want)
				}
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			var revoked []string
			for _, request := range r.requests[oidctest.Revocation] {
				revoked = append(revoked, request.Get("token_type_hint"))
			}
			if !slices.Equal(revoked, tt.revoked) {
				t.Errorf("revoked are %q, want %q", revoked, tt.revoked)
			}
		})
	}
}

// Other tabs are loaded again.
func TestCreateOidcOtherTabs(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.visit("/bye")
	other := r.tab
	r.tab = other.sibling() // and is in front: who cannot be seen does not leave
	r.visit("/orders")
	for _, tt := range []struct{ statement, want string }{
		{"oidc.login()", "subject-1"},
		{"oidc.logout({ redirectTo: 'home' })", "nobody"},
	} {
		eval[bool](other, "globalThis.ready = false, true")
		r.does(tt.statement)
		r.wantWho(tt.want)
		other.waitReady()
		if got := eval[string](other, "("+who+") + location.pathname"); got != tt.want+"/bye" {
			t.Errorf("the other tab has %s, want %s", got, tt.want)
		}
	}
}

// What is no response of a client's stays in the address, and one of nobody's goes.
func TestCreateOidcForeignResponse(t *testing.T) {
	const state = "of-before-0123456789-0123456789-0123456789-0"
	for _, tt := range []struct{ address, want string }{
		{"/?code=PROMO50", "/?code=PROMO50"},
		{"/orders?code=PROMO50&state=CA&x=%7e#a?b", "/orders?code=PROMO50&state=CA&x=%7e#a?b"},
		{"/?error=404&x=a+b", "/?error=404&x=a+b"},
		{"/?state=" + state, "/?state=" + state},
		{"/?x=%7e&code=c&state=" + state + "&iss=i&y", "/?x=%7e&y"},
		{"/?code=PROMO50#code=c&state=" + state, "/?code=PROMO50"},
		{"/?code=c&state=round:of-before-0123456789-0123456789", "/?code=c&state=round:of-before-0123456789-0123456789"},
	} {
		for _, early := range []string{earlyRoot, ""} {
			t.Run(tt.address+early, func(t *testing.T) {
				r := newRoot(t, "", early)
				r.visit(tt.address)
				r.wantWho("nobody")
				r.wantAt(tt.want)
				r.does("oidc.login()")
				r.wantWho("subject-1")
				r.wantAt(tt.want)
			})
		}
	}
}

// Two clients of one page, with two providers, share the root of the app.
func TestCreateOidcTwoClients(t *testing.T) {
	r, other := newRoot(t, "", earlyRoot), oidctest.New(t)
	other.ClientID, other.Subject = clientID, "subject-of-the-other"
	other.Issuer = serve(t, other)
	second := func() {
		t.Helper()
		eval[bool](r.tab, "createOidc({ ...params, issuerUri: '"+other.Issuer+"' }).then((oidc) => { globalThis.second = oidc; return true; })")
	}
	const both = "[oidc, second].map((oidc) => oidc.isUserLoggedIn ? oidc.getDecodedIdToken().sub : 'nobody').join(' ')"
	r.visit("/orders")
	for _, tt := range []struct{ statement, want string }{
		{"oidc.login()", "subject-1 nobody"},
		{"second.login({ redirectUrl: '/private' })", "subject-1 subject-of-the-other"},
		{"oidc.logout({ redirectTo: 'current page' })", "nobody subject-of-the-other"},
	} {
		second()
		r.does(tt.statement)
		second()
		if got := eval[string](r.tab, both); got != tt.want {
			t.Errorf("after %s the app has %s, want %s", tt.statement, got, tt.want)
		}
	}
	r.wantAt("/private")
	r.keepsNothing()
}

// Another document of the app is loaded, before a login has been completed, or after a sign-out.
func TestCreateOidcDocument(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	r.respond("/shop.html", r.override["/"])
	r.visit("/orders")
	r.does("oidc.login({ redirectUrl: '/shop.html?x=1' })")
	r.wantWho("subject-1")
	r.wantAt("/shop.html?x=1")
	if !eval[bool](r.tab, "performance.getEntriesByType('navigation')[0].name.endsWith('/shop.html?x=1') && oidc.backFromAuthServer !== undefined") {
		t.Error("the document was not loaded, or knows of no login")
	}
	r.does("oidc.logout({ redirectTo: 'current page' })")
	r.wantWho("nobody")
	r.wantAt("/shop.html?x=1")
	r.keepsNothing()
}

// Below a path the root of the app is that path, and the tab comes back to what is below it.
func TestCreateOidcBelowAPath(t *testing.T) {
	r := newRoot(t, "", `{ BASE_URL: "/app" }`)
	for _, path := range []string{"/app/", "/app/orders"} {
		r.respond(path, r.override["/"])
	}
	r.visit("/app/orders?x=1")
	if got := eval[string](r.tab, "oidc.validRedirectUri"); got != r.origin+"/app/" {
		t.Errorf("the redirect URI is %s", got)
	}
	if code := codeOf(r.tab, "oidc.login({ redirectUrl: '/bye' })"); code != "invalid_argument" {
		t.Errorf("code %q, want invalid_argument", code)
	}
	r.does("oidc.login()")
	r.wantWho("subject-1")
	r.wantAt("/app/orders?x=1")
	killAll(t, r.origin)
	eval[bool](r.tab, "globalThis.ready = false, true")
	r.tab.reload()
	r.tab.waitReady()
	r.wantWho("subject-1")
	r.does("oidc.logout({ redirectTo: 'specific url', url: '/bye' })") // which is registered
	if got := r.asked(oidctest.EndSession).Get("post_logout_redirect_uri"); got != r.origin+"/bye" {
		t.Errorf("the provider leads to %s", got)
	}
}
