package repotest

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = "../.."

// skipped are the folders that hold nothing of ours.
var skipped = []string{".git", "bin", "node_modules", "dist", "web/dist"}

// repositoryFiles returns the files of the repository, with paths relative to
// the root and slashes, and their content. What .gitignore names is left out.
func repositoryFiles(t *testing.T) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if entry.IsDir() && (slices.Contains(skipped, name) || slices.Contains(skipped, entry.Name())) {
			return filepath.SkipDir
		}
		if !entry.Type().IsRegular() || name == "coverage.out" || name == ".git" {
			return nil
		}
		content, err := os.ReadFile(path)
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := files["go.mod"]; !ok {
		t.Fatalf("%s is not the repository", root)
	}
	return files
}

// content returns the content of a file, or "" if the file does not exist.
func content(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// below reports whether a file lies in a folder or in one below it.
func below(file, folder string) bool {
	return strings.HasPrefix(file, strings.TrimSuffix(folder, "/")+"/")
}
