package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// folder is a small build. What the compressed forms hold does not matter to
// the handler.
func folder(t *testing.T) fstest.MapFS {
	t.Helper()
	m := &manifest.Manifest{Files: make(map[string]manifest.File)}
	assets := fstest.MapFS{"README.md": {Data: []byte("not an asset")}}
	for logical, name := range map[string]string{
		"oidcspa.js":        "oidcspa.js",
		"oidcspa.d.ts":      "oidcspa.d.ts",
		"callback.html":     "callback.html",
		"callback.js":       "callback.js",
		"frontchannel.html": "frontchannel.html",
		"worker.js":         "worker.0123456789abcdef.js",
		"oidcspa.wasm":      "oidcspa.0123456789abcdef.wasm",
	} {
		data := []byte("content of " + logical)
		f := manifest.File{Name: name, Size: len(data), Integrity: integrity(data)}
		assets[name] = &fstest.MapFile{Data: data}
		if logical != "oidcspa.d.ts" {
			assets[name+".br"] = &fstest.MapFile{Data: []byte("br " + logical)}
			assets[name+".gz"] = &fstest.MapFile{Data: []byte("gz " + logical)}
			f.Brotli, f.Gzip = len(assets[name+".br"].Data), len(assets[name+".gz"].Data)
		}
		m.Files[logical] = f
	}
	list, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	assets[manifest.FileName] = &fstest.MapFile{Data: list}
	return assets
}

