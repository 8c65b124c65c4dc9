package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
			fetchGo(t, version, source)
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
			if small, err := smaller(wasm, toolchain); err != nil {
				t.Error(err)
			} else if f := functionsOf(t, small); f.number(f.records[9]) != 0 || f.number(f.records[9]+recordLineTable) != 0 {
				t.Error("the tables of the functions are not as expected")
			}
			if len(toolchain.uncut) > 0 {
				t.Errorf("packages that are not as expected: %q", toolchain.uncut)
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

// TestOlderGo expects an older Go that may fetch others to fetch what go.mod
// asks for, as it does by default, and that one to build.
func TestOlderGo(t *testing.T) {
	if testing.Short() {
		t.Skip("it fetches releases of Go")
	}
	source := standIn(t)
	writeFiles(t, source, map[string]string{"go.mod": "module standin.example\n\ngo 1.26.3\n"})
	fetchGo(t, "go1.25.5+auto", source)
	toolchain := goHere(t, source)
	if toolchain.version != "go1.26.3" {
		t.Errorf("found %s", toolchain.version)
	}
	// That a program is compiled with it is TestToolchains'.
	if _, err := overlay(t.Context(), source, t.TempDir(), toolchain); err != nil {
		t.Error(err)
	}
}

// fetchGo makes Go use a release, and fetch it if it is not here. What cannot
// be fetched skips the test, but not in CI.
func fetchGo(t *testing.T, version, folder string) {
	t.Helper()
	t.Setenv("GOTOOLCHAIN", version)
	cmd := exec.CommandContext(t.Context(), "go", "version")
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("%v: %s", err, out)
	}
	if err != nil {
		t.Skipf("%v: %s", err, out)
	}
}

func TestIsBelow(t *testing.T) {
	tests := []struct {
		system, folder, path string
		want                 bool
	}{
		{"linux", "/go/pkg/mod", "/go/pkg/mod/golang.org/toolchain@v0.0.1", true},
		{"linux", "/go/pkg/mod", "/go/pkg/mod", true},
		{"linux", "/go/pkg/mod", "/go/pkg/modern", false},
		{"linux", "/go/pkg/mod", "/usr/local/go", false},
		{"linux", "/go/pkg/mod", "/go/pkg", false},
		{"linux", "/go/pkg/mod", "/go/pkg/mod/..x", true},
		{"linux", "/go/pkg/mod", "/Go/pkg/mod/x", false},
		{"linux", "/", "/usr/local/go", true},
		{"linux", "", "/usr/local/go", false},
		{"linux", `/go\pkg`, "/go/pkg/mod", false},
		{"windows", `C:\Daten\Jörg Ä\go\pkg\mod`, `C:\Daten\Jörg Ä\go\pkg\mod\golang.org\toolchain@v0.0.1`, true},
		{"windows", `C:\Daten\jörg\go\pkg\mod`, `c:\daten\JÖRG\go\pkg\mod\golang.org`, true},
		{"windows", `C:/Daten/x/go/pkg/mod`, `C:\Daten\x\go\pkg\mod\golang.org`, true},
		{"windows", `C:\go\pkg\mod`, `D:\go\pkg\mod\golang.org`, false},
		{"windows", `C:\go\pkg\mod`, `C:\go\pkg\modern`, false},
		{"windows", `C:\go\pkg\mod`, `C:\Program Files\Go`, false},
		{"windows", `C:\`, `C:\Program Files\Go`, true},
		{"windows", `\\server\share\mod`, `\\server\share\mod\golang.org`, true},
		{"windows", "", `C:\Program Files\Go`, false},
	}
	for _, tt := range tests {
		if got := isBelow(tt.system, tt.folder, tt.path); got != tt.want {
			t.Errorf("%s: %s below %s: %v", tt.system, tt.path, tt.folder, got)
		}
	}
}

func TestExeSuffix(t *testing.T) {
	if exeSuffix("windows") != ".exe" || exeSuffix("linux") != "" {
		t.Error("programs have other names there")
	}
}

// TestMirror makes links, and copies where a link fails, be it the first or a
// later one; also out of a folder that cannot be written to.
func TestMirror(t *testing.T) {
	from := t.TempDir()
	writeFiles(t, from, map[string]string{"VERSION": "go1.26.0\n", "bin/go": "program"})
	for name, mode := range map[string]os.FileMode{"bin/go": 0o555, "bin": 0o555, "VERSION": 0o444} {
		if err := os.Chmod(filepath.Join(from, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(from, "bin"), 0o755) })
	for name, links := range map[string]int{"no links": 0, "links for files alone": 1, "links": 2} {
		t.Run(name, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), "mirror (ü)")
			made := 0
			link := func(from, to string) error {
				if made == links {
					return os.ErrPermission
				}
				made++
				return os.Symlink(from, to)
			}
			if links == 2 && os.Symlink(from, filepath.Join(t.TempDir(), "link")) != nil {
				t.Skip("there are no links here")
			}
			if err := mirrorWith(link, from, to); err != nil {
				t.Fatal(err)
			}
			if got := string(read(t, to, "bin/go")) + string(read(t, to, "VERSION")); got != "programgo1.26.0\n" {
				t.Errorf("the mirror holds %q", got)
			}
			info, err := os.Stat(filepath.Join(to, "bin", "go"))
			if err != nil || info.Mode().Perm()&0o100 == 0 && runtime.GOOS != "windows" {
				t.Errorf("what is a program is none there (error: %v)", err)
			}
			if entry, err := os.Lstat(filepath.Join(to, "VERSION")); err != nil || (entry.Mode().Type() == os.ModeSymlink) != (links == 2) {
				t.Errorf("VERSION is %v (error: %v)", entry.Mode(), err)
			}
			if err := os.RemoveAll(to); err != nil {
				t.Errorf("it cannot be removed: %v", err)
			}
		})
	}
}
