package build

import (
	"context"
	_ "embed" // the stub
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// stubX509 takes the place of crypto/x509, which makes the wasm 5 % larger
// and is never called (docs/decisions).
//
//go:embed stub/x509.go
var stubX509 []byte

// overlay writes what `go build -overlay` needs to compile with the stub into
// folder, and returns the file to name there.
func overlay(ctx context.Context, source, folder string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-json=Dir,GoFiles", "crypto/x509")
	cmd.Dir, cmd.Env = source, wasmEnv()
	out, err := output(cmd)
	if err != nil {
		return "", err
	}
	var pkg struct {
		Dir     string
		GoFiles []string
	}
	if err := json.Unmarshal(out, &pkg); err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	replace := make(map[string]string)
	for _, file := range pkg.GoFiles {
		replace[filepath.Join(pkg.Dir, file)] = "" // as if it were not there
	}
	stub := filepath.Join(folder, "x509.go")
	replace[filepath.Join(pkg.Dir, "x509.go")] = stub
	if err := os.WriteFile(stub, stubX509, 0o600); err != nil {
		return "", err
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "overlay.json")
	return file, os.WriteFile(file, data, 0o600)
}
