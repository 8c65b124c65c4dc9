//go:build !js

package e2e

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/web"
	"github.com/oidcspa/oidcspa/web/manifest"
)

//go:embed testapp
var testapp embed.FS

// testappFiles is the folder of the test app.
func testappFiles() fs.FS {
	files, err := fs.Sub(testapp, "testapp")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return files
}

// serve serves handler at http://localhost:PORT. All servers of a test are
// same-site, and of different origins.
func serve(t testing.TB, handler http.Handler) (origin string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return localhost(t, server.Listener.Addr())
}

func localhost(t testing.TB, addr net.Addr) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		t.Fatal(err)
	}
	return "http://localhost:" + port
}

// An app is the test app on an origin of its own.
type app struct {
	origin string
	lists  bool         // the browser lists workers, and ends them
	assets http.Handler // a web.Handler

	// override answers a path instead of the app, if it is set.
	mu       sync.Mutex
	override map[string]http.HandlerFunc
	settings map[string]any
	host     string   // where the program is made to run; empty for the client's choice
	hurries  bool     // see hurry
	violates bool     // violations are expected
	keeps    bool     // in engines whose programs end with the page a keeper has the session meanwhile
	before   string   // see first
	began    bool     // a page has asked for that
	reports  []string // what the browser reported against the policies
}

// newApp serves the test app. Its settings are complete but for the provider.
func newApp(t testing.TB) *app {
	t.Helper()
	a := &app{override: map[string]http.HandlerFunc{}, lists: inChromium(t), keeps: true}
	a.setPolicy(t, web.Policy{ConnectSrc: "*"})
	a.origin = serve(t, a)
	a.settings = map[string]any{
		"client_id":                clientID,
		"redirect_uri":             a.redirectURI(),
		"post_logout_redirect_uri": a.origin + "/",
		"scope":                    "openid profile",
		"automaticSilentRenew":     false,
	}
	t.Cleanup(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.before != "" && !a.began {
			t.Error("no page has begun with the script of the test")
		}
		for _, report := range a.reports {
			if a.violates {
				break
			}
			t.Errorf("the browser reports a violation: %s", report)
		}
	})
	return a
}

// setPolicy serves the assets with another policy.
func (a *app) setPolicy(t testing.TB, policy web.Policy) {
	t.Helper()
	assets, err := web.NewHandler(assetsFS, policy)
	if err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.assets = assets
}

// assetsManifest says how the files are named.
func assetsManifest(t testing.TB) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Read(assetsFS)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const clientID = "test-app"

func (a *app) redirectURI() string { return a.origin + "/callback.html" }

// setHost forces a host.
func (a *app) setHost(host string) {
	a.set("host", host)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.host = host
}

// set changes a setting for pages that are loaded from now on.
func (a *app) set(name string, value any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settings[name] = value
}

// respond answers a path in place of the app.
func (a *app) respond(path string, handler http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.override[path] = handler
}

// hurry has the pauses before a file is asked for again take no time.
func (a *app) hurry() {
	a.mu.Lock()
	defer a.mu.Unlock()
	assets := a.assets
	a.assets = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/worker.") {
			assets.ServeHTTP(w, r)
			return
		}
		r.Header.Del("If-None-Match")
		assets.ServeHTTP(&prefixed{ResponseWriter: w, script: hurryScript()}, r)
	})
	a.hurries = true
}

// hurryScript is before the scripts that are to hurry.
func hurryScript() []byte { return testappFile("hurry.js") }

func appScript() []byte { return testappFile("app.js") }

func testappFile(name string) []byte {
	script, err := testapp.ReadFile("testapp/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return script
}

// prefixed puts a script before the one that is served.
type prefixed struct {
	http.ResponseWriter
	script        []byte
	failed, begun bool
}

// WriteHeader lets errors be what they are.
func (w *prefixed) WriteHeader(status int) {
	w.failed = status != http.StatusOK
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(status)
}

func (w *prefixed) Write(p []byte) (int, error) {
	if !w.failed && !w.begun {
		w.begun = true
		w.Header().Del("Content-Length")
		if _, err := w.ResponseWriter.Write(w.script); err != nil {
			return 0, err
		}
	}
	return w.ResponseWriter.Write(p)
}

// expectReports is for tests of violations: their reports, which come when the
// browser likes, are no failure.
func (a *app) expectReports() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.violates = true
}

// policy is as strict as an app's can be. A page that runs the program itself
// needs what otherwise only the worker needs.
func policy(host string) string {
	script, connect := "'self'", "'self'"
	if host == "page" {
		script += " 'wasm-unsafe-eval'"
		connect += " *"
	}
	return fmt.Sprintf("default-src 'none'; script-src %s; connect-src %s; worker-src 'self'; frame-src *; "+
		"img-src data:; require-trusted-types-for 'script'; trusted-types oidcspa; report-uri /reports", script, connect)
}

// ServeHTTP serves the test app and the client's assets.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	override := a.override[r.URL.Path]
	settings, err := json.Marshal(a.settings)
	host, assets, hurries, keeps, before := a.host, a.assets, a.hurries, a.keeps, a.before
	a.mu.Unlock()
	if before != "" {
		r.Header.Del("If-None-Match")
		w = &begun{ResponseWriter: w}
	}
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	case override != nil:
		override(w, r)
	case before != "" && r.URL.Path == firstScript:
		a.mu.Lock()
		a.began = true
		a.mu.Unlock()
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, before)
	case r.URL.Path == "/reports":
		a.report(w, r)
	case r.URL.Path == "/config.json":
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(settings)
	case r.URL.Path == "/":
		w.Header().Set("Content-Security-Policy", policy(host))
		http.ServeFileFS(w, r, testappFiles(), "index.html")
	case r.URL.Path == "/console":
		line, _ := io.ReadAll(r.Body)
		openTabs.complain(string(line))
	case r.URL.Path == "/app.js":
		w.Header().Set("Content-Type", "text/javascript")
		if hurries {
			_, _ = w.Write(hurryScript())
		}
		if !browser.Hears() {
			_, _ = w.Write(testappFile("report.js"))
		}
		_, _ = w.Write(appScript())
	case strings.HasPrefix(r.URL.Path, "/worker.") && (!a.lists || !keeps):
		r.Header.Del("If-None-Match")
		script := endScript
		if !keeps {
			script += noKeeperScript
		}
		assets.ServeHTTP(&prefixed{ResponseWriter: &reporting{ResponseWriter: w}, script: []byte(script)}, r)
	default:
		assets.ServeHTTP(&reporting{ResponseWriter: w}, r)
	}
}

func (a *app) report(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Report struct {
			Document  string `json:"document-uri"`
			Directive string `json:"violated-directive"`
			Blocked   string `json:"blocked-uri"`
		} `json:"csp-report"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	document, _, _ := strings.Cut(body.Report.Document, "?")
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reports = append(a.reports, document+" "+body.Report.Directive+" "+body.Report.Blocked)
	w.WriteHeader(http.StatusNoContent)
}

// reporting makes the policies of the assets report violations, too.
type reporting struct {
	http.ResponseWriter
}

// WriteHeader adds the directive to the policy.
func (w *reporting) WriteHeader(status int) {
	w.amend()
	w.ResponseWriter.WriteHeader(status)
}

func (w *reporting) Write(p []byte) (int, error) {
	w.amend()
	return w.ResponseWriter.Write(p)
}

func (w *reporting) amend() {
	const name = "Content-Security-Policy"
	if policy := w.Header().Get(name); policy != "" && !strings.Contains(policy, "report-uri") {
		w.Header().Set(name, policy+"; report-uri /reports")
	}
}
