//go:build !js

package main

import (
	"io/fs"
	"os"
	"slices"
)

// notSources are folders whose files no build reads.
var notSources = []string{".git", "bin", "node_modules", "dist"}

// copySources copies the repository, with some of its files changed.
func copySources(from, to string, changed map[string]string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	target, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer target.Close()
	sources := os.DirFS(from)
	return fs.WalkDir(sources, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(notSources, entry.Name()) && name != "web/dist":
			return fs.SkipDir
		case entry.IsDir():
			return target.MkdirAll(name, 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		if text, ok := changed[name]; ok {
			return target.WriteFile(name, []byte(text), 0o644)
		}
		data, err := fs.ReadFile(sources, name)
		if err != nil {
			return err
		}
		return target.WriteFile(name, data, 0o644)
	})
}
