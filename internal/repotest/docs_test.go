package repotest

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link is a Markdown link; its first group is the target.
var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// fenced is a block of code, which holds no links.
var fenced = regexp.MustCompile("(?ms)^```.*?^```")

// TestLinks expects what a document links to in this repository to exist.
func TestLinks(t *testing.T) {
	for name, text := range repositoryFiles(t) {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, match := range link.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, ":") { // another site
				continue
			}
			file := path.Join(path.Dir(name), target)
			if target == "" {
				file = name
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file))); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, match[1])
				continue
			}
			if anchor != "" && path.Ext(file) == ".md" && !hasHeading(content(t, file), anchor) {
				t.Errorf("%s links to %s, and %s has no such heading", name, match[1], file)
			}
		}
	}
}

// hasHeading reports whether one of a document's headings has this anchor.
func hasHeading(text, anchor string) bool {
	for line := range strings.Lines(fenced.ReplaceAllString(text, "")) {
		heading, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		if ok && strings.HasPrefix(line, "#") && slug(heading) == anchor {
			return true
		}
	}
	return false
}

// slug is a heading as an anchor: lower case, hyphens for spaces, and no
// punctuation.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127:
			return r
		}
		return -1
	}, strings.ToLower(strings.TrimSpace(heading)))
}

var (
	decisionName   = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}-[a-z0-9-]+\.md$`)
	decisionStatus = regexp.MustCompile(`(?m)^Status: (accepted|replaced by \[.*\]\(.*\.md\))$`)
)

// TestDecisions expects every decision to have its form and a row in the
// index.
func TestDecisions(t *testing.T) {
	const folder, limit = "docs/decisions/", 40
	index := content(t, folder+"README.md")
	for name, text := range repositoryFiles(t) {
		if !below(name, folder) || name == folder+"README.md" {
			continue
		}
		base := path.Base(name)
		if !decisionName.MatchString(base) {
			t.Errorf("%s: the name has the form 2026-11-21-what-is-decided.md", name)
			continue
		}
		first, _, _ := strings.Cut(text, "\n")
		title, ok := strings.CutPrefix(first, "# ")
		if !ok {
			t.Errorf("%s: the first line is the title", name)
		}
		if !decisionStatus.MatchString(text) {
			t.Errorf("%s: there is no line \"Status: accepted\" or \"Status: replaced by [title](file)\"", name)
		}
		if n := strings.Count(text, "\n"); n > limit {
			t.Errorf("%s has %d lines, %d too many", name, n, n-limit)
		}
		if row := "| " + base[:len("2026-11-21")] + " | [" + title + "](" + base + ") |"; !strings.Contains(index, row) {
			t.Errorf("%sREADME.md: add the row\n%s", folder, row)
		}
	}
}
