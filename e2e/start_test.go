//go:build !js

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// startPage starts a program and says how long that took, in milliseconds.
const startPage = `<!doctype html><link rel="icon" href="data:,"><script type="module">
const { UserManager } = await import("./oidcspa.js");
const start = performance.now();
const um = new UserManager({ authority: "https://op.example.test", client_id: "app", redirect_uri: location.origin + "/callback.html", host: "dedicated" });
globalThis.took = um.stats().then(() => performance.now() - start);
globalThis.ready = true;
</script>`

// TestStartBeside prints how long a program takes to start, with its files in the cache, beside that
// of another build, whose folder of assets START_BESIDE names: in turn, START_TIMES of each.
func TestStartBeside(t *testing.T) {
	other := os.Getenv("START_BESIDE")
	if other == "" {
		t.Skip("START_BESIDE names no folder: it prints figures")
	}
	times, _ := strconv.Atoi(os.Getenv("START_TIMES"))
	names := []string{"this", "other"}
	origin := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		folder, name := filepath.Split(filepath.Clean(r.URL.Path))
		files := map[string]http.FileSystem{"/this/": http.FS(assetsFS), "/other/": http.Dir(other)}[folder]
		if files == nil || name == "start.html" {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(startPage))
			return
		}
		w.Header().Set("Cache-Control", "max-age=3600")
		r.URL.Path = "/" + name
		http.FileServer(files).ServeHTTP(w, r)
	}))
	tabs := map[string]*tab{}
	for _, name := range names {
		tabs[name] = newTab(t)
		tabs[name].visit(origin + "/" + name + "/start.html") // fills the cache
	}
	took := map[string][]float64{}
	for range max(times, 3) {
		for _, name := range names {
			tabs[name].again() // not another page: the one in the back/forward cache has code for it
			took[name] = append(took[name], eval[float64](tabs[name], "took"))
		}
	}
	median := func(name string) float64 {
		slices.Sort(took[name])
		return took[name][len(took[name])/2]
	}
	t.Logf("a start took %.0f ms, of the other build %.0f ms: %.2f ×; medians of %d", median("this"), median("other"), median("this")/median("other"), len(took["this"]))
}
