//go:build !js

package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// read returns a file of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(path)))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no such file, %v", path, err)
	}
	var all strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}

// declarations are those of a TypeScript file, as far as this project's go.
type declarations string

var (
	blockComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	lineComment  = regexp.MustCompile(`(?m)(^|\s)//.*$`)
	quoted       = regexp.MustCompile(`"([^"]*)"`)
	memberName   = regexp.MustCompile(`^(?:readonly\s+)?([A-Za-z_]\w*)\??\s*[:(]`)
)

func parseDeclarations(source string) declarations {
	return declarations(lineComment.ReplaceAllString(blockComment.ReplaceAllString(source, ""), ""))
}

// members returns the names of the members of an interface or of the objects of
// a class, and of those that it extends.
func (d declarations) members(t *testing.T, name string) []string {
	t.Helper()
	head := regexp.MustCompile(`(?:interface|class) ` + name + `(?: extends (\w+))? \{`)
	at := head.FindStringSubmatchIndex(string(d))
	if at == nil {
		t.Fatalf("%s is not declared", name)
	}
	var names []string
	if at[2] >= 0 {
		if base := string(d[at[2]:at[3]]); base != "Error" {
			names = d.members(t, base)
		}
	}
	for _, member := range statements(string(d[at[1]:])) {
		if strings.HasPrefix(member, "static ") {
			continue
		}
		match := memberName.FindStringSubmatch(member)
		if match == nil {
			t.Fatalf("%s: what is the member %q?", name, member)
		}
		if match[1] != "constructor" && !slices.Contains(names, match[1]) {
			names = append(names, match[1])
		}
	}
	return names
}

// union returns the strings of a type that is a union of literals.
func (d declarations) union(t *testing.T, name string) []string {
	t.Helper()
	_, rest, found := strings.Cut(string(d), "type "+name+" =")
	text, _, ends := strings.Cut(rest, ";")
	if !found || !ends {
		t.Fatalf("%s is not declared", name)
	}
	return submatches(quoted, text)
}

// statements splits source at the semicolons of its outermost block, which
// ends with the first brace too many.
func statements(source string) []string {
	var all []string
	depth, start := 0, 0
	for i, c := range source {
		switch c {
		case '{', '(', '[':
			depth++
		case '}', ')', ']':
			if depth--; depth < 0 {
				return all
			}
		case ';':
			if depth == 0 {
				all = append(all, strings.TrimSpace(source[start:i]))
				start = i + 1
			}
		}
	}
	return all
}

// submatches returns the first group of all matches.
func submatches(pattern *regexp.Regexp, text string) []string {
	var found []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

// constants returns the string constants of a type in the packages of folders.
func constants(t *testing.T, typ string, folders ...string) []string {
	t.Helper()
	var values []string
	for _, folder := range folders {
		for _, file := range goFiles(t, folder) {
			ast.Inspect(file, func(node ast.Node) bool {
				spec, ok := node.(*ast.ValueSpec)
				if ok && typeName(spec.Type) == typ {
					for _, value := range spec.Values {
						values = append(values, literal(value))
					}
				}
				return true
			})
		}
	}
	return values
}

// goFiles parses the package in folder, less its tests.
func goFiles(t *testing.T, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no Go files in %s: %v", folder, err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// typeName returns the name of a type, without its package.
func typeName(expr ast.Expr) string {
	switch expr := expr.(type) {
	case *ast.Ident:
		return expr.Name
	case *ast.SelectorExpr:
		return expr.Sel.Name
	}
	return ""
}

// literal returns the value of a string literal, empty for anything else.
func literal(expr ast.Expr) string {
	basic, ok := expr.(*ast.BasicLit)
	if !ok || basic.Kind != token.STRING {
		return ""
	}
	value, err := strconv.Unquote(basic.Value)
	if err != nil {
		return ""
	}
	return value
}

// arguments returns the string literals that are given to the functions and
// methods called name.
func arguments(t *testing.T, folder, name string) []string {
	t.Helper()
	var found []string
	for _, file := range goFiles(t, folder) {
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if ok && typeName(call.Fun) == name {
				for _, argument := range call.Args {
					if value := literal(argument); value != "" {
						found = append(found, value)
					}
				}
			}
			return true
		})
	}
	return found
}

func TestDeclarations(t *testing.T) {
	d := parseDeclarations(`
		/** interface A { wrong: string; } */
		export type Code =
		  | "one" // "commented"
		  | "two";
		export interface A {
		  // no: string;
		  a?: string; readonly b: Record<string, { c: number; }>;
		}
		export class B extends A {
		  constructor(fields: { d: string; });
		  readonly e: "x" | "y";
		  f(g: (h: number) => void): () => void;
		}
		export class C extends Error {}`)
	tests := []struct {
		got, want []string
	}{
		{d.members(t, "A"), []string{"a", "b"}},
		{d.members(t, "B"), []string{"a", "b", "e", "f"}},
		{d.members(t, "C"), nil},
		{d.union(t, "Code"), []string{"one", "two"}},
	}
	for _, tt := range tests {
		if !slices.Equal(tt.got, tt.want) {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
