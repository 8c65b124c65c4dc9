package oidc

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// jwtResponseModes are those of a response in a JWT (JARM 2.3). For the
// code flow "jwt" means "query.jwt" (JARM 2.3.4).
var jwtResponseModes = []string{"jwt", "query.jwt", "fragment.jwt"}

// SignedResponse tells whether the response has to be a JWT, and is for
// [Transaction.ParseSignedCallback].
func (tx *Transaction) SignedResponse() bool {
	return slices.Contains(jwtResponseModes, tx.ResponseMode)
}

// ParseSignedCallback is [Transaction.ParseCallback] for a response that is
// a JWT signed by the provider (JARM 2.4). An unsigned one is
// [ErrCallbackMalformed]: what was asked for decides. Codes beside those of
// ParseCallback: [ErrTokenMalformed], [ErrHeaderNotAllowed],
// [ErrTypeNotAllowed], [ErrAlgNotAllowed], [ErrKeyNotFound],
// [ErrSignatureInvalid], and in a [ClaimError] [ErrClaimInvalid],
// [ErrIssuerMismatch], [ErrAudienceMismatch], [ErrTokenExpired].
func (tx *Transaction) ParseSignedCallback(m *Metadata, keys *KeySet, callbackURL string, now time.Time) (*Callback, error) {
	if !tx.SignedResponse() {
		return nil, ErrInvalidArgument
	}
	values, err := tx.response(callbackURL)
	if err != nil {
		return nil, err
	}
	if !values.Has("response") && isResponse(values) {
		return nil, tx.unsigned(values)
	}
	if values.Get("response") == "" {
		return nil, ErrCallbackMissing
	}
	if values.Has("code") || values.Has("error") {
		return nil, ErrCallbackMalformed // two responses, one of which nobody signed
	}
	claims, err := tx.verifyResponse(m, keys, values.Get("response"), now)
	if err != nil {
		return nil, err
	}
	if values, err = responseClaims(claims); err != nil {
		return nil, err
	}
	return tx.accept(m, callbackURL, values, now)
}

// unsigned is for a response in plain parameters where a signed one was asked for.
func (tx *Transaction) unsigned(values url.Values) error {
	what := "a code"
	if values.Has("error") {
		what = safeErrorCode(values.Get("error"))
	}
	return fmt.Errorf("response_mode %s was asked for, and %s came in plain parameters; have the provider sign its responses, or leave response_mode out: %w", tx.ResponseMode, what, ErrCallbackMalformed)
}

// verifyResponse checks the signature, and whom the response is from and for
// (JARM 2.4 steps 3 to 6).
func (tx *Transaction) verifyResponse(m *Metadata, keys *KeySet, token string, now time.Time) (claimSet, error) {
	h, payload, err := verifyJWS(token, keys, m.responseAlgorithms())
	if err != nil {
		return nil, err
	}
	if !isIDTokenType(h.Typ) {
		return nil, ErrTypeNotAllowed
	}
	set, err := parseClaims(strictjson.Once(payload)) // Keycloak writes iss twice
	if err != nil {
		return nil, err
	}
	const section = "JARM 2.1"
	r := &reader{set: set}
	claims := &IDTokenClaims{
		Issuer:   r.text("iss", section, true),
		Audience: r.strings("aud", section, true),
		Expiry:   r.seconds("exp", section, true),
	}
	if r.err != nil {
		return nil, r.err
	}
	v := &idTokenVerifier{ExpectedIDToken: m.Expect(tx.ClientID, ""), now: now.Unix(), leeway: seconds(0)}
	if err := m.checkNamed(claims.Issuer); err != nil {
		return nil, &ClaimError{Claim: "iss", Step: "JARM 2.4", Err: err}
	}
	return set, v.verifySome(claims, "JARM 2.4", "aud", "exp")
}

// responseAlgorithms returns the algorithms that the provider signs responses
// with (JARM 4); those of its ID Tokens if it does not say.
func (m *Metadata) responseAlgorithms() []string {
	if len(m.AuthorizationSigningAlgValuesSupported) > 0 {
		return m.AuthorizationSigningAlgValuesSupported // verifyJWS takes asymmetric ones alone
	}
	return m.SigningAlgorithms()
}

// jwtClaims are those of the JWT itself (RFC 7519 4.1): iss is a parameter, too.
var jwtClaims = []string{"sub", "aud", "exp", "nbf", "iat", "jti"}

// responseClaims returns the claims that are parameters of a response
// (JARM 2.1), which are strings. Of others, which the app may know, what is no
// string is none.
func responseClaims(set claimSet) (url.Values, error) {
	values := url.Values{}
	r := &reader{set: set}
	for _, name := range responseParameters {
		if has(set, name) {
			values.Set(name, r.text(name, "JARM 2.1", false))
		}
	}
	for name, raw := range set {
		if !slices.Contains(responseParameters, name) && !slices.Contains(jwtClaims, name) && strings.HasPrefix(string(raw), `"`) {
			values.Set(name, textOf(raw))
		}
	}
	return values, r.err
}

// unverifiedState returns the state in a response that is a JWT, to find the
// transaction by, which then verifies the response.
func unverifiedState(token string) (Secret, bool) {
	parts, err := splitToken(token)
	if err != nil {
		return "", false
	}
	payload, err := decodePart(parts[1])
	if err != nil {
		return "", false
	}
	claims, err := parseClaims(strictjson.Once(payload))
	if err != nil {
		return "", false
	}
	return Secret(textOf(claims["state"])), true
}
