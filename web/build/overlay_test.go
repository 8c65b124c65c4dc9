package build

import (
	"encoding/json"
	gover "go/version"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestStubsByVersion expects the stubs of what is internal to Go for one
// release of Go only.
func TestStubsByVersion(t *testing.T) {
	tests := map[string]bool{
		"go1.26":     true,
		"go1.26.0":   true,
		"go1.26.99":  true,
		"go1.27rc1":  true,
		"go1.27.0":   true,
		"go1.28.0":   false,
		"go1.260.0":  false,
		"devel +abc": false,

		"go1.26.8 (Red Hat 1.26.8-1.el9)": true, // as distributions name theirs
		"go1.26.8-microsoft":              true,
		"go1.26.8 X:synchashtriemap":      true,
		"go1.28.0 (Red Hat 1.28.0-1.el9)": false,
	}
	for version, internals := range tests {
		t.Run(version, func(t *testing.T) {
			toolchain := goHere(t, ".")
			toolchain.version = version
			replaced := replacedFolders(t, toolchain)
			for _, pkg := range slices.Concat(stubbed, stubbedInternals) {
				want := internals || slices.Contains(stubbed, pkg)
				if got := replaced[packageFolder(t, toolchain, pkg)]; got != want {
					t.Errorf("%s replaced: %v, want %v", pkg, got, want)
				}
			}
		})
	}
}

// TestStubbedGo fails when this module moves to a release of Go for which
// nobody has looked at the stubs.
func TestStubbedGo(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(mod), "\ngo ")
	line, _, _ := strings.Cut(rest, "\n")
	if lang := gover.Lang("go" + line); !slices.Contains(stubbedGo, lang) {
		t.Errorf("go.mod says %s, the stubs are for %q", lang, stubbedGo)
	}
}

// replacedFolders returns the folders in which the overlay replaces files.
func replacedFolders(t *testing.T, toolchain *toolchain) map[string]bool {
	t.Helper()
	name, err := overlay(t.Context(), ".", t.TempDir(), toolchain)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Replace map[string]string }
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	folders := make(map[string]bool)
	for file := range all.Replace {
		folders[filepath.Dir(file)] = true
	}
	return folders
}

func packageFolder(t *testing.T, toolchain *toolchain, pkg string) string {
	t.Helper()
	out, err := toolchain.run(t.Context(), ".", "list", "-f", "{{.Dir}}", pkg)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// goCommandOf is a command of that Go for the system that the tests run on.
func goCommandOf(t *testing.T, toolchain *toolchain, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), toolchain.command, args...)
	cmd.Env = append(os.Environ(), toolchain.env...)
	return cmd
}

// goHere is the Go of these tests.
func goHere(t *testing.T, source string) *toolchain {
	t.Helper()
	toolchain, err := findToolchain(t.Context(), source, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return toolchain
}
