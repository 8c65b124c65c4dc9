package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime/debug"
	"strings"
)

const modulePath = "github.com/oidcspa/oidcspa"

// FindSource returns the folder of this module, and whether it is a checkout.
// Looked at in this order: the checkout around the working directory; the
// version that the program was run with (`go run .../cmd/assets@VERSION`); the
// vendor folder, or the version that is required, of the module in the working
// directory; the version that the program was made of (`go tool -modfile=...`).
func FindSource(ctx context.Context) (folder string, checkout bool, err error) {
	here, err := moduleHere(ctx)
	if err == nil && here.Main {
		return here.Dir, true, nil
	}
	if version := ownVersion(); version != "" {
		folder, err = download(ctx, version)
		return folder, false, err
	}
	if folder := vendored(ctx); folder != "" {
		return folder, false, nil
	}
	if err == nil && here.Dir != "" {
		return here.Dir, false, nil
	}
	if info, ok := debug.ReadBuildInfo(); ok && linkedVersion(info) != "" {
		folder, err = download(ctx, linkedVersion(info))
		return folder, false, err
	}
	return "", false, errors.Join(errors.New("no sources: work in a checkout, in a module that requires "+modulePath+
		", or run cmd/assets with @VERSION"), err)
}

// download returns the folder of a version of this module in the module cache.
func download(ctx context.Context, version string) (string, error) {
	m, err := goJSON(ctx, "mod", "download", "-json", modulePath+"@"+version)
	if err != nil {
		return "", fmt.Errorf("finding the sources of version %s: %w", version, err)
	}
	return m.Dir, nil
}

type module struct {
	Dir  string
	Main bool
}

// moduleHere asks for the module as the one in the working directory sees it.
func moduleHere(ctx context.Context) (module, error) {
	return goJSON(ctx, "list", "-mod=readonly", "-m", "-json", modulePath)
}

// ownVersion returns the version of this module if it is the main module of
// the running program and was not built in a checkout.
func ownVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != modulePath || info.Main.Sum == "" {
		return ""
	}
	return info.Main.Version
}

// linkedVersion returns the version of this module that another module's
// program was made of, unless it is one that only that module's go.mod knows.
func linkedVersion(info *debug.BuildInfo) string {
	for _, dep := range info.Deps {
		if dep.Path == modulePath && dep.Replace == nil && dep.Sum != "" {
			return dep.Version
		}
	}
	return ""
}

func goJSON(ctx context.Context, args ...string) (module, error) {
	out, err := output(exec.CommandContext(ctx, "go", args...))
	if err != nil {
		return module{}, err
	}
	var m module
	if err := json.Unmarshal(out, &m); err != nil {
		return module{}, fmt.Errorf("go %s: %w", args[0], err)
	}
	return m, nil
}

// output runs a command; the error holds what it wrote to standard error.
func output(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args[:2], " "), err, exit.Stderr)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(cmd.Args[:2], " "), err)
	}
	return out, nil
}
