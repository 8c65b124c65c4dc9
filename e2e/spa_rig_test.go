//go:build !js

package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/web/build"
	"github.com/oidcspa/oidcspa/web/manifest"
)

// A spaApp is the app of e2e/spa, which is written for npm oidc-spa, with one of the ways to have it.
type spaApp struct {
	name   string
	ours   bool   // the client is this one
	alias  string // which the bundler has for oidc-spa; without one the package is installed under that name
	plugin bool   // the plugin for Vite runs the early script
	dev    bool   // Vite serves the sources
	router string // "tanstack", or that of React

	dedicated bool // the browser has no shared workers

	fake bool // e2e/spa/fake.js is in the place of createoidc.js
}

// folder returns a folder with the app and its packages.
func (a spaApp) folder(t *testing.T) string {
	t.Helper()
	if os.Getenv("COMPAT") == "" {
		t.Skip("make compat installs what it needs")
	}
	folder := t.TempDir()
	for _, name := range []string{"index.html", "tsconfig.json", "types.tsx", "vite.config.mjs", "serve.mjs", "node.mjs"} {
		data, err := os.ReadFile(filepath.Join("spa", name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if name == "index.html" && !a.plugin {
			text = strings.Replace(text, "/src/main.tsx", "/src/entry.ts", 1)
		}
		if name == "index.html" && a.dedicated {
			text = strings.Replace(text, "<title>", "<script>delete window.SharedWorker;</script>\n<title>", 1)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	modules := filepath.Join(folder, "node_modules")
	err := os.CopyFS(filepath.Join(folder, "src"), os.DirFS(filepath.Join("spa", "src")))
	if err == nil {
		err = os.Mkdir(modules, 0o755)
	}
	installed, globErr := filepath.Glob(filepath.Join("spa", "node_modules", "*"))
	if err != nil || globErr != nil || len(installed) == 0 {
		t.Fatalf("%v, %v, %d packages", err, globErr, len(installed))
	}
	for _, name := range installed {
		from, err := filepath.Abs(name)
		if err == nil && !(a.ours && filepath.Base(name) == "oidc-spa") {
			err = os.Symlink(from, filepath.Join(modules, filepath.Base(name)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	theirs, err := filepath.Abs(filepath.Join("spa", "node_modules", "oidc-spa"))
	if err == nil {
		err = os.Symlink(theirs, filepath.Join(modules, "theirs")) // to compare with
	}
	if err != nil {
		t.Fatal(err)
	}
	if a.ours {
		name := "oidc-spa"
		if a.alias != "" {
			name = a.alias
		}
		if err := os.Rename(npmPackage(t), filepath.Join(modules, name)); err != nil {
			t.Fatal(err)
		}
		if a.fake {
			fake, err := os.ReadFile(filepath.Join("spa", "fake.js"))
			if err == nil {
				err = os.WriteFile(filepath.Join(modules, name, "createoidc.js"), fake, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// npmPackage returns a folder with the package for npm.
func npmPackage(t *testing.T) string {
	t.Helper()
	source, _, err := build.FindSource(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Read(assetsFS)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if _, err := build.Package(build.Options{Out: assetsDir, Source: source}, source, m, folder); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(folder, "package")
}

// command is a command of Node in the folder of an app.
func (a spaApp) command(t *testing.T, folder string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "SPA_ALIAS="+a.alias, "SPA_SETTINGS="+filepath.Join(folder, "settings.json"), "VITE_ROUTER="+a.router)
	if a.plugin {
		cmd.Env = append(cmd.Env, "SPA_PLUGIN=1")
	}
	return cmd
}

// vite is the command line of Vite.
const vite = "node_modules/vite/bin/vite.js"

// A spaSite is where the app is, and what its provider has seen.
type spaSite struct {
	origin   string
	folder   string // of the app
	secrets  *secrets
	requests atomic.Int64
}

// serve starts the app and a provider.
func (a spaApp) serve(t *testing.T) *spaSite {
	t.Helper()
	folder, site := a.folder(t), &spaSite{secrets: &secrets{}}
	site.folder = folder
	var origin string
	if a.dev {
		origin = a.serveSources(t, folder)
	} else {
		if log, err := a.command(t, folder, vite, "build").CombinedOutput(); err != nil {
			t.Fatalf("vite build: %v\n%s", err, log)
		}
		files := os.DirFS(filepath.Join(folder, "dist"))
		app := http.NewServeMux()
		app.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "index.html") })
		app.Handle("/assets/", http.FileServerFS(files))
		app.HandleFunc("/config.json", func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, os.DirFS(folder), "settings.json")
		})
		origin = serve(t, app)
	}
	providerServer := httptest.NewUnstartedServer(nil)
	issuer := localhost(t, providerServer.Listener.Addr())
	handler, err := op.New(op.Config{
		Issuer:              issuer,
		IssueRefreshTokens:  true,
		AccessTokenLifetime: time.Minute,
		Clients: []op.Client{{
			ID: clientID, RedirectURIs: []string{origin + "/"}, PostLogoutRedirectURIs: []string{origin + "/"}, Origins: []string{origin},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]string{"issuerUri": issuer, "clientId": clientID})
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "settings.json"), settings, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	wrapped := site.secrets.wrap(handler)
	providerServer.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.requests.Add(1)
		wrapped.ServeHTTP(w, r)
	})
	providerServer.Start()
	t.Cleanup(providerServer.Close)
	site.origin = origin
	return site
}

// serveSources starts the development server, and returns its origin.
func (a spaApp) serveSources(t *testing.T, folder string) string {
	t.Helper()
	cmd := a.command(t, folder, "serve.mjs")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "localhost:") {
			return "http://" + lines.Text()
		}
	}
	t.Fatalf("the development server does not start: %v", lines.Err())
	return ""
}
