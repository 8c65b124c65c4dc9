// Package resource protects an API: net/http middleware that lets requests
// pass whose access token is good, and answers the others as the
// specifications say. It is for servers only, and not part of the wasm.
//
//	guard, err := resource.New(resource.Config{
//		Issuers: []resource.Issuer{{
//			Issuer:    "https://op.example",
//			Audiences: []string{"https://api.example"},
//		}},
//	})
//	mux.Handle("GET /things", guard.Handler(things, "read"))
//
// A handler behind it finds the claims of the token with [ClaimsFrom].
// Preflight requests carry no token: what answers them (CORS) goes in front.
//
// # Specifications
//
//	RFC 6750  Bearer Token Usage
//	RFC 9068  JWT Profile for Access Tokens
//	RFC 9449  Demonstrating Proof of Possession (DPoP)
//	RFC 9470  Step Up Authentication Challenge
//	RFC 7662  Token Introspection
//	RFC 9728  Protected Resource Metadata
//	Back-Channel Logout  OpenID Connect Back-Channel Logout 1.0
package resource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// A Config describes an API. Issuers are required.
type Config struct {
	Issuers []Issuer // of the access tokens
	Scopes  []string // that every request needs, all of them

	Leeway time.Duration // for all times, not negative; 0 means [oidc.DefaultLeeway]

	// VerifiedTokens is how many tokens of each issuer are remembered as verified, for
	// five minutes at most, so that their signature is not verified again; default:
	// [DefaultVerifiedTokens], and less than 0 remembers none. All else is checked at each request.
	VerifiedTokens int

	DPoP        DPoP        // off, unless it has a BaseURL
	ReplayCache ReplayCache // default: a [MemoryReplayCache]

	// Metadata is what the API says of itself to clients that do not know it
	// (RFC 9728); default: nothing.
	Metadata Metadata

	// Endings has access tokens refused that were issued before their session ended, as
	// [Middleware.BackChannelLogout] is told; default: nothing is known of that. Tokens with
	// neither iat nor nbf are refused if it is the session of their sid.
	Endings Endings

	Transport oidc.Transport   // to the issuers; default: a [Transport] that keeps a connection for each inquiry
	Now       func() time.Time // default: [time.Now]

	// Refused is told why a request was not let through, for a log: what the client is not
	// told, such as why there are no keys, too. The error has an [oidc.Code], or is
	// [ErrNoToken], [ErrInvalidRequest], or one of the replay cache, the Endings or a
	// stream; it holds nothing out of the token. Default: nobody is told.
	Refused func(r *http.Request, err error)
}

// A Middleware lets requests with a good access token through. It is safe for
// concurrent use.
type Middleware struct {
	config    Config
	issuers   []*authority
	nonces    *nonces // nil if none are required
	published *published
}

// A Requirement is what a handler demands beyond a good token. With one that is a mistake no
// request passes, each has status 500: a scope or an ACRValue that is empty or has a
// space, as two in one text have, and a MaxAge that is negative or no whole seconds.
type Requirement struct {
	Scopes []string // all of them, with those of [Config]

	// ACRValues are the authentication contexts of which the token has to
	// have one (RFC 9470 3).
	ACRValues []string
	// MaxAge is how long ago the End-User may have signed in, in whole
	// seconds; 0 demands nothing (RFC 9470 3).
	MaxAge time.Duration

	ended bool // tokens of sessions that are over pass, too
}

// New returns a middleware. It fetches nothing before the first request. What can never work
// is an error that names the member and what it has to be; what the caller does with
// slices and maps of the settings later changes nothing.
// Codes: [oidc.ErrInvalidConfig], [oidc.ErrInsecureURL], [oidc.ErrKeysInvalid].
func New(config Config) (*Middleware, error) {
	config.own()
	if err := config.complete(); err != nil {
		return nil, within("resource: ", err)
	}
	published, err := publish(&config)
	if err != nil {
		return nil, within("resource: Metadata.", err)
	}
	m := &Middleware{config: config, published: published}
	for i := range config.Issuers {
		a, err := newAuthority(&config, &config.Issuers[i])
		switch {
		case err != nil:
		case slices.ContainsFunc(m.issuers, func(other *authority) bool { return other.verifier.Issuer == a.verifier.Issuer }):
			err = invalidMember("Issuer", "one has it already")
		case a.takesOpaque() && slices.ContainsFunc(m.issuers, (*authority).takesOpaque):
			err = invalidMember("Introspection.Tokens", "one issuer alone can take opaque ones")
		}
		if err != nil {
			return nil, fmt.Errorf("resource: Issuers[%d].%w", i, err)
		}
		m.issuers = append(m.issuers, a)
	}
	if config.DPoP.RequireNonce {
		m.nonces = &nonces{key: config.DPoP.NonceKey}
	}
	return m, nil
}

