//go:build !js

package e2e

import (
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Servers that rewrite the address of the callback page.
func TestRewrittenRedirectURI(t *testing.T) {
	tests := []struct{ name, redirectURI, shown, want string }{
		{"without .html", "/callback.html", "/callback", ""},
		{"with .html", "/callback", "/callback.html", ""},
		{"with a slash", "/signed-in", "/signed-in/", ""},
		{"another path", "/signed-in", "/callback.html", "redirect_uri_mismatch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			op := newHostile(t, a)
			a.set("redirect_uri", a.origin+tt.redirectURI)
			a.respond("/signed-in/callback.js", func(w http.ResponseWriter, r *http.Request) {
				r.URL.Path = "/callback.js"
				a.assets.ServeHTTP(w, r)
			})
			a.respond(tt.shown, func(w http.ResponseWriter, r *http.Request) {
				r.URL.Path = "/callback.html"
				a.assets.ServeHTTP(w, r)
			})
			a.respond(tt.redirectURI, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, tt.shown+"?"+r.URL.RawQuery, http.StatusFound)
			})
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != tt.want {
				t.Errorf("redirect: code %q, want %q", code, tt.want)
			}
			if got := eval[string](tab, "location.search"); got != "" {
				t.Errorf("the address keeps %q", got)
			}
			if code := codeOf(tab, "um.signinSilent()"); code != tt.want {
				t.Errorf("frame: code %q, want %q", code, tt.want)
			}
			if n := op.Count(oidctest.Token); (n > 0) != (tt.want == "") {
				t.Errorf("%d token requests", n)
			}
		})
	}
}

// The callback page says where it was opened for one response alone: a visit
// without one, which a provider can bring about, does not speak for the next.
func TestArrivalOfAnotherVisit(t *testing.T) {
	a := newApp(t)
	a.set("redirect_uri", a.origin+"/callback.html?op=1")
	op := newHostile(t, a)
	var state string
	op.Edit(func() {
		op.Answer(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
			state = r.URL.Query().Get("state")
			http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"&state="+state, http.StatusSeeOther)
		})
	})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	eval[void](tab, "ready = false, void um.signinRedirect()")
	tab.waitReady()
	// The code of another provider, whose redirect URI is the app's own page.
	tab.navigate(a.origin + "/?code=c&state=" + state + "&iss=" + op.Issuer)
	tab.waitReady()
	if code := codeOf(tab, "callback"); code != "redirect_uri_mismatch" {
		t.Errorf("code %q", code)
	}
	if n := op.Count(oidctest.Token); n != 0 {
		t.Errorf("%d token requests", n)
	}
}

// What the app has in the query of its own page is its own: a response adds
// nothing to it and takes nothing away.
func TestParametersOfTheApp(t *testing.T) {
	a := newApp(t)
	a.set("redirect_uri", a.origin+"/callback.html?op=1")
	op := newHostile(t, a)
	op.Edit(func() {
		op.EditCallback = func(p url.Values) { p.Set("view", "evil"); p.Set("admin", "1") }
	})
	tab := newTab(t)
	tab.visit(a.origin + "/?view=cart&op=mine#top")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	if got := eval[string](tab, "location.search + location.hash"); got != "?view=cart&op=mine#top" {
		t.Errorf("the address became %q", got)
	}
}

