//go:build !js

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/web"
	"github.com/oidcspa/oidcspa/web/build"
)

// A client is what is compared: a script of the folder page, with settings.
type client struct {
	name     string
	script   string
	settings map[string]any
	modes    map[string]map[string]any // what differs in a tab that is opened with mode=...

	origin  string
	page    []byte
	bundle  map[string][]byte // brotli, by path; the app's script and what it loads on demand
	reports chan report
}

// ours is the client that the others are compared with.
const ours = "oidcspa"

// clients returns those that there are. Each has its defaults: metadata is
// fetched, not given. In an engine whose workers end with their pages there is one more.
func clients(engine string) []*client {
	all := []*client{
		{name: ours, script: "oidcspa.js"},
		{name: "oidc-client-ts", script: "oidc-client-ts.js"},
		{name: "oidc-client-ts, memory", script: "oidc-client-ts.js", settings: map[string]any{"memory": true}},
		{name: "oidc-spa", script: "oidc-spa.js"},
	}
	if engine != "" {
		all = append(all, &client{name: ours + ", dedicated", script: "oidcspa.js", settings: map[string]any{"host": "dedicated"}})
	}
	return all
}

// A site serves the same app with each client, each on an origin of its own,
// and the provider where all of them sign in.
type site struct {
	clients []*client
	issuer  string
	short   string // a second provider, whose tokens live for a minute

	counts
	delay    atomic.Int64 // of each answer of the provider, nanoseconds
	arrived  atomic.Int64 // when the last authorization request came, microseconds since the epoch
	answered atomic.Int64 // when it was answered
	closing  []func()
}

// A report is what the page says.
type report struct {
	Name    string
	At      float64 // milliseconds since the epoch
	Click   float64 // the same, of the click that began it
	Took    float64 // milliseconds
	Subject string
	Error   string
}

const clientID = "app"

func newSite(ctx context.Context, engine, folder, work string, who *regexp.Regexp) (*site, error) {
	s := &site{}
	out := filepath.Join(work, "oidcspa") // kept: an unchanged wasm is not compressed again
	if _, err := build.Build(ctx, build.Options{Out: out}); err != nil {
		return nil, err
	}
	assets, err := web.NewHandler(os.DirFS(out), web.Policy{ConnectSrc: "*"})
	if err != nil {
		return nil, err
	}
	provider, short := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	s.issuer, s.short = address(provider.Listener.Addr()), address(short.Listener.Addr())
	registered := op.Client{ID: clientID, RedirectURIs: []string{s.issuer + "/", s.short + "/"}}
	for _, c := range clients(engine) {
		if !who.MatchString(c.name) {
			continue
		}
		if err := s.serve(c, folder, filepath.Join(out, "oidcspa.js"), assets); err != nil {
			return nil, err
		}
		registered.Origins = append(registered.Origins, c.origin)
		registered.RedirectURIs = append(registered.RedirectURIs, c.settings["redirect_uri"].(string), c.origin+"/silent.html", c.origin+"/oidcspa/callback.html")
	}
	if len(s.clients) == 0 {
		return nil, errors.New("no client has such a name")
	}
	if err := s.startProvider(provider, op.Config{Issuer: s.issuer, Clients: []op.Client{registered}}); err != nil {
		return nil, err
	}
	return s, s.startProvider(short, op.Config{
		Issuer: s.short, Clients: []op.Client{registered},
		AccessTokenLifetime: shortLife, IDTokenLifetime: shortLife,
	})
}

func (s *site) startProvider(server *httptest.Server, config op.Config) error {
	handler, err := op.New(config)
	if err != nil {
		return err
	}
	server.Config.Handler = s.watch(handler)
	server.Start()
	s.closing = append(s.closing, server.Close)
	return nil
}

func (s *site) close() {
	for _, end := range s.closing {
		end()
	}
}

// address returns one under a name that the browser knows as its own machine's.
// It is not localhost itself, where oidc-spa takes the site for one that is
// being developed, and keeps no metadata.
func address(addr net.Addr) string {
	return fmt.Sprintf("http://bench.localhost:%d", addr.(*net.TCPAddr).Port)
}

