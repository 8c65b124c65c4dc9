package oidc

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// MaxAccessTokenLength bounds an access token in bytes, before an API reads it. Those of people in
// hundreds of groups have some tens of kB; reading one that nobody has signed takes
// about 0.1 ms for each kB.
const MaxAccessTokenLength = 64 << 10

// checkLength refuses an access token that nobody should read.
func checkLength(token string) error {
	if len(token) > MaxAccessTokenLength {
		return fmt.Errorf("longer than 64 KiB; have the provider put less into it, such as groups: %w", ErrTokenMalformed)
	}
	return nil
}

// An AccessTokenVerifier checks access tokens at an API (RFC 9068 4). The
// client itself never looks into one.
type AccessTokenVerifier struct {
	Issuer     string   // what tokens have as iss, or a template for it, with {tenantid}
	Tenants    []string // that may stand in a template: GUIDs, or "*" for all; by default none
	Audiences  []string // the API's own identifiers; a token is for one of them
	Algorithms []string // the allow-list; empty means all asymmetric ones
	Leeway     time.Duration

	// Form is that of the provider's tokens; default: RFC 9068 alone.
	Form AccessTokenForm

	// WithoutSubject accepts tokens without sub, whose Subject is then "". Who keys
	// anything by it gives all of their owners one account.
	WithoutSubject bool

	// WithoutAudience is for [AccessTokenVerifier.Introspect] alone: it accepts answers
	// without aud, of a provider that tells an API of nothing but tokens for it (RFC 7662
	// 4). They count as being for the first of Audiences.
	WithoutAudience bool
}

// AccessTokenClaims are the claims of a verified access token (RFC 9068 2.2).
// Times are seconds since the epoch.
type AccessTokenClaims struct {
	Issuer    string
	Subject   string
	Audience  []string
	ClientID  string   // client_id, or azp, cid or appid
	Scopes    []string // scope, or scp
	Expiry    int64
	IssuedAt  int64
	NotBefore int64  // nbf, 0 if the token does not say
	ID        string // jti
	ACR       string // acr, "" if the token does not say
	AuthTime  int64  // auth_time, 0 if the token does not say

	// Roles are those of the claim roles (RFC 9068 2.2.3.1), at Keycloak those of the
	// realm, and ClientRoles those that Keycloak has by client. A claim of another
	// shape gives none.
	Roles       []string
	ClientRoles map[string][]string

	// KeyThumbprint is cnf.jkt: who uses the token has to prove possession of
	// the key with this thumbprint (RFC 9449 6.1). "" for a bearer token.
	KeyThumbprint string

	Members map[string]strictjson.RawMessage
}

// Verify returns the claims of a JWT access token that was issued for the
// audience and carries all of scopes: [AccessTokenVerifier.Open] and
// [AccessTokenVerifier.Check], and [ErrScopeInsufficient] in a [ClaimError].
func (v *AccessTokenVerifier) Verify(token string, keys *KeySet, now time.Time, scopes ...string) (*AccessTokenClaims, error) {
	claims, err := v.Open(token, keys)
	if err != nil {
		return nil, err
	}
	if err := v.Check(claims, now); err != nil {
		return nil, err
	}
	for _, scope := range scopes {
		if !slices.Contains(claims.Scopes, scope) {
			return nil, &ClaimError{Claim: "scope", Step: "RFC 6750 3.1", Err: ErrScopeInsufficient}
		}
	}
	return claims, nil
}

// Open returns the claims of an access token with a good signature. Whose it is,
// for whom and for how long is left to [AccessTokenVerifier.Check]: that changes, this
// does not. Codes: [ErrTokenMalformed], [ErrHeaderNotAllowed], [ErrTypeNotAllowed],
// [ErrAlgNotAllowed], [ErrKeyNotFound], [ErrSignatureInvalid], and in a [ClaimError]
// [ErrTypeNotAllowed] and [ErrClaimInvalid].
func (v *AccessTokenVerifier) Open(token string, keys *KeySet) (*AccessTokenClaims, error) {
	if err := checkLength(token); err != nil {
		return nil, err
	}
	algorithms := v.Algorithms
	if len(algorithms) == 0 {
		algorithms = asymmetricAlgorithms
	}
	h, payload, err := verifyJWS(token, keys, algorithms)
	if err != nil {
		return nil, err
	}
	set, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	typed := isType(h.Typ, "at+jwt")
	if !typed { // RFC 9068 4: an ID Token is not an access token
		if err := v.Form.recognize(h.Typ, set); err != nil {
			return nil, err
		}
	}
	return v.read(set, typed)
}

// isType compares a typ header with a media type whose "application/" may be
// left out (RFC 7515 4.1.9).
func isType(typ, want string) bool {
	typ = strings.ToLower(typ)
	return typ == want || typ == "application/"+want
}

// read reads the claims. A token that is typed has to have all that RFC 9068 demands.
func (v *AccessTokenVerifier) read(set claimSet, typed bool) (*AccessTokenClaims, error) {
	const section = "RFC 9068 2.2"
	r := &reader{set: set}
	if !v.WithoutSubject && !has(set, "sub") {
		r.fail("sub", section, "absent: the token names nobody; the provider may have it for Introspection, or else it passes WithoutSubject alone")
	}
	claims := &AccessTokenClaims{
		Issuer:    r.text("iss", section, true),
		Subject:   r.text("sub", section, !v.WithoutSubject),
		Audience:  v.Form.audience(r, typed),
		ClientID:  r.client(typed),
		Scopes:    r.scopes(),
		Expiry:    r.seconds("exp", section, true),
		IssuedAt:  r.seconds("iat", section, typed),
		NotBefore: r.seconds("nbf", "RFC 7519 4.1.5", false),
		ID:        r.text("jti", section, typed),
		ACR:       r.context("RFC 9068 2.2.1"),
		AuthTime:  r.moment("auth_time", "RFC 9068 2.2.1"),
		Members:   set,

		KeyThumbprint: r.confirmation(),
	}
	if r.err != nil {
		return nil, r.err
	}
	claims.Roles, claims.ClientRoles = v.Form.roles(set)
	return claims, nil
}

