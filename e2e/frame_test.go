//go:build !js

package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/oidcspa/oidcspa/oidc/oidctest"
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
			for (const { addedNodes } of changes) for (const { contentDocument } of addedNodes) {
				const node = contentDocument?.querySelector("iframe");
				if (node) frames.push([node.getAttribute("allow"), node.className, new URL(node.src).pathname].join(" "));
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

// A provider that takes its time is waited for: nothing has failed in its frame,
// however short the time is that a page in it has.
func TestFrameThatWaits(t *testing.T) {
	for name, silent := range map[string]string{
		"request":    "um.signinSilent()",
		"attributes": "um.signinSilent({ iframeAttributes: { class: 'renewal' } })",
	} {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			op := newHostile(t, a)
			asked, answer := make(chan struct{}, 1), make(chan struct{})
			op.Edit(func() {
				op.Hold = func(to string, r *http.Request) {
					if to != oidctest.Authorize {
						return
					}
					asked <- struct{}{}
					select {
					case <-answer:
					case <-r.Context().Done():
					}
				}
			})
			tab := newTab(t)
			tab.visit(a.origin + "/")
			eval[bool](tab, `(() => {
				const later = setTimeout;
				globalThis.setTimeout = (fn, ms) => later(fn, ms === 1_000 ? 50 : ms);
				globalThis.outcome = `+silent+`.then(() => "", (e) => e.code);
				return true;
			})()`)
			tab.until("the request", func() bool { return len(asked) > 0 })
			tab.looked()
			close(answer)
			if code := eval[string](tab, "outcome"); code != "" {
				t.Errorf("code %q", code)
			}
		})
	}
}
