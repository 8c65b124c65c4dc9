package build

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const uncut = `package rsa

import (
	"errors"
	"fmt"
	jose "math/big"
	"math/rand/v2"
)

var fast = true // the default

var slow, other = true, false

// Key has methods.
type Key[T any] struct{ n *jose.Int }

func (k *Key[T]) Sign() (*jose.Int, error) {
	if rand.Int() == 0 {
		return nil, fmt.Errorf("no")
	}
	return k.n, nil
}

func Sign() error { return fmt.Errorf("{%d}", rand.Int()) }

func Check() error { return errors.New("checked") }
`

const cutDone = `package rsa

import (
	"errors"
	_ "fmt"
	jose "math/big"
	_ "math/rand/v2"
)

const fast = false // the default

var slow, other = true, false

// Key has methods.
type Key[T any] struct{ n *jose.Int }

func (k *Key[T]) Sign() (*jose.Int, error) {return nil, errors.New("left out")




}

func Sign() error {panic("left out")}

func Check() error { return errors.New("checked") }
`

// TestCut gives functions other bodies: the file still compiles, and no line
// has another number.
func TestCut(t *testing.T) {
	c := cutter{bodies: map[string]string{"Key.Sign": `return nil, errors.New("left out")`, "Sign": `panic("left out")`, "fast": "false"}}
	got, n, err := c.cut([]byte(uncut))
	if err != nil || n != 3 || string(got) != cutDone {
		t.Errorf("%d functions, error %v:\n%s", n, err, got)
	}
	if _, err := format.Source(got); err != nil {
		t.Error(err)
	}
	if _, _, err := c.cut([]byte("package")); err == nil {
		t.Error("what is no Go is cut")
	}
}

// TestCutMissing leaves a package as it is of which one function is missing.
func TestCutMissing(t *testing.T) {
	folder := t.TempDir()
	writeFiles(t, folder, map[string]string{"rsa.go": uncut})
	c := cutter{bodies: map[string]string{"Sign": "", "Verify": ""}}
	replace := make(map[string]string)
	if done, err := c.replace(t.TempDir(), "crypto/rsa", folder, []string{"rsa.go"}, replace); done || err != nil || len(replace) != 0 {
		t.Errorf("done: %v, error: %v, %v", done, err, replace)
	}
	delete(c.bodies, "Verify")
	if done, err := c.replace(t.TempDir(), "crypto/rsa", folder, []string{"rsa.go"}, replace); !done || err != nil || len(replace) != 1 {
		t.Errorf("with all functions there: %v, error: %v, %v", done, err, replace)
	}
}

// TestCutsFit expects all functions that are cut where they should be.
func TestCutsFit(t *testing.T) {
	toolchain := goHere(t, "../..")
	if _, err := overlay(t.Context(), "../..", t.TempDir(), toolchain); err != nil || len(toolchain.uncut) > 0 {
		t.Errorf("not as expected: %q (error: %v)", toolchain.uncut, err)
	}
}

// TestCutCurves runs Go's own tests of the curves, and ours of their numbers;
// without P-224, which is cut itself.
func TestCutCurves(t *testing.T) {
	toolchain, replace := goHere(t, "."), make(map[string]string)
	cutFor(t, toolchain, replace, curvePackage, "crypto/elliptic", "crypto/ecdsa")
	for _, args := range [][]string{
		{"-run=TestNumbers", "crypto/elliptic"},
		{"-run=^Test", "-skip=P224|./P-?224|./secp224r1", "crypto/ecdsa"},
		{"-run=TestEquivalents|TestScalarMult|TestECDSA", "-skip=./P224", "crypto/internal/fips140test"},
	} {
		if out, err := testWith(t, toolchain, replace, args...); err != nil || strings.Contains(out, "no tests to run") {
			t.Errorf("%q: error: %v\n%s", args, err, out)
		}
	}
}

// TestCutSort runs Go's own tests of sorting. Its examples show in what order
// equal elements come, which no function promises that is cut.
func TestCutSort(t *testing.T) {
	toolchain, replace := goHere(t, "."), make(map[string]string)
	cutFor(t, toolchain, replace, "slices", "sort")
	if out, err := testWith(t, toolchain, replace, "-run=^Test", "slices", "sort"); err != nil {
		t.Errorf("error: %v\n%s", err, out)
	}
}

// cutFor cuts packages, for a machine of which Go knows nothing, like wasm, and
// adds our tests of them.
func cutFor(t *testing.T, toolchain *toolchain, replace map[string]string, packages ...string) {
	t.Helper()
	folder := t.TempDir()
	for _, pkg := range packages {
		dir := packageFolder(t, toolchain, pkg)
		files, err := output(goCommandOf(t, toolchain, "list", "-tags=purego", "-f", "{{join .GoFiles \" \"}}", pkg))
		if err != nil {
			t.Fatal(err)
		}
		c := cutter{bodies: cuts[pkg]}
		if done, err := c.replace(folder, pkg, dir, strings.Fields(string(files)), replace); !done || err != nil {
			t.Fatalf("%s: %v, error: %v", pkg, done, err)
		}
		tests, err := filepath.Glob(filepath.Join("stub", "_"+filepath.Base(dir), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range tests {
			if test, err = filepath.Abs(test); err != nil {
				t.Fatal(err)
			}
			replace[filepath.Join(dir, filepath.Base(test))] = test
		}
	}
}

// testWith runs `go test` with an overlay, which is for this toolchain alone: one
// that Go has fetched has another folder each time.
func testWith(t *testing.T, toolchain *toolchain, replace map[string]string, args ...string) (string, error) {
	t.Helper()
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"test", "-short", "-tags=purego", "-overlay=" + file}, args...)
	out, err := goCommandOf(t, toolchain, args...).CombinedOutput()
	return string(out), err
}

// TestCutMissingSaid builds with a package that lacks a function, and expects
// one line that says so.
func TestCutMissingSaid(t *testing.T) {
	cuts["sort"]["noSuchFunction"] = ""
	defer delete(cuts["sort"], "noSuchFunction")
	var warnings []string
	opts := Options{Out: t.TempDir(), Source: standIn(t), SkipCompression: true, Warnf: func(format string, args ...any) {
		warnings = append(warnings, fmt.Sprintf(format, args...))
	}}
	if _, err := Build(t.Context(), opts); err != nil || len(warnings) != 1 || !strings.HasPrefix(warnings[0], "sort is not as ") {
		t.Errorf("warnings %q, error %v", warnings, err)
	}
}
