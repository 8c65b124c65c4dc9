//go:build !js

// Package e2e drives the whole product in a real browser against real
// providers. The app and the provider are of different origins; a
// console.error, an uncaught exception and a violation of a policy fail the
// test.
//
// The browser is Chromium, or what the variable ENGINE names. Tests that need
// Chrome's DevTools Protocol are skipped in others.
package e2e

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/e2e/engine"
	"github.com/oidcspa/oidcspa/web/build"
)

var (
	assetsFS  fs.FS          // the assets, built from these sources
	assetsDir string         // where they are
	browser   engine.Browser // nil if there is none
)

// stepTimeout bounds one step of a test: everything here is on one machine.
const stepTimeout = 30 * time.Second

// longestPause is between two looks at what is waited for.
const longestPause = 20 * time.Millisecond

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// run builds the assets and starts one browser for all tests. Without a
// browser there are no tests, but not in CI. TestBrowsers runs this anew.
func run(m *testing.M) (int, error) {
	if len(enginesAsked()) > 0 {
		return m.Run(), nil
	}
	var err error
	var settings []string
	if cookiesBlocked() {
		settings = append(settings, engine.WithoutForeignCookies)
	}
	browser, err = engine.Start(context.Background(), cmp.Or(os.Getenv("ENGINE"), engine.Names[0]), settings...)
	if errors.Is(err, engine.ErrNotFound) && os.Getenv("CI") == "" {
		fmt.Fprintln(os.Stderr, "e2e: skipped:", err)
		return runNothing(m), nil
	}
	if err != nil {
		return 1, err
	}
	defer browser.Stop()
	dir, err := os.MkdirTemp("", "oidcspa-e2e-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if _, err := build.Build(context.Background(), build.Options{Out: dir, SkipCompression: true}); err != nil {
		return 1, err
	}
	assetsFS, assetsDir = os.DirFS(dir), dir
	if err := skipInEngines(); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// cookiesBlocked says whether the browser gives frames of other sites no cookies, for
// tests that can do without: the variable COOKIES is "blocked" then.
func cookiesBlocked() bool { return os.Getenv("COOKIES") == "blocked" }

// runNothing has `go test` print "[no tests to run]" beside the package's "ok",
// which alone would look like success.
func runNothing(m *testing.M) int {
	flag.Parse() // or Run does it, and takes back what is set here
	for name, value := range map[string]string{"test.run": "^$", "test.bench": "", "test.fuzz": ""} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	return m.Run()
}

// browserOf is the browser that the tests have.
func browserOf(t testing.TB) engine.Browser {
	t.Helper()
	if browser == nil {
		t.Fatal("ENGINES is for TestBrowsers alone")
	}
	return browser
}

// skipWithoutDevTools skips a test that needs Chrome's DevTools Protocol.
func skipWithoutDevTools(t testing.TB) {
	t.Helper()
	t.Skip("it needs Chrome's DevTools Protocol")
}

// devtools is the context for Chrome's DevTools Protocol. The test is skipped in
// other engines.
func devtools(t testing.TB) context.Context {
	t.Helper()
	chromium, ok := browserOf(t).(*engine.Chromium)
	if !ok {
		skipWithoutDevTools(t)
	}
	return chromium.DevTools()
}

// A tabList is of the tabs that are open.
type tabList struct {
	mu   sync.Mutex
	tabs []*tab
}

var openTabs tabList

func (l *tabList) add(tab *tab) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tabs = append(l.tabs, tab)
}

func (l *tabList) remove(tab *tab) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.tabs, tab); i >= 0 {
		l.tabs = slices.Delete(l.tabs, i, i+1)
	}
}

func (l *tabList) all() []*tab {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.tabs)
}

// complain tells all of them what a page has reported, which does not say in
// which tab it is.
func (l *tabList) complain(line string) {
	for _, tab := range l.all() {
		tab.complain(line)
	}
}
