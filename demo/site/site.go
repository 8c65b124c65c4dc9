// Package site serves the sample site: its static files, its settings, the
// client's files and the API, under the policy that a site of this kind can
// have.
package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	files "github.com/oidcspa/oidcspa/web/site"
)

// A Config describes a site. Authority, ClientID and Assets are required.
type Config struct {
	Authority string // the issuer
	ClientID  string
	Scope     string // default: "openid"

	// ProviderOrigins are the origins of the provider's endpoints; default:
	// the origin of Authority.
	ProviderOrigins []string

	// API is the URL of what the site calls, absolute or relative to the
	// site; default: "api/hello".
	API string
	// APIHandler serves what is below /api/; nil if the API is elsewhere.
	APIHandler http.Handler

	// Assets serves the files of the client: oidcspa.js, worker.js,
	// callback.html and so on.
	Assets http.Handler
}

// settings are config.json.
type settings struct {
	Authority string `json:"authority"`
	ClientID  string `json:"client_id"`
	Scope     string `json:"scope"`
	API       string `json:"api"`
}

// New returns a handler for the root of an origin. The redirect URIs of the
// site are then /callback.html and /members/, its post-logout redirect URIs are / and /members/.
func New(config Config) (http.Handler, error) {
	if config.Authority == "" || config.ClientID == "" || config.Assets == nil {
		return nil, errors.New("site: Authority, ClientID and Assets are required")
	}
	if config.Scope == "" {
		config.Scope = "openid"
	}
	if config.API == "" {
		config.API = "api/hello"
	}
	if config.ProviderOrigins == nil {
		origin, err := Origin(config.Authority)
		if err != nil {
			return nil, fmt.Errorf("site: Authority: %w", err)
		}
		config.ProviderOrigins = []string{origin}
	}
	apiOrigin, err := absoluteOrigin(config.API)
	if err != nil {
		return nil, fmt.Errorf("site: API: %w", err)
	}
	settings, err := json.Marshal(settings{config.Authority, config.ClientID, config.Scope, config.API})
	if err != nil {
		return nil, fmt.Errorf("site: %w", err)
	}

	policy := policy{providers: config.ProviderOrigins, api: apiOrigin}
	mux := http.NewServeMux()
	mux.Handle("/", config.Assets)
	if config.APIHandler != nil {
		mux.Handle("/api/", config.APIHandler)
	}
	mux.Handle("GET /{$}", policy.wrap(file("index.html")))
	for _, name := range []string{"index.html", "app.js", "messages.js", "style.css", "members/app.js", "members/entry.js"} {
		mux.Handle("GET /"+name, policy.wrap(file(name)))
	}
	for _, page := range []string{"{$}", "area"} {
		mux.Handle("GET /members/"+page, policy.wrap(file("members/index.html")))
	}
	mux.Handle("GET /members", http.RedirectHandler("/members/", http.StatusMovedPermanently))
	mux.Handle("GET /config.json", policy.wrap(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(settings) // fails only if the client is gone
	}))
	return mux, nil
}

func file(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files.Files, name) }
}

// policy makes the headers of the site's own files.
type policy struct {
	providers []string
	api       string // origin of an API elsewhere, or empty
}

// csp returns the Content-Security-Policy. By default the page talks to its
// own origin and to the API; WebAssembly and the provider are the worker's
// business, and worker.js comes with a policy of its own. Only if the client
// is to run in the page does the page need both.
func (p policy) csp(inPage bool) string {
	providers := strings.Join(p.providers, " ")
	script, connect := "'self'", "'self'"
	if p.api != "" {
		connect += " " + p.api
	}
	if inPage {
		script += " 'wasm-unsafe-eval'"
		connect += " " + providers
	}
	return strings.Join([]string{
		"default-src 'none'",
		"script-src " + script,
		"style-src 'self'",
		"connect-src " + connect,
		"worker-src 'self'",
		"frame-src 'self' " + providers,
		"img-src 'self' data:",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'self'",
		"require-trusted-types-for 'script'",
		"trusted-types oidcspa",
	}, "; ")
}

func (p policy) wrap(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", p.csp(r.URL.Query().Get("host") == "page"))
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer") // the address may hold a code
		header.Set("Cache-Control", "no-cache")
		next(w, r)
	})
}

// Origin returns the origin of an absolute URL.
func Origin(rawURL string) (string, error) {
	origin, err := absoluteOrigin(rawURL)
	if err == nil && origin == "" {
		err = fmt.Errorf("%q is not an absolute URL", rawURL)
	}
	return origin, err
}

// absoluteOrigin returns the origin of a URL, and nothing for a relative one.
func absoluteOrigin(rawURL string) (string, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}
