//go:build !js

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/e2e/compat/scripted"
	"github.com/oidcspa/oidcspa/web"
)

// TestCompat runs each scenario of e2e/compat/suite against npm's
// oidc-client-ts and against this client, in the same browser and with the
// same provider, and compares what the provider was asked, what the app got
// and heard, and what is stored in the end. What differs has to be in
// differences.txt, and what is there has to differ. COMPAT_RUN is a regular
// expression for the names of the scenarios to run.
func TestCompat(t *testing.T) {
	newSuite(t).run(t)
}

// run compares all scenarios.
func (s *suite) run(t *testing.T) {
	t.Helper()
	only := regexp.MustCompile(os.Getenv("COMPAT_RUN"))
	names := eval[[]string](s.tab(0), `import("/suite/scenarios.js").then((m) => [...m.scenarios.keys()])`)
	if !slices.Equal(names, s.readLines(t, "names.txt")) {
		t.Errorf("%s/names.txt is not the list of the scenarios", s.folder)
	}
	known, gaps := s.readDifferences(t), s.readGaps(t)
	ran := 0
	for batch := range s.batches(names, only) {
		ran += len(batch)
		for _, c := range s.compare(batch) {
			if os.Getenv("COMPAT_SHOW") != "" {
				t.Logf("%s\ntheirs:\n\t%s\nours:\n\t%s", c.name, strings.Join(c.theirs, "\n\t"), strings.Join(c.ours, "\n\t"))
			}
			left := known.explain(c.name, differ(c.theirs, c.ours))
			switch gap := slices.Contains(gaps, c.name); {
			case len(left) > 0 && !gap:
				t.Errorf("%s:\n\t%s", c.name, strings.Join(left, "\n\t"))
			case len(left) > 0:
				t.Logf("gap %s:\n\t%s", c.name, strings.Join(left, "\n\t"))
			case gap:
				t.Errorf("%s: there is no gap any more: remove it from gaps.txt", c.name)
			}
		}
	}
	fmt.Printf("%s: %d scenarios, %d of them with gaps\n", s.folder, ran, len(gaps))
	if ran < len(names) {
		return
	}
	for _, d := range known {
		if !d.seen {
			t.Errorf("difference %s does not occur", d.name)
		}
	}
	for _, gap := range gaps {
		if !slices.Contains(names, gap) {
			t.Errorf("gaps.txt: there is no scenario %s", gap)
		}
	}
}

// batches returns the names that match one by one, and several at once of
// those that wait for a clock. Of a suite for which there is no time only one in so many
// is run without CHECK_LONG.
func (s *suite) batches(names []string, only *regexp.Regexp) iter.Seq[[]string] {
	var quick, slow []string
	for _, name := range names {
		switch {
		case !only.MatchString(name):
		case s.slow.MatchString(name):
			slow = append(slow, name)
		default:
			quick = append(quick, name)
		}
	}
	if s.oneIn > 1 && os.Getenv("CHECK_LONG") == "" && os.Getenv("COMPAT_RUN") == "" {
		some := quick[:0]
		for i := 0; i < len(quick); i += s.oneIn {
			some = append(some, quick[i])
		}
		quick = some
	}
	return func(yield func([]string) bool) {
		for batch := range slices.Chunk(quick, s.atOnce) {
			if !yield(batch) {
				return
			}
		}
		for batch := range slices.Chunk(slow, s.slowAtOnce) {
			if !yield(batch) {
				return
			}
		}
	}
}

// tab returns one of the suite's tabs, each in a profile of its own.
func (s *suite) tab(i int) *tab {
	for len(s.tabs) <= i {
		s.tabs = append(s.tabs, s.newTab())
	}
	return s.tabs[i]
}

// newTab opens the scenarios in a fresh profile.
func (s *suite) newTab() *tab {
	s.tb.Helper()
	tab := newTab(s.tb)
	tab.expectProblems() // what the browser logs of refused requests
	tab.navigate(s.origin + "/suite/" + s.empty)
	return tab
}

const (
	maxRestarts  = 2 // of the browser's profile
	theirsScript = "compat/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.js"
)

// A suite serves the scenarios, both clients and the providers.
type suite struct {
	tb     testing.TB
	folder string         // where its files are
	app    http.Handler   // what the app's origin has beside the scenarios
	slow   *regexp.Regexp // names of scenarios that wait for a clock
	empty  string         // the page on which none of them runs

	atOnce, slowAtOnce int    // how many of the others, and of these, run at the same time
	oneIn              int    // of so many others all but one are for CHECK_LONG; 0 is 1
	origin             string // of the app
	ops                string // of the providers
	assets             *web.Handler

	tabs     []*tab
	restarts int

	mu        sync.Mutex
	providers []*scripted.Provider
}

// newSuite returns the one with oidc-client-ts.
func newSuite(t *testing.T) *suite {
	t.Helper()
	s := openSuite(t, "compat/suite", theirsScript)
	assets := s.assets
	s.slow, s.empty, s.atOnce = regexp.MustCompile("^(timer|monitor) "), "frame.html", 1
	s.slowAtOnce = 6
	s.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; path {
		case "/theirs.js":
			http.ServeFile(w, r, theirsScript)
		case "/run", "/back":
			http.ServeFile(w, r, filepath.Join(s.folder, "page.html"))
		case "/window":
			http.ServeFile(w, r, filepath.Join(s.folder, "window.html"))
		default:
			http.StripPrefix("/oidcspa", assets).ServeHTTP(w, r)
		}
	})
	return s
}

