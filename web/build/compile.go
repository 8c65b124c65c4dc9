package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// inlined are the packages that are compiled with inlining. Everywhere it makes the wasm
// 8 % larger after brotli; nowhere, signatures take five times as long and the program starts
// slower: what their arithmetic is, and what every call goes through, is in here (docs/decisions).
var inlined = []string{
	"math/bits", "crypto/internal/fips140/...",
	"runtime", "internal/runtime/...", "internal/abi", "internal/reflectlite", "internal/sync", "reflect", "sync", "sync/atomic", "syscall/js",
	"cmp", "maps", "slices", "sort",
	"github.com/hack-pad/safejs/...", modulePath + "/internal/strictjson", modulePath + "/jsbridge", modulePath + "/jsonrpc",
}

// program makes the wasm. With a Go that nobody has looked at, what does not
// work there is left out: the program does the same, and is larger.
func program(ctx context.Context, source, folder string, t *toolchain) ([]byte, error) {
	wasm, err := compile(ctx, source, folder, t)
	if err != nil {
		return nil, err
	}
	return smaller(wasm, t)
}

func smaller(wasm []byte, t *toolchain) ([]byte, error) {
	compacted, err := dropLines(wasm)
	if err == nil {
		compacted, err = compact(compacted)
	}
	switch {
	case err == nil:
		return compacted, nil
	case t.stubsAll():
		return nil, fmt.Errorf("making the wasm smaller: %w", err)
	default:
		return wasm, nil
	}
}

// compile builds package wasm with a toolchain. The module is the main module
// of the build even where another project requires it: so its own go.mod
// chooses the versions, if it is not vendored, and the bytes are the same
// everywhere.
func compile(ctx context.Context, source, folder string, t *toolchain) ([]byte, error) {
	module, out := filepath.Join(folder, "module"), filepath.Join(folder, "oidcspa.wasm")
	if err := gather(ctx, source, module, t); err != nil {
		return nil, err
	}
	overlay, err := overlay(ctx, module, folder, t)
	if err != nil {
		return nil, err
	}
	flags := []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-gcflags=all=-l"}
	for _, pkg := range inlined {
		flags = append(flags, "-gcflags="+pkg+"=")
	}
	build := func(more ...string) error {
		args := slices.Concat([]string{"build", "-o", out}, flags, more, []string{"./wasm"})
		_, err := t.run(ctx, module, args...)
		return err
	}
	err = build("-overlay=" + overlay)
	if err != nil && !t.stubsAll() {
		err = build()
	}
	if err != nil {
		return nil, fmt.Errorf("compiling the wasm: %w", err)
	}
	return os.ReadFile(out)
}
