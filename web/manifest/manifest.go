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

// A Manifest lists the assets of one build. The same sources, Go and brotli
// give the same manifest, byte for byte.
type Manifest struct {
	Go     string          `json:"go"`               // the version of Go that built the wasm: "go1.26.0"
	Brotli string          `json:"brotli,omitempty"` // the version of the brotli module; empty if nothing is compressed
	Files  map[string]File `json:"files"`            // by logical name: "worker.js"
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
	m := new(Manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("reading %s: %w", FileName, err)
	}
	for logical, f := range m.Files {
		if !plain(logical) || !plain(f.Name) {
			return nil, fmt.Errorf("%s: %q in %q is not the name of a file", FileName, f.Name, logical)
		}
	}
	return m, nil
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
