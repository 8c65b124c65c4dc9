package repotest

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// TestLength keeps files at a size that is read from top to bottom.
func TestLength(t *testing.T) {
	const limit = 500
	for name, text := range repositoryFiles(t) {
		ext := path.Ext(name)
		if ext != ".go" && ext != ".js" || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".test.js") {
			continue
		}
		if n := strings.Count(text, "\n"); n > limit {
			t.Errorf("%s has %d lines, %d too many: give a part of it a file and a name", name, n, n-limit)
		}
	}
}

// TestNoSleep keeps waiting for a time out of the repository. In a bubble of
// testing/synctest time passes when nothing else happens.
func TestNoSleep(t *testing.T) {
	for name, text := range repositoryFiles(t) {
		if path.Ext(name) == ".go" && strings.Contains(text, "\ttime."+"Sleep(") && !strings.Contains(text, `"testing/synctest"`) {
			t.Errorf("%s sleeps: wait for what you wait for, not for a time", name)
		}
	}
}

// machinePath is an absolute path on somebody's machine. Home folders count
// only with what is in them, for "/home/" may be a route of a site.
var machinePath = regexp.MustCompile(`(^|[\s"'` + "`" + `=(:])/(root|tmp|work|home/\w+|Users/\w+)/[a-z.]`)

// registries are hosts that lock files and logs like to record. Where packages
// come from is a setting of the machine.
var registries = regexp.MustCompile(`(proxy\.golang|sum\.golang|registry\.npmjs|registry\.yarnpkg|deb\.debian|pypi)\.org`)

// TestPortable keeps what holds on one machine only out of the repository.
func TestPortable(t *testing.T) {
	for name, text := range repositoryFiles(t) {
		for n, line := range strings.Split(text, "\n") {
			if found := machinePath.FindString(line); found != "" {
				t.Errorf("%s:%d: a path of one machine: %q", name, n+1, found)
			}
			if found := registries.FindString(line); found != "" {
				t.Errorf("%s:%d: the host of a registry: %q (npm: set omit-lockfile-registry-resolved)", name, n+1, found)
			}
		}
	}
}

func TestPortablePatterns(t *testing.T) {
	slash := "/" // so that this file does not hold what it looks for
	tests := []struct {
		line string
		want bool
	}{
		{"cd " + slash + "root/project", true},
		{`open("` + slash + `tmp/out.txt")`, true},
		{slash + "home/ada/src", true},
		{"https://op.example/home/page", false},
		{"lib/tmp/cache", false},
		{"GET " + slash + "home/ HTTP/1.1", false},
		{"https://registry." + "npmjs.org/left-pad", true},
		{"https://op.example.org/", false},
	}
	for _, tt := range tests {
		if got := machinePath.MatchString(tt.line) || registries.MatchString(tt.line); got != tt.want {
			t.Errorf("%q found: %v, want %v", tt.line, got, tt.want)
		}
	}
}
