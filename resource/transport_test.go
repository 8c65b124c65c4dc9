package resource_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

func TestTransport(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
		case "/large":
			io.WriteString(w, strings.Repeat(" ", 1<<20+1))
		case "/full":
			io.WriteString(w, strings.Repeat(" ", 1<<20))
		case "/teapot":
			w.Header().Set("X-Name", "value")
			w.WriteHeader(http.StatusTeapot)
		case "/cut":
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "{}")
		}
	}))
	defer server.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()

	tests := []struct {
		name   string
		ctx    context.Context
		url    string
		status int
		want   error
	}{
		{"any status is an answer", t.Context(), server.URL + "/teapot", http.StatusTeapot, nil},
		{"1 MiB", t.Context(), server.URL + "/full", 200, nil},
		{"more than 1 MiB", t.Context(), server.URL + "/large", 0, oidc.ErrResponseTooLarge},
		{"redirect", t.Context(), server.URL + "/redirect?to=/ok", 0, oidc.ErrRedirectRefused},
		{"cut off", t.Context(), server.URL + "/cut", 0, oidc.ErrNetwork},
		{"nobody there", t.Context(), gone.URL, 0, oidc.ErrNetwork},
		{"given up", cancelled, server.URL + "/teapot", 0, oidc.ErrAborted},
		{"no URL", t.Context(), "://", 0, oidc.ErrInvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res, err := (&resource.Transport{}).Do(tt.ctx, &oidc.Request{Method: "GET", URL: tt.url})
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if err == nil && res.Status != tt.status {
				t.Errorf("status %d, want %d", res.Status, tt.status)
			}
			if err == nil && res.Status == http.StatusTeapot && res.Header["x-name"] != "value" {
				t.Errorf("header %v, want x-name in lower case", res.Header)
			}
		})
	}
}

// A log says why nobody was reached, and nothing out of an address.
func TestTransportNetwork(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	other := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, ServerName: mark + ".test"}}
	defer other.CloseIdleConnections()
	gone := httptest.NewServer(nil)
	gone.Close()
	noName := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: mark, IsNotFound: true}}
	tests := []struct {
		name string
		by   http.RoundTripper
		url  string
		says string
	}{
		{"nobody there", nil, gone.URL, syscall.ECONNREFUSED.Error()},
		{"no such name", unreachable{noName}, "https://op.test", "the name of the host cannot be resolved"},
		{"an authority of its own", nil, server.URL, "the certificate is of an authority that is not known here"},
		{"the certificate of another host", other, server.URL, "the certificate is of another host, or not good now"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := (&resource.Transport{RoundTripper: tt.by}).Do(t.Context(), &oidc.Request{Method: "GET", URL: tt.url + "/" + mark})
			if want := tt.says + ": " + oidc.ErrNetwork.Error(); !errors.Is(err, oidc.ErrNetwork) || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
		})
	}
}

// An unreachable network reaches nobody.
type unreachable struct{ err error }

func (u unreachable) RoundTrip(*http.Request) (*http.Response, error) { return nil, u.err }

// Metadata may have moved to an address with a slash more, and nowhere else; all else has not.
func TestTransportMoves(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		switch r.URL.Path {
		case "/metadata":
			http.Redirect(w, r, "/metadata/", http.StatusMovedPermanently)
		case "/away":
			http.Redirect(w, r, "/uploads/1", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round/", http.StatusFound)
		case "/round/":
			http.Redirect(w, r, "/round", http.StatusFound)
		}
	}))
	defer server.Close()
	tests := []struct {
		name, path string
		mayMove    bool
		want       error
		asked      []string
	}{
		{"a slash more", "/metadata", true, nil, []string{"/metadata", "/metadata/"}},
		{"a slash more, of what may not move", "/metadata", false, oidc.ErrRedirectRefused, []string{"/metadata"}},
		{"another file of the origin", "/away", true, oidc.ErrRedirectRefused, []string{"/away"}},
		{"there and back", "/round", true, oidc.ErrRedirectRefused, []string{"/round", "/round/"}},
	}
	for _, tt := range tests {
		asked = nil
		_, err := (&resource.Transport{}).Do(t.Context(), &oidc.Request{Method: "GET", URL: server.URL + tt.path, MayMove: tt.mayMove})
		if !errors.Is(err, tt.want) || tt.want == nil && err != nil || !slices.Equal(asked, tt.asked) {
			t.Errorf("%s: %v, asked %q", tt.name, err, asked)
		}
	}
}

// A stuck server is given up after ten seconds; they pass in no time here.
func TestTransportTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		transport := &resource.Transport{RoundTripper: stuck}
		_, err := transport.Do(t.Context(), &oidc.Request{Method: "GET", URL: "https://op.example.test"})
		if !errors.Is(err, oidc.ErrTimeout) {
			t.Errorf("error %v, want %v", err, oidc.ErrTimeout)
		}
	})
}

func TestTransportSends(t *testing.T) {
	for want, req := range map[string]oidc.Request{"": {}, "no-cache": {NoCache: true}, "no-store": {NoStore: true}} {
		var got *http.Request
		var body string
		echo := roundTripper(func(r *http.Request) (*http.Response, error) {
			data, err := io.ReadAll(r.Body)
			got, body = r, string(data)
			return &http.Response{StatusCode: 200, Body: http.NoBody}, err
		})
		req.Method, req.URL, req.Body = "POST", "https://op.example.test/token", "a=b"
		req.Header = map[string]string{"Accept": "application/json"}
		if _, err := (&resource.Transport{RoundTripper: echo}).Do(t.Context(), &req); err != nil {
			t.Fatal(err)
		}
		if body != "a=b" || got.Method != "POST" || got.Header.Get("Accept") != "application/json" || got.Header.Get("Cache-Control") != want {
			t.Errorf("sent %s %v %q, want Cache-Control %q", got.Method, got.Header, body, want)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
