//go:build !js

package e2e

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/oidcspa/oidcspa/e2e/engine"
)

// enginesAsked are those that the variable ENGINES names.
func enginesAsked() []string { return strings.Fields(os.Getenv("ENGINES")) }

// skipInEngines has the tests of unable skipped, unless the variable UNABLE is
// set: then it can be seen which of them work by now.
func skipInEngines() error {
	if len(unable) == 0 || os.Getenv("UNABLE") != "" {
		return nil
	}
	flag.Parse() // or Run does it, and takes back what is set here
	var patterns []string
	for _, u := range unable {
		for _, name := range u.engines {
			prefix := "TestBrowsers/" + name + "/"
			if os.Getenv("ENGINE") == name {
				prefix = ""
			}
			patterns = append(patterns, pattern(prefix+u.test))
		}
	}
	skip := strings.Join(patterns, "|")
	if before := flag.Lookup("test.skip").Value.String(); before != "" {
		skip = before + "|" + skip
	}
	return flag.Set("test.skip", skip)
}

// pattern matches the name of one test, for the flags -run and -skip.
func pattern(name string) string {
	parts := strings.Split(strings.ReplaceAll(name, " ", "_"), "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// A flowOutcome is what came of a flow in an engine.
type flowOutcome struct {
	word string
	took time.Duration
}

// TestBrowsers runs the flows in each engine that ENGINES names, one after the
// other, and prints what came of them, and what was not done and why.
func TestBrowsers(t *testing.T) {
	if len(enginesAsked()) == 0 {
		t.Skip("ENGINES names no engine: it is for make browsers")
	}
	outcomes := map[string]map[string]flowOutcome{}
	for _, name := range enginesAsked() {
		t.Run(name, func(t *testing.T) {
			var err error
			if browser, err = engine.Start(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			defer func() {
				browser.Stop()
				browser = nil
			}()
			outcomes[name] = map[string]flowOutcome{}
			for _, f := range flows {
				t.Run(testName(f), func(t *testing.T) {
					start := time.Now()
					defer func() { outcomes[name][testName(f)] = flowOutcome{word(t), time.Since(start)} }()
					f(t)
				})
			}
		})
	}
	printOutcomes(outcomes)
}

// Rows of what an engine does not do are about flows, and say why.
func TestUnable(t *testing.T) {
	for _, u := range unable {
		name, _, _ := strings.Cut(u.test, "/")
		if !slices.ContainsFunc(flows, func(f func(*testing.T)) bool { return testName(f) == name }) {
			t.Errorf("%s is none of the flows", u.test)
		}
		if u.because == "" || len(u.engines) == 0 {
			t.Errorf("%s: no reason, or no engine", u.test)
		}
		for _, e := range u.engines {
			if !slices.Contains(engine.Names, e) {
				t.Errorf("%s: there is no engine %q", u.test, e)
			}
		}
	}
	for _, tt := range []struct{ name, want string }{
		{"TestPopup", "^TestPopup$"},
		{"TestA/b c/d.e", `^TestA$/^b_c$/^d\.e$`},
	} {
		if got := pattern(tt.name); got != tt.want {
			t.Errorf("pattern(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func word(t *testing.T) string {
	switch {
	case t.Failed():
		return "FAILS"
	case t.Skipped():
		return "skipped"
	}
	return "ok"
}

// printOutcomes prints a row for each flow, and one for each test that an engine
// does not run.
func printOutcomes(outcomes map[string]map[string]flowOutcome) {
	table := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	defer func() { _ = table.Flush() }()
	fmt.Fprintln(table, "flow\t"+strings.Join(enginesAsked(), "\t"))
	for _, f := range flows {
		row := testName(f)
		for _, name := range enginesAsked() {
			if o, ran := outcomes[name][testName(f)]; ran {
				row += fmt.Sprintf("\t%s %.1f s", o.word, o.took.Seconds())
			} else {
				row += "\t-"
			}
		}
		fmt.Fprintln(table, row)
	}
	fmt.Fprintln(table, "\nnot run\tin\tbecause")
	for _, u := range unable {
		asked := slices.DeleteFunc(slices.Clone(u.engines), func(name string) bool { return !slices.Contains(enginesAsked(), name) })
		if len(asked) > 0 {
			fmt.Fprintf(table, "%s\t%s\t%s\n", u.test, strings.Join(asked, ", "), u.because)
		}
	}
	for _, name := range withoutDevTools {
		parts := strings.SplitN(name, "/", 3) // TestBrowsers, the engine, the test
		fmt.Fprintf(table, "%s\t%s\t%s\n", parts[2], parts[1], "it needs Chrome's DevTools Protocol")
	}
}
