//go:build !js

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/oidcspa/oidcspa/internal/claims"
)

// A row finds its test by the name that the table gives it, and its verdict by
// that which package testing prints.
func TestRow(t *testing.T) {
	tests := []struct {
		test, name string // as the table has it, and as it is printed
		pattern    string
		want       bool
	}{
		{"oidc.TestStart", "TestStart", `^TestStart$`, true},
		{"oidc.TestStart", "TestStarts", `^TestStart$`, false},
		{"oidc.TestStart/3.1 a (b)", "TestStart/3.1_a_(b)", `^TestStart$/3\.1_a_\(b\)$`, true},
		{"oidc.TestStart/3.1 a", "TestStart/6749-3.1_a", `^TestStart$/3\.1_a$`, true},
		{"oidc.TestStart/3.1 a", "TestStart/3.1_a_b", `^TestStart$/3\.1_a$`, false},
		{"web.TestHeaders//worker.js", "TestHeaders//worker.js", `^TestHeaders$/$/worker\.js$`, true},
	}
	for _, tt := range tests {
		r := newRow(claims.Claim{Quotes: []string{"a sentence"}}, claims.Removal{Test: tt.test})
		if got := r.pattern(); got != tt.pattern {
			t.Errorf("%s: -run %s, want %s", tt.test, got, tt.pattern)
		}
		for verdict, has := range map[string]func(string) bool{"FAIL": r.failed, "PASS": r.passed} {
			if got := has("=== RUN x\n    --- " + verdict + ": " + tt.name + " (0.00s)\n"); got != tt.want {
				t.Errorf("%s: %s of %s found: %t", tt.test, verdict, tt.name, got)
			}
			if has("=== RUN   " + tt.name + "\n") {
				t.Errorf("%s: a verdict before there is one", tt.test)
			}
		}
	}
}

func TestMatches(t *testing.T) {
	r := newRow(claims.Claim{Quotes: []string{"first", "second"}}, claims.Removal{Test: "oidc.TestStart", Edits: []claims.Edit{{Path: "oidc/url.go"}}})
	for pattern, want := range map[string]bool{"first": true, "second": true, "TestStart": true, `oidc/url\.go`: true, "third": false} {
		if got := r.matches(regexp.MustCompile(pattern)); got != want {
			t.Errorf("%s matches: %t", pattern, got)
		}
	}
}

// What a build does not read stays where it is; a changed file is there once.
func TestCopySources(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	for _, name := range []string{"go.mod", "a/b.go", ".git/HEAD", "e2e/node_modules/x.js", "web/dist/README.md"} {
		file := filepath.Join(from, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := copySources(from, to, map[string]string{"a/b.go": "changed"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"go.mod": "go.mod", "a/b.go": "changed", ".git/HEAD": "", "e2e/node_modules/x.js": "", "web/dist/README.md": "web/dist/README.md",
	} {
		if got, _ := os.ReadFile(filepath.Join(to, filepath.FromSlash(name))); string(got) != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
