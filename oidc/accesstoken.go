package oidc

import (
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// An AccessTokenVerifier checks access tokens at an API (RFC 9068 4). The
// client itself never looks into one.
type AccessTokenVerifier struct {
	Issuer     string
	Audience   string   // the API's own identifier
	Algorithms []string // the allow-list; empty means all asymmetric ones
	Leeway     time.Duration
}

// AccessTokenClaims are the claims of a verified access token (RFC 9068 2.2).
// Times are seconds since the epoch.
type AccessTokenClaims struct {
	Issuer   string
	Subject  string
	Audience []string
	ClientID string
	Scopes   []string
	Expiry   int64
	IssuedAt int64
	ID       string // jti
	Members  map[string]strictjson.RawMessage
}

// Verify returns the claims of a JWT access token that was issued for the
// audience and carries all of scopes. Codes: [ErrTokenMalformed],
// [ErrHeaderNotAllowed], [ErrTypeNotAllowed], [ErrAlgNotAllowed],
// [ErrKeyNotFound], [ErrSignatureInvalid], and in a [ClaimError]
// [ErrClaimInvalid], [ErrIssuerMismatch], [ErrAudienceMismatch],
// [ErrTokenExpired], [ErrTokenNotYetValid], [ErrIssuedInFuture],
// [ErrScopeInsufficient].
func (v *AccessTokenVerifier) Verify(token string, keys *KeySet, now time.Time, scopes ...string) (*AccessTokenClaims, error) {
	algorithms := v.Algorithms
	if len(algorithms) == 0 {
		algorithms = asymmetricAlgorithms
	}
	h, payload, err := verifyJWS(token, keys, algorithms)
	if err != nil {
		return nil, err
	}
	// RFC 9068 4: an ID Token is not an access token.
	if !strings.EqualFold(h.Typ, "at+jwt") && !strings.EqualFold(h.Typ, "application/at+jwt") {
		return nil, ErrTypeNotAllowed
	}
	claims, err := parseAccessTokenClaims(payload)
	if err != nil {
		return nil, err
	}
	if err := v.check(claims, now.Unix()); err != nil {
		return nil, err
	}
	for _, scope := range scopes {
		if !slices.Contains(claims.Scopes, scope) {
			return nil, &ClaimError{Claim: "scope", Step: "RFC 6750 3.1", Err: ErrScopeInsufficient}
		}
	}
	return claims, nil
}

func parseAccessTokenClaims(payload []byte) (*AccessTokenClaims, error) {
	set, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	const section = "RFC 9068 2.2"
	r := &reader{set: set}
	claims := &AccessTokenClaims{
		Issuer:   r.text("iss", section, true),
		Subject:  r.text("sub", section, true),
		Audience: r.strings("aud", section, true),
		ClientID: r.text("client_id", section, true),
		Scopes:   strings.Fields(r.text("scope", section, false)),
		Expiry:   r.seconds("exp", section, true),
		IssuedAt: r.seconds("iat", section, true),
		ID:       r.text("jti", section, true),
		Members:  set,
	}
	if r.err != nil {
		return nil, r.err
	}
	return claims, nil
}

func (v *AccessTokenVerifier) check(c *AccessTokenClaims, now int64) error {
	const section = "RFC 9068 4"
	leeway := seconds(v.Leeway)
	notBefore := &reader{set: c.Members}
	nbf := notBefore.seconds("nbf", "RFC 7519 4.1.5", false)
	switch {
	case notBefore.err != nil:
		return notBefore.err
	case v.Issuer == "" || c.Issuer != v.Issuer:
		return &ClaimError{Claim: "iss", Step: section, Err: ErrIssuerMismatch}
	case v.Audience == "" || !slices.Contains(c.Audience, v.Audience):
		return &ClaimError{Claim: "aud", Step: section, Err: ErrAudienceMismatch}
	case now >= c.Expiry+leeway:
		return &ClaimError{Claim: "exp", Step: section, Err: ErrTokenExpired}
	case c.IssuedAt > now+leeway:
		return &ClaimError{Claim: "iat", Step: section, Err: ErrIssuedInFuture}
	case nbf > now+leeway:
		return &ClaimError{Claim: "nbf", Step: "RFC 7519 4.1.5", Err: ErrTokenNotYetValid}
	}
	return nil
}
