package oidc

import (
	"io"
	"net/url"
)

// An EndSessionRequest asks the provider to sign the End-User out
// (RP-Initiated Logout 2).
type EndSessionRequest struct {
	ClientID              string
	IDTokenHint           Secret
	PostLogoutRedirectURI string            // where to come back to; empty to stay
	State                 Secret            // comes back with the End-User; see [NewState]
	Extra                 map[string]string // what a provider wants beside, client_id with a hint among it
	Post                  bool              // a form instead of an address: a long hint has room
}

// An Address is where to send the End-User to. With an Action, a form goes there, in
// which is what URL has beyond it.
type Address struct {
	URL    string
	Action string
}

// NewState returns a random state for an EndSessionRequest.
// urlState goes behind it; see [URLState].
func NewState(random io.Reader, urlState string) (Secret, error) {
	state, err := randomSecret(random)
	return withURLState(state, urlState), err
}

// Check tells whether the request is one, before anything is done for it. Codes:
// [ErrInvalidArgument], [ErrInsecureURL].
func (r *EndSessionRequest) Check() error {
	if err := checkExtra(r.Extra, []string{"id_token_hint", "post_logout_redirect_uri", "state"}); err != nil {
		return err
	}
	if r.PostLogoutRedirectURI != "" {
		return CheckRedirectURI("post_logout_redirect_uri", r.PostLogoutRedirectURI)
	}
	return nil
}

// Address returns where to send the End-User to. A hint that makes an address too long
// for servers is left out. Codes: [ErrUnsupported] if the provider has no
// end_session_endpoint, those of Check.
func (r *EndSessionRequest) Address(m *Metadata) (Address, error) {
	if m.EndSessionEndpoint == "" {
		return Address{}, lacks("end_session_endpoint, which a sign-out there needs")
	}
	if err := r.Check(); err != nil {
		return Address{}, err
	}
	if r.Post {
		return Address{r.params(true).appendTo(m.EndSessionEndpoint), m.EndSessionEndpoint}, nil
	}
	address := r.params(false).appendTo(m.EndSessionEndpoint)
	if len(address) > addressLimit && r.IDTokenHint != "" {
		bare := *r
		bare.IDTokenHint = ""
		address = bare.params(false).appendTo(m.EndSessionEndpoint)
	}
	return Address{URL: address}, nil
}

// params are those of the request. In a form the client is named beside the hint, for who
// takes that out of it.
func (r *EndSessionRequest) params(form bool) *params {
	p := &params{}
	p.add("id_token_hint", r.IDTokenHint.Reveal())
	if form || r.IDTokenHint == "" {
		p.add("client_id", r.ClientID)
	}
	if r.PostLogoutRedirectURI != "" {
		p.add("post_logout_redirect_uri", r.PostLogoutRedirectURI)
		p.add("state", r.State.Reveal())
	}
	p.setAll(r.Extra)
	return p
}

// SignoutState returns the state that the provider sent back after a
// sign-out, empty if there is none. Codes: [ErrCallbackMalformed], and beside
// the state a [ProviderError] if the address holds an error.
func SignoutState(callbackURL string) (Secret, error) {
	u, err := url.Parse(callbackURL)
	if err != nil {
		return "", ErrCallbackMalformed
	}
	values, err := parseResponse(u.RawQuery)
	if err != nil {
		return "", err
	}
	if values.Get("error") != "" {
		return Secret(values.Get("state")), ProviderError{
			Endpoint:    "end_session",
			ErrorCode:   values.Get("error"),
			Description: values.Get("error_description"),
			URI:         values.Get("error_uri"),
		}.without(Secret(values.Get("state")))
	}
	return Secret(values.Get("state")), nil
}
