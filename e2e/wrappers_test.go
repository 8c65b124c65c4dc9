//go:build !js

package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// TestClickEvent: templates give the event of a click to what is called for
// it; apps of oidc-client-ts get away with that.
func TestClickEvent(t *testing.T) {
	a := newApp(t)
	newGoOIDC(t, a, options{})
	tab := newTab(t)
	tab.visit(a.origin + "/")
	eval[bool](tab, `(() => {
		const button = document.createElement("button");
		button.id = "event";
		button.onclick = (event) => { um.signinRedirect(event); };
		document.body.append(button);
		return true;
	})()`)
	tab.clickOn("#event")
	fillIn(tab)
	tab.waitReady()
	eval[bool](tab, "callback.then(() => true)")
	const ofReact = `(() => { const event = { isTrusted: true }; event.nativeEvent = event; return event; })()` // JSON cannot hold it
	for _, event := range []string{`new MouseEvent("click")`, ofReact} {
		if got := eval[string](tab, `um.signinSilent(`+event+`).then((u) => u.profile.sub, (e) => e.code)`); got != "demo-user-1" {
			t.Errorf("signinSilent(%s): %s", event, got)
		}
	}
}

// TestBundleThatIsNoModule: a script in one does not know where it is from,
// or knows where its source was, as with webpack, and the setting assets says
// where the files are.
func TestBundleThatIsNoModule(t *testing.T) {
	for name, define := range map[string]map[string]string{
		"not known":             nil,
		"known from its source": {"import.meta.url": `"file:///src/node_modules/oidcspa/oidcspa.js"`},
	} {
		t.Run(name, func(t *testing.T) { testBundle(t, define) })
	}
}

func testBundle(t *testing.T, define map[string]string) {
	out := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(assetsDir, "oidcspa.js")}, Bundle: true, Format: api.FormatIIFE, GlobalName: "bundled", Define: define,
	})
	if len(out.Errors) > 0 {
		t.Fatal(out.Errors[0].Text)
	}
	a := newApp(t)
	newGoOIDC(t, a, options{})
	a.respond("/there/page.html", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `<!doctype html><link rel="icon" href="data:,"><script src="bundle.js"></script>`)
	})
	a.respond("/there/bundle.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(append(hurryScript(), out.OutputFiles[0].Contents...))
	})
	tab := newTab(t)
	tab.navigate(a.origin + "/there/page.html")
	tab.expectProblems() // the worker is not there
	for assets, want := range map[string]string{`"/"`: "login_required", "undefined": "worker_not_found"} {
		got := eval[string](tab, `fetch("/config.json").then((r) => r.json())
			.then((settings) => new bundled.UserManager({ ...settings, assets: `+assets+` }).signinSilent())
			.then(() => "", (e) => e.error ?? e.code ?? String(e))`)
		if got != want {
			t.Errorf("with assets: %s it fails with %q, want %q", assets, got, want)
		}
	}
}
