//go:build !js

package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// startTime is how long a browser may take to start.
const startTime = 90 * time.Second

// firefoxPrefs keep Firefox from talking to anybody, and leave it as a person
// has it: with the preferences that it recommends for automation it would open
// windows without a click.
var firefoxPrefs = object{
	"remote.prefs.recommended": false,

	"app.normandy.enabled": false, "app.update.enabled": false,
	"browser.aboutwelcome.enabled": false, "browser.safebrowsing.malware.enabled": false,
	"browser.safebrowsing.phishing.enabled": false, "browser.search.update": false,
	"browser.shell.checkDefaultBrowser": false, "browser.startup.homepage_override.mstone": "ignore",
	"browser.startup.page": 0, "datareporting.policy.dataSubmissionEnabled": false,
	"datareporting.policy.dataSubmissionPolicyBypassNotification": true, "extensions.update.enabled": false,
	"network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false,
	"network.prefetch-next": false, "services.settings.server": "data:,#remote-settings-dummy/v1",
	"toolkit.telemetry.enabled": false, "toolkit.telemetry.server": "",
}

// A firefox is driven by WebDriver BiDi, without a driver program.
type firefox struct {
	child *child
	dir   string
	bidi  *bidi
	home  string // the tab that Firefox has come up with

	mu       sync.Mutex
	parents  map[string]string       // of frames
	consoles map[string]func(string) // of tabs
}

// foreignCookies is the preference for cookies of other sites; 1 is none.
const foreignCookies = "network.cookie.cookieBehavior"

func startFirefox(ctx context.Context, foreign bool) (_ Browser, err error) {
	path, err := program("firefox-esr", "firefox")
	if err != nil {
		return nil, err
	}
	b := &firefox{parents: map[string]string{}, consoles: map[string]func(string){}}
	prefs := maps.Clone(firefoxPrefs)
	if !foreign {
		prefs[foreignCookies] = 1
	}
	if b.dir, err = firefoxProfile(prefs); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.Stop()
		}
	}()
	cmd := exec.Command(path, "--headless", "--no-remote", "--profile", b.dir, "--remote-debugging-port", "0")
	cmd.Env = append(os.Environ(), "HOME="+b.dir, "MOZ_CRASHREPORTER_DISABLE=1")
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if b.child, err = startChild(cmd); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	address, err := listensAt(ctx, said)
	if err != nil {
		return nil, err
	}
	if b.bidi, err = dialBiDi(ctx, address+"/session", b.event); err != nil {
		return nil, err
	}
	if err := b.bidi.call(ctx, "session.new", object{"capabilities": object{}}, nil); err != nil {
		return nil, err
	}
	events := []string{"log.entryAdded", "browsingContext.contextCreated"}
	if err := b.bidi.call(ctx, "session.subscribe", object{"events": events}, nil); err != nil {
		return nil, err
	}
	var tree struct{ Contexts []struct{ Context string } }
	if err := b.bidi.call(ctx, "browsingContext.getTree", object{"maxDepth": 0}, &tree); err != nil {
		return nil, err
	}
	if len(tree.Contexts) == 0 {
		return nil, errors.New("firefox has no tab")
	}
	b.home = tree.Contexts[0].Context
	return b, nil
}

// firefoxProfile makes the folder of a profile.
func firefoxProfile(prefs object) (string, error) {
	dir, err := os.MkdirTemp("", "oidcspa-firefox-")
	if err != nil {
		return "", err
	}
	var user strings.Builder
	for name, value := range prefs {
		v, err := json.Marshal(value)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&user, "user_pref(%q, %s);\n", name, v)
	}
	return dir, os.WriteFile(filepath.Join(dir, "user.js"), []byte(user.String()), 0o600)
}

var listening = regexp.MustCompile(`WebDriver BiDi listening on (ws://\S+)`)

// listensAt reads the address out of what Firefox says, and all that it says
// later on.
func listensAt(ctx context.Context, said io.Reader) (string, error) {
	address := make(chan string, 1)
	go func() {
		defer close(address)
		lines := bufio.NewScanner(said)
		for lines.Scan() {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
				break
			}
		}
		_, _ = io.Copy(io.Discard, said)
	}()
	select {
	case a, ok := <-address:
		if !ok {
			return "", errors.New("firefox has ended before it listened")
		}
		return a, nil
	case <-ctx.Done():
		return "", fmt.Errorf("firefox does not listen: %w", context.Cause(ctx))
	}
}

