package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"

	"golang.org/x/tools/go/analysis"
)

// resolveAnalyzer gives identifiers the objects that some checks look at, and
// that the driver's parser leaves out: without them, gosec does not see what a
// variable holds, nor ineffassign that it is one. Nothing but the analyzers
// that require it reads them.
var resolveAnalyzer = &analysis.Analyzer{
	Name: "resolve",
	Doc:  "resolves identifiers",
	Run: func(pass *analysis.Pass) (any, error) {
		for _, file := range pass.Files {
			name := pass.Fset.File(file.FileStart).Name()
			again, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				return nil, err
			}
			if err := resolve(file, again); err != nil {
				return nil, err
			}
		}
		return nil, nil
	},
}

// resolve copies objects to a file from the same file, parsed again.
func resolve(file, again *ast.File) error {
	to, from := nodes(file), nodes(again)
	if len(to) != len(from) {
		return errors.New(file.Name.Name + " has changed meanwhile")
	}
	same := make(map[ast.Node]ast.Node, len(to))
	for i := range from {
		same[from[i]] = to[i]
	}
	//lint:ignore SA1019 the checks look at nothing else
	copies := make(map[*ast.Object]*ast.Object)
	for i := range from {
		ident, ok := from[i].(*ast.Ident)
		if !ok || ident.Obj == nil {
			continue
		}
		object, ok := copies[ident.Obj]
		if !ok {
			//lint:ignore SA1019 as above
			object = &ast.Object{Kind: ident.Obj.Kind, Name: ident.Obj.Name, Data: ident.Obj.Data}
			if declared, ok := ident.Obj.Decl.(ast.Node); ok {
				object.Decl = same[declared]
			}
			copies[ident.Obj] = object
		}
		to[i].(*ast.Ident).Obj = object
	}
	return nil
}

// nodes are the nodes of a file, in their order.
func nodes(file *ast.File) (all []ast.Node) {
	ast.Inspect(file, func(node ast.Node) bool {
		if node != nil {
			all = append(all, node)
		}
		return true
	})
	return all
}
