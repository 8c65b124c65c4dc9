// Package manifest is the list of what a folder of built assets holds: who
// builds the folder writes it, who serves the folder reads it.
package manifest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// FileName is the name of the manifest in the folder.
const FileName = "manifest.json"

// A Manifest lists the assets of one build, and those of earlier ones that are
// still there. The same sources, Go, brotli and earlier builds give the same
// manifest, byte for byte.
type Manifest struct {
	Go     string          `json:"go"`               // the version of Go that built the wasm: "go1.26.0"
	Brotli string          `json:"brotli,omitempty"` // the version of the brotli module; empty if nothing is compressed
	Files  map[string]File `json:"files"`            // by logical name: "worker.js"

	// Earlier are the builds whose pages may still be open, newest first.
	Earlier []Build `json:"earlier,omitempty"`
}

// A Build is what is left of an earlier build: the files that are named by the
// hash of their content. All others are those of the current build.
type Build struct {
	Files map[string]File `json:"files"` // by logical name
}

// A File is one asset. Sizes are in bytes.
type File struct {
	Name      string `json:"name"`             // in the folder: "worker.0123456789abcdef.js"
	Size      int    `json:"size"`             // as it is
	Gzip      int    `json:"gzip,omitempty"`   // of Name.gz; 0 if there is none
	Brotli    int    `json:"brotli,omitempty"` // of Name.br; 0 if there is none
	Integrity string `json:"integrity"`        // for the attribute of this name: "sha384-..."
}

// Hashed reports whether the name of the file in the folder holds the hash of
// its content, so that it may be cached forever. logical is its logical name.
func (f File) Hashed(logical string) bool { return f.Name != logical }

// Read reads the manifest of a folder. It fails if a file name is not a plain
// name, since files are opened and deleted by it.
func Read(folder fs.FS) (*Manifest, error) {
	data, err := fs.ReadFile(folder, FileName)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	return Decode(data)
}

// Decode is [Read] for the content of the file.
func Decode(data []byte) (*Manifest, error) {
	m := new(Manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("reading %s: %w", FileName, err)
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", FileName, err)
	}
	return m, nil
}

// check reports a name that is no plain one. A file of an earlier build must
// not take the place of one of the current.
func (m *Manifest) check() error {
	for logical, f := range m.Files {
		if !plain(logical) || !plain(f.Name) {
			return fmt.Errorf("%q in %q is not the name of a file", f.Name, logical)
		}
	}
	for _, b := range m.Earlier {
		for logical, f := range b.Files {
			if !plain(logical) || !plain(f.Name) {
				return fmt.Errorf("%q in %q is not the name of a file", f.Name, logical)
			}
			if !f.Hashed(logical) {
				return fmt.Errorf("%q of an earlier build is not named by its hash", f.Name)
			}
			if _, current := m.Files[f.Name]; current {
				return fmt.Errorf("%q of an earlier build has the name of another file", f.Name)
			}
		}
	}
	return nil
}

// Encode returns the manifest as it is written to [FileName].
func (m *Manifest) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the manifest: %w", err)
	}
	return append(data, '\n'), nil
}

// plain reports whether name is a file in the folder itself.
func plain(name string) bool {
	return fs.ValidPath(name) && name != "." && !strings.ContainsAny(name, `/\`)
}
