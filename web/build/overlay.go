package build

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	gover "go/version"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// stubs take the place of packages of which the wasm needs less than there is:
// these packages make it larger by a tenth (docs/decisions).
//
//go:embed stub stub/_nistec/p256_table.go
var stubs embed.FS

// stubbed are the packages that have a stub, in the folder of their last name:
// the JOSE library links them, and they are never called.
var stubbed = []string{"crypto/x509", "compress/flate", "crypto/pbkdf2"}

// stubbedInternals are those whose stubs are used by the standard library and
// do what it expects in the releases of Go in stubbedGo. Other releases have
// the packages themselves.
var stubbedInternals = []string{"internal/godebug", "crypto/internal/fips140", "unique"}

// stubbedGo are the releases for which somebody has looked at the stubs.
var stubbedGo = []string{"go1.26", "go1.27"}

// stubsAll tells whether this release of Go takes all stubs. Those who
// distribute Go may add words of their own: "go1.26.8 (Red Hat 1.26.8-1.el9)".
func (t *toolchain) stubsAll() bool {
	version, _, _ := strings.Cut(t.version, " ")
	return slices.Contains(stubbedGo, gover.Lang(version))
}

// overlay writes what `go build -overlay` needs to compile with the stubs into
// folder, and returns the file to name there.
func overlay(ctx context.Context, source, folder string, t *toolchain) (string, error) {
	packages := stubbed
	if t.stubsAll() {
		packages = slices.Concat(stubbed, stubbedInternals, slices.Sorted(maps.Keys(cuts)))
	}
	list, err := t.run(ctx, source, append([]string{"list", "-e", "-json=ImportPath,Dir,GoFiles"}, packages...)...)
	if err != nil {
		return "", err
	}
	replace := make(map[string]string)
	if t.uncut, err = replaceAll(json.NewDecoder(bytes.NewReader(list)), folder, replace); err != nil {
		return "", fmt.Errorf("stubs: %w", err)
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "overlay.json")
	return file, os.WriteFile(file, data, 0o600)
}

// replaceAll replaces the files of each package by its stub. It returns the
// packages of which no function is cut, because one of them is missing.
func replaceAll(packages *json.Decoder, folder string, replace map[string]string) (uncut []string, err error) {
	for {
		var pkg struct {
			ImportPath, Dir string
			GoFiles         []string
		}
		if err := packages.Decode(&pkg); errors.Is(err, io.EOF) {
			return uncut, nil
		} else if err != nil {
			return nil, err
		}
		c := cutter{bodies: cuts[pkg.ImportPath]}
		done, err := c.replace(folder, pkg.ImportPath, pkg.Dir, pkg.GoFiles, replace)
		if !done && len(pkg.GoFiles) > 0 { // none, if the wasm does not need the package
			uncut = append(uncut, pkg.ImportPath)
		}
		switch {
		case err != nil:
		case pkg.ImportPath == curvePackage:
			err = computeTable(folder, pkg.Dir, replace)
		case len(c.bodies) == 0:
			err = replaceByStub(folder, pkg.ImportPath, pkg.Dir, pkg.GoFiles, replace)
		}
		if err != nil {
			return nil, err
		}
	}
}

// replaceByStub replaces a package.
func replaceByStub(folder, pkg, dir string, files []string, replace map[string]string) error {
	if dir == "" {
		return fmt.Errorf("no package %s", pkg)
	}
	for _, file := range files {
		replace[filepath.Join(dir, file)] = "" // as if it were not there
	}
	name := path.Base(pkg)
	src, err := stubs.ReadFile(path.Join("stub", name, name+".go"))
	if err != nil {
		return err
	}
	stub := filepath.Join(folder, name+".go")
	replace[filepath.Join(dir, name+".go")] = stub
	return os.WriteFile(stub, src, 0o600)
}
