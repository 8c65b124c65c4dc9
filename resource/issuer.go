package resource

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// An Issuer is one whose access tokens an API takes.
type Issuer struct {
	Issuer    string   // what its access tokens have as iss
	Audiences []string // what access tokens for this API have as aud: one of them

	// Tokens tells access tokens from others where the header typ is not at+jwt, such as
	// [Keycloak]; default: nothing else is one (RFC 9068 4).
	Tokens Preset

	// WithoutSubject accepts tokens without sub, whose Subject is then "". Who keys
	// anything by it gives all of their owners one account.
	WithoutSubject bool

	Algorithms []string // of access tokens; empty means all asymmetric ones

	// Tenants are those whose tokens are accepted where the metadata has a template
	// for the issuer, with {tenantid}: GUIDs in lower case, or "*" for all. There they
	// have to be named. Issuer is then the authority, such as
	// https://login.microsoftonline.com/common/v2.0.
	Tenants []string

	// One of these at most says where the keys come from; default: metadata below
	// Issuer (OIDC Discovery 4), or in front of its path (RFC 8414 3.1). With one of them
	// Issuer need not be an address, it is only compared.
	MetadataURL string // where metadata is that names Issuer as issuer, or as access_token_issuer
	JWKSURI     string // where the keys are
	Keys        string // the keys themselves, a JWK Set: nothing is fetched

	// Introspection asks the provider about tokens that cannot be verified here; default: it
	// is not asked, and opaque tokens are refused.
	Introspection *Introspection
}

// check returns nil if what concerns tokens makes sense.
func (i *Issuer) check() error {
	if len(i.Audiences) == 0 || slices.Contains(i.Audiences, "") {
		return invalidMember("Audiences", "has to have what tokens for this API have as aud, and nothing empty")
	}
	if err := oidc.CheckAlgorithms(i.Algorithms); err != nil {
		return within("Algorithms: ", err)
	}
	if err := i.Tokens.Check(); err != nil {
		return within("Tokens.", err)
	}
	t := &i.Tokens // what it says of tokens without at+jwt
	if len(t.Marks) == 0 && i.Introspection == nil && (len(t.Never) > 0 || t.HasNonce || t.AudienceClaim != "") {
		return invalidMember("Tokens.Marks", "has to have a claim by which access tokens are told from others")
	}
	return nil
}

// An authority is an [Issuer] at work.
type authority struct {
	verifier oidc.AccessTokenVerifier
	keys     *keyCache
	seen     seen
	now      func() time.Time

	introspector *introspector // nil if the provider is not asked
}

func newAuthority(config *Config, i *Issuer) (*authority, error) {
	keys := &keyCache{
		source:    oidc.IssuerSource{Issuer: i.Issuer, Tenants: i.Tenants, MetadataURL: i.MetadataURL, JWKSURI: i.JWKSURI, Keys: i.Keys},
		transport: config.Transport, now: config.Now,
	}
	if err := keys.init(); err != nil {
		return nil, err
	}
	if err := i.check(); err != nil {
		return nil, err
	}
	a := &authority{
		verifier: oidc.AccessTokenVerifier{
			Issuer:         i.Issuer,
			Tenants:        i.Tenants,
			Audiences:      i.Audiences,
			Algorithms:     i.Algorithms,
			Leeway:         config.Leeway,
			Form:           i.Tokens,
			WithoutSubject: i.WithoutSubject,
		},
		keys: keys,
		seen: seen{limit: cmp.Or(config.VerifiedTokens, DefaultVerifiedTokens)},
		now:  config.Now,
	}
	var err error
	a.introspector, err = newIntrospector(config, i, a)
	return a, err
}

// verify returns the claims of a good token, which are not to be changed, and when it was: the
// keys may take long.
func (m *Middleware) verify(ctx context.Context, token string) (*oidc.AccessTokenClaims, time.Time, error) {
	sum := digestOf(token)
	a, asks, err := m.issuerOf(token, sum)
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case asks:
		return a.introspector.verify(ctx, token, sum)
	}
	return a.verify(ctx, token, sum)
}

// verify is for tokens that the provider is not asked about.
func (a *authority) verify(ctx context.Context, token string, sum digest) (claims *oidc.AccessTokenClaims, now time.Time, err error) {
	err = a.keys.verify(ctx, func(t *trust) (err error) {
		now = a.now()
		verifier := a.verifier
		verifier.Issuer = t.issuer
		known := a.seen.find(sum, t, now)
		if claims = known; known == nil {
			if claims, err = verifier.Open(token, t.keys); err != nil {
				return err
			}
		}
		if err = verifier.Check(claims, now); err == nil && known == nil {
			a.seen.add(sum, len(token), t, claims, now.Add(seenLife))
		}
		return err
	})
	if err != nil {
		return nil, now, err
	}
	return claims, now, nil
}

// issuerOf returns the authority that a token says it is from, which is to be verified, and
// whether the provider is asked. One that has come before need not be read for that.
func (m *Middleware) issuerOf(token string, sum digest) (a *authority, asks bool, err error) {
	if len(m.issuers) == 1 && m.issuers[0].introspector == nil {
		return m.issuers[0], false, nil
	}
	for _, a := range m.issuers {
		switch i := a.introspector; {
		case a.seen.has(sum):
			return a, false, nil
		case i != nil && i.active.has(sum):
			return a, true, nil
		}
	}
	issuer, err := oidc.UnverifiedIssuer(token)
	if err != nil {
		if i := slices.IndexFunc(m.issuers, (*authority).takesOpaque); i >= 0 {
			return m.issuers[i], true, nil
		}
		return nil, false, err
	}
	if a, err = m.issuerNamed(issuer); err != nil {
		return nil, false, err
	}
	return a, a.introspector.takes(true), nil
}

// takesOpaque tells whether an issuer takes tokens that do not say whose they are.
func (a *authority) takesOpaque() bool { return a.introspector.takes(false) }

// issuerNamed returns the authority of an issuer.
func (m *Middleware) issuerNamed(issuer string) (*authority, error) {
	for _, a := range m.issuers {
		if a.verifier.Issuer == issuer {
			return a, nil
		}
	}
	for _, a := range m.issuers { // one that is a template, as its metadata will say
		names := func(tenant string) bool { return tenant == "*" || strings.Contains(issuer+"/", "/"+tenant+"/") }
		if slices.ContainsFunc(a.verifier.Tenants, names) && origin(a.verifier.Issuer) == origin(issuer) {
			return a, nil
		}
	}
	return nil, oidc.ErrIssuerMismatch
}

// origin returns what stands before the path of an address.
func origin(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}
