// Command assets builds the folder of assets that a web server serves.
//
//	go run github.com/oidcspa/oidcspa/cmd/assets@VERSION -o assets
//
// It needs nothing but Go. In a checkout the folder is web/dist, from where
// package web embeds it.
//
// Pages that are open when a new build is deployed load files of their own
// build later on: worker script, wasm, and what they load on demand. Their
// names hold the hash of their content, and they have to stay. -keep says how
// many earlier builds do (2, in web/dist none); manifest.json lists them, and
// package web serves them. They are taken from the folder that is written to,
// or from where -previous says: the folder of the build before, or the address
// at which the running site serves its files, for a machine that begins with
// nothing:
//
//	go run github.com/oidcspa/oidcspa/cmd/assets@VERSION -o assets -previous https://app.example/oidcspa/
//
// What comes from there is taken only if it holds what its name and the
// manifest say. If it cannot be had, nothing is written: for the first
// deployment leave -previous out.
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
	"time"

	"github.com/oidcspa/oidcspa/web/build"
)

func main() {
	out := flag.String("o", "", "write to this `folder` (default: web/dist of the checkout)")
	verbose := flag.Bool("v", false, "say what is being done")
	budget := flag.String("budget", "", "compare the sizes with the limits in this `file`; fail if one is exceeded")
	npm := flag.String("npm", "", "write a package for npm to this `folder`, too")
	keep := flag.Int("keep", -1, "keep the files of so many earlier `builds` (default: 2, in web/dist of the checkout 0)")
	previous := flag.String("previous", "", "take the files of earlier builds from this `folder or URL` (default: the folder to write to)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	opts := build.Options{Out: *out, Previous: *previous, Keep: keepBuilds(*keep, *out, *previous)}
	if err := run(ctx, opts, *budget, *npm, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

// keepBuilds is how many earlier builds stay. Who builds into the checkout
// works on the client: the pages of before are closed.
func keepBuilds(keep int, out, previous string) int {
	switch {
	case keep >= 0:
		return keep
	case out == "" && previous == "":
		return 0
	default:
		return 2
	}
}

// patience is how long a build says nothing.
const patience = 2 * time.Second

// sayIfSlow has a line printed if what begins now has not ended soon.
func sayIfSlow(say func(format string, args ...any)) (end func()) {
	timer := time.AfterFunc(patience, func() {
		say("assets: compiling and compressing the program; that may take two minutes (-v says more)")
	})
	return func() { timer.Stop() }
}

func run(ctx context.Context, opts build.Options, budget, npm string, verbose bool) error {
	source, checkout, err := build.FindSource(ctx)
	if err != nil {
		return err
	}
	if opts.Out == "" {
		if !checkout { // the module cache is not ours to write to
			return errors.New("say where to write to: -o FOLDER")
		}
		opts.Out = filepath.Join(source, "web", "dist")
	}
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	opts.Source, opts.Warnf = source, say
	if verbose {
		opts.Logf = say
	} else {
		defer sayIfSlow(say)()
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
