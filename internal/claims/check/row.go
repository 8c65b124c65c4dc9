//go:build !js

package main

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/oidcspa/oidcspa/internal/claims"
)

// A row is one removal, with the test that it turns red.
type row struct {
	claims.Removal

	sentence string   // the first of the claim
	quotes   []string // all of them
	folder   string   // of the test: "wasm/api"
	name     []string // of the test and its row, as they are printed

	like    *row   // one before with the same lines and test, which is run for both
	failure string // why the row does not hold; empty if it does
}

func newRow(claim claims.Claim, removal claims.Removal) *row {
	folder, name, _ := strings.Cut(removal.Test, ".")
	return &row{
		Removal:  removal,
		sentence: claim.Quotes[0],
		quotes:   claim.Quotes,
		folder:   folder,
		name:     strings.Split(printed(name), "/"),
	}
}

// printed is the name of a test as package testing writes it.
func printed(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case unicode.IsSpace(c):
			b.WriteByte('_')
		case !strconv.IsPrint(c):
			quoted := strconv.QuoteRune(c)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// pattern is what -run has to be for this test alone. The tables of some tests
// put the number of a specification before the name of a row.
func (r *row) pattern() string {
	elements := make([]string, len(r.name))
	for i, element := range r.name {
		elements[i] = regexp.QuoteMeta(element) + "$"
	}
	elements[0] = "^" + elements[0]
	return strings.Join(elements, "/")
}

// inE2E: the test builds the assets from the sources in its folder's module,
// and drives them in a browser.
func (r *row) inE2E() bool { return r.folder == "e2e" }

// inWasm: the test itself is compiled to WebAssembly, and runs in a browser.
func (r *row) inWasm() bool { return r.folder == "jsbridge" }

func (r *row) inBrowser() bool { return r.inE2E() || r.inWasm() }

// matches looks for the pattern in all that names the row.
func (r *row) matches(wanted *regexp.Regexp) bool {
	all := strings.Join(append(r.quotes, r.Test), "\n")
	for _, e := range r.Edits {
		all += "\n" + e.Path
	}
	return wanted.MatchString(all)
}

// passed and failed look for the verdict in what go test -v wrote.
func (r *row) passed(output string) bool { return r.hasVerdict(output, "PASS") }
func (r *row) failed(output string) bool { return r.hasVerdict(output, "FAIL") }

func (r *row) hasVerdict(output, verdict string) bool {
	name := regexp.QuoteMeta(r.name[0])
	if rest := strings.Join(r.name[1:], "/"); rest != "" {
		name += `/\S*` + regexp.QuoteMeta(rest)
	}
	return regexp.MustCompile(`--- ` + verdict + `: ` + name + ` \(`).MatchString(output)
}
