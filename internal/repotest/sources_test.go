package repotest

import (
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// initFunction is a function that runs because its package is imported.
var initFunction = regexp.MustCompile(`(?m)^func init\(`)

// TestNoInit keeps packages from doing anything before somebody calls them. In
// the wasm it would be done at every start.
func TestNoInit(t *testing.T) {
	for name, text := range repositoryFiles(t) {
		if path.Ext(name) == ".go" && initFunction.MatchString(text) {
			t.Errorf("%s has a function init: write one that is called", name)
		}
	}
}

// direction are the characters that make a text look other than it reads.
const direction = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

// TestDirection finds them in every kind of text, not in Go alone.
func TestDirection(t *testing.T) {
	for name, text := range repositoryFiles(t) {
		if n := strings.IndexAny(text, direction); n >= 0 && utf8.ValidString(text) {
			t.Errorf("%s:%d: a character that changes the direction of the text", name, 1+strings.Count(text[:n], "\n"))
		}
	}
}

func TestSourcePatterns(t *testing.T) {
	if !initFunction.MatchString("package a\n\n"+"func init"+"() {}\n") || initFunction.MatchString("func initial() {}\n") {
		t.Errorf("%s is not what it should be", initFunction)
	}
	if !strings.ContainsAny("a \u202e b", direction) || strings.ContainsAny("a ä\u00a0→ b", direction) {
		t.Errorf("%q is not what it should be", direction)
	}
}
