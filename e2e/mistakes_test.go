//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// TestSettingsMistakes: settings that cannot work say so at the first call.
func TestSettingsMistakes(t *testing.T) {
	tests := []struct {
		name    string
		setting string
		value   any
		want    string
	}{
		{"authority that does not exist", "authority", "https://op.invalid", "network"},
		{"authority over plain http", "authority", "http://op.example", "insecure_url"},
		{"authority that is no URL", "authority", "op.example", "invalid_config"},
		{"no client_id", "client_id", "", "invalid_config"},
		{"no redirect_uri", "redirect_uri", "", "invalid_config"},
		{"implicit flow", "response_type", "token", "unsupported"},
		{"unknown setting", "client_secert", "x", "invalid_config"},
		{"unknown host", "host", "cloud", "invalid_config"},
		{"protected extra parameter", "extraQueryParams", map[string]any{"code_challenge": "x"}, "invalid_config"},
		{"redirect_uri of another origin", "redirect_uri", "https://www.example/callback.html", "invalid_config"},
		{"post_logout_redirect_uri that is a path", "post_logout_redirect_uri", "/", "invalid_config"},
		{"a time below zero", "requestTimeoutInSeconds", -1, "invalid_config"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			newHostile(t, a)
			a.set(tt.setting, tt.value)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			if code := codeOf(tab, "um.signinRedirect()"); code != tt.want {
				t.Errorf("code %q, want %q", code, tt.want)
			}
			tab.expectProblems() // the browser logs the names that do not resolve
		})
	}
}

// TestCallbackMistakes: addresses that answer nothing.
func TestCallbackMistakes(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	tests := []struct {
		name, call, want string
	}{
		{"no response in the address", "um.signinCallback()", "callback_missing"},
		{"unknown state", "um.signinCallback(location.origin + '/?code=c&state=unknown')", "state_unknown"},
		{"no state", "um.signinCallback(location.origin + '/?code=c')", "state_mismatch"},
		{"no address", "um.signinCallback('nonsense')", "callback_missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if code := codeOf(tab, tt.call); code != tt.want {
				t.Errorf("code %q, want %q", code, tt.want)
			}
		})
	}
	if requests := op.Requests(); len(requests) != 0 {
		t.Errorf("requests = %v, want silence", requests)
	}
	// An address without a response is the app's own.
	eval[bool](tab, "history.replaceState(null, '', '/?state=berlin#top'), true")
	codeOf(tab, "um.signinCallback()")
	if got := eval[string](tab, "location.search + location.hash"); got != "?state=berlin#top" {
		t.Errorf("the address became %q", got)
	}
}

