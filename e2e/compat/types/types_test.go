//go:build !js

// Package types compiles an app that was written for oidc-client-ts, with its
// types and with ours.
package types

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const compiler = "../node_modules/typescript/bin/tsc"

// compile returns what the compiler of TypeScript says of a project: nothing
// if all is well. It skips the test without the packages of npm, but not under
// make compat.
func compile(t *testing.T, project string) string {
	t.Helper()
	if _, err := os.Stat(compiler); errors.Is(err, fs.ErrNotExist) && os.Getenv("COMPAT") != "1" {
		t.Skip("typescript is not installed: run `npm ci` in e2e/compat")
	} else if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "node", compiler, "--strict", "--noEmit", "--pretty", "false", "-p", project).CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err != nil && len(out) == 0 {
		t.Fatalf("%s: %v, without a word", project, err)
	}
	return string(out)
}

// TestApp compiles the same app with both types; with ours, the declarations
// themselves, too.
func TestApp(t *testing.T) {
	for _, project := range []string{"tsconfig.theirs.json", "tsconfig.ours.json"} {
		if out := compile(t, project); out != "" {
			t.Errorf("%s:\n%s", project, out)
		}
	}
}

// TestCreateOidc compiles an app of oidc-spa with our declarations, themselves included, and with those of npm oidc-spa where
// that is installed.
func TestCreateOidc(t *testing.T) {
	if out := compile(t, "tsconfig.createoidc.json"); out != "" {
		t.Errorf("with our declarations:\n%s", out)
	}
	if _, err := os.Stat("../../bench/node_modules/oidc-spa"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("oidc-spa is not installed: run `npm ci` in e2e/bench")
	}
	if out := compile(t, "tsconfig.createoidc.theirs.json"); out != "" {
		t.Errorf("with those of oidc-spa:\n%s", out)
	}
}

var (
	complaint = regexp.MustCompile(`(?m)^([\w./]+)\((\d+),\d+\): error `)
	gap       = regexp.MustCompile("// (`.*)$")
	name      = regexp.MustCompile("`[^`]+`")
)

// declared matches what a file of declarations exports, type or value.
var declared = regexp.MustCompile(`(?m)^export (?:declare )?(?:class|interface|type|enum|const|namespace) (\w+)`)

// TestNames expects every name that oidc-client-ts declares to be one of ours.
func TestNames(t *testing.T) {
	const theirs = "../node_modules/oidc-client-ts/dist/types/oidc-client-ts.d.ts"
	if _, err := os.Stat(theirs); errors.Is(err, fs.ErrNotExist) && os.Getenv("COMPAT") != "1" {
		t.Skip("oidc-client-ts is not installed: run `npm ci` in e2e/compat")
	}
	files, err := filepath.Glob("../../../web/*.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	ours := map[string]bool{}
	for _, file := range files {
		for _, match := range declared.FindAllStringSubmatch(read(t, file), -1) {
			ours[match[1]] = true
		}
	}
	names := declared.FindAllStringSubmatch(read(t, theirs), -1)
	if len(names) < 60 {
		t.Errorf("oidc-client-ts declares %d names", len(names))
	}
	for _, match := range names {
		if !ours[match[1]] {
			t.Errorf("%s is not declared", match[1])
		}
	}
}

// TestGaps expects the compiler to find what an app cannot use, line by line,
// and the document for those who migrate to name it.
func TestGaps(t *testing.T) {
	out := compile(t, "tsconfig.gaps.json")
	var got []int
	for _, match := range complaint.FindAllStringSubmatch(out, -1) {
		line, err := strconv.Atoi(match[2])
		if match[1] != "gaps.ts" || err != nil {
			t.Errorf("an error elsewhere:\n%s", out)
			continue
		}
		got = append(got, line)
	}
	document := read(t, "../../../docs/migrating-from-oidc-client-ts.md")
	for i, text := range strings.Split(read(t, "gaps.ts"), "\n") {
		line, match := i+1, gap.FindStringSubmatch(text)
		switch complains := slices.Contains(got, line); {
		case match == nil && complains:
			t.Errorf("gaps.ts, line %d does not compile, and names no gap: %s", line, text)
		case match != nil && !complains:
			t.Errorf("gaps.ts, line %d compiles: %s is there; remove the line, and the name from the document", line, match[1])
		case match != nil:
			for _, name := range name.FindAllString(match[1], -1) {
				if !strings.Contains(document, name) {
					t.Errorf("docs/migrating-from-oidc-client-ts.md does not name %s", name)
				}
			}
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
