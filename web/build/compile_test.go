package build

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestUnknownGo builds with a release of Go for which nobody has looked at
// the stubs: what they lack is then no error, and one line says so.
func TestUnknownGo(t *testing.T) {
	source := standIn(t)
	writeFiles(t, source, map[string]string{"wasm/main.go": "package main\n\nimport \"compress/flate\"\n\n" +
		"func main() { println(flate.NewWriterDict(nil, 1, nil)) }\n"}) // not in the stub
	known := goHere(t, source)
	if _, err := program(t.Context(), source, t.TempDir(), known); err == nil || !strings.Contains(err.Error(), "NewWriterDict") {
		t.Errorf("with a Go that is known: %v", err)
	}
	unknown := *known
	unknown.version = "go1.99.0"
	wasm, err := program(t.Context(), source, t.TempDir(), &unknown)
	if err != nil || !bytes.HasPrefix(wasm, []byte("\x00asm")) {
		t.Errorf("with one that is not: %d bytes, %v", len(wasm), err)
	}
}

// TestUnknownForm leaves a wasm as it is that is of another form than known.
func TestUnknownForm(t *testing.T) {
	other := []byte("\x00asm\x02\x00\x00\x00")
	if _, err := smaller(other, &toolchain{version: "go1.26.8"}); !errors.Is(err, errWasm) {
		t.Errorf("of a Go that is known: %v", err)
	}
	if got, err := smaller(other, &toolchain{version: "go1.99.0"}); err != nil || !bytes.Equal(got, other) {
		t.Errorf("of one that is not: %q, %v", got, err)
	}
}
