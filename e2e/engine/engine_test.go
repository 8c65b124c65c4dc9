//go:build !js

package engine

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A hearer keeps lines.
type hearer struct {
	mu    sync.Mutex
	lines []string
}

func (h *hearer) add(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, line)
}

func (h *hearer) holds(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.lines, func(line string) bool { return strings.Contains(line, text) })
}

// page is what the tests open.
const page = `<!doctype html><link rel="icon" href="data:,"><title>Page</title>
<form action="/sent"><input name="text"><button>Send</button></form>
<button id="open" onclick="window.active = navigator.userActivation.isActive; open('/popup', '', 'popup')">Open</button>`

// start starts an engine, and serves pages for it.
func start(t *testing.T, name string) (Browser, string) {
	t.Helper()
	browser, err := Start(t.Context(), name)
	if errors.Is(err, ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(browser.Stop)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(server.Close)
	return browser, server.URL
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// evaluate expects the JSON of an expression.
func evaluate(t *testing.T, tab Tab, expression, want string) {
	t.Helper()
	got, err := tab.Evaluate(within(t), expression)
	if err != nil || string(got) != want {
		t.Errorf("%s = %s, %v; want %s", expression, got, err, want)
	}
}

// wait waits until something is so.
func wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	for ctx := within(t); !is(); time.Sleep(20 * time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("waiting for %s", what)
		}
	}
}

// must ends the test at an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Each engine does what the tests need of it.
func TestEngines(t *testing.T) {
	for _, name := range Names {
		t.Run(name, func(t *testing.T) {
			browser, origin := start(t, name)
			var heard hearer
			tab, err := browser.Open(within(t), "", heard.add)
			must(t, err)
			defer tab.Release()
			must(t, tab.Navigate(within(t), origin+"/"))
			t.Run("evaluate", func(t *testing.T) {
				evaluate(t, tab, "1 + 1", "2")
				evaluate(t, tab, "Promise.resolve({a: 'b'})", `{"a":"b"}`)
				evaluate(t, tab, "void 0", "null")
				if _, err := tab.Evaluate(within(t), "Promise.reject(new Error('broken'))"); err == nil || !strings.Contains(err.Error(), "broken") {
					t.Errorf("a promise that rejects: %v", err)
				}
				if is, err := tab.Holds(within(t), "0, document.title === 'Page'"); !is || err != nil {
					t.Errorf("the title: %t, %v", is, err)
				}
			})
			t.Run("console", func(t *testing.T) {
				if !browser.Hears() {
					t.Skip("the engine hears no console")
				}
				evaluate(t, tab, "(setTimeout(() => { throw new Error('an exception') }), console.log('a line'), console.error('an error'), 1)", "1")
				wait(t, "both", func() bool { return heard.holds("an error") && heard.holds("an exception") })
				if heard.holds("a line") {
					t.Error("what is no error is heard, too")
				}
			})
			t.Run("type and click", func(t *testing.T) {
				must(t, tab.Type(within(t), "input", "some text"))
				must(t, tab.Click(within(t), "form button"))
				wait(t, "the form", func() bool {
					is, err := tab.Holds(within(t), "location.search === '?text=some+text'")
					return err == nil && is
				})
				evaluate(t, tab, "globalThis.mark = 1", "1")
				must(t, tab.Reload(within(t)))
				evaluate(t, tab, "[typeof mark, location.pathname]", `["undefined","/sent"]`)
			})
			t.Run("windows", func(t *testing.T) { testWindows(t, browser, tab) })
			t.Run("profiles", func(t *testing.T) {
				evaluate(t, tab, "localStorage.here = 1", "1")
				same, err := browser.Open(within(t), tab.Window().Profile, heard.add)
				must(t, err)
				defer same.Release()
				must(t, same.Navigate(within(t), origin+"/"))
				evaluate(t, same, "localStorage.here", `"1"`)
				other, err := browser.Open(within(t), "", heard.add)
				must(t, err)
				defer other.Release()
				must(t, other.Navigate(within(t), origin+"/"))
				evaluate(t, other, "localStorage.here ?? ''", `""`)
			})
		})
	}
}

// testWindows opens a window as pages do, which needs a click.
func testWindows(t *testing.T, browser Browser, tab Tab) {
	evaluate(t, tab, "open('/popup') === null", "true")
	must(t, tab.Click(within(t), "#open"))
	var popup Window
	wait(t, "the window", func() bool {
		windows, err := browser.Windows(within(t), tab.Window().Profile)
		must(t, err)
		for _, w := range windows {
			if strings.HasSuffix(w.URL, "/popup") && w.Title == "Page" {
				popup = w
			}
		}
		return popup.ID != ""
	})
	evaluate(t, tab, "active", "true")
	window, err := browser.Attach(within(t), popup, func(string) {})
	must(t, err)
	evaluate(t, window, "opener !== null", "true")
	must(t, browser.Close(within(t), popup))
	window.Release()
	wait(t, "its end", func() bool {
		windows, err := browser.Windows(within(t), tab.Window().Profile)
		return err == nil && len(windows) == 1
	})
	evaluate(t, tab, "1", "1")
}

func TestStartUnknown(t *testing.T) {
	if _, err := Start(t.Context(), "lynx"); err == nil || !strings.Contains(err.Error(), "no engine") {
		t.Errorf("error %v", err)
	}
}
