//go:build !js

package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// On plain http, beyond the own machine, the app goes on with nobody, and a login says why.
func TestCreateOidcPlainHTTP(t *testing.T) {
	listener, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	r := newRoot(t, "", earlyRoot)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: r}}
	server.Start()
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	r.tab.expectProblems()
	r.tab.visit("http://" + outward(t) + ":" + port + "/orders")
	if eval[bool](r.tab, "isSecureContext") {
		t.Fatal("the context is a secure one")
	}
	r.wantWho("nobody")
	if got := eval[string](r.tab, "oidc.login().catch((e) => e.code + ' ' + e.message)"); !strings.HasPrefix(got, "insecure_url redirect_uri") {
		t.Errorf("login: %s, want insecure_url of redirect_uri", got)
	}
}

// outward is an address of this machine that is not its own alone.
func outward(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if ip, ok := address.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP.String()
		}
	}
	t.Skip("this machine has no address but its own")
	return ""
}
