package build

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// standIn writes a small module in the shape of ours and returns its folder.
func standIn(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":                   "module standin.example\n\ngo 1.26.0\n",
		"wasm/main.go":             "package main\n\nfunc main() { println(\"ready\") }\n",
		"web/oidcspa.js":           shim,
		"LICENSE":                  "do what you like\n",
		"web/npm.md":               "# standin\n",
		"web/npm/vite-plugin.js":   "export const plugin = 1;\n",
		"web/npm/vite-plugin.d.ts": "export const plugin: 1;\n",
		"web/shim/version.js":      "export const Version = \"1.2.3\";\n",
		"web/log.js":               "export const log = 1;\n",
		"web/stores.js":            "export const store = 1;\n",
		"web/client.js":            "import { Client } from \"./client/client.js\";\n\nexport { Client };\n",
		"web/client/client.js":     "import { OIDCClient } from \"../oidcspa.js\";\nexport class Client extends OIDCClient {}\n",
		"web/monitor.js":           "export const monitor = 1;\n",
		"web/entrypoint.js":        "export const early = 1;\n",
		"web/createoidc.js":        "export const oidc = 1;\n",
		"web/core-mock.js":         "export const mock = 1;\n",
		"web/react-spa.js":         "export const react = 1;\n",
		"web/keycloak.js":          "export const realm = 1;\n",
		"web/decode-jwt.js":        "export const jwt = 1;\n",
		"web/ondemand.js":          "const later = 1;\n\nexport { later };\n",
		"web/index.js":             "import { OIDCClient } from \"./oidcspa.js\";\n\nexport { OIDCClient };\n",
		"web/oidcspa.d.ts":         "export class OIDCClient {}\n",
		"web/log.d.ts":             "export const log: 1;\n",
		"web/stores.d.ts":          "export const store: 1;\n",
		"web/client.d.ts":          "export class Client {}\n",
		"web/monitor.d.ts":         "export const monitor: 1;\n",
		"web/entrypoint.d.ts":      "export const early: 1;\n",
		"web/createoidc.d.ts":      "export const oidc: 1;\n",
		"web/core-mock.d.ts":       "export const mock: 1;\n",
		"web/react-spa.d.ts":       "export const react: 1;\n",
		"web/keycloak.d.ts":        "export const realm: 1;\n",
		"web/decode-jwt.d.ts":      "export const jwt: 1;\n",
		"web/index.d.ts":           "export * from \"./oidcspa.js\";\n",
		"web/worker.js":            "// the worker\nconst WASM_FILE = \"oidcspa.wasm\";\nconst WASM_INTEGRITY = \"\";\nconst KEEPER_FILE = \"keeper.js\";\n",
		"web/keeper.js":            "// keeps\nvoid registration.scope;\n",
		"web/callback.html":        "<!doctype html>\n<script src=\"callback.js\"></script>\n",
		"web/callback.js":          "// tells who waits\nopener.postMessage(location.href);\n",
		"web/frontchannel.html":    "<!doctype html>\n<script src=\"frontchannel.js\"></script>\n",
		"web/frontchannel.js":      "// tells the programs\nvoid location.href;\n",
	} {
		name = filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

const shim = `// @ts-check
const SCRIPT_URL = import.meta.url;
const WORKER_FILE = "worker.js";
const ONDEMAND_FILE = "ondemand.js";
const FILES = [new URL("./worker.js", import.meta.url), new URL("./oidcspa.wasm", import.meta.url)];

/**
 * Signs in.
 */
class OIDCClient {}

async function open() {
  const { later } = await import("./ondemand.js");
  return later;
}

export { OIDCClient };
`

// compileHere compiles the stand-in.
func compileHere(t *testing.T) ([]byte, error) {
	source := standIn(t)
	return compile(t.Context(), source, t.TempDir(), goHere(t, source))
}

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// files returns the content of every file in a folder.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, entry := range entries {
		all[entry.Name()] = string(read(t, folder, entry.Name()))
	}
	return all
}

// TestReproducible builds the same sources in two folders: nothing of the
// place or the time may be in the assets.
func TestReproducible(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	for _, out := range []string{first, second} {
		if _, err := Build(t.Context(), Options{Out: out, Source: standIn(t), SkipCompression: true}); err != nil {
			t.Fatal(err)
		}
	}
	compareFolders(t, first, second)
}

