package build

import (
	"reflect"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/web/manifest"
)

func TestParseBudget(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Limit
		wantErr    string
	}{
		{"two assets together", "# asset raw gzip brotli\n\na.html+a.js - 20 10\n",
			[]Limit{{Assets: []string{"a.html", "a.js"}, Gzip: 20, Brotli: 10}}, ""},
		{"field missing", "a.js 10 20\n", nil, "budget: line 1 has 3 fields, not 4"},
		{"no number", "a.js 10 20 8k\n", nil, `budget: line 1: "8k" is not a number of bytes`},
		{"zero is not a limit", "a.js 10 20 0\n", nil, `budget: line 1: "0" is not a number of bytes`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseBudget(strings.NewReader(tt.text))
			if !reflect.DeepEqual(got, tt.want) || errorText(err) != tt.wantErr {
				t.Errorf("ParseBudget = %+v, %v; want %+v, %q", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

func TestCheckBudget(t *testing.T) {
	m := &manifest.Manifest{Files: map[string]manifest.File{
		"a.html": {Size: 100}, // too small to compress
		"a.js":   {Size: 1000, Gzip: 300, Brotli: 200},
	}}
	tests := []struct{ name, budget, want string }{
		{"all at their limits", "a.html+a.js 1100 400 300", ""},
		{"raw", "a.js 999 - -", "budget: a.js is 1000 bytes after raw, 1 above the limit"},
		{"gzip", "a.js - 299 -", "budget: a.js is 300 bytes after gzip, 1 above the limit"},
		{"brotli", "a.js - - 199", "budget: a.js is 200 bytes after brotli, 1 above the limit"},
		{"together", "a.html+a.js - - 299", "budget: a.html+a.js is 300 bytes after brotli, 1 above the limit"},
		{"not built", "b.js - - 10", "budget: b.js is in the budget and was not built"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			limits, err := ParseBudget(strings.NewReader(tt.budget))
			if err != nil {
				t.Fatal(err)
			}
			var table strings.Builder
			if got := errorText(CheckBudget(&table, m, limits)); got != tt.want {
				t.Errorf("CheckBudget = %q, want %q", got, tt.want)
			}
			if !strings.Contains(table.String(), limits[0].Assets[0]) {
				t.Errorf("the table has no row for the asset:\n%s", table.String())
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
