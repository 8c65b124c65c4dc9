package build

import (
	"bytes"
	"maps"
	"testing"
)

func TestStripComments(t *testing.T) {
	tests := []struct {
		name, src, want string
		fails           bool
	}{
		{"code", "a();\nb();\n", "a();\nb();\n", false},
		{"line comment", "a();\n  // why\nb();\n", "a();\nb();\n", false},
		{"comment after code", "a(); // why\n", "a(); // why\n", false},
		{"doc comment", "/**\n * Does a.\n */\na();\n", "a();\n", false},
		{"comment of one line", "/** Does a. */\na();\n", "a();\n", false},
		{"comment before code", "/* why */ a();\n", "/* why */ a();\n", false},
		{"line comment in a block", "/*\n// a(); */\nb();\n", "b();\n", false},
		{"empty line", "a();\n\nb();\n", "a();\nb();\n", false},
		{"URL in a string", "a(\"https://op.example\");\n", "a(\"https://op.example\");\n", false},
		{"in a template", "a(`\n// text\n/** text */\n\n`);\n// why\n", "a(`\n// text\n/** text */\n\n`);\n", false},
		{"template of one line", "a(`b`);\n// why\n", "a(`b`);\n", false},
		{"escaped backquote", "a(\"\\`\");\n// why\n", "a(\"\\`\");\n", false},
		{"lone backquote", "a(\"`\");\n// why\n", "", true},
		{"comment without an end", "a();\n/* why\n", "", true},
		{"code after a comment", "/* why\n*/ a();\n", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := stripComments([]byte(tt.src))
			if string(got) != tt.want || (err != nil) != tt.fails {
				t.Errorf("stripComments = %q, %v; want %q, failure %v", got, err, tt.want, tt.fails)
			}
		})
	}
}

// TestOwnSources expects our own scripts to keep what was agreed on.
func TestOwnSources(t *testing.T) {
	src := &sources{folder: ".."}
	worker := workerScript(src, nil, "oidcspa.0.wasm")
	page := pageScripts(src, "worker.0.js")
	classic := classicScript(src, "worker.0.js")
	callback := withHeader(src.script("callback.js"))
	if src.err != nil {
		t.Fatal(src.err)
	}
	all := map[string][]byte{"worker.js": worker, "oidcspa.classic.js": classic, "callback.js": callback}
	maps.Copy(all, page)
	for name, script := range all {
		if !bytes.Contains(script, []byte(header)) || bytes.Contains(script, []byte("@ts-check")) {
			t.Errorf("%s lacks the licence or has the comments of its source", name)
		}
	}
}
