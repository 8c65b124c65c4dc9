package build

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/web"
	"github.com/oidcspa/oidcspa/web/manifest"
)

// release is what one build writes: a page script, and a worker script and a
// wasm that are named by their hashes.
func release(worker, wasm string) []asset {
	return []asset{
		plain("oidcspa.js", []byte("page of "+worker)),
		hashed("worker.js", bytes.Repeat([]byte(worker), 50)),
		hashed("oidcspa.wasm", bytes.Repeat([]byte(wasm), 50)),
	}
}

// deploy writes a build as Build does, and returns its manifest.
func deploy(t *testing.T, opts Options, assets []asset) *manifest.Manifest {
	t.Helper()
	m, err := tryDeploy(t, opts, assets)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := web.NewHandler(os.DirFS(opts.Out), web.Policy{}); err != nil {
		t.Errorf("what was written cannot be served: %v", err)
	}
	return m
}

func tryDeploy(t *testing.T, opts Options, assets []asset) (*manifest.Manifest, error) {
	t.Helper()
	opts.Logf, opts.Warnf = t.Logf, t.Logf
	earlier, err := opts.earlier(t.Context(), assets)
	if err != nil {
		return nil, err
	}
	return write(assets, earlier, "go1.26.0", opts)
}

// workers returns the worker scripts of the earlier builds.
func workers(m *manifest.Manifest) (names []string) {
	for _, b := range m.Earlier {
		names = append(names, b.Files["worker.js"].Name)
	}
	return names
}

// TestKeep builds into one folder, as who deploys from one machine does.
func TestKeep(t *testing.T) {
	opts := Options{Out: t.TempDir(), Keep: 2}
	var names []string
	for _, r := range []struct {
		worker, wasm string
		want         int // earlier builds
	}{
		{"one", "first", 0},
		{"two", "first", 1},
		{"two", "first", 1}, // the same again does not count
		{"three", "second", 2},
		{"four", "second", 2},
	} {
		m := deploy(t, opts, release(r.worker, r.wasm))
		slices.Reverse(names) // newest first
		names = slices.DeleteFunc(names, func(name string) bool { return name == m.Files["worker.js"].Name })
		if got, want := workers(m), names[:min(r.want, len(names))]; len(want) != r.want || !slices.Equal(got, want) {
			t.Errorf("with %s: earlier builds %q, want %q", r.worker, got, want)
		}
		slices.Reverse(names)
		names = append(names, m.Files["worker.js"].Name)
	}
	for i, name := range names {
		_, err := os.Stat(filepath.Join(opts.Out, name))
		_, packed := os.Stat(filepath.Join(opts.Out, name+".br"))
		if gone := i == 0; gone != errors.Is(err, fs.ErrNotExist) || gone != errors.Is(packed, fs.ErrNotExist) {
			t.Errorf("%s: %v, %v", name, err, packed)
		}
	}

	// Without the flag the folder is that of one build again.
	opts.Keep = 0
	if m := deploy(t, opts, release("four", "second")); len(m.Earlier) > 0 {
		t.Errorf("earlier builds %q", workers(m))
	}
	if got := len(files(t, opts.Out)); got != 1+3+3+1 { // the page script is too small to compress
		t.Errorf("%d files are left", got)
	}
}

// TestKeepDamaged builds into a folder from which somebody took a file.
func TestKeepDamaged(t *testing.T) {
	opts := Options{Out: t.TempDir(), Keep: 2}
	old := deploy(t, opts, release("one", "first"))
	if err := os.Remove(filepath.Join(opts.Out, old.Files["worker.js"].Name)); err != nil {
		t.Fatal(err)
	}
	if m := deploy(t, opts, release("two", "first")); len(m.Earlier) != 0 {
		t.Errorf("earlier builds %q", workers(m))
	}
}

// TestPrevious builds into a new folder each time, as CI does: from the folder
// of the build before, and from the site that serves it, compressed or not.
func TestPrevious(t *testing.T) {
	for _, from := range []string{"folder", "site", "site without brotli"} {
		t.Run(from, func(t *testing.T) {
			opts := Options{Out: t.TempDir(), Keep: 2, SkipCompression: from == "site without brotli"}
			first := deploy(t, opts, release("one", "first"))
			second := deploy(t, opts, release("two", "first"))
			before := files(t, opts.Out)
			opts.Previous = opts.Out
			if from != "folder" {
				opts.Previous = serveFolder(t, opts.Out) + "/oidcspa/"
			}
			opts.Out = t.TempDir()
			third := deploy(t, opts, release("three", "second"))
			want := []string{second.Files["worker.js"].Name, first.Files["worker.js"].Name}
			if got := workers(third); !slices.Equal(got, want) {
				t.Errorf("earlier builds %q, want %q", got, want)
			}
			after := files(t, opts.Out)
			for _, name := range append(want, first.Files["oidcspa.wasm"].Name) {
				for _, suffix := range []string{"", ".br", ".gz"} {
					if after[name+suffix] != before[name+suffix] {
						t.Errorf("%s%s is not what it was", name, suffix)
					}
				}
			}
		})
	}
}

