package build

import (
	"bytes"
	"maps"
	"strings"
	"testing"
)

func TestMinify(t *testing.T) {
	const src = "// why\nconst long = 1;\nclass Shown { #hidden = long; }\nexport { Shown };\n"
	s := &sources{}
	if got, want := string(s.minify("a.js", []byte(src), true)), "const l=1;class n{#n=1}export{n as Shown};\n"; got != want || s.err != nil {
		t.Errorf("minify = %q, %v; want %q", got, s.err, want)
	}
	if got := string(s.minify("a.js", []byte("var oidc = 1; // why\n"), false)); got != "var oidc=1;\n" {
		t.Errorf("the name of a global is lost: %q", got)
	}
	s.minify("a.js", []byte("const = 1;\n"), true)
	if s.err == nil || !strings.Contains(s.err.Error(), "web/a.js") {
		t.Errorf("what is no script gives %v", s.err)
	}
}

// TestOwnSources expects our own scripts to keep what was agreed on.
func TestOwnSources(t *testing.T) {
	src := &sources{folder: ".."}
	worker := workerScript(src, nil, asset{"oidcspa.wasm", "oidcspa.0.wasm", []byte("the program")}, "keeper.0.js")
	page := pageScripts(src, "worker.0.js", "oidcspa.0.wasm")
	classic := classicScript(src, "worker.0.js", "oidcspa.0.wasm")
	callback := src.plainScript("callback.js")
	if src.err != nil {
		t.Fatal(src.err)
	}
	if !bytes.Contains(page["oidcspa.js"], []byte("import(/*webpackIgnore:true*/")) {
		t.Error("webpack looks for the worker among the modules of the app")
	}
	if !bytes.Contains(worker, []byte(`"`+integrityOf([]byte("the program"))+`"`)) {
		t.Error("the worker does not know its program")
	}
	for _, only := range []string{"?again=", "#wasm=", "cannot be loaded"} { // of what is loaded by parts, or bundled
		if !bytes.Contains(page["oidcspa.js"], []byte(only)) || bytes.Contains(classic, []byte(only)) {
			t.Errorf("%q is not in the module, or in the classic script", only)
		}
	}
	all := map[string][]byte{"worker.js": worker, "oidcspa.classic.js": classic, "callback.js": callback, "keeper.js": src.aloneScript("keeper.js")}
	maps.Copy(all, page)
	for name, script := range all {
		if !bytes.Contains(script, []byte(header)) || bytes.Contains(script, []byte("@ts-check")) {
			t.Errorf("%s lacks the licence or has the comments of its source", name)
		}
	}
}
