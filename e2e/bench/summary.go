//go:build !js

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A machine is where figures come from, and when.
type machine struct {
	Date    string  `json:"date"`
	Cores   int     `json:"cores"`
	Browser string  `json:"browser"`
	Load    float64 `json:"load"`   // of a minute, when it began
	Length  string  `json:"length"` // of counting requests
}

// describe describes this one; it is called before anything is measured.
func describe() machine {
	m := machine{Date: time.Now().Format(time.DateOnly), Cores: runtime.NumCPU(), Length: length.String()}
	if data, err := os.ReadFile("/proc/loadavg"); err == nil {
		first, _, _ := strings.Cut(string(data), " ")
		m.Load, _ = strconv.ParseFloat(first, 64)
	}
	return m
}

// busy tells whether so much else was going on that times say little.
func (m machine) busy() bool { return m.Load > float64(m.Cores)/4 }

// brief tells whether requests were counted for so short a time that it matters
// when in it tokens are renewed.
func (m machine) brief() bool {
	length, err := time.ParseDuration(m.Length)
	return err != nil || length < 5*shortLife
}

// A row is what is left of the measurements of one figure.
type row struct {
	What   string  `json:"what"`
	Figure string  `json:"figure"`
	Client string  `json:"client"`
	N      int     `json:"n"`
	P50    float64 `json:"p50"`
	P95    float64 `json:"p95"`
}

// A part is what belongs together, from one run.
type part struct {
	machine

	Rows []row `json:"rows"`
}

// A summary is what a document is made of: the parts by their name.
type summary map[string]*part

// partOf returns the name of the part that a measurement belongs to.
func partOf(what string) string {
	name, _, _ := strings.Cut(what, "/")
	if name == "tab" {
		return "reload" // beside it, to be compared
	}
	return name
}

// rowsOf makes rows of lines, in the order in which these came.
func rowsOf(lines []line) []row {
	type key struct{ what, figure, client string }
	var keys []key
	byKey := map[key][]line{}
	for _, l := range lines {
		k := key{l.What, l.Figure, l.Client}
		if byKey[k] == nil {
			keys = append(keys, k)
		}
		byKey[k] = append(byKey[k], l)
	}
	var rows []row
	for _, k := range keys {
		v := values(byKey[k])
		rows = append(rows, row{k.what, k.figure, k.client, len(v), round(percentile(v, 50)), round(percentile(v, 95))})
	}
	return rows
}

// round leaves as many digits as a table shows.
func round(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'f', 2, 64), 64)
	return v
}

// take puts the parts of a run in the place of those that were there.
func (s summary) take(m machine, lines []line) {
	fresh := map[string]*part{}
	for _, row := range rowsOf(lines) {
		name := partOf(row.What)
		if fresh[name] == nil {
			fresh[name] = &part{machine: m}
			s[name] = fresh[name]
		}
		fresh[name].Rows = append(fresh[name].Rows, row)
	}
}

// readSummary reads a file; one that is not there yet is empty.
func readSummary(name string) (summary, error) {
	s := summary{}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func (s summary) write(name string) error {
	data, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(data, '\n'), 0o644)
}

// readFigures reads what a run has written: the machine, then the lines.
func readFigures(from io.Reader) (m machine, lines []line, err error) {
	d := json.NewDecoder(from)
	if err := d.Decode(&m); err != nil {
		return m, nil, err
	}
	for {
		var l line
		switch err := d.Decode(&l); {
		case errors.Is(err, io.EOF):
			return m, lines, nil
		case err != nil:
			return m, nil, err
		}
		lines = append(lines, l)
	}
}
