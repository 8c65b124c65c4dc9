package build

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// versionConstant is in web/shim/version.js: the version is there and nowhere
// else.
var versionConstant = regexp.MustCompile(`(?m)^export const Version = "([^"]+)";$`)

// integrityFile lists the SHA-384 of every other file of the package.
const integrityFile = "integrity.json"

// packageJSON is what npm and bundlers read.
type packageJSON struct {
	Name        string           `json:"name"`
	Version     string           `json:"version"`
	Description string           `json:"description"`
	License     string           `json:"license"`
	Type        string           `json:"type"`
	SideEffects bool             `json:"sideEffects"`
	Main        string           `json:"main"`
	Types       string           `json:"types"`
	Unpkg       string           `json:"unpkg"`
	Exports     map[string]entry `json:"exports"`

	PeerDependencies     map[string]string   `json:"peerDependencies"`
	PeerDependenciesMeta map[string]optional `json:"peerDependenciesMeta"`
}

// An optional package is not missed by apps that have no use for it.
type optional struct {
	Optional bool `json:"optional"`
}

// An entry says which file is for whom. The first condition that holds counts:
// bundlers know "module", Node and Jest do not.
type entry struct {
	Module  string `json:"module,omitempty"`
	Require *entry `json:"require,omitempty"`
	Types   string `json:"types,omitempty"`
	Default string `json:"default"`
}

// For require() there is the classic script: tests and servers that render an
// app load it, and find no DOM. TypeScript wants types of their own for it.
const (
	commonJSFile  = "index.cjs"
	commonJSTypes = "index.d.cts"
)

// reference is what makes a file of types depend on another.
var reference = regexp.MustCompile(`(?m)^(?:import type \{[^}]*\}|export \*) from "\./[^"]*";\n`)

// Package writes the package for npm to a folder: as the folder "package",
// and packed. The assets are those that Build wrote to opts.Out; source is the
// folder of this module. The same assets give the same bytes.
func Package(opts Options, source string, m *manifest.Manifest, folder string) (archive string, err error) {
	files, version, err := packageFiles(opts, source, m)
	if err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	into := filepath.Join(folder, "package")
	if err := errors.Join(os.RemoveAll(into), os.MkdirAll(into, 0o755)); err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(into, f.name), f.data, 0o644); err != nil {
			return "", fmt.Errorf("build: %w", err)
		}
	}
	packed, err := pack(files)
	if err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	archive = filepath.Join(folder, "oidcspa-"+version+".tgz")
	if err := writeFile(archive, packed); err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	return archive, nil
}

// packageFiles returns the files of the package in the order of their names.
func packageFiles(opts Options, source string, m *manifest.Manifest) (files []asset, version string, err error) {
	src := &sources{folder: source}
	found := versionConstant.FindSubmatch(src.read("web/shim/version.js"))
	if src.err == nil && found == nil {
		src.err = errors.New("web/shim/version.js: there is no Version")
	}
	files = []asset{
		plain("LICENSE", src.read("LICENSE")),
		plain("README.md", src.read("web/npm.md")),
		plain(vitePlugin, withHeader(src.read("web/npm/"+vitePlugin))),
		plain(typesOf(vitePlugin), src.read("web/npm/"+typesOf(vitePlugin))),
	}
	if src.err != nil {
		return nil, "", src.err
	}
	version = string(found[1])
	for _, f := range m.Files {
		data, err := os.ReadFile(filepath.Join(opts.Out, f.Name))
		if err != nil {
			return nil, "", err
		}
		files = append(files, plain(f.Name, data))
	}
	classic, err := os.ReadFile(filepath.Join(opts.Out, "oidcspa.classic.js"))
	if err != nil {
		return nil, "", err
	}
	files = append(files, plain(commonJSFile, append(classic, "module.exports = oidc;\n"...)))
	for name, instead := range notBuilt {
		files = append(files, refusal(name, instead)...)
	}
	types, err := joinTypes(opts.Out)
	if err != nil {
		return nil, "", err
	}
	files = append(files, plain(commonJSTypes, types))
	own := *m
	own.Earlier = nil // they stay on a server, not in the package
	list, err := own.Encode()
	if err != nil {
		return nil, "", err
	}
	description, err := encodeJSON(describePackage(version))
	if err != nil {
		return nil, "", err
	}
	files = append(files, plain(manifest.FileName, list), plain("package.json", description))
	integrity := map[string]string{}
	for _, f := range files {
		integrity[f.name] = integrityOf(f.data)
	}
	sums, err := encodeJSON(integrity)
	if err != nil {
		return nil, "", err
	}
	files = append(files, plain(integrityFile, sums))
	slices.SortFunc(files, func(a, b asset) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return files, version, nil
}

// joinTypes returns the declarations of the scripts of index.js as one file.
func joinTypes(folder string) ([]byte, error) {
	var all []byte
	for _, name := range scripts {
		if name == onDemandScript || slices.Contains(apart, name) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, typesOf(name)))
		if err != nil {
			return nil, err
		}
		all = append(all, reference.ReplaceAll(data, nil)...)
	}
	return all, nil
}

// describePackage says what is where: the entry re-exports every class, and a
// bundler keeps the modules of those that are used.
func describePackage(version string) packageJSON {
	p := packageJSON{
		Name:        "oidcspa",
		Version:     version,
		Description: "OpenID Connect for single-page apps: the session lives in a worker, under the names of oidc-client-ts and oidc-spa",
		License:     "MIT",
		Type:        "module",
		Main:        "./index.js",
		Types:       "./index.d.ts",
		Unpkg:       "./oidcspa.classic.js",
		Exports:     map[string]entry{},

		PeerDependencies:     map[string]string{"react": ">=18", "@types/react": ">=18"},
		PeerDependenciesMeta: map[string]optional{"react": {true}, "@types/react": {true}},
	}
	for _, name := range scripts {
		if name == onDemandScript { // "./*" has it
			continue
		}
		p.Exports["./"+name] = entry{Types: "./" + typesOf(name), Default: "./" + name}
	}
	p.Exports["."] = entry{
		Module: p.Main, Require: &entry{Types: "./" + commonJSTypes, Default: "./" + commonJSFile}, Types: p.Types, Default: p.Main,
	}
	spaExports(p.Exports)
	p.Exports["./*"] = entry{Default: "./*"}
	return p
}

func encodeJSON(v any) ([]byte, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return append(data, '\n'), err
}

// pack returns the files as npm packs them: below "package/", without a time
// or an owner.
func pack(files []asset) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(z)
	for _, f := range files {
		header := &tar.Header{
			Name: "package/" + f.name, Size: int64(len(f.data)), Mode: 0o644, Typeflag: tar.TypeReg,
			ModTime: time.Unix(0, 0).UTC(), Format: tar.FormatUSTAR,
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
