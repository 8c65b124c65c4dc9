package repotest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// notLinked are packages that must not get into the wasm, by whatever way.
// The sizes are of the wasm after brotli (docs/decisions).
var notLinked = map[string]string{
	"net/http":      "costs 0.7 MB; the browser's fetch is an oidc.Transport",
	"crypto/tls":    "the browser does TLS",
	"encoding/json": "costs 50 kB; use internal/strictjson",
	"log":           "errors are returned; a page has its console",
	"log/slog":      "costs 70 kB",
	"regexp":        "write the loop: it is shorter than the package",
	"text/template": "the program writes no text",
	"html/template": "the program writes no HTML",
	"flag":          "the program has no command line",
	"testing":       "a test helper is imported by what it tests",
	"os/exec":       "a page starts no programs",
	"embed":         "what the page needs is a file of its own",
}

// notLinkedModules are modules and packages for tools, tests and servers.
var notLinkedModules = []string{
	"github.com/andybalholm/brotli",
	"github.com/chromedp/",
	"github.com/coder/websocket",
	"github.com/luikyv/go-oidc",
	"github.com/redis/",
	modulePath + "/resource",
}

// TestLinked looks at everything that packages below wasm link for js.
func TestLinked(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "./wasm/...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 10 {
		t.Fatalf("wasm links only %q", deps)
	}
	for _, dep := range deps {
		if why, ok := notLinked[dep]; ok {
			t.Errorf("the wasm links %s: %s", dep, why)
		}
		for _, module := range notLinkedModules {
			if strings.HasPrefix(dep, module) {
				t.Errorf("the wasm links %s, which is for tools, tests and servers", dep)
			}
		}
	}
}
