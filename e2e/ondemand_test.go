//go:build !js

package e2e

import (
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// A script that could not be loaded is asked for again with its next use.
func TestScriptOnDemandIsLoadedAgain(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(assetsDir, "ondemand.*.js"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	faults := map[string]http.HandlerFunc{
		"an error":      func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusServiceUnavailable) },
		"no connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			a := newApp(t)
			newHostile(t, a)
			a.hurry()
			var up atomic.Bool
			a.respond("/"+filepath.Base(files[0]), func(w http.ResponseWriter, r *http.Request) {
				if up.Load() {
					http.ServeFile(w, r, files[0])
				} else {
					fault(w, r)
				}
			})
			tab := newTab(t)
			tab.expectProblems()
			tab.visit(a.origin + "/")
			const fetch = `um.fetch("/api").then(() => "", (error) => error.code)`
			if code := eval[string](tab, fetch); code != "network" {
				t.Errorf("without the script: %q", code)
			}
			up.Store(true)
			if code := eval[string](tab, fetch); code != "fetch_not_allowed" {
				t.Errorf("with the script: %q", code)
			}
		})
	}
}
