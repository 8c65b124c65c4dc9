//go:build !js

// Package server runs the package for npm where there is no page: apps are
// rendered on servers, and tested in Node.
package server

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/oidcspa/oidcspa/web/build"
)

const compiler = "../node_modules/typescript/bin/tsc"

// compile expects the types to be found by modules of both kinds.
func compile(t *testing.T, folder string) {
	t.Helper()
	const source = `import { Log, UserManager, type UserManagerSettings, WebStorageStateStore } from "oidcspa";
export const make = (settings: UserManagerSettings) => new UserManager({ ...settings, userStore: new WebStorageStateStore({ store: localStorage }) });
Log.setLogger(console);
`
	args := []string{compiler, "--strict", "--noEmit", "--pretty", "false", "--module", "node16", "--target", "es2022"}
	for _, name := range []string{"common.cts", "module.mts"} {
		name = filepath.Join(folder, name)
		if err := os.WriteFile(name, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	if out, err := exec.CommandContext(t.Context(), "node", args...).CombinedOutput(); err != nil {
		t.Errorf("tsc: %v\n%s", err, out)
	}
}

// TestServer imports and requires the package in Node, and loads a bundle of
// it that is no module. server.mjs says what has to work there.
func TestServer(t *testing.T) {
	if os.Getenv("COMPAT") == "" {
		t.Skip("make compat has Node")
	}
	source, _, err := build.FindSource(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opts := build.Options{Out: t.TempDir(), Source: source, SkipCompression: true}
	m, err := build.Build(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if _, err := build.Package(opts, source, m, folder); err != nil {
		t.Fatal(err)
	}
	modules := filepath.Join(folder, "node_modules")
	script, err := os.ReadFile("server.mjs")
	if err == nil {
		err = os.Mkdir(modules, 0o755)
	}
	if err == nil {
		err = os.Rename(filepath.Join(folder, "package"), filepath.Join(modules, "oidcspa"))
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "server.mjs"), script, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	bundle := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(modules, "oidcspa", "index.js")},
		Outfile:     filepath.Join(folder, "bundle.cjs"),
		Bundle:      true,
		Format:      api.FormatIIFE,
		GlobalName:  "exports.bundle",
		Write:       true,
	})
	for _, e := range bundle.Errors {
		t.Error(e.Text)
	}
	compile(t, folder)
	node := exec.CommandContext(t.Context(), "node", "server.mjs")
	node.Dir = folder
	if log, err := node.CombinedOutput(); err != nil {
		t.Errorf("node server.mjs: %v\n%s", err, log)
	}
}
