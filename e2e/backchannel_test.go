//go:build !js

package e2e

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/resource"
)

// A backChannel is the server of an app, at an origin of its own, which the provider
// tells of logouts and which the pages listen to.
type backChannel struct {
	logout http.Handler
	origin string
}

func newBackChannel(t *testing.T, a *app, op *oidctest.OP, dpop bool) *backChannel {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	origin := localhost(t, server.Listener.Addr())
	config := resource.Config{
		Issuers: []resource.Issuer{{Issuer: op.Issuer, Audiences: []string{op.Audience}}},
		Endings: &resource.MemoryEndings{},
	}
	if dpop {
		config.DPoP = resource.DPoP{BaseURL: origin, RequireNonce: true}
	}
	guard, err := resource.New(config)
	if err != nil {
		t.Fatal(err)
	}
	events, err := guard.LogoutEvents(resource.LogoutEvents{})
	if err != nil {
		t.Fatal(err)
	}
	logout, err := guard.BackChannelLogout(resource.BackChannelLogout{Clients: map[string][]string{op.Issuer: {clientID}}})
	if err != nil {
		t.Fatal(err)
	}
	api := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", a.origin)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, DPoP, Last-Event-ID")
		w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce, Retry-After")
		switch {
		case r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		case r.URL.Path == "/events":
			events.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	})
	server.Start()
	t.Cleanup(server.Close)
	t.Cleanup(events.Close) // first
	a.set("fetch", map[string]any{"allow": []string{origin + "/"}})
	a.set("logoutEvents", origin+"/events")
	return &backChannel{logout: logout, origin: origin}
}

// TestBackChannelLogout: the provider ends the session, and both tabs hear of it, wherever
// the program runs. The provider is another site, whose cookies the browser blocks.
func TestBackChannelLogout(t *testing.T) {
	browser := newBrowser(t, map[string]any{"profile": map[string]any{"cookie_controls_mode": 1}})
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			server := httptest.NewServer(nil) // at 127.0.0.1
			t.Cleanup(server.Close)
			op := oidctest.New(t)
			op.Issuer, op.ClientID, op.Audience, op.SessionID = server.URL, clientID, "https://api.example.test", "sid-1"
			server.Config.Handler = op
			a.set("authority", op.Issuer)
			b := newBackChannel(t, a, op, false)

			first, second := openTab(t, browser.OpenDefault, ""), openTab(t, browser.OpenDefault, "")
			for _, tab := range []*tab{first, second} {
				tab.visit(a.origin + "/")
				if code := signinCode(tab); code != "" {
					t.Fatalf("code %q", code)
				}
				eval[bool](tab, hearAll)
			}
			if got := eval[string](second, `um.fetch("`+b.origin+`/hello").then((r) => r.text())`); got != "hello" {
				t.Errorf("the API says %q", got)
			}
			op.BackChannelLogout(b.logout)
			for _, tab := range []*tab{first, second} {
				tab.waitFor(`heard.includes("UserUnloaded")`)
				if got := eval[string](tab, `heard.filter((name) => name !== "UserLoaded").join()`); got != "UserSignedOut,UserUnloaded" {
					t.Errorf("events: %s", got)
				}
			}
			// Who signs in again stays signed in.
			op.Edit(func() { op.SignedIn, op.SessionID = true, "sid-2" })
			if code := signinCode(first); code != "" {
				t.Fatalf("code %q", code)
			}
			if got := eval[string](first, `um.fetch("`+b.origin+`/hello").then((r) => r.text())`); got != "hello" {
				t.Errorf("after another sign-in the API says %q", got)
			}
			if got := eval[string](first, userState); got != "somebody" {
				t.Errorf("after another sign-in: %s", got)
			}
		})
	}
}

// TestBackChannelLogoutDPoP: the stream has a proof of the key that the token is bound to.
func TestBackChannelLogoutDPoP(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	op.Audience, op.SessionID = "https://api.example.test", "sid-1"
	a.set("dpop", true)
	b := newBackChannel(t, a, op, true)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	eval[bool](tab, hearAll)
	op.BackChannelLogout(b.logout)
	tab.waitFor(`heard.includes("UserUnloaded")`)
}
