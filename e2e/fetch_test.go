//go:build !js

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/demo/recorder"
	"github.com/oidcspa/oidcspa/e2e/engine"
	"github.com/oidcspa/oidcspa/resource"
)

// fetchTab is a tab whose user is signed in and may call an API.
func fetchTab(t *testing.T, host string) (*tab, *fetchAPI, *provider, *app) {
	t.Helper()
	a := newApp(t)
	a.setHost(host)
	p := newGoOIDC(t, a, options{refreshTokens: true})
	s := newAPI(t, a, false)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	p.signIn(tab)
	p.log.Reset()
	return tab, s, p, a
}

// bodies are all that fetch takes, and how many bytes of them arrive.
var bodies = []struct {
	name, body string
	length     int // -1: who knows, the digest of the page decides
}{
	{"text", `"bödy"`, 5},
	{"no text", `""`, 0},
	{"URLSearchParams", `new URLSearchParams({a: "b c", d: "ä"})`, 14},
	{"FormData", `(() => { const f = new FormData(); f.append("a", "b"); f.append("file", new File(["\x00\xff"], "x.bin")); return f; })()`, -1},
	{"Blob", `new Blob([new Uint8Array(70000).fill(7)], {type: "x/y"})`, 70000},
	{"ArrayBuffer", `new Uint8Array([0, 255, 1]).buffer`, 3},
	{"view", `new Uint16Array([1, 2, 3, 4]).subarray(1, 3)`, 4},
	{"DataView", `new DataView(new ArrayBuffer(9), 2, 5)`, 5},
	{"ten megabytes", `new Uint8Array(10 << 20).map((_, i) => i * 31)`, 10 << 20},
}

// Every kind of body arrives byte for byte, with the type that fetch gives it;
// the page compares with the browser's own Request.
func TestFetchBodies(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			tab, s, _, _ := fetchTab(t, host)
			eval[bool](tab, `globalThis.send = async (body, asRequest) => {
				const url = "`+s.origin+`/digest?a=b";
				const init = {method: "POST", body, headers: {"X-Echo": "heard"}};
				const expected = new Request(url, init);
				const boundary = /boundary=.*/;
				const bytes = await expected.arrayBuffer().catch(() => null); // WebKit reads no form with a file
				const sent = (asRequest ? um.fetch(new Request(url, init)) : um.fetch(new URL(url), init)).then((r) => r.json());
				if (!bytes) return sent.then(({ echo, length }) => echo + " " + length, ({ code }) => (asRequest ? "heard " : "") + code);
				const got = await sent;
				const sum = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");
				const form = body instanceof FormData; // each Request draws a boundary of its own, which is there three times, not always of one length
				const type = expected.headers.get("Content-Type") ?? "";
				if (got.length - bytes.byteLength !== (form ? 3 * (got.type.length - type.length) : 0)) return "length " + got.length + ", want " + bytes.byteLength;
				if (!form && got.sha256 !== sum) return "other bytes";
				if (got.type.replace(boundary, "") !== type.replace(boundary, "")) return "type " + got.type + ", want " + type;
				return got.echo + " " + got.length;
			}, true`)
			for _, body := range bodies {
				for _, asRequest := range []bool{false, true} {
					got := eval[string](tab, fmt.Sprintf("send(%s, %t)", body.body, asRequest))
					if want := fmt.Sprintf("heard %d", body.length); got != want && (body.length >= 0 || !strings.HasPrefix(got, "heard ")) {
						t.Errorf("%s, as a Request %t: %s, want %s", body.name, asRequest, got, want)
					}
				}
			}
			token := eval[string](tab, "um.getUser().then((u) => u.access_token)")
			for _, r := range s.requests() {
				if r.Authorization != "Bearer "+token || r.Cookie != "" || r.Referer != "" {
					t.Errorf("%s %s: with the token %t, cookie %q, referrer %q", r.Method, r.Path, r.Authorization == "Bearer "+token, r.Cookie, r.Referer)
				}
			}
		})
	}
}

