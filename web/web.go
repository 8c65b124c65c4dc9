// Package web serves the built assets over net/http with the headers they
// need: types, caching, compression and Content-Security-Policy.
//
//	assets, err := web.Embedded() // or os.DirFS("assets")
//	handler, err := web.NewHandler(assets, web.Policy{ConnectSrc: "https://op.example"})
//	mux.Handle("/oidcspa/", http.StripPrefix("/oidcspa/", handler))
//
// Any other web server can serve the same folder; what it has to send is
// what this package sends.
package web

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// all: so that the folder may hold nothing but its README: a fresh clone
// builds and tests without a step before it.
//
//go:embed all:dist
var dist embed.FS

// ErrNotBuilt reports that this program was compiled before the assets were.
var ErrNotBuilt = errors.New("web: no assets are embedded: run `make build` first, or " +
	"`go run github.com/oidcspa/oidcspa/cmd/assets -o assets` and serve os.DirFS(\"assets\")")

// Embedded returns the folder of assets that was compiled into the program.
// The error is [ErrNotBuilt] if there was none: the module is published
// without built assets.
func Embedded() (fs.FS, error) { return embedded(dist) }

func embedded(root fs.FS) (fs.FS, error) {
	folder, err := fs.Sub(root, "dist")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if _, err := fs.Stat(folder, manifest.FileName); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotBuilt
	} else if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return folder, nil
}
