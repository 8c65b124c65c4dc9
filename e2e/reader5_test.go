//go:build !js

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestReaderMore looks longer at what seemed to hang, and at a browser without site data.
func TestReaderMore(t *testing.T) {
	reading(t)
	t.Run("no site data", func(t *testing.T) {
		for _, host := range []string{"", "dedicated", "page"} {
			d := newDesk(t, "Okta")
			title("site data blocked, host %q", host)
			if host != "" {
				d.a.setHost(host)
			}
			d.tab = openTab(t, newBrowser(t, map[string]any{"profile": map[string]any{"default_content_setting_values": map[string]any{"cookies": 2}}}))
			d.tab.expectProblems()
			d.visit(d.a.origin + "/?view=list#row-7")
			fmt.Println("    ", eval[string](d.tab, `(() => { try { new oidc.UserManager(settings); return "constructed"; } catch (e) { return e.constructor.name + " " + e.name + " code " + e.code + "\n" + e.stack; } })()`))
		}
	})
	t.Run("back after a restore by redirect", func(t *testing.T) {
		for _, host := range []string{"dedicated", "shared", "page"} {
			d := newDesk(t, "Okta")
			title("restore: redirect, host %s, then back", host)
			d.a.set("restore", "redirect")
			d.a.setHost(host)
			d.signin()
			d.op.Edit(func() { d.op.SignedIn = false })
			if host == "shared" {
				d.tab.do("blank", chromedp.Navigate("about:blank"))
				<-time.After(40 * time.Second) // the worker ends
			}
			d.visit(d.a.origin + "/?view=list#row-8")
			_, _ = chromedp.Run(d.tab.ctx, chromedp.Evaluate[bool](`setTimeout(() => history.go(-1)), true`))
			<-time.After(1500 * time.Millisecond)
			d.settle("history.go(-1), 45 s", 45*time.Second, settled)
			fmt.Println("     persisted or not:", eval[string](d.tab, `performance.getEntriesByType("navigation")[0]?.type + " visible " + document.visibilityState + " entries " + history.length`))
		}
	})
}
