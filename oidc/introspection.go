package oidc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// An IntrospectionRequest asks the provider about a token (RFC 7662 2.1). Who asks has to
// be known to the provider: by the transport ([ClientAuthentication]), or by Bearer.
type IntrospectionRequest struct {
	Endpoint string // the introspection_endpoint of the provider
	ClientID string // of the API
	Token    Secret // the one in question

	// Bearer is an access token of the API itself, for providers that take one in the
	// place of a client's authentication.
	Bearer Secret
}

// answerKinds are members by which providers tell what kind of token an answer is about,
// with what they say of access tokens, in lower case: they answer for refresh tokens, too
// (RFC 7662 2.1), and some for ID Tokens. token_type is of RFC 7662 2.2, the others are
// providers' own.
var answerKinds = []struct {
	member string
	values []string
}{
	{"token_type", []string{"bearer", "dpop"}},
	{"token_use", []string{"access_token", "access"}},
	{"typ", []string{"bearer", "dpop", "at+jwt", "jwt"}},
}

// Introspect asks the provider about a token, and returns the claims if that is an active
// access token. Whose it is, for whom and for how long is left to
// [AccessTokenVerifier.Check]. That the answer is of the issuer is known by its endpoint: iss
// may be missing, and is the issuer then. JWTs as answers (RFC 9701) are not read.
//
// What the provider says of the token has these codes: [ErrTokenInactive], and in a
// [ClaimError] [ErrTypeNotAllowed] and [ErrClaimInvalid]. With any other nothing is known
// about the token: those of [Transport], [ErrInvalidArgument], [ErrHTTPStatus],
// [ErrNotJSON], [ErrIntrospectionInvalid], a [ProviderError].
func (v *AccessTokenVerifier) Introspect(ctx context.Context, t Transport, r *IntrospectionRequest) (*AccessTokenClaims, error) {
	if r.Token == "" || r.Endpoint == "" {
		return nil, ErrInvalidArgument
	}
	form := &params{}
	form.add("token", r.Token.Reveal())
	form.add("token_type_hint", "access_token")
	form.add("client_id", r.ClientID)
	if r.Bearer != "" {
		t = &withBearer{t, r.Bearer}
	}
	resp, err := postForm(ctx, t, "introspection", r.Endpoint, form, 200)
	if err != nil {
		return nil, err
	}
	var set claimSet
	if err := decodeJSON("introspection", resp, &set); err != nil {
		return nil, err
	}
	switch string(set["active"]) {
	case "true":
		return v.readAnswer(set)
	case "false":
		return nil, ErrTokenInactive
	}
	return nil, fmt.Errorf("active is neither true nor false: %w", ErrIntrospectionInvalid)
}

// readAnswer reads what is said of an active token (RFC 7662 2.2). What may be missing
// there, and in no JWT, is put in its place; Members are those of the answer.
func (v *AccessTokenVerifier) readAnswer(answer claimSet) (*AccessTokenClaims, error) {
	if err := v.Form.recognizeAnswer(answer); err != nil {
		return nil, err
	}
	set := maps.Clone(answer)
	if !has(set, "iss") {
		set["iss"] = jsonText(v.Issuer)
	}
	if v.WithoutAudience && !has(set, "aud") && len(v.Audiences) > 0 {
		set["aud"] = jsonText(v.Audiences[0])
	}
	claims, err := v.read(set, false)
	if err != nil {
		return nil, err
	}
	if claims.KeyThumbprint == "" && strings.EqualFold(textOf(set["token_type"]), "DPoP") { // RFC 9449 6.2
		return nil, &ClaimError{Claim: "cnf", Step: "RFC 9449 6.2", Err: fmt.Errorf("cnf is absent, and the token is bound to a key: %w", ErrClaimInvalid)}
	}
	claims.Members = answer
	return claims, nil
}

func jsonText(text string) strictjson.RawMessage {
	raw, _ := strictjson.Marshal(text) // a text has no value that cannot be written
	return raw
}

// recognizeAnswer returns nil if an answer is about an access token: it says so by
// token_type, or by the marks of the form.
func (f *AccessTokenForm) recognizeAnswer(answer claimSet) error {
	for _, kind := range answerKinds {
		if has(answer, kind.member) && !slices.Contains(kind.values, strings.ToLower(textOf(answer[kind.member]))) {
			return &ClaimError{Claim: kind.member, Step: "RFC 7662 2.2", Err: ErrTypeNotAllowed}
		}
	}
	typed := has(answer, "token_type")
	if !typed && len(f.Marks) == 0 {
		return fmt.Errorf("the answer has no token_type, and no Tokens say how else to know an access token: %w", ErrTypeNotAllowed)
	}
	return f.recognizeClaims(answer, typed)
}

// withBearer sends an access token along.
type withBearer struct {
	Transport
	token Secret
}

// Do is [Transport].
func (b *withBearer) Do(ctx context.Context, req *Request) (*Response, error) {
	signed := *req
	signed.Header = maps.Clone(req.Header)
	signed.Header["Authorization"] = "Bearer " + b.token.Reveal()
	resp, err := b.Transport.Do(ctx, &signed)
	if err != nil {
		return nil, err
	}
	known := *resp
	known.Secrets = append(slices.Clone(resp.Secrets), b.token)
	return &known, nil
}
