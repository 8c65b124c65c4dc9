//go:build !js

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/oidcspa/oidcspa/internal/chromium"
)

// program is testdata/program, built for the browser by TestMain.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "jstest")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "program.wasm")
	build := exec.Command("go", "build", "-o", program, "./testdata/program")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// A buffer is a bytes.Buffer that tells when something was written.
type buffer struct {
	mu      sync.Mutex
	bytes   bytes.Buffer
	written chan struct{} // room for one
}

func newBuffer() *buffer { return &buffer{written: make(chan struct{}, 1)} }

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.written <- struct{}{}:
	default:
	}
	return b.bytes.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bytes.String()
}

func TestRun(t *testing.T) {
	needBrowser(t)
	tests := []struct {
		name    string
		environ []string
		args    []string
		code    int
		err     string // the start of it
		stdout  string
		stderr  string // the start of it
	}{
		{"exit code", nil, []string{"exit"}, 3, "", "", ""},
		{"end of main", nil, []string{"return"}, 0, "", "", ""},
		{"output as it was written", nil, []string{"print"}, 0, "", "one\ntwo and no newline", "three ä\xff\n"},
		{"output of the runtime", nil, []string{"println"}, 0, "", "", "from the runtime\n"},
		{"panic", nil, []string{"panic"}, 2, "", "", "panic: boom\n"},
		{"deadlock in a callback", nil, []string{"deadlock"}, 2, "", "", "fatal error: all goroutines are asleep - deadlock!\n"},
		{"uncaught exception", nil, []string{"throw"}, 0, "uncaught in JavaScript: RangeError: boom", "", ""},
		{"unhandled rejection", nil, []string{"reject"}, 0, "uncaught in JavaScript: boom", "", ""},
		{"console", nil, []string{"console"}, 0, "", "", "console.error: boom 1\n"},
		{"realm by default", nil, []string{"realm"}, 0, "", "DedicatedWorkerGlobalScope", ""},
		{"realm worker", []string{"JSTEST_HOST=worker"}, []string{"realm"}, 0, "", "DedicatedWorkerGlobalScope", ""},
		{"realm page", []string{"JSTEST_HOST=page"}, []string{"realm"}, 0, "", "Window", ""},
		{"exception in a page", []string{"JSTEST_HOST=page"}, []string{"throw"}, 0, "uncaught in JavaScript: RangeError: boom", "", ""},
		{"realm unknown", []string{"JSTEST_HOST=moon"}, []string{"realm"}, 0, `JSTEST_HOST is "moon"`, "", ""},
		{"flags of go test and variables", []string{"JSTEST_X=x", "GODEBUG=a=1", "HOME=secret"},
			[]string{"environment", "-test.testlogfile=/x", "-test.paniconexit0", "-test.timeout=1m"},
			0, "", "[environment -test.paniconexit0 -test.timeout=1m]xa=1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr := newBuffer(), newBuffer()
			r := runner{program: program, args: tt.args, environ: tt.environ, stdout: stdout, stderr: stderr}
			code, err := r.run(t.Context())
			text := ""
			if err != nil {
				text = err.Error()
			}
			if code != tt.code || !startsWith(text, tt.err) {
				t.Errorf("exit code %d, error %q; want %d, %q", code, text, tt.code, tt.err)
			}
			if stdout.String() != tt.stdout {
				t.Errorf("stdout %q, want %q", stdout, tt.stdout)
			}
			if !startsWith(stderr.String(), tt.stderr) {
				t.Errorf("stderr %q, want %q", stderr, tt.stderr)
			}
		})
	}
}

// needBrowser skips a test where there is no browser, but not in CI.
func needBrowser(t *testing.T) {
	t.Helper()
	if _, err := chromium.Path(); errors.Is(err, chromium.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
}

// startsWith is strings.HasPrefix, where nothing only starts with nothing.
func startsWith(s, prefix string) bool {
	return strings.HasPrefix(s, prefix) && (s == "") == (prefix == "")
}

// TestRunTimeout: a program that leaves the event loop alone and one that does
// not are ended.
func TestRunTimeout(t *testing.T) {
	needBrowser(t)
	for _, args := range [][]string{{"hang"}, {"spin"}} {
		t.Run(args[0], func(t *testing.T) {
			stdout := newBuffer()
			r := runner{program: program, args: append(args, "-test.timeout=1ms"), stdout: stdout, stderr: stdout}
			r.started = func(context.Context) { <-stdout.written }
			if _, err := r.run(t.Context()); err != errTimeout {
				t.Errorf("got %v, want %v", err, errTimeout)
			}
		})
	}
}

func TestRunEndsEarly(t *testing.T) {
	needBrowser(t)
	errStop := errors.New("stop")
	tests := []struct {
		name string
		host string
		end  func(tab context.Context, cancel context.CancelCauseFunc)
		want error
	}{
		{"interrupted", "worker", func(_ context.Context, cancel context.CancelCauseFunc) { cancel(errStop) }, errStop},
		{"browser killed", "worker", func(tab context.Context, _ context.CancelCauseFunc) {
			chromedp.FromContext(tab).Browser.Process().Kill()
		}, errBrowser},
		{"tab with the worker crashes", "worker", crash, errCrash},
		{"tab crashes", "page", crash, errCrash},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			stdout := newBuffer()
			r := runner{program: program, args: []string{"hang"}, environ: []string{"JSTEST_HOST=" + tt.host}, stdout: stdout, stderr: stdout}
			r.started = func(tab context.Context) {
				<-stdout.written
				tt.end(tab, cancel)
			}
			if _, err := r.run(ctx); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// crash does not wait: a crashed tab gives no answer.
func crash(tab context.Context, _ context.CancelCauseFunc) {
	go chromedp.Do(tab, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		return t.Call(ctx, page.Crash.Method, nil, nil)
	}))
}