// openSuite serves the scenarios of a folder, both clients and the providers. It skips the test without the file of npm's
// packages, but not under make compat.
func openSuite(t *testing.T, folder, needs string) *suite {
	t.Helper()
	if _, err := os.Stat(needs); errors.Is(err, fs.ErrNotExist) && os.Getenv("COMPAT") != "1" {
		t.Skip("the other client is not installed: run `npm ci` in e2e/compat")
	} else if err != nil {
		t.Fatal(err)
	}
	assets, err := web.NewHandler(assetsFS, web.Policy{ConnectSrc: "*"})
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{tb: t, folder: folder, assets: assets}
	s.origin, s.ops = serve(t, http.HandlerFunc(s.serveApp)), serve(t, http.HandlerFunc(s.serveProvider))
	return s
}

func (s *suite) serveApp(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/script":
		var script scripted.Script
		if err := json.NewDecoder(r.Body).Decode(&script); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.provider(r.URL.Query().Get("op")).Follow(script)
	case path == "/log":
		p := s.provider(r.URL.Query().Get("op"))
		log := append([]string{}, p.Log()...) // never null
		for i, line := range log {
			log[i] = p.Name(line)
		}
		if err := json.NewEncoder(w).Encode(log); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	case strings.HasPrefix(path, "/suite/"):
		http.ServeFile(w, r, filepath.Join(s.folder, filepath.Base(path)))
	default:
		s.app.ServeHTTP(w, r)
	}
}

func (s *suite) serveProvider(w http.ResponseWriter, r *http.Request) {
	number, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if p := s.provider("/" + number); p != nil {
		p.ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}

// provider returns the one whose issuer ends with its number.
func (s *suite) provider(issuer string) *scripted.Provider {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := strconv.Atoi(issuer[strings.LastIndexByte(issuer, '/')+1:])
	if err != nil || n >= len(s.providers) {
		return nil
	}
	return s.providers[n]
}

// A comparison is what became of a scenario with each client.
type comparison struct {
	name         string
	theirs, ours []string
}

// compare runs scenarios: one with both clients in turn, several at the same
// time.
func (s *suite) compare(names []string) []comparison {
	if len(names) == 1 {
		name := names[0]
		theirs := s.start(0, "theirs", name).outcome()
		return []comparison{{name, theirs, s.again(s.start(0, "ours", name))}}
	}
	var trials []*trial
	for i, name := range names {
		trials = append(trials, s.start(2*i, "theirs", name), s.start(2*i+1, "ours", name))
	}
	var all []comparison
	for i, name := range names {
		all = append(all, comparison{name, trials[2*i].outcome(), s.again(trials[2*i+1])})
	}
	return all
}

// again returns the outcome of a trial, or of another one in its place: on a
// busy machine Chromium may give up a worker that nobody is connected to while
// the next page connects.
func (s *suite) again(r *trial) []string {
	lines := r.outcome()
	if s.restarts == maxRestarts || !strings.Contains(strings.Join(lines, ""), "the worker is gone") {
		return lines
	}
	s.restarts++
	s.tb.Logf("%s: the browser ended the worker; once more in a fresh profile", r.name)
	s.tabs[r.place] = s.newTab()
	return s.start(r.place, "ours", r.name).outcome()
}

// A trial is one scenario with one of the clients, in a tab.
type trial struct {
	suite    *suite
	place    int // of its tab
	tab      *tab
	name     string
	issuer   string
	provider *scripted.Provider
}

// start begins a scenario.
func (s *suite) start(place int, lib, name string) *trial {
	tab := s.tab(place)
	s.mu.Lock()
	issuer := fmt.Sprintf("%s/%d", s.ops, len(s.providers))
	p := scripted.New(s.tb, issuer)
	s.providers = append(s.providers, p)
	s.mu.Unlock()
	tab.navigate("about:blank") // the history of a scenario begins after it
	query := url.Values{"lib": {lib}, "name": {name}, "op": {issuer}}
	tab.navigate(s.origin + "/run?" + query.Encode())
	return &trial{s, place, tab, name, issuer, p}
}

// outcome presses the scenario's buttons until it has ended, and returns what
// became of it, in lines.
func (r *trial) outcome() []string {
	defer r.provider.End()
	for {
		const button = `document.querySelector("#click, #end")`
		done := "globalThis.outcome !== undefined || " + button + " !== null"
		r.tab.waitLong(done)
		r.tab.waitFor(done)
		id := eval[string](r.tab, button+`?.id ?? ""`)
		if id == "" {
			break
		}
		if id == "end" {
			endProgramsOf(r.suite.tb, r.tab.page.Window().Profile)
		}
		r.tab.press(button)
	}
	lines := append(r.provider.Log(), eval[[]string](r.tab, "globalThis.outcome")...)
	clean := strings.NewReplacer(
		r.issuer, "{op}", url.QueryEscape(r.issuer), "{op}",
		r.suite.origin, "{app}", url.QueryEscape(r.suite.origin), "{app}",
		strings.TrimSuffix(r.suite.ops, "/"), "{ops}",
	)
	for i, line := range lines {
		lines[i] = clean.Replace(moment.ReplaceAllString(r.provider.Name(line), "<time>"))
	}
	return lines
}

// waitLong is waitFor for what takes longer than a step does; it gives up in silence.
func (tab *tab) waitLong(expression string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*stepTimeout)
	defer cancel()
	for ctx.Err() == nil {
		if done, err := tab.page.Holds(ctx, expression); err == nil && done {
			return
		}
		<-time.After(10 * longestPause)
	}
}

