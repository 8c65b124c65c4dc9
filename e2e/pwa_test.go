//go:build !js

package e2e

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// pwaTools make the service worker of an app, with the settings that
// docs/service-workers.md tells.
var pwaTools = []struct {
	name     string
	register string // the service worker
	vite     bool
}{
	{"workbox", "/sw.js", false},
	{"vite", "/sw.js", true},
	{"inject", "/sw.js", true},
	{"ngsw", "/ngsw-worker.js", false},
}

// TestPWACompat: with each tool, the app works with its service worker, the
// callback page is the client's, and a script that is put into the caches in
// the place of the worker's is not run.
func TestPWACompat(t *testing.T) {
	if os.Getenv("COMPAT") == "" {
		t.Skip("make compat installs what it needs")
	}
	for _, tool := range pwaTools {
		t.Run(tool.name, func(t *testing.T) {
			a := newApp(t)
			a.serveAlso(t, folder)
			a.set("redirect_uri", a.origin+folder+"callback.html")
			op := newHostile(t, a)
			files := buildPWA(t, tool.name, tool.register, tool.vite)
			a.serveFiles(t, files)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			eval[bool](tab, "navigator.serviceWorker.ready.then(({ active }) => active !== null)")
			tab.visit(a.origin + "/")
			tab.waitFor("navigator.serviceWorker.controller !== null")
			tab.waitFor("caches.keys().then((names) => { globalThis.kept = names.length; }) && globalThis.kept > 0")
			forge(t, tab)
			if os.Getenv("OPEN") != "" { // by hand, to see what the exclusion is good for
				t.Logf("without the exclusion: stats() is %q", codeOf(tab, "um.stats({ collect: true })"))
				return
			}
			if code := signinCode(tab); code != "" {
				t.Fatalf("code %q", code)
			}
			if got := eval[string](tab, "location.pathname + navigator.serviceWorker.controller?.state"); got != "/activated" {
				t.Errorf("after the sign-in: %s", got)
			}
			if code := codeOf(tab, "um.signinSilent({ forceIframeAuth: true })"); code != "" {
				t.Errorf("in the frame: code %q", code)
			}
			killWorkers(t, a.origin)
			tab.reload()
			tab.waitReady()
			if got := eval[string](tab, subject); got != op.Subject {
				t.Errorf("in a new program: %s", got)
			}
			if n := op.Count(oidctest.Token); n != 3 {
				t.Errorf("%d token requests, want 3", n)
			}
			tab.navigate(a.origin + folder + "callback.html")
			tab.waitFor("location.pathname === '/'") // where it leads who is signed in; the app would stay at its address
			tab.navigate(a.origin + "/some/page")
			tab.waitReady() // the service worker answers navigations
		})
	}
}

// buildPWA makes an app with a service worker, and returns its files.
func buildPWA(t *testing.T, tool, register string, vite bool) fs.FS {
	t.Helper()
	folder, err := filepath.Abs("pwa/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	//lint:ignore usetesting the tools look for packages in the folders above it
	folder, err = os.MkdirTemp(folder, ".app-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	public, page := "dist", "dist/index.html"
	if vite {
		public, page = "public", "index.html"
	}
	if err := os.CopyFS(filepath.Join(folder, public, "oidcspa"), assetsFS); err != nil {
		t.Fatal(err)
	}
	html := strings.Replace(file(t, "index.html"), `<script type="module" src="app.js"></script>`,
		fmt.Sprintf(`<script>navigator.serviceWorker.register(%q); import("/app.js");</script>`, register), 1)
	for name, text := range map[string]string{
		public + "/app.js": appInFolder(t),
		page:               html,
	} {
		if err := os.WriteFile(filepath.Join(folder, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("node", filepath.Join("pwa", "build.mjs"), tool, folder)
	if log, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, log)
	}
	return os.DirFS(filepath.Join(folder, "dist"))
}

// appInFolder is the test app, for a page at the root with the assets in a
// folder.
func appInFolder(t *testing.T) string {
	script := strings.Replace(file(t, "app.js"), `"./oidcspa.js"`, `"`+folder+`oidcspa.js"`, 1)
	return strings.Replace(script, `"config.json"`, `"/config.json"`, 1)
}

// serveFiles serves files in the place of the app; the page of the app is
// that for every path of the app that is no file.
func (a *app) serveFiles(t *testing.T, files fs.FS) {
	server := http.FileServerFS(files)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasPrefix(name, "oidcspa/") {
			a.respond("/"+name, server.ServeHTTP)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page := func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "index.html") }
	a.respond("/", page)
	a.respond("/index.html", page)
}
