//go:build !js

package e2e

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/oidcspa/oidcspa/e2e/engine"
)

// enginesAsked are those that the variable ENGINES names.
func enginesAsked() []string { return strings.Fields(os.Getenv("ENGINES")) }

// flowsAsked are all flows with the variable MORE.
func flowsAsked() []func(*testing.T) {
	if os.Getenv("MORE") == "" {
		return flows
	}
	return slices.Concat(flows, moreFlows)
}

// enginesAtOnce are so many: each is busy half of the time.
const enginesAtOnce = 2

// skipInEngines has the tests of unable skipped in the engine that runs, unless the
// variable UNABLE is set: then it can be seen which of them work by now.
func skipInEngines() error {
	if os.Getenv("UNABLE") != "" {
		return nil
	}
	var patterns []string
	for _, u := range unable {
		if slices.Contains(u.engines, os.Getenv("ENGINE")) {
			patterns = append(patterns, pattern(u.test))
		}
	}
	if len(patterns) == 0 {
		return nil
	}
	flag.Parse() // or Run does it, and takes back what is set here
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

// A flowOutcome is what came of a test in an engine.
type flowOutcome struct {
	word    string
	seconds string
	last    string // of what it said: why it was skipped
}

// TestBrowsers runs the flows in each engine that ENGINES names, some engines at a
// time, and prints what came of them, and what was not done and why.
func TestBrowsers(t *testing.T) {
	if len(enginesAsked()) == 0 {
		t.Skip("ENGINES names no engine: it is for make browsers")
	}
	var mu sync.Mutex
	outcomes := map[string]map[string]flowOutcome{}
	turns := make(chan struct{}, enginesAtOnce)
	var all sync.WaitGroup
	for _, name := range enginesAsked() {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			of, err := runFlows(t.Context(), name)
			mu.Lock()
			defer mu.Unlock()
			outcomes[name] = of
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	for _, name := range enginesAsked() {
		for _, f := range flowsAsked() {
			test := testName(f)
			if _, ran := outcomes[name][test]; !ran && !slices.ContainsFunc(unable, func(u unableTest) bool { return u.test == test && slices.Contains(u.engines, name) }) {
				t.Errorf("%s: %s did not run", name, test)
			}
		}
	}
	printOutcomes(outcomes)
}

// Lines of `go test -v`: which test runs, and what came of one.
var (
	runLine     = regexp.MustCompile(`^=== \w+ +(\S+)$`)
	outcomeLine = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): (\S+) \((\S+)s\)$`)
)

// runFlows runs this program anew for one engine, prints what it says, and returns
// what came of each test.
func runFlows(ctx context.Context, name string) (map[string]flowOutcome, error) {
	var patterns []string
	for _, f := range flowsAsked() {
		patterns = append(patterns, pattern(testName(f)))
	}
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.v", "-test.timeout=30m", "-test.run="+strings.Join(patterns, "|"))
	cmd.Env = append(os.Environ(), "ENGINES=", "ENGINE="+name)
	cmd.Stderr = os.Stderr
	says, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	engine.Tie(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	outcomes := map[string]flowOutcome{}
	said := map[string]string{} // last, by each test
	runs := ""
	for from := bufio.NewReader(says); ; {
		line, err := from.ReadString('\n')
		if err != nil {
			return outcomes, cmd.Wait()
		}
		line = strings.TrimSuffix(line, "\n")
		if m := runLine.FindStringSubmatch(line); m != nil {
			runs = m[1]
			continue
		}
		fmt.Printf("%s: %s\n", name, line)
		if m := outcomeLine.FindStringSubmatch(line); m != nil {
			outcomes[m[2]] = flowOutcome{m[1], m[3], said[m[2]]}
		} else if _, text, found := strings.Cut(line, ": "); found {
			said[runs] = text
		}
	}
}

// Rows of what an engine does not do are about flows, and say why.
func TestUnable(t *testing.T) {
	for _, u := range unable {
		name, _, _ := strings.Cut(u.test, "/")
		if !slices.ContainsFunc(slices.Concat(flows, moreFlows), func(f func(*testing.T)) bool { return testName(f) == name }) {
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

// printOutcomes prints a row for each flow, and one for each test that an engine
// does not run.
func printOutcomes(outcomes map[string]map[string]flowOutcome) {
	words := map[string]string{"PASS": "ok", "FAIL": "FAILS", "SKIP": "skipped", "": "-"}
	table := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	defer func() { _ = table.Flush() }()
	fmt.Fprintln(table, "flow\t"+strings.Join(enginesAsked(), "\t"))
	for _, f := range flowsAsked() {
		row := testName(f)
		for _, name := range enginesAsked() {
			o := outcomes[name][testName(f)]
			row += "\t" + strings.TrimSpace(words[o.word]+" "+o.seconds)
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
	for _, name := range enginesAsked() {
		for _, test := range slices.Sorted(maps.Keys(outcomes[name])) {
			if o := outcomes[name][test]; o.word == "SKIP" {
				fmt.Fprintf(table, "%s\t%s\t%s\n", test, name, o.last)
			}
		}
	}
}
