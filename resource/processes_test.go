package resource_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/internal/redistest"
	"github.com/oidcspa/oidcspa/resource"
	"github.com/oidcspa/oidcspa/resource/redisreplay"
)

// instanceOf says that this process is an instance of an API, with these keys of the
// issuer, and where its Redis is.
const instanceOf, instanceRedis = "RESOURCE_TEST_KEYS", "RESOURCE_TEST_REDIS"

func TestMain(m *testing.M) {
	if keys := os.Getenv(instanceOf); keys != "" {
		if err := beInstance(keys, os.Getenv(instanceRedis)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// beInstance serves until nobody holds the other end of the standard input.
func beInstance(keys, socket string) error {
	guard, err := resource.New(resource.Config{
		Issuers:     []resource.Issuer{{Issuer: issuer, Audiences: []string{audience}, Keys: keys}},
		DPoP:        resource.DPoP{BaseURL: audience},
		ReplayCache: redisreplay.New(redistest.Dial(socket)),
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(listener, guard.Handler(reached)) }() // until the process ends
	fmt.Println("http://" + listener.Addr().String())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// startInstance starts a process, and returns its address.
func startInstance(t *testing.T, keys, socket string) *url.URL {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), instanceOf+"="+keys, instanceRedis+"="+socket), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Two processes behind one address that takes them in turn: a proof used at one is refused
// at the other. While Redis is gone what needs it is refused, and what does not goes on;
// when it is back all goes on.
func TestTwoProcesses(t *testing.T) {
	p, c := newProvider(t), newClient(t)
	keys, err := json.Marshal(keysOf(p))
	if err != nil {
		t.Fatal(err)
	}
	server, socket := redistest.Start(t), filepath.Join(t.TempDir(), "socket")
	if err := os.Symlink(server.Socket, socket); err != nil {
		t.Fatal(err)
	}
	instances := []*url.URL{startInstance(t, string(keys), socket), startInstance(t, string(keys), socket)}
	var turn, served atomic.Int32
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		n := turn.Add(1) % 2
		served.Or(1 << n)
		r.SetURL(instances[n])
	}}
	now := time.Now().Unix()
	times := claims{"iat": now, "exp": now + 3600}
	bearer, bound := p.token(times), p.token(claims{"iat": now, "exp": now + 3600, "cnf": c.binding()})
	proof := func() string { return c.proof(bound, claims{"iat": now}) }
	send := func(what string, status int, fields ...string) {
		t.Helper()
		if w := get(proxy, fields...); w.Code != status {
			t.Errorf("%s: status %d, want %d: %s", what, w.Code, status, w.Header().Get("WWW-Authenticate"))
		}
	}
	withProof := func(what string, status int, proof string) {
		t.Helper()
		send(what, status, "Authorization", "DPoP "+bound, "DPoP", proof)
	}
	together := func(when string) string {
		used := proof()
		withProof("a proof "+when, 204, used)
		withProof("that proof at the other process "+when, 401, used)
		withProof("that proof at the first again "+when, 401, used)
		send("a bearer token "+when, 204, "Authorization", "Bearer "+bearer)
		return used
	}
	used := together("at first")
	server.Stop()
	for _, what := range []string{"one process", "the other"} {
		withProof("a used proof without Redis at "+what, 503, used)
		withProof("a new proof without Redis at "+what, 503, proof())
		send("a bearer token without Redis at "+what, 204, "Authorization", "Bearer "+bearer)
		send("a bad token without Redis at "+what, 401, "Authorization", "DPoP "+bound[:len(bound)-2]+"AA", "DPoP", proof())
		turn.Add(1) // the numbers of requests are even
	}
	back := redistest.Start(t)
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(back.Socket, socket); err != nil {
		t.Fatal(err)
	}
	together("with Redis back")
	if served.Load() != 3 {
		t.Errorf("one process has answered all")
	}
}