// endProgramsOf ends the workers of a profile that may outlive a page.
func endProgramsOf(tb testing.TB, profile string) {
	tb.Helper()
	filter := target.Filter{{Type: "shared_worker"}, {Type: "service_worker"}}
	result, err := chromedp.CallBrowser(devtools(tb), target.GetTargets, target.GetTargetsParams{Filter: filter})
	if err != nil {
		tb.Fatal(err)
	}
	for _, info := range result.TargetInfos {
		if string(info.BrowserContextID) != profile {
			continue
		}
		if _, err := chromedp.CallBrowser(devtools(tb), target.CloseTarget, target.CloseTargetParams{TargetID: info.TargetID}); err != nil {
			tb.Fatal(err)
		}
	}
}

// press clicks on an element, as somebody who is there: it may open a window.
func (tab *tab) press(element string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.devtools(), stepTimeout)
	defer cancel()
	gesture := true
	click := chromedp.Evaluate[bool](element+".click(), true", func(p *runtime.EvaluateParams) { p.UserGesture = &gesture })
	if _, err := chromedp.Run(ctx, click); err != nil {
		tab.t.Fatalf("click on %s: %v", element, err)
	}
}

// moment is a time of these years, in seconds since the epoch.
var moment = regexp.MustCompile(`\b1[789]\d{8}\b`)

// differ returns the lines that only one of them has, with "-" before what
// only theirs does and "+" before what only ours does. The rest is in the
// same order.
func differ(theirs, ours []string) []string {
	// longest[i][j] is the length of what theirs[i:] and ours[j:] have in common.
	longest := make([][]int, len(theirs)+1)
	for i := range longest {
		longest[i] = make([]int, len(ours)+1)
	}
	for i := len(theirs) - 1; i >= 0; i-- {
		for j := len(ours) - 1; j >= 0; j-- {
			if theirs[i] == ours[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			} else {
				longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			}
		}
	}
	var lines []string
	i, j := 0, 0
	for i < len(theirs) || j < len(ours) {
		switch {
		case i < len(theirs) && j < len(ours) && theirs[i] == ours[j]:
			i, j = i+1, j+1
		case j == len(ours) || i < len(theirs) && longest[i+1][j] >= longest[i][j+1]:
			lines = append(lines, "- "+theirs[i])
			i++
		default:
			lines = append(lines, "+ "+ours[j])
			j++
		}
	}
	return lines
}

// A difference is one that is meant.
type difference struct {
	name      string
	scenarios *regexp.Regexp // where it may occur
	lines     []*regexp.Regexp
	seen      bool
}

type differences []*difference

// explain returns the lines that are no known difference.
func (all differences) explain(scenario string, lines []string) []string {
	var left []string
	for _, line := range lines {
		if !all.know(scenario, line) {
			left = append(left, line)
		}
	}
	return left
}

func (all differences) know(scenario, line string) bool {
	for _, d := range all {
		if !d.scenarios.MatchString(scenario) {
			continue
		}
		for _, pattern := range d.lines {
			if pattern.MatchString(line) {
				d.seen = true
				return true
			}
		}
	}
	return false
}

// readDifferences reads differences.txt: the name of a difference on a line of
// its own, then indented its lines as regular expressions, and "in:" with one
// for the scenarios if they are not all.
func (s *suite) readDifferences(t *testing.T) differences {
	t.Helper()
	var all differences
	for _, line := range s.readLines(t, "differences.txt") {
		text := strings.TrimSpace(line)
		if text == line {
			all = append(all, &difference{name: text, scenarios: regexp.MustCompile("")})
			continue
		}
		d := all[len(all)-1]
		if scenarios, ok := strings.CutPrefix(text, "in: "); ok {
			d.scenarios = regexp.MustCompile("^(?:" + scenarios + ")$")
		} else {
			d.lines = append(d.lines, regexp.MustCompile("^(?:"+text+")$"))
		}
	}
	return all
}

// readGaps reads gaps.txt: the scenarios in which more differs than is meant,
// until it does not.
func (s *suite) readGaps(t *testing.T) []string {
	t.Helper()
	return s.readLines(t, "gaps.txt")
}

// readLines returns the lines of a file of the suite, less empty ones and
// comments.
func (s *suite) readLines(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Split(string(data), "\n"), func(line string) bool {
		return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")
	})
}
