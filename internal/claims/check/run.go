//go:build !js

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A checker runs the tests of rows, with the sources as they are and with
// those of a row changed.
type checker struct {
	root      string // of the repository
	temporary string // a folder of its own

	e2eTest string // the compiled tests of e2e

	mu  sync.Mutex    // guards the below, and the output
	cpu time.Duration // that all processes took
}

// Most of the time goes into compiling and linking: neither need be thorough.
const (
	ldflags = "-ldflags=-s -w"
	gcflags = "-gcflags=github.com/oidcspa/oidcspa/...=-N -l"
)

// limit bounds one test; a removal that makes it hang is no red test.
const limit = 2 * time.Minute

// run checks that all rows' tests pass now, and that each fails without the
// lines of its row.
func (c *checker) run(ctx context.Context, rows []*row, parallel int) error {
	if len(rows) == 0 {
		return errors.New("no row matches")
	}
	start := time.Now()
	var native, browser []*row
	for _, r := range rows {
		if r.inBrowser() {
			browser = append(browser, r)
		} else {
			native = append(native, r)
		}
	}
	if err := c.prepare(ctx, browser); err != nil {
		return err
	}
	c.baselines(ctx, rows)
	c.each(ctx, native, parallel)
	c.each(ctx, browser, 1) // a browser takes the machine for itself
	for _, r := range rows {
		if r.like != nil {
			r.failure = r.like.failure
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	failed := 0
	for _, r := range rows {
		if r.failure != "" {
			failed++
		}
	}
	fmt.Printf("%d rows, %d tests red, %d not, in %.0f s with %.0f s of processors\n",
		len(rows), len(rows)-failed, failed, time.Since(start).Seconds(), c.cpu.Seconds())
	if failed > 0 {
		return fmt.Errorf("%d of %d rows do not hold", failed, len(rows))
	}
	return nil
}

// prepare builds what the tests in the browser need.
func (c *checker) prepare(ctx context.Context, browser []*row) error {
	if slices.ContainsFunc(browser, (*row).inWasm) {
		if out, err := c.command(ctx, "go", "build", "-o", "bin/", "./internal/jstest").CombinedOutput(); err != nil {
			return fmt.Errorf("building the runner of tests in the browser: %w\n%s", err, out)
		}
	}
	if slices.ContainsFunc(browser, (*row).inE2E) {
		c.e2eTest = filepath.Join(c.temporary, "e2e.test")
		if out, err := c.command(ctx, "go", "test", "-c", "-vet=off", "-o", c.e2eTest, "./e2e").CombinedOutput(); err != nil {
			return fmt.Errorf("compiling e2e: %w\n%s", err, out)
		}
	}
	return nil
}

// baselines runs the tests of each folder once, as the sources are.
func (c *checker) baselines(ctx context.Context, rows []*row) {
	byFolder := make(map[string][]*row)
	for _, r := range rows {
		byFolder[r.folder] = append(byFolder[r.folder], r)
	}
	for folder, rows := range byFolder {
		var patterns []string
		for _, r := range rows {
			patterns = append(patterns, r.pattern())
		}
		slices.Sort(patterns)
		all := &row{folder: folder}
		start := time.Now()
		output, err := c.test(ctx, all, strings.Join(slices.Compact(patterns), "|"), "", c.root)
		for _, r := range rows {
			if !r.passed(output) {
				r.failure = "the test does not pass as the sources are"
				c.report(r, 0)
			}
		}
		fmt.Printf("%-10s %5.1f s  %s: %d tests as the sources are\n", verdictOf(err), time.Since(start).Seconds(), folder, len(slices.Compact(patterns)))
		if slices.ContainsFunc(rows, func(r *row) bool { return r.failure != "" }) {
			fmt.Println(tail(output))
		}
	}
}

func verdictOf(err error) string {
	if err != nil {
		return "NOT GREEN"
	}
	return "green"
}

// each checks rows, some at a time, and reports each as it ends.
func (c *checker) each(ctx context.Context, rows []*row, parallel int) {
	queue := make(chan *row)
	var workers sync.WaitGroup
	for range max(parallel, 1) {
		workers.Go(func() {
			for r := range queue {
				start := time.Now()
				r.failure = c.without(ctx, r)
				c.report(r, time.Since(start))
			}
		})
	}
	for _, r := range rows {
		if r.failure == "" && r.like == nil && ctx.Err() == nil {
			queue <- r
		}
	}
	close(queue)
	workers.Wait()
}

// report writes a line for a row.
func (c *checker) report(r *row, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	verdict := "red"
	if r.failure != "" {
		verdict = "SURVIVES"
	}
	fmt.Printf("%-10s %5.1f s  %s  [%s, line %d]\n", verdict, took.Seconds(), r.sentence, r.Test, r.Line)
	if r.failure != "" {
		fmt.Println("           " + strings.ReplaceAll(r.failure, "\n", "\n           "))
	}
}

// without takes the lines of a row away, and returns what is wrong with it:
// nothing if the test fails then.
func (c *checker) without(ctx context.Context, r *row) string {
	changed, err := c.changed(r)
	if err != nil {
		return err.Error()
	}
	folder, err := os.MkdirTemp(c.temporary, "row")
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(folder)
	overlay, root, err := c.lay(r, folder, changed)
	if err != nil {
		return err.Error()
	}
	output, err := c.test(ctx, r, r.pattern(), overlay, root)
	switch {
	case strings.Contains(output, "[build failed]"), strings.Contains(output, "[setup failed]"), strings.Contains(output, "compiling the wasm"):
		return "it does not compile without these lines:\n" + tail(output)
	case strings.Contains(output, "panic: test timed out"):
		return "the test hangs without these lines"
	case r.failed(output), err != nil && strings.Contains(output, "panic: "), err != nil && strings.Contains(output, "fatal error: "):
		return ""
	case err == nil && r.passed(output):
		return "the test passes without these lines"
	}
	return fmt.Sprintf("the test did not run: %v\n%s", err, tail(output))
}

// changed returns the files of a row as they are without its lines.
func (c *checker) changed(r *row) (map[string]string, error) {
	files := make(map[string]string)
	for _, edit := range r.Edits {
		source, ok := files[edit.Path]
		if !ok {
			data, err := os.ReadFile(filepath.Join(c.root, filepath.FromSlash(edit.Path)))
			if err != nil {
				return nil, err
			}
			source = string(data)
		}
		without, err := edit.Apply(source)
		if err != nil {
			return nil, err
		}
		files[edit.Path] = without
	}
	return files, nil
}

// lay puts the changed files over the sources. What go compiles needs a list
// of them alone. The tests of e2e build scripts and wasm from the sources that
// they find: for these there is a copy of the whole.
func (c *checker) lay(r *row, folder string, changed map[string]string) (overlay, root string, err error) {
	replace := make(map[string]string)
	for name, text := range changed {
		file := filepath.Join(folder, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return "", "", err
		}
		replace[filepath.Join(c.root, filepath.FromSlash(name))] = file
	}
	if r.inE2E() {
		root = filepath.Join(folder, "sources")
		return "", root, copySources(c.root, root, changed)
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", "", err
	}
	overlay = filepath.Join(folder, "overlay.json")
	return overlay, c.root, os.WriteFile(overlay, list, 0o600)
}

// test runs the tests of a row's folder that match pattern.
func (c *checker) test(ctx context.Context, r *row, pattern, overlay, root string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*limit)
	defer cancel()
	timeout := limit
	if r.name == nil { // all tests of the folder
		timeout *= 2
	}
	var cmd *exec.Cmd
	if r.inE2E() {
		cmd = c.command(ctx, c.e2eTest, "-test.v", "-test.count=1", "-test.timeout="+timeout.String(), "-test.run="+pattern)
		cmd.Dir = filepath.Join(root, "e2e")
	} else {
		args := []string{"test", "-v", "-count=1", "-vet=off", ldflags, gcflags, "-timeout=" + timeout.String(), "-run=" + pattern}
		if overlay != "" {
			args = append(args, "-overlay="+overlay)
		}
		if r.inWasm() {
			args = append(args, "-exec="+filepath.Join(c.root, "bin", "jstest"))
		}
		cmd = c.command(ctx, "go", append(args, "./"+r.folder)...)
		if r.inWasm() {
			cmd.Env = append(cmd.Env, "GOOS=js", "GOARCH=wasm")
		}
	}
	output, err := cmd.CombinedOutput()
	if state := cmd.ProcessState; state != nil {
		c.mu.Lock()
		c.cpu += state.UserTime() + state.SystemTime()
		c.mu.Unlock()
	}
	if ctx.Err() != nil {
		err = cmp.Or(context.Cause(ctx), err)
	}
	return string(output), err
}

// command is one that runs at the root, and for which no browser is a failure.
func (c *checker) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.root
	cmd.Env = append(os.Environ(), "CI=true")
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// tail is the end of an output, which says what went wrong.
func tail(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