// event hears of frames, and of what pages log.
func (b *firefox) event(method string, params json.RawMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch method {
	case "browsingContext.contextCreated":
		var created struct{ Context, Parent string }
		if json.Unmarshal(params, &created) == nil && created.Parent != "" {
			b.parents[created.Context] = created.Parent
		}
	case "log.entryAdded":
		var entry struct {
			Level, Text string
			Source      struct{ Context string }
		}
		if json.Unmarshal(params, &entry) != nil || entry.Level != "error" {
			return
		}
		top := entry.Source.Context
		for b.parents[top] != "" {
			top = b.parents[top]
		}
		if console := b.consoles[top]; console != nil {
			console(entry.Text)
		}
	}
}

// Hears is true of the console of pages.
func (b *firefox) Hears() bool { return true }

// Stop asks Firefox to end.
func (b *firefox) Stop() {
	if b.bidi != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = b.bidi.call(ctx, "browser.close", object{}, nil)
		defer b.bidi.close()
	}
	if b.child != nil {
		b.child.end(b.bidi != nil)
	}
	_ = os.RemoveAll(b.dir)
}

// Open opens a tab; a profile is what WebDriver BiDi calls a user context. Without
// the home tab it would be in the window that was used last, also in one that some
// page has opened and is about to close.
func (b *firefox) Open(ctx context.Context, profile string, console func(string)) (Tab, error) {
	tab := &firefoxTab{browser: b, window: Window{Profile: profile}}
	if profile == "" {
		var made struct{ UserContext string }
		if err := b.bidi.call(ctx, "browser.createUserContext", object{}, &made); err != nil {
			return nil, err
		}
		tab.window.Profile, tab.owns = made.UserContext, true
	}
	var made struct{ Context string }
	params := object{"type": "tab", "userContext": tab.window.Profile, "referenceContext": b.home, "background": true}
	if err := b.bidi.call(ctx, "browsingContext.create", params, &made); err != nil {
		return nil, err
	}
	tab.window.ID, tab.opened = made.Context, true
	if err := b.show(ctx, made.Context); err != nil {
		tab.Release()
		return nil, err
	}
	b.listen(made.Context, console)
	return tab, nil
}

// show brings a tab to the front. Firefox then waits until the one that was there is
// hidden, which may close meanwhile: that error leaves the tab where it is to be.
func (b *firefox) show(ctx context.Context, id string) error {
	var err error
	for range 5 {
		err = b.bidi.call(ctx, "browsingContext.activate", object{"context": id}, nil)
		if err == nil || !strings.Contains(err.Error(), "no such frame") {
			break
		}
	}
	return err
}

// Attach drives a window that a page has opened.
func (b *firefox) Attach(_ context.Context, window Window, console func(string)) (Tab, error) {
	b.listen(window.ID, console)
	return &firefoxTab{browser: b, window: Window{ID: window.ID, Profile: window.Profile}}, nil
}

// Close closes a window.
func (b *firefox) Close(ctx context.Context, window Window) error {
	return b.bidi.call(ctx, "browsingContext.close", object{"context": window.ID}, nil)
}

func (b *firefox) listen(id string, console func(string)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if console == nil {
		delete(b.consoles, id)
		return
	}
	b.consoles[id] = console
}

// Windows lists the windows of a profile.
func (b *firefox) Windows(ctx context.Context, profile string) ([]Window, error) {
	var tree struct {
		Contexts []struct{ Context, URL, UserContext string }
	}
	if err := b.bidi.call(ctx, "browsingContext.getTree", object{"maxDepth": 0}, &tree); err != nil {
		return nil, err
	}
	var windows []Window
	for _, c := range tree.Contexts {
		if c.UserContext != profile {
			continue
		}
		window := Window{ID: c.Context, Profile: profile, URL: c.URL}
		tab := firefoxTab{browser: b, window: window}
		if title, err := tab.evaluate(ctx, "document.title", false); err == nil { // not of one that has just closed
			_ = json.Unmarshal(title, &window.Title)
		}
		windows = append(windows, window)
	}
	return windows, nil
}
