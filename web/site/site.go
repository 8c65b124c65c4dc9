// Package site holds the sample site: static files that any web server can
// serve, beside the client's own files and a config.json.
package site

import "embed"

// Files are the files of the site.
//
//go:embed index.html app.js messages.js style.css members
var Files embed.FS
