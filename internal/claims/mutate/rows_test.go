//go:build !js

package main

import "testing"

// The lines of each row are in the sources, once: a line that moves takes its row
// along.
func TestRowsApply(t *testing.T) {
	t.Chdir("../../..")
	rows, err := read("")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 40 {
		t.Errorf("%d rows", len(rows))
	}
	s := &search{root: ".", folder: t.TempDir()}
	for _, r := range rows {
		if _, err := s.lay("row", r.edits); err != nil {
			t.Errorf("%s: %v", r.rule, err)
		}
	}
}