// A refusal without a state is told with the provider's code, and leaves the address
// where it is known to be one. What is called as its parameters are stays the app's own.
func TestRefusalWithoutState(t *testing.T) {
	tests := []struct {
		name, redirectURI string
		leaves            bool
		want              string // of the address
	}{
		{"by way of the callback page", "/callback.html", true, "?view=cart#top"},
		{"at a page of the app", "/", true, ""},
		{"at the origin", "", true, ""},
		{"at a page that the server names anew", "/index.html", true, ""},
		{"the app's own", "/callback.html", false, "?error=disk_full"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			a.set("redirect_uri", a.origin+tt.redirectURI)
			a.respond("/index.html", func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/?"+r.URL.RawQuery, http.StatusFound)
			})
			op := newHostile(t, a)
			op.Edit(func() {
				op.Answer(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error=invalid_scope&error_description=Call+us", http.StatusFound)
				})
			})
			tab := newTab(t)
			want := "disk_full"
			if tt.leaves {
				want = "invalid_scope"
				tab.visit(a.origin + "/?view=cart#top")
				eval[bool](tab, "ready = false, void um.signinRedirect(), true")
				tab.waitReady()
			} else {
				tab.visit(a.origin + "/?error=disk_full")
			}
			got := eval[string](tab, "um.signinCallback().then(() => 'a user', (e) => [e.code, e.error, e.message.includes('no state'), e.message.includes('Call')].join())")
			if got != "provider_error,"+want+",true,false" {
				t.Errorf("signinCallback(): %s", got)
			}
			if got := eval[string](tab, "location.search + location.hash"); got != tt.want {
				t.Errorf("the address became %q, want %q", got, tt.want)
			}
		})
	}
}

// So it is in a window and in a hidden frame, whichever page is the redirect URI there.
func TestRefusalWithoutStateElsewhere(t *testing.T) {
	for _, redirectURI := range []string{"/callback.html", "/"} {
		for _, way := range []string{"signinPopup", "signinSilent"} {
			t.Run(way+redirectURI, func(t *testing.T) {
				a := newApp(t)
				a.set("redirect_uri", a.origin+redirectURI)
				op := newHostile(t, a)
				op.Edit(func() {
					op.Answer(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
						http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error=invalid_scope", http.StatusFound)
					})
				})
				tab := newTab(t)
				tab.visit(a.origin + "/")
				got := ""
				if way == "signinPopup" {
					tab.openPopup("um.signinPopup()")
					got = tab.popupResult()
				} else {
					got = codeOf(tab, "um.signinSilent()")
				}
				if got != "provider_error" {
					t.Errorf("%s: code %q", way, got)
				}
			})
		}
	}
}

// A program that a stranger's message reaches goes on.
func TestBigIntMessages(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := codeOf(tab, "um.signinSilent()"); code != "" {
		t.Fatalf("code %q", code)
	}
	before := eval[string](tab, "um.getUser().then((u) => u.access_token)")
	eval[bool](tab, `["oidcspa.session", "oidcspa.frontchannel"].forEach((name) => {
		const channel = new BroadcastChannel(name);
		channel.postMessage(1n);
		channel.postMessage({ data: 1n });
		channel.close();
	}), true`)
	if after := eval[string](tab, "um.getUser().then((u) => u.access_token)"); after != before {
		t.Error("the program has ended: the token is another one")
	}
	if code := codeOf(tab, "um.signinSilent()"); code != "" {
		t.Errorf("afterwards: code %q", code)
	}
}

// The token request is made while the tab is on its way from the callback page
// to the app, where the program outlives the page; there the app's page is held
// back until the request has come.
func TestExchangeAhead(t *testing.T) {
	for host, ahead := range map[string]int{"shared": 1, "dedicated": 0} {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			op := newHostile(t, a)
			asked := make(chan struct{})
			op.Edit(func() {
				op.Hold = func(endpoint string, _ *http.Request) {
					if endpoint == oidctest.Token {
						close(asked)
					}
				}
			})
			var before atomic.Int32
			a.respond("/", func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("code") {
					if ahead > 0 {
						select {
						case <-asked:
						case <-r.Context().Done():
						}
					}
					before.Store(int32(op.Count(oidctest.Token)))
				}
				http.ServeFileFS(w, r, testappFiles(), "index.html")
			})
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := signinCode(tab); code != "" {
				t.Fatalf("code %q", code)
			}
			if n := int(before.Load()); n != ahead {
				t.Errorf("%d token requests before the app's page, want %d", n, ahead)
			}
			if n := op.Count(oidctest.Token); n != 1 {
				t.Errorf("%d token requests", n)
			}
		})
	}
}
