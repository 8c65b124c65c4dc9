//go:build !js

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/e2e/compat/scripted"
)

// TestCompatSample runs a program that was written for oidc-client-ts with
// either client: what its import stands for is all that changes.
func TestCompatSample(t *testing.T) {
	for _, tt := range []struct{ name, library string }{
		{"theirs", "/node_modules/oidc-client-ts/dist/esm/oidc-client-ts.js"},
		{"ours", "/oidcspa/index.js"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			origin := newSample(t, tt.library)
			tab := newTab(t)
			tab.expectProblems() // what the browser logs of a window that closes
			tab.navigate(origin + "/sample")
			const nobody, somebody = "nobody", "Bearer, openid+profile"
			tab.waitFor(`document.querySelector("output")?.value.startsWith("` + nobody + `")`)
			for _, step := range []struct{ button, shown string }{
				{"signin", somebody},
				{"silent", somebody + " [loaded "},
				{"remove", nobody},
				{"popup", somebody},
				{"signout", nobody},
			} {
				eval[string](tab, `document.querySelector("output").value = ""`)
				tab.clickOn("#" + step.button)
				tab.waitFor(`document.querySelector("output")?.value.includes("` + step.shown + `")`)
			}
		})
	}
}

// newSample serves the sample, with a client for its import and a provider.
func newSample(t *testing.T, library string) (origin string) {
	t.Helper()
	s := newSuite(t)
	issuer := s.ops + "/0"
	s.providers = append(s.providers, scripted.New(t, issuer))
	t.Cleanup(s.providers[0].End)
	page, err := os.ReadFile(filepath.Join("compat", "sample", "sample.html"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("AUTHORITY", issuer, "LIBRARY", library).Replace(string(page))
	mux := http.NewServeMux()
	mux.HandleFunc("/sample", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(text))
	})
	mux.HandleFunc("/sample.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join("compat", "sample", "sample.js"))
	})
	mux.Handle("/node_modules/", http.FileServerFS(os.DirFS("compat")))
	mux.Handle("/", http.HandlerFunc(s.serveApp))
	return serve(t, mux)
}
