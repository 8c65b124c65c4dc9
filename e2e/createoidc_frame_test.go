//go:build !js

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A session is not restored where the hidden frame cannot answer: that is one error, which says what to change. A login works.
func TestCreateOidcFrameRefused(t *testing.T) {
	if !inChromium(t) {
		t.Skip("elsewhere a frame that is refused looks like one that is slow")
	}
	const csp, frameAncestors = "Content-Security-Policy", "let frame-ancestors be 'self'"
	for _, tt := range []struct {
		name, params, header, value string
		page                        bool   // the provider shows one, in place of an answer
		want                        string // the message has that; without it somebody is signed in
	}{
		{"frame-ancestors 'none'", "", csp, "frame-ancestors 'none'", false, frameAncestors},
		{"frame-ancestors of others", "", csp, "img-src data:;frame-ancestors https://other.example", false, frameAncestors},
		{"X-Frame-Options", "", "X-Frame-Options", "DENY", false, `"X-Frame-Options: DENY"`},
		{"frame-src 'none'", "", csp, "frame-src 'none'", false, "let frame-src have {op} and 'self'"},
		{"frame-src without the provider", "", csp, "frame-src 'self'", false, "let frame-src have {op} and 'self'"},
		{"a page of the provider", "", "", "", true, "register silent_redirect_uri"},
		{"a page of the provider, and a policy of no matter", "", csp, "frame-ancestors 'self'", true, "register silent_redirect_uri"},
		{"with autoLogin", "autoLogin: true", csp, "frame-ancestors 'none'", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRoot(t, tt.params, earlyRoot)
			if tt.params == "" {
				r.signIn("/orders")
			} else {
				r.visit("/orders")
			}
			r.tab.expectProblems()
			killAll(t, r.origin)
			r.sends(tt.header, tt.value)
			if tt.page {
				r.op.Edit(func() {
					r.op.Respond = func(endpoint string, w http.ResponseWriter, _ *http.Request) bool {
						if endpoint == oidctest.Authorize {
							w.Header().Set("Content-Type", "text/html")
							_, _ = w.Write([]byte("<!doctype html><title>Sign in</title>"))
						}
						return endpoint == oidctest.Authorize
					}
				})
			}
			r.visit("/orders?again")
			if tt.want == "" {
				r.wantWho("subject-1")
				return
			}
			r.wantWho("error: frame_no_response")
			want := strings.ReplaceAll(tt.want, "{op}", r.op.Issuer)
			if got := eval[string](r.tab, "oidc.initializationError.message"); !strings.Contains(got, want) {
				t.Errorf("the message is %q, want %q in it", got, want)
			}
			if eval[bool](r.tab, "oidc.initializationError.isAuthServerLikelyDown") {
				t.Error("the provider is said to be down")
			}
			r.op.Edit(func() { r.op.Respond = r.note })
			r.does("oidc.login()")
			r.wantWho("subject-1")
			r.does("oidc.logout({ redirectTo: 'home' })")
			r.wantWho("nobody")
		})
	}
}
