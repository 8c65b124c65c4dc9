//go:build !js

package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Bundlers rename the files of the client, and do not change the program: it
// runs, and is found again after a reload. (Vite builds the apps of TestReact
// and TestVue.)
func TestBundlersCompat(t *testing.T) {
	if os.Getenv("COMPAT") == "" {
		t.Skip("make compat installs what it needs")
	}
	for _, bundler := range []string{"webpack", "parcel"} {
		t.Run(bundler, func(t *testing.T) {
			files := bundle(t, bundler)
			wasm, err := fs.Glob(files, "*.wasm")
			if err != nil || len(wasm) != 1 || slices.Contains(wasm, fileName(t, "oidcspa.wasm")) {
				t.Errorf("the program is in %q, %v: it is not renamed", wasm, err)
			}
			for _, host := range []string{"shared", "dedicated"} {
				a := newApp(t)
				a.setHost(host)
				op := newHostile(t, a)
				a.serveFiles(t, files)
				tab := newTab(t)
				tab.visit(a.origin + "/")
				if code := signinCode(tab); code != "" {
					t.Fatalf("%s: code %q", host, code)
				}
				tab.reload()
				tab.waitReady()
				if got := eval[string](tab, subject); got != op.Subject {
					t.Errorf("%s: after a reload: %s", host, got)
				}
			}
		})
	}
}

// bundle builds the test app, and returns its files.
func bundle(t *testing.T, bundler string) fs.FS {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, assetsFS); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"app.js":       file(t, "app.js"),
		"index.html":   strings.Replace(file(t, "index.html"), `src="app.js"`, `src="./app.js"`, 1),
		"package.json": "{}",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("node", filepath.Join("bundlers", "build.mjs"), bundler, folder)
	if log, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", bundler, err, log)
	}
	return os.DirFS(filepath.Join(folder, "dist"))
}
