//go:build !js

// Command check shows that each claim of docs/claims.md rests on what it says:
// it takes the lines out of the sources, one removal at a time, and expects the
// test to fail. It is the command behind `make check`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/oidcspa/oidcspa/internal/claims"
)

func main() {
	native := flag.Bool("native", true, "the rows whose tests need no browser")
	browser := flag.Bool("browser", false, "the rows whose tests need one")
	only := flag.String("row", "", "the rows alone whose sentence, file or test matches this regular expression")
	parallel := flag.Int("p", 2, "how many rows without a browser run at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := check(ctx, *native, *browser, *only, *parallel); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

func check(ctx context.Context, native, browser bool, only string, parallel int) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(claims.File)))
	if err != nil {
		return fmt.Errorf("run it at the root of the repository: %w", err)
	}
	table, err := claims.Parse(string(text))
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "oidcspa-check-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	var rows []*row
	first := make(map[string]*row)
	for _, claim := range table {
		for _, removal := range claim.Removals {
			r := newRow(claim, removal)
			if r.inBrowser() && browser || !r.inBrowser() && native {
				if r.matches(wanted) {
					rows = append(rows, r)
					key := fmt.Sprintf("%q %s", r.Edits, r.Test)
					if r.like = first[key]; r.like == nil {
						first[key] = r
					}
				}
			}
		}
	}
	c := &checker{root: root, temporary: temporary}
	return c.run(ctx, rows, parallel)
}
