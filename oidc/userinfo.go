package oidc

import (
	"context"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A UserinfoRequest asks for claims about the End-User (OIDC Core 5.3).
type UserinfoRequest struct {
	AccessToken Secret
	Subject     string // of the ID Token: the answer has to be about the same

	// Keys, Algorithms and ClientID verify an answer that is signed.
	Keys       *KeySet
	Algorithms []string
	ClientID   string
}

// Fetch returns the claims as they came: a JSON object, or the payload of a
// JWT whose signature was verified (OIDC Core 5.3.2). Codes: those of
// [Transport], [ErrUnsupported] without a userinfo endpoint, [ErrHTTPStatus],
// [ErrNotJSON], [ErrSubjectChanged], and for a signed answer those of the
// signature, [ErrIssuerMismatch], [ErrAudienceMismatch] and [ErrTokenExpired].
func (r *UserinfoRequest) Fetch(ctx context.Context, t Transport, m *Metadata, now time.Time) (map[string]strictjson.RawMessage, error) {
	if m.UserinfoEndpoint == "" {
		return nil, ErrUnsupported
	}
	resp, err := do(ctx, t, "userinfo", &Request{
		Method: "GET",
		URL:    m.UserinfoEndpoint,
		Header: map[string]string{
			"Accept":        "application/json, application/jwt",
			"Authorization": "Bearer " + r.AccessToken.Reveal(),
		},
		NoStore: true, // the next person has another token and the same URL
	})
	if err != nil {
		return nil, err
	}
	if resp.Status != 200 {
		return nil, &TransportError{Endpoint: "userinfo", Status: resp.Status, Err: ErrHTTPStatus}
	}
	claims, err := r.parse(resp, m, now)
	if err != nil {
		return nil, err
	}
	subject := (&reader{set: claims}).text("sub", "OIDC Core 5.3.2", true)
	if subject == "" || subject != r.Subject {
		return nil, &ClaimError{Claim: "sub", Step: "OIDC Core 5.3.2", Err: ErrSubjectChanged}
	}
	return claims, nil
}

func (r *UserinfoRequest) parse(resp *Response, m *Metadata, now time.Time) (claimSet, error) {
	if mediaType(resp) == "application/jwt" {
		return r.verify(string(resp.Body), m, now)
	}
	var claims claimSet
	if err := decodeJSON("userinfo", resp, &claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// verify checks a signed answer; iss, aud and exp are optional in it
// (OIDC Core 5.3.2).
func (r *UserinfoRequest) verify(token string, m *Metadata, now time.Time) (claimSet, error) {
	h, payload, err := verifyJWS(token, r.Keys, r.Algorithms)
	if err != nil {
		return nil, err
	}
	if !isIDTokenType(h.Typ) {
		return nil, ErrTypeNotAllowed
	}
	claims, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	const section = "OIDC Core 5.3.2"
	read := &reader{set: claims}
	v := &idTokenVerifier{
		ExpectedIDToken: &ExpectedIDToken{Issuer: m.Issuer, ClientID: r.ClientID},
		now:             now.Unix(), leeway: seconds(0),
	}
	c := &IDTokenClaims{
		Issuer:   read.text("iss", section, false),
		Audience: read.strings("aud", section, false),
		Expiry:   read.seconds("exp", section, false),
	}
	if read.err != nil {
		return nil, read.err
	}
	checks := map[string]func(*IDTokenClaims) error{
		"iss": v.checkIssuer, "aud": v.checkAudience, "exp": v.checkExpiry,
	}
	for _, name := range []string{"iss", "aud", "exp"} {
		if _, present := claims[name]; !present {
			continue
		}
		if err := checks[name](c); err != nil {
			return nil, &ClaimError{Claim: name, Step: section, Err: err}
		}
	}
	return claims, nil
}
