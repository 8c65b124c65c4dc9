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
	Value  float64 `json:"value"` // milliseconds, unless units says otherwise
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
	fmt.Fprint(w, "what\tfigure\tclient\tn\tp50\tp95\tours is\t\n")
	all := part{Rows: rowsOf(r.lines)}
	for _, figure := range all.figures() {
		for _, name := range all.clients() {
			if v := all.find(figure, name); v != nil {
				fmt.Fprintf(w, "%s\t%s %s\t%s\t%d\t%s\t%s\t%s\t\n", v.What, v.Figure, unitOf(v.Figure), name, v.N, digits(v.P50), digits(v.P95), ratio(v, all.find(figure, ours)))
			}
		}
	}
	return w.Flush()
}
