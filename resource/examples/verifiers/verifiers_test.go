// Package verifiers compares what an access token costs an API: package
// resource beside what else Go programs take for it.
package verifiers

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/jwks"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"

	"github.com/oidcspa/oidcspa/resource"
	"github.com/oidcspa/oidcspa/resource/examples/internal/op"
)

// algorithms are those that are compared.
var algorithms = []string{"RS256", "ES256"}

// An issuer whose tokens are verified.
type issuer struct {
	*op.Issuer
	tb  testing.TB
	alg string
}

func newIssuer(tb testing.TB, alg string) *issuer {
	tb.Helper()
	var key crypto.Signer
	var err error
	if alg == "RS256" {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return &issuer{op.With(tb, alg, key, key.Public()), tb, alg}
}

func (is *issuer) token(audience string) string { return is.Token(audience, "openid profile read") }

// A verifier tells whether a token is good.
type verifier struct {
	name   string
	verify func(token string) bool
}

// verifiers are all of them, ready for the tokens of an issuer.
func verifiers(is *issuer) []verifier {
	return []verifier{
		{"first", is.resource(-1)},
		{"again", is.resource(0)},
		{"go-oidc", is.goOIDC()},
		{"golang-jwt", is.golangJWT()},
		{"go-jwt-middleware", is.goJWTMiddleware()},
	}
}

// passes asks a middleware. Its request is made when a token is another one than before.
func passes(wrap func(http.Handler) http.Handler) func(token string) bool {
	reached, sent := false, ""
	h := wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
	return func(token string) bool {
		if token != sent {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		reached, sent = false, token
		h.ServeHTTP(w, r)
		return reached
	}
}

func (is *issuer) resource(verified int) func(token string) bool {
	guard, err := resource.New(resource.Config{
		Issuers:        []resource.Issuer{{Issuer: is.URL, Audiences: []string{op.Audience}}},
		VerifiedTokens: verified,
	})
	if err != nil {
		is.tb.Fatal(err)
	}
	return passes(func(next http.Handler) http.Handler {
		return guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if resource.ClaimsFrom(r.Context()).Issuer == is.URL { // a handler looks at them
				next.ServeHTTP(w, r)
			}
		}))
	})
}

func (is *issuer) goOIDC() func(token string) bool {
	ctx := context.Background()
	provider, err := gooidc.NewProvider(ctx, is.URL)
	if err != nil {
		is.tb.Fatal(err)
	}
	v := provider.Verifier(&gooidc.Config{ClientID: op.Audience, SupportedSigningAlgs: []string{is.alg}})
	return func(token string) bool {
		_, err := v.Verify(ctx, token)
		return err == nil
	}
}

func (is *issuer) golangJWT() func(token string) bool {
	keys, err := keyfunc.NewDefaultCtx(is.tb.Context(), []string{is.URL + "/jwks"})
	if err != nil {
		is.tb.Fatal(err)
	}
	return func(token string) bool {
		_, err := jwt.Parse(token, keys.Keyfunc, jwt.WithIssuer(is.URL), jwt.WithAudience(op.Audience),
			jwt.WithValidMethods([]string{is.alg}), jwt.WithExpirationRequired())
		return err == nil
	}
}

func (is *issuer) goJWTMiddleware() func(token string) bool {
	address, err := url.Parse(is.URL)
	if err != nil {
		is.tb.Fatal(err)
	}
	v, err := validator.New(jwks.NewCachingProvider(address, time.Hour).KeyFunc, validator.SignatureAlgorithm(is.alg), is.URL, []string{op.Audience})
	if err != nil {
		is.tb.Fatal(err)
	}
	return passes(jwtmiddleware.New(v.ValidateToken).CheckJWT)
}

// What is compared verifies: good tokens pass, those for others do not, nor do those that were changed.
func TestVerifiers(t *testing.T) {
	for _, alg := range algorithms {
		is, stranger := newIssuer(t, alg), newIssuer(t, alg)
		stranger.URL = is.URL
		good := is.token(op.Audience)
		for _, v := range verifiers(is) {
			for name, tt := range map[string]struct {
				token string
				want  bool
			}{
				"good":               {good, true},
				"again":              {good, true},
				"of another key":     {stranger.token(op.Audience), false},
				"another audience":   {is.token("https://other.example"), false},
				"of no signature":    {good[:len(good)-10], false},
				"of another payload": {good[:len(good)-400] + "AAAA" + good[len(good)-396:], false},
			} {
				if got := v.verify(tt.token); got != tt.want {
					t.Errorf("%s, %s: %s = %t", alg, v.name, name, got)
				}
			}
		}
	}
}

// BenchmarkVerifiers asks one after the other for each token, so that a machine that has
// other things to do slows all of them down alike, and tells the median of each in
// microseconds, as a share of go-oidc's, and its allocations. "first" is a token that
// package resource has not seen, "again" one that it has.
func BenchmarkVerifiers(b *testing.B) {
	for _, alg := range algorithms {
		is := newIssuer(b, alg)
		all := verifiers(is)
		token := is.token(op.Audience)
		b.Run(alg, func(b *testing.B) {
			took := make([][]time.Duration, len(all))
			for n := 0; b.Loop(); n++ {
				for i := range all {
					i = (i + n) % len(all)
					start := time.Now()
					if !all[i].verify(token) {
						b.Fatal(all[i].name)
					}
					took[i] = append(took[i], time.Since(start))
				}
			}
			median := map[string]float64{}
			for i, v := range all {
				slices.Sort(took[i])
				median[v.name] = float64(took[i][len(took[i])/2]) / float64(time.Microsecond)
			}
			for _, v := range all {
				b.ReportMetric(median[v.name], v.name+"-µs")
				b.ReportMetric(median[v.name]/median["go-oidc"], v.name+"/go-oidc")
				b.ReportMetric(testing.AllocsPerRun(100, func() { v.verify(token) }), v.name+"-allocs")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