// Ten megabytes come down in pieces that never enter Go's memory; the answer
// looks like one of fetch.
func TestFetchAnswers(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			tab, s, _, _ := fetchTab(t, host)
			tab.expectProblems() // the browser logs what fails
			const down = `(async (url) => {
				const memory = async () => (await um.stats({ collect: true })).runtime.memory;
				await um.fetch(url.replace(/n=.*/, "n=1")).then((r) => r.text());
				const before = await memory();
				const reader = (await um.fetch(url)).body.getReader();
				let n = 0, pieces = 0;
				for (let r; !(r = await reader.read()).done; pieces++) n += r.value.length;
				return JSON.stringify([n, pieces, (await memory()) - before < 4 << 20]);
			})`
			got := eval[string](tab, down+fmt.Sprintf(`(%q)`, s.origin+"/bytes?n=10485760"))
			if got == "[10485760,1,true]" && inChromium(t) || !strings.HasPrefix(got, "[10485760,") || !strings.HasSuffix(got, ",true]") {
				t.Errorf("bytes, how many pieces, memory of the program stays: %s", got)
			}
			const head = `um.fetch(%q, %s).then(async (r) => JSON.stringify([r.status, r.ok, r.redirected, r.url.slice(%d), r.body === null, r instanceof Response]))`
			for _, tt := range []struct{ path, init, want string }{
				{"/empty", `{}`, `[204,true,false,"/empty",true,true]`},
				{"/bytes?n=3#x", `{method: "HEAD"}`, `[200,true,false,"/bytes?n=3",true,true]`},
				{"/teapot", `{}`, `[418,false,false,"/teapot",false,true]`},
				{"/here", `{method: "POST", body: "x"}`, `[200,true,true,"/digest",false,true]`},
			} {
				if got := eval[string](tab, fmt.Sprintf(head, s.origin+tt.path, tt.init, len(s.origin))); got != tt.want {
					t.Errorf("%s: %s, want %s", tt.path, got, tt.want)
				}
			}
			for _, tt := range []struct{ url, init, want string }{
				{"https://localhost.evil.example/", `{}`, "fetch_not_allowed"},
				{s.origin + "/here", `{redirect: "manual"}`, "invalid_argument"},
				{s.origin + "/here", `{redirect: "error"}`, "redirect_refused"},
				{s.origin + "/digest", `{mode: "no-cors"}`, "invalid_argument"},
				{s.origin + "/digest", `{credentials: "include"}`, "invalid_argument"},
				{s.origin + "/digest", `{headers: {Authorization: "Bearer x"}}`, "invalid_argument"},
				{s.origin + "/digest", `{method: "GET", body: "x"}`, "invalid_argument"},
			} {
				if code := codeOf(tab, fmt.Sprintf(`um.fetch(%q, %s)`, tt.url, tt.init)); code != tt.want {
					t.Errorf("%s %s: code %q, want %q", tt.url, tt.init, code, tt.want)
				}
			}
		})
	}
}

// An abort ends the request at the server, before the head and in the middle
// of the answer, and rejects as fetch does. So does a body that is cancelled.
func TestFetchAbort(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			tab, s, _, _ := fetchTab(t, host)
			const abort = `(async (url) => {
				const c = new AbortController();
				const reader = (await um.fetch(url, {signal: c.signal})).body.getReader();
				await reader.read();
				c.abort();
				const first = await reader.read().catch((e) => e.name);
				const early = await um.fetch(url, {signal: c.signal}).catch((e) => e.name);
				return first + " " + early;
			})`
			if got := eval[string](tab, abort+fmt.Sprintf(`(%q)`, s.origin+"/endless")); got != "AbortError AbortError" {
				t.Errorf("the app gets %s", got)
			}
			s.waitEnd(t)
			eval[bool](tab, fmt.Sprintf(`um.fetch(%q).then((r) => r.body.cancel()).then(() => true)`, s.origin+"/endless"))
			s.waitEnd(t)
			other := tab.sibling()
			other.visit(eval[string](tab, "location.origin") + "/")
			eval[bool](other, fmt.Sprintf(`um.fetch(%q).then((r) => (globalThis.unread = r, true))`, s.origin+"/endless"))
			other.close() // with an answer that nobody reads
			s.waitEnd(t)
		})
	}
}

