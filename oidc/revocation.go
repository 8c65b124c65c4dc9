package oidc

import (
	"context"
)

// A RevocationRequest tells the provider that a token is not needed any more
// (RFC 7009 2.1). The one to revoke is the refresh token: its access tokens
// go with it, where the provider can take them back at all.
type RevocationRequest struct {
	ClientID string
	Token    Secret
	TypeHint string // "refresh_token", "access_token", or "" to let the provider look
}

// Revoke sends the request. That the token was unknown or revoked before is
// no error, nor is a body that cannot be read: the status says it all
// (RFC 7009 2.2). Codes: those of [Transport], [ErrUnsupported] without a
// revocation endpoint, [ErrInvalidArgument] without a token or a client, a
// [ProviderError], [ErrHTTPStatus]; see [TransportError.Retryable] for a
// server that is too busy.
func (r *RevocationRequest) Revoke(ctx context.Context, t Transport, m *Metadata) error {
	if m.RevocationEndpoint == "" {
		return lacks("revocation_endpoint, which revoking tokens needs")
	}
	if r.Token == "" || r.ClientID == "" {
		return ErrInvalidArgument
	}
	form := &params{}
	form.add("token", r.Token.Reveal())
	form.add("token_type_hint", r.TypeHint)
	form.add("client_id", r.ClientID)
	_, err := postForm(ctx, t, "revocation", m.RevocationEndpoint, form, 200)
	return err
}
