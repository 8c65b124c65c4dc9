//go:build !js

package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/demo/api"
	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/demo/site"
	"github.com/oidcspa/oidcspa/web"
)

// newSite serves the sample site with its API, and the provider.
func newSite(t *testing.T) (origin string, handler *op.Provider) {
	t.Helper()
	provider, server := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	issuer, origin := localhost(t, provider.Listener.Addr()), localhost(t, server.Listener.Addr())
	p, err := op.New(op.Config{
		Issuer:   issuer,
		Audience: origin + "/api",
		Clients: []op.Client{{
			ID:                     clientID,
			RedirectURIs:           []string{origin + "/callback.html", origin + "/members/"},
			PostLogoutRedirectURIs: []string{origin + "/", origin + "/members/"},
			Origins:                []string{origin},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	assets, err := web.NewHandler(assetsFS, web.Policy{ConnectSrc: issuer})
	if err != nil {
		t.Fatal(err)
	}
	hello, err := api.New(api.Config{Issuer: issuer, Audience: origin + "/api", Scopes: []string{"api"}, BaseURL: origin})
	if err != nil {
		t.Fatal(err)
	}
	files, err := site.New(site.Config{
		Authority:  issuer,
		ClientID:   clientID,
		Scope:      "openid profile email api",
		APIHandler: hello,
		Assets:     assets,
	})
	if err != nil {
		t.Fatal(err)
	}
	provider.Config.Handler, server.Config.Handler = p, files
	for _, s := range []*httptest.Server{provider, server} {
		s.Start()
		t.Cleanup(s.Close)
	}
	return origin, p
}

// click presses a button of the sample site.
func (tab *tab) click(id string) {
	tab.t.Helper()
	tab.clickOn("#" + id)
}

// waitState waits until the sample site shows a state.
func (tab *tab) waitState(state string) {
	tab.t.Helper()
	tab.waitFor("document.body?.dataset.state === '" + state + "'")
}

// TestSampleSite does with the sample site what its reader will do.
func TestSampleSite(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			origin, p := newSite(t)
			tab := newTab(t)
			tab.navigate(origin + "/?host=" + host)
			tab.waitState("signed-out")
			tab.click("sign-in")
			tab.waitFor("document.querySelector('#password') !== null")
			tab.fill("#username", "demo")
			tab.fill("#password", "demo")
			tab.clickOn("button[value=sign-in]")
			tab.waitState("signed-in")
			tab.waitFor("document.querySelector('#claims').innerText.includes('demo@example')")
			tab.waitFor("/\\d/.test(document.querySelector('#countdown').innerText)")

			tab.click("call-api")
			tab.waitFor("document.querySelector('#api-answer').innerText.includes('Hello from the API')")

			tab.waitFor("/^token\\s+[12]\\s/m.test(document.querySelector('#costs').innerText)")

			tab.click("renew")
			tab.waitFor("document.querySelector('#log').innerText.toLowerCase().includes('renew')")
			if hidden := eval[bool](tab, "document.querySelector('#problem').hidden"); !hidden {
				t.Errorf("the site shows a problem: %s", eval[string](tab, "document.querySelector('#problem').innerText"))
			}

			tab.reload()
			tab.waitState("signed-in")

			p.EndSessions()
			tab.click("renew")
			tab.waitFor("!document.querySelector('#problem').hidden")
			if text := eval[string](tab, "document.querySelector('#problem').innerText"); !strings.Contains(text, "login_required") && !strings.Contains(text, "provider_error") {
				t.Errorf("the site says %q", text)
			}
			tab.click("sign-out")
			tab.waitFor("document.body?.dataset.state === 'signed-out' || document.querySelector('button[value=sign-out]') !== null")
			if eval[bool](tab, "document.querySelector('button[value=sign-out]') !== null") {
				tab.clickOn("button[value=sign-out]")
			}
			tab.waitState("signed-out")
		})
	}
}

// TestMembersPage does with the site's second page what its reader will do.
func TestMembersPage(t *testing.T) {
	origin, _ := newSite(t)
	tab := newTab(t)
	tab.navigate(origin + "/members/")
	tab.waitState("signed-out")
	tab.clickOn(`[data-for="signed-out"] [href="area"]`)
	tab.waitFor("document.querySelector('#password') !== null")
	eval[bool](tab, "setTimeout(() => history.back()), true") // leads out, to where no login is needed
	tab.waitState("signed-out")
	if got := eval[string](tab, "location.pathname"); got != "/members/" {
		t.Fatalf("back from the provider: %s", got)
	}
	tab.clickOn(`[data-for="signed-out"] [href="area"]`)
	tab.waitFor("document.querySelector('#password') !== null")
	tab.fill("#username", "demo")
	tab.fill("#password", "demo")
	tab.clickOn("button[value=sign-in]")
	tab.waitState("area")
	if got := eval[string](tab, "location.pathname + location.search + location.hash"); got != "/members/area" {
		t.Errorf("after the login: %s", got)
	}
	tab.click("call-api")
	tab.waitFor("document.querySelector('#api-answer').innerText.includes('Hello from the API')")
	tab.click("renew")
	tab.waitFor("!document.querySelector('#renew').disabled")
	tab.reload()
	tab.waitState("area")

	other := tab.sibling()
	other.navigate(origin + "/") // the session is one, whatever its API
	other.waitState("signed-in")

	tab.clickOn(`[data-for="area"] [data-logout]`)
	tab.waitFor("document.body?.dataset.state === 'signed-out' || document.querySelector('button[value=sign-out]') !== null")
	if eval[bool](tab, "document.querySelector('button[value=sign-out]') !== null") {
		tab.clickOn("button[value=sign-out]")
	}
	tab.waitState("signed-out")
	other.waitState("signed-out")
	if problem := eval[string](tab, "document.querySelector('#problem').innerText.trim()"); problem != "" {
		t.Errorf("the page shows a problem: %s", problem)
	}
}

// The API refuses what is no access token for it.
func TestSampleAPIRefuses(t *testing.T) {
	origin, _ := newSite(t)
	for _, authorization := range []string{"", "Bearer nonsense", "Basic ZGVtbzpkZW1v"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, origin+"/api/hello", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", authorization)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("Authorization %q: status %d, WWW-Authenticate %q", authorization, resp.StatusCode, resp.Header.Get("WWW-Authenticate"))
		}
	}
}
