//go:build !js

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// A logger of the app hears what the program is asked for, what comes of it,
// and its events, and nothing that is secret; one that fails does no harm.
func TestLog(t *testing.T) {
	_, op, tab := signedIn(t)
	const act = `(async () => {
		const { Log } = await import("/log.js");
		const lines = globalThis.lines = [];
		const logger = {};
		for (const level of ["debug", "info", "warn", "error"]) {
			logger[level] = (...words) => { lines.push([level, ...words.map((word) => typeof word === "string" ? word : JSON.stringify(word))].join(" ")); };
		}
		Log.setLogger(logger);
		Log.setLevel(Log.DEBUG);
		await um.signinSilent({ state: "state-of-the-app" });
		await um.signinSilent({ scoep: "a" }).catch(() => {});
		addEventListener("error", (event) => { event.preventDefault(); lines.push(event.message); });
		Log.setLevel(Log.INFO);
		Log.setLogger({ ...logger, info() { throw new Error("of the logger"); } });
		await um.signinSilent();
		Log.setLogger(logger);
		return true;
	})()`
	eval[bool](tab, act)
	op.Edit(func() { op.SignedIn = false })
	got := eval[[]string](tab, `um.signinSilent({ forceIframeAuth: true, state: "state-of-the-app" }).catch(() => lines)`)
	want := []string{
		"debug [oidcspa] signinSilent: begin",
		"info [oidcspa] userLoaded",
		"debug [oidcspa] signinSilent: success",
		"debug [oidcspa] signinSilent: begin",
		"error [oidcspa] signinSilent: invalid_argument parameters: unknown member scoep: oidc: invalid_argument",
		"Uncaught Error: of the logger",
		"error [oidcspa] signinSilent: provider_error login_required",
	}
	if !slices.Equal(got, want) {
		t.Errorf("lines:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, secret := range append(op.Secrets(), "state-of-the-app") {
		if strings.Contains(strings.Join(got, "\n"), secret) {
			t.Error("a secret is in the log")
		}
	}
}
