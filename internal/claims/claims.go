// Package claims reads docs/claims.md: what the documents of this repository
// promise, which lines of the sources each promise rests on, and which test
// fails without those lines.
package claims

import (
	"fmt"
	"strings"
)

// File is the table, seen from the root of the repository.
const File = "docs/claims.md"

// A Claim is one or more passages of a document, with what keeps them true.
type Claim struct {
	Document string   // "SECURITY.md"
	Heading  string   // of the section that the passages are in
	Quotes   []string // passages of it, word by word
	Line     int      // in [File]

	// Removals are what each takes a test to red; none if NoTest says why.
	Removals []Removal
	NoTest   string
}

// A Removal takes out, or changes, a line or two that a claim rests on.
type Removal struct {
	Edits []Edit
	Test  string // "oidc.TestStart/name of a row", which has to fail then
	Line  int    // in [File]
}

// An Edit replaces a passage of a file.
type Edit struct {
	Path     string // from the root of the repository
	Old, New string // whole lines
}

// Apply returns the source with its passage replaced. The passage has to be
// there, once.
func (e *Edit) Apply(source string) (string, error) {
	var found []int
	for at := 0; ; {
		i := strings.Index(source[at:], e.Old)
		if i < 0 {
			break
		}
		at += i
		if at == 0 || source[at-1] == '\n' {
			found = append(found, at)
		}
		at++
	}
	if len(found) != 1 {
		return "", fmt.Errorf("the lines are %d times in %s, not once", len(found), e.Path)
	}
	return source[:found[0]] + e.New + source[found[0]+len(e.Old):], nil
}

const (
	failsMark  = "Fails: "
	noTestMark = "No test: "
)

// Parse reads the table. What it does not understand is an error: a row that
// is misspelt must not be a row less.
func Parse(text string) ([]Claim, error) {
	p := &parser{}
	for line := range strings.Lines(text) {
		p.number++
		if err := p.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", File, p.number, err)
		}
	}
	if err := p.endClaim(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", File, p.number, err)
	}
	return p.claims, nil
}

type parser struct {
	claims            []Claim
	number            int
	document, heading string

	current  *Claim
	inQuote  bool   // the line before was one of a quote
	inDiff   bool   // between the fences
	edits    []Edit // of the removal whose test is still to come
	complete bool   // the claim has its tests: the next quote begins another
}

// line reads one line.
func (p *parser) line(line string) error {
	switch {
	case p.inDiff:
		return p.diff(line)
	case strings.HasPrefix(line, "# "), p.document == "" && !strings.HasPrefix(line, "## "):
		return nil // the introduction
	case line == "":
		p.inQuote = false
		return nil
	case strings.HasPrefix(line, "## "):
		return p.section(strings.TrimPrefix(line, "## "))
	case strings.HasPrefix(line, "> "):
		return p.quote(strings.TrimPrefix(line, "> "))
	case p.current == nil:
		return fmt.Errorf("neither a heading nor a quote: %s", line)
	case line == "```diff":
		p.inDiff = true
		return nil
	case strings.HasPrefix(line, failsMark):
		return p.fails(strings.TrimPrefix(line, failsMark))
	case strings.HasPrefix(line, noTestMark):
		p.current.NoTest, p.complete = strings.TrimPrefix(line, noTestMark), true
		return nil
	}
	return fmt.Errorf("neither a quote, nor lines of a source, nor a test: %s", line)
}

func (p *parser) section(title string) error {
	if err := p.endClaim(); err != nil {
		return err
	}
	document, heading, ok := strings.Cut(title, ": ")
	if !ok {
		return fmt.Errorf("the heading has the form FILE: heading: %s", title)
	}
	p.document, p.heading = document, heading
	return nil
}

func (p *parser) quote(text string) error {
	if p.inQuote {
		last := len(p.current.Quotes) - 1
		p.current.Quotes[last] += " " + text
		return nil
	}
	if p.complete {
		if err := p.endClaim(); err != nil {
			return err
		}
	}
	if p.current == nil {
		p.current = &Claim{Document: p.document, Heading: p.heading, Line: p.number}
	}
	p.current.Quotes = append(p.current.Quotes, text)
	p.inQuote = true
	return nil
}

// diff reads a line of a removal: "--- file" begins an edit, a minus goes, a
// plus comes, and a space stays.
func (p *parser) diff(line string) error {
	last := len(p.edits) - 1
	switch {
	case line == "```":
		p.inDiff = false
		for _, e := range p.edits {
			if e.Old == "" || e.Old == e.New {
				return fmt.Errorf("nothing changes in %s", e.Path)
			}
		}
		return nil
	case strings.HasPrefix(line, "--- "):
		p.edits = append(p.edits, Edit{Path: strings.TrimPrefix(line, "--- ")})
		return nil
	case last < 0:
		return fmt.Errorf("lines of no file: %s", line)
	case strings.HasPrefix(line, "-"):
		p.edits[last].Old += line[1:] + "\n"
		return nil
	case strings.HasPrefix(line, "+"):
		p.edits[last].New += line[1:] + "\n"
		return nil
	case strings.HasPrefix(line, " "):
		p.edits[last].Old += line[1:] + "\n"
		p.edits[last].New += line[1:] + "\n"
		return nil
	}
	return fmt.Errorf("none of ---, minus, plus, space: %s", line)
}

func (p *parser) fails(test string) error {
	if len(p.edits) == 0 {
		return fmt.Errorf("a test without lines that go")
	}
	name := strings.TrimSuffix(strings.TrimPrefix(test, "`"), "`")
	if len(name) != len(test)-2 || !strings.Contains(name, ".") {
		return fmt.Errorf("a test has the form `folder.TestName/row`: %s", test)
	}
	p.current.Removals = append(p.current.Removals, Removal{Edits: p.edits, Test: name, Line: p.number})
	p.edits, p.complete = nil, true
	return nil
}

func (p *parser) endClaim() error {
	claim := p.current
	p.current, p.inQuote, p.complete = nil, false, false
	switch {
	case claim == nil:
		return nil
	case len(p.edits) > 0:
		return fmt.Errorf("lines that go, and no test that fails then: %s", claim.Quotes[0])
	case len(claim.Removals) == 0 && claim.NoTest == "":
		return fmt.Errorf("no test, and no reason why: %s", claim.Quotes[0])
	case len(claim.Removals) > 0 && claim.NoTest != "":
		return fmt.Errorf("a test, and a reason why there is none: %s", claim.Quotes[0])
	}
	p.claims = append(p.claims, *claim)
	return nil
}
