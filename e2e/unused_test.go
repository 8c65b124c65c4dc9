//go:build !js

package e2e

import (
	"slices"
	"testing"
)

// Settings of oidc-client-ts that have no effect do no harm, and the log says
// so once, with their names.
func TestSettingsWithoutEffect(t *testing.T) {
	a := newApp(t)
	op := newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	got := eval[[]string](tab, `(async () => {
		const { Log, UserManager, WebStorageStateStore } = await import("/index.js");
		const lines = [];
		Log.setLogger({ debug() {}, info() {}, warn: (...words) => lines.push(words.join(" ")), error() {} });
		const store = new WebStorageStateStore({ prefix: "mine.", store: localStorage });
		const settings = {
			...await fetch("config.json").then((answer) => answer.json()),
			userStore: store, stateStore: store, maxSilentRenewTimeoutRetries: 1, validateSubOnSilentRenew: true,
		};
		new UserManager(settings);
		const user = await new UserManager(settings).signinSilent();
		const kept = Object.keys(localStorage).filter((key) => key.startsWith("mine."));
		return [user.profile.sub, String(kept), ...lines];
	})()`)
	want := []string{
		op.Subject, "",
		"[UserManager] settings without effect, see docs/migrating-from-oidc-client-ts.md: userStore, stateStore, maxSilentRenewTimeoutRetries",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
