//go:build !js

package e2e

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// A tabRow is one thing that a script in another tab of the app does to the
// program that all tabs share.
type tabRow struct {
	name string
	// attack runs in the hostile tab, with the kit of testapp/hostile/hand.js;
	// its promise is true when the harm is done.
	attack string
	// meanwhile: the honest tab is not held up while the hostile one is there.
	meanwhile bool
	// old: the access token is about to end at the time of the attack, so that
	// everything waits for a renewal.
	old bool
	// unnamed: the provider does not say who it is in its responses.
	unnamed bool
	long    bool // more than half a minute even if all is well
}

var tabRows = []tabRow{
	{name: "a renewal of a day, without a lock", old: true, attack: day("", "silent")},
	{name: "connections that are never opened", attack: `(async () => {
		globalThis.all = [];
		for (let batch = 0; batch < 50; batch++) {
			for (let i = 0; i < 200; i++) all.push(portTo());
			await new Promise((resolve) => setTimeout(resolve));
		}
		return true;
	})()`, long: true},
	{name: "a renewal of a day, with a lock", old: true, attack: day("await holdLock()", "silent")},
	{name: "a renewal of a day, without a lock, the tab answers but not for the frame", long: true, old: true, attack: day("",
		`(method) => method === "frame" ? undefined : refusing(method)`)},
	{name: "a renewal of a day in front of all others", meanwhile: true, long: true, old: true, attack: day("await holdLock()", "silent")},
	{name: "fifty renewals of a day that differ", old: true, attack: `(async () => {
		for (let i = 0; i < 50; i++) {
			const h = await hand({ serve: silent });
			await h.open({ silentRequestTimeoutInSeconds: 86_400 });
			h.call("signinSilent", { forceIframeAuth: true, login_hint: String(i) });
			if (i === 0) await h.until("frame");
		}
		return true;
	})()`, long: true},
	{name: "a popup of a day", meanwhile: true, old: true, attack: `(async () => {
		const h = await hand({ serve: silent, lock: await holdLock() });
		await h.open();
		h.call("signinPopup", { window: 1, popupWindowFeatures: {} }).catch(() => {});
		h.call("signinPopup", { window: 1 }).catch(() => {});
		return h.until("popup");
	})()`},
	{name: "silence to every service", meanwhile: true, attack: `(async () => {
		const h = await hand({ serve: silent, lock: await holdLock() });
		await h.open({ extraHeaders: { "X-Slow": null } });
		for (const method of ["signinRedirect", "signoutRedirect"]) h.call(method, { return_to: location.href }).catch(() => {});
		h.call("signinCallback", { url: location.origin + "/?code=forged&state=" + "forged".padEnd(43, "A") }).catch(() => {});
		return h.until("transactions.take");
	})()`},
	{name: "silence to every service, without a lock", meanwhile: true, long: true, attack: `(async () => {
		const h = await hand({ serve: silent });
		await h.open();
		for (const method of ["signinRedirect", "signoutRedirect"]) h.call(method, { return_to: location.href }).catch(() => {});
		return h.until("transactions.put");
	})()`},
	{name: "lies in every service", meanwhile: true, attack: `(async () => {
		const h = await hand({ serve: lying, lock: await holdLock() });
		await h.open();
		const codes = [await h.codeOf("signinSilent", { forceIframeAuth: true }), await h.codeOf("signinCallback", { url: location.origin + "/?code=forged&state=" + "forged".padEnd(43, "A") })];
		return codes.every(Boolean);
	})()`},
	{name: "peers of a lie", unnamed: true, attack: `(async () => {
		const h = await hand({ lock: await holdLock() });
		await h.open({}, { peers: [["https://evil.example", settings.redirect_uri]] });
		return true;
	})()`},
	{name: "peers of a lie, without a lock", unnamed: true, long: true, attack: `(async () => {
		const h = await hand();
		await h.open({}, { peers: [["https://evil.example", settings.redirect_uri]] });
		return true;
	})()`},
	{name: "another client at the same redirect URI", unnamed: true, attack: `(async () => {
		const h = await hand({ lock: await holdLock() });
		await h.open({ authority: "https://evil.example" });
		return true;
	})()`},
	{name: "stolen locks", meanwhile: true, attack: `(async () => {
		const { held } = await navigator.locks.query();
		const names = held.map(({ name }) => name).filter((name) => name.startsWith("oidcspa."));
		for (const name of names) navigator.locks.request(name, { steal: true }, () => new Promise(() => {})).catch(() => {});
		return names.length >= 2;
	})()`},
	{name: "answers to the calls of others", meanwhile: true, attack: `(async () => {
		const h = await hand({ lock: await holdLock() });
		await h.open();
		let last = 0;
		globalThis.answering = setInterval(() => { // no flood: it is about whose answer counts
			for (let i = 0; i < 5; i++) {
				const id = last++ % 100;
				h.send({ id, result: { url: location.origin + "/callback.html?code=forged&state=forged" } });
				h.send({ id, error: { code: -32000, message: "page", data: { code: "aborted" } } });
			}
		}, 50);
		return true;
	})()`},
	{name: "calls before the connection is open", meanwhile: true, attack: `(async () => {
		const h = await hand();
		const methods = ["getUser", "metadata", "removeUser", "signinRedirect", "signinCallback", "signinSilent", "signinPopup", "signoutPopup",
			"dpopProof", "revokeTokens", "signoutRedirect", "signoutCallback", "storeUser", "fetch", "signinCredentials", "signoutSilent",
			"__proto__", "constructor", "toString", ""];
		const codes = [];
		for (const method of methods) codes.push(await h.codeOf(method));
		h.send({ method: "close" });
		return codes.every(Boolean);
	})()`},
	{name: "ten thousand messages", attack: `(async () => {
		const h = await hand({ lock: await holdLock() });
		await h.open();
		await Promise.all(Array.from({ length: 10_000 }, (_, i) => h.codeOf(i % 2 ? "stayActive" : "unknown")));
		return true;
	})()`},
	{name: "news of four megabytes for the programs", attack: `(async () => {
		const channel = new BroadcastChannel("oidcspa.session");
		const members = Array.from({ length: 250_000 }, (_, i) => '"m' + i + '":0').join();
		for (let i = 0; i < 60; i++) channel.postMessage("{" + members + "}");
		return true;
	})()`},
	{name: "a hundred thousand pieces of news for the programs", attack: `(async () => {
		const channel = new BroadcastChannel("oidcspa.session");
		for (let i = 0; i < 100_000; i++) channel.postMessage('{"issuer":"https://op.example","client_id":"x","who":"' + i + '"}');
		return true;
	})()`},
	{name: "a hundred thousand front-channel logouts", attack: `(async () => {
		const channel = new BroadcastChannel("oidcspa.frontchannel");
		for (let i = 0; i < 100_000; i++) channel.postMessage(location.origin + "/frontchannel.html?iss=https://op.example&sid=" + i);
		return true;
	})()`},
	{name: "messages of four megabytes, and nested deeply", attack: `(async () => {
		const h = await hand({ lock: await holdLock() });
		await h.open();
		h.send({ id: "x".repeat(4 << 20), method: "getUser" });
		h.send({ method: "getUser", params: { return_to: "x".repeat(4 << 20) } });
		h.send("[".repeat(2_000_000));
		h.send('{"jsonrpc":"2.0","id":1e400,"method":"getUser"}');
		for (const text of ["", "null", "[]", "{}", "\u0000", "\ud800", '{"id":1,"id":2}']) h.send(text);
		return h.codeOf("stayActive").then(() => true);
	})()`},
	{name: "wrong handovers", attack: `(async () => {
		const h = await hand({ lock: await holdLock() });
		await h.open();
		for (const channel of [1, -1, NaN, 1e300, "1", null, {}]) {
			const { port1, port2 } = new MessageChannel();
			h.port.postMessage({ channel, body: null });
			h.port.postMessage({ channel, body: new ArrayBuffer(9) }, [port1, port2]);
			h.port.postMessage({ channel, body: "x" }, [new MessageChannel().port1]);
		}
		for (const message of [null, 1, [], new Date(), new Error("x"), new ArrayBuffer(1), new Map()]) h.port.postMessage(message);
		const params = { url: "` + "${location.origin}" + `/x", method: "GET", headers: {}, mode: "cors", credentials: "same-origin", redirect: "follow", cache: "", integrity: "", streamed: true, return_to: "" };
		const codes = [];
		for (const channel of [0, 1, 2, 99]) codes.push(await h.codeOf("fetch", { ...params, channel }));
		return codes.every(Boolean);
	})()`},
	{name: "two hundred connections that are open", attack: `(async () => {
		const lock = await holdLock();
		for (let i = 0; i < 200; i++) {
			const h = await hand({ lock });
			await h.open();
		}
		return true;
	})()`},
	{name: "answers that nobody reads", attack: `(async () => {
		const h = await hand({ lock: await holdLock() });
		await h.open();
		const [api] = settings.fetch.allow;
		for (let i = 0; i < 5; i++) h.fetch(api + "endless");
		return (await h.fetch(api + "empty")) === "";
	})()`},
	{name: "a manager with metadata and keys of its own", meanwhile: true, attack: `(async () => {
		const h = await hand({ lock: await holdLock() });
		const metadata = { issuer: settings.authority, authorization_endpoint: "https://evil.example/a", token_endpoint: "https://evil.example/t", jwks_uri: "https://evil.example/k" };
		const algorithm = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
		const { publicKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
		const { kty, n, e } = await crypto.subtle.exportKey("jwk", publicKey);
		await h.open({ metadata, signingKeys: [{ kty, n, e, alg: "RS256", use: "sig" }] }, { signed_in: false });
		return (await h.call("getUser", { return_to: location.href })) === null;
	})()`},
}

