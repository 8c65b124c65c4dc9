//go:build !js

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	exitFailure = 1 // the exit code when the program gave none
	grace       = 5 * time.Second
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: jstest program.wasm [argument ...]")
		os.Exit(exitFailure)
	}
	// go test sends SIGQUIT to a test that hangs.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	defer stop()
	r := runner{
		program: os.Args[1],
		args:    os.Args[2:],
		environ: os.Environ(),
		stdout:  os.Stdout,
		stderr:  os.Stderr,
		grace:   grace,
	}
	code, err := r.run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "jstest:", err)
		code = exitFailure
	}
	os.Exit(code)
}
