//go:build !js

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/e2e/engine"
)

// cookieModes are what the preference profile.cookie_controls_mode says of
// cookies of another site.
var cookieModes = []struct {
	name string
	mode int
	want string // who is restored
}{
	{"allowed", 0, "somebody"},
	{"blocked", 1, "nobody"},
}

// newBrowser starts a browser of its own with preferences.
func newBrowser(t *testing.T, preferences map[string]any) *engine.Chromium {
	t.Helper()
	dir := t.TempDir()
	data, err := json.Marshal(preferences)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "Default"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Default", "Preferences"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	browser, err := engine.StartChromium(t.Context(), chromedp.UserDataDir(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(browser.Stop) // before the folder goes
	return browser
}

// With the cookies of other sites allowed the frame restores the session; with
// them blocked the app knows that it cannot, without waiting for the time that a
// frame may take, which is an hour here. The app is on
// localhost, the provider on 127.0.0.1, whose cookie is SameSite=None; Secure.
func TestFaultThirdPartyCookies(t *testing.T) {
	for _, mode := range cookieModes {
		t.Run(mode.name, func(t *testing.T) {
			browser := newBrowser(t, map[string]any{"profile": map[string]any{"cookie_controls_mode": mode.mode}})
			for _, provider := range []string{"answers", "refuses frames"} {
				r := newRigAt(t, "127.0.0.1")
				r.op.requires, r.op.denied = true, provider == "refuses frames"
				r.op.RefreshTokens = false
				r.set("silentRequestTimeoutInSeconds", 3600)
				r.setHost("dedicated") // which a reload ends
				r.restores(t, browser, mode.name+", the provider "+provider, mode.want)
			}
		})
	}
}

// restores signs in, reloads, and looks at what comes of the session.
func (r *rig) restores(t *testing.T, browser *engine.Chromium, what, want string) {
	t.Helper()
	if r.op.denied {
		want = "nobody"
	}
	tab := openTab(t, browser.OpenDefault, "")
	tab.expectProblems()
	tab.visit(r.origin + "/")
	if code := signinCode(tab); code != "" {
		t.Fatalf("cookies of other sites %s: sign-in: code %q", what, code)
	}
	tab.visit(r.origin + "/")
	took := eval[float64](tab, "firstUser.then(([user, time]) => time)")
	if got := eval[string](tab, userState); got != want {
		t.Errorf("cookies of other sites %s: %s, want %s", what, got, want)
	}
	t.Logf("cookies of other sites %s: %s, known after %.0f ms", what, want, took)
	r.check(tab)
}
