//go:build oidcspa_never

package build

// No build has this tag. `go mod vendor`, `go mod tidy` and `go mod download`
// go by the imports of all tags: so a project that builds the assets has, in its
// vendor folder or in the module cache, also what is compiled and linked then.
import (
	_ "github.com/oidcspa/oidcspa/wasm" // the program
	_ "github.com/oidcspa/oidcspa/web"  // the scripts
)