// serve starts the app with a client; module is that of ours.
func (s *site) serve(c *client, folder, module string, assets http.Handler) error {
	server := httptest.NewUnstartedServer(nil)
	c.origin = address(server.Listener.Addr())
	c.reports = make(chan report, 16)
	settings := map[string]any{
		"authority":    s.issuer,
		"client_id":    clientID,
		"redirect_uri": c.origin + "/",
		"scope":        "openid profile",
	}
	if c.script == "oidcspa.js" {
		settings["assets"] = "/oidcspa/"
		settings["silent_redirect_uri"] = c.origin + "/oidcspa/callback.html"
	}
	for name, value := range c.settings {
		settings[name] = value
	}
	c.settings, c.modes = settings, s.modes(c)
	settings["modes"] = c.modes
	if err := c.build(filepath.Join(folder, "page"), module); err != nil {
		return err
	}
	page, err := os.ReadFile(filepath.Join(folder, "page", "index.html"))
	if err != nil {
		return err
	}
	data, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	c.page = []byte(strings.NewReplacer(
		"{{SETTINGS}}", string(data), "{{SCRIPT}}", bundleFolder+"page.js", "{{PRELOAD}}", c.preload(),
	).Replace(string(page)))
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		send(w, "index.html", c.page)
	})
	mux.HandleFunc(bundleFolder, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("Content-Encoding", "br")
		send(w, r.URL.Path, c.bundle[r.URL.Path])
	})
	mux.HandleFunc("POST /report", c.take)
	if err := more(mux, filepath.Join(folder, "page")); err != nil {
		return err
	}
	if c.script == "oidcspa.js" {
		mux.Handle("/oidcspa/", http.StripPrefix("/oidcspa/", assets))
	}
	server.Config.Handler = s.countApp(c, mux)
	server.Start()
	s.closing = append(s.closing, server.Close)
	s.clients = append(s.clients, c)
	return nil
}

// bundleFolder has the app's scripts; a bundler would put hashes into their names.
const bundleFolder = "/assets/"

func send(w http.ResponseWriter, name string, data []byte) {
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	_, _ = w.Write(data) // fails only if the browser is gone
}

// build makes minified modules of the page and a client. This client is
// bundled as any package of npm, and its worker stays in a folder of its own, as
// web/npm.md says for bundlers such as this one.
func (c *client) build(folder, module string) error {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if module, err = filepath.Abs(module); err != nil {
		return err
	}
	result := api.Build(api.BuildOptions{
		EntryPoints:       []string{filepath.Join(absolute, "page.js")},
		Alias:             map[string]string{"client": "./" + c.script, "oidcspa": module},
		AbsWorkingDir:     absolute,
		Outdir:            absolute,                               // nothing is written
		External:          []string{"*/webcrypto-liner-shim.mjs"}, // for pages without WebCrypto
		Bundle:            true,
		Splitting:         true,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone,
	})
	if len(result.Errors) > 0 {
		return fmt.Errorf("%s: %s", c.script, result.Errors[0].Text)
	}
	c.bundle = map[string][]byte{}
	for _, f := range result.OutputFiles {
		c.bundle[bundleFolder+filepath.Base(f.Path)] = compress(f.Contents)
	}
	return nil
}

// preload returns what a bundler writes into the page for the scripts that the
// first one imports.
func (c *client) preload() string {
	var links strings.Builder
	for name := range c.bundle {
		if strings.HasPrefix(name, bundleFolder+"chunk-") {
			fmt.Fprintf(&links, "<link rel=\"modulepreload\" href=%q>\n", name)
		}
	}
	return links.String()
}

func compress(data []byte) []byte {
	var out bytes.Buffer
	w := brotli.NewWriterLevel(&out, brotli.BestCompression)
	_, _ = w.Write(data) // into memory
	_ = w.Close()
	return out.Bytes()
}

// take hands on what the page says.
func (c *client) take(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var said report
	if err := json.Unmarshal(body, &said); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.reports <- said
	w.WriteHeader(http.StatusNoContent)
}

// watch makes each answer of the provider late, and notes when it was asked
// for a sign-in.
func (s *site) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := time.Now()
		s.countProvider(r)
		if delay := time.Duration(s.delay.Load()); delay > 0 {
			<-time.After(delay)
		}
		next.ServeHTTP(w, r)
		if r.URL.Path == "/authorize" {
			s.arrived.Store(asked.UnixMicro())
			s.answered.Store(time.Now().UnixMicro())
		}
	})
}
