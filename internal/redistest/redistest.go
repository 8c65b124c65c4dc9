// Package redistest starts a Redis for a test.
package redistest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A Server is a redis-server that keeps nothing on disk and ends with its
// test.
type Server struct {
	Socket string // the path of its Unix socket

	t   testing.TB
	cmd *exec.Cmd
}

// Start returns a server that is ready. Where there is none it skips the
// test, and in CI it fails.
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no redis-server: scripts/redis.sh installs it")
	}
	folder := t.TempDir()
	s := &Server{Socket: filepath.Join(folder, "socket"), t: t}
	s.cmd = exec.Command(program, "--port", "0", "--unixsocket", s.Socket, "--save", "", "--appendonly", "no", "--dir", folder)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "eady to accept connections") {
			go func() {
				for lines.Scan() { // so that the server never waits for a reader
				}
			}()
			return s
		}
	}
	t.Fatal("redis-server ended before it was ready")
	return nil
}

// Stop ends the server as a crash would.
func (s *Server) Stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Error(err)
	}
	_ = s.cmd.Wait() // says that it was killed
}