// check returns nil if a token can meet a requirement.
func (r *Requirement) check() error {
	if err := checkScopes(r.Scopes); err != nil {
		return within("Scopes: ", err)
	}
	for _, acr := range r.ACRValues {
		if acr == "" || strings.Contains(acr, " ") { // every token without acr would meet the first
			return invalidMember("ACRValues", strconv.Quote(acr)+" is not one value")
		}
	}
	if r.MaxAge < 0 || r.MaxAge%time.Second != 0 {
		return invalidMember("MaxAge", "has to be whole seconds; a number without a unit is nanoseconds")
	}
	return nil
}

// Handler lets requests through to next whose token has all of scopes.
func (m *Middleware) Handler(next http.Handler, scopes ...string) http.Handler {
	return m.Require(next, Requirement{Scopes: scopes})
}

// Require lets requests through to next that meet a requirement.
func (m *Middleware) Require(next http.Handler, required Requirement) http.Handler {
	required.Scopes, required.ACRValues = slices.Concat(m.config.Scopes, required.Scopes), slices.Clone(required.ACRValues)
	mistake := required.check()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if mistake != nil {
			m.refuse(w, r, misconfigured(mistake))
			return
		}
		claims, nonce, err := m.authorize(r, &required)
		if err != nil {
			m.refuse(w, r, err)
			return
		}
		if nonce != "" {
			w.Header().Set("DPoP-Nonce", nonce)
		}
		next.ServeHTTP(w, r.WithContext(&admission{Context: r.Context(), token: claims}))
	})
}

// An admission is the context of a request that may pass.
type admission struct {
	context.Context
	token *oidc.AccessTokenClaims // of all requests with it
	once  sync.Once
	own   *oidc.AccessTokenClaims
}

// claimsKey is the key of a context for its admission.
type claimsKey struct{}

// Value is part of [context.Context].
func (a *admission) Value(key any) any {
	if key == (claimsKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// ClaimsFrom returns the claims of the access token of a request that came
// through a [Middleware], by the context of the request; nil for any other. They are
// those of this request, but for the bytes of Members, which nobody may change.
func ClaimsFrom(ctx context.Context) *oidc.AccessTokenClaims {
	a, _ := ctx.Value(claimsKey{}).(*admission)
	if a == nil {
		return nil
	}
	a.once.Do(func() { a.own = copyOf(a.token) })
	return a.own
}

// authorize returns the claims of a request that may pass, which are not to be changed, and a
// nonce for the next one if it is time for that. Its errors are of type *refusal.
func (m *Middleware) authorize(r *http.Request, required *Requirement) (*oidc.AccessTokenClaims, string, error) {
	scheme, token, err := m.credentials(r)
	if err != nil {
		return nil, "", err
	}
	claims, now, err := m.verify(r.Context(), token)
	switch {
	case errors.Is(err, errNoKeys), errors.Is(err, errNoAnswer):
		return nil, "", unavailable(err)
	case err != nil:
		return nil, "", invalidToken(scheme, m.withSetting(token, err))
	}
	if !required.ended {
		if err := m.checkEnded(r.Context(), scheme, claims); err != nil {
			return nil, "", err
		}
	}
	nonce, err := m.checkBinding(r, scheme, token, claims, now)
	if err != nil {
		return nil, "", err
	}
	if err := m.checkRequirement(scheme, claims, required, now); err != nil {
		return nil, "", err
	}
	return claims, nonce, nil
}

// withSetting puts in front of the error of a token which setting it may be about.
func (m *Middleware) withSetting(token string, err error) error {
	switch {
	case errors.Is(err, oidc.ErrAudienceMismatch):
		return within("aud has none of Audiences: ", err)
	case errors.Is(err, oidc.ErrIssuerMismatch):
		return within("iss is no Issuer of the Config: ", err)
	case errors.Is(err, oidc.ErrTokenMalformed) && strings.Count(token, ".") != 2 && !slices.ContainsFunc(m.issuers, (*authority).takesOpaque):
		return within("no signed JWT; opaque tokens need Introspection: ", err)
	}
	return err
}

// checkRequirement is about the rights of who proved to have the token.
func (m *Middleware) checkRequirement(scheme string, claims *oidc.AccessTokenClaims, required *Requirement, now time.Time) error {
	for _, scope := range required.Scopes {
		if !slices.Contains(claims.Scopes, scope) {
			return insufficientScope(scheme, required.Scopes)
		}
	}
	err := claims.CheckAuthentication(required.ACRValues, required.MaxAge, m.config.Leeway, now)
	if err != nil {
		return insufficientAuthentication(scheme, required, err)
	}
	return nil
}
