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

// looseApp is the app without a policy of its own: nothing but the client
// stands in the way of what a polluted prototype names.
func (a *app) loose() {
	a.respond("/", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, testappFiles(), "index.html")
	})
}

// Another script of the page has a hole that lets an attacker add members to
// Object.prototype, and nothing else. The client reads none of them.
func TestHostilePollutedPrototype(t *testing.T) {
	rows := []struct{ name, members string }{
		{"host and assets", `{ host: "page", assets: EVIL + "/" }`},
		{"assets", `{ assets: EVIL + "/" }`},
		{"attributes of the frame", `{ iframeAttributes: { srcdoc: "<script>top.pwned = 1<\/script>", onload: "top.pwned = 1" } }`},
		{"metadata", `{ metadata: { issuer: AUTHORITY, authorization_endpoint: EVIL + "/a", token_endpoint: EVIL + "/t", jwks_uri: EVIL + "/k" }, metadataUrl: EVIL + "/m", metadataSeed: { token_endpoint: EVIL + "/t" } }`},
		{"where to", `{ authority: EVIL, redirect_uri: EVIL + "/", silent_redirect_uri: EVIL + "/", popup_redirect_uri: EVIL + "/", redirectTarget: "top", extraQueryParams: { login_hint: "polluted" } }`},
		{"arguments", `{ login_hint: "polluted", prompt: "login", extraTokenParams: { polluted: "yes" }, request_uri: EVIL, isTrusted: true, url: EVIL, signal: { aborted: true } }`},
		{"messages", `{ id: 1, method: "event", error: { message: "x", data: { code: "polluted" } }, data: { code: "polluted" }, channel: 1, name: "userUnloaded" }`},
		{"answers", `{ record: "{}", return_to: EVIL, keep: true, keepOpen: true, source: "oidc-client", has_body: false, step_up: { scope: "polluted" }, seconds_left: 1 }`},
		{"navigators", `{ navigate: () => { globalThis.pwned = 1; }, leave: () => { globalThis.pwned = 1; }, frames: { prepare() { globalThis.pwned = 1; } }, popups: { prepare() { globalThis.pwned = 1; } }, redirect: { prepare() { globalThis.pwned = 1; } } }`},
		{"extra headers and keys", `{ extraHeaders: { "X-Polluted": "1" }, signingKeys: [], client_secret: "polluted", dpop: true, fetch: { allow: [EVIL] }, idle: { seconds: 1 } }`},
	}
	describe := func(row struct{ name, members string }) (string, bool) { return row.name, false }
	inLanes(t, 3, rows, describe, func(t *testing.T, row struct{ name, members string }) {
		evil := newForeign(t)
		evil.page = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write([]byte("globalThis.pwned = 1; export const connect = () => {};"))
		}
		s := newStage(t)
		s.app.loose()
		s.honest.expectProblems()
		s.app.first(fmt.Sprintf(`const EVIL = %q, AUTHORITY = %q;
			for (const [name, value] of Object.entries(%s)) {
				// As "Object.prototype[name] = value" does, but for the test itself, which uses such objects, too.
				Object.defineProperty(Object.prototype, name, { value, writable: true, configurable: true, enumerable: false });
			}`, evil.origin, s.op.Issuer, row.members))
		var authorize []string
		s.op.Edit(func() {
			s.op.Hold = func(endpoint string, r *http.Request) {
				if endpoint == oidctest.Authorize || endpoint == oidctest.Token {
					authorize = append(authorize, r.URL.RawQuery)
				}
				if r.Header.Get("X-Polluted") != "" {
					t.Error("a header of the prototype was sent")
				}
			}
		})
		s.honest.visit(s.app.origin + "/")
		if code := signinCode(s.honest); code != "" {
			t.Errorf("sign-in: code %q", code)
		}
		for _, call := range []string{"um.signinSilent()", "um.getUser().then((u) => { if (!u) throw { code: 'nobody' }; })",
			"um.fetch('" + s.api.origin + "/digest')"} {
			if code := eval[string](s.honest, settlesSoon(call)); code != "" {
				t.Errorf("%s: code %q", call, code)
			}
		}
		const steps = `import("/index.js").then(({ OidcClient }) => new OidcClient({
			authority: settings.authority, client_id: settings.client_id, redirect_uri: settings.redirect_uri,
		}).createSigninRequest({})).then(({ url }) => new URL(url).origin)`
		if got := eval[string](s.honest, steps); got != s.op.Issuer {
			t.Errorf("an OidcClient leads to %q", got)
		}
		if eval[bool](s.honest, "globalThis.pwned === 1") {
			t.Error("a script of the attacker ran")
		}
		if n := len(evil.requests()); n != 0 {
			t.Errorf("the attacker's site got %d requests", n)
		}
		for _, query := range authorize {
			if strings.Contains(query, "polluted") || strings.Contains(query, "evil") {
				t.Error("the provider got a parameter of the prototype")
			}
		}
	})
}

// settlesSoon is the code of a promise, "hangs" if it does not settle in the time of a step.
func settlesSoon(promise string) string {
	return `Promise.race([(` + promise + `).then(() => "", (e) => e.code ?? String(e)), new Promise((resolve) => setTimeout(resolve, 25_000, "hangs"))])`
}

