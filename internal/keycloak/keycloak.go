// Package keycloak runs Keycloak for tests and for the demo: a process of Java
// with a database in memory, behind a reverse proxy of this process. What is in
// it is made by its admin API.
package keycloak

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// ErrNotInstalled reports that bin/keycloak is not there.
var ErrNotInstalled = errors.New("keycloak: it is not installed: scripts/keycloak.sh fetches it, where there are Java and Maven")

// startLimit bounds a start, which takes half a minute of two cores.
const startLimit = 5 * time.Minute

// javaOptions bound the memory, and have the program compiled quickly: it does
// not live long.
const javaOptions = "-Xmx512m -XX:MaxMetaspaceSize=256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

// A Server is a Keycloak that runs. Its issuers are named after the host that it is
// asked at.
type Server struct {
	url   *url.URL // with the administrator
	end   func()
	ended <-chan struct{}
}

// Start runs Keycloak until Close is called or this process ends. It returns when
// Keycloak answers. KEYCLOAK_URL names one that runs already, with its administrator:
// "http://admin:secret@127.0.0.1:8180". The error is [ErrNotInstalled] if there is none.
func Start(ctx context.Context) (*Server, error) {
	if running := os.Getenv("KEYCLOAK_URL"); running != "" {
		u, err := url.Parse(running)
		return &Server{url: u, end: func() {}}, err
	}
	home, err := find()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, fmt.Errorf("keycloak: %w", err)
	}
	s := &Server{url: &url.URL{Scheme: "http", User: url.UserPassword("admin", rand.Text()), Host: "127.0.0.1:" + strconv.Itoa(port)}}
	if err := s.start(ctx, home, port); err != nil {
		return nil, fmt.Errorf("keycloak: %w", err)
	}
	return s, nil
}

// run ends the program when its own input ends, which is when this process does.
const run = `exec 3<&0
sh "$@" </dev/null & program=$!
{ cat <&3 >/dev/null; kill $program; } 2>/dev/null &
wait $program`

func (s *Server) start(ctx context.Context, home string, port int) error {
	cmd := exec.Command("sh", "-c", run, "keycloak", filepath.Join(home, "bin", "kc.sh"), "start", "--optimized",
		"--http-enabled=true", "--hostname-strict=false", "--http-host=127.0.0.1", "--http-port="+strconv.Itoa(port),
		"--cache=local", "--log-level=warn")
	name, password := s.Admin()
	cmd.Env = append(os.Environ(), "JAVA_OPTS="+javaOptions, "KC_BOOTSTRAP_ADMIN_USERNAME="+name, "KC_BOOTSTRAP_ADMIN_PASSWORD="+password)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // ended by a signal, as a rule
	}()
	s.ended = ended
	s.end = func() {
		_ = input.Close() // it may have ended
		<-ended
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := s.ready(ctx); err != nil {
		s.end()
		return fmt.Errorf("%w; it said: %s", err, said.Bytes()[max(0, said.Len()-2<<10):])
	}
	return nil
}

// ready waits until Keycloak answers.
func (s *Server) ready(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.at("/realms/master"), nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-s.ended:
			return errors.New("it ended before it was ready")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close ends Keycloak.
func (s *Server) Close() { s.end() }

// URL is a value for KEYCLOAK_URL.
func (s *Server) URL() string { return s.url.String() }

// Admin returns who may change everything.
func (s *Server) Admin() (name, password string) {
	password, _ = s.url.User.Password()
	return s.url.User.Username(), password
}

// at returns the address of a path.
func (s *Server) at(path string) string { return "http://" + s.url.Host + path }

// Handler passes requests on to Keycloak as they are.
func (s *Server) Handler() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: s.url.Host})
			r.Out.Host = r.In.Host // the issuer is named after it
		},
		ErrorLog: log.New(io.Discard, "", 0), // of browsers that went away
	}
}

// find returns the folder bin/keycloak of the module that we are in.
func find() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", ErrNotInstalled
		}
		dir = filepath.Dir(dir)
	}
	home := filepath.Join(dir, "bin", "keycloak")
	if _, err := os.Stat(filepath.Join(home, "ready")); err != nil {
		return "", ErrNotInstalled
	}
	return home, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
