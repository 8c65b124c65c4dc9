package repotest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	parity = "docs/parity.md"
	compat = "e2e/compat/suite/"
)

// migrating has the documents for migrating, and the suites that show what they say.
var migrating = map[string]string{
	"docs/migrating-from-oidc-client-ts.md": compat,
	"docs/migrating-from-oidc-spa.md":       "e2e/compat/oidcspa/",
}

// maxDifferences is how many may be meant of what createOidc() does.
const maxDifferences = 40

// listed returns the lines of a list, less comments, empty and indented ones.
func listed(t *testing.T, name string) []string {
	t.Helper()
	text := content(t, name)
	if text == "" {
		t.Fatalf("%s: no such file", name)
	}
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool {
		return line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, " ")
	})
}

// shownBy returns what the rows of the tables in docs/parity.md name.
func shownBy(text string) []string {
	var names []string
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 2 || !strings.HasPrefix(line, "| ") || strings.TrimSpace(cells[0]) == "name" {
			continue
		}
		for name := range strings.SplitSeq(cells[1], ";") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	return names
}

// TestParity expects every row to name scenarios and tests that exist, and
// every scenario that is not there yet to be one.
func TestParity(t *testing.T) {
	scenarios := listed(t, compat+"names.txt")
	tests := parseSources(t).tests
	named := shownBy(content(t, parity))
	if len(named) < 100 {
		t.Errorf("%s names %d scenarios", parity, len(named))
	}
	for _, name := range named {
		if strings.HasPrefix(name, "Test") {
			if !slices.ContainsFunc(sortedKeys(tests), func(test string) bool { return strings.HasSuffix(test, "."+name) }) {
				t.Errorf("%s: there is no test %s", parity, name)
			}
		} else if !slices.Contains(scenarios, name) {
			t.Errorf("%s: there is no scenario %q", parity, name)
		}
	}
	for _, name := range listed(t, compat+"gaps.txt") {
		if !slices.Contains(scenarios, name) {
			t.Errorf("gaps.txt: there is no scenario %q", name)
		}
	}
}

// TestParityOidcSpa expects a row for each feature, which names tests that exist or says why there is
// none: of few.
func TestParityOidcSpa(t *testing.T) {
	tests := sortedKeys(parseSources(t).tests)
	rows, without := 0, 0
	for line := range strings.Lines(content(t, "docs/parity-oidc-spa.md")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		number, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil {
			continue
		}
		if rows++; rows != number || len(cells) != 3 {
			t.Errorf("row %d is %q", rows, line)
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(cells[2]), "not: ") {
			without++
			continue
		}
		for name := range strings.SplitSeq(cells[2], ";") {
			if !slices.ContainsFunc(tests, func(test string) bool { return strings.HasSuffix(test, "."+strings.TrimSpace(name)) }) {
				t.Errorf("row %d: there is no test %q", rows, strings.TrimSpace(name))
			}
		}
	}
	if rows != 100 || without > 13 {
		t.Errorf("%d rows, %d of them without a test; want 100, and at most 13", rows, without)
	}
}

func sortedKeys(set map[string]bool) []string {
	var keys []string
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// headings are those of the differences in the document for migrating.
var headings = regexp.MustCompile(`(?m)^### ([a-z0-9-]+)$`)

// TestMigrating expects a section for each difference, and no other.
func TestMigrating(t *testing.T) {
	for document, suite := range migrating {
		want := listed(t, suite+"differences.txt")
		var got []string
		for _, match := range headings.FindAllStringSubmatch(content(t, document), -1) {
			got = append(got, match[1])
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has sections on\n%q\nthe differences are\n%q", document, got, want)
		}
		if suite != compat && len(want) > maxDifferences {
			t.Errorf("%s: %d differences", suite, len(want))
		}
	}
}
