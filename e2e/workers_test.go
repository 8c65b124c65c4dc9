//go:build !js

package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/e2e/engine"
)

// Chromium lists its workers, and ends them. In other engines the locks that they
// hold tell of them, and a script before theirs ends them at a word.

func inChromium(t testing.TB) bool {
	t.Helper()
	_, is := browserOf(t).(*engine.Chromium)
	return is
}

// sharedWorkers counts the shared workers of an origin.
func sharedWorkers(t *testing.T, origin string) int {
	t.Helper()
	if inChromium(t) {
		return len(listWorkers(t, origin))
	}
	return tellWorkers(t, origin, "")
}

// killWorkers ends the shared workers of an origin, as a crash does. There is one;
// WebKit may keep another that it was told to end before, and that stands still.
func killWorkers(t *testing.T, origin string) {
	t.Helper()
	if n := killAll(t, origin); n == 0 || n > 1 && inChromium(t) {
		t.Fatalf("%d shared workers were ended, want 1", n)
	}
}

// killAll is killWorkers for as many as there are.
func killAll(t *testing.T, origin string) int {
	t.Helper()
	if !inChromium(t) {
		return tellWorkers(t, origin, "end")
	}
	ids := listWorkers(t, origin)
	for _, id := range ids {
		if _, err := chromedp.CallBrowser(devtools(t), target.CloseTarget, target.CloseTargetParams{TargetID: id}); err != nil {
			t.Fatal(err)
		}
	}
	return len(ids)
}

func listWorkers(t *testing.T, origin string) []target.ID {
	t.Helper()
	result, err := chromedp.CallBrowser(devtools(t), target.GetTargets, target.GetTargetsParams{
		Filter: target.Filter{{Type: "shared_worker"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []target.ID
	for _, info := range result.TargetInfos {
		if strings.HasPrefix(info.URL, origin) {
			ids = append(ids, info.TargetID)
		}
	}
	return ids
}

// noKeeperScript is before the script of workers whose program is to end with the page: there
// are neither service workers for them, nor workers of their own.
const noKeeperScript = "if (globalThis.WorkerNavigator) {\n  delete WorkerNavigator.prototype.serviceWorker;\n  delete globalThis.Worker;\n}\n"

// endScript is before the script of workers that nothing else can end.
const endScript = `if (globalThis.SharedWorkerGlobalScope) (globalThis.ends = new BroadcastChannel("end of workers")).onmessage = () => close();` + "\n"

// tellWorkers gives a word to the shared workers of an origin, in one profile, and
// counts them.
func tellWorkers(t *testing.T, origin, word string) int {
	t.Helper()
	for _, tab := range openTabs.all() {
		ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
		is, err := tab.page.Holds(ctx, "location.origin === '"+origin+"'")
		cancel()
		if err == nil && is {
			return eval[int](tab, `navigator.locks.query().then(({ held }) => {
				if ("`+word+`") new BroadcastChannel("end of workers").postMessage("`+word+`");
				return new Set(held.map(({ name }) => name).filter((name) => name.startsWith("oidcspa.host.shared "))).size;
			})`)
		}
	}
	t.Fatalf("no tab is at %s", origin)
	return 0
}
