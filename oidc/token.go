package oidc

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A TokenResponse is a successful answer of the token endpoint
// (RFC 6749 5.1, OIDC Core 3.1.3.3). Access and refresh token are opaque. No
// token is to be used before the ID Token has been verified.
type TokenResponse struct {
	AccessToken  Secret
	TokenType    string // as it came: "Bearer", "bearer"
	ExpiresIn    *int64 // seconds; nil if the provider does not say
	RefreshToken Secret
	IDToken      Secret
	Scope        string // what was granted; what was asked for if the answer does not say

	// Extra are the other members.
	Extra map[string]strictjson.RawMessage
}

var tokenResponseMembers = []string{"access_token", "token_type", "expires_in", "refresh_token", "id_token", "scope"}

// Exchange exchanges the code for tokens (OIDC Core 3.1.3.1, RFC 7636 4.5).
// Codes: those of [Transport], [ErrInvalidArgument] for a zero Callback,
// [ErrIssuerMismatch], [ErrDPoPKeyLost] if the code is bound to another key
// than that of t, [ErrHTTPStatus], [ErrNotJSON],
// [ErrTokenResponseInvalid], [ErrTokenTypeNotAllowed], [ErrIDTokenMissing], a
// [ProviderError].
func (c *Callback) Exchange(ctx context.Context, t Transport, m *Metadata) (*TokenResponse, error) {
	if c == nil || c.tx == nil {
		return nil, ErrInvalidArgument // not from ParseCallback: nothing was checked
	}
	if m.provider() != c.tx.Issuer {
		return nil, ErrIssuerMismatch // the code goes to nobody else (RFC 9700 4.4.2)
	}
	if err := c.tx.checkKey(t); err != nil {
		return nil, err
	}
	form := &params{}
	form.add("grant_type", "authorization_code")
	form.add("redirect_uri", c.tx.RedirectURI)
	form.add("code", c.code.Reveal())
	form.add("code_verifier", c.tx.CodeVerifier.Reveal())
	form.setAll(c.tx.ExtraToken) // checked at the start
	form.add("client_id", c.tx.ClientID)
	tokens, err := requestTokens(ctx, t, m, form, c.tx.Scope)
	if err != nil {
		return nil, err
	}
	if tokens.IDToken == "" {
		return nil, ErrIDTokenMissing
	}
	return tokens, nil
}

// checkKey fails if the code is bound to a key that t does not prove: the
// provider would refuse it, and take the attempt for a theft (RFC 9449 10).
func (tx *Transaction) checkKey(t Transport) error {
	if tx.Thumbprint == "" {
		return nil
	}
	if key, ok := t.(interface{ Thumbprint() string }); !ok || key.Thumbprint() != tx.Thumbprint {
		return ErrDPoPKeyLost
	}
	return nil
}

// A RefreshRequest asks for new tokens with a refresh token (RFC 6749 6).
type RefreshRequest struct {
	ClientID     string
	RefreshToken Secret
	Scope        string   // what was granted before; it cannot widen
	RedirectURI  string   // no provider needs it (RFC 6749 6), some want it
	Resource     []string // RFC 8707 2.2; what was granted before if empty
	Extra        map[string]string
}

// Refresh sends the request. The answer carries the refresh token to use from
// now on: the new one, or the old one if none came. Its ID Token may be empty.
// Codes as for [Callback.Exchange], and [ErrInvalidArgument] without a refresh
// token that there can be (RFC 6749 A.17), or without a client.
func (r *RefreshRequest) Refresh(ctx context.Context, t Transport, m *Metadata) (*TokenResponse, error) {
	if !IsVisible(r.RefreshToken.Reveal()) || r.ClientID == "" {
		return nil, ErrInvalidArgument
	}
	if err := checkExtra(r.Extra, protectedTokenParameters); err != nil {
		return nil, err
	}
	form := &params{}
	form.add("grant_type", "refresh_token")
	form.add("refresh_token", r.RefreshToken.Reveal())
	form.add("scope", r.Scope)
	form.add("redirect_uri", r.RedirectURI)
	for _, resource := range r.Resource {
		form.add("resource", resource)
	}
	form.setAll(r.Extra)
	form.add("client_id", r.ClientID)
	tokens, err := requestTokens(ctx, t, m, form, r.Scope)
	if err != nil {
		return nil, err
	}
	if tokens.RefreshToken == "" {
		tokens.RefreshToken = r.RefreshToken
	}
	return tokens, nil
}

