// Package build makes the folder of assets that a web server serves, from the
// sources of this module: the wasm, the worker, the script of the page and
// the callback page, each with its compressed forms, and a manifest.
//
// The same sources, Go and brotli give the same bytes, wherever the module
// lies: in a checkout, in the module cache, or in the vendor folder of a project
// that has vendored the versions which our go.mod names.
package build

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// Options say what to build. The zero value of each field but Out is useful.
type Options struct {
	// Out is the folder to write to; it is created if it does not exist.
	// Files that an earlier build left there are replaced, but for those to keep.
	Out string
	// Source is the folder of this module. By default it is found: the
	// checkout, the module cache or a vendor folder, in the version that the
	// program was run with or that the module in the working directory requires.
	Source string
	// SkipCompression leaves out the .br and .gz files. Brotli takes some
	// ten seconds for a new wasm; an unchanged one is not compressed again.
	SkipCompression bool
	// Keep is how many earlier builds stay beside the current one, for pages
	// that are open: the files that their names hold the hash of.
	Keep int
	// Previous is where those builds are: a folder, or the address at which the
	// files of the site that runs are served. By default it is Out.
	Previous string
	// Logf, if set, is told what is being done.
	Logf func(format string, args ...any)
	// Warnf, if set, is told what is not as it should be.
	Warnf func(format string, args ...any)
}

// Build writes the assets to opts.Out and returns the manifest that it wrote
// there.
func Build(ctx context.Context, opts Options) (*manifest.Manifest, error) {
	if opts.Out == "" {
		return nil, errors.New("build: Options.Out is empty")
	}
	if opts.Logf == nil {
		opts.Logf = func(string, ...any) {}
	}
	if opts.Warnf == nil {
		opts.Warnf = opts.Logf
	}
	source := opts.Source
	if source == "" {
		found, _, err := FindSource(ctx)
		if err != nil {
			return nil, fmt.Errorf("build: %w", err)
		}
		source = found
	}
	folder, err := os.MkdirTemp("", "oidcspa")
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	defer os.RemoveAll(folder)
	tools, err := findToolchain(ctx, source, folder)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	opts.Logf("building %s with %s", source, tools.version)
	if !tools.stubsAll() {
		opts.Warnf("%s is none of the releases of Go that this version of oidcspa knows (%s): the wasm does the same, and will be larger by a third",
			tools.version, strings.Join(stubbedGo, ", "))
	}
	assets, err := assemble(ctx, source, folder, tools)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	for _, pkg := range tools.uncut {
		opts.Warnf("%s is not as this version of oidcspa knows it: the wasm does the same, and will be larger", pkg)
	}
	earlier, err := opts.earlier(ctx, assets)
	if err != nil {
		return nil, fmt.Errorf("build: earlier builds: %w", err)
	}
	m, err := write(assets, earlier, tools.version, opts)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	return m, nil
}

// An asset is one file to write.
type asset struct {
	logical string // "worker.js"
	name    string // "worker.0123456789abcdef.js"
	data    []byte
}

// assemble makes all assets in memory. What is named by its hash comes before
// what names it.
func assemble(ctx context.Context, source, folder string, tools *toolchain) ([]asset, error) {
	// It fits the wasm of this very version.
	wasmExec, err := os.ReadFile(filepath.Join(tools.root, "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, fmt.Errorf("reading the part of Go that runs wasm: %w", err)
	}
	wasm, err := program(ctx, source, folder, tools)
	if err != nil {
		return nil, err
	}
	src := &sources{folder: filepath.Join(source, "web")}
	wasmAsset := hashed("oidcspa.wasm", wasm)
	keeperAsset := hashed("keeper.js", src.aloneScript("keeper.js"))
	workerAsset := hashed("worker.js", workerScript(src, wasmExec, wasmAsset, keeperAsset.name))
	assets := []asset{wasmAsset, workerAsset, keeperAsset}
	page := pageScripts(src, workerAsset.name, wasmAsset.name)
	for _, name := range scripts {
		if name == onDemandScript {
			assets = append(assets, hashed(name, page[name]))
			continue
		}
		assets = append(assets, plain(name, page[name]), plain(typesOf(name), src.read(typesOf(name))))
	}
	assets = append(assets,
		plain("oidcspa.classic.js", classicScript(src, workerAsset.name, wasmAsset.name)),
		plain("callback.html", src.read("callback.html")),
		plain("callback.js", src.plainScript("callback.js")),
		plain("frontchannel.html", src.read("frontchannel.html")),
		plain("frontchannel.js", src.plainScript("frontchannel.js")),
	)
	if src.err != nil {
		return nil, src.err
	}
	return assets, nil
}

func plain(name string, data []byte) asset { return asset{name, name, data} }

// hashed names an asset by the first 64 bits of its SHA-256: enough to tell
// builds apart; integrity is the manifest's.
func hashed(logical string, data []byte) asset {
	sum := sha256.Sum256(data)
	ext := filepath.Ext(logical)
	base := logical[:len(logical)-len(ext)]
	return asset{logical, base + "." + hex.EncodeToString(sum[:8]) + ext, data}
}

// write puts the assets in the folder, the manifest last, and removes what
// the manifest before it named and this one does not.
func write(assets []asset, earlier []earlierBuild, goVersion string, opts Options) (*manifest.Manifest, error) {
	if err := os.MkdirAll(opts.Out, 0o755); err != nil {
		return nil, err
	}
	old, err := manifest.Read(os.DirFS(opts.Out))
	if err != nil { // none, or none of ours: nothing to use again or to remove
		old = new(manifest.Manifest)
	}
	c := newCompressor(opts, old)
	m := &manifest.Manifest{Go: goVersion, Brotli: c.version, Files: make(map[string]manifest.File)}
	written := make(map[string]manifest.File) // by name
	for _, a := range assets {
		if written[a.name], err = c.write(a); err != nil {
			return nil, err
		}
		m.Files[a.logical] = written[a.name]
	}
	for _, e := range earlier {
		opts.Logf("keeping an earlier build: %s", strings.Join(e.names(), ", "))
		b := manifest.Build{Files: make(map[string]manifest.File)}
		c.known = e.brotli
		for logical, f := range e.Files {
			if a, ok := e.assets[logical]; ok {
				if written[f.Name], err = c.write(a); err != nil {
					return nil, err
				}
			}
			b.Files[logical] = written[f.Name]
		}
		m.Earlier = append(m.Earlier, b)
	}
	list, err := m.Encode()
	if err != nil {
		return nil, err
	}
	if err := writeFile(filepath.Join(opts.Out, manifest.FileName), list); err != nil {
		return nil, err
	}
	return m, removeStale(opts.Out, old, written)
}

// integrityOf returns what the attribute integrity of a script has to be.
func integrityOf(data []byte) string {
	sum := sha512.Sum384(data)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// writeFile replaces a file as a whole, so that nobody reads half of one.
func writeFile(name string, data []byte) error {
	temporary := name + ".new"
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}

// removeStale removes the files of earlier builds that do not stay. It touches
// no file that a build did not write.
func removeStale(folder string, old *manifest.Manifest, written map[string]manifest.File) error {
	for _, b := range append(old.Earlier, manifest.Build{Files: old.Files}) {
		for _, f := range b.Files {
			now, ok := written[f.Name]
			for suffix, stays := range map[string]bool{"": ok, ".br": now.Brotli > 0, ".gz": now.Gzip > 0} {
				if stays {
					continue
				}
				if err := os.Remove(filepath.Join(folder, f.Name+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
	}
	return nil
}
