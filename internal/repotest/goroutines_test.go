package repotest

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// bareStart begins a goroutine: a panic in it ends the program, which serves all
// pages of the origin, unless it is caught there.
var bareStart = regexp.MustCompile(`(?m)^[^/"\n]*(\bgo [a-zA-Z_.]+\(|\bgo func|\btime\.AfterFunc\()`)

// guardedStarts are the files that catch what panics.
var guardedStarts = []string{
	"session/spawn.go",  // Config.spawn and what it is made of
	"session/flight.go", // its run recovers, and tells who waits
	"session/ahead.go", "session/forget.go",
	"wasm/api/spawn.go", "wasm/api/connection.go", // the timer is guarded
	"jsbridge/spawn.go",
}

func TestGoroutinesAreGuarded(t *testing.T) {
	for name, text := range repositoryFiles(t) {
		if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || slices.Contains(guardedStarts, name) {
			continue
		}
		linked := below(name, "session") && !below(name, "session/explore") || below(name, "wasm") || below(name, "jsbridge")
		if at := bareStart.FindStringIndex(text); linked && at != nil {
			t.Errorf("%s:%d: begin it with spawn, which catches a panic", name, 1+strings.Count(text[:at[1]], "\n"))
		}
	}
	for text, want := range map[string]bool{
		"\tgo m.run(ctx)\n": true, "\tgo func() {\n": true, "func(a) { go accept(p) }\n": true, "\tt = time.AfterFunc(a, b)\n": true,
		"\t// they go on (and on)\n": false, "\tcategory(x)\n": false,
	} {
		if bareStart.MatchString(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