func handler(t *testing.T, policy Policy) *Handler {
	t.Helper()
	h, err := NewHandler(folder(t), policy)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(h http.Handler, method, path string, header http.Header) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.Header = header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestHeaders(t *testing.T) {
	const forever, ask = "public, max-age=31536000, immutable", "no-cache"
	const script = "text/javascript; charset=utf-8"
	const lax, strict = "credentialless", "require-corp"
	tests := []struct{ path, contentType, caching, vary, policy, referrer, embedder, resource string }{
		{"/oidcspa.js", script, ask, "Accept-Encoding", "", "", "", ""},
		{"/oidcspa.d.ts", "text/plain; charset=utf-8", ask, "", "", "", "", ""},
		{"/manifest.json", "application/json", ask, "", "", "", "", ""},
		{"/callback.js", script, ask, "Accept-Encoding", "", "", "", ""},
		{"/callback.html?code=1", "text/html; charset=utf-8", "no-store", "Accept-Encoding",
			"default-src 'none'; script-src 'self'; img-src data:; frame-ancestors 'self'", "no-referrer", strict, ""},
		{"/frontchannel.html?iss=1&sid=2", "text/html; charset=utf-8", "no-store", "Accept-Encoding",
			"default-src 'none'; script-src 'self'; img-src data:; frame-ancestors 'none'", "no-referrer", strict, "cross-origin"},
		{"/worker.js", script, ask, "Accept-Encoding",
			"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'", "", lax, ""},
		{"/worker.0123456789abcdef.js", script, ask, "Accept-Encoding",
			"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'", "", lax, ""},
		{"/oidcspa.wasm", "application/wasm", ask, "Accept-Encoding", "", "", "", ""},
		{"/oidcspa.0123456789abcdef.wasm", "application/wasm", forever, "Accept-Encoding", "", "", "", ""},
	}
	h := handler(t, Policy{})
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			res := get(h, http.MethodGet, tt.path, nil)
			if res.StatusCode != http.StatusOK {
				t.Fatalf("status %d", res.StatusCode)
			}
			for name, want := range map[string]string{
				"Content-Type":            tt.contentType,
				"Cache-Control":           tt.caching,
				"Vary":                    tt.vary,
				"Content-Security-Policy": tt.policy,
				"Referrer-Policy":         tt.referrer,
				"X-Content-Type-Options":  "nosniff",
				"Content-Encoding":        "",

				"Cross-Origin-Embedder-Policy": tt.embedder,
				"Cross-Origin-Resource-Policy": tt.resource,
			} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestEncoding(t *testing.T) {
	tests := []struct{ name, accept, want string }{
		{"no header", "", ""},
		{"a browser", "gzip, deflate, br, zstd", "br"},
		{"gzip alone", "gzip", "gzip"},
		{"unknown alone", "zstd", ""},
		{"gzip liked better", "br;q=0.5, gzip;q=0.8", "gzip"},
		{"br refused", "gzip, br;q=0", "gzip"},
		{"all refused", "gzip;q=0, br;q=0", ""},
		{"any", "*", "br"},
		{"any but br", "*, br;q=0", "gzip"},
		{"identity liked better", "identity, br;q=0.5", ""},
		{"identity liked as much", "identity, br", "br"},
		{"identity refused", "identity;q=0, gzip", "gzip"},
		{"upper case, spaces", "GZIP ; Q=0.3", "gzip"},
		{"weight that is no number", "br;q=high, gzip", "gzip"},
		{"parameter that is no weight", "br;level=1, gzip", "gzip"},
	}
	h := handler(t, Policy{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := get(h, http.MethodGet, "/oidcspa.wasm", http.Header{"Accept-Encoding": {tt.accept}})
			want := map[string]string{"": "content of oidcspa.wasm", "br": "br oidcspa.wasm", "gzip": "gz oidcspa.wasm"}[tt.want]
			if got := res.Header.Get("Content-Encoding"); got != tt.want || body(t, res) != want {
				t.Errorf("Content-Encoding: %q, want %q", got, tt.want)
			}
			if res.ContentLength != int64(len(want)) {
				t.Errorf("Content-Length: %d, want %d", res.ContentLength, len(want))
			}
		})
	}
}

func TestConditional(t *testing.T) {
	h := handler(t, Policy{})
	br := http.Header{"Accept-Encoding": {"br"}}
	etag := get(h, http.MethodGet, "/oidcspa.js", br).Header.Get("ETag")
	plain := get(h, http.MethodGet, "/oidcspa.js", nil).Header.Get("ETag")
	if etag == plain || etag == "" || plain == "" {
		t.Fatalf("the ETag is %s with brotli and %s without", etag, plain)
	}
	tests := []struct {
		name, path, ifNoneMatch string
		want                    int
	}{
		{"same", "/oidcspa.js", etag, http.StatusNotModified},
		{"weak, in a list", "/oidcspa.js", `"other", W/` + etag, http.StatusNotModified},
		{"any", "/oidcspa.js", "*", http.StatusNotModified},
		{"another encoding's", "/oidcspa.js", plain, http.StatusOK},
		{"another file's", "/worker.js", etag, http.StatusOK},
		{"callback page", "/callback.html", "*", http.StatusOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := br.Clone()
			header.Set("If-None-Match", tt.ifNoneMatch)
			res := get(h, http.MethodGet, tt.path, header)
			if res.StatusCode != tt.want {
				t.Errorf("status %d, want %d", res.StatusCode, tt.want)
			}
			if res.StatusCode != http.StatusNotModified {
				return
			}
			if body(t, res) != "" || res.Header.Get("ETag") != etag || res.Header.Get("Vary") == "" {
				t.Errorf("304 with body or without ETag and Vary: %v", res.Header)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name, method, path string
		want               int
	}{
		{"unknown name", http.MethodGet, "/other.js", http.StatusNotFound},
		{"the folder", http.MethodGet, "/", http.StatusNotFound},
		{"a file that is no asset", http.MethodGet, "/README.md", http.StatusNotFound},
		{"a compressed form", http.MethodGet, "/oidcspa.js.br", http.StatusNotFound},
		{"the folder above", http.MethodGet, "/../oidcspa.js", http.StatusNotFound},
		{"POST", http.MethodPost, "/oidcspa.js", http.StatusMethodNotAllowed},
		{"POST to the callback page", http.MethodPost, "/callback.html", http.StatusMethodNotAllowed},
		{"OPTIONS", http.MethodOptions, "/oidcspa.js", http.StatusMethodNotAllowed},
	}
	h := handler(t, Policy{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := get(h, tt.method, tt.path, nil)
			if res.StatusCode != tt.want {
				t.Errorf("status %d, want %d", res.StatusCode, tt.want)
			}
			if allow := res.Header.Get("Allow"); (allow == "GET, HEAD") != (tt.want == http.StatusMethodNotAllowed) {
				t.Errorf("Allow: %q", allow)
			}
			caching := map[int]string{http.StatusNotFound: "no-store"}[tt.want]
			if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Cache-Control") != caching {
				t.Errorf("headers of a refusal: %v", res.Header)
			}
		})
	}
}

func TestHead(t *testing.T) {
	h := handler(t, Policy{})
	want := get(h, http.MethodGet, "/oidcspa.js", nil).Header
	res := get(h, http.MethodHead, "/oidcspa.js", nil)
	if got := body(t, res); got != "" {
		t.Errorf("HEAD has the body %q", got)
	}
	for name := range want {
		if res.Header.Get(name) != want.Get(name) {
			t.Errorf("%s: %q with HEAD, %q with GET", name, res.Header.Get(name), want.Get(name))
		}
	}
}

func TestNewHandler(t *testing.T) {
	tests := []struct {
		name string
		edit func(fstest.MapFS)
		want string
	}{
		{"valid", func(fstest.MapFS) {}, ""},
		{"no manifest", func(f fstest.MapFS) { delete(f, "manifest.json") }, "web: reading the manifest"},
		{"a file missing", func(f fstest.MapFS) { delete(f, "oidcspa.js") }, "web: open oidcspa.js"},
		{"a compressed form missing", func(f fstest.MapFS) { delete(f, "oidcspa.js.br") }, "web: open oidcspa.js.br"},
		{"a file of another build", func(f fstest.MapFS) { f["oidcspa.js"].Data[0]++ },
			"web: oidcspa.js is not the file in manifest.json: build again"},
		{"a compressed form of another build", func(f fstest.MapFS) { f["oidcspa.js.gz"].Data = nil },
			"web: oidcspa.js.gz is not the file in manifest.json: build again"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assets := folder(t)
			tt.edit(assets)
			_, err := NewHandler(assets, Policy{})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) {
				t.Errorf("NewHandler = %v, want %q", err, tt.want)
			}
		})
	}
}

