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

	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/demo/recorder"
)

// A viteApp is an app for oidc-client-ts that Vite builds with this client in
// its place.
type viteApp struct {
	project      string        // folder with the packages from npm
	root         string        // folder of the app in it
	redirectPath string        // of the redirect URI
	lifetime     time.Duration // of access tokens; zero for the provider's default
}

// build returns the folder that Vite has put the app into.
func (a viteApp) build(t *testing.T) string {
	t.Helper()
	if os.Getenv("COMPAT") == "" {
		t.Skip("make compat installs what it needs")
	}
	out := t.TempDir()
	vite := exec.Command("node", filepath.Join("node_modules", "vite", "bin", "vite.js"), "build", a.root,
		"--config", filepath.Join("..", "vite.config.mjs"), "--configLoader", "native")
	vite.Dir = a.project
	vite.Env = append(os.Environ(), "OIDCSPA_PACKAGE="+filepath.Join(assetsDir, "oidcspa.js"), "OUT_DIR="+out)
	if log, err := vite.CombinedOutput(); err != nil {
		t.Fatalf("vite build: %v\n%s", err, log)
	}
	return out
}

// serve builds the app and serves it, and a provider. Every path of the app
// that is no file is its page.
func (a viteApp) serve(t *testing.T) (origin string, p *provider) {
	t.Helper()
	files := os.DirFS(a.build(t))
	server, providerServer := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	origin = localhost(t, server.Listener.Addr())
	issuer := localhost(t, providerServer.Listener.Addr())
	redirectURI := origin + a.redirectPath
	handler, err := op.New(op.Config{
		Issuer:              issuer,
		IssueRefreshTokens:  true,
		AccessTokenLifetime: a.lifetime,
		Clients: []op.Client{{
			ID:                     clientID,
			RedirectURIs:           []string{redirectURI, origin + "/silent"},
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
		"redirect_uri":             redirectURI,
		"post_logout_redirect_uri": origin + "/",
		"scope":                    "openid profile",
	})
	if err != nil {
		t.Fatal(err)
	}
	app := http.NewServeMux()
	app.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "index.html") })
	app.Handle("/assets/", http.FileServerFS(files))
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

// fillIn fills in the provider's login form.
func fillIn(tab *tab) {
	tab.t.Helper()
	tab.waitFor("document.querySelector('input[name=password]') !== null")
	tab.fill("input[name=username]", "demo")
	tab.fill("input[name=password]", "demo")
	tab.clickOn("button[value=sign-in]")
}