// An answer that nobody reads is not asked for on and on: a few pieces wait in
// the page, and the server waits for the rest to be wanted.
func TestFetchUnread(t *testing.T) {
	tab, s, _, _ := fetchTab(t, "shared")
	const wanted = `(async (long, short) => {
		const pulls = new Map();
		const { postMessage } = MessagePort.prototype;
		MessagePort.prototype.postMessage = function (message, ...rest) {
			if (message === "pull") pulls.set(this, (pulls.get(this) ?? 0) + 1);
			return postMessage.call(this, message, ...rest);
		};
		const response = await um.fetch(long);
		for (let i = 0; i < 30; i++) await um.fetch(short).then((r) => r.text());
		const most = Math.max(...pulls.values());
		await response.body.cancel();
		return most;
	})`
	if n := eval[int](tab, wanted+fmt.Sprintf(`(%q, %q)`, s.origin+"/bytes?n=104857600", s.origin+"/bytes?n=1")); n > 10 {
		t.Errorf("%d pieces were asked for, and none was read", n)
	}
}

// waitEnd waits until the server has seen the end of a request.
func (s *fetchAPI) waitEnd(t *testing.T) {
	t.Helper()
	select {
	case <-s.ended:
	case <-time.After(stepTimeout):
		t.Fatal("the request goes on at the server")
	}
}

// A redirect to another origin is followed without the token.
func TestFetchRedirect(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			tab, s, _, _ := fetchTab(t, host)
			foreign := newAPI(t, newApp(t), false)
			s.other = foreign.origin + "/digest"
			got := eval[string](tab, fmt.Sprintf(`um.fetch(%q, {method: "POST", body: "four"}).then((r) => r.json()).then((j) => String(j.length))`, s.origin+"/elsewhere"))
			if got != "4" {
				t.Errorf("%s bytes arrived", got)
			}
			requests := foreign.requests()
			if len(requests) != 1 || requests[0].Authorization != "" {
				t.Errorf("the other origin saw %d requests, and perhaps the token", len(requests))
			}
			if requests := s.requests(); len(requests) != 1 || requests[0].Authorization == "" {
				t.Errorf("the API saw %d requests", len(requests))
			}
		})
	}
}

// Twenty requests with a token that the API refuses renew it once.
func TestFetchRenews(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			tab, _, p, a := fetchTab(t, host)
			tab.expectProblems() // the browser logs each 401
			bad := "Bearer " + eval[string](tab, "um.getUser().then((u) => u.access_token)")
			a.respond("/api/x", func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == bad {
					w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
					w.WriteHeader(http.StatusUnauthorized)
				}
			})
			a.set("fetch", map[string]any{"allow": []string{a.origin + "/api"}})
			eval[bool](tab, `fetch("config.json").then((r) => r.json()).then((s) => { globalThis.um = new oidc.UserManager(s); return true; })`)
			if host != "shared" { // another manager has a program of its own only in name: it restores
				eval[bool](tab, "um.getUser().then((u) => u !== null)")
			}
			p.log.Reset()
			got := eval[string](tab, `Promise.all(Array.from({length: 20}, () => um.fetch("api/x", {method: "PUT", body: "x"}))).then((all) => String(new Set(all.map((r) => r.status)).size) + " " + all[0].status)`)
			if got != "1 200" {
				t.Errorf("different statuses, the first: %s", got)
			}
			if n := p.counts()[recorder.Token]; n != 1 {
				t.Errorf("%d token requests, want 1", n)
			}
		})
	}
}

