//go:build !js

// Package keeper runs the keeper and the script that hosts the program in Node, in a
// model of the browser in which all orders of events can be chosen. It needs no package of npm.
package keeper

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

const web = "../../../web"

// scripts writes what the models run: the keeper as it is, the others with what they import.
func scripts(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	keeper, err := os.ReadFile(filepath.Join(web, "keeper.js"))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "keeper.js"), keeper, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for out, in := range map[string]string{"worker.js": "worker.js", "keeping.js": filepath.Join("shim", "keeping.js")} {
		result := api.Build(api.BuildOptions{
			EntryPoints: []string{filepath.Join(web, in)},
			Outfile:     filepath.Join(folder, out),
			Bundle:      true,
			Format:      api.FormatIIFE,
			GlobalName:  "exported",
			Target:      api.ES2022,
			LogOverride: map[string]api.LogLevel{"empty-import-meta": api.LogLevelSilent},
			Write:       true,
		})
		for _, e := range result.Errors {
			t.Fatal(e.Text)
		}
	}
	return folder
}

// TestKeeper runs what the keeper says to whom, what the worker's script does with it, and both in all orders, and in
// orders by chance: FUZZ_SEED repeats one of these, FUZZ_SEEDS says how many there are.
func TestKeeper(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil && os.Getenv("COMPAT") == "" {
		t.Skip("make compat has Node")
	}
	folder := scripts(t)
	for _, name := range []string{"rows", "flows", "search", "fuzz"} {
		t.Run(name, func(t *testing.T) {
			if log, err := exec.CommandContext(t.Context(), "node", name+".mjs", folder).CombinedOutput(); err != nil {
				t.Errorf("node %s.mjs: %v\n%s", name, err, log)
			}
		})
	}
}
