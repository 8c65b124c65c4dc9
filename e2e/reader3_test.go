//go:build !js

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// brieflyValid has access tokens live for some seconds.
func (d *desk) brieflyValid(seconds int) {
	d.op.Edit(func() {
		d.op.EditTokenResponse = func(r map[string]any) { r["expires_in"] = seconds }
	})
}

// silent answers requests with prompt=none.
func silent(handler http.HandlerFunc) func(string, http.ResponseWriter, *http.Request) bool {
	return func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
		if endpoint != oidctest.Authorize || r.URL.Query().Get("prompt") != "none" {
			return false
		}
		handler(w, r)
		return true
	}
}

func both(a, b func(string, http.ResponseWriter, *http.Request) bool) func(string, http.ResponseWriter, *http.Request) bool {
	return func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
		return a(endpoint, w, r) || b(endpoint, w, r)
	}
}

func answerBack(parameters ...string) http.HandlerFunc {
	do := back(parameters...)
	return func(w http.ResponseWriter, r *http.Request) { do(oidctest.Authorize, w, r) }
}

// TestReaderEnds: the provider does not renew any more, in all kinds of words.
func TestReaderEnds(t *testing.T) {
	reading(t)
	login := func(w http.ResponseWriter, _ *http.Request) { errorPage(w, 200, "login page") }
	hang := func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(40 * time.Second):
		}
	}
	cors := func(status int, contentType, body string) http.HandlerFunc {
		return text(status, contentType, body, true)
	}
	rows := []struct {
		name, what   string
		token, frame http.HandlerFunc
	}{
		{"Okta", "refused, frame login_required", cors(400, "application/json", `{"error":"invalid_grant"}`), answerBack("error", "login_required")},
		{"Amazon Cognito", "refused, frame shows a login page", cors(400, "application/json", `{"error":"invalid_grant"}`), login},
		{"Auth0", "refused, frame consent_required", cors(403, "application/json", `{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}`), answerBack("error", "consent_required")},
		{"Google", "no refresh token, frame shows a login page", nil, login},
		{"Keycloak 26", "token HTML 200, frame login page", cors(200, "text/html", "<!doctype html>portal"), login},
		{"Keycloak 26", "token 403 HTML, frame login page", cors(403, "text/html", "<!doctype html>WAF"), login},
		{"Keycloak 26", "token 400 empty, frame login page", cors(400, "", ""), login},
		{"Keycloak 26", "token 400 HTML, frame server_error", cors(400, "text/html", "<p>"), answerBack("error", "server_error")},
		{"Keycloak 26", "token 200 {}, frame login page", cors(200, "application/json", "{}"), login},
		{"Keycloak 26", "token 200 error, frame login page", cors(200, "application/json", `{"error":"invalid_grant"}`), login},
		{"Keycloak 26", "token 404, frame login page", cors(404, "text/html", "gone"), login},
		{"Keycloak 26", "token 429 for an hour", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
		}, login},
		{"Keycloak 26", "token no CORS, frame login page", text(400, "application/json", `{"error":"invalid_grant"}`, false), login},
		{"Keycloak 26", "token refused, frame temporarily_unavailable for ever", cors(400, "application/json", `{"error":"invalid_grant"}`), answerBack("error", "temporarily_unavailable", "error_description", "authentication_expired")},
		{"Keycloak 26", "token refused, frame hangs", cors(400, "application/json", `{"error":"invalid_grant"}`), hang},
		{"Keycloak 26", "token hangs", hang, hang},
		{"Entra, common", "refused, frame interaction_required", cors(400, "application/json", `{"error":"interaction_required","error_description":"AADSTS50076: MFA","suberror":"basic_action"}`), answerBack("error", "interaction_required")},
		{"Duende IdentityServer", "token 200 other sub", nil, nil},
	}
	for _, row := range rows {
		t.Run(row.name+row.what, func(t *testing.T) {
			d := newDesk(t, row.name)
			title("%s: %s", row.name, row.what)
			if row.name == "Google" {
				d.a.set("client_secret", "x")
			}
			d.brieflyValid(6)
			d.visit(d.a.origin + "/?view=list#row-7")
			d.call("um.signinRedirect()")
			d.mu.Lock()
			switch {
			case row.what == "token 200 other sub":
				d.op.Edit(func() { d.op.Subject = "another" })
			case row.token == nil:
				d.hijack = silent(row.frame)
			default:
				d.hijack = both(at(oidctest.Token, row.token), silent(row.frame))
			}
			d.mu.Unlock()
			d.settle("9 s later", 9*time.Second, func(sight) bool { return false })
			d.call("um.getUser()", 30*time.Second)
			d.visit(d.a.origin + "/?view=list#row-8")
			d.visit(d.a.origin + "/?view=list#row-9")
		})
	}
}