// Tokens that are bound to a key go with proofs, each used once, and with the
// nonce that the API wants.
func TestFetchDPoP(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			a.set("dpop", true)
			a.set("scope", "openid profile api")
			a.set("fetch", map[string]any{"allow": []string{a.origin + "/api"}})
			p := newGoOIDC(t, a, options{refreshTokens: true})
			guard, err := resource.New(resource.Config{
				Issuers: []resource.Issuer{{Issuer: p.issuer, Audiences: []string{p.issuer + "/api"}}},
				DPoP:    resource.DPoP{BaseURL: a.origin, Required: true, RequireNonce: true, NonceKey: []byte(strings.Repeat("k", 32))},
			})
			if err != nil {
				t.Fatal(err)
			}
			hello := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_ = json.NewEncoder(w).Encode(r.Method)
			}), "api")
			a.respond("/api/hello", hello.ServeHTTP)
			tab := newTab(t)
			tab.expectProblems() // the browser logs the 401 that brings the nonce
			tab.visit(a.origin + "/")
			p.signIn(tab)
			for _, method := range []string{"GET", "POST", "DELETE"} {
				if got := eval[string](tab, fmt.Sprintf(`um.fetch("api/hello?a=b", {method: %q}).then((r) => r.json())`, method)); got != method {
					t.Errorf("%s: %s", method, got)
				}
			}
			checkStorage(t, tab, p.secrets)
		})
	}
}

// A body that comes in pieces goes out as it comes, where the API speaks
// HTTP/2.
func TestFetchStreamUp(t *testing.T) {
	devtools(t) // no other engine sends bodies as they come
	trusting, err := engine.StartChromium(t.Context(), chromedp.Flag("ignore-certificate-errors", true))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trusting.Stop)
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			p := newGoOIDC(t, a, options{refreshTokens: true})
			s := newAPI(t, a, true)
			tab := openTab(t, trusting.Open, "")
			tab.visit(a.origin + "/")
			p.signIn(tab)
			const up = `(async (url, pieces) => {
				const memory = async () => (await um.stats({ collect: true })).runtime.memory;
				await um.fetch(url, {method: "POST", body: "warm"}).then((r) => r.text());
				const before = await memory();
				let made = 0;
				const body = new ReadableStream({pull(c) {
					if (made++ < pieces) c.enqueue(new Uint8Array(64 << 10).fill(made));
					else c.close();
				}}, {highWaterMark: 0});
				const got = await um.fetch(url, {method: "POST", body, duplex: "half"}).then((r) => r.json());
				return JSON.stringify([got.length, (await memory()) - before < 4 << 20]);
			})`
			if got := eval[string](tab, up+fmt.Sprintf(`(%q, 160)`, s.origin+"/digest")); got != "[10485760,true]" {
				t.Errorf("length, memory of the program stays: %s", got)
			}
			tab.expectProblems()
			const broken = `um.fetch(%q, {method: "POST", duplex: "half", body: new ReadableStream({pull(c) { c.error(new Error("x")); }})})`
			if code := codeOf(tab, fmt.Sprintf(broken, s.origin+"/digest")); code != "network" {
				t.Errorf("a body that breaks: code %q", code)
			}
		})
	}
}

