package oidc

import (
	"fmt"
	"maps"
	"slices"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// An AccessTokenForm is how the access tokens of a provider are told from its other
// tokens where typ does not say at+jwt, but JWT or nothing. The zero value accepts
// none of those (RFC 9068 4). Any other demands claims that no ID Token, refresh token or
// logout token of the provider has (RFC 8725 3.12). A token whose typ is at+jwt has to have what
// RFC 9068 demands instead.
type AccessTokenForm struct {
	// Marks are the claims that all access tokens have, each with one of the values; with
	// any but "" where no values are given.
	Marks map[string][]string

	// Never are claims that no access token has, beside those of other tokens
	// that are known here: nonce, at_hash, c_hash and events.
	Never []string

	// HasNonce says that the nonce of a sign-in is in access tokens, too.
	HasNonce bool

	// AudienceClaim is the claim that says for whom a token is that has no aud.
	AudienceClaim string

	// NotItsClient refuses a token that is for nobody but the client it was issued to,
	// as every ID Token is.
	NotItsClient bool

	// RealmRoles says that roles are in realm_access and resource_access.
	RealmRoles bool
}

// otherTokens are claims that an access token has no use for: those of an ID
// Token (OIDC Core 2, 3.3.2.11) and of a logout or security event token
// (OIDC Back-Channel Logout 2.4).
var otherTokens = []string{"nonce", "at_hash", "c_hash", "events"}

// Check fails for a form that no token can have. Code: [ErrInvalidConfig].
func (f *AccessTokenForm) Check() error {
	for _, claim := range slices.Sorted(maps.Keys(f.Marks)) {
		other := slices.Contains(otherTokens, claim) && !(f.HasNonce && claim == "nonce")
		switch {
		case claim == "":
			return invalidMember("Marks", "one is of no claim")
		case other || slices.Contains(f.Never, claim):
			return invalidMember("Marks", claim+" is a claim that no access token has")
		case slices.Contains(f.Marks[claim], ""):
			return invalidMember("Marks", claim+" cannot be empty")
		}
	}
	return nil
}

// recognize returns nil if a token is an access token by its claims.
func (f *AccessTokenForm) recognize(typ string, set claimSet) error {
	if len(f.Marks) == 0 {
		return fmt.Errorf("typ is not at+jwt, and no Tokens say how else to know an access token: %w", ErrTypeNotAllowed)
	}
	if typ != "" && !isType(typ, "jwt") {
		return ErrTypeNotAllowed
	}
	return f.recognizeClaims(set, false)
}

// recognizeClaims wants all marks, and no claim of another token. Where something else has
// said that it is an access token, marks may be missing.
func (f *AccessTokenForm) recognizeClaims(set claimSet, known bool) error {
	for _, claim := range slices.Concat(otherTokens, f.Never) {
		if has(set, claim) && !(f.HasNonce && claim == "nonce") {
			return &ClaimError{Claim: claim, Step: "RFC 8725 3.12", Err: ErrTypeNotAllowed}
		}
	}
	for _, claim := range slices.Sorted(maps.Keys(f.Marks)) {
		values, raw := f.Marks[claim], string(set[claim])
		present := has(set, claim) && raw != `""` && raw != "[]"
		if known && !has(set, claim) {
			continue
		}
		if !present || len(values) > 0 && !slices.Contains(values, textOf(set[claim])) {
			return &ClaimError{Claim: claim, Step: "RFC 8725 3.12", Err: ErrTypeNotAllowed}
		}
	}
	return nil
}

// audience returns aud, or what the form has in its place where typ does not promise one.
func (f *AccessTokenForm) audience(r *reader, typed bool) []string {
	if f.AudienceClaim != "" && !typed && !has(r.set, "aud") {
		return []string{r.text(f.AudienceClaim, "RFC 9068 2.2", true)}
	}
	return r.strings("aud", "RFC 9068 2.2", true)
}

// roles returns those of the token, and those by client.
func (f *AccessTokenForm) roles(set claimSet) (roles []string, byClient map[string][]string) {
	list := func(set claimSet) []string { return (&reader{set: set}).strings("roles", "", false) }
	if !f.RealmRoles {
		if raw := string(set["roles"]); raw != "" && raw[0] == '[' {
			roles = list(set)
		}
		return roles, nil
	}
	clients, _ := parseClaims(set["resource_access"])
	for client, raw := range clients {
		if access, err := parseClaims(raw); err == nil {
			if byClient == nil {
				byClient = make(map[string][]string)
			}
			byClient[client] = list(access)
		}
	}
	realm, _ := parseClaims(set["realm_access"])
	return list(realm), byClient
}

// UnverifiedIssuer returns what a token says of its issuer, to choose by it who
// verifies the token. Nothing about it is known. Codes: [ErrTokenMalformed].
func UnverifiedIssuer(token string) (string, error) {
	if err := checkLength(token); err != nil {
		return "", err
	}
	parts, err := splitToken(token)
	if err != nil {
		return "", err
	}
	payload, err := decodePart(parts[1])
	if err != nil {
		return "", err
	}
	var claims struct {
		Issuer strictjson.RawMessage `json:"iss"`
	}
	if !startsObject(payload) || strictjson.Unmarshal(payload, &claims) != nil {
		return "", ErrTokenMalformed
	}
	return textOf(claims.Issuer), nil
}
