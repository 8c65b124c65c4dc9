package claims

import (
	"fmt"
	"regexp"
	"strings"
)

// A Section is a part of a document in which every clause is a claim.
type Section struct {
	Document, Heading string
	Skip              int  // tables at its begin that are none
	DropLastColumn    bool // it says where, not what
	ListOnly          bool // its tables and paragraphs are somebody else's
}

// Sections are those that [File] has to cover.
var Sections = []Section{
	{Document: "SECURITY.md", Heading: "What is guaranteed", DropLastColumn: true},
	{Document: "SECURITY.md", Heading: "What a hostile script in the page can do"},
	{Document: "SECURITY.md", Heading: "The hosts differ"},
	{Document: "SECURITY.md", Heading: "The keeper"},
	{Document: "SECURITY.md", Heading: "Third-party cookies"},
	{Document: "README.md", Heading: "What is kept where"},
	{Document: "README.md", Heading: "Calling APIs"},
	{Document: "README.md", Heading: "The API behind the app"},
	{Document: "README.md", Heading: "What it speaks", ListOnly: true},
}

var (
	link      = regexp.MustCompile(`\[([^\]]+)\]\([^)\s]+\)`)
	fenced    = regexp.MustCompile("(?ms)^```.*?^```\n")
	tableHead = regexp.MustCompile(`(?m)^\|.*\|\n\|[-:| ]+\|\n`)
	spaces    = regexp.MustCompile(`\s+`)
)

// normal is a text as a reader takes it: white space is one space, and of a
// link there is its text.
func normal(text string) string {
	return strings.TrimSpace(spaces.ReplaceAllString(link.ReplaceAllString(text, "$1"), " "))
}

// body returns what stands below a heading, up to the next of any level, with
// neither code nor the heads of tables.
func (s *Section) body(document string) (string, error) {
	at := regexp.MustCompile(`(?m)^#+ ` + regexp.QuoteMeta(s.Heading) + `\n`).FindStringIndex(document)
	if at == nil {
		return "", fmt.Errorf("%s has no heading %q", s.Document, s.Heading)
	}
	text := document[at[1]:]
	text = fenced.ReplaceAllString(text, "")
	if end := regexp.MustCompile(`(?m)^#+ `).FindStringIndex(text); end != nil {
		text = text[:end[0]]
	}
	return tableHead.ReplaceAllString(text, ""), nil
}

// Clauses returns what a section claims, piece by piece: rows of tables, items
// of lists and paragraphs, cut at semicolons and at the ends of sentences.
func (s *Section) Clauses(document string) ([]string, error) {
	text, err := s.body(document)
	if err != nil {
		return nil, err
	}
	var clauses []string
	for _, unit := range units(text) {
		row := strings.HasPrefix(unit, "|")
		if s.ListOnly && !strings.HasPrefix(unit, "- ") {
			continue
		}
		if row && s.DropLastColumn {
			unit = strings.TrimSuffix(unit, "|")
			unit = unit[:strings.LastIndex(unit, "|")]
		}
		unit = strings.Trim(strings.TrimPrefix(unit, "- "), "| ")
		clauses = append(clauses, cut(unit)...)
	}
	return clauses, nil
}

// units returns rows, items and paragraphs, each in one line.
func units(text string) []string {
	var all []string
	open := false // the next line may continue the last unit
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			open = false
		case open && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "- "):
			all[len(all)-1] += " " + line
		default:
			all = append(all, line)
			open = !strings.HasPrefix(line, "|")
		}
	}
	return all
}

// sentenceEnd is where a clause ends.
var sentenceEnd = regexp.MustCompile(`; |[a-z0-9)` + "`" + `]\. `)

func cut(unit string) []string {
	var clauses []string
	for {
		end := sentenceEnd.FindStringIndex(unit)
		if end == nil {
			return append(clauses, normal(unit))
		}
		clauses = append(clauses, normal(unit[:end[1]]))
		unit = unit[end[1]:]
	}
}

// Problems returns the clauses of the documents that no claim is about, and
// the quotes that are not in their documents, once.
func Problems(claims []Claim, documents map[string]string) []string {
	var problems []string
	quotes := make(map[string][]string) // by document
	for _, c := range claims {
		for _, quote := range c.Quotes {
			if n := strings.Count(normal(documents[c.Document]), quote); n != 1 {
				problems = append(problems, fmt.Sprintf("%s:%d: %s says %d times, not once: %s", File, c.Line, c.Document, n, quote))
			}
			quotes[c.Document] = append(quotes[c.Document], quote)
		}
	}
	for _, s := range Sections {
		clauses, err := s.Clauses(documents[s.Document])
		if err != nil {
			problems = append(problems, err.Error())
		}
		for _, clause := range clauses {
			if !covered(clause, quotes[s.Document]) {
				problems = append(problems, fmt.Sprintf("%s, %s: no row of %s is about: %s", s.Document, s.Heading, File, clause))
			}
		}
	}
	return problems
}

// covered reports whether a quote has a part of the clause, or all of it.
func covered(clause string, quotes []string) bool {
	for _, quote := range quotes {
		if strings.Contains(clause, quote) || strings.Contains(quote, clause) {
			return true
		}
	}
	return false
}