// Settings that would run scripts of others are refused, whoever wrote them.
func TestHostileSettingsThatRunScripts(t *testing.T) {
	evil := newForeign(t)
	s := newStage(t)
	s.app.loose()
	s.honest.expectProblems()
	s.honest.visit(s.app.origin + "/")
	for _, settings := range []string{
		fmt.Sprintf("{ assets: %q }", evil.origin+"/"),
		fmt.Sprintf("{ assets: %q, host: 'page' }", evil.origin+"/"),
		"{ assets: 'data:text/javascript,' }",
		"{ iframeAttributes: { srcdoc: '<script>top.pwned = 1</script>' } }",
		"{ iframeAttributes: { onload: 'globalThis.pwned = 1' } }",
		"{ iframeAttributes: { OnLoad: 'globalThis.pwned = 1' } }",
		"{ iframeAttributes: { src: 'javascript:top.pwned = 1' } }",
	} {
		call := "(async () => new oidc.UserManager({ ...settings, ..." + settings + " }).signinSilent())()"
		if code := eval[string](s.honest, settlesSoon(call)); code != "invalid_config" && code != "invalid_argument" {
			t.Errorf("%s: code %q", settings, code)
		}
	}
	if eval[bool](s.honest, "globalThis.pwned === 1") {
		t.Error("a script of the attacker ran")
	}
	if n := len(evil.requests()); n != 0 {
		t.Errorf("the attacker's site got %d requests", n)
	}
}

// Markup is no script: what stands before the classic script, under a name that
// the page could look for it by, does not say where the program is.
func TestHostileMarkupNamesNoProgram(t *testing.T) {
	evil := newForeign(t)
	a := newApp(t)
	a.loose()
	op := newHostile(t, a)
	for _, origin := range []string{evil.origin, a.origin} {
		a.respond("/classic.html", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><img name="currentScript" src="%s/uploads/x.png">
				<script src="oidcspa.classic.js"></script>`, origin)
		})
		tab := newTab(t)
		tab.expectProblems()
		tab.navigate(a.origin + "/classic.html")
		call := fmt.Sprintf(`new oidc.UserManager({ authority: %q, client_id: %q, redirect_uri: location.origin + "/callback.html" }).signinSilent()`, op.Issuer, clientID)
		if code := eval[string](tab, settlesSoon(call)); code != "" {
			t.Errorf("code %q", code)
		}
		for _, request := range evil.requests() {
			if line, _, _ := strings.Cut(request, "\r\n"); !strings.Contains(line, "/uploads/x.png") {
				t.Errorf("the attacker's site was asked: %s", line)
			}
		}
		tab.close()
	}
}

// A script that comes before the client sees all that passes the page, and
// chooses its random numbers. The verifier of a hidden frame is not among it.
func TestHostileScriptBeforeTheClient(t *testing.T) {
	for _, host := range []string{"shared", "dedicated"} {
		t.Run(host, func(t *testing.T) {
			s := newStage(t)
			s.app.setHost(host)
			var mu sync.Mutex
			var verifiers []string
			s.op.Edit(func() {
				s.op.Hold = func(endpoint string, r *http.Request) {
					if endpoint == oidctest.Token {
						mu.Lock()
						defer mu.Unlock()
						verifiers = append(verifiers, r.FormValue("code_verifier"))
					}
				}
			})
			s.app.first(`
				const seen = globalThis.seen = [];
				const spy = (object, name) => {
					const original = object[name];
					object[name] = function (...args) {
						seen.push(...args.map((arg) => typeof arg === "object" ? String(arg?.url ?? arg) : String(arg)));
						return original.apply(this, args);
					};
				};
				spy(JSON, "parse");
				for (const type of [MessagePort, Worker, BroadcastChannel]) spy(type.prototype, "postMessage");
				for (const name of ["setItem", "getItem"]) spy(Storage.prototype, name);
				spy(globalThis, "fetch");
				addEventListener("message", ({ data }) => seen.push(JSON.stringify(data)));
				crypto.getRandomValues = (array) => array.fill(0);
				crypto.randomUUID = () => "00000000-0000-4000-8000-000000000000";
				Math.random = () => 0;
			`)
			s.honest.visit(s.app.origin + "/")
			for range 2 {
				if code := codeOf(s.honest, "um.signinSilent()"); code != "" {
					t.Fatalf("code %q", code)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if len(verifiers) != 2 || len(verifiers[0]) != 43 || verifiers[0] == verifiers[1] {
				t.Errorf("%d verifiers, of %d characters, the same: %t", len(verifiers), len(verifiers[0]), verifiers[0] == verifiers[1])
			}
			seen := eval[string](s.honest, "seen.join('\\n')")
			if !strings.Contains(seen, "access_token") {
				t.Error("the script sees nothing: the check could not fail")
			}
			for _, verifier := range verifiers {
				if strings.Contains(seen, verifier) {
					t.Error("the script sees the verifier of a hidden frame")
				}
			}
		})
	}
}
