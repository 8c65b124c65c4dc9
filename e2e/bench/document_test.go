//go:build !js

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// figures is a small file as a run writes it.
const figures = `{"date":"2026-11-28","cores":2,"browser":"Chromium 1.2","load":0.25,"length":"10m0s"}
{"what":"reload/0ms","client":"oidc-client-ts","figure":"time to user","value":50}
{"what":"reload/0ms","client":"oidcspa","figure":"time to user","value":30}
{"what":"reload/0ms","client":"oidcspa","figure":"time to user","value":10.25}
{"what":"reload/0ms","client":"oidcspa","figure":"time to user","value":20}
{"what":"tab/0ms","client":"oidcspa","figure":"requests at the provider","value":0}
{"what":"fetch/6","client":"plain fetch","figure":"1,000 requests","value":400}
{"what":"fetch/6","client":"oidcspa","figure":"1,000 requests","value":1000}
{"what":"requests/20tabs/frame","client":"oidcspa","figure":"requests per minute","value":3.5}
`

// emptyDocument has a place for each part.
func emptyDocument() string {
	var b strings.Builder
	for _, c := range chapters {
		b.WriteString("## " + c.part + "\n\n<!-- figures: " + c.part + " -->\n<!-- end of figures -->\n\nWords.\n")
	}
	return b.String()
}

func TestWriteDocument(t *testing.T) {
	name := filepath.Join(t.TempDir(), "figures.md")
	if err := os.WriteFile(name, []byte(emptyDocument()), 0o644); err != nil {
		t.Fatal(err)
	}
	m, lines, err := readFigures(strings.NewReader(figures))
	if err != nil {
		t.Fatal(err)
	}
	if err := writeDocument(name, m, lines); err != nil {
		t.Fatal(err)
	}
	document := read(t, name)
	for _, want := range []string{
		"2026-11-28, Chromium 1.2, 2 cores, load average 0.2 when it began.\n",
		"| measured | figure | n | oidcspa | oidc-client-ts |\n|---|---|---:|---:|---:|\n",
		"| `reload/0ms` | time to user, ms | 3 | 20 / 30 | 50 (0.40 ×) |\n",
		"| `tab/0ms` | requests at the provider | 1 | 0 |  |\n",
		"| `fetch/6` | 1,000 requests, ms | 1 | 1000 | 400 (2.50 ×) |\n",
		"counted for 10m0s.\n",
		"![" + chapters[2].title + "](figures/reload.svg)\n",
		"## memory\n\n<!-- figures: memory -->\n<!-- end of figures -->\n\nWords.\n", // not measured
	} {
		if !strings.Contains(document, want) {
			t.Errorf("the document lacks %q:\n%s", want, document)
		}
	}
	pictures, err := filepath.Glob(filepath.Join(filepath.Dir(name), "figures", "*.svg"))
	if err != nil || len(pictures) != 3 {
		t.Errorf("there are the pictures %q, %v; want 3", pictures, err)
	}
	svg := read(t, filepath.Join(filepath.Dir(name), "figures", "reload.svg"))
	wellFormed(t, svg)
	for _, want := range []string{"prefers-color-scheme: dark", ">reload/0ms<", ">oidc-client-ts<", ">20 ms<", ">50 ms (0.40 ×)<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the picture lacks %q:\n%s", want, svg)
		}
	}

	// Parts that the next run does not have stay; its own take the place of theirs.
	m.Load, m.Length = 3, "2m0s"
	if err := writeDocument(name, m, []line{{"reload/50ms", ours, figureUser, 7}, {"requests/20tabs/frame", ours, figurePerMinute, 3}}); err != nil {
		t.Fatal(err)
	}
	again := read(t, name)
	for part, want := range map[string]bool{"`reload/0ms`": false, "`reload/50ms`": true, "`fetch/6`": true, "**The machine had other work": true, "**That is too short": true} {
		if strings.Contains(again, part) != want {
			t.Errorf("the document has %q: %v, want %v:\n%s", part, !want, want, again)
		}
	}
}

func TestRenderMarkers(t *testing.T) {
	whole := emptyDocument()
	for name, text := range map[string]string{
		"missing": strings.Replace(whole, "<!-- figures: cpu -->", "", 1),
		"twice":   whole + "<!-- figures: cpu -->\n<!-- end of figures -->\n",
	} {
		if _, err := render(text, "figures", summary{}); err == nil || !strings.Contains(err.Error(), `"cpu"`) {
			t.Errorf("%s: %v; want an error that names the part", name, err)
		}
	}
	if got, err := render(whole, "figures", summary{}); err != nil || got != whole {
		t.Errorf("without figures: %v, and the document has changed: %v", err, got != whole)
	}
}

// TestDocument expects the document of the repository to be what this program
// makes of the figures beside it: nobody writes a number into it by hand.
func TestDocument(t *testing.T) {
	const name = "../../docs/benchmarks.md"
	folder := strings.TrimSuffix(name, ".md")
	s, err := readSummary(filepath.Join(folder, "figures.json"))
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, name)
	switch written, err := render(text, filepath.Base(folder), s); {
	case err != nil:
		t.Error(err)
	case written != text:
		t.Errorf("%s differs from its figures: go run ./e2e/bench -from FIGURES -write docs/benchmarks.md", name)
	}
	for _, c := range chapters {
		if s[c.part] == nil {
			t.Errorf("%s has no figures of %q", name, c.part)
		}
	}
	pictures := draw(s)
	for _, picture := range slices.Sorted(maps.Keys(pictures)) {
		if read(t, filepath.Join(folder, picture)) != pictures[picture] {
			t.Errorf("%s differs from its figures", picture)
		}
		wellFormed(t, pictures[picture])
	}
	there, err := filepath.Glob(filepath.Join(folder, "*.svg"))
	if err != nil || len(there) != len(pictures) {
		t.Errorf("there are %d pictures, %v; the figures make %d", len(there), err, len(pictures))
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, text)
		}
	}
}
