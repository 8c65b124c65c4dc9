//go:build !js

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A page of the file system, where no worker starts, hears so at once.
func TestFilePage(t *testing.T) {
	script, err := os.ReadFile(filepath.Join(assetsDir, "oidcspa.classic.js"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	page := `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>App</title><script src="oidcspa.classic.js"></script>`
	for name, content := range map[string]string{"oidcspa.classic.js": string(script), "index.html": page} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tab := newTab(t)
	tab.navigate("file://" + filepath.ToSlash(folder) + "/index.html")
	const call = `new oidc.UserManager({ authority: "https://op.example", client_id: "app", redirect_uri: "https://app.example/" })
		.signinRedirect().catch(({ code, message }) => code + ": " + message)`
	if got := eval[string](tab, call); !strings.HasPrefix(got, "worker_not_found: ") || !strings.Contains(got, "file:") {
		t.Errorf("got %q", got)
	}
}
