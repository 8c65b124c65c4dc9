//go:build !js

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/chromedp/cdproto/inspector"
	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/internal/chromium"
)

var (
	errTimeout = errors.New("the program is still running after -test.timeout")
	errCrash   = errors.New("the browser's tab crashed")
	errBrowser = errors.New("the browser ended")
)

// A runner runs one program in one browser.
type runner struct {
	program        string // the wasm file
	args, environ  []string
	stdout, stderr io.Writer
	grace          time.Duration             // after -test.timeout, to print the stacks
	started        func(tab context.Context) // for tests; may be nil
}

// run returns the program's exit code, or an error where there is none.
func (r *runner) run(ctx context.Context) (int, error) {
	config, err := newConfig(r.program, r.args, r.environ)
	if err != nil {
		return 0, err
	}
	wasmExec, err := wasmExecPath()
	if err != nil {
		return 0, err
	}
	faults, closeFaults, err := serve(new(faultServer).handler())
	if err != nil {
		return 0, err
	}
	defer closeFaults()
	config.Env["JSTEST_SERVER"] = faults

	s := &site{config: config, stdout: r.stdout, stderr: r.stderr, outcome: make(chan outcome, 1)}
	home, closeHome, err := serve(s.handler(r.program, wasmExec))
	if err != nil {
		return 0, err
	}
	defer closeHome()

	tab, closeBrowser, err := openBrowser(ctx)
	if err != nil {
		return 0, err
	}
	defer closeBrowser()
	watch(tab, s)
	if err := chromedp.Do(tab, chromedp.Navigate(home+"/?host="+config.host)); err != nil {
		return 0, fmt.Errorf("open the test page: %w", err)
	}
	if r.started != nil {
		r.started(tab)
	}
	return wait(ctx, tab, s.outcome, config.timeout, r.grace)
}

// wait returns how the program ended, or why nobody will know.
func wait(ctx, tab context.Context, ended <-chan outcome, timeout, grace time.Duration) (int, error) {
	var late <-chan time.Time
	if timeout > 0 {
		late = time.After(timeout + grace)
	}
	select {
	case o := <-ended:
		return o.code, o.err
	case <-late:
		return 0, errTimeout
	case <-tab.Done(): // also when ctx is
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return 0, errBrowser
	}
}

// openBrowser starts a browser with an empty profile and one tab.
func openBrowser(ctx context.Context) (tab context.Context, closeBrowser func(), err error) {
	path, err := chromium.Path()
	if err != nil {
		return nil, nil, err
	}
	options := append(chromium.Options(""), chromedp.ExecPath(path))
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	tab, cancelTab := chromedp.NewContext(allocator)
	closeBrowser = func() { cancelTab(); cancelAllocator() }
	// The context of the first Do bounds the browser's life: it has no timeout.
	if err := chromedp.Do(tab); err != nil {
		closeBrowser()
		return nil, nil, fmt.Errorf("start %s: %w", path, err)
	}
	return tab, closeBrowser, nil
}

// watch ends the run when the tab crashes.
func watch(tab context.Context, s *site) {
	crashes := chromedp.Events(tab, inspector.TargetCrashed)
	go func() {
		for _, err := range crashes {
			if err == nil {
				s.end(outcome{err: errCrash})
			}
			return
		}
	}()
}

// serve serves on a free port of the loopback interface.
func serve(handler http.Handler) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go server.Serve(listener)
	return "http://" + listener.Addr().String(), func() { server.Close() }, nil
}
