package oidc

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A UserinfoRequest asks for claims about the End-User (OIDC Core 5.3).
type UserinfoRequest struct {
	AccessToken Secret
	Subject     string // of the ID Token: the answer has to be about the same
	Issuer      string // of the ID Token; default: the one of the metadata

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
	resp, err := r.Send(ctx, t, m)
	if err != nil {
		return nil, err
	}
	return r.Read(resp, m, now)
}

// Send is the first half of Fetch: it returns the answer with status 200, of which nothing
// is known.
func (r *UserinfoRequest) Send(ctx context.Context, t Transport, m *Metadata) (*Response, error) {
	if m.UserinfoEndpoint == "" {
		return nil, lacks("userinfo_endpoint, which loadUserInfo needs")
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
		return nil, r.refusal(resp)
	}
	return resp, nil
}

// Read is the second half of Fetch: it returns the claims of an answer. With
// [ErrKeyNotFound] and [ErrSignatureInvalid] it may be read again, with newer Keys.
func (r *UserinfoRequest) Read(resp *Response, m *Metadata, now time.Time) (map[string]strictjson.RawMessage, error) {
	claims, err := r.parse(resp, m, now)
	if err != nil {
		return nil, err
	}
	read := &reader{set: claims}
	if subject := read.text("sub", "OIDC Core 5.3.2", true); read.err != nil {
		return nil, read.err
	} else if subject != r.Subject {
		return nil, &ClaimError{Claim: "sub", Step: "OIDC Core 5.3.2", Err: ErrSubjectChanged}
	}
	return claims, nil
}

// refusal returns what the provider says of its refusal, in a challenge
// (OIDC Core 5.3.3, RFC 6750 3) or in JSON.
func (r *UserinfoRequest) refusal(resp *Response) error {
	if refusal := providerError("userinfo", resp, []Secret{r.AccessToken}); refusal != nil {
		return refusal
	}
	challenges, _ := ParseChallenges(resp.Header["www-authenticate"])
	for _, c := range challenges {
		if code := c.Params["error"]; code != "" {
			return ProviderError{
				Endpoint: "userinfo", Status: resp.Status, ErrorCode: code, Description: c.Params["error_description"], RetryAfter: RetryAfter(resp),
			}.without(append(resp.Secrets, r.AccessToken)...)
		}
	}
	return statusError("userinfo", resp)
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
	expected := m.Expect(r.ClientID, "")
	expected.Issuer, expected.issuers = cmp.Or(r.Issuer, m.Issuer), issuers{}
	v := &idTokenVerifier{ExpectedIDToken: expected, now: now.Unix(), leeway: seconds(0)}
	c := &IDTokenClaims{
		Issuer:   read.text("iss", section, false),
		Audience: read.strings("aud", section, false),
		Expiry:   read.seconds("exp", section, false),
	}
	if read.err != nil {
		return nil, read.err
	}
	present := slices.DeleteFunc([]string{"iss", "aud", "exp"}, func(name string) bool { return !has(claims, name) })
	return claims, v.verifySome(c, section, present...)
}
