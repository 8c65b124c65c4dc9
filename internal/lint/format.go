package main

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/imports"
)

// formatted returns a file as goimports writes it: with imports of the standard
// library, of others and of this module in groups of their own.
func formatted(name string, text []byte, options *imports.Options) ([]byte, error) {
	imports.LocalPrefix = module
	return imports.Process(name, text, options)
}

// inPlace neither adds nor removes an import.
var inPlace = &imports.Options{FormatOnly: true, Comments: true, TabIndent: true, TabWidth: 8}

var formatAnalyzer = &analysis.Analyzer{
	Name: "format",
	Doc:  "finds files that `make fmt` would change",
	Run: func(pass *analysis.Pass) (any, error) {
		for _, file := range pass.Files {
			name := pass.Fset.File(file.FileStart).Name()
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			want, err := formatted(name, text, inPlace)
			if err != nil {
				return nil, err
			}
			if !bytes.Equal(text, want) {
				pass.Reportf(file.Package, "is not formatted: run make fmt")
			}
		}
		return nil, nil
	},
}

// format formats the files in folders, adds imports that are missing and
// removes those that are not used.
func format(folders []string) error {
	if len(folders) == 0 {
		folders = []string{"."}
	}
	for _, folder := range folders {
		root, err := os.OpenRoot(folder)
		if err != nil {
			return err
		}
		err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
			hidden := name != "." && strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"
			switch {
			case err != nil:
				return err
			case entry.IsDir() && hidden:
				return fs.SkipDir
			case entry.IsDir() || hidden || path.Ext(name) != ".go":
				return nil
			}
			text, err := root.ReadFile(name)
			if err != nil {
				return err
			}
			want, err := formatted(filepath.Join(folder, name), text, nil)
			if err != nil || bytes.Equal(text, want) {
				return err
			}
			return root.WriteFile(name, want, 0o600)
		})
		root.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