// Where the browser does not read a form back, as WebKit where there is a file in
// it, it arrives as browsers write forms.
func TestFetchFormWritten(t *testing.T) {
	tab, _, _, a := fetchTab(t, "shared")
	a.respond("/api/form", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, boundary, _ := strings.Cut(r.Header.Get("Content-Type"), "multipart/form-data; boundary=")
		_ = json.NewEncoder(w).Encode(strings.ReplaceAll(string(body), boundary, "BOUNDARY"))
	})
	a.set("fetch", map[string]any{"allow": []string{a.origin + "/api"}})
	tab.visit(a.origin + "/")
	const write = `(() => {
		const form = new FormData();
		form.append('na"me\n', "value\nof\rtwo\r\nlines");
		form.append("file", new File(["bytes"], 'a"b.txt', { type: "text/plain" }));
		form.append("blob", new Blob(["more"]));
		return um.fetch("api/form", { method: "POST", body: form }).then((r) => r.json());
	})()`
	written := eval[string](tab, "Request.prototype.blob = () => Promise.reject(new DOMException('', 'InvalidStateError')), "+write)
	want := strings.ReplaceAll(`--BOUNDARY
Content-Disposition: form-data; name="na%22me%0D%0A"

value
of
two
lines
--BOUNDARY
Content-Disposition: form-data; name="file"; filename="a%22b.txt"
Content-Type: text/plain

bytes
--BOUNDARY
Content-Disposition: form-data; name="blob"; filename="blob"
Content-Type: application/octet-stream

more
--BOUNDARY--
`, "\n", "\r\n")
	if written != want {
		t.Errorf("the form is %q, want %q", written, want)
	}
	tab.visit(a.origin + "/")
	if native := eval[string](tab, write); native != written {
		t.Errorf("the browser itself writes %q", native)
	}
	if code := codeOf(tab, `(Request.prototype.blob = () => Promise.reject(new DOMException("", "InvalidStateError")),
		um.fetch(new Request("api/form", { method: "POST", body: "text" })))`); code != "invalid_argument" {
		t.Errorf("a Request that cannot be read: code %q", code)
	}
}

// unableToStream has a page find that its browser makes a text of a stream, as Firefox
// does.
const unableToStream = `(() => {
	globalThis.Request = class extends Request {
		constructor(input, init) {
			super(input, init?.body instanceof ReadableStream ? { ...init, body: String(init.body), duplex: undefined } : init);
		}
	};
	return true;
})()`

// Where the browser does not send a body as it comes, all of it goes at once.
func TestFetchStreamGathered(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			tab, s, _, _ := fetchTab(t, host)
			eval[bool](tab, unableToStream)
			eval[bool](tab, `globalThis.stream = (...pieces) => new ReadableStream({
				pull: (c) => (pieces.length ? c.enqueue(pieces.shift()) : c.close()),
			}), globalThis.send = (body, init) => um.fetch("`+s.origin+`/digest", {method: "POST", body, duplex: "half", ...init})
				.then((r) => r.json()).then(({ length, sha256, type }) => [length, sha256, type].join(" "), (e) => e.code || e.name), true`)
			for _, tt := range []struct{ name, call, want string }{
				{"three pieces", `send(stream(Uint8Array.of(97), Uint8Array.of(98, 99), new Uint8Array()))`, // "abc"
					"3 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad "},
				{"none", `send(stream())`, "0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 "},
				{"a type", `send(stream(Uint8Array.of(97)), {headers: {"Content-Type": "a/b"}})`,
					"1 ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb a/b"},
				{"text in it", `send(stream("text"))`, "network"},
				{"it breaks", `send(new ReadableStream({ pull: (c) => c.error(new DOMException("x", "DataError")) }))`, "network"},
				{"too long", `(() => { const piece = new Uint8Array(1 << 20); return send(stream(...Array(65).fill(piece))); })()`, "invalid_argument"},
				{"aborted", `(() => { const c = new AbortController(); setTimeout(() => c.abort()); return send(new ReadableStream(), { signal: c.signal }); })()`, "20"},
				{"GET", `send(stream(), { method: "GET" })`, "invalid_argument"},
			} {
				if got := eval[any](tab, tt.call); fmt.Sprint(got) != tt.want {
					t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
				}
			}
		})
	}
}

