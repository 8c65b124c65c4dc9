package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/demo/op"
)

// noAssets stands in for the client, which takes seconds to build.
func noAssets(_ context.Context, _ io.Writer, connect []string) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Connect", strings.Join(connect, " "))
	}), nil
}

// start runs the demo until the test ends and returns what it printed.
func start(t *testing.T, env map[string]string) (printed string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(ctx, func(name string) string { return env[name] }, w, noAssets)
		w.CloseWithError(err)
		done <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run = %v after the end", err)
		}
	})
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		printed += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "Ctrl-C") {
			return printed
		}
	}
	t.Fatalf("it ended: %v; %s", lines.Err(), printed)
	return ""
}

// word returns what follows label on its line.
func word(t *testing.T, printed, label string) string {
	t.Helper()
	for line := range strings.Lines(printed) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), label); ok {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatalf("no %q in %q", label, printed)
	return ""
}

func getJSON(t *testing.T, url string, v any) *http.Response {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(v); err != nil {
		t.Fatalf("%s: status %d, %v", url, res.StatusCode, err)
	}
	return res
}

func TestDemo(t *testing.T) {
	printed := start(t, nil)
	siteURL, issuer := strings.TrimSuffix(word(t, printed, "open"), "/"), word(t, printed, "provider")
	if word(t, printed, "user") != "demo" || word(t, printed, "password") != "demo" {
		t.Errorf("printed %q, want user and password", printed)
	}
	var config map[string]string
	getJSON(t, siteURL+"/config.json", &config)
	if config["authority"] != issuer || config["client_id"] == "" {
		t.Errorf("config.json = %v, want the authority %s", config, issuer)
	}
	var metadata map[string]any
	getJSON(t, issuer+"/.well-known/openid-configuration", &metadata)
	if metadata["issuer"] != issuer {
		t.Errorf("issuer = %v, want %s", metadata["issuer"], issuer)
	}
	var refusal map[string]string
	if res := getJSON(t, siteURL+"/api/hello", &refusal); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("API without a token: status %d, want 401", res.StatusCode)
	}
}

// Two demos side by side: the second takes the next ports.
func TestPortsAreFound(t *testing.T) {
	first, second := start(t, nil), start(t, nil)
	for _, label := range []string{"open", "provider"} {
		if a, b := word(t, first, label), word(t, second, label); a == b {
			t.Errorf("both have %s %s", label, a)
		}
	}
}

func TestOwnProvider(t *testing.T) {
	var provider *op.Provider
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { provider.ServeHTTP(w, r) }))
	defer server.Close()
	var err error
	if provider, err = op.New(op.Config{Issuer: server.URL, Clients: []op.Client{{ID: "mine"}}}); err != nil {
		t.Fatal(err)
	}
	printed := start(t, map[string]string{"ISSUER": server.URL, "CLIENT_ID": "mine"})
	siteURL := strings.TrimSuffix(word(t, printed, "open"), "/")
	for label, want := range map[string]string{
		"redirect URI":             siteURL + "/callback.html",
		"post-logout redirect URI": siteURL + "/",
		"origin (CORS)":            siteURL,
	} {
		if got := word(t, printed, label); got != want {
			t.Errorf("%s = %q, want %q", label, got, want)
		}
	}
	if n := strings.Count(printed, siteURL+"/members/\n"); n != 2 {
		t.Errorf("the address of the second page is printed %d times, want twice", n)
	}
	var config map[string]string
	getJSON(t, siteURL+"/config.json", &config)
	if config["authority"] != server.URL || config["client_id"] != "mine" {
		t.Errorf("config.json = %v", config)
	}
	if strings.Contains(printed, "password") {
		t.Error("it prints a password for a provider that is not its own")
	}
}

func notReached(context.Context, io.Writer, []string) (http.Handler, error) {
	return nil, errors.New("the mistake was not found")
}

func TestMistakes(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	number := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	nobody := httptest.NewServer(http.NotFoundHandler())
	defer nobody.Close()

	tests := []struct {
		name string
		env  map[string]string
		want []string // parts of the message
	}{
		{"site port taken", map[string]string{"PORT": number}, []string{"port " + number + " is taken", "PORT"}},
		{"provider port taken", map[string]string{"OP_PORT": number}, []string{"port " + number + " is taken", "OP_PORT"}},
		{"no number", map[string]string{"PORT": "http"}, []string{"PORT=http", "1 to 65535"}},
		{"number too large", map[string]string{"OP_PORT": "65536"}, []string{"OP_PORT=65536", "1 to 65535"}},
		{"issuer alone", map[string]string{"ISSUER": "https://op.example"}, []string{"ISSUER is set", "CLIENT_ID is not"}},
		{"client alone", map[string]string{"CLIENT_ID": "app"}, []string{"CLIENT_ID is set", "ISSUER is not"}},
		{"issuer and Keycloak", map[string]string{"ISSUER": "https://op.example", "CLIENT_ID": "app", "KEYCLOAK": "1"}, []string{"KEYCLOAK and ISSUER are set"}},
		{"issuer is no provider", map[string]string{"ISSUER": nobody.URL, "CLIENT_ID": "app"}, []string{"ISSUER=" + nobody.URL, "http_status"}},
		{"issuer is no URL", map[string]string{"ISSUER": "op", "CLIENT_ID": "app"}, []string{"ISSUER=op", "invalid_config"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := run(t.Context(), func(name string) string { return tt.env[name] }, io.Discard, notReached)
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("run = %v, want a message with %q", err, want)
				}
			}
		})
	}
}

// The worker may connect to every origin of the provider.
func TestProviderOrigins(t *testing.T) {
	printed := start(t, nil)
	res, err := http.Get(word(t, printed, "open") + "worker.js")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, want := res.Header.Get("X-Connect"), word(t, printed, "provider"); got != want {
		t.Errorf("the client may connect to %q, want %q", got, want)
	}
}
