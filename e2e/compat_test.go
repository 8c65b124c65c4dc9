//go:build !js

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	s := newSuite(t)
	only := regexp.MustCompile(os.Getenv("COMPAT_RUN"))
	tab := s.newTab(t)
	names := eval[[]string](tab, `import("/suite/scenarios.js").then((m) => [...m.scenarios.keys()])`)
	if !slices.Equal(names, readLines(t, "names.txt")) {
		t.Error("names.txt is not the list of the scenarios")
	}
	known, gaps := s.readDifferences(t), s.readGaps(t)
	ran, restarts := 0, 0
	for _, name := range names {
		if !only.MatchString(name) {
			continue
		}
		ran++
		theirs, ours := s.run(tab, "theirs", name), s.run(tab, "ours", name)
		if restarts < maxRestarts && strings.Contains(strings.Join(ours, ""), "the worker is gone") {
			// On a busy machine Chromium may give up a worker that nobody is
			// connected to while the next page connects.
			restarts++
			t.Logf("%s: the browser ended the worker; once more in a fresh profile", name)
			tab = s.newTab(t)
			theirs, ours = s.run(tab, "theirs", name), s.run(tab, "ours", name)
		}
		if os.Getenv("COMPAT_SHOW") != "" {
			t.Logf("%s\ntheirs:\n\t%s\nours:\n\t%s", name, strings.Join(theirs, "\n\t"), strings.Join(ours, "\n\t"))
		}
		left := known.explain(name, differ(theirs, ours))
		switch gap := slices.Contains(gaps, name); {
		case len(left) > 0 && !gap:
			t.Errorf("%s:\n\t%s", name, strings.Join(left, "\n\t"))
		case len(left) > 0:
			t.Logf("gap %s:\n\t%s", name, strings.Join(left, "\n\t"))
		case gap:
			t.Errorf("%s: there is no gap any more: remove it from gaps.txt", name)
		}
	}
	fmt.Printf("compat: %d scenarios, %d of them with gaps\n", ran, len(gaps))
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

// newTab opens the scenarios in a fresh profile.
func (s *suite) newTab(t *testing.T) *tab {
	t.Helper()
	tab := newTab(t)
	tab.expectProblems() // what the browser logs of refused requests
	tab.do("load the scenarios", chromedp.Navigate(s.origin+"/suite/frame.html"))
	return tab
}

const (
	maxRestarts  = 2 // of the browser's profile
	suiteFolder  = "compat/suite"
	theirsScript = "compat/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.js"
)

// A suite serves the scenarios, both clients and the providers.
type suite struct {
	tb     testing.TB
	origin string // of the app
	ops    string // of the providers
	assets *web.Handler

	mu        sync.Mutex
	providers []*scripted.Provider
}

// newSuite skips the test without the packages of npm, but not under make
// compat.
func newSuite(t *testing.T) *suite {
	t.Helper()
	if _, err := os.Stat(theirsScript); errors.Is(err, fs.ErrNotExist) && os.Getenv("COMPAT") != "1" {
		t.Skip("oidc-client-ts is not installed: run `npm ci` in e2e/compat")
	} else if err != nil {
		t.Fatal(err)
	}
	assets, err := web.NewHandler(assetsFS)
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{tb: t, assets: assets}
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
	case path == "/theirs.js":
		http.ServeFile(w, r, theirsScript)
	case strings.HasPrefix(path, "/suite/"):
		http.ServeFile(w, r, filepath.Join(suiteFolder, filepath.Base(path)))
	case path == "/run", path == "/back":
		http.ServeFile(w, r, filepath.Join(suiteFolder, "page.html"))
	default:
		http.StripPrefix("/oidcspa", s.assets).ServeHTTP(w, r)
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

// run returns what became of a scenario, in lines.
func (s *suite) run(tab *tab, lib, name string) []string {
	s.mu.Lock()
	issuer := fmt.Sprintf("%s/%d", s.ops, len(s.providers))
	p := scripted.New(s.tb, issuer)
	s.providers = append(s.providers, p)
	s.mu.Unlock()
	defer p.End()
	query := url.Values{"lib": {lib}, "name": {name}, "op": {issuer}}
	tab.do("start "+name, chromedp.Navigate(s.origin+"/run?"+query.Encode()))
	tab.waitFor("globalThis.outcome !== undefined")
	lines := append(p.Log(), eval[[]string](tab, "globalThis.outcome")...)
	clean := strings.NewReplacer(
		issuer, "{op}", url.QueryEscape(issuer), "{op}",
		s.origin, "{app}", url.QueryEscape(s.origin), "{app}",
		strings.TrimSuffix(s.ops, "/"), "{ops}",
	)
	for i, line := range lines {
		lines[i] = clean.Replace(moment.ReplaceAllString(p.Name(line), "<time>"))
	}
	return lines
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
	for _, line := range readLines(t, "differences.txt") {
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
	return readLines(t, "gaps.txt")
}

// readLines returns the lines of a file of the suite, less empty ones and
// comments.
func readLines(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(suiteFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Split(string(data), "\n"), func(line string) bool {
		return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")
	})
}
