package oidc

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An AuthenticationRequest is what a client asks of the authorization
// endpoint (OIDC Core 3.1.2.1). ClientID and RedirectURI are required; an
// empty Scope means "openid", and "openid" is added where it is missing.
type AuthenticationRequest struct {
	ClientID    string
	RedirectURI string
	Scope       string

	ResponseMode string // "query", the default, or "fragment"; "jwt", "query.jwt", "fragment.jwt" (JARM 2.3)
	Prompt       string // "none", "login", "consent", "select_account"
	Display      string
	MaxAge       *int64 // seconds
	UILocales    string
	IDTokenHint  Secret `json:"-"` // a token is stored nowhere
	LoginHint    string
	ACRValues    string   // space-separated, in order of preference
	Claims       string   // JSON (OIDC Core 5.5); what it calls essential is checked
	Resource     []string // RFC 8707 2

	// RequestObject is a Request Object that the app has, and RequestURI a
	// reference to one (RFC 9101 5): not both. What is in it comes before the
	// parameters, and a response that does not fit these is refused.
	RequestObject string
	RequestURI    string

	// Nonce, if set, takes the place of a random one: it has to be unguessable,
	// and another for each request (OIDC Core 15.5.2).
	Nonce Secret `json:"-"`

	// URLState goes behind the random part of state, for a provider or a page in
	// between to read. It is no secret, and is not what protects the flow.
	URLState string

	// OmitScope leaves scope out of the request, for a provider that knows what
	// to grant; "openid" is expected all the same.
	OmitScope bool

	// Lifetime is how long the End-User may take, in seconds; 0 means 15 minutes.
	Lifetime int64

	// ExtraToken are parameters of the token request that this package does not
	// know. They cannot replace those that protect the flow.
	ExtraToken map[string]string

	// RequiredACR are acr of which the ID Token has to have one, whatever Claims
	// says; nothing is sent for them. It is for the answer to a challenge
	// (RFC 9470 4), where ACRValues alone demands nothing.
	RequiredACR []string

	// DPoP says that the tokens will be asked for with a proof: nobody is sent
	// away to a provider that does not announce it.
	DPoP bool

	// DPoPThumbprint binds the code to the key of a [DPoPTransport]
	// (dpop_jkt, RFC 9449 10).
	DPoPThumbprint string

	// Extra are parameters that this package does not know, in order of
	// their names. They cannot replace those that protect the flow.
	Extra map[string]string
}

// protectedParameters make the response trustworthy, hold a token that nothing may keep,
// or are of the sign-out that has the same Extra: that cannot name them.
var protectedParameters = []string{
	"client_id", "redirect_uri", "response_type", "scope", "nonce", "state",
	"code_challenge", "code_challenge_method", "response_mode", "max_age", "acr_values", "dpop_jkt", "request", "request_uri",
	"id_token_hint", "post_logout_redirect_uri",
}

// Start begins a transaction: it returns the URL to send the End-User to, and
// what is needed to understand the answer. random is a source of random bits,
// [crypto/rand.Reader]. Codes: [ErrInvalidConfig], [ErrInsecureURL],
// [ErrInvalidArgument], [ErrUnsupported] for a response mode, or DPoP, that the
// provider does not announce.
func (r *AuthenticationRequest) Start(m *Metadata, random io.Reader, now time.Time) (*Transaction, string, error) {
	if err := r.Check(); err != nil {
		return nil, "", err
	}
	if err := m.checkResponseMode(r.ResponseMode); err != nil {
		return nil, "", err
	}
	if r.DPoP {
		if err := m.CheckDPoP(""); err != nil {
			return nil, "", err
		}
	}
	tx := &Transaction{
		Issuer:       m.provider(),
		ClientID:     r.ClientID,
		RedirectURI:  r.RedirectURI,
		ResponseMode: r.ResponseMode,
		Scope:        withOpenID(r.Scope),
		MaxAge:       r.MaxAge,
		Thumbprint:   r.DPoPThumbprint,
		CreatedAt:    now.Unix(),
		Lifetime:     r.Lifetime,
		ExtraToken:   r.ExtraToken,
	}
	var err error
	if tx.Essential, err = parseEssentialClaims(r.claims()); err != nil {
		return nil, "", err
	}
	if len(r.RequiredACR) > 0 {
		tx.Essential.ACR, tx.Essential.ACRValues = true, r.RequiredACR
	}
	for _, secret := range []*Secret{&tx.State, &tx.Nonce, &tx.CodeVerifier} {
		if *secret, err = randomSecret(random); err != nil {
			return nil, "", err
		}
	}
	if r.Nonce != "" {
		tx.Nonce = r.Nonce
	}
	tx.State = withURLState(tx.State, r.URLState)
	return tx, r.parameters(tx).appendTo(m.AuthorizationEndpoint), nil
}

