package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var (
	wanted  = regexp.MustCompile(` // want (.*)$`)
	finding = regexp.MustCompile(`(?m)^(.+:\d+):\d+: (?:(G\d+|[a-z-]+): )?.* \((\w+)\)$`)
)

// TestViolations runs the command over testdata/violations.txtar, whose lines
// say which checks they violate. It compares both ways: what is not found, and
// what is found besides.
func TestViolations(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/violations.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	want := make(map[string]string) // by file and line: names of checks
	for _, file := range archive.Files {
		lines := strings.Split(string(file.Data), "\n")
		for i, line := range lines {
			if match := wanted.FindStringSubmatch(line); match != nil {
				names := strings.Fields(match[1])
				slices.Sort(names)
				want[fmt.Sprintf("%s:%d", file.Name, i+1)] = strings.Join(names, " ")
				lines[i] = strings.TrimSuffix(line, match[0])
			}
		}
		name := filepath.Join(dir, filepath.FromSlash(file.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	out := run(t, dir, "./...")
	found := make(map[string][]string)
	for _, match := range finding.FindAllStringSubmatch(out, -1) {
		name := match[3]
		if match[2] != "" {
			name += "/" + match[2]
		}
		found[match[1]] = append(found[match[1]], name)
	}
	got := make(map[string]string)
	for at, names := range found {
		slices.Sort(names)
		got[at] = strings.Join(slices.Compact(names), " ")
	}
	for at, names := range want {
		if got[at] != names {
			t.Errorf("%s: found %q, want %q", at, got[at], names)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(got)) {
		if want[at] == "" {
			t.Errorf("%s: found %q besides", at, got[at])
		}
	}
	names := strings.Fields(strings.Join(slices.Collect(maps.Values(want)), " "))
	for _, a := range published() {
		if !slices.ContainsFunc(names, func(name string) bool { return name == a.Name || strings.HasPrefix(name, a.Name+"/") }) {
			t.Errorf("no line violates %s", a.Name)
		}
	}
	for _, r := range reviveRules {
		if !slices.Contains(names, "revive/"+r.Name()) {
			t.Errorf("no line violates the rule %s", r.Name())
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// TestFormat formats a file.
func TestFormat(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/format.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "a.go")
	if err := os.WriteFile(name, archive.Files[0].Data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := run(t, dir, "fmt"); out != "" {
		t.Error(out)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if want := archive.Files[1].Data; !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestMain is the command itself, if it is started as that.
func TestMain(m *testing.M) {
	if os.Getenv("LINT_TEST_MAIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// run runs the command in a folder, and returns what it prints.
func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LINT_TEST_MAIN=1", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	t.Logf("%s: %v", cmd, err)
	return string(out)
}
