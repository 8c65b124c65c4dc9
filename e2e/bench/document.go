//go:build !js

package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A chapter is how the document shows a part.
type chapter struct {
	part    string
	title   string   // of the picture
	figures []string // in the picture
}

var chapters = []chapter{
	{"anonymous", "Until the page knows that nobody is signed in", []string{figureNobody}},
	{"first", "First sign-in, from the click to the user", []string{figureClick}},
	{"reload", "Reload and second tab, until the page knows the user", []string{figureUser}},
	{"silent", "New tokens, in an open page", []string{figureRenewed}},
	{"cpu", "Processor time of a sign-in and of a reload", []string{figureMain, figureAll}},
	{"memory", "Memory of the browser", []string{figureMemory}},
	{"requests", "Requests at the provider per minute, 20 tabs", []string{figurePerMinute}},
	{"fetch", "1,000 requests to an API", []string{figureCalls}},
}

// markers stand around what is written into the document; the first group is
// the name of the part.
var markers = regexp.MustCompile(`(?s)<!-- figures: (\w+) -->\n(.*?)<!-- end of figures -->`)

// writeDocument puts the figures of a run into the document, and draws its
// pictures: those parts that the run has, each as a whole. The figures are kept
// beside the pictures.
func writeDocument(name string, m machine, lines []line) error {
	folder := strings.TrimSuffix(name, filepath.Ext(name))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	kept := filepath.Join(folder, "figures.json")
	s, err := readSummary(kept)
	if err != nil {
		return err
	}
	s.take(m, lines)
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	written, err := render(string(text), filepath.Base(folder), s)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	files := draw(s)
	files[filepath.Join("..", filepath.Base(name))] = written
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return s.write(kept)
}

// render returns the document with the tables of a summary.
func render(text, folder string, s summary) (string, error) {
	for _, c := range chapters {
		if n := strings.Count(text, "<!-- figures: "+c.part+" -->"); n != 1 {
			return "", fmt.Errorf("the marker of %q is there %d times, not once", c.part, n)
		}
	}
	text = markers.ReplaceAllStringFunc(text, func(found string) string {
		match := markers.FindStringSubmatch(found)
		i := slices.IndexFunc(chapters, func(c chapter) bool { return c.part == match[1] })
		if i < 0 || s[match[1]] == nil {
			return found
		}
		return fmt.Sprintf("<!-- figures: %s -->\n%s<!-- end of figures -->", match[1], chapters[i].show(folder, s[match[1]]))
	})
	return text, nil
}

// draw returns the pictures of a summary by the names of their files.
func draw(s summary) map[string]string {
	pictures := map[string]string{}
	for _, c := range chapters {
		if p := s[c.part]; p != nil {
			pictures[c.part+".svg"] = c.picture(p)
		}
	}
	return pictures
}

// show writes picture, origin and table of a part.
func (c chapter) show(folder string, p *part) string {
	var b strings.Builder
	fmt.Fprintf(&b, "![%s](%s/%s.svg)\n\n", c.title, folder, c.part)
	fmt.Fprintf(&b, "%s, %s, %d cores, load average %s when it began", p.Date, p.Browser, p.Cores, digits(p.Load))
	if c.part == "requests" {
		fmt.Fprintf(&b, ", counted for %s", p.Length)
	}
	b.WriteString(".")
	if c.part == "requests" && p.brief() {
		b.WriteString(" **That is too short for tokens that live for a minute: count for ten.**")
	}
	if p.busy() {
		b.WriteString(" **The machine had other work meanwhile: measure again before you compare times.**")
	}
	b.WriteString("\n\n" + p.table())
	return b.String()
}

// table has a row for each figure and a column for each client: median, 95th
// percentile, and the median of this client by that of the other.
func (p *part) table() string {
	var b strings.Builder
	names := p.clients()
	fmt.Fprintf(&b, "| measured | figure | n | %s |\n|---|---|---:|%s\n", strings.Join(names, " | "), strings.Repeat("---:|", len(names)))
	for _, l := range p.figures() {
		mine := p.find(l, ours)
		fmt.Fprintf(&b, "| `%s` | %s | %d |", l.What, strings.TrimSuffix(l.Figure+", "+unitOf(l.Figure), ", "), cmp.Or(mine, &l).N)
		for _, name := range names {
			fmt.Fprintf(&b, " %s |", cell(p.find(l, name), mine))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cell shows what one client has.
func cell(r, mine *row) string {
	switch {
	case r == nil:
		return ""
	case r.P50 == r.P95:
		return digits(r.P50) + ratio(r, mine)
	}
	return digits(r.P50) + " / " + digits(r.P95) + ratio(r, mine)
}

// ratio shows the median of this client by that of another, if that says
// anything: some make no request at all.
func ratio(r, mine *row) string {
	if mine == nil || r.Client == ours || r.P50 == 0 || r.Figure == figureSignedIn {
		return ""
	}
	return fmt.Sprintf(" (%.2f ×)", mine.P50/r.P50)
}

// clients returns the names of those that have figures: this one first.
func (p *part) clients() []string {
	var names []string
	for _, r := range p.Rows {
		if !slices.Contains(names, r.Client) {
			names = append(names, r.Client)
		}
	}
	place := map[string]int{ours: -1, plain: 1, blank: 1}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(place[a], place[b]) })
	return names
}

// figures returns a row of each figure of each measurement.
func (p *part) figures() []row {
	var all []row
	for _, r := range p.Rows {
		if !slices.ContainsFunc(all, func(o row) bool { return o.What == r.What && o.Figure == r.Figure }) {
			all = append(all, r)
		}
	}
	return all
}

// find returns the row of a client beside that of another.
func (p *part) find(of row, client string) *row {
	for i, r := range p.Rows {
		if r.What == of.What && r.Figure == of.Figure && r.Client == client {
			return &p.Rows[i]
		}
	}
	return nil
}

// digits shows a number with as many digits as it is worth.
func digits(v float64) string {
	precision := 1
	if v >= 100 {
		precision = 0
	}
	return strings.TrimSuffix(strconv.FormatFloat(v, 'f', precision, 64), ".0")
}
