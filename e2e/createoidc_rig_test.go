//go:build !js

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A root is an app with createOidc, whose root is where the provider sends the browser back to.
type root struct {
	*app
	t   *testing.T
	op  *oidctest.OP
	tab *tab

	mu       sync.Mutex
	requests map[string][]url.Values // by endpoint
	broken   bool
}

// rootPages are the addresses of the app; each is the same document.
var rootPages = []string{"/", "/orders", "/private", "/bye"}

// newRoot serves the app and its provider. params is what createOidc gets beside the provider and the client, and
// early, if it is not empty, what oidcEarlyInit gets: both are in JavaScript.
func newRoot(t *testing.T, params, early string) *root {
	t.Helper()
	a := newApp(t)
	r := &root{app: a, t: t, op: oidctest.New(t), requests: map[string][]url.Values{}}
	r.op.ClientID, r.op.Respond = clientID, r.note
	r.op.Issuer = serve(t, http.HandlerFunc(r.provide))
	r.tab = newTab(t)
	for _, name := range []string{"entry.js", "main.js"} {
		a.respond("/"+name, func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, rootFiles(), name) })
	}
	r.sends("", "")
	r.configure(params, early)
	return r
}

// sends has the app's pages come with one more header, from now on; with none if it has no name.
func (r *root) sends(header, value string) {
	for _, path := range rootPages {
		r.respond(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", policy(""))
			if header != "" {
				w.Header().Add(header, value)
			}
			http.ServeFileFS(w, r, rootFiles(), "index.html")
		})
	}
}

func rootFiles() fs.FS {
	files, err := fs.Sub(testappFiles(), "createoidc")
	if err != nil {
		panic(err) // the name is no path
	}
	return files
}

// configure changes what the app gives, for pages that are loaded from now on.
func (r *root) configure(params, early string) {
	base := `BASE_URL: "/", `
	if early == "" {
		early = "null"
	} else {
		base = ""
	}
	script := fmt.Sprintf("export const params = { issuerUri: %q, clientId: %q, %s%s };\nexport const early = %s;\n", r.op.Issuer, clientID, base, params, early)
	r.respond("/params.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(script))
	})
}

// visit opens a page of the app, and waits until createOidc has settled.
func (r *root) visit(path string) {
	r.t.Helper()
	r.tab.visit(r.origin + path)
}

// does runs a statement after which the page is left, and waits for the app to come back.
func (r *root) does(statement string) {
	r.t.Helper()
	eval[bool](r.tab, "globalThis.ready = false, (() => { "+statement+" })(), true")
	r.tab.waitReady()
}

// signIn signs in from a page of the app.
func (r *root) signIn(path string) {
	r.t.Helper()
	r.visit(path)
	r.does("oidc.login()")
	r.wantWho("subject-1")
}

// who is signed in, by the app's knowledge.
const who = "globalThis.failed ? 'failed: ' + (failed.code ?? failed) : oidc.isUserLoggedIn ? oidc.getDecodedIdToken().sub : oidc.initializationError ? 'error: ' + oidc.initializationError.code : 'nobody'"

func (r *root) wantWho(want string) {
	r.t.Helper()
	if got := eval[string](r.tab, who); got != want {
		r.t.Fatalf("the app has %s, want %s", got, want)
	}
}

func (r *root) wantAt(path string) {
	r.t.Helper()
	if got := eval[string](r.tab, "location.href"); got != r.origin+path {
		r.t.Errorf("the address is %s, want %s", got, path)
	}
}

// asked returns the parameters of the last request to an endpoint of the provider.
func (r *root) asked(endpoint string) url.Values {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.requests[endpoint]
	if len(all) == 0 {
		r.t.Fatalf("the provider was not asked for %s", endpoint)
	}
	return all[len(all)-1]
}

// provide is the provider, which may be down; its pages are there all the same.
func (r *root) provide(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	broken := r.broken
	r.mu.Unlock()
	if broken && request.Header.Get("Sec-Fetch-Dest") == "empty" {
		panic(http.ErrAbortHandler)
	}
	r.op.ServeHTTP(w, request)
}

// down has the provider break off all its answers to programs, or none any more.
func (r *root) down(is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = is
}

// note keeps what an endpoint is asked.
func (r *root) note(endpoint string, _ http.ResponseWriter, request *http.Request) bool {
	body, _ := io.ReadAll(request.Body)
	values := request.URL.Query()
	if form, err := url.ParseQuery(string(body)); err == nil {
		maps.Copy(values, form)
		form.Del("client_secret") // the provider takes none
		body = []byte(form.Encode())
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.ContentLength = int64(len(body))
	r.mu.Lock()
	r.requests[endpoint] = append(r.requests[endpoint], values)
	r.mu.Unlock()
	return false
}
