//go:build !js

package e2e

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
	"github.com/oidcspa/oidcspa/web"
)

// TestSigninInitiated: a portal leads to the app, and the app to the provider
// and on to the page that the portal named.
func TestSigninInitiated(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	tab := newTab(t)
	request := url.Values{"iss": {op.Issuer}, "login_hint": {"me"}, "target_link_uri": {a.origin + "/?view=cart"}}
	tab.visit(a.origin + "/?" + request.Encode())
	eval[bool](tab, "globalThis.ready = false, um.signinInitiated().catch((e) => { globalThis.refused = e.code; }), true")
	tab.waitReady()
	if got := eval[string](tab, "callback.then((u) => u.profile.sub + location.search)"); got != op.Subject+"?view=cart" {
		t.Errorf("the sign-in ends in %q", got)
	}
	iss := "?iss=" + url.QueryEscape(op.Issuer)
	for query, want := range map[string]string{
		"":                                "callback_missing",
		"?iss=https%3A%2F%2Fevil.example": "issuer_mismatch",
		iss + "&target_link_uri=https%3A%2F%2Fevil.example%2F": "target_not_allowed",
		iss + "&target_link_uri=javascript%3Aalert%281%29":     "target_not_allowed",
	} {
		tab.visit(a.origin + "/" + query)
		if code := codeOf(tab, "um.signinInitiated()"); code != want {
			t.Errorf("%q: code %q, want %q", query, code, want)
		}
	}
}

