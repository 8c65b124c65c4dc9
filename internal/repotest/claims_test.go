package repotest

import (
	"slices"
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

const row = "## SECURITY.md: Section\n\n> a sentence\n\n```diff\n--- a.go\n-old\n+new\n```\n\nFails: `oidc.TestStart`\n"

func TestParseClaims(t *testing.T) {
	tests := []struct {
		name, text string
		want       string // part of the error; "" for none
	}{
		{"valid", row, ""},
		{"an introduction", "# Claims\n\nWhat this is.\n\n" + row, ""},
		{"no test", strings.Replace(row, "Fails: `oidc.TestStart`", "", 1), "no test"},
		{"a reason", "## SECURITY.md: Section\n\n> a sentence\n\nNo test: it is advice.\n", ""},
		{"a test and a reason", row + "\nNo test: it is advice.\n", "a reason why there is none"},
		{"a quote alone", "## SECURITY.md: Section\n\n> a sentence\n", "no test, and no reason"},
		{"nothing changes", strings.Replace(row, "+new", "+old", 1), "nothing changes"},
		{"nothing goes", strings.Replace(row, "-old\n", "", 1), "nothing changes"},
		{"no file", strings.Replace(row, "--- a.go\n", "", 1), "no file"},
		{"a test without quotes", strings.ReplaceAll(row, "`oidc.TestStart`", "oidc.TestStart"), "the form"},
		{"a word astray", strings.Replace(row, "Fails:", "Fail:", 1), "neither"},
		{"a heading of no document", strings.Replace(row, "SECURITY.md: ", "", 1), "the form FILE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := claims.Parse(tt.text)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if err == nil && (len(got) != 1 || got[0].Quotes[0] != "a sentence") {
				t.Errorf("parsed %+v", got)
			}
		})
	}
}

func TestApplyRemoval(t *testing.T) {
	edit := claims.Edit{Path: "a.go", Old: "\told\n", New: "\tnew\n"}
	for source, want := range map[string]string{
		"\told\n":           "\tnew\n",
		"a\n\told\nb\n":     "a\n\tnew\nb\n",
		"\told\n\told\n":    "",
		"\tolder\n":         "",
		"":                  "",
		"\t\told\n":         "",
		"\told, and more\n": "",
	} {
		got, err := edit.Apply(source)
		if (err != nil) != (want == "") || got != want {
			t.Errorf("%q becomes %q, %v; want %q", source, got, err, want)
		}
	}
}

func TestClauses(t *testing.T) {
	const document = `# Title

## Before

not this

## Section

A sentence of two
lines. Another one.

| what | where |
|---|---|
| it holds | ` + "`a`" + `; and that, too |

- an item
  that goes on
- another: with x.y inside

` + "```\ncode; is no claim\n```" + `

## After

nor this
`
	section := claims.Section{Document: "X.md", Heading: "Section"}
	got, err := section.Clauses(document)
	want := []string{
		"A sentence of two lines.", "Another one.", "it holds | `a`;", "and that, too", "an item that goes on", "another: with x.y inside",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("clauses %q, %v; want %q", got, err, want)
	}
	section.Heading = "Sections"
	if _, err := section.Clauses(document); err == nil {
		t.Error("there is no such heading, and no error")
	}
}