// TestNetwork asks as a browser does, over a connection and below a prefix.
func TestNetwork(t *testing.T) {
	assets := folder(t)
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	_, _ = z.Write([]byte("content of oidcspa.js"))
	_ = z.Close()
	m, err := manifest.Read(assets)
	if err != nil {
		t.Fatal(err)
	}
	f := m.Files["oidcspa.js"]
	f.Gzip = gz.Len()
	m.Files["oidcspa.js"] = f
	assets["oidcspa.js.gz"].Data = gz.Bytes()
	if assets["manifest.json"].Data, err = m.Encode(); err != nil {
		t.Fatal(err)
	}
	h, err := NewHandler(assets, Policy{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/oidcspa/", h))
	defer server.Close()
	res, err := server.Client().Get(server.URL + "/oidcspa/oidcspa.js") // asks for gzip and unpacks it
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, want := body(t, res), "content of oidcspa.js"; !res.Uncompressed || got != want {
		t.Errorf("body %q, unpacked: %v; want %q from gzip", got, res.Uncompressed, want)
	}
}

func TestEmbedded(t *testing.T) {
	readme := &fstest.MapFile{Data: []byte("placeholder")}
	if _, err := embedded(fstest.MapFS{"dist/README.md": readme}); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("without a build: %v, want %v", err, ErrNotBuilt)
	}
	built := fstest.MapFS{"dist/README.md": readme}
	for name, file := range folder(t) {
		built["dist/"+name] = file
	}
	assets, err := embedded(built)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewHandler(assets, Policy{}); err != nil {
		t.Error(err)
	}
}