// TestLineEnds builds from files as git writes them on Windows.
func TestLineEnds(t *testing.T) {
	source, first, second := standIn(t), t.TempDir(), t.TempDir()
	if _, err := Build(t.Context(), Options{Out: first, Source: source, SkipCompression: true}); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(source, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data := bytes.ReplaceAll(read(t, "", name), []byte("\n"), []byte("\r\n"))
		return os.WriteFile(name, data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Build(t.Context(), Options{Out: second, Source: source, SkipCompression: true}); err != nil {
		t.Fatal(err)
	}
	compareFolders(t, first, second)
}

// TestCompress compresses in two folders. It takes the beginning of a wasm,
// since brotli is slow for all of it.
func TestCompress(t *testing.T) {
	wasm, err := compileHere(t)
	if err != nil {
		t.Fatal(err)
	}
	assets := []asset{hashed("oidcspa.wasm", wasm[:100_000]), plain("tiny.js", []byte("a();")), plain("a.d.ts", wasm[:9000])}
	first, second := t.TempDir(), t.TempDir()
	for _, out := range []string{first, second} {
		if _, err := write(assets, nil, "go1.26.0", Options{Out: out, Logf: t.Logf}); err != nil {
			t.Fatal(err)
		}
	}
	compareFolders(t, first, second)
	checkCompressed(t, first)
	for _, name := range []string{"tiny.js.br", "tiny.js.gz", "a.d.ts.br", "a.d.ts.gz"} {
		if _, err := os.Stat(filepath.Join(first, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was written (error: %v)", name, err)
		}
	}
}

func compareFolders(t *testing.T, first, second string) {
	t.Helper()
	want, got := files(t, first), files(t, second)
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, slices.Sorted(maps.Keys(want))) {
		t.Fatalf("the second build wrote %q, the first %q", names, slices.Sorted(maps.Keys(want)))
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s differs between two builds", name)
		}
	}
}

// checkCompressed expects the compressed forms of the wasm to hold the wasm.
func checkCompressed(t *testing.T, folder string) {
	t.Helper()
	m, err := manifest.Read(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	f := m.Files["oidcspa.wasm"]
	want := read(t, folder, f.Name)
	br := read(t, folder, f.Name+".br")
	gz := read(t, folder, f.Name+".gz")
	if len(want) != f.Size || len(br) != f.Brotli || len(gz) != f.Gzip {
		t.Errorf("sizes are %d, %d, %d; the manifest says %+v", len(want), len(br), len(gz), f)
	}
	z, err := gzip.NewReader(bytes.NewReader(gz))
	if err != nil {
		t.Fatal(err)
	}
	for form, r := range map[string]io.Reader{"br": brotli.NewReader(bytes.NewReader(br)), "gz": z} {
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("the .%s file does not hold the wasm (error: %v)", form, err)
		}
	}
}

func TestBuild(t *testing.T) {
	source, out := standIn(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "README.md"), []byte("ours"), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := Build(t.Context(), Options{Out: out, Source: source, SkipCompression: true})
	if err != nil {
		t.Fatal(err)
	}
	wasm, worker := m.Files["oidcspa.wasm"].Name, m.Files["worker.js"].Name
	if !m.Files["worker.js"].Hashed("worker.js") || !m.Files["oidcspa.wasm"].Hashed("oidcspa.wasm") {
		t.Errorf("%s and %s are not named by their hashes", worker, wasm)
	}
	for _, tt := range []struct{ file, want string }{
		{"oidcspa.js", `"` + worker + `"`},
		{"oidcspa.js", `new URL("./` + worker + `",import.meta.url)`},
		{"oidcspa.js", `new URL("./` + wasm + `",import.meta.url)`},
		{"oidcspa.classic.js", `"` + worker + `"`},
		{"oidcspa.classic.js", "Document.prototype,\"currentScript\").get.call(document)?.src"},
		{"oidcspa.classic.js", "return{OIDCClient:"},
		{worker, `"` + wasm + `"`},
		{worker, `"` + m.Files["keeper.js"].Name + `"`},
		{worker, "The Go Authors"}, // the licence of wasm_exec.js stays
		{worker, "globalThis.Go = class"},
		{"callback.js", header},
		{"oidcspa.d.ts", "export class OIDCClient {}"},
	} {
		if got := string(read(t, out, tt.file)); !strings.Contains(got, tt.want) {
			t.Errorf("%s does not hold %s", tt.file, tt.want)
		}
	}

	// A changed worker gets another name; the old file goes, ours stays.
	if err := os.WriteFile(filepath.Join(source, "web", "worker.js"),
		[]byte("const WASM_FILE = \"oidcspa.wasm\";\nconst WASM_INTEGRITY = \"\";\nconst KEEPER_FILE = \"keeper.js\";\nrun();\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := Build(t.Context(), Options{Out: out, Source: source, SkipCompression: true})
	if err != nil {
		t.Fatal(err)
	}
	if again.Files["worker.js"].Name == worker {
		t.Error("another worker has the same name")
	}
	if _, err := os.Stat(filepath.Join(out, worker)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the worker of the build before is still there (error: %v)", err)
	}
	read(t, out, "README.md")
}

// TestReuse expects an unchanged file not to be compressed again, unless what
// is there does not hold it.
func TestReuse(t *testing.T) {
	out := t.TempDir()
	script := bytes.Repeat([]byte("again(); "), 100)
	assets := []asset{plain("a.js", script), plain("b.js", script)}
	compressed := func() (names []string) {
		t.Helper()
		_, err := write(assets, nil, "go1.26.0", Options{Out: out, Logf: func(_ string, args ...any) {
			names = append(names, args[0].(string))
		}})
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	if got := compressed(); !slices.Equal(got, []string{"a.js", "b.js"}) {
		t.Errorf("the first build compressed %q", got)
	}
	if got := compressed(); len(got) != 0 {
		t.Errorf("the second build compressed %q again", got)
	}
	if err := os.WriteFile(filepath.Join(out, "a.js.br"), []byte("something else"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := compressed(); !slices.Equal(got, []string{"a.js"}) {
		t.Errorf("with a damaged a.js.br the build compressed %q", got)
	}
}

func TestFindSource(t *testing.T) {
	folder, checkout, err := FindSource(t.Context())
	if err != nil || !checkout {
		t.Fatalf("FindSource = %q, %v, %v; want the checkout", folder, checkout, err)
	}
	if want, _ := filepath.Abs("../.."); folder != want {
		t.Errorf("FindSource = %q, want %q", folder, want)
	}
}

func TestBuildFails(t *testing.T) {
	tests := []struct {
		name, file, content, want string
	}{
		{"no marker for the wasm", "web/worker.js", "run();\n",
			"web/worker.js: want once, got 0 times: " + wasmMarker},
		{"no marker for the hash of the wasm", "web/worker.js", wasmMarker + "\n",
			"web/worker.js: want once, got 0 times: " + integrityMarker},
		{"no marker for the keeper", "web/worker.js", wasmMarker + "\n" + integrityMarker + "\n",
			"web/worker.js: want once, got 0 times: " + keeperMarker},
		{"marker for the worker twice", "web/oidcspa.js", workerMarker + "\n" + shim,
			"web/oidcspa.js: want once, got 2 times: " + workerMarker},
		{"no marker for the URL", "web/oidcspa.js", strings.Replace(shim, urlMarker, "", 1),
			"web/index.js: want once, got 0 times: " + urlMarker},
		{"a statement after the export", "web/oidcspa.js", shim + "run();\n",
			`web/oidcspa.js: the last statement is not the one export { A, B };`},
		{"a renaming export", "web/oidcspa.js", strings.Replace(shim, "{ OIDCClient }", "{ OIDCClient as C }", 1),
			"web/oidcspa.js: the last statement is not the one export { A, B };"},
		{"an import of a package", "web/oidcspa.js", "import { a } from \"a\";\n" + shim,
			`web/oidcspa.js: "import " cannot be linked`},
		{"an import of what is not there", "web/oidcspa.js", "import { a } from \"./a.js\";\n" + shim,
			"no such file"},
		{"an import of itself", "web/oidcspa.js", "import { a } from \"./oidcspa.js\";\n" + shim,
			"web/oidcspa.js imports itself by way of web/oidcspa.js"},
		{"a default export", "web/oidcspa.js", "export default 1;\n" + shim,
			`web/oidcspa.js: "export" cannot be linked`},
		{"a script that is none", "web/callback.js", "run(;\n",
			`web/callback.js: Unexpected ";": run(;`},
		{"Go that does not compile", "wasm/main.go", "package main\n\nfunc main() { missing() }\n",
			"undefined: missing"},
	}
	source, out := standIn(t), t.TempDir()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(source, filepath.FromSlash(tt.file))
			before, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			defer os.WriteFile(name, before, 0o644)
			if err := os.WriteFile(name, []byte(tt.content), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = Build(t.Context(), Options{Out: out, Source: source, SkipCompression: true})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Build = %v, want %q", err, tt.want)
			}
		})
	}
}
