//go:build !js

package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// What people report of clients of this kind: the message says what to mend.
func TestReportedMistakes(t *testing.T) {
	index := func(a *app, policy string, edit func(string) string) {
		a.respond("/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", policy)
			_, _ = w.Write([]byte(edit(file(t, "index.html"))))
		})
	}
	tests := []struct {
		name string
		edit func(a *app)
		code string
		says []string
	}{
		{"a page that allows scripts with a nonce, and so no worker", func(a *app) {
			index(a, "script-src 'nonce-abc'; object-src 'none'; base-uri 'none'", func(page string) string {
				return strings.ReplaceAll(page, "<script ", `<script nonce="abc" `)
			})
		}, "wasm_blocked_by_csp", []string{"the page is served with", "else allow the worker in worker-src"}},
		{"a page that allows no frame of the provider", func(a *app) {
			index(a, "default-src 'self'; frame-src 'self'", func(page string) string { return page })
		}, "frame_no_response", []string{"the page's frame-src"}},
		{"a page with an embedder policy", func(a *app) {
			a.embedder("require-corp")
		}, "frame_no_response", []string{"frame-src and Cross-Origin-Embedder-Policy"}},
		{"an authority where nothing is", func(a *app) {
			a.set("authority", serve(t, http.NotFoundHandler())+"/realms/nope")
		}, "cors_refused", []string{"nothing is there, mend authority", "/realms/nope/.well-known/openid-configuration"}},
		{"an authority that is the address of the metadata", func(a *app) {
			a.set("authority", serve(t, http.NotFoundHandler())+"/realms/app/.well-known/openid-configuration")
		}, "cors_refused", []string{"nothing is there, mend authority", "/.well-known/openid-configuration/.well-known/openid-configuration"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			a.expectReports()
			newHostile(t, a)
			tt.edit(a)
			tab := newTab(t)
			tab.expectProblems()
			tab.visit(a.origin + "/")
			got := eval[string](tab, "um.signinSilent().then(() => 'signed in', (e) => e.code + ' ' + e.message)")
			if !strings.HasPrefix(got, tt.code+" ") {
				t.Errorf("got %q, want %s", got, tt.code)
			}
			for _, part := range tt.says {
				if !strings.Contains(got, part) {
					t.Errorf("%q does not say %q", got, part)
				}
			}
		})
	}
}

// The page comes again for another customer, with another provider at the same redirect
// URI: neither says who it is, and the first is not there any more.
func TestAnotherProviderLater(t *testing.T) {
	a := newApp(t)
	tab := newTab(t)
	for _, customer := range []string{"first", "second"} {
		op := newHostile(t, a)
		op.Edit(func() {
			op.EditMetadata = func(m map[string]any) { delete(m, "authorization_response_iss_parameter_supported") }
			op.EditCallback = func(p url.Values) { p.Del("iss") }
		})
		tab.visit(a.origin + "/")
		if code := signinCode(tab); code != "" {
			t.Errorf("%s: code %q", customer, code)
		}
		eval[bool](tab, "um.removeUser().then(() => true)")
		if n := op.Count(oidctest.Token); n != 1 {
			t.Errorf("%s: %d token requests", customer, n)
		}
	}
}
