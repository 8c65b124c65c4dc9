//go:build oidcspa_never

package web

import "embed"

// No build has this tag. `go mod vendor` copies what a file of any tag embeds: a
// vendored project builds the scripts from these folders.
//
//go:embed shim npm
var _ embed.FS
