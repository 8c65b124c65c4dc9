//go:build !js

package jsbridge

import (
	"go/build/constraint"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestFiles: every file that is not for all platforms says so itself, and none
// imports more than it may.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		want := "js && wasm"
		switch file {
		case "doc.go":
			want = ""
		case "tags_test.go":
			want = "!js"
		}
		if got := buildTag(t, file); got != want {
			t.Errorf("%s: build tag %q, want %q", file, got, want)
		}
		checkImports(t, file)
	}
}

func buildTag(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if !constraint.IsGoBuild(line) {
			continue
		}
		expr, err := constraint.Parse(line)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		return expr.String()
	}
	return ""
}

func checkImports(t *testing.T, file string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	isTest := strings.HasSuffix(file, "_test.go")
	for _, spec := range parsed.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case path == "github.com/hack-pad/safejs":
		case path == "syscall/js" && file != "errors.go":
			t.Errorf("%s imports %s: safejs does not panic", file, path)
		case strings.Contains(path, "."):
			t.Errorf("%s imports %s: this package stands on safejs alone", file, path)
		case !isTest && (path == "net/http" || path == "encoding/json" || path == "log"):
			t.Errorf("%s imports %s: too large for the browser", file, path)
		}
	}
}

// TestTypes: a value from outside may be a BigInt, and asking for its type ends
// the program. Only type.go does so.
func TestTypes(t *testing.T) {
	for _, pattern := range []string{"*.go", "../wasm/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if file != "type.go" && !strings.HasSuffix(file, "_test.go") && strings.Contains(string(data), ".Type()") {
				t.Errorf("%s asks for a type: isType does not panic", file)
			}
		}
	}
}
