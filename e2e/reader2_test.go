//go:build !js

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/web"
)

func (d *desk) try(what string, change func()) sight {
	title("%s: %s", d.p.Name, what)
	change()
	return d.signin()
}

func TestReaderModes(t *testing.T) {
	reading(t)
	for _, name := range []string{"Entra, common", "Keycloak 26", "Google", "Amazon Cognito"} {
		for _, mode := range []string{"jwt", "fragment", "form_post", "fragment.jwt"} {
			t.Run(name+mode, func(t *testing.T) {
				d := newDesk(t, name)
				if name == "Google" {
					d.a.set("client_secret", "x")
				}
				d.try("response_mode "+mode, func() { d.a.set("response_mode", mode) })
			})
		}
	}
	for _, name := range []string{"Entra, common", "Okta", "Auth0", "Keycloak 26", "Amazon Cognito"} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, name)
			d.try("dpop", func() { d.a.set("dpop", true) })
			d.a.set("dpop", nil)
			d.try("par required", func() { d.a.set("par", "required") })
		})
	}
	t.Run("fragment at the app", func(t *testing.T) {
		d := newDesk(t, "Entra, common")
		d.registered = []string{d.a.origin + "/"}
		d.try("response_mode fragment, redirect_uri at the app, the README's code", func() {
			d.a.set("redirect_uri", d.a.origin+"/")
			d.a.set("response_mode", "fragment")
		})
	})
	for _, s := range []struct {
		name  string
		value any
	}{
		{"allowed_tenants", []string{"8EAEF023-2B34-4DA1-9BAA-8BC8C9D6A490"}}, {"allowed_tenants", []string{"contoso.onmicrosoft.com"}},
		{"allowed_tenants", []string{"11111111-2b34-4da1-9baa-8bc8c9d6a490"}}, {"authority", "$origin/{tenantid}/v2.0"},
		{"scope", []string{"openid"}}, {"redirect_uri", "/callback.html"}, {"redirect_uri", "http://127.0.0.1:1/callback.html"},
		{"metadataSeed", map[string]any{"issuer": "x"}}, {"authority", "login.microsoftonline.com/common/v2.0"},
	} {
		t.Run(s.name, func(t *testing.T) {
			d := newDesk(t, "Entra, common")
			d.try(fmt.Sprint(s.name, "=", s.value), func() {
				if v, ok := s.value.(string); ok {
					s.value = strings.Replace(v, "$origin", originOf(d.op.Issuer), 1)
				}
				d.a.set(s.name, s.value)
			})
		})
	}
	t.Run("single", func(t *testing.T) {
		d := newDesk(t, "Entra, a single tenant")
		d.try("allowed_tenants at a single tenant", func() { d.a.set("allowed_tenants", []string{"11111111-2b34-4da1-9baa-8bc8c9d6a490"}) })
		d = newDesk(t, "Entra, a single tenant")
		d.hijack = at(oidctest.Userinfo, text(401, "application/json", `{"error":{"code":"InvalidAuthenticationToken","message":"Access token validation failure. Invalid audience."}}`, true))
		d.try("loadUserInfo", func() { d.a.set("loadUserInfo", true) })
		d.visit(d.a.origin + "/?view=list#row-7")
	})
}

func TestReaderProxy(t *testing.T) {
	reading(t)
	html := `<!doctype html><title>Proxy</title><form>Please sign in to the company's network</form>`
	elsewhere := serve(t, text(200, "text/html", html, true))
	answers := []struct {
		name    string
		handler http.HandlerFunc
	}{
		{"HTML 200", text(200, "text/html", html, true)},
		{"HTML 200 without CORS", text(200, "text/html", html, false)},
		{"502 HTML without CORS", text(502, "text/html", html, false)},
		{"502 HTML", text(502, "text/html", html, true)},
		{"403 HTML", text(403, "text/html", html, true)},
		{"302 to a login page", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			http.Redirect(w, r, elsewhere+"/login", http.StatusFound)
		}},
	}
	for _, endpoint := range []string{oidctest.Discovery, oidctest.JWKS, oidctest.Token} {
		for _, answer := range answers {
			t.Run(endpoint+answer.name, func(t *testing.T) {
				d := newDesk(t, "Okta")
				d.try(endpoint+" "+answer.name, func() { d.hijack = at(endpoint, answer.handler) })
			})
		}
	}
}