// day begins a renewal in a frame that may take a day, and does not serve it.
func day(lock, serve string) string {
	if lock == "" {
		lock = `""`
	}
	return `(async () => {
		const h = await hand({ serve: ` + serve + `, lock: ` + lock + ` });
		await h.open({ silentRequestTimeoutInSeconds: 86_400 });
		h.call("signinSilent", { forceIframeAuth: true }).catch(() => {});
		return h.until("frame");
	})()`
}

// TestHostileTabs: what a script in one tab does ends with that tab. The calls
// of the other tabs work, and the program is as small as before.
func TestHostileTabs(t *testing.T) {
	t.Parallel() // most of it waits
	describe := func(row tabRow) (string, bool) { return row.name, row.long }
	inLanes(t, 4, tabRows, describe, func(t *testing.T, row tabRow) {
		s := newStage(t, func(s *stage) {
			if row.old {
				s.op.Lifetime = 15 * time.Second
			}
			if row.unnamed {
				s.op.EditMetadata = func(metadata map[string]any) {
					delete(metadata, "authorization_response_iss_parameter_supported")
				}
			}
		}).begin()
		s.honest.expectProblems() // a lock that is stolen
		tab := s.hostile()
		if row.old {
			s.waitOld()
		}
		if !evalPatiently[bool](tab, row.attack) {
			t.Error("the attack did not go as far as it can")
		}
		if row.meanwhile {
			s.checkCalls("meanwhile")
			s.checkSignIn("meanwhile")
		}
		tab.close()
		s.check()
	})
}

