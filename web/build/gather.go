package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// vendored returns the folder of this module in the vendor folder, if that is
// where Go takes it from in the working directory; otherwise "".
func vendored(ctx context.Context) string {
	list := exec.CommandContext(ctx, "go", "list", "-f", "{{.Module.Dir}}\n{{.Dir}}", modulePath+"/web/build")
	out, err := output(list)
	if err != nil {
		return "" // no package of this project needs it
	}
	// In a vendor folder packages have folders and modules do not.
	module, folder, _ := strings.Cut(strings.ReplaceAll(string(out), "\r\n", "\n"), "\n")
	if module != "" {
		return ""
	}
	return filepath.Dir(filepath.Dir(strings.TrimSpace(folder)))
}

// A listed package is one that the wasm needs.
type listed struct {
	ImportPath, Dir string
	Module          struct{ Path, Version, GoVersion string }
}

// gather copies the packages of the wasm into folder, as a module with a vendor
// folder. Whether they come from a checkout, the module cache or the vendor
// folder of a project, the compiler sees the same then, writes to none of these,
// and asks no proxy. source is the folder of this module.
func gather(ctx context.Context, source, folder string, t *toolchain) error {
	packages, err := list(ctx, source, t)
	if err != nil && strings.Contains(err.Error(), "GOPROXY=off") {
		return fmt.Errorf("finding the packages of the wasm: %w\nThey have the versions that %s names; "+
			"one build with a proxy fetches them", err, filepath.Join(source, "go.mod"))
	}
	if err != nil {
		return fmt.Errorf("finding the packages of the wasm: %w", err)
	}
	if len(packages) == 0 {
		return fmt.Errorf("finding the packages of the wasm: none in %s", source)
	}
	ours := packages[len(packages)-1].Module // it comes after those that it needs
	mod := bytes.NewBufferString(fmt.Sprintf("module %s\n\ngo %s\n", ours.Path, ours.GoVersion))
	modules := new(bytes.Buffer) // vendor/modules.txt
	seen := map[string]bool{ours.Path: true}
	for _, pkg := range packages {
		m, to := pkg.Module, filepath.Join(folder, "vendor", filepath.FromSlash(pkg.ImportPath))
		switch {
		case m.Path == ours.Path:
			to = filepath.Join(folder, filepath.FromSlash(strings.TrimPrefix(pkg.ImportPath, ours.Path)))
		case !seen[m.Path]:
			seen[m.Path] = true
			fmt.Fprintf(mod, "\nrequire %s %s\n", m.Path, m.Version)
			fmt.Fprintf(modules, "# %s %s\n## explicit%s\n", m.Path, m.Version, goLine(m.GoVersion))
			fallthrough
		default:
			fmt.Fprintln(modules, pkg.ImportPath)
		}
		if err := copyFiles(pkg.Dir, to); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "go.mod"), mod.Bytes(), 0o600); err != nil || len(seen) == 1 {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "vendor", "modules.txt"), modules.Bytes(), 0o600)
}

// goLine is how vendor/modules.txt says the go line of a module.
func goLine(version string) string {
	if version == "" {
		return ""
	}
	return "; go " + version
}

// list returns the packages of the wasm outside of the standard library, each
// after those that it needs.
func list(ctx context.Context, source string, t *toolchain) ([]listed, error) {
	args := []string{"list", "-deps", "-json=ImportPath,Dir,Module"}
	var out []byte
	var err error
	if _, missing := os.Stat(filepath.Join(source, "go.mod")); errors.Is(missing, fs.ErrNotExist) {
		// It is in a vendor folder; the project knows the modules beside it.
		if _, missing := os.Stat(filepath.Join(source, "wasm")); errors.Is(missing, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is not all of it: run `go mod vendor` again", source)
		}
		cmd := exec.CommandContext(ctx, t.command, append(args, "-mod=vendor", modulePath+"/wasm")...)
		cmd.Dir, cmd.Env = source, append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=")
		out, err = output(cmd)
	} else {
		out, err = t.run(ctx, source, append(args, "./wasm")...)
	}
	if err != nil {
		return nil, err
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg listed
		switch err := decoder.Decode(&pkg); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, err
		case pkg.Module.Path != "":
			packages = append(packages, pkg)
		}
	}
}

// copyFiles copies the files of a folder, and those that links in it lead to,
// without folders and tests.
func copyFiles(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if info, err := os.Stat(filepath.Join(from, name)); err != nil {
			return err
		} else if !info.Mode().IsRegular() || strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if filepath.Ext(name) == ".go" {
			data = unixLines(data)
		}
		//lint:ignore gosec G703: a name out of a folder
		if err := os.WriteFile(filepath.Join(to, name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
