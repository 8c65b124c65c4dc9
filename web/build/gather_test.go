package build

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// writeFiles writes the files of a list below a folder.
func writeFiles(t *testing.T, folder string, contents map[string]string) {
	t.Helper()
	for name, content := range contents {
		name = filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// goCommand runs a command of Go in a folder.
func goCommand(t *testing.T, folder string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// A project is one that builds the assets: it requires a module with our name,
// which needs another one.
type project struct{ folder, source, other string }

// newProject writes the three modules below a folder. What ours is for
// `go mod vendor`, the files with the tag that no build has, is that of the sources.
func newProject(t *testing.T, folder string) project {
	t.Helper()
	p := project{filepath.Join(folder, "app"), filepath.Join(folder, "oidcspa"), filepath.Join(folder, "other")}
	writeFiles(t, p.other, map[string]string{
		"go.mod":          "module other.example\n\ngo 1.21\n",
		"bridge/ready.go": "package bridge\n\nfunc Ready() string { return max(\"ready\", \"read\") }\n", // max: Go 1.21
		"other.go":        "package other\n\nfunc Unused() {}\n",
	})
	const required = "require other.example v1.2.3\n\nreplace other.example => ../other\n"
	writeFiles(t, p.source, map[string]string{
		"go.mod":                     "module " + modulePath + "\n\ngo 1.26.0\n\n" + required,
		"wasm/main.go":               "package main\n\nimport \"" + modulePath + "/internal/say\"\n\nfunc main() { say.It() }\n",
		"internal/say/say.go":        "//go:build js\n\npackage say\n\nimport \"other.example/bridge\"\n\nfunc It() { println(bridge.Ready()) }\n",
		"web/web.go":                 "package web\n",
		"web/oidcspa.js":             shim,
		"web/npm/vite-plugin.js":     "export const plugin = 1;\n",
		"web/shim/version.js":        "export const Version = \"1.2.3\";\n",
		"web/build/build.go":         "package build\n",
		"web/build/needs.go":         string(read(t, ".", "needs.go")),
		"web/sources.go":             string(read(t, "..", "sources.go")),
		"internal/say/say_test.go":   "package say\n\nimport \"not.example/here\"\n\nvar _ = here.Now\n",
		"internal/say/more/notes.md": "not a package\n",
	})
	writeFiles(t, p.folder, map[string]string{
		"go.mod": "module app.example\n\ngo 1.26.0\n\nrequire " + modulePath + " v0.1.0\n\n" + required +
			"replace " + modulePath + " => ../oidcspa\n",
		"main.go": "package main\n\nimport _ \"" + modulePath + "/web/build\"\n\nfunc main() {}\n",
	})
	return p
}

// TestVendored expects the same wasm from a module and from the vendor folder
// of a project that requires it, with nothing else there, no proxy and no
// module cache; and that in folders with names of all kinds.
func TestVendored(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	p := newProject(t, t.TempDir())
	want, err := compile(t.Context(), p.source, t.TempDir(), goHere(t, p.source))
	if err != nil {
		t.Fatal(err)
	}
	goCommand(t, p.folder, "mod", "vendor")
	for _, script := range []string{"shim/version.js", "npm/vite-plugin.js"} {
		vendored := filepath.Join(p.folder, "vendor", filepath.FromSlash(modulePath), "web", filepath.FromSlash(script))
		if _, err := os.Stat(vendored); err != nil {
			t.Errorf("the scripts are not vendored: %v", err)
		}
	}

	named := filepath.Join(t.TempDir(), "Die größte 应用 (a b)")
	if err := os.CopyFS(named, os.DirFS(p.folder)); err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(named, linked); err != nil {
		linked = named // a system without links
	}
	sub := filepath.Join(linked, "cmd", "deep")
	if err := os.MkdirAll(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ folder, flags string }{
		"as it is":            {named, ""},
		"asked for":           {named, "-mod=vendor"},
		"below a link":        {linked, ""},
		"in a folder of it":   {sub, "-mod=vendor"},
		"with the app's tags": {named, "-tags=prod"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(tt.folder)
			t.Setenv("GOFLAGS", tt.flags)
			cache := t.TempDir()
			t.Setenv("GOMODCACHE", cache)
			source, checkout, err := FindSource(t.Context())
			if err != nil || checkout || !strings.HasSuffix(filepath.ToSlash(source), "/vendor/"+modulePath) {
				t.Fatalf("FindSource = %s, %v, %v; want the vendor folder", source, checkout, err)
			}
			// A path with characters of all kinds for what is made on the way, too.
			temporary := filepath.Join(t.TempDir(), "zwischen größen")
			if err := os.Mkdir(temporary, 0o755); err != nil {
				t.Fatal(err)
			}
			got, err := compile(t.Context(), source, temporary, goHere(t, source))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Error("the wasm is another one")
			}
			if left := tree(t, cache); len(left) > 0 {
				t.Errorf("written to the module cache: %q", left)
			}
		})
	}
}

// TestReadOnly expects nothing to be written where the sources and Go lie: both
// may be read-only. (Whoever runs tests as root cannot be refused.)
func TestReadOnly(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	p := newProject(t, t.TempDir())
	toolchain := goHere(t, p.source)
	library := filepath.Join(toolchain.root, "src", "compress")
	before, libraryBefore := tree(t, p.source), tree(t, library)
	if _, err := compile(t.Context(), p.source, t.TempDir(), toolchain); err != nil {
		t.Fatal(err)
	}
	if after := tree(t, p.source); !slices.Equal(before, after) {
		t.Errorf("the sources were %q and are %q", before, after)
	}
	if !slices.Equal(libraryBefore, tree(t, library)) {
		t.Error("the standard library has changed")
	}
}

// tree lists the files below a folder, with their times.
func tree(t *testing.T, folder string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == folder {
			return err
		}
		info, err := entry.Info()
		files = append(files, fmt.Sprint(name, info.ModTime()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestNotVendored expects the module that go.mod requires where the vendor
// folder is not used, or does not have this module.
func TestNotVendored(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	p := newProject(t, t.TempDir())
	for _, tt := range []struct{ name, flags, imported string }{
		{"no vendor folder", "", modulePath + "/web/build"},
		{"one that is not used", "-mod=mod", modulePath + "/web/build"},
		{"one without the builder", "", modulePath + "/web"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name != "no vendor folder" {
				writeFiles(t, p.folder, map[string]string{"main.go": "package main\n\nimport _ \"" + tt.imported + "\"\n\nfunc main() {}\n"})
				goCommand(t, p.folder, "mod", "vendor")
			}
			t.Chdir(p.folder)
			t.Setenv("GOFLAGS", tt.flags)
			source, checkout, err := FindSource(t.Context())
			if want, _ := filepath.EvalSymlinks(p.source); err != nil || checkout || source != want {
				t.Errorf("FindSource = %s, %v, %v; want %s", source, checkout, err, want)
			}
		})
	}
}

// TestGatherFails names what is missing.
func TestGatherFails(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "vendor", filepath.FromSlash(modulePath))
	writeFiles(t, folder, map[string]string{"web/build/build.go": "package build\n"})
	err := gather(context.Background(), folder, t.TempDir(), goHere(t, "."))
	if err == nil || !strings.HasSuffix(err.Error(), modulePath+" is not all of it: run `go mod vendor` again") {
		t.Errorf("without package wasm: %v", err)
	}
}

// TestNoProxy says where the versions come from that no proxy may be asked for.
func TestNoProxy(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", t.TempDir())
	source := standIn(t)
	writeFiles(t, source, map[string]string{
		"go.mod":       "module standin.example\n\ngo 1.26.0\n\nrequire other.example v1.2.3\n",
		"go.sum":       "other.example v1.2.3 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nother.example v1.2.3/go.mod h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"wasm/main.go": "package main\n\nimport \"other.example/bridge\"\n\nfunc main() { bridge.Ready() }\n",
	})
	_, err := compile(t.Context(), source, t.TempDir(), goHere(t, source))
	if err == nil || !strings.Contains(err.Error(), "one build with a proxy fetches them") {
		t.Errorf("compile = %v", err)
	}
}

func TestLinkedVersion(t *testing.T) {
	ours := func(m debug.Module) *debug.BuildInfo {
		m.Path = modulePath
		return &debug.BuildInfo{Deps: []*debug.Module{{Path: "other.example", Version: "v9.9.9", Sum: "h1:a="}, &m}}
	}
	for _, tt := range []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"a tool of an app", ours(debug.Module{Version: "v1.2.3", Sum: "h1:b="}), "v1.2.3"},
		{"a module of a workspace", ours(debug.Module{Version: "(devel)"}), ""},
		{"replaced", ours(debug.Module{Version: "v1.2.3", Replace: &debug.Module{Path: "../oidcspa"}}), ""},
		{"another program", &debug.BuildInfo{}, ""},
	} {
		if got := linkedVersion(tt.info); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
