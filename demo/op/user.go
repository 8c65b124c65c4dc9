package op

import (
	"context"
	"crypto/subtle"
	"slices"
	"strings"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

// A User can sign in.
type User struct {
	Name     string // what is typed into the form
	Password string
	Subject  string // the claim sub; default: Name

	// Claims are further claims; those of the scopes profile and email go to
	// who asks for these scopes (OIDC Core 5.4), all others to everybody.
	Claims map[string]any
}

// DemoUser returns the user "demo" with the password "demo".
func DemoUser() User {
	return User{
		Name:     "demo",
		Password: "demo",
		Subject:  "demo-user-1",
		Claims: map[string]any{
			goidc.ClaimName:              "Demo User",
			goidc.ClaimPreferredUsername: "demo",
			goidc.ClaimEmail:             "demo@example.test",
			goidc.ClaimEmailVerified:     true,
		},
	}
}

func (u User) subject() string {
	if u.Subject != "" {
		return u.Subject
	}
	return u.Name
}

// claimScopes says which scope a claim needs (OIDC Core 5.4).
var claimScopes = map[string]string{
	goidc.ClaimName:              "profile",
	goidc.ClaimGivenName:         "profile",
	goidc.ClaimFamilyName:        "profile",
	goidc.ClaimNickname:          "profile",
	goidc.ClaimPreferredUsername: "profile",
	goidc.ClaimPicture:           "profile",
	goidc.ClaimLocale:            "profile",
	goidc.ClaimZoneInfo:          "profile",
	goidc.ClaimEmail:             "email",
	goidc.ClaimEmailVerified:     "email",
}

// user returns who has this name and password.
func (p *Provider) user(name, password string) (User, bool) {
	i := slices.IndexFunc(p.config.Users, func(u User) bool {
		return u.Name == name && subtle.ConstantTimeCompare([]byte(u.Password), []byte(password)) == 1
	})
	if i < 0 {
		return User{}, false
	}
	return p.config.Users[i], true
}

func (p *Provider) userInfoClaims(_ context.Context, grant *goidc.Grant) map[string]any {
	claims := map[string]any{}
	i := slices.IndexFunc(p.config.Users, func(u User) bool { return u.subject() == grant.Subject })
	if i < 0 {
		return claims
	}
	scopes := strings.Fields(grant.Scopes)
	for name, value := range p.config.Users[i].Claims {
		if scope := claimScopes[name]; scope == "" || slices.Contains(scopes, scope) {
			claims[name] = value
		}
	}
	return claims
}

func (p *Provider) idTokenClaims(ctx context.Context, grant *goidc.Grant) map[string]any {
	claims := p.userInfoClaims(ctx, grant)
	claims[goidc.ClaimAuthTime] = grant.Store[authTimeKey]
	return claims
}

func (p *Provider) accessTokenClaims(context.Context, *goidc.Token, *goidc.Grant) map[string]any {
	return map[string]any{goidc.ClaimAudience: p.config.Audience}
}

func (p *Provider) tokenOptions(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
	algorithm := goidc.SignatureAlgorithm(p.config.SigningAlgorithm)
	return goidc.NewJWTTokenOptions(algorithm, seconds(p.config.AccessTokenLifetime))
}

func (p *Provider) issuesRefreshToken(_ context.Context, _ *goidc.Client, grant *goidc.Grant) bool {
	return p.config.IssueRefreshTokens ||
		slices.Contains(strings.Fields(grant.Scopes), goidc.ScopeOfflineAccess.ID)
}

// noAssertions is never called: there are no clients that sign assertions.
// Without it go-oidc warns that it cannot tell a replayed one.
func noAssertions(context.Context, string) error { return nil }

func anyClient(context.Context, *goidc.Client) bool { return true }
