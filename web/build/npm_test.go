package build

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dist builds the stand-in and packs it, and returns the folder.
func dist(t *testing.T) (folder, archive string) {
	t.Helper()
	source, folder := standIn(t), t.TempDir()
	opts := Options{Out: t.TempDir(), Source: source, SkipCompression: true}
	m, err := Build(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	archive, err = Package(opts, source, m, folder)
	if err != nil {
		t.Fatal(err)
	}
	return folder, archive
}

// TestPackageReproducible packs the same sources twice, in other folders.
func TestPackageReproducible(t *testing.T) {
	first, one := dist(t)
	second, two := dist(t)
	compareFolders(t, filepath.Join(first, "package"), filepath.Join(second, "package"))
	if !bytes.Equal(read(t, "", one), read(t, "", two)) {
		t.Error("the archives of two builds differ")
	}
}

func TestPackage(t *testing.T) {
	folder, archive := dist(t)
	if filepath.Base(archive) != "oidcspa-1.2.3.tgz" {
		t.Errorf("the archive is %s", filepath.Base(archive))
	}
	unpacked := unpack(t, archive)
	packed := files(t, filepath.Join(folder, "package"))
	if len(unpacked) != len(packed) {
		t.Errorf("the archive holds %d files, the folder %d", len(unpacked), len(packed))
	}
	for name, content := range packed {
		if unpacked["package/"+name] != content {
			t.Errorf("%s differs in the archive", name)
		}
	}
	var integrity map[string]string
	if err := json.Unmarshal([]byte(packed[integrityFile]), &integrity); err != nil {
		t.Fatal(err)
	}
	for name, content := range packed {
		if name != integrityFile && integrity[name] != integrityOf([]byte(content)) {
			t.Errorf("%s of %s is %q", integrityFile, name, integrity[name])
		}
	}
	checkEntries(t, packed)
}

// checkEntries expects package.json to name files that are there.
func checkEntries(t *testing.T, packed map[string]string) {
	t.Helper()
	var p packageJSON
	if err := json.Unmarshal([]byte(packed["package.json"]), &p); err != nil {
		t.Fatal(err)
	}
	if p.Version != "1.2.3" {
		t.Errorf("version %q", p.Version)
	}
	targets := []string{p.Main, p.Types, p.Unpkg}
	if common := p.Exports["."].Require; common == nil {
		t.Error("there is nothing for require()")
	} else {
		targets = append(targets, common.Types, common.Default)
	}
	for _, e := range p.Exports {
		targets = append(targets, e.Types, e.Module, e.Default)
	}
	for _, target := range targets {
		name := strings.TrimPrefix(target, "./")
		if _, ok := packed[name]; !ok && name != "*" && name != "" {
			t.Errorf("package.json names %s, which is not there", target)
		}
	}
}

func unpack(t *testing.T, archive string) map[string]string {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[header.Name] = string(data)
	}
}