// framing serves a page that frames an address, as a provider does at a
// sign-out.
func framing(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><link rel="icon" href="data:,"><title>Signed out</title>
			<script>globalThis.heard = []; addEventListener("message", ({ data }) => heard.push(data));</script><iframe src="%s"></iframe>`,
			strings.ReplaceAll(r.URL.Query().Get("frame"), "&", "&amp;"))
	}))
	t.Cleanup(server.Close)
	return server
}

// hearPrograms counts in globalThis.answers how often a program has said that
// it was told of a logout.
const hearPrograms = `(() => {
	globalThis.answers = 0;
	new BroadcastChannel("oidcspa.frontchannel").onmessage = ({ data }) => { if (data === true) answers++; };
	return true;
})()`

// wantUntold fails the test if a program was told of a logout since
// hearPrograms. What the page tells it now comes after all that.
func wantUntold(t *testing.T, tab *tab) {
	t.Helper()
	eval[bool](tab, `new BroadcastChannel("oidcspa.frontchannel").postMessage(location.origin + "/frontchannel.html?iss=https://nobody.example&sid=1"), true`)
	tab.waitFor("answers > 0")
	if n := eval[int](tab, "um.stats({ collect: true }).then(() => answers)"); n != 1 {
		t.Errorf("the program was told of %d logouts", n-1)
	}
}

// TestFrontChannelLogout: the provider frames the front-channel logout page.
func TestFrontChannelLogout(t *testing.T) {
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			op := newHostile(t, a)
			op.SessionID = "sid-1"
			server := framing(t)
			origin := localhost(t, server.Listener.Addr())
			a.setPolicy(t, web.Policy{ConnectSrc: "*", FrontChannelLogoutFrom: origin})
			tab := signInWatched(t, a)
			eval[bool](tab, hearPrograms)
			second := tab.sibling()
			second.visit(a.origin + "/")
			eval[bool](second, hearAll)
			if got := eval[string](second, userState); got != "somebody" {
				t.Fatalf("in the second tab: %s", got)
			}
			provider := tab.sibling()
			provider.expectProblems()
			logout := func(iss, sid string) {
				address := a.origin + "/frontchannel.html?" + url.Values{"iss": {iss}, "sid": {sid}}.Encode()
				provider.navigate(origin + "/?frame=" + url.QueryEscape(address))
			}
			logout(op.Issuer, "sid-2")
			logout("https://evil.example", "sid-1")
			programs := map[string]int{"shared": 1, "dedicated": 2, "page": 2}[host]
			tab.waitFor(fmt.Sprintf("answers >= %d", 2*programs))
			eval[bool](tab, "um.stats({ collect: true }).then(() => true)") // after them
			if got := eval[string](tab, "heard.join()"); strings.Contains(got, "UserSignedOut") {
				t.Errorf("a logout of another session: %s", got)
			}
			logout(op.Issuer, "sid-1")
			tab.waitFor(`heard.includes("UserUnloaded")`)
			second.waitFor(`heard.includes("UserUnloaded")`)
			tab.waitFor(`heard.includes("UserSignedOut")`)
			second.waitFor(`heard.includes("UserSignedOut")`)
			if got := eval[string](tab, userState); got != "nobody" {
				t.Errorf("after the logout: %s", got)
			}
		})
	}
}

// TestFrontChannelLogoutFramed: who may not frame the page signs nobody out,
// and neither does who leads a person there.
func TestFrontChannelLogoutFramed(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	a.expectReports()
	server := framing(t)
	tab := signInWatched(t, a)
	eval[bool](tab, hearPrograms)
	other := tab.sibling()
	other.expectProblems()
	other.navigate(localhost(t, server.Listener.Addr()) + "/?frame=" + url.QueryEscape(a.origin+"/frontchannel.html"))
	other.navigate(a.origin + "/frontchannel.html")
	wantUntold(t, tab)
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("getUser: %s", got)
	}
}

// TestFrontChannelLogoutCrossSite: the browser keeps a frame of another site
// apart, and says nothing to the app. The check of the session notices the
// logout all the same, and the page says that nobody heard it.
func TestFrontChannelLogoutCrossSite(t *testing.T) {
	a, op := newWatched(t, "")
	server := framing(t) // at 127.0.0.1: another site than localhost
	a.setPolicy(t, web.Policy{ConnectSrc: "*", FrontChannelLogoutFrom: server.URL})
	tab := signInWatched(t, a)
	tab.waitFor(checkFrames + " === 1")
	eval[bool](tab, hearPrograms)
	provider := tab.sibling()
	provider.navigate(server.URL + "/?frame=" + url.QueryEscape(a.origin+"/frontchannel.html"))
	wantUntold(t, tab)
	if got := eval[string](tab, userState); got != "somebody" {
		t.Errorf("getUser: %s; the frame is not kept apart any more: say so in docs/decisions", got)
	}
	provider.navigate(op.Base() + "/logout")
	tab.waitFor(`heard.includes("UserSignedOut")`)
}

// heldPause holds the pause of the front-channel logout page until its parent
// sends it a message, and tells the parent when it is called off.
const heldPause = `(() => {
	let over;
	globalThis.setTimeout = (fn) => { over = fn; return 7; };
	globalThis.clearTimeout = (id) => {
		if (id !== 7) return;
		over = undefined;
		parent.postMessage("called off", "*");
	};
	addEventListener("message", () => { over?.(); parent.postMessage("over", "*"); });
	console.warn = (text) => parent.postMessage(text, "*");
})();
`

// TestFrontChannelLogoutUnheard: the page says so when nobody hears it, and
// only then. It cannot tell why.
func TestFrontChannelLogoutUnheard(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	server := framing(t)
	origin := localhost(t, server.Listener.Addr())
	a.setPolicy(t, web.Policy{ConnectSrc: "*", FrontChannelLogoutFrom: origin})
	script, err := fs.ReadFile(assetsFS, "frontchannel.js")
	if err != nil {
		t.Fatal(err)
	}
	a.respond("/frontchannel.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = io.WriteString(w, heldPause+string(script))
	})
	for _, app := range []string{"open", "not open", "open in another browser"} {
		t.Run(app, func(t *testing.T) {
			provider := newTab(t)
			switch app {
			case "open":
				provider = signInWatched(t, a).sibling()
			case "open in another browser":
				signInWatched(t, a)
			}
			provider.navigate(origin + "/?frame=" + url.QueryEscape(a.origin+"/frontchannel.html"))
			if app == "open" {
				provider.waitFor("heard.includes('called off')")
			}
			eval[bool](provider, "frames[0].postMessage('now', '*'), true")
			provider.waitFor("heard.includes('over')")
			unheard := eval[bool](provider, "heard.some((text) => text.includes('nobody heard this sign-out'))")
			if unheard == (app == "open") {
				t.Errorf("the page says that nobody heard it: %t", unheard)
			}
		})
	}
}

// TestForgedMessages: messages of a frame of another origin count neither as
// a response nor as an answer about the session.
func TestForgedMessages(t *testing.T) {
	a, op := newWatched(t, "")
	forger := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><title>Forger</title><script>
			const forged = {source: "oidc-client", url: %q + "?code=c&state=s", keepOpen: false};
			setInterval(() => { parent.postMessage(forged, "*"); parent.postMessage("changed", "*"); }, 1);
		</script>`, a.redirectURI())
	}))
	tab := signInWatched(t, a)
	eval[bool](tab, fmt.Sprintf(`new Promise((resolve) => {
		const frame = document.createElement("iframe");
		globalThis.forged = 0;
		addEventListener("message", ({origin}) => { if (origin === %[1]q) globalThis.forged++; });
		frame.src = %[1]q; frame.onload = () => resolve(true); document.body.append(frame);
	})`, forger))
	tab.waitFor("forged > 10")
	op.ResetRequests()
	if got := eval[string](tab, "um.signinSilent().then((u) => u.profile.sub, (e) => e.code)"); got != op.Subject {
		t.Errorf("the silent sign-in among forged messages: %q", got)
	}
	tab.answers(op, "unchanged", 5)
	if n := op.Count(oidctest.Authorize); n != 1 {
		t.Errorf("%d silent sign-ins, want that of the app alone: a forged answer was believed", n)
	}

	// The frame of the sign-in itself, while it is at another origin.
	op.Answer(oidctest.Authorize, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><title>Forger</title><script>
			parent.postMessage({source: "oidc-client", url: %q + "?code=c&state=s", keepOpen: false}, "*");
		</script>`, a.redirectURI())
	})
	if code := codeOf(tab, "um.signinSilent()"); code != "frame_no_response" {
		t.Errorf("the provider's page claims to be the callback page: code %q", code)
	}
}