// protectedTokenParameters are those of a token request that no extra parameter
// can name: what binds it to a sign-in, and who the client is.
var protectedTokenParameters = []string{
	"grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "resource",
	"client_id", "client_secret", "client_assertion", "client_assertion_type",
}

func requestTokens(ctx context.Context, t Transport, m *Metadata, form *params, scope string) (*TokenResponse, error) {
	resp, err := postForm(ctx, t, "token", m.TokenEndpoint, form, 200)
	if err != nil {
		return nil, err
	}
	var raw strictjson.RawMessage
	if err := decodeJSON("token", resp, &raw); err != nil {
		return nil, err
	}
	var extra map[string]strictjson.RawMessage
	if err := strictjson.Unmarshal(raw, &extra); err != nil {
		return nil, fmt.Errorf("%s: %w", err.Error(), ErrTokenResponseInvalid)
	}
	// Lenient: some providers refuse with the status of success.
	if extra["error"] != nil {
		if refusal := providerError("token", resp, form.secrets()); refusal != nil {
			return nil, refusal
		}
	}
	tokens, err := parseTokenResponse(extra)
	if err != nil {
		return nil, err
	}
	if err := checkTokenType(t, tokens.TokenType); err != nil {
		return nil, err
	}
	tokens.Scope = cmp.Or(tokens.Scope, scope)
	for _, name := range tokenResponseMembers {
		delete(extra, name)
	}
	return tokens, nil
}

// parseTokenResponse reads the members (RFC 6749 5.1). The error names the one
// that is not what it has to be.
//
// Lenient: some providers send scope as an array.
func parseTokenResponse(members claimSet) (*TokenResponse, error) {
	r := &reader{set: members, code: ErrTokenResponseInvalid}
	tokens := &TokenResponse{
		AccessToken:  Secret(r.text("access_token", "", true)),
		TokenType:    r.text("token_type", "", true),
		RefreshToken: Secret(r.text("refresh_token", "", false)),
		IDToken:      Secret(r.text("id_token", "", false)),
		Scope:        strings.Join(r.strings("scope", "", false), " "),
		Extra:        members,
	}
	if r.err != nil {
		if !has(members, "access_token") && has(members, "id_token") {
			return nil, fmt.Errorf("access_token is absent; ask for the scope of an API, at Azure AD B2C for the client_id as a scope: %w", ErrTokenResponseInvalid)
		}
		return nil, r.err
	}
	for name, token := range map[string]Secret{"access_token": tokens.AccessToken, "refresh_token": tokens.RefreshToken} {
		if token != "" && !IsVisible(token.Reveal()) {
			return nil, fmt.Errorf("%s has characters that no header can carry: %w", name, ErrTokenResponseInvalid)
		}
	}
	var err error
	tokens.ExpiresIn, err = parseExpiresIn(members["expires_in"])
	return tokens, err
}

// IsVisible tells whether text is 1*VSCHAR, as access token, refresh token and
// code are (RFC 6749 A.11, A.12, A.17). No header could carry anything else.
func IsVisible(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text != ""
}

// checkTokenType refuses a type that is not understood (RFC 6749 7.1), and a
// token for everybody where one bound to the key of t was asked for
// (RFC 9449 5).
func checkTokenType(t Transport, tokenType string) error {
	bound, ok := t.(interface{ AccessTokenType() string })
	switch {
	case ok && strings.EqualFold(tokenType, bound.AccessTokenType()):
		return nil
	case ok && strings.EqualFold(tokenType, "Bearer"):
		return ErrTokenTypeNotAllowed
	case !ok && strings.EqualFold(tokenType, "Bearer"):
		return nil
	}
	return fmt.Errorf("token_type is neither Bearer nor the one asked for: %w", ErrTokenResponseInvalid)
}

// parseExpiresIn reads a number of seconds that may be absent.
//
// Lenient: some providers send it as a string, with a fraction, as the time of a
// lifetime without end, or less than nothing for what has expired.
func parseExpiresIn(raw strictjson.RawMessage) (*int64, error) {
	text := strings.Trim(string(raw), `"`)
	if text == "" {
		return nil, nil
	}
	var value *float64 // a JSON number also in a string: no NaN, no 0x10p0
	if strictjson.Unmarshal([]byte(text), &value) != nil {
		return nil, fmt.Errorf("expires_in is no number of seconds: %w", ErrTokenResponseInvalid)
	}
	if value == nil {
		return nil, nil
	}
	seconds := int64(math.Floor(min(max(*value, 0), maxNumericDate)))
	return &seconds, nil
}
