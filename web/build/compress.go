package build

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/andybalholm/brotli"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// compressible are the files that a server compresses; the others are for
// tools, not for browsers.
var compressible = []string{".js", ".html", ".wasm"}

// A compressor makes the .br and .gz forms of assets.
type compressor struct {
	opts    Options
	version string // of brotli; "" to compress nothing
	old     *manifest.Manifest
	known   map[string][]byte // .br files from elsewhere, by the name of the asset
}

func newCompressor(opts Options, old *manifest.Manifest) *compressor {
	c := &compressor{opts: opts, old: old}
	if !opts.SkipCompression {
		c.version = brotliVersion()
	}
	return c
}

// brotliVersion returns the version of the module that compresses: another
// one may give other bytes.
func brotliVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "github.com/andybalholm/brotli" {
				return dep.Version
			}
		}
	}
	return "unknown"
}

// write writes an asset in all its forms.
func (c *compressor) write(a asset) (manifest.File, error) {
	forms, err := c.compress(a)
	if err != nil {
		return manifest.File{}, err
	}
	f := manifest.File{
		Name: a.name, Size: len(a.data), Brotli: len(forms[".br"]), Gzip: len(forms[".gz"]), Integrity: integrityOf(a.data),
	}
	forms[""] = a.data
	for suffix, data := range forms {
		if err := writeFile(filepath.Join(c.opts.Out, a.name+suffix), data); err != nil {
			return f, err
		}
	}
	return f, nil
}

// compress returns the compressed forms by suffix, without those that are not
// smaller than the file.
func (c *compressor) compress(a asset) (map[string][]byte, error) {
	forms := make(map[string][]byte)
	if c.version == "" || !slices.Contains(compressible, filepath.Ext(a.name)) {
		return forms, nil
	}
	br, ok := c.reuse(a)
	if !ok {
		c.opts.Logf("compressing %s", a.name)
		compressed, err := compressWith(a.data, func(w io.Writer) io.WriteCloser {
			return brotli.NewWriterLevel(w, brotli.BestCompression)
		})
		if err != nil {
			return nil, err
		}
		br = compressed
	}
	gz, err := compressWith(a.data, func(w io.Writer) io.WriteCloser {
		z, _ := gzip.NewWriterLevel(w, gzip.BestCompression) // fails only for unknown levels
		return z
	})
	if err != nil {
		return nil, err
	}
	for suffix, data := range map[string][]byte{".br": br, ".gz": gz} {
		if len(data) < len(a.data) {
			forms[suffix] = data
		}
	}
	return forms, nil
}

// reuse returns the .br file of an earlier build, known or in the same folder,
// if it is of the same content. Brotli takes longer than all the rest of a build.
func (c *compressor) reuse(a asset) ([]byte, bool) {
	if data := c.known[a.name]; len(data) > 0 {
		return data, true
	}
	if old, ok := c.old.Files[a.logical]; !ok || old.Name != a.name || c.old.Brotli != c.version {
		return nil, false
	}
	data, err := os.ReadFile(filepath.Join(c.opts.Out, a.name+".br"))
	if err != nil {
		return nil, false
	}
	content, err := io.ReadAll(brotli.NewReader(bytes.NewReader(data)))
	return data, err == nil && bytes.Equal(content, a.data)
}

func compressWith(data []byte, newWriter func(io.Writer) io.WriteCloser) ([]byte, error) {
	var out bytes.Buffer
	w := newWriter(&out)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
