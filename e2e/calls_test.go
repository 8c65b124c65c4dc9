//go:build !js

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// noteCalls notes what the page asks of the program, in that order, and opens
// windows that are none.
const noteCalls = `(() => {
	const { postMessage } = MessagePort.prototype;
	globalThis.sent = [];
	MessagePort.prototype.postMessage = function (data, ...rest) {
		if (typeof data === "string") sent.push(JSON.parse(data).method);
		return postMessage.call(this, data, ...rest);
	};
	window.open = () => ({ close() {}, focus() {}, location: { replace() {} } });
	return true;
})()`

// Calls that do not wait for each other arrive in the order in which they are made,
// whatever a page has to find out or to load first, and whether it is connected.
func TestCallsArriveInOrder(t *testing.T) {
	a := newApp(t)
	a.set("fetch", map[string]any{"allow": []string{a.origin + "/api"}})
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	hold(t, op, oidctest.Discovery) // nobody goes anywhere
	eval[bool](tab, "um.stats({ collect: true }).then(() => true)")
	eval[bool](tab, noteCalls)
	calls := []string{
		"removeUser()", "signinSilent()", "removeUser()", "storeUser(null)", "signinPopup()", "removeUser()", "signinRedirect()",
		"signinCallback(location.href + '?state=none&code=none')", "removeUser()", "querySessionStatus()",
		"signoutCallback(location.href + '?state=out')", "removeUser()", "signoutRedirect()",
	}
	backwards := slices.Clone(calls)
	slices.Reverse(backwards)
	for _, order := range [][]string{calls, backwards, {"removeUser()", "fetch('api/x')"}} {
		var want []string
		for _, call := range order {
			name, _, _ := strings.Cut(call, "(")
			want = append(want, name)
		}
		eval[bool](tab, fmt.Sprintf(`(() => {
			globalThis.manager?.dispose();
			sent.length = 0;
			globalThis.manager = new oidc.UserManager(settings);
			for (const call of [%s]) call().catch(() => {});
			return true;
		})()`, "() => manager."+strings.Join(order, ", () => manager.")))
		made := fmt.Sprintf("sent.filter((method) => %q.split(' ').includes(method))", strings.Join(want, " "))
		tab.waitFor(fmt.Sprintf("%s.length >= %d", made, len(want)))
		if got := eval[string](tab, made+".join(' ')"); got != strings.Join(want, " ") {
			t.Errorf("made:    %s\narrived: %s", strings.Join(want, " "), got)
		}
	}
}

// An app tidies up before it signs in, and waits for nothing.
func TestSigninBehindRemoveUser(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	running := newTab(t)
	running.visit(a.origin + "/")
	eval[bool](running, "um.stats({ collect: true }).then(() => true)")
	tab := running.sibling()
	tab.visit(a.origin + "/")
	eval[bool](tab, "globalThis.ready = false, um.removeUser(), um.signinRedirect({ state: 'cart' }).catch((e) => { globalThis.refused = e.code; }), true")
	tab.waitFor("globalThis.refused !== undefined || globalThis.ready === true")
	if got := eval[string](tab, "globalThis.refused ?? callback.then((u) => u.state, (e) => e.code)"); got != "cart" {
		t.Errorf("the sign-in: %s", got)
	}
}

// What leaves the page settles when that comes back out of the back/forward cache,
// not before, and to nothing.
func TestLeavingPageComesBack(t *testing.T) {
	for _, call := range []string{"signinRedirect", "signoutRedirect"} {
		_, op, tab := signedIn(t)
		showLogin(op)
		endpoint := map[string]string{"signinRedirect": oidctest.Authorize, "signoutRedirect": oidctest.EndSession}[call]
		provider := hold(t, op, endpoint)
		eval[bool](tab, `globalThis.left = "", um.`+call+`().then((value) => left = String(value), (e) => left = e.code),
			globalThis.loading = setInterval(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false }))),
			addEventListener("pagehide", () => { clearInterval(loading); globalThis.atPagehide = left; }), true`)
		provider.wait(tab) // the page is still there, and may be loading itself
		provider.release()
		tab.waitFor("document.title === 'Login'")
		eval[bool](tab, "setTimeout(() => history.back()), true")
		tab.waitReady()
		if !eval[bool](tab, "globalThis.left !== undefined") {
			t.Skip("the browser has loaded the page anew: Firefox keeps none that holds a lock")
		}
		tab.waitFor("left !== ''")
		if got := eval[string](tab, "atPagehide + ' ' + left"); got != " undefined" {
			t.Errorf("%s, when the page goes, and back in the page: %s", call, got)
		}
	}
}

