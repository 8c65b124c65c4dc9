//go:build !js

package e2e

import (
	"slices"
	"testing"
)

// The hidden frame has the attributes of the settings, or of the call.
func TestIFrameAttributes(t *testing.T) {
	a := newApp(t)
	newHostile(t, a)
	tab := newTab(t)
	tab.visit(a.origin + "/")
	got := eval[[]string](tab, `(async () => {
		const frames = [];
		new MutationObserver((changes) => {
			for (const { addedNodes } of changes) for (const node of addedNodes) {
				if (node.tagName === "IFRAME") frames.push([node.getAttribute("allow"), node.className, new URL(node.src).pathname].join(" "));
			}
		}).observe(document.documentElement, { childList: true, subtree: true });
		const settings = await fetch("config.json").then((answer) => answer.json());
		const manager = new um.constructor({ ...settings, iframeAttributes: { allow: "identity-credentials-get" } });
		const silent = (args) => manager.signinSilent({ forceIframeAuth: true, ...args });
		await silent();
		await silent({ iframeAttributes: { class: "renewal" } });
		await silent();
		return frames;
	})()`)
	want := []string{
		"identity-credentials-get  /authorize",
		" renewal /authorize",
		"identity-credentials-get  /authorize",
	}
	if !slices.Equal(got, want) {
		t.Errorf("frames %q, want %q", got, want)
	}
}
