//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// A site of somebody else's frames the app and its callback page, opens it,
// and sends it what the callback page would. It hears nothing of the session.
func TestForeignWindows(t *testing.T) {
	evil := newForeign(t)
	s := newStage(t)
	evil.page = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><title>Foreign</title><button>Open</button>
			<iframe src="%[1]s/"></iframe><iframe src="%[1]s/callback.html?code=c&state=s"></iframe><iframe src="%[1]s/frontchannel.html"></iframe>
			<script>
			globalThis.heard = [];
			addEventListener("message", ({ data }) => heard.push(JSON.stringify(data)));
			document.querySelector("button").onclick = () => { globalThis.opened = open("%[1]s/"); };
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
	hostile.do("visit", chromedp.Navigate(evil.origin+"/"))
	hostile.do("open the app", chromedp.Click("button"))
	opened := hostile.attach(hostile.waitPopup(s.app.origin))
	opened.expectProblems()
	opened.waitReady()
	if code := codeOf(opened, "um.signinSilent()"); code != "" {
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
func TestFrameWithoutAnOrigin(t *testing.T) {
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
			attempt("cookie", () => document.cookie);
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
