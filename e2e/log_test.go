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
	got := eval[[]string](tab, `(async () => {
		const { Log } = await import("/log.js");
		const lines = [];
		const logger = {};
		for (const level of ["debug", "info", "warn", "error"]) {
			logger[level] = (...words) => { lines.push([level, ...words.map((word) => word.code ?? word)].join(" ")); };
		}
		Log.setLogger(logger);
		Log.setLevel(Log.DEBUG);
		await um.signinSilent({ state: "state-of-the-app" });
		await um.signinSilent({ scoep: "a" }).catch(() => {});
		Log.setLevel(Log.INFO);
		await um.getUser();
		Log.setLogger({ info() { throw new Error("of the logger"); } });
		const told = [];
		addEventListener("error", (event) => { event.preventDefault(); told.push(event.message); });
		await um.signinSilent();
		return [...lines, ...told];
	})()`)
	want := []string{
		"debug [oidcspa] signinSilent: begin",
		"info [oidcspa] userLoaded",
		"debug [oidcspa] signinSilent: success",
		"debug [oidcspa] signinSilent: begin",
		"error [oidcspa] signinSilent: invalid_argument",
		"Uncaught Error: of the logger",
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
