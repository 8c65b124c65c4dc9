//go:build !js

package e2e

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// newHostile starts the provider for tests, which one edit makes hostile.
func newHostile(t *testing.T, a *app) *oidctest.OP {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	op := oidctest.New(t)
	op.Issuer = localhost(t, server.Listener.Addr())
	op.ClientID = clientID
	server.Config.Handler = op
	server.Start()
	t.Cleanup(server.Close)
	a.set("authority", op.Issuer)
	return op
}

// newElsewhere is newHostile on a site that is not the app's: Chromium and Firefox keep
// its cookies from frames in the app, and WebKit does so with COOKIES=blocked.
func newElsewhere(t *testing.T, a *app) *oidctest.OP {
	t.Helper()
	op := newHostile(t, a)
	op.Edit(func() { op.Issuer = strings.Replace(op.Issuer, "localhost", "127.0.0.1", 1) })
	a.set("authority", op.Issuer)
	return op
}

// signedIn returns an app, a provider of its own and a tab in which somebody is
// signed in.
func signedIn(t *testing.T) (*app, *oidctest.OP, *tab) {
	t.Helper()
	a := newApp(t)
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	return a, op, tab
}

// signinCode signs in by redirect and returns the code of the failure.
func signinCode(tab *tab) string {
	tab.t.Helper()
	eval[bool](tab, "globalThis.ready = false, um.signinRedirect().catch((e) => { globalThis.refused = e.code; }), true")
	tab.waitFor("globalThis.refused !== undefined || globalThis.ready === true")
	if code := eval[string](tab, "globalThis.refused ?? ''"); code != "" {
		return code
	}
	return codeOf(tab, "callback")
}
