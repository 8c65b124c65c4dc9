//go:build !js

// Command mutate shows that the simulator of session/explore finds what is wrong
// with an engine: it takes the rules of docs/mutations.md out of the sources, one
// at a time, and has schedules run until one breaks an invariant that it keeps
// with the sources as they are. A row may name another test that fails without its rule.
// It is a part of `make check-long`.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/oidcspa/oidcspa/internal/claims"
)

// file is the table, in the form of the claims.
const file = "docs/mutations.md"

func main() {
	only := flag.String("row", "", "the rows alone whose rule or lines match this regular expression")
	limit := flag.Duration("limit", time.Minute, "how much time of a processor to look for one")
	parallel := flag.Int("p", runtime.NumCPU(), "how many rows run at a time, each on one processor")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := mutate(ctx, *only, *limit, *parallel); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// A row is a rule that is taken away.
type row struct {
	rule  string
	edits []claims.Edit
	test  string // "session/explore.TestMutation", or another one
	found finding
}

func mutate(ctx context.Context, only string, limit time.Duration, parallel int) error {
	rows, err := read(only)
	if err != nil {
		return err
	}
	temporary, err := os.MkdirTemp("", "oidcspa-mutate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	s := &search{folder: temporary, limit: limit}
	if s.root, err = os.Getwd(); err != nil {
		return err
	}
	if s.sound, err = s.build(ctx, "sound", nil); err != nil {
		return err
	}
	fmt.Print("| without the rule | found by | after schedules | seconds |\n|---|---|---|---|\n")
	queue := make(chan *row)
	var workers sync.WaitGroup
	var output sync.Mutex
	for i := range parallel {
		workers.Go(func() {
			for r := range queue {
				r.found = s.find(ctx, fmt.Sprintf("mutant%d", i), r)
				output.Lock()
				fmt.Printf("| %s | %s | %d | %.1f |\n", r.rule, r.found.by, r.found.schedules, r.found.took.Seconds())
				output.Unlock()
			}
		})
	}
	for _, r := range rows {
		if ctx.Err() == nil {
			queue <- r
		}
	}
	close(queue)
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	missed := 0
	for _, r := range rows {
		if !r.found.ok {
			missed++
		}
	}
	fmt.Printf("\n%d mutations, %d found\n", len(rows), len(rows)-missed)
	if missed > 0 {
		return fmt.Errorf("%d of %d mutations are not found", missed, len(rows))
	}
	return nil
}

// read reads the table.
func read(only string) ([]*row, error) {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		return nil, fmt.Errorf("run it at the root of the repository: %w", err)
	}
	table, err := claims.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s, read as claims: %w", file, err)
	}
	var rows []*row
	for _, claim := range table {
		all := strings.Join(claim.Quotes, " ")
		for _, removal := range claim.Removals {
			for _, e := range removal.Edits {
				all += "\n" + e.Path + "\n" + e.Old
			}
			if wanted.MatchString(all) {
				rows = append(rows, &row{rule: claim.Quotes[0], edits: removal.Edits, test: removal.Test})
			}
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("no row of %s matches", file)
	}
	return rows, nil
}