func TestReaderPolicies(t *testing.T) {
	reading(t)
	pages := []struct{ name, policy string }{
		{"frame-src lacks the provider", "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self'; img-src data:"},
		{"frame-src lacks 'self'", "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; frame-src $op; img-src data:"},
		{"no worker-src", "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'none'; frame-src 'self' $op; img-src data:"},
		{"connect-src none", "default-src 'none'; script-src 'self'; connect-src $app/config.json; worker-src 'self'; frame-src 'self' $op; img-src data:"},
	}
	for _, page := range pages {
		t.Run(page.name, func(t *testing.T) {
			d := newDesk(t, "Okta")
			d.page = strings.NewReplacer("$op", originOf(d.op.Issuer), "$app", d.a.origin).Replace(page.policy)
			d.try("page: "+page.name, func() {})
			d.call("um.signinSilent({forceIframeAuth: true})")
		})
	}
	for _, connect := range []string{"", "https://other.example"} {
		t.Run("worker "+connect, func(t *testing.T) {
			d := newDesk(t, "Okta")
			d.a.setPolicy(t, web.Policy{ConnectSrc: connect})
			d.try("worker: ConnectSrc "+connect, func() {})
		})
	}
	t.Run("form-action", func(t *testing.T) {
		for _, form := range []string{"'self'", "$op", "$op 'self'"} {
			d := newDesk(t, "Keycloak 26")
			op := originOf(d.op.Issuer)
			d.page = "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self' " + op + "; img-src data:; form-action " + strings.ReplaceAll(form, "$op", op)
			d.hijack = at(oidctest.EndSession, func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				http.Redirect(w, r, r.Form.Get("post_logout_redirect_uri")+"?state="+url.QueryEscape(r.Form.Get("state")), 303)
			})
			d.try("sign-out by POST, form-action "+form, func() { d.a.set("signoutMethod", "post") })
			d.call("um.signoutRedirect()")
			d.call("um.getUser()")
		}
	})
}

func TestReaderPopups(t *testing.T) {
	reading(t)
	t.Run("blocked", func(t *testing.T) {
		d := newDesk(t, "Auth0")
		title("popup without a click")
		d.visit(d.a.origin + "/?view=list#row-7")
		d.call("um.signinPopup()")
		d.call("um.signinRedirect()")
	})
	t.Run("error page in the popup", func(t *testing.T) {
		d := newDesk(t, "Auth0")
		d.registered = nil
		title("popup that shows an error page")
		d.visit(d.a.origin + "/?view=list#row-7")
		clicked(d.tab, `globalThis.call = {settled: false}, um.signinPopup().then((u) => call.value = u.profile.sub, (e) => call.rejected = say(e)).finally(() => call.settled = true)`)
		d.settle("popup, 3 s", 3*time.Second, settled)
		ids := d.tab.popups("")
		fmt.Println("     windows", len(ids))
		if len(ids) > 0 {
			d.tab.closePopup(ids[0])
		}
		d.settle("popup closed", 10*time.Second, settled)
	})
}

// showForm has the provider show a page before it goes on.
func (d *desk) showForm() {
	d.hijack = at(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("go") != "" || r.URL.Query().Get("prompt") == "none" {
			q := r.URL.Query()
			q.Del("go")
			r.URL.RawQuery = q.Encode()
			d.op.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, `<!doctype html><link rel="icon" href="data:,"><title>Login</title><a id="go" href="?`+r.URL.RawQuery+`&go=1">Sign in</a>`)
	})
}

func (d *desk) expectLogin(what string) {
	d.settle(what, 10*time.Second, func(s sight) bool { return s.Text == "Sign in" })
}

func (d *desk) enter() sight {
	_, _ = chromedp.Run(d.tab.ctx, chromedp.Evaluate[bool](`document.querySelector("#go")?.click(), true`))
	return d.settle("login", 20*time.Second, settled)
}

func (d *desk) history(n int) sight {
	_, _ = chromedp.Run(d.tab.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`setTimeout(() => history.go(%d)), true`, n)))
	<-time.After(1500 * time.Millisecond)
	return d.settle(fmt.Sprintf("history.go(%d)", n), 8*time.Second, func(s sight) bool { return settled(s) || s.Text == "Sign in" })
}

func (d *desk) start(expression string) {
	_, err := chromedp.Run(d.tab.ctx, chromedp.Evaluate[bool](`(globalThis.call = undefined, globalThis.told = [], `+expression+`.catch((e) => globalThis.call = {settled: true, rejected: say(e)}), true)`))
	if err != nil {
		fmt.Println("  ", err)
	}
}

