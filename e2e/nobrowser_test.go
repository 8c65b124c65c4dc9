//go:build !js

package e2e

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestWithoutBrowser runs these tests where there is no browser: they say that none
// of them ran, and fail in CI, or if CHROMIUM names no program.
func TestWithoutBrowser(t *testing.T) {
	for _, tt := range []struct {
		name, ci, chromium string
		fails              bool
		want               string
	}{
		{"at home", "", "", false, "no tests to run"},
		{"in CI", "true", "", true, "no Chromium found"},
		{"a wrong CHROMIUM", "", "/no/such/program", true, "CHROMIUM: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWithoutBrowser$", "-test.bench=.")
			cmd.Env = []string{"PATH=" + t.TempDir(), "CI=" + tt.ci, "CHROMIUM=" + tt.chromium}
			out, err := cmd.CombinedOutput()
			if (err != nil) != tt.fails || !strings.Contains(string(out), tt.want) {
				t.Errorf("error %v, output %q; want it to fail: %v, and to say %q", err, out, tt.fails, tt.want)
			}
		})
	}
}
