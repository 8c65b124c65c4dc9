package repotest

import (
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/internal/claims"
)

// TestClaims expects each promise of README and SECURITY.md to have a row, and
// each row to be about something that is there: its passage, its lines, its
// test. `make check` shows that the test fails without the lines.
func TestClaims(t *testing.T) {
	sources := parseSources(t)
	table, err := claims.Parse(content(t, claims.File))
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range claims.Problems(table, sources.files) {
		t.Error(problem)
	}
	for _, c := range table {
		for _, r := range c.Removals {
			for _, problem := range sources.checkRemoval(r) {
				t.Errorf("%s:%d: %s", claims.File, r.Line, problem)
			}
		}
	}
}

// checkRemoval returns what is wrong with a removal, as far as one can see
// without making it.
func (s *sources) checkRemoval(r claims.Removal) (problems []string) {
	changed := make(map[string]string)
	for _, e := range r.Edits {
		source, ok := s.files[e.Path]
		if before, again := changed[e.Path]; again {
			source = before
		}
		if !ok || strings.HasSuffix(e.Path, "_test.go") {
			problems = append(problems, "there is no source "+e.Path)
			continue
		}
		without, err := e.Apply(source)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		changed[e.Path] = without
	}
	if problem := s.checkTest(r.Test); problem != "" {
		problems = append(problems, problem)
	}
	return problems
}
