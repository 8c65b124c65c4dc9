// Package op is a small OpenID Provider for the demo and for tests: the
// protocol is github.com/luikyv/go-oidc, this package adds what a host
// program has to bring: a login form, sessions, users, keys, CORS.
//
// Everything is in memory and ends with the program. It is not a provider for
// production: passwords are compared as they are, and nothing slows down a
// person who guesses them.
package op

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"

	"github.com/oidcspa/oidcspa/demo/recorder"
)

// A Config describes a provider. Only Issuer and Clients are required.
type Config struct {
	// Issuer is the URL under which the provider is reached, with the port
	// and without a slash at the end. It may have a path.
	Issuer  string
	Clients []Client

	Users  []User   // default: one user "demo" with the password "demo"
	Scopes []string // besides openid, profile, email and offline_access; default: "api"

	// Audience is the aud of access tokens (RFC 9068 2.2); default: Issuer + "/api".
	Audience string
	// SigningAlgorithm is "RS256" (default) or "ES256".
	SigningAlgorithm string

	AccessTokenLifetime time.Duration // whole seconds; default: 5 minutes
	IDTokenLifetime     time.Duration // whole seconds; default: 5 minutes

	// IssueRefreshTokens gives a refresh token with every sign-in. Without
	// it, they are for those who ask for the scope offline_access.
	IssueRefreshTokens bool
}

// A Client is a public client of the authorization code flow with PKCE.
type Client struct {
	ID                     string
	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	// Origins are those that may read answers of the provider (CORS).
	Origins []string
}

// The paths of the endpoints, below the issuer.
const (
	discoveryPath  = "/.well-known/openid-configuration"
	jwksPath       = "/jwks"
	authorizePath  = "/authorize"
	tokenPath      = "/token"
	userInfoPath   = "/userinfo"
	endSessionPath = "/logout"
	revocationPath = "/revoke"
	stylePath      = "/style.css"
)

// A Provider is an OpenID Provider. It is an [http.Handler].
type Provider struct {
	issuer  *url.URL
	config  Config
	origins []string
	keys    *keys
	store   *store
	logins  *logins
	handler http.Handler
}

