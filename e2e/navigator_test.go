//go:build !js

package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// With a navigator of the app that stays on the page, the request that has to
// be repeated after a stronger sign-in is told at once.
func TestStepUpWithANavigator(t *testing.T) {
	a, op, tab := signedIn(t)
	a.respond("/api/hello", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="more"`)
		w.WriteHeader(http.StatusForbidden)
	})
	tab.expectProblems() // the browser logs the 403
	got := eval[[]string](tab, `(async () => {
		const settings = await fetch("config.json").then((answer) => answer.json());
		const visited = [];
		const navigator = {
			async prepare() {
				return { async navigate({ url }) { visited.push(url); return { url }; }, close() { visited.push("close"); } };
			},
			async callback() {},
		};
		const api = location.origin + "/api";
		const manager = new um.constructor({ ...settings, fetch: { allow: [api], stepUp: "redirect" } }, navigator);
		const code = await manager.fetch(api + "/hello").then(({ status }) => String(status), (error) => error.code);
		return [code, ...visited];
	})()`)
	if len(got) != 2 || got[0] != "step_up_required" || !strings.HasPrefix(got[1], op.Issuer) || !strings.Contains(got[1], "more") {
		t.Errorf("got %q", got)
	}
}

// With a navigator of the app, which goes to an address alone, a sign-out by a form leaves the
// token out of it, and names the client instead.
func TestSignoutByPostWithANavigator(t *testing.T) {
	for place, call := range map[string]string{"0": "signoutRedirect", "1": "signoutPopup", "2": "signoutSilent"} {
		t.Run(call, func(t *testing.T) {
			a, op, tab := signedIn(t)
			visited := eval[[]string](tab, `(async () => {
				const settings = await fetch("config.json").then((answer) => answer.json());
				const visited = [], navigators = [];
				navigators[`+place+`] = {
					async prepare() {
						return { async navigate({ url }) { visited.push(url); return { url: location.origin + "/callback.html" }; }, close() {} };
					},
					async callback() {},
				};
				const manager = new um.constructor({
					...settings, signoutMethod: "post", popup_post_logout_redirect_uri: location.origin + "/callback.html",
				}, ...navigators);
				await manager.`+call+`().catch((error) => visited.push(error.code));
				return visited;
			})()`)
			if len(visited) != 1 || !strings.HasPrefix(visited[0], op.Issuer) {
				t.Fatalf("visited %q", visited)
			}
			address, err := url.Parse(visited[0])
			if err != nil {
				t.Fatal(err)
			}
			query := address.Query()
			if query.Has("id_token_hint") || query.Get("client_id") != op.ClientID || query.Get("state") == "" ||
				!strings.HasPrefix(query.Get("post_logout_redirect_uri"), a.origin) {
				t.Errorf("the address has %v", query)
			}
		})
	}
}

// In a frame of the app's own making the navigator gets the response once, and may ask the manager
// that has called it before it is done; what it throws, the call throws.
func TestNavigatorCallbackAsksItsManager(t *testing.T) {
	for _, test := range []struct{ name, call, then, want string }{
		{"the sign-in in the address", "manager.signinCallback()", "", "undefined"},
		{"the sign-in in an argument", "manager.signinCallback(location.href)", "", "undefined"},
		{"two calls", "Promise.all([manager.signinCallback(), manager.signinCallback()])", "", ","},
		{"the user", "manager.getUser().then((user) => !!user)", "", "true"},
		{"a sign-out", "manager.signoutCallback(location.href)", "", "undefined"},
		{"a sign-in that it refuses", "manager.signinCallback()", `throw new Error("refused")`, "Error: refused"},
		{"a sign-out that it refuses", "manager.signoutCallback(location.href)", `throw new Error("refused")`, "Error: refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, tab := signedIn(t)
			got := eval[[]string](tab, `(async () => {
				const frame = document.createElement("iframe");
				frame.src = "/";
				document.body.append(frame);
				await new Promise((resolve) => frame.onload = resolve);
				const app = frame.contentWindow;
				while (!app.ready) await new Promise((resolve) => setTimeout(resolve, 10));
				const address = app.location.origin + "/?code=made-up&state=" + "s".repeat(43), heard = [];
				app.history.replaceState(null, "", address);
				const callback = async (url) => {
					heard.push(String(url === address), String(!!await manager.getUser()));
					`+test.then+`
				};
				const manager = new app.um.constructor(app.settings, null, { callback }, { callback });
				const location = app.location;
				const got = await (async () => `+test.call+`)().then(String, String);
				while (!heard.length) await new Promise((resolve) => setTimeout(resolve, 10));
				return [got, ...heard];
			})()`)
			if want := []string{test.want, "true", "true"}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
