//go:build !js

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
)

// A line is one measurement, as it is written.
type line struct {
	What   string  `json:"what"`
	Client string  `json:"client"`
	Figure string  `json:"figure"`
	Value  float64 `json:"value"` // milliseconds, if the figure does not say otherwise
}

// results are all measurements.
type results struct {
	file  io.Writer
	lines []line
}

func (r *results) add(what string, c *client, figure string, value float64) {
	l := line{what, c.name, figure, value}
	r.lines = append(r.lines, l)
	_ = json.NewEncoder(r.file).Encode(l) // the table has it, too
}

// distinct returns the values of a field in the order in which they came.
func distinct(lines []line, field func(line) string) []string {
	var all []string
	for _, l := range lines {
		if v := field(l); !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// matching returns the lines that have something in common.
func matching(lines []line, match func(line) bool) []line {
	return slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return !match(l) })
}

// values returns the values of lines, sorted.
func values(lines []line) []float64 {
	var all []float64
	for _, l := range lines {
		all = append(all, l.Value)
	}
	slices.Sort(all)
	return all
}

// percentile returns the smallest value that p percent of them do not exceed.
func percentile(sorted []float64, p int) float64 {
	i := int(math.Ceil(float64(len(sorted)*p)/100)) - 1
	return sorted[max(i, 0)]
}

// print writes a table: median, 95th percentile, and the median of this client
// by that of the other.
func (r *results) print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "what\tms\tclient\tn\tp50\tp95\tours is\t\n")
	byFigure := func(l line) string { return l.What + "\t" + l.Figure }
	byClient := func(l line) string { return l.Client }
	for _, figure := range distinct(r.lines, byFigure) {
		lines := matching(r.lines, func(l line) bool { return byFigure(l) == figure })
		mine := values(matching(lines, func(l line) bool { return l.Client == ours }))
		for _, name := range distinct(lines, byClient) {
			v := values(matching(lines, func(l line) bool { return l.Client == name }))
			ratio := ""
			if name != ours && len(mine) > 0 {
				ratio = fmt.Sprintf("%.2f ×", percentile(mine, 50)/percentile(v, 50))
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%.0f\t%.0f\t%s\t\n", figure, name, len(v), percentile(v, 50), percentile(v, 95), ratio)
		}
	}
	return w.Flush()
}
