//go:build !js

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/e2e/engine"
)

// A tab is a page in a profile of its own, or of another tab's.
type tab struct {
	t    testing.TB
	page engine.Tab

	mu       sync.Mutex
	problems []string
	fails    bool // problems are expected
}

// newTab opens a tab in a fresh profile.
func newTab(t testing.TB) *tab {
	t.Helper()
	return openTab(t, browserOf(t).Open, "")
}

// sibling opens another tab in the profile of this one.
func (tab *tab) sibling() *tab {
	tab.t.Helper()
	return openTab(tab.t, browserOf(tab.t).Open, tab.page.Window().Profile)
}

// attach drives a window that is there already.
func (tab *tab) attach(window engine.Window) *tab {
	tab.t.Helper()
	return openTab(tab.t, browserOf(tab.t).Attach, window)
}

// openTab opens a tab in a profile, or attaches to a window.
func openTab[Where any](t testing.TB, open func(context.Context, Where, func(string)) (engine.Tab, error), where Where) *tab {
	t.Helper()
	tab := &tab{t: t}
	var err error
	bounded(t, "open a tab", func() { tab.page, err = open(context.Background(), where, tab.complain) })
	if err != nil {
		t.Fatal(err)
	}
	openTabs.add(tab)
	t.Cleanup(func() {
		openTabs.remove(tab)
		bounded(t, "close the tab", tab.page.Release)
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
	closeWindow(tab.t, tab.page.Window())
}

func closeWindow(t testing.TB, window engine.Window) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	if err := browserOf(t).Close(ctx, window); err != nil {
		t.Fatal(err)
	}
}

// complain keeps what the console says.
func (tab *tab) complain(line string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.problems = append(tab.problems, line)
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

// step does one thing with the page, and ends the test if it fails.
func (tab *tab) step(what string, do func(ctx context.Context) error) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	if err := do(ctx); err != nil {
		tab.t.Fatalf("%s: %v; the tab is at %s; the console says %q", what, err, tab.address(), tab.takeProblems())
	}
}

// navigate opens an address.
func (tab *tab) navigate(address string) {
	tab.t.Helper()
	tab.step("open an address", func(ctx context.Context) error { return tab.page.Navigate(ctx, address) })
}

func (tab *tab) reload() {
	tab.t.Helper()
	tab.step("reload", tab.page.Reload)
}

// clickOn waits for an element and clicks on it.
func (tab *tab) clickOn(selector string) {
	tab.t.Helper()
	tab.step("click on "+selector, func(ctx context.Context) error { return tab.page.Click(ctx, selector) })
}

// fill waits for an element and types into it.
func (tab *tab) fill(selector, text string) {
	tab.t.Helper()
	tab.step("type into "+selector, func(ctx context.Context) error { return tab.page.Type(ctx, selector, text) })
}

// devtools is the context for Chrome's DevTools Protocol. The test is skipped in
// other engines.
func (tab *tab) devtools() context.Context {
	tab.t.Helper()
	page, ok := tab.page.(*engine.ChromiumTab)
	if !ok {
		skipWithoutDevTools(tab.t)
	}
	return page.DevTools()
}

// do runs steps of Chrome's DevTools Protocol.
func (tab *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	devtools := tab.devtools()
	tab.step(what, func(context.Context) error {
		ctx, cancel := context.WithTimeout(devtools, stepTimeout)
		defer cancel()
		return chromedp.Do(ctx, steps...)
	})
}

// address returns where the tab is, without its query.
func (tab *tab) address() string {
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	location, err := tab.page.Evaluate(ctx, "location.origin + location.pathname")
	if err != nil {
		return err.Error()
	}
	return string(location)
}

// void is of expressions that come to nothing.
type void = struct{}

// eval evaluates an expression and waits for its promise.
func eval[T any](tab *tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	return evalWithin[T](ctx, tab, expression)
}

func evalWithin[T any](ctx context.Context, tab *tab, expression string) T {
	tab.t.Helper()
	var value T
	got, err := tab.page.Evaluate(ctx, expression)
	if err == nil {
		err = decode(got, &value)
	}
	if err != nil {
		tab.t.Fatalf("%s: %v; the console says %q", expression, err, tab.takeProblems())
	}
	return value
}

// decode refuses null for what cannot be nil.
func decode(value json.RawMessage, into any) error {
	if string(value) == "null" {
		switch reflect.TypeOf(into).Elem().Kind() {
		case reflect.Bool, reflect.String, reflect.Int, reflect.Float64:
			return errors.New("it is null or undefined")
		}
	}
	return json.Unmarshal(value, into)
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
	tab.navigate(address)
	tab.waitReady()
}

// again loads the page again, as a person does, and waits until the test app has started anew. Where a
// page goes to the back/forward cache, a visit to its own address does not end its worker.
func (tab *tab) again() {
	tab.t.Helper()
	eval[bool](tab, "globalThis.ready = false, true")
	tab.reload()
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
	ctx, cancel := context.WithTimeout(context.Background(), stepTimeout)
	defer cancel()
	for pause := time.Millisecond; ; pause = min(2*pause, longestPause) {
		// A page that goes away takes the evaluation with it: ask the next one.
		done, err := tab.page.Holds(ctx, expression)
		if err == nil && done {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			tab.t.Fatalf("waiting for %s (%v): the tab is at %s; the console says %q", expression, err, tab.address(), tab.takeProblems())
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
