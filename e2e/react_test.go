//go:build !js

package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/demo/recorder"
)

// newReactApp builds e2e/react with Vite and serves it. The app has one page,
// which is the redirect URI, too.
func newReactApp(t *testing.T) (origin string, p *provider) {
	t.Helper()
	if os.Getenv("COMPAT") == "" {
		t.Skip("make compat installs what it needs")
	}
	out := t.TempDir()
	vite := exec.Command("node", filepath.Join("node_modules", "vite", "bin", "vite.js"), "build")
	vite.Dir = "react"
	vite.Env = append(os.Environ(), "OIDCSPA_PACKAGE="+filepath.Join(assetsDir, "oidcspa.js"), "OUT_DIR="+out)
	if log, err := vite.CombinedOutput(); err != nil {
		t.Fatalf("vite build: %v\n%s", err, log)
	}
	server, providerServer := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	origin = localhost(t, server.Listener.Addr())
	issuer := localhost(t, providerServer.Listener.Addr())
	handler, err := op.New(op.Config{
		Issuer:              issuer,
		IssueRefreshTokens:  true,
		AccessTokenLifetime: 15 * time.Second,
		Clients: []op.Client{{
			ID:                     clientID,
			RedirectURIs:           []string{origin + "/"},
			PostLogoutRedirectURIs: []string{origin + "/"},
			Origins:                []string{origin},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]any{
		"authority":                issuer,
		"client_id":                clientID,
		"redirect_uri":             origin + "/",
		"post_logout_redirect_uri": origin + "/",
		"scope":                    "openid profile",
	})
	if err != nil {
		t.Fatal(err)
	}
	app := http.NewServeMux()
	app.Handle("/", http.FileServerFS(os.DirFS(out)))
	app.HandleFunc("/config.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(settings)
	})
	log, secrets := recorder.New(handler.Paths()), &secrets{}
	server.Config.Handler, providerServer.Config.Handler = app, log.Wrap(secrets.wrap(handler))
	for _, s := range []*httptest.Server{server, providerServer} {
		s.Start()
		t.Cleanup(s.Close)
	}
	return origin, &provider{issuer: issuer, log: log, secrets: secrets}
}

// waitState waits until the app shows a state.
func waitState(tab *tab, state string) {
	tab.t.Helper()
	tab.waitFor(`document.getElementById("state")?.textContent === "` + state + `"`)
}

func TestReact(t *testing.T) {
	origin, p := newReactApp(t)
	tab := newTab(t)
	tab.do("open the app", chromedp.Navigate(origin+"/"))
	waitState(tab, "signed out")

	tab.do("sign in", chromedp.Click("#redirect"))
	fillIn(tab)
	waitState(tab, "signed in")
	for selector, want := range map[string]string{"#sub": "demo-user-1", "#class": "true", "#app-state": `{"page":7}`} {
		if got := eval[string](tab, `document.querySelector("`+selector+`").textContent`); got != want {
			t.Errorf("%s shows %q, want %q", selector, got, want)
		}
	}
	if got := eval[string](tab, "location.search"); got != "" {
		t.Error("the response is left in the address")
	}

	tab.do("renew", chromedp.Click("#renew"))
	tab.waitFor("tokens.size === 2")
	waitState(tab, "signed in")
	tab.waitFor(`heard.includes("expiring") && tokens.size === 3`) // by itself
	checkStorage(t, tab, p.secrets)

	tab.do("reload", chromedp.Reload())
	waitState(tab, "signed in")

	tab.do("sign out", chromedp.Click("#signout"))
	tab.waitFor("document.querySelector('button[value=sign-out]') !== null || document.getElementById('state')?.textContent === 'signed out'")
	if eval[bool](tab, "document.getElementById('state') === null") {
		tab.do("confirm", chromedp.Click("button[value=sign-out]"))
	}
	waitState(tab, "signed out")

	tab.do("sign in with a popup", chromedp.Click("#popup"))
	popup := openTab(t, browser, chromedp.WithTargetID(tab.waitPopup(p.issuer)))
	fillIn(popup)
	waitState(tab, "signed in")
	tab.until("the window is closed", func() bool { return len(tab.popups("")) == 0 })
}

// fillIn fills in the provider's login form.
func fillIn(tab *tab) {
	tab.t.Helper()
	tab.waitFor("document.querySelector('input[name=password]') !== null")
	tab.do("fill in the login form",
		chromedp.SendKeys("input[name=username]", "demo"),
		chromedp.SendKeys("input[name=password]", "demo"),
		chromedp.Click("button[value=sign-in]"))
}