// client returns client_id (RFC 9068 2.2), or what many have in its place: azp, which is
// of ID Tokens (OIDC Core 2), cid and appid.
func (r *reader) client(required bool) string {
	for _, claim := range []string{"client_id", "azp", "cid", "appid"} {
		if has(r.set, claim) {
			return r.text(claim, "RFC 9068 2.2", required)
		}
	}
	return r.text("client_id", "RFC 9068 2.2", required)
}

// scopes returns scope, a text with spaces (RFC 9068 2.2.3), or an array with an
// element for each; scp where there is no scope.
func (r *reader) scopes() []string {
	claim := "scope"
	if !has(r.set, claim) {
		claim = "scp"
	}
	if strings.HasPrefix(string(r.set[claim]), "[") {
		return r.strings(claim, "RFC 9068 2.2.3", false)
	}
	return SplitScope(r.text(claim, "RFC 9068 2.2.3", false))
}

// moment returns a time in seconds, or in the text that ADFS writes (RFC 3339).
func (r *reader) moment(claim, step string) int64 {
	if raw := r.set[claim]; strings.HasPrefix(string(raw), `"`) {
		if at, err := time.Parse(time.RFC3339, textOf(raw)); err == nil {
			return at.Unix()
		}
	}
	return r.seconds(claim, step, false)
}

// otherConfirmations are the methods that are not checked here (RFC 7800 3.2 to 3.5,
// RFC 8705 3.1, RFC 9203 3.2.1, RFC 9679 5.6).
var otherConfirmations = []string{"jwk", "jwe", "kid", "jku", "x5t#S256", "osc", "ckt"}

// confirmation returns cnf.jkt (RFC 9449 6.1). A token that is bound in a way
// that is not checked here must not pass for one that is not bound. Members that are no
// method do not matter, if there is a jkt (RFC 7800 3.1): Keycloak has kc-jkt-type.
func (r *reader) confirmation() string {
	if !has(r.set, "cnf") {
		return ""
	}
	const step = "RFC 7800 3.1"
	cnf, err := parseClaims(r.set["cnf"])
	if err != nil || slices.ContainsFunc(otherConfirmations, func(method string) bool { return has(cnf, method) }) {
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
	if len(acrValues) > 0 && (c.ACR == "" || !slices.Contains(acrValues, c.ACR)) {
		return &ClaimError{Claim: "acr", Step: section, Err: ErrACRNotMet}
	}
	age := now.Unix() - c.AuthTime
	if maxAge < 0 || maxAge > 0 && (age-seconds(leeway) > int64(maxAge/time.Second) || age < -seconds(leeway)) {
		return &ClaimError{Claim: "auth_time", Step: section, Err: ErrAuthTimeTooOld}
	}
	return nil
}

// Check returns nil if claims are of the issuer, for the audience, and good now. Codes, in
// a [ClaimError]: [ErrIssuerMismatch], [ErrAudienceMismatch], [ErrTokenExpired],
// [ErrTokenNotYetValid], [ErrIssuedInFuture].
func (v *AccessTokenVerifier) Check(c *AccessTokenClaims, now time.Time) error {
	const section = "RFC 9068 4"
	leeway, at := seconds(v.Leeway), now.Unix()
	switch {
	case !v.isIssuer(c):
		return &ClaimError{Claim: "iss", Step: section, Err: ErrIssuerMismatch}
	case !v.isAudience(c):
		return &ClaimError{Claim: "aud", Step: section, Err: ErrAudienceMismatch}
	case at >= c.Expiry+leeway:
		return &ClaimError{Claim: "exp", Step: section, Err: ErrTokenExpired}
	case c.IssuedAt > at+leeway:
		return &ClaimError{Claim: "iat", Step: section, Err: ErrIssuedInFuture}
	case c.NotBefore > at+leeway:
		return &ClaimError{Claim: "nbf", Step: "RFC 7519 4.1.5", Err: ErrTokenNotYetValid}
	}
	return nil
}

func (v *AccessTokenVerifier) isIssuer(c *AccessTokenClaims) bool {
	return isIssuer(v.Issuer, v.Tenants, c.Issuer, c.Members)
}

// isIssuer compares character by character. Where the issuer is a template, it is that
// of the tenant which the token names in tid, and which the API has named.
func isIssuer(issuer string, tenants []string, claimed string, set claimSet) bool {
	if !strings.Contains(issuer, tenantMark) {
		return issuer != "" && claimed == issuer
	}
	tenant := textOf(set["tid"])
	if !slices.Contains(tenants, tenant) && !slices.Contains(tenants, "*") {
		return false
	}
	named, err := (&issuers{template: issuer}).of(tenant)
	return err == nil && claimed == named
}

// isAudience wants one of the API's identifiers in aud.
func (v *AccessTokenVerifier) isAudience(c *AccessTokenClaims) bool {
	return slices.ContainsFunc(v.Audiences, func(audience string) bool {
		return audience != "" && slices.Contains(c.Audience, audience) && !(v.Form.NotItsClient && audience == c.ClientID)
	})
}
