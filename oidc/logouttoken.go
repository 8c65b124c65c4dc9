package oidc

import (
	"slices"
	"strings"
	"time"
)

// LogoutEvent is the member of events that makes a token a logout token
// (Back-Channel Logout 2.4).
const LogoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// LogoutDigest is of the value of a claim of an issuer's, in base64url; "" of none.
func LogoutDigest(claim, issuer, value string) string {
	if value == "" {
		return ""
	}
	return hashText(claim + "\n" + issuer + "\n" + value)
}

// A LogoutTokenVerifier checks logout tokens, with which a provider says at a
// server of the app that a session is over (Back-Channel Logout 2.6).
type LogoutTokenVerifier struct {
	Issuer     string   // what tokens have as iss, or a template for it, with {tenantid}
	Tenants    []string // that may stand in a template: GUIDs, or "*" for all; by default none
	ClientIDs  []string // of the app: a token has one of them in aud
	Algorithms []string // the allow-list; empty means all asymmetric ones
	Leeway     time.Duration

	// MaxAge is how old a token is at most, whatever it says itself: so long, with
	// the leeway, somebody has to remember that it was used. 0 is no bound.
	MaxAge time.Duration

	// Typed refuses tokens without the type logout+jwt, which is recommended
	// (Back-Channel Logout 2.4).
	Typed bool
}

// LogoutClaims are the claims of a verified logout token. Times are seconds since
// the epoch.
type LogoutClaims struct {
	Issuer    string
	Subject   string // "" if the token has SessionID alone
	SessionID string // "": all sessions of Subject are over
	ID        string // jti
	IssuedAt  int64
	Expiry    int64
}

// Verify returns the claims of a logout token. That it was used before is for the
// caller to find. Codes: [ErrTokenMalformed], [ErrHeaderNotAllowed],
// [ErrTypeNotAllowed], [ErrAlgNotAllowed], [ErrKeyNotFound], [ErrSignatureInvalid],
// and in a [ClaimError] [ErrClaimInvalid], [ErrTypeNotAllowed], [ErrIssuerMismatch],
// [ErrAudienceMismatch], [ErrTokenExpired], [ErrIssuedInFuture].
func (v *LogoutTokenVerifier) Verify(token string, keys *KeySet, now time.Time) (*LogoutClaims, error) {
	algorithms := v.Algorithms
	if len(algorithms) == 0 {
		algorithms = asymmetricAlgorithms
	}
	h, payload, err := verifyJWS(token, keys, algorithms)
	if err != nil {
		return nil, err
	}
	if !isType(h.Typ, "logout+jwt") && (v.Typed || h.Typ != "" && !isType(h.Typ, "jwt")) {
		return nil, ErrTypeNotAllowed
	}
	set, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	return v.check(set, now)
}

// check reads the claims and checks them.
func (v *LogoutTokenVerifier) check(set claimSet, now time.Time) (*LogoutClaims, error) {
	const section = "Back-Channel Logout 2.4"
	r := &reader{set: set}
	audience := r.strings("aud", section, true)
	claims := &LogoutClaims{
		Issuer:    r.text("iss", section, true),
		Subject:   r.text("sub", section, has(set, "sub")),
		SessionID: r.text("sid", section, has(set, "sid")),
		ID:        r.text("jti", section, true),
		IssuedAt:  r.seconds("iat", section, true),
		Expiry:    r.seconds("exp", section, true),
	}
	if claims.Subject == "" && claims.SessionID == "" { // step 4
		r.fail("sub", section, "absent, and sid, too")
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := checkLogoutEvent(set); err != nil {
		return nil, err
	}
	const step = "Back-Channel Logout 2.6 step 3"
	leeway, at := seconds(v.Leeway), now.Unix()
	switch {
	case !isIssuer(v.Issuer, v.Tenants, claims.Issuer, set):
		return nil, &ClaimError{Claim: "iss", Step: step, Err: ErrIssuerMismatch}
	case !slices.ContainsFunc(v.ClientIDs, func(id string) bool { return id != "" && slices.Contains(audience, id) }):
		return nil, &ClaimError{Claim: "aud", Step: step, Err: ErrAudienceMismatch}
	case at >= claims.Expiry+leeway:
		return nil, &ClaimError{Claim: "exp", Step: step, Err: ErrTokenExpired}
	case claims.IssuedAt > at+leeway:
		return nil, &ClaimError{Claim: "iat", Step: step, Err: ErrIssuedInFuture}
	case v.MaxAge > 0 && at-claims.IssuedAt-leeway >= seconds(v.MaxAge):
		return nil, &ClaimError{Claim: "iat", Step: step, Err: ErrTokenExpired}
	}
	return claims, nil
}

// checkLogoutEvent tells a logout token from others: it has the event, whose value is an
// object, and no nonce, which an ID Token has.
func checkLogoutEvent(set claimSet) error {
	events, err := parseClaims(set["events"])
	if err != nil || !strings.HasPrefix(string(events[LogoutEvent]), "{") {
		return &ClaimError{Claim: "events", Step: "Back-Channel Logout 2.6 step 5", Err: ErrTypeNotAllowed}
	}
	if _, present := set["nonce"]; present {
		return &ClaimError{Claim: "nonce", Step: "Back-Channel Logout 2.6 step 6", Err: ErrTypeNotAllowed}
	}
	return nil
}