// A response works once: not after a reload, not from the history.
func TestReplayedCallback(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	var response string
	a.respond("/spy.html", func(w http.ResponseWriter, r *http.Request) {
		response = r.URL.RawQuery
		r.URL.Path = "/callback.html"
		a.assets.ServeHTTP(w, r)
	})
	a.set("redirect_uri", a.origin+"/spy.html")
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	if address := eval[string](tab, "location.href"); strings.Contains(address, "code=") {
		t.Errorf("the address still holds the response")
	}
	if got := eval[bool](tab, "um.signinCallback(location.origin + '/?"+response+"').then(async (user) => user.access_token === (await um.getUser()).access_token)"); !got {
		t.Error("replayed: who is signed in is another")
	}
	tab.navigate(a.origin + "/callback.html?" + response)
	tab.waitReady() // in the app, where somebody is signed in
	if address := eval[string](tab, "location.href"); address != a.origin+"/" {
		t.Errorf("the callback page leads to an address of %d characters", len(address))
	}
	eval[bool](tab, "um.removeUser().then(() => true)")
	if code := codeOf(tab, "um.signinCallback(location.origin + '/?"+response+"')"); code != "state_unknown" {
		t.Errorf("replayed: code %q", code)
	}
	tab.navigate(a.origin + "/callback.html?" + response)
	tab.waitFor(lost)
	if address := eval[string](tab, "location.href"); strings.Contains(address, "code=") {
		t.Errorf("the callback page leaves the response in the address")
	}
	if n := op.Count(oidctest.Token); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

// The callback page leads back into the app and nowhere else.
func TestForeignReturnAddress(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	for _, address := range []string{op.Issuer + "/elsewhere", "javascript:alert(1)", "data:text/html,x", "//evil.example/", ""} {
		tab := newTab(t)
		tab.visit(a.origin + "/")
		record := `{"record":"{}","expires_at":9e9,"return_to":"` + address + `"}`
		eval[bool](tab, "sessionStorage.setItem('oidcspa.s1', '"+record+"'), true")
		tab.navigate(a.origin + "/callback.html?code=c&state=s1")
		tab.waitFor("document.getElementById('lost')?.hidden === false")
	}
	if requests := op.Requests(); len(requests) != 0 {
		t.Errorf("requests = %v, want none", requests)
	}
}

// Where the browser keeps nothing, the callback page says that nobody waits for it.
func TestCallbackWithoutStorage(t *testing.T) {
	a := newApp(t)
	tab := newTab(t)
	a.first(`Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } });`)
	tab.navigate(a.origin + "/callback.html?code=c&state=s1")
	tab.waitFor(lost)
}

// Effects that run twice, as in React's StrictMode, give one result.
func TestCallbackTwice(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	eval[any](tab, "sessionStorage.setItem('twice', 'yes')")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	if n := op.Count(oidctest.Token); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

// TestCancelledLogin: the person presses Cancel at the provider.
func TestCancelledLogin(t *testing.T) {
	a := newApp(t)
	p := newGoOIDC(t, a, options{})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	p.toLogin(tab)
	tab.clickOn("button[value=cancel]")
	tab.waitReady()
	if got := eval[string](tab, "callback.catch((e) => [e.code, e.error, e instanceof oidc.ErrorResponse].join())"); got != "provider_error,access_denied,true" {
		t.Errorf("the error is %s", got)
	}
	checkStorage(t, tab, p.secrets)
}

// TestFrameMistakes: what a hidden frame can end on. Each is found out, and
// the frame goes away.
func TestFrameMistakes(t *testing.T) {
	page := func(header, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(header, value)
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<!doctype html><title>Sign in</title><form></form>"))
		}
	}
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"login page", page("X-Test", "1"), "frame_no_response"},
		{"login page that refuses frames", page("X-Frame-Options", "DENY"), "frame_no_response"},
		{"error page", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "frame_no_response"},
		{"never answers", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newApp(t)
			if tt.want == "timeout" { // of the others it is not to decide
				a.set("silentRequestTimeoutInSeconds", 1)
			}
			op := newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/")
			handler := tt.handler
			authorize := a.origin + "/elsewhere"
			a.respond("/elsewhere", handler)
			op.Edit(func() {
				op.EditMetadata = func(metadata map[string]any) { metadata["authorization_endpoint"] = authorize }
			})
			if code := codeOf(tab, "um.signinSilent()"); code != tt.want {
				t.Errorf("code %q, want %q", code, tt.want)
			}
			if n := eval[int](tab, "document.querySelectorAll('iframe').length"); n != 0 {
				t.Errorf("%d frames are left", n)
			}
			tab.expectProblems() // the browser logs what refuses to be framed
		})
	}
}

// A message that only looks like the callback page's changes nothing.
func TestForeignMessages(t *testing.T) {
	_, op, tab := signedIn(t)
	const noise = `(async () => {
		const forged = {source: "oidc-client", url: location.origin + "/callback.html?code=c&state=s", keepOpen: false};
		const timer = setInterval(() => postMessage(forged, location.origin), 1);
		try { return (await um.signinSilent()).profile.sub; } finally { clearInterval(timer); }
	})()`
	if got := eval[string](tab, noise); got != op.Subject {
		t.Errorf("sub = %q", got)
	}
}

// The page of another origin in the hidden frame cannot answer in the place of
// the callback page, although it knows the state.
func TestFrameOfAnotherOrigin(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	answer := fmt.Sprintf(`<!doctype html><script>
		const state = new URLSearchParams(location.search).get("state");
		parent.postMessage({source: "oidc-client", url: %q + "?error=access_denied&state=" + state, keepOpen: false}, "*");
	</script>`, a.redirectURI())
	other := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(answer))
	}))
	op.Edit(func() {
		op.EditMetadata = func(metadata map[string]any) { metadata["authorization_endpoint"] = other + "/authorize" }
	})
	if code := codeOf(tab, "um.signinSilent()"); code != "frame_no_response" {
		t.Errorf("code %q", code)
	}
}

