//go:build !js

package e2e

import (
	"net/http"
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
