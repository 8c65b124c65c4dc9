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

	// AcceptUntypedJWT accepts tokens that do not say what they are: with a
	// typ of JWT or none, and without client_id, sub, iat and jti. It weakens
	// RFC 9068 4: an ID Token is then known by its claims alone, so Audience
	// must not be the client_id of any client. For providers that issue no
	// at+jwt.
	AcceptUntypedJWT bool
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
	ACR      string // acr, "" if the token does not say
	AuthTime int64  // auth_time, 0 if the token does not say

	// KeyThumbprint is cnf.jkt: who uses the token has to prove possession of
	// the key with this thumbprint (RFC 9449 6.1). "" for a bearer token.
	KeyThumbprint string

	Members map[string]strictjson.RawMessage
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
	typed := isType(h.Typ, "at+jwt")
	if !typed && !(v.AcceptUntypedJWT && (h.Typ == "" || isType(h.Typ, "jwt"))) {
		return nil, ErrTypeNotAllowed
	}
	claims, err := parseAccessTokenClaims(payload, typed)
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

// isType compares a typ header with a media type whose "application/" may be
// left out (RFC 7515 4.1.9).
func isType(typ, want string) bool {
	typ = strings.ToLower(typ)
	return typ == want || typ == "application/"+want
}

// otherTokens are claims that an access token has no use for: those of an ID
// Token (OIDC Core 2, 3.3.2.11) and of a logout or security event token
// (OIDC Back-Channel Logout 2.4).
var otherTokens = []string{"nonce", "at_hash", "c_hash", "events"}

// parseAccessTokenClaims reads the claims. A token that is typed has to have
// all that RFC 9068 demands; one that is not must not look like another kind.
func parseAccessTokenClaims(payload []byte, typed bool) (*AccessTokenClaims, error) {
	set, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	for _, claim := range otherTokens {
		if _, present := set[claim]; present && !typed {
			return nil, &ClaimError{Claim: claim, Step: "RFC 8725 3.12", Err: ErrTypeNotAllowed}
		}
	}
	const section = "RFC 9068 2.2"
	r := &reader{set: set}
	claims := &AccessTokenClaims{
		Issuer:   r.text("iss", section, true),
		Subject:  r.text("sub", section, typed),
		Audience: r.strings("aud", section, true),
		ClientID: r.text("client_id", section, typed),
		Scopes:   SplitScope(r.text("scope", section, false)),
		Expiry:   r.seconds("exp", section, true),
		IssuedAt: r.seconds("iat", section, typed),
		ID:       r.text("jti", section, typed),
		ACR:      r.context("RFC 9068 2.2.1"),
		AuthTime: r.seconds("auth_time", "RFC 9068 2.2.1", false),
		Members:  set,

		KeyThumbprint: r.confirmation(),
	}
	if r.err != nil {
		return nil, r.err
	}
	return claims, nil
}

// confirmation returns cnf.jkt (RFC 9449 6.1). A token that is bound in a way
// that is not checked here must not pass for one that is not bound.
func (r *reader) confirmation() string {
	raw, ok := r.set["cnf"]
	if !ok {
		return ""
	}
	const step = "RFC 7800 3.1"
	cnf, err := parseClaims(raw)
	if err != nil || len(cnf) != 1 {
		r.fail("cnf", step, "not one that is understood")
		return ""
	}
	member := &reader{set: cnf}
	thumbprint := member.text("jkt", step, true)
	if member.err != nil {
		r.fail("cnf", step, "not one that is understood")
	}
	return thumbprint
}

// CheckAuthentication returns nil if the End-User signed in in one of the
// ways acrValues and not longer than maxAge ago, nor in the future
// (RFC 9470 5); an empty list and 0 demand nothing, and no sign-in meets a
// negative maxAge. Codes, in a [ClaimError]: [ErrACRNotMet],
// [ErrAuthTimeTooOld].
func (c *AccessTokenClaims) CheckAuthentication(acrValues []string, maxAge, leeway time.Duration, now time.Time) error {
	const section = "RFC 9470 5"
	if len(acrValues) > 0 && !slices.Contains(acrValues, c.ACR) {
		return &ClaimError{Claim: "acr", Step: section, Err: ErrACRNotMet}
	}
	age := now.Unix() - c.AuthTime
	if maxAge < 0 || maxAge > 0 && (age-seconds(leeway) > int64(maxAge/time.Second) || age < -seconds(leeway)) {
		return &ClaimError{Claim: "auth_time", Step: section, Err: ErrAuthTimeTooOld}
	}
	return nil
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
