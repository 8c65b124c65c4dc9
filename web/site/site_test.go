package site_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/web/site"
)

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(site.Files, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// codes returns the values of the constants of type Code in a Go file.
func codes(t *testing.T, file string) []string {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), file, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if isCode(spec.Type) {
			code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, code)
		}
		return true
	})
	if len(found) == 0 {
		t.Fatalf("%s has no codes", file)
	}
	return found
}

// isCode reports whether a type is Code or oidc.Code.
func isCode(typ ast.Expr) bool {
	if qualified, ok := typ.(*ast.SelectorExpr); ok {
		typ = qualified.Sel
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.Name == "Code"
}

// Each way to fail is explained to the person in front of the screen.
func TestEveryCodeHasAMessage(t *testing.T) {
	messages := read(t, "messages.js")
	want := slices.Concat(codes(t, "../../oidc/errors.go"), codes(t, "../../session/errors.go"), []string{
		"runtime_stopped", "worker_not_found", "wasm_not_found", "wasm_wrong_type", "wasm_blocked_by_csp",
	})
	for _, code := range want {
		if !strings.Contains(messages, "\n  "+code+": \"") {
			t.Errorf("messages.js has no message for %s", code)
		}
	}
}

// The site works under a policy without inline code and without HTML sinks.
func TestNothingInline(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		"index.html": regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|https?://|<script(?:[^>]*)>\s*[^<\s]`),
		"app.js":     regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://|localStorage|sessionStorage`),
		"style.css":  regexp.MustCompile(`@import|url\(`),
	}
	for name, pattern := range forbidden {
		if found := pattern.FindString(read(t, name)); found != "" {
			t.Errorf("%s has %q", name, found)
		}
	}
}

// The script finds what it looks for in the page.
func TestElementsExist(t *testing.T) {
	page := read(t, "index.html")
	ids := regexp.MustCompile(`(?:element|onClick)\("([a-z-]+)"`).FindAllStringSubmatch(read(t, "app.js"), -1)
	if len(ids) == 0 {
		t.Fatal("app.js looks for nothing")
	}
	for _, m := range ids {
		if !strings.Contains(page, `id="`+m[1]+`"`) {
			t.Errorf("index.html has no element %q", m[1])
		}
	}
}
