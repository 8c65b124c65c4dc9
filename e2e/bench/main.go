//go:build !js

// Command bench measures this client and others side by side: the same page,
// server, provider and browser, one after the other in every round, so that
// what disturbs the machine disturbs all of them.
//
//	npm ci --prefix e2e/bench
//	go run ./e2e/bench                                  # all of it
//	go run ./e2e/bench -run 'first/warm/intent' -n 20   # a part
//
// Every figure is a line of JSON in the file that -out names, and the table at
// the end is made of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"
)

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
		n       = flag.Int("n", 24, "`times` that each is measured")
		folder  = flag.String("folder", "e2e/bench", "`folder` of this program, with the packages of npm")
		work    = flag.String("work", "bin/bench", "`folder` for what is built")
		out     = flag.String("out", "bin/bench/figures.jsonl", "`file` for the figures")
	)
	flag.Parse()
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

	s, err := newSite(ctx, *folder, *work, who)
	if err != nil {
		return err
	}
	defer s.close()
	b, err := startBrowser(ctx, s)
	if err != nil {
		return err
	}
	defer b.close()
	r := &results{file: file}
	began := time.Now()
	if err := firstSignIn(b, r, what, *n); err != nil {
		return err
	}
	fmt.Printf("%s, %d of each, in %s\n\n", b.version, *n, time.Since(began).Round(time.Second))
	return r.print(os.Stdout)
}
