//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

func TestReaderAgain(t *testing.T) {
	reading(t)
	t.Run("old login page", func(t *testing.T) {
		d := newDesk(t, "Keycloak 26")
		title("Keycloak: temporarily_unavailable with iss, for ever")
		d.hijack = back("error", "temporarily_unavailable", "error_description", "authentication_expired", "iss", d.op.Issuer)
		d.signin()
		d.call("um.signinRedirect()")
		d.hijack = nil
		d.call("um.signinRedirect()")
	})
	t.Run("cancelled", func(t *testing.T) {
		d := newDesk(t, "Keycloak 26")
		title("Keycloak: access_denied with iss, then back")
		d.hijack = back("error", "access_denied", "error_description", "User cancelled", "iss", d.op.Issuer)
		d.signin()
		d.history(-1)
		d.visit(d.a.origin + "/?view=list#row-7")
	})
	t.Run("query for fragment", func(t *testing.T) {
		for _, mode := range []string{"fragment", "query", "jwt"} {
			d := newDesk(t, "Azure AD B2C with an API scope")
			title("response_mode %s, answered in the other place", mode)
			d.a.set("response_mode", mode)
			d.a.set("metadataSeed", map[string]any{"response_modes_supported": []string{"query", "fragment", "jwt"}})
			d.hijack = at(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				sep := map[string]string{"fragment": "?", "query": "#", "jwt": "?"}[mode]
				http.Redirect(w, r, q.Get("redirect_uri")+sep+url.Values{"state": {q.Get("state")}, "code": {"c"}}.Encode(), 302)
			})
			d.signin()
		}
	})
	t.Run("post", func(t *testing.T) {
		for _, method := range []string{"get", "post", "post"} {
			d := newDesk(t, "Keycloak 26")
			title("sign-out by %s", method)
			d.a.set("signoutMethod", method)
			d.hijack = at(oidctest.EndSession, func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				http.Redirect(w, r, r.Form.Get("post_logout_redirect_uri")+"?state="+url.QueryEscape(r.Form.Get("state")), 303)
			})
			d.signin()
			d.call("um.signoutRedirect()")
			d.settle("2 s later", 2*time.Second, func(sight) bool { return false })
		}
	})
	t.Run("no state in frame and popup", func(t *testing.T) {
		d := newDesk(t, "WSO2 Identity Server and Asgardeo")
		stateless := at(oidctest.Authorize, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error=login_required&error_description=nobody", 302)
		})
		title("WSO2: an error without state in the frame, in a popup, in the tab")
		d.hijack = stateless
		d.visit(d.a.origin + "/?view=list#row-7")
		d.call("um.signinSilent()")
		clicked(d.tab, `globalThis.call = {settled: false}, um.signinPopup().then((u) => call.value = u.profile.sub, (e) => call.rejected = say(e)).finally(() => call.settled = true)`)
		d.settle("popup", 12*time.Second, settled)
		for _, id := range d.tab.popups("") {
			d.tab.closePopup(id)
		}
		d.call("um.signinRedirect()")
		d.call("um.signinCallback()")
		d.call("um.signinRedirect()")
		d.hijack = nil
		d.call("um.signinRedirect()")
	})
	t.Run("callback page", func(t *testing.T) {
		d := newDesk(t, "Okta")
		title("callback.html with X-Frame-Options: DENY")
		d.a.respond("/callback.html", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Frame-Options", "DENY")
			d.a.assets.ServeHTTP(w, r)
		})
		d.signin()
		d.call("um.signinSilent({forceIframeAuth: true})")
		d = newDesk(t, "Okta")
		title("callback.html is not there: the server answers with the app")
		d.a.respond("/callback.html", d.serveApp)
		d.signin()
		d.call("um.signinSilent({forceIframeAuth: true})")
		d = newDesk(t, "Okta")
		title("callback.html is not there: 404")
		d.a.respond("/callback.html", func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
		d.signin()
		d.visit(d.a.origin + "/?view=list#row-7")
		d.call("um.signinSilent({forceIframeAuth: true})")
		d = newDesk(t, "Okta")
		title("sign-outs of nobody")
		d.visit(d.a.origin + "/?view=list#row-7")
		d.call("um.signoutRedirect()")
		d.call("um.signoutSilent()")
	})
	t.Run("clock", func(t *testing.T) {
		for _, off := range []time.Duration{time.Hour, -time.Hour} {
			r := newRig(t)
			tab := r.open()
			title("clock off by %s", off)
			eval[bool](tab, "um.prepare().then(() => true)")
			r.setClock(tab, off, 0)
			eval[bool](tab, "globalThis.ready = false, um.signinRedirect().catch((e) => { globalThis.refused = e; }), true")
			tab.waitFor("globalThis.refused !== undefined || globalThis.ready === true && globalThis.callback !== undefined")
			fmt.Println("    ", eval[string](tab, `(globalThis.refused ? Promise.reject(refused) : callback).then((u) => "user", (e) => e.code + ": " + e.message)`))
			fmt.Println("    ", eval[string](tab, `um.getUser().then((u) => String(u?.profile.sub), (e) => e.code + ": " + e.message)`))
		}
	})
	t.Run("texts followed", func(t *testing.T) {
		d := newDesk(t, "Azure AD B2C with an API scope")
		title("B2C: the policy's address as authority, then what each text says")
		d.a.set("metadataUrl", nil)
		d.a.set("authority", originOf(d.op.Issuer)+"/contoso.onmicrosoft.com/b2c_1_signupsignin1/v2.0")
		s := d.signin()
		message := fmt.Sprint(s.Call["rejected"])
		_, after, _ := strings.Cut(message, "the issuer in its metadata is ")
		issuer, _, _ := strings.Cut(after, ";")
		d.a.set("authority", issuer)
		d.signin()
		d = newDesk(t, "Entra, common")
		title("Entra common with a slash, then what each text says")
		d.wrong = text(400, "application/json; charset=utf-8", `{"error":"invalid_tenant","error_description":"AADSTS90013: Invalid input received from the user.","error_codes":[90013]}`, true)
		d.a.set("authority", d.op.Issuer+"/")
		s = d.signin()
		message = fmt.Sprint(s.Call["rejected"])
		_, after, _ = strings.Cut(message, "the issuer in its metadata is ")
		issuer, _, _ = strings.Cut(after, ";")
		d.a.set("authority", issuer)
		d.signin()
	})
	t.Run("UAA", func(t *testing.T) {
		d := newDesk(t, "UAA and XSUAA")
		title("UAA by the letter")
		d.wrong = func(w http.ResponseWriter, r *http.Request) {
			to := r.URL.Query().Get("redirect")
			if to == "" {
				errorPage(w, 200, "logged out")
				return
			}
			http.Redirect(w, r, to, 302)
		}
		d.a.set("metadataSeed", map[string]any{"end_session_endpoint": originOf(d.op.Issuer) + "/logout.do"})
		d.signin()
		d.call(`um.signoutRedirect({ extraQueryParams: { client_id: settings.client_id, redirect: settings.post_logout_redirect_uri } })`)
	})
	t.Run("history with fragment", func(t *testing.T) {
		d := newDesk(t, "Entra, common")
		title("fragment, then signinCallback() as oidc-client-ts' users call it")
		d.a.set("response_mode", "fragment")
		d.signin()
		d.call("um.signinCallback()")
		_, _ = chromedp.Run(d.tab.ctx, chromedp.Evaluate[bool](`setTimeout(() => location.reload()), true`))
		<-time.After(time.Second)
		d.settle("reloaded", 8*time.Second, settled)
	})
}
