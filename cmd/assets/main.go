// Command assets builds the folder of assets that a web server serves.
//
//	go run github.com/oidcspa/oidcspa/cmd/assets@VERSION -o assets
//
// It needs nothing but Go. In a checkout the folder is web/dist, from where
// package web embeds it.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/oidcspa/oidcspa/web/build"
)

func main() {
	out := flag.String("o", "", "write to this `folder` (default: web/dist of the checkout)")
	verbose := flag.Bool("v", false, "say what is being done")
	budget := flag.String("budget", "", "compare the sizes with the limits in this `file`; fail if one is exceeded")
	npm := flag.String("npm", "", "write a package for npm to this `folder`, too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *budget, *npm, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, budget, npm string, verbose bool) error {
	source, checkout, err := build.FindSource(ctx)
	if err != nil {
		return err
	}
	if out == "" {
		if !checkout { // the module cache is not ours to write to
			return errors.New("say where to write to: -o FOLDER")
		}
		out = filepath.Join(source, "web", "dist")
	}
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	opts := build.Options{Out: out, Source: source, Warnf: say}
	if verbose {
		opts.Logf = say
	}
	m, err := build.Build(ctx, opts)
	if err == nil && npm != "" {
		_, err = build.Package(opts, source, m, npm)
	}
	if err != nil || budget == "" {
		return err
	}
	text, err := os.ReadFile(budget)
	if err != nil {
		return err
	}
	limits, err := build.ParseBudget(bytes.NewReader(text))
	if err != nil {
		return err
	}
	return build.CheckBudget(os.Stdout, m, limits)
}
