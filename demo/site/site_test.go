package site_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/demo/site"
)

const issuer = "http://op.localhost:9000"

func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(text)) })
}

func newSite(t *testing.T, edit func(*site.Config)) http.Handler {
	t.Helper()
	config := site.Config{Authority: issuer + "/tenant", ClientID: "app", Assets: says("asset"), APIHandler: says("api")}
	if edit != nil {
		edit(&config)
	}
	h, err := site.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w
}

func TestFiles(t *testing.T) {
	tests := []struct{ path, mediaType, contains string }{
		{"/", "text/html", "<!doctype html>"},
		{"/?code=c&state=s", "text/html", "<!doctype html>"},
		{"/app.js", "text/javascript", "UserManager"},
		{"/members/", "text/html", "entry.js"},
		{"/members/?code=c&state=s", "text/html", "entry.js"},
		{"/members/area", "text/html", "entry.js"},
		{"/members/entry.js", "text/javascript", "oidcEarlyInit"},
		{"/members/app.js", "text/javascript", "createOidc"},
		{"/messages.js", "text/javascript", "explain"},
		{"/style.css", "text/css", ":root"},
		{"/config.json", "application/json", "authority"},
		{"/oidcspa.js", "", "asset"},
		{"/callback.html", "", "asset"},
		{"/api/hello", "", "api"},
	}
	h := newSite(t, nil)
	for _, tt := range tests {
		w := get(h, tt.path)
		if w.Code != 200 || !strings.Contains(w.Body.String(), tt.contains) || !strings.HasPrefix(w.Header().Get("Content-Type"), tt.mediaType) {
			t.Errorf("%s: %d %s", tt.path, w.Code, w.Header().Get("Content-Type"))
		}
	}
}

func TestSettings(t *testing.T) {
	var got map[string]string
	if err := json.Unmarshal(get(newSite(t, nil), "/config.json").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"authority": issuer + "/tenant", "client_id": "app", "scope": "openid", "api": "api/hello"}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s = %q, want %q", name, got[name], value)
		}
	}
}

func TestPolicy(t *testing.T) {
	elsewhere := func(c *site.Config) { c.API, c.APIHandler = "https://api.example.test/hello", nil }
	tests := []struct {
		name, target string
		edit         func(*site.Config)
		want         []string // directives, whole
	}{
		{"by default", "/", nil, []string{
			"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-src 'self' " + issuer,
			"worker-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'", "require-trusted-types-for 'script'",
			"trusted-types oidcspa",
		}},
		{"client in the page", "/?host=page", nil, []string{"script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self' " + issuer}},
		{"API elsewhere", "/", elsewhere, []string{"connect-src 'self' https://api.example.test"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			csp := "; " + get(newSite(t, tt.edit), tt.target).Header().Get("Content-Security-Policy") + ";"
			for _, directive := range tt.want {
				if !strings.Contains(csp, "; "+directive+";") {
					t.Errorf("policy %q lacks %q", csp, directive)
				}
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name string
		edit func(*site.Config)
		want string
	}{
		{"no authority", func(c *site.Config) { c.Authority = "" }, "Authority"},
		{"authority without a host", func(c *site.Config) { c.Authority = "op" }, "absolute"},
		{"no client", func(c *site.Config) { c.ClientID = "" }, "ClientID"},
		{"no assets", func(c *site.Config) { c.Assets = nil }, "Assets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := site.Config{Authority: issuer, ClientID: "app", Assets: says("asset")}
			tt.edit(&config)
			if _, err := site.New(config); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, want an error about %s", err, tt.want)
			}
		})
	}
}
