//go:build !js

package chromium

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// program puts an executable file into a new folder and returns its path.
func program(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPath(t *testing.T) {
	chrome := program(t, "google-chrome")
	other := program(t, "my-browser")
	tests := []struct {
		name, env, path string
		want            string
		wantErr         error
	}{
		{"in PATH", "", filepath.Dir(chrome), chrome, nil},
		{"CHROMIUM before PATH", other, filepath.Dir(chrome), other, nil},
		{"CHROMIUM is missing", other + "-gone", filepath.Dir(chrome), "", fs.ErrNotExist},
		{"unknown name in PATH", "", filepath.Dir(other), "", ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("CHROMIUM", tt.env)
			t.Setenv("PATH", tt.path)
			got, err := Path()
			if got != tt.want || !errors.Is(err, tt.wantErr) {
				t.Errorf("Path() = %q, %v; want %q, %v", got, err, tt.want, tt.wantErr)
			}
		})
	}
}