// Check tells whether the request is one, before anything is done for it. Codes:
// [ErrInvalidConfig], [ErrInvalidArgument], [ErrInsecureURL].
func (r *AuthenticationRequest) Check() error {
	if r.ClientID == "" {
		return fmt.Errorf("client_id is missing: %w", ErrInvalidConfig)
	}
	if r.RedirectURI == "" {
		return fmt.Errorf("redirect_uri is missing: %w", ErrInvalidArgument)
	}
	if err := CheckRedirectURI("redirect_uri", r.RedirectURI); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "query", "fragment"}, r.ResponseMode) && !slices.Contains(jwtResponseModes, r.ResponseMode) {
		return fmt.Errorf("response_mode is none of query, fragment, jwt, query.jwt and fragment.jwt: %w", ErrInvalidArgument)
	}
	// none stands alone (OIDC Core 3.1.2.1)
	for _, prompt := range []string{r.Prompt, r.Extra["prompt"]} {
		if prompts := strings.Fields(prompt); len(prompts) > 1 && slices.Contains(prompts, "none") {
			return fmt.Errorf("prompt has none beside another value: %w", ErrInvalidArgument)
		}
	}
	if r.MaxAge != nil && *r.MaxAge < 0 {
		return fmt.Errorf("max_age is negative: %w", ErrInvalidArgument)
	}
	if r.RequestObject != "" && r.RequestURI != "" {
		return fmt.Errorf("request and request_uri exclude each other: %w", ErrInvalidArgument)
	}
	for _, resource := range r.Resource {
		if u, err := url.Parse(resource); err != nil || !u.IsAbs() || strings.Contains(resource, "#") {
			return fmt.Errorf("resource is no absolute address without a fragment: %w", ErrInvalidArgument)
		}
	}
	if _, err := parseEssentialClaims(r.claims()); err != nil {
		return err
	}
	if err := checkExtra(r.ExtraToken, protectedTokenParameters); err != nil {
		return err
	}
	return checkExtra(r.Extra, protectedParameters)
}

// checkExtra fails for an extra parameter that is protected.
func checkExtra(extra map[string]string, protected []string) error {
	for name := range extra {
		if slices.Contains(protected, name) {
			return fmt.Errorf("extra parameter %s is one that the client sets, leave it out: %w", name, ErrInvalidArgument)
		}
	}
	return nil
}

// claims returns the claims parameter that is sent.
func (r *AuthenticationRequest) claims() string {
	if extra, ok := r.Extra["claims"]; ok {
		return extra
	}
	return r.Claims
}

func (r *AuthenticationRequest) parameters(tx *Transaction) *params {
	p := &params{}
	p.add("client_id", r.ClientID)
	p.add("redirect_uri", r.RedirectURI)
	p.add("response_type", "code")
	if !r.OmitScope {
		p.add("scope", tx.Scope)
	}
	p.add("nonce", tx.Nonce.Reveal())
	p.add("dpop_jkt", r.DPoPThumbprint)
	p.add("state", tx.State.Reveal())
	p.add("code_challenge", codeChallenge(tx.CodeVerifier))
	p.add("code_challenge_method", "S256")
	for _, resource := range r.Resource {
		p.add("resource", resource)
	}
	p.add("response_mode", r.ResponseMode)
	p.add("prompt", r.Prompt)
	p.add("display", r.Display)
	if r.MaxAge != nil {
		p.add("max_age", strconv.FormatInt(*r.MaxAge, 10))
	}
	p.add("ui_locales", r.UILocales)
	p.add("id_token_hint", r.IDTokenHint.Reveal())
	p.add("login_hint", r.LoginHint)
	p.add("acr_values", r.ACRValues)
	p.add("request", r.RequestObject)
	p.add("request_uri", r.RequestURI)
	p.add("claims", r.Claims)
	p.setAll(r.Extra)
	return p
}

// WantsRequestAgain tells whether err is a response that asks for the request once
// more: so Keycloak does where its login page has been open for too long, and shows
// no form then.
func WantsRequestAgain(err error) bool {
	var refusal *ProviderError
	return errors.As(err, &refusal) && refusal.Endpoint == "authorization" &&
		refusal.ErrorCode == "temporarily_unavailable" && refusal.Description == "authentication_expired"
}

// SplitScope returns the scopes of a value, which are separated by U+0020 and
// by nothing else: a tab or a no-break space is no character of a scope, and
// stays where it is (RFC 6749 3.3).
func SplitScope(scope string) []string {
	return slices.DeleteFunc(strings.Split(scope, " "), func(one string) bool { return one == "" })
}

// withOpenID adds the scope that makes the request one of OpenID Connect
// (OIDC Core 3.1.2.1).
func withOpenID(scope string) string {
	scopes := SplitScope(scope)
	if !slices.Contains(scopes, "openid") {
		scopes = append([]string{"openid"}, scopes...)
	}
	return strings.Join(scopes, " ")
}
