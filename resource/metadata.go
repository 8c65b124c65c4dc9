package resource

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/oidc"
)

// metadataPath is where metadata is, between host and path of a resource (RFC 9728 3).
const metadataPath = "/.well-known/oauth-protected-resource"

// metadataLife is how long clients may keep metadata, in seconds.
const metadataLife = "3600"

// A Metadata is what an API says of itself (RFC 9728 2). The rest is known: the
// issuers, the algorithms of proofs, whether tokens have to be bound to a key, and that tokens come in
// the header.
type Metadata struct {
	// Resource is the identifier of the API: https, without query and fragment. It is not
	// guessed from the request, since the sender could choose it.
	Resource string

	Scopes        []string // those that there are to ask for
	Name          string   // for people
	Documentation string   // the address of a page for developers
}

// protectedResource is the document (RFC 9728 2).
type protectedResource struct {
	Resource      string   `json:"resource"`
	Issuers       []string `json:"authorization_servers,omitempty"`
	Scopes        []string `json:"scopes_supported,omitempty"`
	Methods       []string `json:"bearer_methods_supported"`
	Name          string   `json:"resource_name,omitempty"`
	Documentation string   `json:"resource_documentation,omitempty"`
	Algorithms    []string `json:"dpop_signing_alg_values_supported,omitempty"`
	DPoPRequired  bool     `json:"dpop_bound_access_tokens_required,omitempty"`
}

// published is the document of an API, ready to be served.
type published struct {
	url, path string // "" if there is none
	document  []byte
}

// publish returns what is served of a configuration that has its defaults.
func publish(config *Config) (*published, error) {
	m := &config.Metadata
	if m.Resource == "" {
		if m.Name+m.Documentation != "" || len(m.Scopes) > 0 {
			return nil, invalidMember("Resource", "has to be there beside the rest")
		}
		return &published{}, nil
	}
	u, err := addressOf(m.Resource)
	if err != nil {
		return nil, addressError("Resource", err)
	}
	if err := checkScopes(m.Scopes); err != nil {
		return nil, within("Scopes: ", err)
	}
	if m.Documentation != "" {
		if _, err := oidc.Origin(m.Documentation); err != nil {
			return nil, addressError("Documentation", err)
		}
	}
	d := protectedResource{
		Resource: m.Resource, Scopes: m.Scopes, Methods: []string{"header"}, Name: m.Name, Documentation: m.Documentation,
		DPoPRequired: config.DPoP.Required,
	}
	if config.DPoP.enabled() {
		d.Algorithms = config.DPoP.Algorithms
	}
	for _, issuer := range config.Issuers {
		if oidc.CheckIssuer(issuer.Issuer) == nil && !strings.Contains(issuer.Issuer, "{") { // others are no addresses
			d.Issuers = append(d.Issuers, issuer.Issuer)
		}
	}
	p := &published{path: metadataPath}
	if u.Path != "/" { // RFC 9728 3.1: a slash that ends the host goes
		p.path += u.EscapedPath()
	}
	p.url = u.Scheme + "://" + u.Host + p.path
	p.document, err = json.Marshal(d)
	return p, err
}

// addressOf parses the identifier of a resource, which stands in quotes in a header.
func addressOf(resource string) (*url.URL, error) {
	if err := oidc.CheckIssuer(resource); err != nil { // the same rules
		return nil, err
	}
	if !oidc.IsVisible(resource) || strings.ContainsAny(resource, ` "\{}`) {
		return nil, fmt.Errorf("has a character that has to be escaped: %w", oidc.ErrInvalidConfig)
	}
	u, err := url.Parse(resource)
	if err == nil && !isClean(u.EscapedPath()) {
		return nil, fmt.Errorf("has a path that clients or servers clean (/./, /../, //), so that nobody would find the metadata: %w", oidc.ErrInvalidConfig)
	}
	return u, err
}

// isClean tells whether a path is one that nobody makes another of.
func isClean(escaped string) bool {
	escaped = strings.ReplaceAll(strings.ToLower(escaped), "%2e", ".") // browsers do
	return escaped == "" || strings.TrimSuffix(escaped, "/") == strings.TrimSuffix(path.Clean(escaped), "/")
}

// MetadataPath returns the path where clients look for the metadata of the API (RFC 9728 3.1),
// on the host of its identifier; "" if [Config] has no Metadata.
func (m *Middleware) MetadataPath() string { return m.published.path }

// MetadataHandler serves the metadata of the API to everybody (RFC 9728 3.2), to scripts of any
// origin, too. It needs no token.
//
//	mux.Handle(guard.MetadataPath(), guard.MetadataHandler())
//
// Each challenge of the middleware names the address (RFC 9728 5.1).
func (m *Middleware) MetadataHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Access-Control-Allow-Origin", "*")
		switch {
		case m.published.path == "":
			http.NotFound(w, r)
			return
		case r.Method == http.MethodOptions: // the preflight of who sends a header of its own
			header.Set("Access-Control-Allow-Headers", "*")
			w.WriteHeader(http.StatusNoContent)
			return
		case !slices.Contains([]string{http.MethodGet, http.MethodHead}, r.Method):
			header.Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		header.Set("Content-Type", "application/json")
		header.Set("Cache-Control", "public, max-age="+metadataLife)
		_, _ = w.Write(m.published.document) // fails only if the client is gone
	})
}
