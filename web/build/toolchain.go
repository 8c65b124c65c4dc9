package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A toolchain is the Go that builds: the one that go.mod chooses, wherever it
// came from.
type toolchain struct {
	command string   // the path of the program
	env     []string // beside that of this process
	root    string   // GOROOT
	version string   // "go1.26.0"
	uncut   []string // packages that are not as expected, after [overlay]
}

// findToolchain asks for the Go that source is built with. One that Go has
// fetched itself lies in the module cache, where the compiler takes no other
// file in the place of one that is there (cmd/go, -overlay): such a Go is used
// from folder, in which links lead to it. The bytes that it makes are the same.
func findToolchain(ctx context.Context, source, folder string) (*toolchain, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT", "GOVERSION", "GOMODCACHE")
	cmd.Dir = source // the go line of go.mod chooses the toolchain, or that of the project which has vendored it
	out, err := output(cmd)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.ReplaceAll(string(out), "\r\n", "\n"), "\n")
	if len(lines) < 3 {
		return nil, errors.New("go env: not what it prints")
	}
	t := &toolchain{root: lines[0], version: lines[1]}
	t.command = filepath.Join(t.root, "bin", "go"+exeSuffix(runtime.GOOS))
	if _, err := os.Stat(t.command); err != nil {
		t.command = "go" // a distribution that keeps it elsewhere
	}
	if isBelow(runtime.GOOS, lines[2], t.root) {
		linked := filepath.Join(folder, "goroot")
		if err := mirror(t.root, linked); err != nil {
			return nil, fmt.Errorf("a place for Go outside of the module cache: %w", err)
		}
		t.root = linked
	}
	t.env = []string{"GOROOT=" + t.root, "GOTOOLCHAIN=local"}
	return t, nil
}

func exeSuffix(system string) string {
	if system == "windows" {
		return ".exe"
	}
	return ""
}

// isBelow tells whether a path is folder or lies in it, on a system (GOOS).
// Both are absolute and clean. Windows has two separators, and there large and
// small letters are the same.
func isBelow(system, folder, path string) bool {
	separator := "/"
	if system == "windows" {
		separator = `\`
		folder = strings.ToLower(strings.ReplaceAll(folder, "/", separator))
		path = strings.ToLower(strings.ReplaceAll(path, "/", separator))
	}
	if folder == "" {
		return false
	}
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(folder, separator))
	return ok && (rest == "" || strings.HasPrefix(rest, separator))
}

// mirror makes a folder that looks like another: a link for each entry, or a
// copy where the system gives no links.
func mirror(from, to string) error { return mirrorWith(os.Symlink, from, to) }

func mirrorWith(link func(from, to string) error, from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if link(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())) != nil {
			return copyAll(from, to)
		}
	}
	return nil
}

// copyAll makes a folder anew as a copy of another, which may be read-only.
func copyAll(from, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.CopyFS(to, os.DirFS(from))
}

// run runs a command of this Go in folder, for the wasm.
func (t *toolchain) run(ctx context.Context, folder string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.command, args...)
	cmd.Dir, cmd.Env = folder, t.wasmEnv(ctx)
	return output(cmd)
}

// formerCollector is the experiment that has Go's former garbage collector.
const formerCollector = "nogreenteagc"

// wasmEnv is the environment of the build: what a developer may have set must
// not change the bytes.
func (t *toolchain) wasmEnv(ctx context.Context) []string {
	env := append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOWASM=", "GOFLAGS=-trimpath", "GOWORK=off", "GOFIPS140=off", "CGO_ENABLED=0")
	env = append(env, t.env...)
	cmd := exec.CommandContext(ctx, t.command, "env", "GOEXPERIMENT")
	cmd.Env = append(env, "GOEXPERIMENT="+formerCollector)
	if cmd.Run() != nil { // a Go that does not know it
		return append(env, "GOEXPERIMENT=")
	}
	return append(env, "GOEXPERIMENT="+formerCollector)
}
