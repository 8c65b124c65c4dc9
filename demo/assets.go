package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/oidcspa/oidcspa/web"
	"github.com/oidcspa/oidcspa/web/build"
)

// buildAssets builds the client from its sources.
func buildAssets(ctx context.Context, out io.Writer, connect []string) (http.Handler, error) {
	dir, err := os.MkdirTemp("", "oidcspa-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) // the handler has read everything by then
	fmt.Fprintln(out, "Building the client ...")
	if _, err := build.Build(ctx, build.Options{Out: dir, SkipCompression: true}); err != nil {
		return nil, err
	}
	return web.NewHandler(os.DirFS(dir), web.Policy{ConnectSrc: strings.Join(connect, " ")})
}