// TestReaderRestoreRedirect: a reload that goes to the provider.
func TestReaderRestoreRedirect(t *testing.T) {
	reading(t)
	for _, name := range []string{"Amazon Cognito", "Okta", "Azure AD B2C with an API scope"} {
		d := newDesk(t, name)
		title("%s: restore: redirect, the session there is over", name)
		d.a.set("restore", "redirect")
		d.a.setHost("dedicated")
		d.signin()
		d.op.Edit(func() { d.op.SignedIn = false })
		if name == "Amazon Cognito" {
			d.hijack = silent(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><title>Login</title>Cognito's login page, nobody asked for it`)
			})
		}
		d.visit(d.a.origin + "/?view=list#row-8")
		d.history(-1)
		d.visit(d.a.origin + "/?view=list#row-9")
		d.call("um.getUser()")
		d.call("um.signinRedirect()")
	}
}

// TestReaderCookies: a browser that keeps nothing.
func TestReaderCookies(t *testing.T) {
	reading(t)
	for _, preferences := range []map[string]any{
		{"profile": map[string]any{"default_content_setting_values": map[string]any{"cookies": 2}}},
		{"profile": map[string]any{"cookie_controls_mode": 1}},
	} {
		d := newDesk(t, "Okta")
		title("preferences %v", preferences)
		d.tab = openTab(t, newBrowser(t, preferences))
		d.tab.expectProblems()
		d.signin()
		d.call("um.getUser()")
		clicked(d.tab, `globalThis.call = {settled: false}, um.signinPopup().then((u) => call.value = u.profile.sub, (e) => call.rejected = say(e)).finally(() => call.settled = true)`)
		d.settle("popup", 10*time.Second, settled)
		d.visit(d.a.origin + "/?view=list#row-8")
		d.call("um.signoutRedirect()")
	}
}

// TestReaderTabs: two tabs, offline, reload in between.
func TestReaderTabs(t *testing.T) {
	reading(t)
	d := newDesk(t, "Zitadel")
	title("two tabs: sign in here, out there")
	d.signin()
	first := d.tab
	d.tab = first.sibling()
	d.tab.expectProblems()
	d.visit(d.a.origin + "/?view=list#row-8")
	d.call("um.signoutRedirect()")
	d.tab = first
	d.settle("the first tab", time.Second, func(sight) bool { return false })
	d.call("um.getUser()")
	d.call("um.signinSilent()")

	d = newDesk(t, "Zitadel")
	title("two tabs at the login page at once")
	d.showForm()
	d.visit(d.a.origin + "/?view=list#row-7")
	d.start("um.signinRedirect()")
	d.expectLogin("leave 1")
	first = d.tab
	second := first.sibling()
	second.expectProblems()
	d.tab = second
	d.visit(d.a.origin + "/?view=list#row-8")
	d.start("um.signinRedirect()")
	d.expectLogin("leave 2")
	d.enter()
	d.tab = first
	d.enter()

	d = newDesk(t, "Zitadel")
	title("login page open here, sign-in and sign-out there, then the login page goes on")
	d.showForm()
	d.visit(d.a.origin + "/?view=list#row-7")
	d.start("um.signinRedirect()")
	d.expectLogin("leave 1")
	first = d.tab
	second = first.sibling()
	second.expectProblems()
	d.tab = second
	d.visit(d.a.origin + "/?view=list#row-8")
	d.start("um.signinRedirect()")
	d.expectLogin("leave 2")
	d.enter()
	d.call("um.signoutRedirect()")
	d.tab = first
	d.enter()
	d.call("um.getUser()")

	d = newDesk(t, "Zitadel")
	title("reload while the token request hangs for 3 s")
	d.hijack = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
		if endpoint == oidctest.Token {
			<-time.After(3 * time.Second)
		}
		return false
	}
	d.visit(d.a.origin + "/?view=list#row-7")
	d.start("um.signinRedirect()")
	d.settle("under way", 5*time.Second, func(s sight) bool { return s.App["what"] == "signinCallback" })
	_, _ = chromedp.Run(d.tab.ctx, chromedp.Evaluate[bool](`setTimeout(() => location.reload()), true`))
	<-time.After(700 * time.Millisecond)
	d.settle("reloaded", 10*time.Second, settled)

	d = newDesk(t, "Zitadel")
	title("offline")
	d.signin()
	r := &rig{app: d.a, t: t}
	worker := r.worker(t)
	worker.expectProblems()
	connect(t, false, d.tab, worker)
	d.call("um.getUser()")
	d.call("um.signinSilent()")
	d.call("um.signinRedirect()")
	d.call("um.signoutRedirect()")
	d.call("um.getUser()")
	connect(t, true, d.tab, worker)
	d.call("um.getUser()")
	d.call("um.signinRedirect()")
	_ = fmt.Sprint()
}