// serveFolder serves a folder below /oidcspa/.
func serveFolder(t *testing.T, folder string) (origin string) {
	t.Helper()
	h, err := web.NewHandler(os.DirFS(folder), web.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/oidcspa/", h))
	t.Cleanup(server.Close)
	return server.URL
}

// TestHostilePrevious expects that nothing becomes a file of the site that is
// not what its name says, and an error that names it.
func TestHostilePrevious(t *testing.T) {
	list := func(logical string, f manifest.File) string {
		m := &manifest.Manifest{Files: map[string]manifest.File{logical: f}}
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	good := hashed("worker.js", []byte("good()"))
	honest := manifest.File{Name: good.name, Size: len(good.data), Integrity: integrityOf(good.data)}
	edit := func(change func(*manifest.File)) manifest.File {
		f := honest
		change(&f)
		return f
	}
	page := hashed("page.html", good.data)
	tests := []struct {
		name, manifest, answer, want string
	}{
		{"as it should be", list("worker.js", honest), "good()", ""},
		{"another content", list("worker.js", honest), "evil()", "does not hold what its name"},
		{"another content, and its hash in the manifest", list("worker.js", edit(func(f *manifest.File) { f.Integrity = integrityOf([]byte("evil()")) })),
			"evil()", "does not hold what its name"},
		{"another hash in the manifest", list("worker.js", edit(func(f *manifest.File) { f.Integrity = "sha384-x" })), "good()", "does not hold what its name"},
		{"longer", list("worker.js", honest), "good();", "more than 6 bytes"},
		{"shorter", list("worker.js", honest), "good", "does not hold what its name"},
		{"longer than any file", list("worker.js", edit(func(f *manifest.File) { f.Size = maxFile + 1 })), "good()", "a size of 67108865 bytes"},
		{"a negative size", list("worker.js", edit(func(f *manifest.File) { f.Size = -1 })), "good()", "a size of -1 bytes"},
		{"a path", list("worker.js", edit(func(f *manifest.File) { f.Name = "../" + f.Name })), "good()", "is not the name of a file"},
		{"a path of Windows", list("worker.js", edit(func(f *manifest.File) { f.Name = `..\` + f.Name })), "good()", "is not the name of a file"},
		{"a page", list("page.html", manifest.File{Name: page.name, Size: 6, Integrity: honest.Integrity}), "good()", "neither a script nor a wasm"},
		{"no manifest", "<!doctype html>", "good()", "reading manifest.json"},
		{"a manifest without end", "{" + strings.Repeat(" ", maxManifest), "good()", "more than 1048576 bytes"},
		{"a redirect", list("worker.js", honest), "redirect", "the answer leads elsewhere"},
		{"not there", list("worker.js", honest), "missing", "answered 404 Not Found"},
		{"brotli without end", list("worker.js", honest), "bomb", "more than 6 bytes"},
		{"an encoding nobody asked for", list("worker.js", honest), "zip", `in the encoding "gzip"`},
		{"cut off", list("worker.js", honest), "cut", "unexpected EOF"},
	}
	bomb, err := (&compressor{version: "x", opts: Options{Logf: t.Logf}, old: new(manifest.Manifest)}).
		compress(plain("bomb.js", bytes.Repeat([]byte("bomb"), 1<<18)))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/"+manifest.FileName:
					_, _ = w.Write([]byte(tt.manifest))
				case tt.answer == "redirect":
					http.Redirect(w, r, "/elsewhere", http.StatusFound)
				case tt.answer == "missing" || r.URL.Path != "/"+good.name:
					http.NotFound(w, r)
				case tt.answer == "bomb":
					w.Header().Set("Content-Encoding", "br")
					_, _ = w.Write(bomb[".br"])
				case tt.answer == "zip":
					w.Header().Set("Content-Encoding", "gzip")
				case tt.answer == "cut":
					w.Header().Set("Content-Length", "6")
					_, _ = w.Write([]byte("go"))
				default:
					_, _ = w.Write([]byte(tt.answer))
				}
			}))
			defer server.Close()
			opts := Options{Out: t.TempDir(), Keep: 2, Previous: server.URL, SkipCompression: true}
			_, err := tryDeploy(t, opts, release("new", "new"))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if left := files(t, opts.Out); tt.want != "" && len(left) > 0 {
				t.Errorf("%d files were written", len(left))
			}
		})
	}
}

// TestPreviousAddress says what may be named.
func TestPreviousAddress(t *testing.T) {
	for name, want := range map[string]string{
		"https://app.example/oidcspa/":   "",
		"http://localhost:8080/oidcspa":  "",
		"http://127.0.0.1/oidcspa":       "",
		"http://app.example/oidcspa/":    "fetched over https",
		"ftp://app.example/oidcspa/":     "fetched over https",
		"https://app.example/?v=1":       "not the address of a folder",
		"https://app.example/oidcspa/#x": "not the address of a folder",
		"https://app.example:x/":         "invalid port",
		"build/assets":                   "",
	} {
		_, err := findPrevious(name)
		if got := fmt.Sprint(err); want == "" && err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := (Options{Keep: 1, Previous: t.TempDir()}).earlier(t.Context(), nil); err == nil {
		t.Error("a folder without a manifest is no error")
	}
}
