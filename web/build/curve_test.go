package build

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestComputedTable runs Go's own tests of the curves with the computed table:
// one of them checks every point of it.
func TestComputedTable(t *testing.T) {
	out, err := testCurves(t, func(replace map[string]string) {})
	if err != nil || !strings.Contains(out, "--- PASS: TestP256PrecomputedTable/table[42]") {
		t.Errorf("error: %v\n%s", err, out)
	}
}

// TestComputedTableWrong has a wrong table, to show that it would be noticed.
func TestComputedTableWrong(t *testing.T) {
	out, err := testCurves(t, func(replace map[string]string) {
		for name, file := range replace {
			if filepath.Base(name) == tableFile {
				rewrite(t, file, file, "range 6", "range 5")
			}
		}
	})
	if err == nil || !strings.Contains(out, "--- FAIL: TestP256PrecomputedTable/table[1]") {
		t.Errorf("error: %v\n%s", err, out)
	}
}

// testCurves runs the tests of the curves for a machine of which Go knows
// nothing, like wasm, with changes to the overlay.
func testCurves(t *testing.T, change func(replace map[string]string)) (string, error) {
	t.Helper()
	toolchain := goHere(t, ".")
	folder, pkg, replace := t.TempDir(), packageFolder(t, toolchain, curvePackage), make(map[string]string)
	if err := computeTable(folder, pkg, replace); err != nil {
		t.Fatal(err)
	}
	if len(replace) != 2 {
		t.Fatalf("%d files replaced: this Go does not use the table as expected", len(replace))
	}
	const test = "p256_table_test.go"
	replace[filepath.Join(pkg, test)] = filepath.Join(folder, test)
	rewrite(t, filepath.Join(pkg, test), filepath.Join(folder, test), tableName, tableStub)
	change(replace)
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := goCommandOf(t, toolchain, "test", "-v", "-tags=purego", "-overlay="+file, curvePackage).CombinedOutput()
	return string(out), err
}

// rewrite writes a file again with one text in the place of another.
func rewrite(t *testing.T, from, to, before, after string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), before) {
		t.Fatalf("%s does not contain %q", from, before)
	}
	if err := os.WriteFile(to, []byte(strings.ReplaceAll(string(data), before, after)), 0o600); err != nil {
		t.Fatal(err)
	}
}
