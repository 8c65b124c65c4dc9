package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestToolchains builds with releases of Go that Go has fetched itself, which
// is what happens to who has an older one: they lie in the module cache. What
// cannot be fetched is skipped, but not in CI.
func TestToolchains(t *testing.T) {
	if testing.Short() {
		t.Skip("it fetches releases of Go")
	}
	source := standIn(t)
	var same [][]byte
	for _, version := range []string{runtime.Version(), "go1.26.3", "go1.27.1"} {
		t.Run(version, func(t *testing.T) {
			t.Setenv("GOTOOLCHAIN", version)
			if out, err := exec.CommandContext(t.Context(), "go", "version").CombinedOutput(); err != nil {
				if os.Getenv("CI") != "" {
					t.Fatalf("%v: %s", err, out)
				}
				t.Skipf("%v: %s", err, out)
			}
			toolchain, err := findToolchain(t.Context(), source, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if toolchain.version != version {
				t.Errorf("found %s", toolchain.version)
			}
			wasm, err := compile(t.Context(), source, t.TempDir(), toolchain)
			if err != nil {
				t.Fatal(err)
			}
			if version == runtime.Version() {
				same = append(same, wasm)
			}
		})
	}
	if t.Failed() {
		return
	}
	// The same release, wherever it lies, makes the same bytes.
	linked := goHere(t, source)
	folder := filepath.Join(t.TempDir(), "elsewhere")
	if err := mirror(linked.root, folder); err != nil {
		t.Fatal(err)
	}
	linked.root, linked.env = folder, []string{"GOROOT=" + folder, "GOTOOLCHAIN=local"}
	wasm, err := compile(t.Context(), source, t.TempDir(), linked)
	if err != nil || len(same) == 0 || !slices.Equal(wasm, same[0]) {
		t.Errorf("Go from another folder makes other bytes (error: %v)", err)
	}
}

func TestIsBelow(t *testing.T) {
	root := filepath.VolumeName(t.TempDir()) + string(filepath.Separator)
	at := func(path string) string { return filepath.Join(root, filepath.FromSlash(path)) }
	tests := []struct {
		folder, path string
		want         bool
	}{
		{at("go/pkg/mod"), at("go/pkg/mod/golang.org/toolchain@v0.0.1"), true},
		{at("go/pkg/mod"), at("go/pkg/mod"), true},
		{at("go/pkg/mod"), at("go/pkg/modern"), false},
		{at("go/pkg/mod"), at("usr/local/go"), false},
		{at("go/pkg/mod"), at("go/pkg"), false},
		{at("go/pkg/mod"), at("go/pkg/mod/..x"), true},
		{"", at("usr/local/go"), false},
	}
	for _, tt := range tests {
		if got := isBelow(tt.folder, tt.path); got != tt.want {
			t.Errorf("%s below %s: %v", tt.path, tt.folder, got)
		}
	}
}

func TestExeSuffix(t *testing.T) {
	if exeSuffix("windows") != ".exe" || exeSuffix("linux") != "" {
		t.Error("programs have other names there")
	}
}

// TestMirrorWithoutLinks copies, also out of a folder that cannot be written to.
func TestMirrorWithoutLinks(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	if err := os.MkdirAll(filepath.Join(from, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(from, "bin", "go")
	if err := os.WriteFile(program, []byte("program"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(from, "bin"), 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(from, "bin"), 0o755) })
	if err := copyAll(from, to); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(to, "bin", "go"))
	if err != nil || string(data) != "program" {
		t.Errorf("the copy holds %q (error: %v)", data, err)
	}
	info, err := os.Stat(filepath.Join(to, "bin", "go"))
	if err != nil || info.Mode().Perm()&0o100 == 0 && !strings.Contains(runtime.GOOS, "windows") {
		t.Errorf("the copy is no program (error: %v)", err)
	}
}
