//go:build !js

package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

//go:embed page.js run.js
var scripts embed.FS

const document = `<!doctype html><title>jstest</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>`

// An outcome is how the program ended: with a code, or with an error where no
// code came.
type outcome struct {
	code int
	err  error
}

// A site serves the program to the browser and hears from it.
type site struct {
	config         *config
	stdout, stderr io.Writer
	outcome        chan outcome // room for the first; later ones are dropped
	mu             sync.Mutex   // one write at a time
}

// handler returns the site's pages. wasmExec is the file of the Go that built
// the program.
func (s *site) handler(program, wasmExec string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		// Cookies know no port, so only a request without credentials comes to
		// the other server without this one; see /cookies.
		w.Header().Set("Set-Cookie", "jstest=must-not-travel; Path=/")
		io.WriteString(w, document)
	})
	mux.Handle("GET /page.js", http.FileServerFS(scripts))
	mux.Handle("GET /run.js", http.FileServerFS(scripts))
	mux.HandleFunc("GET /wasm_exec.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, wasmExec)
	})
	mux.HandleFunc("GET /test.wasm", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/wasm")
		http.ServeFile(w, r, program)
	})
	mux.HandleFunc("GET /config.json", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(s.config)
	})
	mux.HandleFunc("POST /write", s.write)
	mux.HandleFunc("POST /exit", s.exit)
	mux.HandleFunc("POST /fail", s.fail)
	return mux
}

func (s *site) write(w http.ResponseWriter, r *http.Request) {
	out := s.stdout
	if r.URL.Query().Get("fd") == "2" {
		out = s.stderr
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := io.Copy(out, r.Body); err != nil {
		s.end(outcome{err: fmt.Errorf("output: %w", err)})
	}
}

func (s *site) exit(_ http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.URL.Query().Get("code"))
	s.end(outcome{code, err})
}

func (s *site) fail(_ http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		text = []byte(err.Error())
	}
	s.end(outcome{err: fmt.Errorf("%s", strings.TrimSpace(string(text)))})
}

func (s *site) end(o outcome) {
	select {
	case s.outcome <- o:
	default:
	}
}

// wasmExecPath returns where the Go in PATH keeps wasm_exec.js. Under go test
// that is the Go that built the program.
func wasmExecPath() (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm", "wasm_exec.js"), nil
}