// Managers that listen and have asked for nothing hear of a sign-in in a tab that closes
// as soon as it has heard of it itself, and of one in their own page.
func TestManagersThatOnlyListen(t *testing.T) {
	for _, host := range []string{"shared", "dedicated"} {
		t.Run(host, func(t *testing.T) {
			a := newApp(t)
			a.setHost(host)
			newHostile(t, a)
			const begin = `
				import { UserManager } from "./oidcspa.js";
				const settings = await (await fetch("config.json")).json();`
			a.respondPage("closing", begin+`
				const um = new UserManager({ ...settings, redirect_uri: location.origin + "/closing.html" });
				um.events.addUserLoaded(() => close());
				if (new URLSearchParams(location.search).has("code")) um.signinCallback();
				else um.signinRedirect();`)
			a.respondPage("listening", begin+`
				const [first, second] = [new UserManager(settings), new UserManager(settings)];
				globalThis.um = new UserManager(settings);
				globalThis.heard = ["", ""];
				[first, second].forEach(({ events }, i) => {
					events.addUserLoaded((user) => { heard[i] += "+" + user.profile.sub; });
					events.addUserUnloaded(() => { heard[i] += "-"; });
				});
				document.body.innerHTML = "<button>";
				document.querySelector("button").onclick = () => { globalThis.closing = open("closing.html"); };
				globalThis.ready = true;`)
			tab := newTab(t)
			other := tab.sibling()
			tab.visit(a.origin + "/listening.html")
			other.visit(a.origin + "/listening.html")
			tab.clickOn("button")
			tab.waitFor("closing.closed")
			all := func(heard string) {
				tab.waitFor(fmt.Sprintf("heard.join() === '%s,%[1]s'", heard))
				other.waitFor(fmt.Sprintf("heard.join() === '%s,%[1]s'", heard))
			}
			all("+subject-1")
			eval[bool](tab, "um.removeUser().then(() => true)")
			all("+subject-1-")
			eval[bool](tab, "um.signinSilent().then(() => true)")
			all("+subject-1-+subject-1")
			tab.visit(a.origin + "/listening.html") // where somebody is signed in
			eval[bool](tab, "um.signinSilent().then(() => true)")
			tab.waitFor("heard.join() === '+subject-1,+subject-1'")
		})
	}
}

// A page that is left while it completes a sign-in has the result when it is there again,
// or an error: nothing is lost in silence.
func TestReloadDuringCallback(t *testing.T) {
	const script = `
		import { UserManager } from "./oidcspa.js";
		globalThis.um = new UserManager(await (await fetch("config.json")).json());
		const returns = new URLSearchParams(location.search).has("code");
		const ask = () => sessionStorage.getItem("route") ? um.signinCallback() : um.getUser();
		if (returns) um.signinCallback().catch(() => {});
		else globalThis.found = ask().then((u) => u?.state ?? u?.profile.sub ?? "nobody", (e) => e.code);
		if (returns && sessionStorage.getItem("hasty")) location.reload();
		globalThis.returned = returns;
		globalThis.ready = true;`
	tests := []struct {
		host, uri, how string
		want           string
	}{
		{"shared", "/reloads.html", "hasty", "cart"},
		{"shared", "/callback.html", "hasty", "cart"},
		{"shared", "/reloads.html", "slow", "cart"},
		{"shared", "/callback.html", "slow", "cart"},
		{"shared", "/reloads.html", "route", "cart"},
		{"dedicated", "/reloads.html", "hasty", "cart"},
		{"dedicated", "/callback.html", "hasty", "cart"},
		{"dedicated", "/reloads.html", "slow", "state_unknown"}, // the code was used
		{"page", "/reloads.html", "slow", "state_unknown"},
	}
	for _, tt := range tests {
		t.Run(strings.Join([]string{tt.host, tt.uri, tt.how}, " "), func(t *testing.T) {
			a := newApp(t)
			a.setHost(tt.host)
			a.respondPage("reloads", script)
			a.set("redirect_uri", a.origin+tt.uri)
			op := newHostile(t, a)
			tab := newTab(t)
			tab.visit(a.origin + "/reloads.html")
			token := hold(t, op, oidctest.Token)
			eval[bool](tab, fmt.Sprintf("sessionStorage.setItem(%q, 1), globalThis.ready = false, globalThis.found = undefined, um.signinRedirect({ state: 'cart' }), true", tt.how))
			if tt.how != "hasty" {
				tab.waitFor("globalThis.returned === true")
				token.wait(tab)
				tab.reload()
			}
			tab.waitFor("globalThis.found !== undefined")
			token.wait(tab)
			token.release()
			if got := eval[string](tab, "found"); got != tt.want {
				t.Errorf("after the reload: %s, want %s", got, tt.want)
			}
			if got := eval[string](tab, subject) + eval[string](tab, "Object.keys(sessionStorage).join()"); got != map[bool]string{true: "subject-1", false: "nobody"}[tt.want == "cart"]+tt.how {
				t.Errorf("then: %s", got)
			}
		})
	}
}
