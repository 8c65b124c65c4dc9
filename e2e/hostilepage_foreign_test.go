//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A site of somebody else's frames the app and its callback page, opens it,
// and sends it what the callback page would. It hears nothing of the session.
func TestHostileForeignWindows(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "localhost"} { // another site, and another origin of the same site
		t.Run(host, func(t *testing.T) { testForeignWindows(t, host) })
	}
}

func testForeignWindows(t *testing.T, host string) {
	evil := newForeign(t)
	evil.origin = strings.Replace(evil.origin, "127.0.0.1", host, 1)
	s := newStage(t)
	evil.page = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><title>Foreign</title>
			<button onclick="globalThis.opened = window.open('%[1]s/?opened')">Open</button>
			<iframe src="%[1]s/"></iframe><iframe src="%[1]s/callback.html?code=c&state=s"></iframe><iframe src="%[1]s/frontchannel.html"></iframe>
			<script>
			globalThis.heard = [];
			addEventListener("message", ({ data }) => heard.push(JSON.stringify(data)));
			setInterval(() => {
				for (const other of [frames[0], frames[1], frames[2], globalThis.opened, globalThis.opener]) {
					for (const url of ["%[1]s/callback.html?code=forged&state=forged", "%[1]s/callback.html?error=access_denied&state=forged"]) {
						other?.postMessage({ source: "oidc-client", url, keepOpen: false }, "*");
					}
				}
			}, 20);
			</script>`, s.app.origin)
	}
	s.honest.expectProblems()
	s.app.expectReports() // the callback page is in no frame of another site
	s.begin()
	hostile := s.honest.sibling()
	hostile.expectProblems()
	hostile.navigate(evil.origin + "/")
	hostile.clickOn("button")
	opened := hostile.attach(hostile.waitPopup(s.app.origin + "/?opened"))
	opened.expectProblems()
	opened.waitReady()
	authorize := hold(t, s.op, oidctest.Authorize)
	eval[bool](opened, `globalThis.forged = 0, addEventListener("message", ({ origin }) => forged += origin !== location.origin),
		globalThis.silent = um.signinSilent(), silent.catch(() => {}), true`)
	authorize.wait(opened)
	eval[bool](opened, "forged = 0, true")
	opened.waitFor("forged >= 4") // each message twice, while the frame is awaited
	authorize.release()
	if code := codeOf(opened, "silent"); code != "" {
		t.Errorf("in the window that was opened: code %q", code)
	}
	s.checkCalls("meanwhile")
	if heard := eval[[]string](hostile, "heard"); len(heard) != 0 {
		t.Errorf("the other site heard %d messages", len(heard))
	}
	evil.check(t, s.op.Secrets())
	opened.close()
	hostile.close()
	s.check()
}

// A frame without an origin, of the app's own page, reaches neither worker nor
// channels nor storage.
func TestHostileFrameWithoutAnOrigin(t *testing.T) {
	s := newStage(t)
	s.begin()
	tab := s.hostile()
	got := eval[[]string](tab, `new Promise((resolve) => {
		addEventListener("message", ({ data }) => resolve(data));
		const frame = document.createElement("iframe");
		frame.sandbox = "allow-scripts";
		frame.srcdoc = `+"`"+`<script>(async () => {
			const found = [];
			const attempt = (name, reach) => { try { reach(); found.push(name); } catch {} };
			attempt("storage", () => localStorage.length);
			attempt("cookie", () => { document.cookie = "reached=1"; if (!document.cookie) throw new Error(); }); // WebKit gives none
			attempt("parent", () => parent.document.title);
			try {
				const worker = new SharedWorker("${location.origin}${workerScript}", { type: "module", name: "oidcspa.1", extendedLifetime: true });
				worker.port.onmessage = () => found.push("worker");
				worker.port.start();
			} catch {}
			const channel = new BroadcastChannel("oidcspa.session");
			channel.onmessage = () => found.push("channel");
			await new Promise((resolve) => setTimeout(resolve, 500));
			parent.postMessage(found, "*");
		})()<\/script>`+"`"+`;
		document.body.append(frame);
	})`)
	if len(got) != 0 {
		t.Errorf("the frame reaches %s", strings.Join(got, ", "))
	}
	tab.close()
	s.check()
}

// The address of the callback page, with the code in it, goes to nobody as the
// referrer: neither to the app's own server nor to provider and API.
func TestHostileCallbackTellsNoReferrer(t *testing.T) {
	s := newStage(t)
	var mu sync.Mutex
	seen := 0
	note := func(r *http.Request, elsewhere bool) {
		mu.Lock()
		defer mu.Unlock()
		seen++
		referrer := r.Header.Get("Referer")
		if strings.Contains(referrer, "/callback.html") || elsewhere && strings.Contains(referrer, "code=") {
			t.Errorf("%s: the referrer is the address of the response", r.URL.Path)
		}
	}
	for path, files := range map[string]http.Handler{
		"/": http.FileServerFS(testappFiles()), "/app.js": http.FileServerFS(testappFiles()), "/callback.js": s.app.assets,
	} {
		s.app.respond(path, func(w http.ResponseWriter, r *http.Request) {
			note(r, false)
			files.ServeHTTP(w, r)
		})
	}
	s.op.Hold = func(_ string, r *http.Request) { note(r, true) }
	s.begin()
	for _, request := range s.api.requests() {
		if request.Referer != "" {
			t.Errorf("the API got the referrer %q", request.Referer)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if seen < 10 {
		t.Errorf("%d requests: the check could not fail", seen)
	}
}
