//go:build known

package resource_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// A provider that has started again has a new key under the old kid: a token that it
// signs is good a minute after the keys were fetched, as it is for the client.
func TestKnownKeyOfTheSameName(t *testing.T) {
	p := newProvider(t)
	steps(t, p, []step{
		{"first request", 0, nil, 204, []string{"metadata", "jwks"}},
		{"the same kid, at once", 0, func() { p.rotate("key-1") }, 401, nil},
		{"the same kid, a minute", time.Minute, nil, 204, []string{"jwks past the cache"}},
		{"and again", 0, nil, 204, nil},
	})
}

// Metadata may move to an address with a slash more (oidc.Request.MayMove), for an API as
// for the client of the same provider.
func TestKnownMetadataBehindARedirect(t *testing.T) {
	p := newProvider(t)
	const there = "/.well-known/openid-configuration"
	transport := &resource.Transport{RoundTripper: roundTripper(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		if r.URL.Path == there {
			http.Redirect(w, r, there+"/", http.StatusMovedPermanently)
			return w.Result(), nil
		}
		answer, err := p.Do(r.Context(), &oidc.Request{URL: strings.TrimSuffix(r.URL.String(), "/")})
		if err != nil {
			return nil, err
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer.Body)
		return w.Result(), nil
	})}
	h := newMiddleware(t, p, func(c *resource.Config) {
		c.Transport = transport
		c.Refused = func(_ *http.Request, err error) { t.Logf("refused: %v", err) }
	}).Handler(reached)
	check(t, get(h, "Authorization", "Bearer "+p.token(nil)), 204, "")
}

// An optional claim that is null is absent, at an API as in an ID Token.
func TestKnownNullClaims(t *testing.T) {
	p := newProvider(t)
	h := newMiddleware(t, p, func(c *resource.Config) { c.Issuers[0].Tokens = resource.Okta }).Handler(reached)
	for _, claim := range []string{"nonce", "at_hash", "events", "cnf", "acr", "auth_time", "nbf", "roles"} {
		for _, typ := range []string{"at+jwt", "JWT"} {
			token := p.token(claims{claim: json.RawMessage("null"), "header typ": typ, "cid": "app", "scp": []string{"read"}, "scope": nil})
			if w := get(h, "Authorization", "Bearer "+token); w.Code != 204 {
				t.Errorf("%s null, typ %s: %d %s", claim, typ, w.Code, w.Header().Get("WWW-Authenticate"))
			}
		}
	}
}
