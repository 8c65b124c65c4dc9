package resource_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/resource"
)

// Whatever header and query somebody sends, the handler sees the claims of a token that
// the issuer has signed, or is not reached.
func FuzzRequest(f *testing.F) {
	p, c := newProvider(f), newClient(f)
	good, bound := p.token(nil), p.token(claims{"cnf": c.binding()})
	idToken := p.token(claims{"header typ": "JWT", "nonce": mark, "aud": audience})
	for _, header := range []string{
		"", "Bearer", "Bearer " + good, "bearer  " + good, "DPoP " + bound, "Bearer " + bound, "Bearer " + idToken, "Bearer " + good + ", Bearer " + good,
		"Basic eDp5", "Bearer e30.e30.e30", "Bearer " + good[:len(good)-2] + "AA", "Bearer =",
	} {
		f.Add(header, "", "")
		f.Add(header, "access_token="+good, c.proof(bound, nil))
	}
	signed := map[string]bool{good: true, bound: true}
	reached := false
	h := newMiddleware(f, p, func(config *resource.Config) {
		withDPoP(config)
		config.Issuers[0].Tokens = resource.Zitadel
		config.Refused = nil
	}).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached = true
		if claims := resource.ClaimsFrom(r.Context()); claims == nil || claims.Subject != mark+"-user" {
			f.Errorf("claims %+v", claims)
		}
	}))
	f.Fuzz(func(t *testing.T, authorization, query, proof string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/things", nil)
		r.URL.RawQuery = query
		r.Header.Set("Authorization", authorization)
		r.Header.Set("DPoP", proof)
		reached = false
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		_, token, _ := strings.Cut(authorization, " ")
		if reached && !signed[strings.Trim(token, " ")] {
			t.Errorf("%q is let through", authorization)
		}
		if !reached && w.Code < 400 {
			t.Errorf("%q has status %d", authorization, w.Code)
		}
	})
}