// New returns a provider that shares nothing with any other.
func New(config Config) (*Provider, error) {
	issuer, err := url.Parse(config.Issuer)
	if err != nil || issuer.Host == "" || strings.HasSuffix(config.Issuer, "/") {
		return nil, fmt.Errorf("op: issuer %q is not a URL without a slash at its end", config.Issuer)
	}
	if len(config.Clients) == 0 {
		return nil, errors.New("op: no client")
	}
	setDefaults(&config)
	keys, err := newKeys(config.SigningAlgorithm)
	if err != nil {
		return nil, err
	}
	p := &Provider{issuer: issuer, config: config, keys: keys, store: newStore(), logins: newLogins()}
	for _, c := range config.Clients {
		p.origins = append(p.origins, c.Origins...)
	}
	if p.handler, err = p.routes(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	return p, nil
}

func setDefaults(c *Config) {
	if c.Users == nil {
		c.Users = []User{DemoUser()}
	}
	if c.Scopes == nil {
		c.Scopes = []string{"api"}
	}
	if c.Audience == "" {
		c.Audience = c.Issuer + "/api"
	}
	if c.SigningAlgorithm == "" {
		c.SigningAlgorithm = string(goidc.RS256)
	}
	if c.AccessTokenLifetime == 0 {
		c.AccessTokenLifetime = 5 * time.Minute
	}
	if c.IDTokenLifetime == 0 {
		c.IDTokenLifetime = 5 * time.Minute
	}
}

// ServeHTTP answers requests for the issuer.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// Paths says where the endpoints are, for a [recorder.Recorder].
func (p *Provider) Paths() recorder.Paths {
	base := p.issuer.Path
	return recorder.Paths{
		Discovery:  base + discoveryPath,
		JWKS:       base + jwksPath,
		Authorize:  base + authorizePath,
		Token:      base + tokenPath,
		UserInfo:   base + userInfoPath,
		EndSession: base + endSessionPath,
		Login:      base + authorizePath + "/",
	}
}

// RotateKey makes a new key sign from now on. The old ones stay in the JWKS.
func (p *Provider) RotateKey() error { return p.keys.rotate() }

// EndSessions ends all sessions at the provider, as if it had been restarted;
// refresh tokens stay good.
func (p *Provider) EndSessions() { p.logins.endAll() }

func (p *Provider) routes() (http.Handler, error) {
	strict, err := p.protocol()
	if err != nil {
		return nil, err
	}
	// An ID Token that expired is still a good hint (OIDC Core 3.1.2.1,
	// RP-Initiated Logout 2). go-oidc has one leeway for hints and for
	// access tokens, so hints get an instance of their own.
	lenient, err := p.protocol(provider.WithJWTLeewayTime(365 * 24 * 3600))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", strict)
	mux.Handle(tokenPath, oneAtATime(strict))
	for _, path := range []string{authorizePath, endSessionPath} {
		mux.Handle(path, lenient)
		mux.Handle(path+"/", lenient)
	}
	mux.HandleFunc("GET "+stylePath, serveStyle)
	return http.StripPrefix(p.issuer.Path, p.cors(mux)), nil
}

// oneAtATime makes "find the code or refresh token, then mark it as used"
// one step: go-oidc does it in two.
func oneAtATime(next http.Handler) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func (p *Provider) protocol(extra ...provider.Option) (http.Handler, error) {
	algorithm := goidc.SignatureAlgorithm(p.config.SigningAlgorithm)
	scopes := []goidc.Scope{goidc.ScopeOpenID, goidc.ScopeProfile, goidc.ScopeEmail, goidc.ScopeOfflineAccess}
	for _, s := range p.config.Scopes {
		scopes = append(scopes, goidc.NewScope(s))
	}
	clients := p.clients(scopes)
	options := []provider.Option{
		provider.WithScopes(scopes...),
		provider.WithIDTokenSignatureAlgs(algorithm),
		provider.WithIDTokenLifetime(seconds(p.config.IDTokenLifetime)),
		provider.WithIDTokenClaims(p.idTokenClaims),
		provider.WithUserInfoClaims(p.userInfoClaims),
		provider.WithClaims(goidc.ClaimSubject, goidc.ClaimAuthTime, goidc.ClaimName,
			goidc.ClaimPreferredUsername, goidc.ClaimEmail, goidc.ClaimEmailVerified),
		provider.WithTokenOptions(p.tokenOptions),
		provider.WithTokenClaims(p.accessTokenClaims),
		provider.WithStaticClients(clients[0], clients[1:]...),
		provider.WithNoneAuthn(),
		provider.WithAuthCodeGrant(p.store, goidc.ResponseTypeCode),
		provider.WithDPoP(goidc.ES256, goidc.PS256),
		provider.WithPKCERequired(goidc.CodeChallengeMethodSHA256),
		provider.WithIssuerResponseParameter(),
		provider.WithJARM(algorithm),
		provider.WithRefreshTokenGrant(p.store),
		provider.WithRefreshTokenRotation(),
		provider.WithRefreshTokenShouldIssue(p.issuesRefreshToken),
		provider.WithTokenRevocation(anyClient),
		provider.WithPolicies(goidc.NewPolicy("login", anyRequest, p.authenticate)),
		provider.WithLogout(p.store, p.signedOut),
		provider.WithLogoutPolicies(goidc.NewLogoutPolicy("logout", anyLogout, p.logout)),
		provider.WithErrorRenderer(p.renderError),
		provider.WithJTIConsumer(noAssertions),
	}
	host, err := provider.New(p.config.Issuer, p.store, p.keys.set, append(options, extra...)...)
	if err != nil {
		return nil, err
	}
	return host.Handler(), nil
}

func (p *Provider) clients(scopes []goidc.Scope) []*goidc.Client {
	ids := make([]string, len(scopes))
	for i, s := range scopes {
		ids[i] = s.ID
	}
	clients := make([]*goidc.Client, len(p.config.Clients))
	for i, c := range p.config.Clients {
		clients[i] = &goidc.Client{ID: c.ID, ClientMeta: goidc.ClientMeta{
			Name:                   c.ID,
			ScopeIDs:               strings.Join(ids, " "),
			RedirectURIs:           slices.Clone(c.RedirectURIs),
			PostLogoutRedirectURIs: slices.Clone(c.PostLogoutRedirectURIs),
			GrantTypes:             []goidc.GrantType{goidc.GrantAuthorizationCode, goidc.GrantRefreshToken},
			ResponseTypes:          []goidc.ResponseType{goidc.ResponseTypeCode},
			TokenAuthnMethod:       goidc.AuthnMethodNone,
		}}
	}
	return clients
}

func seconds(d time.Duration) int { return int(d / time.Second) }
