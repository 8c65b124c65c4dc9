package claims

import (
	"slices"
	"strings"
	"testing"
)

const row = "## SECURITY.md: Section\n\n> a sentence\n\n```diff\n--- a.go\n-old\n+new\n```\n\nFails: `oidc.TestStart`\n"

func TestParse(t *testing.T) {
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
			got, err := Parse(tt.text)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if err == nil && (len(got) != 1 || got[0].Quotes[0] != "a sentence") {
				t.Errorf("parsed %+v", got)
			}
		})
	}
}

func TestApply(t *testing.T) {
	edit := Edit{Path: "a.go", Old: "\told\n", New: "\tnew\n"}
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
	section := Section{Document: "X.md", Heading: "Section"}
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

// Each clause needs a quote, and each quote its passage, once.
func TestProblems(t *testing.T) {
	before := Sections
	t.Cleanup(func() { Sections = before })
	Sections = []Section{{Document: "X.md", Heading: "Section"}}
	documents := map[string]string{"X.md": "## Section\n\nIt holds; and so does\nthat, as [said](y.md). Twice. Twice.\n"}
	tests := []struct {
		name   string
		quotes []string
		want   []string // parts of the problems
	}{
		{"all of it", []string{"It holds;", "that, as said.", "Twice. Twice."}, nil},
		{"across clauses", []string{"It holds; and so does that, as said. Twice. Twice."}, nil},
		{"one is missing", []string{"It holds;", "Twice. Twice."}, []string{"and so does that"}},
		{"one is not there", []string{"It holds; and so does that, as said.", "Twice. Twice.", "Thrice."}, []string{"0 times"}},
		{"one is there twice", []string{"It holds; and so does that, as said.", "Twice."}, []string{"2 times"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Problems([]Claim{{Document: "X.md", Quotes: tt.quotes}}, documents)
			if len(got) != len(tt.want) {
				t.Fatalf("problems %q, want %q", got, tt.want)
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("problem %q, want %q", got[i], want)
				}
			}
		})
	}
}
