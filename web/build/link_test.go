package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLink(t *testing.T) {
	folder := t.TempDir()
	files := map[string]string{
		"main.js":     "import { one } from \"./part/one.js\";\nimport { two } from \"./part/two.js\";\n\none(two);\nexport { one };\n",
		"part/one.js": "// why\nimport { two } from \"./two.js\";\n\nexport function one() { return two; }\n",
		"part/two.js": "export const two = 2;\nexport class Three {}\nexport async function four() {}\n",
	}
	for name, content := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &sources{folder: folder}
	got := string(s.link("main.js"))
	const want = "const two = 2;\nclass Three {}\nasync function four() {}\n" +
		"// why\n\nfunction one() { return two; }\n" +
		"\none(two);\nexport { one };\n"
	if s.err != nil || got != want {
		t.Errorf("link = %q, %v; want %q", got, s.err, want)
	}
}

// What two scripts need is in the first of them, which exports it.
func TestLinkAll(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"shared.js": "export const shared = 1;\nexport const more = 2;\n",
		"first.js":  "import { shared } from \"./shared.js\";\n\nclass First {}\nuse(shared);\nexport { First };\n",
		"second.js": "import { First } from \"./first.js\";\nimport { more, shared } from \"./shared.js\";\n\nconst two = [First, more, shared];\nexport { two };\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &sources{folder: folder}
	linked := s.linkAll([]string{"first.js", "second.js"})
	want := map[string]string{
		"first.js":  "const shared = 1;\nconst more = 2;\n\nclass First {}\nuse(shared);\nexport { First, more, shared };\n",
		"second.js": "import { First, more, shared } from \"./first.js\";\n\nconst two = [First, more, shared];\nexport { two };\n",
	}
	for name := range want {
		if got := string(linked[name]); s.err != nil || got != want[name] {
			t.Errorf("%s is %q, %v; want %q", name, got, s.err, want[name])
		}
	}
}

// A script that is loaded when it is needed stays one if it is linked, too;
// else it is part of the script that needs it.
func TestLinkLazily(t *testing.T) {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "shim"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"main.js":      "import { load } from \"./shim/load.js\";\n\nexport { load };\n",
		"shim/load.js": "export const used = 1;\nexport async function load() {\n  const { later } = await import(\"../later.js\");\n  return later;\n}\n",
		"later.js":     "import { used } from \"./shim/load.js\";\n\nconst later = used;\n\nexport { later };\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, filepath.FromSlash(name)), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name  string
		names []string
		want  map[string]string
	}{
		{"a script of its own", []string{"main.js", "later.js"}, map[string]string{
			"main.js":  "const used = 1;\nasync function load() {\n  const { later } = await import(\"./later.js\");\n  return later;\n}\n\nexport { load, used };\n",
			"later.js": "import { used } from \"./main.js\";\n\nconst later = used;\n\nexport { later };\n",
		}},
		{"no script of its own", []string{"main.js"}, map[string]string{
			"main.js": "const used = 1;\nasync function load() {\n  return later;\n}\n\nconst later = used;\n\n\nexport { load };\n",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &sources{folder: folder}
			linked := s.linkAll(tt.names)
			for name, want := range tt.want {
				if got := string(linked[name]); s.err != nil || got != want {
					t.Errorf("%s is %q, %v; want %q", name, got, s.err, want)
				}
			}
		})
	}
}

func TestLinkFails(t *testing.T) {
	tests := []struct {
		name, part, want string
	}{
		{"a default export", "export default 1;\n", `web/part.js: "export" cannot be linked`},
		{"an export under another name", "const a = 1;\nexport { a as b };\n", `web/part.js: "export" cannot be linked`},
		{"a circle", "import { a } from \"./main.js\";\n", "web/main.js imports itself by way of web/part.js"},
		{"an import of everything", "import * as a from \"./a.js\";\n", `web/part.js: "import " cannot be linked`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			for name, content := range map[string]string{
				"main.js": "import { a } from \"./part.js\";\n", "part.js": tt.part,
			} {
				if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s := &sources{folder: folder}
			if s.link("main.js"); s.err == nil || s.err.Error() != tt.want {
				t.Errorf("link fails with %v, want %q", s.err, tt.want)
			}
		})
	}
}

// What a module imports of another package stays an import, of the script that
// holds the module.
func TestLinkPackage(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"react-spa.js": "import { one } from \"./one.js\";\n\nexport { one };\n",
		"one.js":       "// why\nimport { createElement } from \"react\";\nimport { two } from \"./two.js\";\n\nexport const one = createElement(two);\n",
		"two.js":       "export const two = 2;\n",
		"other.js":     "export const other = 3;\n\nexport { other };\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &sources{folder: folder}
	linked := s.linkAll([]string{"react-spa.js", "other.js"})
	const want = "import { createElement } from \"react\";\nconst two = 2;\n// why\n\nconst one = createElement(two);\n\nexport { one };\n"
	if got := string(linked["react-spa.js"]); s.err != nil || got != want {
		t.Errorf("react-spa.js is %q, %v; want %q", got, s.err, want)
	}
	if got := string(linked["other.js"]); strings.Contains(got, "react") {
		t.Errorf("other.js imports it, too: %q", got)
	}
}
