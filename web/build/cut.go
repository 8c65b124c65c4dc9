package build

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A cutter gives functions of a package other bodies (docs/decisions), and makes
// variables constants, so that the compiler leaves out what needs them. Imports
// that nothing needs afterwards are kept for what they do when they are linked,
// and every line keeps its number.
type cutter struct {
	bodies map[string]string // by the name: "Func", "Type.Method", or "variable"
}

// replace makes the overlay replace the files of a package that have one of the
// functions, and tells whether it does: where one of them is missing, as it may
// be in another version of the library, the package stays what it is.
func (c *cutter) replace(folder, name, dir string, files []string, replace map[string]string) (bool, error) {
	found := 0
	changed := make(map[string][]byte)
	for _, file := range files {
		src, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return false, err
		}
		src, n, err := c.cut(src)
		if err != nil {
			return false, fmt.Errorf("%s: %w", name, err)
		}
		if n > 0 {
			found += n
			changed[file] = src
		}
	}
	if found != len(c.bodies) {
		return false, nil
	}
	for file, src := range changed {
		to := filepath.Join(folder, strings.ReplaceAll(name, "/", "-")+"-"+file)
		if err := os.WriteFile(to, src, 0o600); err != nil {
			return false, err
		}
		replace[filepath.Join(dir, file)] = to
	}
	return true, nil
}

// cut returns the source with the other bodies, and how many it has.
func (c *cutter) cut(src []byte) ([]byte, int, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, 0, err
	}
	offset := func(p token.Pos) int { return files.Position(p).Offset }
	var edits []edit
	needed := make(map[string]bool) // names that stand before a dot
	for _, decl := range file.Decls {
		if value, name := onlyVariable(decl); c.bodies[name] != "" {
			from, to := offset(decl.Pos()), offset(value.End())
			edits = append(edits, edit{from, to, "const " + name + " = " + c.bodies[name]})
		}
		f, ok := decl.(*ast.FuncDecl)
		if body, known := c.bodies[functionName(f)]; ok && known && f.Body != nil {
			from, to := offset(f.Body.Lbrace)+1, offset(f.Body.Rbrace)
			lines := bytes.Count(src[from:to], []byte("\n")) - strings.Count(body, "\n")
			edits = append(edits, edit{from, to, body + strings.Repeat("\n", max(lines, 0))})
			f.Body = nil
			addQualifiers(needed, body)
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if selector, ok := n.(*ast.SelectorExpr); ok {
				if name, ok := selector.X.(*ast.Ident); ok {
					needed[name.Name] = true
				}
			}
			return true
		})
	}
	n := len(edits)
	for _, spec := range file.Imports {
		if from, name := importName(spec); !needed[name] && name != "_" && name != "." {
			edits = append(edits, edit{offset(from), offset(spec.Path.Pos()), "_ "})
		}
	}
	return apply(src, edits), n, nil
}

// functionName returns the key of a function in [cutter.bodies]; "" for what
// is none.
func functionName(f *ast.FuncDecl) string {
	if f == nil {
		return ""
	}
	if f.Recv == nil {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	for {
		switch t := receiver.(type) {
		case *ast.StarExpr:
			receiver = t.X
		case *ast.IndexExpr:
			receiver = t.X
		case *ast.Ident:
			return t.Name + "." + f.Name.Name
		default:
			return ""
		}
	}
}

// onlyVariable returns the value and the name of a variable that is declared
// alone.
func onlyVariable(decl ast.Decl) (value ast.Expr, name string) {
	d, ok := decl.(*ast.GenDecl)
	if !ok || d.Tok != token.VAR || len(d.Specs) != 1 {
		return nil, ""
	}
	spec, ok := d.Specs[0].(*ast.ValueSpec)
	if !ok || len(spec.Names) != 1 || len(spec.Values) != 1 {
		return nil, ""
	}
	return spec.Values[0], spec.Names[0].Name
}

// addQualifiers adds the names before the dots of a new body.
func addQualifiers(needed map[string]bool, body string) {
	isName := func(r rune) bool {
		return r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
	}
	for before := range strings.SplitSeq(body, ".") {
		needed[before[strings.LastIndexFunc(before, func(r rune) bool { return !isName(r) })+1:]] = true
	}
}

// importName returns the name by which a file knows an import, and where what
// is imported begins. The last part of a path may be its version.
func importName(spec *ast.ImportSpec) (from token.Pos, name string) {
	if spec.Name != nil {
		return spec.Name.Pos(), spec.Name.Name
	}
	imported, _ := strconv.Unquote(spec.Path.Value)
	name = path.Base(imported)
	if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
		name = path.Base(path.Dir(imported))
	}
	return spec.Path.Pos(), name
}

// An edit replaces a part of a file.
type edit struct {
	from, to int
	text     string
}

func apply(src []byte, edits []edit) []byte {
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.from, b.from) })
	var out []byte
	end := 0
	for _, e := range edits {
		out = append(append(out, src[end:e.from]...), e.text...)
		end = e.to
	}
	return append(out, src[end:]...)
}
