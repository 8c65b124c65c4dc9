//go:build !js

// Package peer runs npm's oidc-provider, a certified OpenID Provider, as
// something to test against: a Node process behind a reverse proxy that
// records the requests.
package peer

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/demo/recorder"
)

// ErrNotInstalled reports that the packages of e2e/compat are not there.
var ErrNotInstalled = errors.New("peer: oidc-provider is not installed: run `npm ci` in e2e/compat")

// The user who can sign in.
const (
	User     = "demo"
	Password = "demo"
)

// Paths are where the provider has its endpoints.
var Paths = recorder.Paths{
	Discovery:  "/.well-known/openid-configuration",
	JWKS:       "/jwks",
	Authorize:  "/auth",
	Token:      "/token",
	UserInfo:   "/me",
	EndSession: "/session/end",
	Login:      "/auth/",
}

// A Config describes the provider. ClientID and RedirectURIs are required.
type Config struct {
	ClientID               string
	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	Origins                []string // that may read answers (CORS)

	// Audience makes access tokens JWTs for an API (RFC 9068). Without it
	// they are opaque and are for the userinfo endpoint, which refuses those
	// for an API.
	Audience string
	APIScope string // scope of the API; default: "api"

	SigningAlgorithm    string        // "RS256" (default) or "ES256"
	AccessTokenLifetime time.Duration // whole seconds; default: 5 minutes
	IDTokenLifetime     time.Duration // whole seconds; default: 5 minutes

	// Wrap, if set, sees every request before the provider does.
	Wrap func(http.Handler) http.Handler
}

// A Peer is a running provider.
type Peer struct {
	Issuer   string
	Recorder *recorder.Recorder

	front  *http.Server
	cancel context.CancelFunc // ends the process
	ended  chan struct{}      // closed when it has ended
}

// Start runs the provider until ctx is done or Close is called.
// The error is [ErrNotInstalled] if its packages are missing.
func Start(ctx context.Context, config Config) (*Peer, error) {
	dir, err := find()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	p := &Peer{
		Issuer:   fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port),
		Recorder: recorder.New(Paths),
		ended:    make(chan struct{}),
	}
	ctx, p.cancel = context.WithCancel(ctx)
	port, err := p.startNode(ctx, dir, config)
	if err != nil {
		p.cancel()
		return nil, errors.Join(fmt.Errorf("peer: %w", err), listener.Close())
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)})
			r.SetXForwarded()
		},
		ErrorLog: log.New(io.Discard, "", 0), // of browsers that went away
	}
	var handler http.Handler = proxy
	if config.Wrap != nil {
		handler = config.Wrap(proxy)
	}
	p.front = &http.Server{Handler: p.Recorder.Wrap(handler), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.front.Serve(listener) }() // until it is closed
	context.AfterFunc(ctx, func() { _ = p.front.Close() })
	return p, nil
}

// Close ends the provider and waits until it has ended.
func (p *Peer) Close() {
	p.cancel()
	_ = p.front.Close()
	<-p.ended
}

// For runs the provider until the end of a test. It skips the test if the
// packages are missing, and fails it if COMPAT=1 says that they are not.
func For(tb testing.TB, config Config) *Peer {
	tb.Helper()
	p, err := Start(context.Background(), config)
	if errors.Is(err, ErrNotInstalled) && os.Getenv("COMPAT") != "1" {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// find returns the folder e2e/compat of the module that we are in.
func find() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("peer: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("peer: not inside a Go module")
		}
		dir = parent
	}
	dir = filepath.Join(dir, "e2e", "compat")
	_, err = os.Stat(filepath.Join(dir, "node_modules", "oidc-provider"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNotInstalled
	}
	return dir, err
}

// startNode starts the process and returns the port that it listens on.
func (p *Peer) startNode(ctx context.Context, dir string, config Config) (port int, err error) {
	settings, err := json.Marshal(config.settings(p.Issuer))
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, "node", "server.mjs")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PEER_CONFIG="+string(settings))
	var complaints tail
	cmd.Stderr = &complaints
	// The pipe closes with this process, however it ends; Node then ends too.
	if _, err := cmd.StdinPipe(); err != nil {
		return 0, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	line, readErr := bufio.NewReader(stdout).ReadBytes('\n') // ends with the process
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // killed, as a rule
	}()
	var ready struct{ Port int }
	if readErr != nil || json.Unmarshal(line, &ready) != nil || ready.Port == 0 {
		p.cancel()
		<-p.ended
		return 0, fmt.Errorf("server.mjs did not start: %s", complaints.String())
	}
	return ready.Port, nil
}

// settings are what server.mjs reads.
func (c Config) settings(issuer string) map[string]any {
	alg, scope := c.SigningAlgorithm, c.APIScope
	if alg == "" {
		alg = "RS256"
	}
	if scope == "" {
		scope = "api"
	}
	return map[string]any{
		"issuer":                    issuer,
		"client_id":                 c.ClientID,
		"redirect_uris":             list(c.RedirectURIs),
		"post_logout_redirect_uris": list(c.PostLogoutRedirectURIs),
		"origins":                   list(c.Origins),
		"audience":                  c.Audience,
		"api_scope":                 scope,
		"alg":                       alg,
		"access_token_ttl":          seconds(c.AccessTokenLifetime),
		"id_token_ttl":              seconds(c.IDTokenLifetime),
		"user":                      User,
		"password":                  Password,
	}
}

// list is never nil: JSON then has [] and not null.
func list(values []string) []string { return append([]string{}, values...) }

func seconds(d time.Duration) int {
	if d == 0 {
		d = 5 * time.Minute
	}
	return int(d / time.Second)
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex // guards text
	text []byte
}

const tailSize = 2 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - tailSize; over > 0 {
		t.text = t.text[over:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