// waitOld waits until the access token is in its last tenth.
func (s *stage) waitOld() {
	s.t.Helper()
	eval[bool](s.honest, `um.getUser().then((u) => new Promise((resolve) => setTimeout(resolve, u.expires_at * 1000 - Date.now() - 1_000, true)))`)
}

// A shared worker that a script has started with other options keeps the app
// from starting its own under that name. The app has one nevertheless: its
// session survives a reload, and no metadata is in the storage.
func TestHostileWorkerWithOtherOptions(t *testing.T) {
	rows := []struct {
		name, options string
		more          []string // further names that are taken
	}{
		{name: "without credentials", options: `{ credentials: "omit" }`},
		{name: "classic", options: `{ type: "classic" }`},
		{name: "without a longer life", options: `{ extendedLifetime: false }`},
		{name: "under two names", options: `{ credentials: "omit" }`, more: []string{"oidcspa.1.2"}},
		{name: "under all names", options: `{ credentials: "omit" }`, more: []string{"oidcspa.1.2", "oidcspa.1.3", "oidcspa.1.4"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newStage(t)
			s.honest.expectProblems() // the browser says that it was refused
			hostile := s.hostile()
			names, err := json.Marshal(append([]string{"oidcspa.1"}, row.more...))
			if err != nil {
				t.Fatal(err)
			}
			taken := eval[int](hostile, fmt.Sprintf(`(() => {
				const names = %s;
				for (const name of names) portTo({ name, ...%s });
				return names.length;
			})()`, names, row.options))
			hostile.until("the workers of the script", func() bool { return sharedWorkers(t, s.app.origin) >= taken })
			s.honest.visit(s.app.origin + "/")
			if code := signinCode(s.honest); code != "" {
				t.Fatalf("code %q", code)
			}
			s.op.ResetRequests()
			s.honest.reload()
			s.honest.waitReady()
			if got := eval[string](s.honest, userState); got != "somebody" {
				t.Errorf("after the reload: %s", got)
			}
			// Without any name left, the program is of this page alone.
			if requests := s.op.Requests(); len(requests) != 0 && taken < 4 {
				t.Errorf("after the reload the provider was asked for %q: there is no shared worker", requests)
			}
			if record := s.recordOfRedirect(); strings.Contains(record, "token_endpoint") {
				t.Error("the metadata of the provider is in sessionStorage")
			}
			hostile.close()
			s.honest.visit(s.app.origin + "/")
			s.gone()
			s.checkCalls("after")
			s.checkSignIn("after")
		})
	}
}

