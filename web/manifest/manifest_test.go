package manifest

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

func TestRoundTrip(t *testing.T) {
	want := &Manifest{
		Go:     "go1.26.0",
		Brotli: "v1.2.8",
		Files: map[string]File{
			"worker.js": {Name: "worker.0123456789abcdef.js", Size: 3, Gzip: 2, Brotli: 1, Integrity: "sha384-x"},
		},
		Earlier: []Build{{Files: map[string]File{"worker.js": {Name: "worker.fedcba9876543210.js", Size: 1}}}},
	}
	data, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(fstest.MapFS{FileName: {Data: data}})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Read = %+v, want %+v", got, want)
	}
}

func TestRead(t *testing.T) {
	tests := []struct {
		name, content, want string // want is part of the error; "" means none
	}{
		{"valid", `{"files": {"a.js": {"name": "a.js"}}}`, ""},
		{"no JSON", `{`, "reading manifest.json"},
		{"file in the folder above", `{"files": {"a.js": {"name": "../a.js"}}}`, "is not the name of a file"},
		{"file in another folder", `{"files": {"a.js": {"name": "b/a.js"}}}`, "is not the name of a file"},
		{"backslash", `{"files": {"a.js": {"name": "..\\a.js"}}}`, "is not the name of a file"},
		{"the folder itself", `{"files": {"a.js": {"name": "."}}}`, "is not the name of a file"},
		{"earlier file in the folder above", `{"earlier": [{"files": {"a.js": {"name": "../a.js"}}}]}`, "is not the name of a file"},
		{"earlier file without a hash", `{"earlier": [{"files": {"a.js": {"name": "a.js"}}}]}`, "is not named by its hash"},
		{"earlier file in place of another", `{"files": {"b.js": {"name": "b.js"}}, "earlier": [{"files": {"a.js": {"name": "b.js"}}}]}`,
			"has the name of another file"},
		{"logical name in the folder above", `{"files": {"../a.js": {"name": "a.js"}}}`, "is not the name of a file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(fstest.MapFS{FileName: {Data: []byte(tt.content)}})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Read = %v, want %q", err, tt.want)
			}
		})
	}
}
