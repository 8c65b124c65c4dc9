//go:build !js

// Command bench measures this client and others side by side: the same page,
// server, provider and browser, one after the other in every round, so that
// what disturbs the machine disturbs all of them.
//
//	npm ci --prefix e2e/bench
//	go run ./e2e/bench                                  # all of it
//	go run ./e2e/bench -run 'first/warm/intent' -n 20   # a part
//	go run ./e2e/bench -engine firefox -n 20            # the reload, in another engine
//	go run ./e2e/bench -length 10m -write docs/benchmarks.md
//	go run ./e2e/bench -from bin/bench/figures.jsonl -write docs/benchmarks.md # of an earlier run
//
// Every figure is a line of JSON in the file that -out names, after one that
// describes the machine. The table at the end is made of them, and so are the
// tables and pictures of the document that -write names: those of the parts
// that were measured.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"
)

// measurements are all that there are, and what share of the times is made of
// those that take long.
var measurements = []struct {
	run   func(b *bench, r *results, what *regexp.Regexp, n int) error
	share int
}{
	{anonymous, 1},
	{firstSignIn, 1},
	{reloads, 1},
	{renewals, 1},
	{processor, 2},
	{memories, 8},
	{fetches, 4},
	{manyTabs, 1},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var (
		only    = flag.String("run", "", "regular `expression` for what to measure, such as first/cold/plain/50ms")
		clients = flag.String("clients", "", "regular `expression` for the clients to measure")
		name    = flag.String("engine", "", "`engine` in the place of Chromium, for the reload alone: firefox or webkit")
		n       = flag.Int("n", 24, "`times` that each is measured")
		folder  = flag.String("folder", "e2e/bench", "`folder` of this program, with the packages of npm")
		work    = flag.String("work", "bin/bench", "`folder` for what is built")
		out     = flag.String("out", "bin/bench/figures.jsonl", "`file` for the figures")
		from    = flag.String("from", "", "`file` with figures of an earlier run, in the place of measuring")
		write   = flag.String("write", "", "`document` whose tables and pictures are made of the figures")
	)
	flag.Parse()
	if *from != "" {
		return rewrite(*from, *write)
	}
	machine := describe()
	if _, err := os.Stat(filepath.Join(*folder, "node_modules")); err != nil {
		return errors.New("the packages of npm are missing: npm ci --prefix " + *folder)
	}
	what, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	who, err := regexp.Compile(*clients)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(*out), 0o755); err != nil {
		return err
	}
	file, err := os.Create(*out)
	if err != nil {
		return err
	}
	defer file.Close()

	s, err := newSite(ctx, *name, *folder, *work, who)
	if err != nil {
		return err
	}
	defer s.close()
	if *name != "" {
		r := &results{file: file}
		if err := reloadsIn(ctx, *name, s, r, what, *n); err != nil {
			return err
		}
		return r.print(os.Stdout)
	}
	b, err := startBrowser(ctx, s)
	if err != nil {
		return err
	}
	defer b.close()
	machine.Browser = b.version
	r := &results{file: file}
	if err := json.NewEncoder(file).Encode(machine); err != nil {
		return err
	}
	began := time.Now()
	for _, m := range measurements {
		if err := m.run(b, r, what, max(*n/m.share, 1)); err != nil {
			return err
		}
	}
	fmt.Printf("%s, %d of each, in %s\n\n", b.version, *n, time.Since(began).Round(time.Second))
	if err := r.print(os.Stdout); err != nil || *write == "" {
		return err
	}
	return writeDocument(*write, machine, r.lines)
}

// rewrite shows the figures of an earlier run again.
func rewrite(from, document string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	machine, lines, err := readFigures(file)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	if err := (&results{lines: lines}).print(os.Stdout); err != nil || document == "" {
		return err
	}
	return writeDocument(document, machine, lines)
}
