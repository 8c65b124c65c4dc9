// Package redistest starts a Redis for a test, and talks to it.
package redistest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// A Server is a redis-server that ends with its test.
type Server struct {
	Socket string // the path of its Unix socket

	t       testing.TB
	program string
	args    []string
	cmd     *exec.Cmd
}

// NewClient returns a client of the server at a socket, which ends with its test.
func NewClient(t testing.TB, socket string) *redis.Client {
	client := Dial(socket)
	t.Cleanup(func() { client.Close() })
	return client
}

// Dial is NewClient for a process that is no test.
func Dial(socket string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Network: "unix", Addr: socket, ContextTimeoutEnabled: true,
		MaxRetries: -1, DialerRetries: 1, // who is not there stays away
	})
}

// Start returns a server that is ready. Where there is none it skips the
// test, and in CI it fails.
func Start(t testing.TB) *Server {
	t.Helper()
	return newServer(t, "--appendonly", "no")
}

// StartKept is Start for a server that keeps what it has acknowledged; see
// [Server.StartAgain].
func StartKept(t testing.TB) *Server {
	t.Helper()
	return newServer(t, "--appendonly", "yes", "--appendfsync", "always")
}

func newServer(t testing.TB, more ...string) *Server {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no redis-server: scripts/redis.sh installs it")
	}
	folder := t.TempDir()
	s := &Server{Socket: filepath.Join(folder, "socket"), t: t, program: program}
	s.args = append([]string{"--port", "0", "--unixsocket", s.Socket, "--save", "", "--dir", folder}, more...)
	t.Cleanup(s.Stop)
	s.StartAgain()
	return s
}

// StartAgain starts a server that was stopped, with what it has kept.
func (s *Server) StartAgain() {
	s.t.Helper()
	t := s.t
	s.cmd = exec.Command(s.program, s.args...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "eady to accept connections") {
			go func() {
				for lines.Scan() { // so that the server never waits for a reader
				}
			}()
			return
		}
	}
	t.Fatal("redis-server ended before it was ready")
}

// Stop ends the server as a crash would.
func (s *Server) Stop() {
	if s.cmd == nil || s.cmd.ProcessState != nil {
		return
	}
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Error(err)
	}
	_ = s.cmd.Wait() // says that it was killed
}
