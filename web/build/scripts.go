package build

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// What the sources and this package have agreed on. Each stands exactly once
// in its file; as they are, the sources run unbuilt.
const (
	wasmMarker      = `const WASM_FILE = "oidcspa.wasm";` // web/worker.js, as the next
	integrityMarker = `const WASM_INTEGRITY = "";`
	keeperMarker    = `const KEEPER_FILE = "keeper.js";`
	workerMarker    = `const WORKER_FILE = "worker.js";`           // web/shim/host.js, as those for bundlers
	urlMarker       = `const SCRIPT_URL = import.meta.url;`        // web/shim/demand.js; in a classic script: classicURL
	workerURLMarker = `new URL("./worker.js", import.meta.url)`    // for bundlers
	wasmURLMarker   = `new URL("./oidcspa.wasm", import.meta.url)` // for bundlers
	onDemandMarker  = `import("./` + onDemandScript + `")`         // web/shim/demand.js, linked, as the next
	fileMarker      = `const ONDEMAND_FILE = "` + onDemandScript + `";`
	classicURL      = `const SCRIPT_URL = globalThis.Document && Object.getOwnPropertyDescriptor(Document.prototype, "currentScript").get.call(document)?.src;`
	header          = "// oidcspa, MIT License, Copyright (c) 2026 The oidcspa authors\n"
)

// exportStatement is the last statement of a script that is loaded by its name,
// and its only export.
var exportStatement = regexp.MustCompile(`(?m)^export (\{\s*[\w$]+(?:\s*,\s*[\w$]+)*\s*,?\s*\};)\s*\z`)

// classicFunctions are short in a script that holds everything, and that no bundler takes apart.
var classicFunctions = []struct {
	long     *regexp.Regexp
	function string
}{
	{regexp.MustCompile(`(?s)const ONDEMAND_FILE = .*?\nasync function onDemand\(.*?\n}\n`), "async function onDemand() {\n  return parts;\n}\n"},
	{regexp.MustCompile(`(?s)function workerURL\(.*?\n}\n`),
		"function workerURL(assets) {\n  return new URL(WORKER_FILE, new URL(assets ?? \"\", SCRIPT_URL ?? location.href)).href;\n}\n"},
}

// moduleStatement is what one script cannot hold twice, and a classic one not
// at all.
var moduleStatement = regexp.MustCompile(`(?m)^(import\b[^(.]|export\b)`)

// moduleSyntax is what a classic script cannot hold.
var moduleSyntax = regexp.MustCompile(`(?m)^(import\b[^(.]|export\b)|\bimport\.meta\b`)

// sources reads the sources below a folder. After the first failure it does
// nothing: err holds it.
type sources struct {
	folder string
	err    error
}

func (s *sources) read(name string) []byte {
	if s.err != nil {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(s.folder, name))
	s.err = err
	return unixLines(data)
}

// unixLines undoes what git does to the files of a checkout, or of a vendor
// folder, on Windows: the bytes of the assets are the same there.
func unixLines(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// replaceOnce replaces a marker that has to be there exactly once.
func (s *sources) replaceOnce(name string, src []byte, marker, with string) []byte {
	if n := bytes.Count(src, []byte(marker)); n != 1 && s.err == nil {
		s.err = fmt.Errorf("web/%s: want once, got %d times: %s", name, n, marker)
	}
	return bytes.Replace(src, []byte(marker), []byte(with), 1)
}

// workerScript is Go's own wasm_exec.js, as it is, and our worker in one
// file: a worker then starts with one request and needs no importScripts.
func workerScript(s *sources, wasmExec []byte, wasm asset, keeperFile string) []byte {
	src := s.replaceOnce("worker.js", s.link("worker.js"), wasmMarker, `const WASM_FILE = "`+wasm.name+`";`)
	src = s.replaceOnce("worker.js", src, integrityMarker, `const WASM_INTEGRITY = "`+integrityOf(wasm.data)+`";`)
	src = s.replaceOnce("worker.js", src, keeperMarker, `const KEEPER_FILE = "`+keeperFile+`";`)
	return bytes.Join([][]byte{wasmExec, withHeader(s.minify("worker.js", src, true))}, []byte("\n"))
}

// pageScripts are the modules for the page, by their names.
func pageScripts(s *sources, workerFile, wasmFile string) map[string][]byte {
	linked := s.linkAll(scripts)
	linked["oidcspa.js"] = s.setFiles("oidcspa.js", linked["oidcspa.js"], workerFile, wasmFile)
	// A page that is open may ask for it long after the next build.
	onDemand := withHeader(s.minify(onDemandScript, linked[onDemandScript], true))
	onDemandFile := hashed(onDemandScript, onDemand).name
	linked["oidcspa.js"] = s.replaceOnce("oidcspa.js", linked["oidcspa.js"], onDemandMarker, `import("./`+onDemandFile+`")`)
	linked["oidcspa.js"] = s.replaceOnce("oidcspa.js", linked["oidcspa.js"], fileMarker, `const ONDEMAND_FILE = "`+onDemandFile+`";`)
	for name, src := range linked {
		linked[name] = withHeader(forWebpack(s.minify(name, src, true)))
	}
	return linked
}

// importOfName is the import of a script whose address is known only at run
// time.
var importOfName = regexp.MustCompile(`\bimport\((\w+)\)`)

// forWebpack keeps webpack from looking for such a script among the files of
// the app. The minifier removes all comments, this one, too.
func forWebpack(src []byte) []byte {
	return importOfName.ReplaceAll(src, []byte("import(/*webpackIgnore:true*/$1)"))
}

// setFiles names the files that are named by their hashes.
func (s *sources) setFiles(name string, src []byte, workerFile, wasmFile string) []byte {
	src = s.replaceOnce(name, src, workerMarker, `const WORKER_FILE = "`+workerFile+`";`)
	src = s.replaceOnce(name, src, workerURLMarker, `new URL("./`+workerFile+`", import.meta.url)`)
	return s.replaceOnce(name, src, wasmURLMarker, `new URL("./`+wasmFile+`", import.meta.url)`)
}

// classicScript is all of it for <script> without type=module: what index.js
// exports are the members of the global oidc.
func classicScript(s *sources, workerFile, wasmFile string) []byte {
	const name = "index.js"
	src := s.setFiles(name, s.link(name), workerFile, wasmFile)
	src = s.replaceOnce(name, src, urlMarker, classicURL)
	for _, short := range classicFunctions {
		src = short.long.ReplaceAll(src, []byte(short.function))
	}
	src = bytes.ReplaceAll(src, []byte(", import.meta.url)"), []byte(", SCRIPT_URL)"))
	if n := len(exportStatement.FindAll(src, -1)); n != 1 && s.err == nil {
		s.err = fmt.Errorf("web/%s: the last statement is not the one export { A, B };", name)
	}
	src = exportStatement.ReplaceAll(src, []byte("return $1"))
	if found := moduleSyntax.Find(src); found != nil && s.err == nil {
		s.err = fmt.Errorf("web/%s: %q cannot become a classic script", name, found)
	}
	src = []byte("var oidc = (() => {\n\"use strict\";\n" + string(src) + "\n})();\n")
	return withHeader(s.minify(name, src, false))
}

func withHeader(src []byte) []byte { return append([]byte(header), src...) }

// plainScript is a script that is what it is.
func (s *sources) plainScript(name string) []byte {
	return withHeader(s.minify(name, s.read(name), false))
}

// aloneScript is a script that has a realm to itself: nobody else sees the names at its top.
func (s *sources) aloneScript(name string) []byte {
	return withHeader(s.minify(name, s.read(name), true))
}
