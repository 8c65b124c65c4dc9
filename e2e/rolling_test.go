//go:build !js

package e2e

import (
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oidcspa/oidcspa/web"
	"github.com/oidcspa/oidcspa/web/build"
	"github.com/oidcspa/oidcspa/web/manifest"
)

// nextBuild builds the sources with a change in every file that is named by its
// hash, and keeps the files of the build that the other tests use.
var nextBuild = sync.OnceValues(func() (string, error) {
	source, err := os.MkdirTemp("", "oidcspa-next-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(source)
	for _, name := range []string{"wasm", "oidc", "session", "jsbridge", "jsonrpc", "internal", "web"} {
		if err := os.CopyFS(filepath.Join(source, name), os.DirFS(filepath.Join("..", name))); err != nil {
			return "", err
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(source, name), data, 0o600); err != nil {
			return "", err
		}
	}
	for name, more := range map[string]string{
		"wasm/next.go":    "//go:build js\n\npackage main\n\nimport \"syscall/js\"\n\nfunc init() { js.Global().Set(\"nextBuild\", true) }\n",
		"web/ondemand.js": "\nglobalThis.nextBuild = true;\n",
	} {
		file, err := os.OpenFile(filepath.Join(source, filepath.FromSlash(name)), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return "", err
		}
		if _, err := file.WriteString(more); err != nil {
			return "", err
		}
		if err := file.Close(); err != nil {
			return "", err
		}
	}
	out := filepath.Join(assetsDir, "next") // removed with it
	_, err = build.Build(context.Background(), build.Options{
		Out: out, Source: source, SkipCompression: true, Keep: 2, Previous: assetsDir,
	})
	return out, err
})

// A fleet is the servers behind one address. Which of them answers is decided
// for each request.
type fleet struct {
	mu     sync.Mutex
	choose func(path string, asked int) http.Handler
	asked  map[string]int // by path
	missed map[string]int // of these, answered with 404
}

func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	asked := f.asked[r.URL.Path]
	f.asked[r.URL.Path]++ // HEAD, too: as servers that take turns do
	server := f.choose(r.URL.Path, asked)
	f.mu.Unlock()
	recorded := httptest.NewRecorder()
	server.ServeHTTP(recorded, r)
	if recorded.Code == http.StatusNotFound {
		f.mu.Lock()
		f.missed[r.URL.Path]++
		f.mu.Unlock()
		w.Header().Set("Cache-Control", "public, max-age=3600") // as servers do that mean it too well
	}
	for name, values := range recorded.Header() {
		if _, set := w.Header()[name]; !set {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(recorded.Body.Bytes())
}

// use has other servers answer from now on.
func (f *fleet) use(choose func(path string, asked int) http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.choose, f.asked = choose, map[string]int{}
}

func (f *fleet) misses() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, missed := range f.missed {
		n += missed
	}
	return n
}

func serverOf(t *testing.T, files fs.FS) http.Handler {
	t.Helper()
	h, err := web.NewHandler(files, web.Policy{ConnectSrc: "*"})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// workerOf returns the name of the worker script of the page's build.
const workerOf = `fetch("oidcspa.js").then((r) => r.text()).then((text) => text.match(/worker\.[0-9a-f]{16}\.js/)[0])`

// A rolling deployment: the servers behind one address have different builds,
// and each request is answered by another. Pages and workers of both builds are
// open, in either order of the deployment; nobody is signed out and nobody sees
// an error.
func TestRollingDeployment(t *testing.T) {
	folder, err := nextBuild()
	if err != nil {
		t.Fatal(err)
	}
	before, after := serverOf(t, assetsFS), serverOf(t, os.DirFS(folder))
	next, err := manifest.Read(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	for _, logical := range []string{"worker.js", "oidcspa.wasm", "ondemand.js"} {
		if next.Files[logical].Name == fileName(t, logical) || next.Earlier[0].Files[logical].Name != fileName(t, logical) {
			t.Fatalf("%s: %+v and %+v of the build before", logical, next.Files[logical], next.Earlier[0].Files[logical])
		}
	}
	page := func(path string) bool { return !strings.Contains(path, ".wasm") && strings.Count(path, ".") < 2 }
	orders := map[string]func(path string, asked int) http.Handler{
		// All servers have the new files before the first has a new page.
		"files before pages": func(path string, asked int) http.Handler {
			if page(path) && asked%2 == 1 {
				return before
			}
			return after
		},
		// A server has new pages; what they ask for next is first asked of others.
		"pages before files": func(path string, asked int) http.Handler {
			if page(path) && asked%2 == 0 || !page(path) && asked > 1 && asked%2 == 1 {
				return after
			}
			return before
		},
	}
	for order, choose := range orders {
		for _, host := range hosts[:2] {
			t.Run(order+"/"+host, func(t *testing.T) {
				a := newApp(t)
				a.setHost(host)
				servers := &fleet{missed: map[string]int{}}
				servers.use(func(string, int) http.Handler { return before })
				a.assets = servers
				a.hurry()
				op := newHostile(t, a)
				old := newTab(t)
				old.expectProblems() // the browser logs what is not there
				old.visit(a.origin + "/")
				if code := signinCode(old); code != "" {
					t.Fatalf("code %q", code)
				}
				signedIn := func(who string, tab *tab) {
					t.Helper()
					if got := eval[string](tab, "um.getUser().then((u) => u?.profile.sub ?? 'nobody', (e) => e.code + ': ' + e.message)"); got != op.Subject {
						t.Errorf("%s: getUser: %s", who, got)
					}
					if got := eval[string](tab, "um.signinSilent().then((u) => u.profile.sub, (e) => e.code + ': ' + e.message)"); got != op.Subject {
						t.Errorf("%s: signinSilent: %s", who, got)
					}
					if got := eval[bool](tab, "heard.includes('UserUnloaded')"); got {
						t.Errorf("%s was signed out", who)
					}
				}

				servers.use(choose)
				fresh := old.sibling()
				fresh.expectProblems()
				fresh.visit(a.origin + "/")
				signedIn("a new page", fresh)
				signedIn("an old page beside it", old)
				if n := servers.misses(); (n > 0) != (order == "pages before files") {
					t.Errorf("%d requests were answered with 404", n)
				}
				if host == "shared" {
					if n := sharedWorkers(t, a.origin); n != 2 {
						t.Errorf("%d workers, want one of each build", n)
					}
					endWorkers(t, old, a.origin)
				}
				signedIn("a new page whose worker ended", fresh)
				signedIn("an old page whose worker ended", old)
				for who, tab := range map[string]*tab{"a new page": fresh, "an old page": old} {
					if code := codeOf(tab, "um.fetch('/api')"); code != "fetch_not_allowed" { // by what is loaded on demand
						t.Errorf("%s: fetch: code %q", who, code)
					}
					if got, want := eval[bool](tab, "globalThis.nextBuild === true"), tab == fresh; got != want {
						t.Errorf("%s: a script of the next build: %t", who, got)
					}
				}
				old.visit(a.origin + "/")
				signedIn("a page that was loaded again", old)

				servers.use(func(string, int) http.Handler { return after })
				last := old.sibling()
				last.expectProblems() // of the worker, in every tab
				last.visit(a.origin + "/")
				if got := eval[string](last, workerOf); got != next.Files["worker.js"].Name {
					t.Errorf("after the deployment a page starts %s", got)
				}
				signedIn("a page after the deployment", last)
				signedIn("an old page after the deployment", old)
			})
		}
	}
}

// endWorkers ends all shared workers, and waits until they are gone.
func endWorkers(t *testing.T, tab *tab, origin string) {
	t.Helper()
	killAll(t, origin)
	eval[bool](tab, `(async () => {
		const held = async () => (await navigator.locks.query()).held.some(({ name }) => name.startsWith("oidcspa.host."));
		while (await held()) await new Promise((resolve) => setTimeout(resolve, 10));
		return true;
	})()`)
}

// lostError has the page's first shared worker fail without an event, as happens
// in Chromium on a busy machine, and ends the page's patience with it then.
const lostError = `(() => {
	const Shared = SharedWorker, later = setTimeout, patience = [];
	globalThis.setTimeout = (fn, ms, ...rest) => {
		if (ms === 5_000) patience.push(fn);
		return later(fn, ms, ...rest);
	};
	globalThis.SharedWorker = class extends Shared {
		addEventListener(type, ...rest) {
			if (globalThis.lost || type !== "error") return super.addEventListener(type, ...rest);
			globalThis.lost = true;
			super.addEventListener("error", () => patience.forEach((end) => end()));
		}
	};
})();`

// A browser that does not say that a shared worker's script is missing is found
// out, and the page comes to the shared worker nevertheless.
func TestMissingWithoutAnEvent(t *testing.T) {
	for _, host := range []string{"", "shared"} {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			if host != "" {
				a.setHost(host)
			}
			op := newHostile(t, a)
			a.hurry()
			assets, missing := a.assets, atomic.Bool{}
			missing.Store(true)
			a.respond("/"+fileName(t, "worker.js"), func(w http.ResponseWriter, r *http.Request) {
				if missing.Swap(false) {
					http.NotFound(w, r)
					return
				}
				assets.ServeHTTP(w, r)
			})
			tab := newTab(t)
			tab.expectProblems()
			a.first(lostError)
			tab.visit(a.origin + "/")
			if got := eval[string](tab, "um.signinSilent().then((u) => u.profile.sub, (e) => e.code)"); got != op.Subject {
				t.Errorf("signinSilent: %s", got)
			}
			if !eval[bool](tab, "globalThis.lost") || missing.Load() {
				t.Error("no event was lost: the check could not fail")
			}
			if n := sharedWorkers(t, a.origin); n != 1 {
				t.Errorf("%d shared workers, want 1", n)
			}
		})
	}
}

// What does not come is asked for again for half a minute, each time under
// another address, and the error names it.
func TestMissingForGood(t *testing.T) {
	rows := []struct{ logical, host, code string }{
		{"worker.js", "shared", "worker_not_found"},
		{"worker.js", "dedicated", "worker_not_found"},
		{"oidcspa.wasm", "dedicated", "wasm_not_found"},
		{"ondemand.js", "dedicated", "network"},
	}
	for _, row := range rows {
		t.Run(row.logical+"/"+row.host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(row.host)
			newHostile(t, a)
			a.hurry()
			var mu sync.Mutex
			addresses := map[string]bool{}
			a.respond("/"+fileName(t, row.logical), func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				addresses[r.URL.RawQuery] = true
				mu.Unlock()
				http.NotFound(w, r)
			})
			tab := newTab(t)
			tab.expectProblems()
			tab.visit(a.origin + "/")
			call := "um.signinSilent()"
			if row.logical == "ondemand.js" {
				call = "um.fetch('/api')"
			}
			got := eval[string](tab, call+".then(() => '', (e) => e.code + ' ' + e.message)")
			if !strings.HasPrefix(got, row.code+" ") || !strings.Contains(got, fileName(t, row.logical)) {
				t.Errorf("the error is %q", got)
			}
			if row.logical != "oidcspa.wasm" { // that is the worker's
				if n := eval[int](tab, "waits.length"); n != 10 {
					t.Errorf("%d pauses", n)
				}
				if sum := eval[float64](tab, "waits.reduce((sum, wait) => sum + wait)"); sum < 30_000 || sum > 31_000 {
					t.Errorf("the pauses are %v ms in all", sum)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if len(addresses) < 5 || !addresses[""] { // several in a millisecond have the same
				t.Errorf("asked for under %d addresses", len(addresses))
			}
		})
	}
}
