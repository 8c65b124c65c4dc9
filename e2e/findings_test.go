//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// TestReaderFindings fails where a user of the documents is let down.
func TestReaderFindings(t *testing.T) {
	reading(t)
	t.Run("no site data: the constructor throws what is no OIDCError", func(t *testing.T) {
		d := newDesk(t, "Okta")
		d.tab = openTab(t, newBrowser(t, map[string]any{"profile": map[string]any{"default_content_setting_values": map[string]any{"cookies": 2}}}))
		d.tab.expectProblems()
		s := d.visit(d.a.origin + "/")
		if e, _ := s.App["error"].(map[string]any); e != nil && e["code"] != "storage_unavailable" {
			t.Errorf("the page hears %v", e)
		}
	})
	for _, mode := range []string{"fragment", ""} {
		t.Run("the README's code does not see a response; mode "+mode, func(t *testing.T) {
			d := newDesk(t, "Amazon Cognito")
			if mode != "" {
				d.a.set("response_mode", mode)
			} else {
				d.hijack = at(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error=invalid_request&error_description=invalid_scope", 302)
				})
			}
			s := d.signin()
			if s.App["error"] == nil && s.App["user"] == nil {
				t.Error("neither a user nor an error")
			}
			d.call("um.signinCallback()")
			d.hijack = nil
			if s = d.call("um.signinRedirect()"); strings.Contains(s.Href, "oidcspa.arrival") || strings.Contains(s.Href, "code=") || strings.Contains(s.Href, "error=") {
				t.Errorf("the address has become %s", s.Href)
			}
		})
	}
	texts := []struct{ name, authority, needs, mustNot string }{
		{"Entra, common", "/common/v2.0/", "slash", "{tenantid}/v2.0; set authority to that"},
		{"Entra, a single tenant", "/contoso.example/v2.0", "tenant", "404: authority is wrong; 429"},
		{"Azure AD B2C with an API scope", "/contoso.onmicrosoft.com/b2c_1_signupsignin1/v2.0", "metadataUrl", ""},
	}
	for _, tt := range texts {
		t.Run("the text names the mend: "+tt.name+tt.authority, func(t *testing.T) {
			d := newDesk(t, tt.name)
			d.a.set("metadataUrl", nil)
			d.wrong = text(400, "application/json", `{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant 'contoso.example' not found."}`, true)
			d.a.set("authority", originOf(d.op.Issuer)+tt.authority)
			message := fmt.Sprint(d.signin().Call["rejected"])
			if !strings.Contains(message, tt.needs) || tt.mustNot != "" && strings.Contains(message, tt.mustNot) {
				t.Errorf("the text is: %s", message)
			}
		})
	}
	t.Run("a sign-out by POST revokes what one by GET does not", func(t *testing.T) {
		d := newDesk(t, "Keycloak 26")
		d.a.set("signoutMethod", "post")
		var seen []string
		d.hijack = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
			d.mu.Lock()
			seen = append(seen, endpoint)
			d.mu.Unlock()
			if endpoint != oidctest.EndSession {
				return false
			}
			_ = r.ParseForm()
			http.Redirect(w, r, r.Form.Get("post_logout_redirect_uri")+"?state="+url.QueryEscape(r.Form.Get("state")), 303)
			return true
		}
		d.signin()
		d.call("um.signoutRedirect()")
		d.mu.Lock()
		defer d.mu.Unlock()
		if slices.Contains(seen, oidctest.Revocation) {
			t.Errorf("asked: %v", seen)
		}
	})
	t.Run("GitLab: one refresh token is revoked twice", func(t *testing.T) {
		d := newDesk(t, "GitLab")
		d.signin()
		d.op.ResetRequests()
		d.call("um.signoutRedirect()")
		if n := d.op.Count(oidctest.Revocation); n != 1 {
			t.Errorf("%d revocations", n)
		}
	})
}
