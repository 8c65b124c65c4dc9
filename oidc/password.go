package oidc

import "context"

// A PasswordRequest asks for tokens with the End-User's password
// (RFC 6749 4.3). RFC 9700 2.4 says that it must not be used: it is for apps
// that have it and are about to leave it.
type PasswordRequest struct {
	ClientID string
	Username string
	Password Secret
	Scope    string
	Extra    map[string]string // parameters that this package does not know
}

// Exchange sends the request. Without the scope "openid" no ID Token comes.
// Codes as for [Callback.Exchange], and [ErrInvalidArgument] without a client.
func (r *PasswordRequest) Exchange(ctx context.Context, t Transport, m *Metadata) (*TokenResponse, error) {
	if r.ClientID == "" {
		return nil, ErrInvalidArgument
	}
	form := &params{}
	form.add("grant_type", "password")
	form.add("scope", r.Scope)
	form.add("username", r.Username)
	form.add("password", r.Password.Reveal())
	form.setAll(r.Extra)
	form.set("client_id", r.ClientID)
	return requestTokens(ctx, t, m, form, r.Scope)
}