// TestOffline: nothing hangs and nothing is lost without the provider.
func TestOffline(t *testing.T) {
	a := newApp(t)
	server := httptest.NewServer(nil)
	origin := localhost(t, server.Listener.Addr())
	op := oidctest.New(t)
	op.Issuer, op.ClientID = origin, clientID
	server.Config.Handler = op
	a.set("authority", origin)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("code %q", code)
	}
	server.CloseClientConnections()
	server.Close()
	if code := codeOf(tab, "um.signinSilent()"); code != "network" {
		t.Errorf("renewal: code %q", code)
	}
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("getUser: %s, want the user of before", got)
	}
	tab.expectProblems()
}

// TestRuntimeMistakes: what can be wrong with the files on the server. Each
// host says which mistake it is, and works once it is mended.
func TestRuntimeMistakes(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
	}
	tests := []struct {
		name, file string
		hosts      []string
		handler    func(a *app) http.HandlerFunc
		want       string
	}{
		{"worker script 404", "worker.js", hosts, func(*app) http.HandlerFunc { return status(404) }, "worker_not_found"},
		{"wasm 404", "oidcspa.wasm", hosts, func(*app) http.HandlerFunc { return status(404) }, "wasm_not_found"},
		{"wasm of the wrong type", "oidcspa.wasm", hosts, func(a *app) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				a.assets.ServeHTTP(&retyped{ResponseWriter: w, contentType: "application/octet-stream"}, r)
			}
		}, "wasm_wrong_type"},
		{"wasm is no wasm", "oidcspa.wasm", hosts, func(*app) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/wasm")
				_, _ = w.Write([]byte("nonsense"))
			}
		}, "wasm_invalid"},
		{"policy of the worker lacks wasm-unsafe-eval", "worker.js", hosts[:2], func(a *app) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				a.assets.ServeHTTP(&retyped{ResponseWriter: w, policy: "default-src 'none'; script-src 'self'; connect-src *"}, r)
			}
		}, "wasm_blocked_by_csp"},
	}
	for _, tt := range tests {
		for _, host := range append([]string{""}, tt.hosts...) {
			t.Run(tt.name+"/"+host, func(t *testing.T) {
				a := newApp(t)
				a.expectReports()
				if host != "" {
					a.setHost(host)
				}
				op := newHostile(t, a)
				a.hurry()
				a.respond("/"+fileName(t, tt.file), tt.handler(a))
				tab := newTab(t)
				tab.visit(a.origin + "/")
				want := tt.want
				if code := codeOf(tab, "um.signinSilent()"); code != want {
					t.Errorf("code %q, want %q", code, want)
				}
				if requests := op.Requests(); len(requests) != 0 {
					t.Errorf("requests = %v, want none", requests)
				}
				a.respond("/"+fileName(t, tt.file), nil)
				if host != "page" { // a module that failed stays failed for the page
					if code := codeOf(tab, "um.signinSilent()"); code != "" && tt.want != "wasm_blocked_by_csp" {
						t.Errorf("once mended: code %q", code)
					}
				}
				tab.expectProblems()
			})
		}
	}
}

// The page's own policy forbids to run the program in the page, and says so.
func TestPageHostNeedsPolicy(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	a.expectReports()
	a.set("host", "page") // but the policy is the one for workers
	tab := newTab(t)
	tab.visit(a.origin + "/")
	const call = "um.signinSilent().catch((e) => e.code + (e.message.includes('that the page is served with') ? '' : e.message))"
	if got := eval[string](tab, call); got != "wasm_blocked_by_csp" {
		t.Errorf("the error is %q", got)
	}
	tab.expectProblems()
}

// fileName returns the name that the build gave to a file.
func fileName(t *testing.T, logical string) string {
	t.Helper()
	file, ok := assetsManifest(t).Files[logical]
	if !ok {
		t.Fatalf("no asset %q", logical)
	}
	return file.Name
}

// retyped changes headers of an answer.
type retyped struct {
	http.ResponseWriter
	contentType, policy string
}

func (w *retyped) WriteHeader(status int) {
	w.amend()
	w.ResponseWriter.WriteHeader(status)
}

func (w *retyped) Write(p []byte) (int, error) {
	w.amend()
	return w.ResponseWriter.Write(p)
}

func (w *retyped) amend() {
	if w.contentType != "" {
		w.Header().Set("Content-Type", w.contentType)
	}
	if w.policy != "" {
		w.Header().Set("Content-Security-Policy", w.policy)
	}
	w.Header().Set("Cache-Control", "no-store")
}