func TestReaderHistory(t *testing.T) {
	reading(t)
	d := newDesk(t, "Keycloak 26")
	title("back after the sign-in, to the login page, and in again")
	d.showForm()
	d.visit(d.a.origin + "/?view=list#row-7")
	d.start("um.signinRedirect()")
	d.expectLogin("leave")
	d.enter()
	d.history(-1)
	d.enter()
	d.history(-2)
	d.history(-1)
	d.call("um.getUser()")

	d = newDesk(t, "Keycloak 26")
	title("back from the login page without a sign-in, then once more")
	d.showForm()
	d.visit(d.a.origin + "/?view=list#row-7")
	d.start("um.signinRedirect()")
	d.expectLogin("leave")
	d.history(-1)
	d.call("um.getUser()")
	d.start("um.signinRedirect()")
	d.expectLogin("leave again")
	d.enter()

	d = newDesk(t, "Keycloak 26")
	title("old login page: transaction expired")
	d.showForm()
	d.a.set("staleStateAgeInSeconds", 1)
	d.visit(d.a.origin + "/?view=list#row-7")
	d.start("um.signinRedirect()")
	d.expectLogin("leave")
	<-time.After(2500 * time.Millisecond)
	d.enter()
	d.call("um.getUser()")

	d = newDesk(t, "Keycloak 26")
	title("the login page is a bookmark, in a new tab")
	d.showForm()
	d.visit(d.a.origin + "/?view=list#row-7")
	d.start("um.signinRedirect()")
	d.expectLogin("leave")
	s, _ := d.see()
	first := d.tab
	d.tab = newTab(t)
	d.tab.expectProblems()
	d.tab.do("open", chromedp.Navigate(s.Href))
	d.enter()
	d.tab = first.sibling()
	d.tab.expectProblems()
	title("the same in another tab of the profile, nobody signed in")
	d.tab.do("open", chromedp.Navigate(s.Href))
	d.enter()
	d.tab = first
	title("and then the first tab goes on")
	d.enter()

	for _, params := range [][]string{
		{"error", "temporarily_unavailable", "error_description", "authentication_expired"},
		{"error", "access_denied", "error_description", "User cancelled"},
	} {
		d = newDesk(t, "Keycloak 26")
		title("answer: %v", params)
		d.hijack = back(params...)
		d.signin()
		d.history(-1)
	}
	d = newDesk(t, "Amazon Cognito")
	title("an error without state")
	d.hijack = at(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error=invalid_request&error_description=invalid_scope", 302)
	})
	d.signin()
	d = newDesk(t, "Amazon Cognito")
	title("an error without state, redirect_uri at the app with the README's code")
	d.registered = []string{d.a.origin + "/"}
	d.a.set("redirect_uri", d.a.origin+"/")
	d.hijack = at(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error=invalid_request&error_description=invalid_scope", 302)
	})
	d.signin()
}

func TestReaderSignout(t *testing.T) {
	reading(t)
	for _, name := range []string{"Keycloak 26", "Auth0"} {
		d := newDesk(t, name)
		title("%s: sign-out address not registered", name)
		d.hijack = at(oidctest.EndSession, func(w http.ResponseWriter, r *http.Request) { errorPage(w, 400, "Invalid redirect uri") })
		d.signin()
		d.call("um.signoutRedirect()")
		d.history(-1)
		d.call("um.getUser()")
		d.call("um.signinRedirect()")
		d.call("um.signoutSilent()")
		d.call("um.getUser()")
	}
	d := newDesk(t, "Amazon Cognito")
	title("Cognito by the letter of its section")
	d.signin()
	d.call(`um.signoutRedirect({ extraQueryParams: { client_id: settings.client_id, logout_uri: settings.post_logout_redirect_uri } })`)
	d.a.set("post_logout_redirect_uri", nil)
	d.signin()
	d.call(`um.signoutRedirect({ extraQueryParams: { client_id: settings.client_id, logout_uri: location.origin + "/" } })`)
	for _, name := range []string{"GitLab", "Google"} {
		d := newDesk(t, name)
		d.a.set("client_secret", map[string]any{"Google": "x"}[name])
		title("%s: sign-outs", name)
		d.hijack = func(endpoint string, w http.ResponseWriter, r *http.Request) bool {
			if endpoint == oidctest.Revocation {
				_ = r.ParseForm()
				fmt.Println("     revoked", r.Form.Get("token_type_hint"))
			}
			return false
		}
		d.signin()
		d.call("um.signoutRedirect()")
		d.call("um.getUser()")
		d.visit(d.a.origin + "/?view=list#row-7")
		d.signin()
		d.call("um.removeUser()")
		d.visit(d.a.origin + "/?view=list#row-7")
	}
}