// recordOfRedirect returns what the tab keeps of a sign-in under way.
func (s *stage) recordOfRedirect() string {
	s.t.Helper()
	s.op.Edit(func() { s.op.SignedIn, s.op.LoginForm = false, true })
	defer s.op.Edit(func() { s.op.SignedIn, s.op.LoginForm = true, false })
	eval[void](s.honest, "void um.signinRedirect()")
	s.honest.waitFor("document.querySelector('button') !== null")
	s.honest.navigate(s.app.origin + "/hostile.html")
	s.honest.waitReady()
	record := eval[string](s.honest, "Object.entries(sessionStorage).filter(([key]) => key.startsWith('oidcspa.')).join()")
	if record == "" {
		s.t.Error("the tab keeps nothing of the sign-in: the check could not fail")
	}
	return record
}

// A tab that was duplicated has a copy of its sessionStorage: the response is
// used once nevertheless.
func TestHostileResponseInACopiedTab(t *testing.T) {
	s := newStage(t)
	s.app.respond("/held.html", s.app.override["/hostile.html"])
	s.app.set("redirect_uri", s.app.origin+"/held.html")
	s.honest.visit(s.app.origin + "/")
	eval[void](s.honest, "void um.signinRedirect()")
	s.honest.waitFor("location.pathname === '/held.html' && globalThis.ready === true")
	eval[bool](s.honest, `(() => { // with an opener, the storage is copied
		document.body.innerHTML = "<button>Duplicate";
		document.querySelector("button").onclick = () => open(location.origin + "/?duplicate", "_blank");
		return true;
	})()`)
	s.honest.clickOn("button")
	copied := s.honest.attach(s.honest.waitPopup(s.app.origin + "/"))
	copied.waitReady()
	if n := eval[int](copied, "Object.keys(sessionStorage).filter((key) => key.startsWith('oidcspa.')).length"); n != 2 {
		t.Fatalf("%d records were copied, want that of the sign-in and which is under way", n)
	}
	response := eval[string](s.honest, "location.href")
	s.honest.visit(s.app.origin + "/")
	results := make(chan string, 2)
	for _, tab := range []*tab{s.honest, copied} {
		go func() { results <- codeOf(tab, "um.signinCallback("+strconv.Quote(response)+")") }()
	}
	codes := []string{<-results, <-results}
	if (codes[0] == "") == (codes[1] == "") {
		t.Errorf("codes %q: one of them succeeds", codes)
	}
	codeOf(s.honest, "um.signinCallback("+strconv.Quote(response)+")") // later
	if n := s.op.Count(oidctest.Token); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
	eval[bool](s.honest, "um.removeUser().then(() => true)")
	if code := codeOf(s.honest, "um.signinCallback("+strconv.Quote(response)+")"); code != "state_unknown" {
		t.Errorf("after a sign-out: code %q, want state_unknown", code)
	}
}

// What a tab says of somebody's activity is passed on by every page, but not each
// time: hundreds of thousands of messages are nobody's work when it is gone.
func TestHostileFloodOfActivity(t *testing.T) {
	s := newStage(t, func(s *stage) { s.app.set("idle", map[string]any{"timeoutInSeconds": 600}) }).begin()
	s.honest.expectProblems()
	hostile := s.hostile()
	eval[bool](hostile, `(() => {
		const hint = Object.keys(localStorage).find((key) => key.startsWith("oidcspa.session:"));
		const channel = new BroadcastChannel(hint.replace("oidcspa.session:", "oidcspa.active:"));
		for (let i = 0; i < 300_000; i++) channel.postMessage(null);
		return true;
	})()`)
	hostile.close()
	s.check()
}
