package repotest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// goCodes returns the error codes of the Go sources, with their files: the
// constants of type Code or oidc.Code.
func goCodes(t *testing.T) map[string]string {
	t.Helper()
	codes := make(map[string]string)
	for name, text := range repositoryFiles(t) {
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			constants, ok := decl.(*ast.GenDecl)
			if !ok || constants.Tok != token.CONST {
				continue
			}
			for _, spec := range constants.Specs {
				addCodes(codes, name, spec.(*ast.ValueSpec))
			}
		}
	}
	if len(codes) < 30 {
		t.Fatalf("found only the codes %v", codes)
	}
	return codes
}

func addCodes(codes map[string]string, file string, spec *ast.ValueSpec) {
	switch typ := spec.Type.(type) {
	case *ast.Ident:
		if typ.Name != "Code" || !below(file, "oidc") {
			return
		}
	case *ast.SelectorExpr:
		if pkg, ok := typ.X.(*ast.Ident); !ok || pkg.Name != "oidc" || typ.Sel.Name != "Code" {
			return
		}
	default:
		return
	}
	for _, value := range spec.Values {
		if literal, ok := value.(*ast.BasicLit); ok {
			if code, err := strconv.Unquote(literal.Value); err == nil {
				codes[code] = file
			}
		}
	}
}

var (
	// union is the type of the codes in the declarations for TypeScript.
	union       = regexp.MustCompile(`(?s)export type \w*Code\s*=([^;]*);`)
	unionMember = regexp.MustCompile(`\|?\s*"([a-z_]+)"`)
	// codeRow is a row of docs/errors.md: code, cause, cure.
	codeRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^|]+) \\| ([^|]+) \\|$")
)

// declaredCodes returns the codes in the declarations.
func declaredCodes(t *testing.T) (codes []string) {
	t.Helper()
	match := union.FindStringSubmatch(content(t, "web/oidcspa.d.ts"))
	if match == nil {
		t.Fatal("web/oidcspa.d.ts: there is no union of the error codes, export type ...Code = ...;")
	}
	for _, member := range unionMember.FindAllStringSubmatch(match[1], -1) {
		codes = append(codes, member[1])
	}
	return codes
}

// scriptCode is where a script fails with a code of its own.
var scriptCode = regexp.MustCompile(`\bfailure\("([a-z_]+)"`)

// TestCodesDeclared expects TypeScript to know every code of the Go sources
// and of the scripts, and no other.
func TestCodesDeclared(t *testing.T) {
	codes := goCodes(t)
	for name, text := range repositoryFiles(t) {
		if name != "web/worker.js" && path.Dir(name) != "web/shim" {
			continue
		}
		for _, match := range scriptCode.FindAllStringSubmatch(text, -1) {
			codes[match[1]] = name
		}
	}
	declared := declaredCodes(t)
	for code, file := range codes {
		if !slices.Contains(declared, code) {
			t.Errorf("web/oidcspa.d.ts: the union lacks %q of %s", code, file)
		}
	}
	for _, code := range declared {
		if codes[code] == "" {
			t.Errorf("web/oidcspa.d.ts: nothing fails with %q", code)
		}
	}
}

// TestCodesDocumented expects the reference to have a cause and a cure for
// every code, and no row for what is not a code.
func TestCodesDocumented(t *testing.T) {
	declared := declaredCodes(t)
	documented := make(map[string]bool)
	for _, row := range codeRow.FindAllStringSubmatch(content(t, "docs/errors.md"), -1) {
		code := row[1]
		if documented[code] {
			t.Errorf("docs/errors.md: %s has two rows", code)
		}
		if !slices.Contains(declared, code) {
			t.Errorf("docs/errors.md: %s is no code", code)
		}
		documented[code] = true
	}
	for _, code := range declared {
		if !documented[code] {
			t.Errorf("docs/errors.md: add the row\n| `%s` | cause | cure |", code)
		}
	}
}
