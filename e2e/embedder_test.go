//go:build !js

package e2e

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// embedder makes the page of the app one with an embedder policy, as pages
// that use SharedArrayBuffer have to be.
func (a *app) embedder(value string) {
	a.mu.Lock()
	host := a.host
	a.mu.Unlock()
	a.respond("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Cross-Origin-Embedder-Policy", value)
		w.Header().Set("Content-Security-Policy", policy(host))
		http.ServeFileFS(w, r, testappFiles(), "index.html")
	})
}

// newEmbeddable starts a provider whose responses may be framed by pages with
// an embedder policy.
func newEmbeddable(t *testing.T, a *app) *oidctest.OP {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	op := oidctest.New(t)
	op.Issuer = localhost(t, server.Listener.Addr())
	op.ClientID = clientID
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
		op.ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
	a.set("authority", op.Issuer)
	return op
}

// A page with an embedder policy starts the program wherever it may run, and
// signs in by redirect, popup and hidden frame.
func TestEmbedderPolicy(t *testing.T) {
	for _, value := range []string{"require-corp", "credentialless"} {
		for _, host := range hosts {
			t.Run(value+"/"+host, func(t *testing.T) {
				a := newApp(t)
				a.setHost(host)
				a.embedder(value)
				op := newEmbeddable(t, a)
				tab := newTab(t)
				tab.visit(a.origin + "/")
				if !eval[bool](tab, "crossOriginIsolated") {
					t.Fatal("the page is not isolated")
				}
				if code := signinCode(tab); code != "" {
					t.Errorf("by redirect: code %q", code)
				}
				if code := codeOf(tab, "um.signinSilent({ forceIframeAuth: true })"); code != "" {
					t.Errorf("by hidden frame: code %q", code)
				}
				t.Run("popup", func(t *testing.T) {
					tab.openPopup("um.signinPopup()")
					if got := tab.popupResult(); got != op.Subject {
						t.Errorf("by popup: %q", got)
					}
				})
			})
		}
	}
}

// A provider that does not say that it may be framed there is a failed frame,
// like any other; and one that sends no headers of CORS is still told from
// one that cannot be reached.
func TestEmbedderPolicyRefuses(t *testing.T) {
	a := newApp(t)
	a.setHost("dedicated")
	a.embedder("require-corp")
	newHostile(t, a)
	tab := newTab(t)
	tab.expectProblems()
	tab.visit(a.origin + "/")
	if code := codeOf(tab, "um.signinSilent()"); code != "frame_no_response" {
		t.Errorf("by hidden frame: code %q", code)
	}
	a.set("authority", serve(t, http.NotFoundHandler()))
	tab.visit(a.origin + "/")
	if code := codeOf(tab, "um.signinSilent()"); code != "cors_refused" {
		t.Errorf("without CORS: code %q", code)
	}
}
