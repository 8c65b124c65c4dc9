package resource

import (
	"context"
	"fmt"
	"slices"
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
}

// An authority is an [Issuer] at work.
type authority struct {
	verifier oidc.AccessTokenVerifier
	keys     *keyCache
	now      func() time.Time
}

func newAuthority(config *Config, i *Issuer) (*authority, error) {
	if err := oidc.CheckIssuer(i.Issuer); err != nil {
		return nil, fmt.Errorf("resource: Issuer: %w", err)
	}
	if len(i.Audiences) == 0 || slices.Contains(i.Audiences, "") {
		return nil, fmt.Errorf("resource: Audiences: %w", oidc.ErrInvalidConfig)
	}
	return &authority{
		verifier: oidc.AccessTokenVerifier{
			Issuer:         i.Issuer,
			Audiences:      i.Audiences,
			Algorithms:     i.Algorithms,
			Leeway:         config.Leeway,
			Form:           i.Tokens,
			WithoutSubject: i.WithoutSubject,
		},
		keys: &keyCache{issuer: i.Issuer, transport: config.Transport, now: config.Now},
		now:  config.Now,
	}, nil
}

// verify returns the claims of a good token, and when it was: the keys may take long.
func (m *Middleware) verify(ctx context.Context, token string) (*oidc.AccessTokenClaims, time.Time, error) {
	a, err := m.issuerOf(token)
	if err != nil {
		return nil, time.Time{}, err
	}
	var claims *oidc.AccessTokenClaims
	var now time.Time
	err = a.keys.verify(ctx, func(keys *oidc.KeySet) (err error) {
		now = a.now()
		claims, err = a.verifier.Verify(token, keys, now)
		return err
	})
	return claims, now, err
}

// issuerOf returns the authority that a token says it is from, which is to be verified.
func (m *Middleware) issuerOf(token string) (*authority, error) {
	if len(m.issuers) == 1 {
		return m.issuers[0], nil
	}
	issuer, err := oidc.UnverifiedIssuer(token)
	if err != nil {
		return nil, err
	}
	for _, a := range m.issuers {
		if a.verifier.Issuer == issuer {
			return a, nil
		}
	}
	return nil, oidc.ErrIssuerMismatch
}
