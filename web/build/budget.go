package build

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// A Limit bounds the size of one asset, or of several together. Sizes are in
// bytes; 0 is no limit.
type Limit struct {
	Assets            []string // logical names
	Raw, Gzip, Brotli int
}

// ParseBudget reads a budget: lines of four fields, the logical names joined
// by "+" and the limits for raw, gzip and brotli, where "-" is no limit.
// Lines that begin with "#" are comments.
func ParseBudget(r io.Reader) ([]Limit, error) {
	var limits []Limit
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 4 {
			return nil, fmt.Errorf("budget: line %d has %d fields, not 4", n, len(fields))
		}
		limit := Limit{Assets: strings.Split(fields[0], "+")}
		for i, size := range []*int{&limit.Raw, &limit.Gzip, &limit.Brotli} {
			if fields[i+1] == "-" {
				continue
			}
			bytes, err := strconv.Atoi(fields[i+1])
			if err != nil || bytes <= 0 {
				return nil, fmt.Errorf("budget: line %d: %q is not a number of bytes", n, fields[i+1])
			}
			*size = bytes
		}
		limits = append(limits, limit)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("budget: %w", err)
	}
	return limits, nil
}

// CheckBudget writes a table of the sizes and limits to w. It fails if an
// asset is above a limit, or was not built.
func CheckBudget(w io.Writer, m *manifest.Manifest, limits []Limit) error {
	var faults []string
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "asset\traw\tlimit\tgzip\tlimit\tbrotli\tlimit")
	for _, limit := range limits {
		name := strings.Join(limit.Assets, "+")
		var raw, gzip, brotli int
		for _, asset := range limit.Assets {
			f, ok := m.Files[asset]
			if !ok {
				faults = append(faults, asset+" is in the budget and was not built")
				continue
			}
			raw += f.Size
			gzip += smallest(f.Size, f.Gzip)
			brotli += smallest(f.Size, f.Brotli)
		}
		row := name
		for _, form := range []struct {
			name        string
			size, limit int
		}{{"raw", raw, limit.Raw}, {"gzip", gzip, limit.Gzip}, {"brotli", brotli, limit.Brotli}} {
			row += fmt.Sprintf("\t%d\t%s", form.size, orDash(form.limit))
			if form.limit > 0 && form.size > form.limit {
				faults = append(faults, fmt.Sprintf("%s is %d bytes after %s, %d above the limit",
					name, form.size, form.name, form.size-form.limit))
			}
		}
		fmt.Fprintln(table, row)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("budget: %w", err)
	}
	if len(faults) > 0 {
		return fmt.Errorf("budget: %s", strings.Join(faults, "; "))
	}
	return nil
}

// smallest returns the size of the compressed form, or of the file where
// there is none.
func smallest(raw, compressed int) int {
	if compressed == 0 {
		return raw
	}
	return compressed
}

func orDash(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}
