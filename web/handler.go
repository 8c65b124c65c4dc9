package web

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/oidcspa/oidcspa/web/manifest"
)

// A Handler serves a folder of assets by file name, and by logical name
// ("worker.js") where the two differ. Mount it with [http.StripPrefix].
type Handler struct {
	policy Policy
	assets map[string]*asset // by file name and by logical name
}

// An asset is one file in all its encodings.
type asset struct {
	logical   string
	immutable bool              // under this name the content never changes
	hash      string            // of the content, for the ETag
	encodings map[string][]byte // by Content-Encoding; "" is the file itself
}

// NewHandler returns a handler for a folder that cmd/assets made. It reads
// everything once, so that a later build into the same folder cannot mix two
// versions. It fails if a file is missing or is not the one in the manifest, and
// if a header cannot hold the policy.
func NewHandler(assets fs.FS, policy Policy) (*Handler, error) {
	policy, err := policy.check()
	if err != nil {
		return nil, err
	}
	m, err := manifest.Read(assets)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	h := &Handler{policy: policy, assets: make(map[string]*asset)}
	for logical, f := range m.Files {
		a, err := load(assets, f)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		a.logical = logical
		h.assets[logical] = a
		if f.Hashed(logical) {
			hashed := *a
			hashed.immutable = true
			h.assets[f.Name] = &hashed
		}
	}
	for _, b := range m.Earlier {
		if err := h.addEarlier(assets, b); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
	}
	list, err := m.Encode()
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	h.assets[manifest.FileName] = &asset{
		logical:   manifest.FileName,
		hash:      integrity(list),
		encodings: map[string][]byte{"": list},
	}
	return h, nil
}

// addEarlier adds what pages of an earlier build may still ask for. Several
// builds can have a file in common.
func (h *Handler) addEarlier(assets fs.FS, b manifest.Build) error {
	for logical, f := range b.Files {
		if h.assets[f.Name] != nil {
			continue
		}
		a, err := load(assets, f)
		if err != nil {
			return err
		}
		a.logical, a.immutable = logical, true
		h.assets[f.Name] = a
	}
	return nil
}

// load reads a file with its compressed forms.
func load(assets fs.FS, f manifest.File) (*asset, error) {
	a := &asset{hash: f.Integrity, encodings: make(map[string][]byte)}
	for _, form := range []struct {
		encoding, suffix string
		size             int
	}{{"", "", f.Size}, {"br", ".br", f.Brotli}, {"gzip", ".gz", f.Gzip}} {
		if form.size == 0 && form.encoding != "" {
			continue
		}
		data, err := fs.ReadFile(assets, f.Name+form.suffix)
		if err != nil {
			return nil, err
		}
		if len(data) != form.size {
			return nil, fmt.Errorf("%s%s is not the file in %s: build again", f.Name, form.suffix, manifest.FileName)
		}
		a.encodings[form.encoding] = data
	}
	if integrity(a.encodings[""]) != f.Integrity {
		return nil, fmt.Errorf("%s is not the file in %s: build again", f.Name, manifest.FileName)
	}
	return a, nil
}

func integrity(data []byte) string {
	sum := sha512.Sum384(data)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// ServeHTTP answers GET and HEAD for the assets, 404 for other names and 405
// for other methods.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	a, ok := h.assets[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		header.Set("Cache-Control", "no-store") // the next deployment may have it
		http.Error(w, "404 not found: no asset of oidcspa has this name", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "405 method not allowed: assets are read with GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	encoding := a.negotiate(r.Header.Values("Accept-Encoding"))
	policy := a.setSecurity(header, h) // also of what is not modified: it replaces the stored one
	etag := a.setCaching(header, encoding, policy)
	if etag != "" && matches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", contentType(a.logical))
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	body := a.encodings[encoding]
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = bytes.NewReader(body).WriteTo(w) // fails only if the client is gone
	}
}

// setCaching sets Cache-Control, Vary and ETag, and returns the ETag; "" for
// what may not be stored. What carries a policy is asked for again every time,
// whatever its name: a policy that the server has changed counts at once.
func (a *asset) setCaching(header http.Header, encoding, policy string) (etag string) {
	if len(a.encodings) > 1 {
		header.Set("Vary", "Accept-Encoding")
	}
	switch {
	case a.logical == callbackPage, // its URL holds the authorization code
		a.logical == logoutPage: // Front-Channel Logout 3
		header.Set("Cache-Control", "no-store")
		return ""
	case a.immutable && policy == "":
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	default:
		header.Set("Cache-Control", "no-cache")
	}
	// One ETag for each encoding: they differ in their bytes (RFC 9110 8.8.3.3).
	etag = `"` + strings.TrimPrefix(a.hash, "sha384-")
	if encoding != "" {
		etag += "-" + encoding
	}
	if policy != "" {
		sum := sha256.Sum256([]byte(policy))
		etag += "-" + base64.RawURLEncoding.EncodeToString(sum[:9])
	}
	etag += `"`
	header.Set("ETag", etag)
	return etag
}

// The assets whose responses carry a policy of their own.
const (
	callbackPage = "callback.html"
	logoutPage   = "frontchannel.html"
	workerScript = "worker.js"
)

// setSecurity sets the policies of the assets that become a realm, and returns
// what it has set; "" for nothing. The page needs no 'wasm-unsafe-eval': a
// worker takes the policy of its own response.
func (a *asset) setSecurity(header http.Header, h *Handler) (policy string) {
	set := func(name, value string) {
		header.Set(name, value)
		policy += value + "\n"
	}
	const csp, page = "Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src data:; frame-ancestors "
	switch a.logical {
	case workerScript:
		set(csp, "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src "+h.policy.ConnectSrc)
		set(embedderPolicy, embedderOfWorker)
	case callbackPage:
		set(csp, page+"'self'")
		set(embedderPolicy, embedderOfPage)
		header.Set("Referrer-Policy", "no-referrer")
	case logoutPage:
		set(csp, page+h.policy.FrontChannelLogoutFrom)
		set(embedderPolicy, embedderOfPage)
		set("Cross-Origin-Resource-Policy", "cross-origin") // its frame is in a page of the provider
		header.Set("Referrer-Policy", "no-referrer")
	}
	return policy
}

// A page with Cross-Origin-Embedder-Policy starts dedicated workers, and has
// frames, of responses with such a policy alone (HTML, "check a global object's
// embedder policy", "check a navigation response's adherence to its embedder
// policy"); other pages do not mind it. In the worker it is the laxer one: with
// require-corp the probe that tells a provider without CORS from one that is away
// would fail with both.
const (
	embedderPolicy   = "Cross-Origin-Embedder-Policy"
	embedderOfWorker = "credentialless"
	embedderOfPage   = "require-corp"
)

// contentType returns the media type of a file. It does not ask the system's
// tables, which differ and take .ts for a video.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".wasm":
		return "application/wasm"
	case ".json":
		return "application/json"
	default:
		return "text/plain; charset=utf-8"
	}
}
