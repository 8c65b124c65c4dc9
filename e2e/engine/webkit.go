//go:build !js

package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// A webkit is one driver with one MiniBrowser for each profile: a driver has one
// session at a time, and a session is a profile that nothing keeps.
type webkit struct {
	driver, browser string // programs
	args            []string
	xvfb            *child
	display, dir    string

	mu       sync.Mutex
	profiles map[string]*webkitProfile
}

// A webkitProfile is a session with its programs.
type webkitProfile struct {
	*webdriver
	child   *child
	home    string
	release func() // ends it
}

// miniBrowsers is where distributions put the browser that is driven.
var miniBrowsers = []string{"/usr/lib/*/webkit2gtk-4.*/MiniBrowser", "/usr/libexec/webkit2gtk-4.*/MiniBrowser", "/usr/lib/webkit2gtk-4.*/MiniBrowser"}

func startWebKit(_ context.Context, foreign bool) (_ Browser, err error) {
	b := &webkit{profiles: map[string]*webkitProfile{}, args: []string{"--automation"}}
	if !foreign {
		b.args = append(b.args, "--enable-itp") // Intelligent Tracking Prevention
	}
	if b.driver, err = program("WebKitWebDriver"); err != nil {
		return nil, err
	}
	for _, pattern := range miniBrowsers {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			b.browser = found[len(found)-1] // the newest
		}
	}
	if b.browser == "" {
		return nil, fmt.Errorf("MiniBrowser: %w in %q", ErrNotFound, miniBrowsers)
	}
	if b.dir, err = os.MkdirTemp("", "oidcspa-webkit-"); err != nil {
		return nil, err
	}
	if b.xvfb, b.display, err = startXvfb(); err != nil {
		_ = os.RemoveAll(b.dir)
		return nil, err
	}
	return b, nil
}

// Hears is false: WebDriver knows no console, and sessions that nothing keeps do
// not write theirs to the browser's output.
func (b *webkit) Hears() bool { return false }

// Stop ends all sessions.
func (b *webkit) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.profiles {
		p.end()
	}
	b.xvfb.end(false)
	_ = os.RemoveAll(b.dir)
}

// newProfile starts a session.
func (b *webkit) newProfile(ctx context.Context) (_ *webkitProfile, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	p := &webkitProfile{}
	if p.home, err = os.MkdirTemp(b.dir, ""); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(b.driver, "--port="+port)
	cmd.Env = append(os.Environ(), "DISPLAY="+b.display, "HOME="+p.home, "NO_AT_BRIDGE=1",
		"LIBGL_ALWAYS_SOFTWARE=1", "WEBKIT_DISABLE_DMABUF_RENDERER=1", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS=1")
	if p.child, err = startChild(cmd); err != nil {
		return nil, err
	}
	p.webdriver = &webdriver{base: "http://127.0.0.1:" + port}
	if err := p.newSession(ctx, b.browser, b.args); err != nil {
		p.end()
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.profiles[p.base] = p
	p.release = func() {
		b.mu.Lock()
		delete(b.profiles, p.base)
		b.mu.Unlock()
		p.end()
	}
	return p, nil
}

// freePort is one that was free a moment ago: the driver does not say which one
// it takes by itself.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// newSession waits for the driver, and has it start the browser.
func (p *webkitProfile) newSession(ctx context.Context, browser string, args []string) error {
	for p.call(ctx, http.MethodGet, "/status", nil, nil) != nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("WebKitWebDriver does not answer: %w", context.Cause(ctx))
		case <-p.child.done:
			return errors.New("WebKitWebDriver has ended")
		case <-time.After(20 * time.Millisecond):
		}
	}
	var made struct{ SessionID string }
	options := object{"binary": browser, "args": args}
	capabilities := object{"alwaysMatch": object{"webkitgtk:browserOptions": options}}
	if err := p.call(ctx, http.MethodPost, "/session", object{"capabilities": capabilities}, &made); err != nil {
		return err
	}
	p.base += "/session/" + made.SessionID
	return p.call(ctx, http.MethodGet, "/window", nil, &p.current)
}

// end ends the session and the driver; the browser goes with the session.
func (p *webkitProfile) end() {
	if p.webdriver != nil {
		_ = p.call(context.Background(), http.MethodDelete, "", nil, nil)
	}
	p.child.end(false)
	_ = os.RemoveAll(p.home)
}

// Open opens a window.
func (b *webkit) Open(ctx context.Context, profile string, _ func(string)) (Tab, error) {
	if profile == "" {
		p, err := b.newProfile(ctx)
		if err != nil {
			return nil, err
		}
		return &webkitTab{webkitProfile: p, handle: p.current, opened: true, owns: true}, nil
	}
	p, err := b.profile(profile)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var made struct{ Handle string }
	if err := p.call(ctx, http.MethodPost, "/window/new", object{"type": "window"}, &made); err != nil {
		return nil, err
	}
	return &webkitTab{webkitProfile: p, handle: made.Handle, opened: true}, nil
}

func (b *webkit) profile(name string) (*webkitProfile, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.profiles[name]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("there is no profile %s", name)
}

// Attach drives a window that a page has opened.
func (b *webkit) Attach(_ context.Context, window Window, _ func(string)) (Tab, error) {
	p, err := b.profile(window.Profile)
	if err != nil {
		return nil, err
	}
	return &webkitTab{webkitProfile: p, handle: window.ID}, nil
}

// Close closes a window. The session ends with its last one.
func (b *webkit) Close(ctx context.Context, window Window) error {
	p, err := b.profile(window.Profile)
	if err != nil {
		return err
	}
	return p.close(ctx, window.ID)
}

// Windows lists the windows of a profile.
func (b *webkit) Windows(ctx context.Context, profile string) ([]Window, error) {
	p, err := b.profile(profile)
	if err != nil {
		return nil, err
	}
	handles, err := p.handles(ctx)
	if err != nil {
		return nil, err
	}
	var windows []Window
	for _, handle := range handles {
		window := Window{ID: handle, Profile: profile}
		err := p.in(ctx, handle, glanceTime, func() error {
			if err := p.call(ctx, http.MethodGet, "/url", nil, &window.URL); err != nil {
				return err
			}
			return p.call(ctx, http.MethodGet, "/title", nil, &window.Title)
		})
		if err == nil { // or it has just closed
			windows = append(windows, window)
		}
	}
	return windows, nil
}