// An API that wants a scope more gets it: the page goes to the provider, comes
// back, and the request that is repeated passes the middleware.
func TestFetchStepUp(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			a.set("fetch", map[string]any{"allow": []string{a.origin + "/api"}, "stepUp": "redirect"})
			p := newGoOIDC(t, a, options{})
			guard, err := resource.New(resource.Config{Issuers: []resource.Issuer{{Issuer: p.issuer, Audiences: []string{p.issuer + "/api"}}}})
			if err != nil {
				t.Fatal(err)
			}
			hello := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("hello"))
			}), "api")
			a.respond("/api/hello", hello.ServeHTTP)
			tab := newTab(t)
			tab.expectProblems() // the browser logs the 403
			tab.visit(a.origin + "/?view=cart")
			p.signIn(tab)
			eval[bool](tab, `globalThis.ready = false, um.events.addStepUpRequired((c) => sessionStorage.setItem("asked", c.scope)), um.fetch("api/hello").catch(() => {}), true`)
			tab.waitReady() // there is a session at the provider: it sends us straight back
			if got := eval[string](tab, "callback.then((u) => String(u.scopes.includes('api')) + location.search + sessionStorage.getItem('asked'))"); got != "true?view=cartapi" {
				t.Errorf("after the sign-in: %s", got)
			}
			eval[bool](tab, "sessionStorage.removeItem('asked'), true")
			if got := eval[string](tab, `um.fetch("api/hello").then((r) => r.text())`); got != "hello" {
				t.Errorf("the API answers %q", got)
			}
			checkStorage(t, tab, p.secrets)
		})
	}
}

// In a popup the same happens while the page stays, and the request is
// repeated by itself.
func TestFetchStepUpPopup(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			a.set("fetch", map[string]any{"allow": []string{a.origin + "/api"}, "stepUp": "popup"})
			p := newGoOIDC(t, a, options{})
			guard, err := resource.New(resource.Config{Issuers: []resource.Issuer{{Issuer: p.issuer, Audiences: []string{p.issuer + "/api"}}}})
			if err != nil {
				t.Fatal(err)
			}
			a.respond("/api/hello", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(w, r.Body)
			}), "api").ServeHTTP)
			tab := newTab(t)
			tab.expectProblems() // the browser logs the 403
			tab.visit(a.origin + "/")
			p.signIn(tab)
			tab.openPopup(`um.fetch("api/hello", {method: "POST", body: "twice"}).then((r) => r.text()).then((sub) => ({profile: {sub}}))`)
			tab.waitFor("globalThis.settled != null")
			if got := eval[string](tab, "settled[0]"); got != "twice" {
				t.Errorf("the API answers %q", got)
			}
			checkStorage(t, tab, p.secrets)
		})
	}
}

// Where the browser opens no window when the API has answered, the event and the
// code say what is missing: a click.
func TestFetchStepUpBlocked(t *testing.T) {
	a := newApp(t)
	a.set("fetch", map[string]any{"allow": []string{a.origin + "/api"}, "stepUp": "popup"})
	p := newGoOIDC(t, a, options{})
	guard, err := resource.New(resource.Config{Issuers: []resource.Issuer{{Issuer: p.issuer, Audiences: []string{p.issuer + "/api"}}}})
	if err != nil {
		t.Fatal(err)
	}
	a.respond("/api/hello", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	}), "api").ServeHTTP)
	tab := newTab(t)
	tab.expectProblems() // the browser logs the 403
	tab.visit(a.origin + "/")
	p.signIn(tab)
	eval[bool](tab, "um.events.addStepUpRequired((challenge) => { globalThis.challenge = challenge; }), true")
	if code := codeOf(tab, `um.fetch("api/hello")`); code != "popup_blocked" {
		t.Fatalf("without a click: code %q", code)
	}
	tab.openPopup("um.signinPopup({ scope: `openid ${challenge.scope}` })")
	if got := tab.popupResult(); got == "" || strings.HasPrefix(got, "popup_") {
		t.Fatalf("signinPopup: %q", got)
	}
	if got := eval[string](tab, `um.fetch("api/hello").then((response) => response.text())`); got != "hello" {
		t.Errorf("the API answers %q", got)
	}
}
