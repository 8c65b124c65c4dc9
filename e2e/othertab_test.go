//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// mails has the provider send a mail instead of asking for a password. It returns where the link in the mail leads to.
func mails(op *oidctest.OP) (link func() string) {
	var asked string
	note := op.Respond
	op.Edit(func() {
		op.Answer(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
			asked = op.Base() + r.URL.RequestURI()
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><title>Look into your mail</title>`))
		})
	})
	return func() string {
		op.Edit(func() { op.Respond = note })
		return op.Visit(asked)
	}
}

const mailed = "document.title === 'Look into your mail'"

// A link in a mail opens a tab of its own, and completes the sign-in that another one has left for, with the state of the app.
// Nothing of what it is completed with comes into that tab.
func TestLinkInAMail(t *testing.T) {
	if !inChromium(t) {
		t.Skip("elsewhere the program ends with its page")
	}
	for _, redirectURI := range []string{"/callback.html", "/"} {
		t.Run(redirectURI, func(t *testing.T) {
			a := newApp(t)
			a.set("redirect_uri", a.origin+redirectURI)
			op := newHostile(t, a)
			link := mails(op)
			tab := newTab(t)
			tab.visit(a.origin + "/?view=cart")
			eval[bool](tab, "void um.signinRedirect({ state: 'of the app' }), true")
			tab.waitFor(mailed)

			address := link()
			other := tab.sibling()
			other.navigate(address)
			other.waitFor("globalThis.settled")
			if got := eval[string](other, "callback.then((user) => user.profile.sub + ' ' + user.state, (error) => error.code)"); got != "subject-1 of the app" {
				t.Errorf("signinCallback(): %s", got)
			}
			if want := map[string]string{"/callback.html": "?view=cart", "/": ""}[redirectURI]; eval[string](other, "location.search") != want {
				t.Errorf("the address is not the app's own, which ends in %q", want)
			}
			if kept := eval[string](other, "Object.keys(sessionStorage).join()"); kept != "" {
				t.Errorf("the new tab keeps %s", kept)
			}
			if n := op.Count(oidctest.Token); n != 1 {
				t.Errorf("%d token requests", n)
			}

			// The link works once. Who is signed in is led into the app.
			third := tab.sibling()
			third.navigate(address)
			third.waitReady()
			if got := eval[string](third, "um.getUser().then((user) => user.profile.sub)"); got != "subject-1" {
				t.Errorf("signed in is %s", got)
			}
			if n := op.Count(oidctest.Token); n != 1 {
				t.Errorf("%d token requests in the end", n)
			}
		})
	}
}

// Where the program has ended nobody knows what the link is for. There is a way on into the app, also where that is under a path.
func TestLinkInAMailWithoutProgram(t *testing.T) {
	if !inChromium(t) {
		t.Skip("elsewhere the program ends with its page")
	}
	a := newApp(t)
	for _, file := range []string{"callback.html", "callback.js"} {
		a.respond("/shop/oidcspa/"+file, func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/" + file
			a.assets.ServeHTTP(w, r)
		})
	}
	a.set("redirect_uri", a.origin+"/shop/oidcspa/callback.html")
	link := mails(newHostile(t, a))
	tab := newTab(t)
	tab.visit(a.origin + "/")
	eval[bool](tab, "void um.signinRedirect(), true")
	tab.waitFor(mailed)
	killAll(t, a.origin)
	other := tab.sibling()
	other.navigate(link())
	other.waitFor(lost)
	if got := eval[string](other, "document.links[0].href"); got != a.origin+"/shop/" {
		t.Errorf("the way on leads to %s", got)
	}
	if got := eval[string](other, "location.href"); strings.Contains(got, "code=") {
		t.Error("the response stays in the address")
	}
}

// The same at the root of the app, with createOidc.
func TestCreateOidcLinkInAMail(t *testing.T) {
	if !inChromium(t) {
		t.Skip("elsewhere the program ends with its page")
	}
	for _, tt := range []struct {
		early string
		left  string // what the new tab has left for before, of which nothing has come
	}{
		{earlyRoot, ""},
		{"", ""},
		{earlyRoot, `{ return_to: location.origin + "/bye" }`}, // a sign-out that led elsewhere
		{"", `{ return_to: location.origin + "/bye" }`},
		{earlyRoot, `{ action: "go to auth server", extraQueryParams: { a: "2" } }`},
	} {
		early := tt.early
		r := newRoot(t, "", early)
		link := mails(r.op)
		r.visit("/orders?a=1")
		eval[bool](r.tab, "void oidc.login({ extraQueryParams: { a: '1' } }), true")
		r.tab.waitFor(mailed)
		address, first := link(), r.tab
		r.tab = first.sibling()
		if tt.left != "" {
			r.visit("/bye")
			eval[bool](r.tab, "sessionStorage.setItem(`oidcspa.round:${params.issuerUri}:${params.clientId}`, JSON.stringify({ expires_at: Date.now() / 1000 + 600, ..."+tt.left+" })), true")
		}
		r.tab.navigate(address)
		r.tab.waitReady()
		r.wantWho("subject-1")
		r.wantAt("/orders?a=1")
		if eval[bool](r.tab, "oidc.backFromAuthServer !== undefined") {
			t.Errorf("the app hears of what the tab has left for before: %s", tt.left)
		}
		if got := eval[string](r.tab, "seen"); early != "" && strings.Contains(got, "code=") {
			t.Error("the app sees the response")
		}

		// Once, and with nobody who knows of it nothing follows.
		r.tab = first.sibling()
		r.tab.navigate(address)
		r.tab.waitReady()
		r.wantWho("subject-1")
		r.wantAt("/")
		r.does("oidc.logout({ redirectTo: 'home' })")
		killAll(t, r.origin)
		r.tab.navigate(address)
		r.tab.waitReady()
		r.wantWho("nobody")
		r.wantAt("/")
		if n := r.op.Count(oidctest.Token); n != 1 {
			t.Errorf("%d token requests", n)
		}
	}
}

// A popup window that comes back to the root gives the response to its opener, and loads no app. One that nobody waits for
// is a tab like any other.
func TestPopupAtTheRoot(t *testing.T) {
	r := newRoot(t, "", earlyRoot)
	var loads atomic.Int32
	main := r.override["/main.js"]
	r.respond("/main.js", func(w http.ResponseWriter, request *http.Request) {
		loads.Add(1)
		w.Header().Set("Cache-Control", "no-store")
		main(w, request)
	})
	r.visit("/orders")
	r.op.Edit(func() { r.op.ClientID = "popup" })
	eval[bool](r.tab, `import("/oidcspa.js").then(({ UserManager }) => {
		globalThis.um = new UserManager({ authority: params.issuerUri, client_id: "popup", redirect_uri: location.origin + "/" });
		return true;
	})`)
	clicked(r.tab, `um.signinPopup({ popupWindowTarget: "early" }).then((user) => user.profile.sub, (error) => error.code).then((result) => { globalThis.result = result; })`)
	r.tab.waitFor("globalThis.result !== undefined")
	if got := eval[string](r.tab, "result"); got != "subject-1" {
		t.Errorf("signinPopup(): %s", got)
	}
	if n := loads.Load(); n != 1 {
		t.Errorf("the app was loaded %d times, want once", n)
	}

	clicked(r.tab, `globalThis.other = open("/?code=c&a=1&state=" + "s".repeat(43), "stray")`)
	r.tab.waitFor("other.ready === true")
	if got := eval[string](r.tab, "other.opener + other.location.search"); got != "null?a=1" {
		t.Errorf("a window that nobody waits for: %s", got)
	}
}

// Two issuers of which neither says in its responses who it is, at one root: refused with the reason, unless each has a query of its own.
func TestCreateOidcTwoIssuers(t *testing.T) {
	for _, tt := range []struct{ name, first, second, want string }{
		{"at one root", "/", "/", "redirect_uri_shared"},
		{"with a query each", "/?op=1", "/?op=2", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoot(t, fmt.Sprintf("BASE_URL: %q", tt.first), earlyRoot)
			other := oidctest.New(t)
			other.ClientID, other.Subject = clientID, "subject-2"
			other.Issuer = serve(t, other)
			for _, op := range []*oidctest.OP{r.op, other} {
				op.Edit(func() {
					op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
					op.EditCallback = func(p url.Values) { p.Del("iss") }
				})
			}
			second := fmt.Sprintf("createOidc({ issuerUri: %q, clientId: %q, BASE_URL: %q }).then((oidc) => globalThis.second = oidc)", other.Issuer, clientID, tt.second)
			r.visit("/orders")
			eval[bool](r.tab, second+".then(() => true)")
			if got := eval[string](r.tab, "oidc.validRedirectUri + ' ' + second.validRedirectUri"); got != r.origin+tt.first+" "+r.origin+tt.second {
				t.Errorf("to be registered: %s", got)
			}
			if tt.want != "" {
				for _, oidc := range []string{"oidc", "second"} {
					if code := codeOf(r.tab, oidc+".login()"); code != tt.want {
						t.Errorf("%s.login(): %q, want %q", oidc, code, tt.want)
					}
				}
				return
			}
			r.does("oidc.login()")
			r.wantWho("subject-1")
			r.wantAt("/orders")
			eval[bool](r.tab, second+".then(() => true)")
			r.does("second.login()")
			r.wantAt("/orders")
			if got := eval[string](r.tab, second+".then((oidc) => oidc.getDecodedIdToken().sub)"); got != "subject-2" {
				t.Errorf("the second has %s", got)
			}
			r.wantWho("subject-1")
			r.does("oidc.logout({ redirectTo: 'home' })")
			r.wantWho("nobody")
			r.wantAt("/")
		})
	}
}
