//go:build !js

// Package e2e drives the whole product in a real browser against real
// providers. The app and the provider are of different origins; a
// console.error, an uncaught exception and a violation of a policy fail the
// test.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/internal/chromium"
	"github.com/oidcspa/oidcspa/web/build"
)

var (
	assetsFS  fs.FS           // the assets, built from these sources
	assetsDir string          // where they are
	browser   context.Context // nil if there is no browser
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
// browser there are no tests, but not in CI.
func run(m *testing.M) (int, error) {
	path, err := chromium.Path()
	if err != nil {
		if os.Getenv("CI") != "" || !errors.Is(err, chromium.ErrNotFound) {
			return 1, err
		}
		fmt.Fprintln(os.Stderr, "e2e: skipped:", err)
		return runNothing(m), nil
	}
	dir, err := os.MkdirTemp("", "oidcspa-e2e-")
	if err != nil {
		return 1, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if _, err := build.Build(context.Background(), build.Options{Out: dir, SkipCompression: true}); err != nil {
		return 1, err
	}
	assetsFS, assetsDir = os.DirFS(dir), dir

	options := append(chromium.Options(""), chromedp.ExecPath(path))
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancelAllocator()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil { // without a timeout: it starts the browser
		return 1, err
	}
	browser = ctx
	return m.Run(), nil
}

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

// A tab is a page in a profile of its own, or of another tab's.
type tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
	fails    bool // problems are expected
}

// newTab opens a tab in a fresh profile.
func newTab(t testing.TB) *tab {
	return openTab(t, browser, chromedp.WithNewBrowserContext())
}

// sibling opens another tab in the profile of this one.
func (tab *tab) sibling() *tab {
	return openTab(tab.t, browser, chromedp.WithExistingBrowserContext(chromedp.FromContext(tab.ctx).BrowserContextID))
}

// attach drives a window that is there already.
func (tab *tab) attach(id target.ID) *tab {
	return openTab(tab.t, tab.ctx, chromedp.WithTargetID(id))
}

func openTab(t testing.TB, parent context.Context, options ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	tab := &tab{t: t, ctx: ctx}
	var err error
	bounded(t, "open a tab", func() { err = chromedp.Do(ctx) })
	if err != nil {
		t.Fatal(err)
	}
	var listening sync.WaitGroup
	messages := chromedp.Console(ctx)
	listening.Go(func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			if message.Type == chromedp.ConsoleError || message.Type == chromedp.ConsoleException {
				tab.mu.Lock()
				tab.problems = append(tab.problems, fmt.Sprint(message))
				tab.mu.Unlock()
			}
		}
	})
	t.Cleanup(func() {
		bounded(t, "close the tab", func() {
			cancel()
			listening.Wait()
		})
		for _, problem := range tab.takeProblems() {
			if tab.fails {
				break
			}
			t.Errorf("console: %s", problem)
		}
	})
	return tab
}

// bounded ends the test if what it does with the browser takes too long: the
// browser may be gone. A timeout in the context would end the tab.
func bounded(t testing.TB, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(stepTimeout):
		t.Fatalf("%s: no answer of the browser in %s", what, stepTimeout)
	}
}

// close closes the tab, and leaves its profile to its siblings.
func (tab *tab) close() {
	tab.t.Helper()
	id := chromedp.FromContext(tab.ctx).Target.TargetID
	if _, err := chromedp.CallBrowser(browser, target.CloseTarget, target.CloseTargetParams{TargetID: id}); err != nil {
		tab.t.Fatal(err)
	}
}

// expectProblems is for tests of failures: what the browser logs of them,
// when it likes, is no failure of the test.
func (tab *tab) expectProblems() {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.fails = true
}

// takeProblems returns what the console said, and forgets it.
func (tab *tab) takeProblems() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	problems := tab.problems
	tab.problems = nil
	return problems
}

// do runs steps, and ends the test if one fails.
func (tab *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tab.t.Fatalf("%s: %v; the tab is at %s; the console says %q", what, err, tab.address(), tab.takeProblems())
	}
}

// address returns where the tab is, without its query.
func (tab *tab) address() string {
	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	location, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	path, _, _ := strings.Cut(location, "?")
	return path
}

// eval evaluates an expression and waits for its promise.
func eval[T any](tab *tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %v; the console says %q", expression, err, tab.takeProblems())
	}
	return value
}

// codeOf evaluates a promise and returns the code that it rejects with; empty
// if it does not reject.
func codeOf(tab *tab, promise string) string {
	tab.t.Helper()
	return eval[string](tab, fmt.Sprintf("(%s).then(() => '', (e) => e.code ?? String(e))", promise))
}

// visit opens an address of the test app and waits until it has started.
func (tab *tab) visit(address string) {
	tab.t.Helper()
	tab.do("visit", chromedp.Navigate(address))
	tab.waitReady()
}

// waitReady waits until the test app has started, on whatever page comes up.
func (tab *tab) waitReady() {
	tab.t.Helper()
	tab.waitFor("globalThis.ready === true")
}

// waitFor waits until an expression is true, through navigations.
func (tab *tab) waitFor(expression string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepTimeout)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, longestPause) {
		// A page that goes away takes the evaluation with it: ask the next one.
		if done, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && done {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			tab.t.Fatalf("waiting for %s: the tab is at %s; the console says %q", expression, tab.address(), tab.takeProblems())
		}
	}
}

// until waits until done returns true.
func (tab *tab) until(what string, done func() bool) {
	tab.t.Helper()
	limit := time.After(stepTimeout)
	for pause := time.Millisecond; !done(); pause = min(2*pause, longestPause) {
		select {
		case <-time.After(pause):
		case <-limit:
			tab.t.Fatalf("waiting for: %s; the console says %q", what, tab.takeProblems())
		}
	}
}
