//go:build !js

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// notSources are folders whose files no build reads.
var notSources = []string{".git", "bin", "node_modules", "dist"}

// copySources copies the repository, with some of its files changed.
func copySources(from, to string, changed map[string]string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case entry.IsDir() && slices.Contains(notSources, entry.Name()) && name != filepath.Join("web", "dist"):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if text, ok := changed[filepath.ToSlash(name)]; ok {
			data = []byte(text)
		}
		return os.WriteFile(target, data, 0o644)
	})
}
