package web

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// upgraded is the folder with two earlier builds: the first had another worker
// script, the second another wasm, too.
func upgraded(t *testing.T) fstest.MapFS {
	t.Helper()
	assets := folder(t)
	m, err := manifest.Read(assets)
	if err != nil {
		t.Fatal(err)
	}
	add := func(name string) manifest.File {
		data := []byte("content of " + name)
		assets[name], assets[name+".br"] = &fstest.MapFile{Data: data}, &fstest.MapFile{Data: []byte("br " + name)}
		return manifest.File{Name: name, Size: len(data), Brotli: len("br " + name), Integrity: integrity(data)}
	}
	m.Earlier = []manifest.Build{
		{Files: map[string]manifest.File{"worker.js": add("worker.1.js"), "oidcspa.wasm": m.Files["oidcspa.wasm"]}},
		{Files: map[string]manifest.File{"worker.js": add("worker.2.js"), "oidcspa.wasm": add("oidcspa.2.wasm")}},
	}
	list, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	assets[manifest.FileName] = &fstest.MapFile{Data: list}
	return assets
}

// TestEarlier expects the files of earlier builds under their names, with the
// headers that the current ones have, and the current ones under the names
// without a hash.
func TestEarlier(t *testing.T) {
	h, err := NewHandler(upgraded(t), Policy{ConnectSrc: "https://op.example"})
	if err != nil {
		t.Fatal(err)
	}
	br := http.Header{"Accept-Encoding": {"br"}}
	for name, current := range map[string]string{
		"worker.1.js": "worker.0123456789abcdef.js", "worker.2.js": "worker.0123456789abcdef.js",
		"oidcspa.2.wasm": "oidcspa.0123456789abcdef.wasm",
	} {
		res, like := get(h, http.MethodGet, "/"+name, br), get(h, http.MethodGet, "/"+current, br)
		if got := body(t, res); res.StatusCode != http.StatusOK || got != "br "+name {
			t.Errorf("%s: status %d, %q", name, res.StatusCode, got)
		}
		for _, header := range []string{"Content-Type", "Content-Encoding", "Cache-Control", "Vary", "Content-Security-Policy"} {
			if got, want := res.Header.Get(header), like.Header.Get(header); got != want {
				t.Errorf("%s: %s: %q, want %q", name, header, got, want)
			}
		}
		if res.Header.Get("ETag") == like.Header.Get("ETag") {
			t.Errorf("%s has the ETag of another file", name)
		}
	}
	if got := body(t, get(h, http.MethodGet, "/worker.js", nil)); got != "content of worker.js" {
		t.Errorf("worker.js: %q", got)
	}
}

// TestEarlierIsChecked expects a file of an earlier build to be the one in the
// manifest.
func TestEarlierIsChecked(t *testing.T) {
	for name, edit := range map[string]func(fstest.MapFS){
		"missing": func(f fstest.MapFS) { delete(f, "worker.2.js") },
		"changed": func(f fstest.MapFS) { f["worker.2.js"].Data[0]++ },
	} {
		assets := upgraded(t)
		edit(assets)
		if _, err := NewHandler(assets, Policy{}); err == nil || !strings.Contains(err.Error(), "worker.2.js") {
			t.Errorf("%s: NewHandler = %v", name, err)
		}
	}
}
