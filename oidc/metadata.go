package oidc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Metadata is what a provider says of itself (OIDC Discovery 3).
// [FetchMetadata] and [Metadata.Check] make sure that it can be relied on.
type Metadata struct {
	Issuer                                     string   `json:"issuer"`
	AuthorizationEndpoint                      string   `json:"authorization_endpoint"`
	TokenEndpoint                              string   `json:"token_endpoint"`
	UserinfoEndpoint                           string   `json:"userinfo_endpoint,omitempty"`
	JWKSURI                                    string   `json:"jwks_uri"`
	ResponseTypesSupported                     []string `json:"response_types_supported"`
	SubjectTypesSupported                      []string `json:"subject_types_supported"`
	IDTokenSigningAlgValuesSupported           []string `json:"id_token_signing_alg_values_supported"`
	CodeChallengeMethodsSupported              []string `json:"code_challenge_methods_supported,omitempty"`
	AuthorizationResponseIssParameterSupported bool     `json:"authorization_response_iss_parameter_supported,omitempty"`
	ResponseModesSupported                     []string `json:"response_modes_supported,omitempty"`

	RevocationEndpoint string `json:"revocation_endpoint,omitempty"`  // RFC 8414 2
	EndSessionEndpoint string `json:"end_session_endpoint,omitempty"` // RP-Initiated Logout 2.1
	CheckSessionIframe string `json:"check_session_iframe,omitempty"` // Session Management 3.3

	PushedAuthorizationRequestEndpoint string `json:"pushed_authorization_request_endpoint,omitempty"` // RFC 9126 5
	RequirePushedAuthorizationRequests bool   `json:"require_pushed_authorization_requests,omitempty"`

	DPoPSigningAlgValuesSupported          []string `json:"dpop_signing_alg_values_supported,omitempty"`          // RFC 9449 5.1
	AuthorizationSigningAlgValuesSupported []string `json:"authorization_signing_alg_values_supported,omitempty"` // JARM 4

	// What the app says, and no provider can; see [MetadataSource].
	authority string // where Issuer is a template
	issuers   issuers
	audiences []string

	dropped []string // optional endpoints that cannot be used
}

// Dropped returns the names of the optional endpoints that are passed over: they
// are relative, or neither https nor on a loopback host.
func (m *Metadata) Dropped() []string { return m.dropped }

// provider identifies the provider: by the issuer, or by the authority where
// the issuer is a template.
func (m *Metadata) provider() string { return cmp.Or(m.authority, m.Issuer) }

// Expect returns what any ID Token of the provider for a client has to be, which
// comes with accessToken.
func (m *Metadata) Expect(clientID string, accessToken Secret) *ExpectedIDToken {
	return &ExpectedIDToken{
		Issuer:           m.provider(),
		ClientID:         clientID,
		TrustedAudiences: m.audiences,
		Algorithms:       m.SigningAlgorithms(),
		AccessToken:      accessToken,
		issuers:          m.issuers,
	}
}

// wellKnown is appended to the issuer (OIDC Discovery 4).
const wellKnown = "/.well-known/openid-configuration"

// ConfigurationURL returns where the metadata of issuer is: a single slash
// at the end of the issuer is dropped first (OIDC Discovery 4.1).
func ConfigurationURL(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + wellKnown
}

// FetchMetadata fetches and checks the metadata of issuer (OIDC Discovery 4).
// Codes: those of [Transport] and [Metadata.Check], [ErrHTTPStatus],
// [ErrNotJSON].
func FetchMetadata(ctx context.Context, t Transport, issuer string) (*Metadata, error) {
	return (&MetadataSource{Issuer: issuer}).Fetch(ctx, t)
}

// Check returns nil if the metadata is that of issuer and of a provider that
// this package can work with. Optional endpoints that cannot be used are taken
// out, see [Metadata.Dropped]. Codes: [ErrIssuerMismatch],
// [ErrMetadataInvalid], [ErrInsecureURL], [ErrUnsupported].
func (m *Metadata) Check(issuer string) error {
	// Code point by code point; issuers are not normalized (OIDC Discovery 4.3).
	if m.Issuer != issuer && !isTemplateOf(m.Issuer, issuer) {
		return issuerError(issuer, m.Issuer)
	}
	endpoints := []struct {
		name                 string
		url                  *string
		required, parameters bool // parameters: it is asked with some
	}{
		{"authorization_endpoint", &m.AuthorizationEndpoint, true, true},
		{"token_endpoint", &m.TokenEndpoint, true, true},
		{"jwks_uri", &m.JWKSURI, true, false},
		{"userinfo_endpoint", &m.UserinfoEndpoint, false, true},
		{"end_session_endpoint", &m.EndSessionEndpoint, false, true},
		{"revocation_endpoint", &m.RevocationEndpoint, false, true},
		{"pushed_authorization_request_endpoint", &m.PushedAuthorizationRequestEndpoint, false, true},
		{"check_session_iframe", &m.CheckSessionIframe, false, false},
	}
	for _, e := range endpoints {
		err := checkEndpoint(*e.url)
		if err == nil && e.parameters {
			err = checkQuery(*e.url)
		}
		switch {
		case err == nil, *e.url == "" && !e.required:
		case *e.url == "":
			return fmt.Errorf("%s is missing: %w", e.name, ErrMetadataInvalid)
		case e.required || e.parameters && checkEndpoint(*e.url) == nil:
			return fmt.Errorf("%s is %w", e.name, err)
		default:
			*e.url, m.dropped = "", append(m.dropped, e.name)
		}
	}
	for name, values := range map[string][]string{
		"response_types_supported": m.ResponseTypesSupported, "subject_types_supported": m.SubjectTypesSupported,
	} {
		if len(values) == 0 {
			return fmt.Errorf("%s is missing: %w", name, ErrMetadataInvalid)
		}
	}
	return m.checkSupport()
}

// issuerError returns [ErrIssuerMismatch] with the authority and the issuer that
// its metadata names, which is no secret.
func issuerError(authority, issuer string) error {
	bare := strings.TrimSuffix(authority, "/")
	why, mend := "the issuer in its metadata is", "if that is your provider, set authority to it; if no metadata is below that (Azure AD B2C), set metadataUrl to the address of this metadata, too"
	switch {
	case issuer == "":
		return fmt.Errorf("the metadata names no issuer: %w", ErrIssuerMismatch)
	case !IsVisible(issuer) || len(issuer) > 200:
		return fmt.Errorf("the metadata is of an issuer that cannot be shown: %w", ErrIssuerMismatch)
	case strings.TrimSuffix(issuer, "/") == bare:
		why, mend = "and a slash at the end is all that differs from the issuer in its metadata,", "set authority to that"
	case isTemplateOf(issuer, bare):
		mend = "take the slash at the end of authority away"
	case strings.HasPrefix(issuer, "https://sts.windows.net/") && strings.HasSuffix(bare, "/v2.0"):
		mend = "that is of version 1.0 of Microsoft Entra: leave metadataUrl out, or set it to " + bare + wellKnown
	case strings.HasPrefix(issuer, "https://sts.windows.net/"):
		mend = "that is of version 1.0 of Microsoft Entra: set authority to " + bare + "/v2.0"
	case strings.Contains(issuer, tenantMark):
		mend = "set authority to that, with common, organizations or a tenant's GUID in the place of " + tenantMark
	}
	return fmt.Errorf("authority is %s, %s %s; %s: %w", authority, why, issuer, mend, ErrIssuerMismatch)
}

// checkEndpoint wants https, or http on a loopback host (RFC 6749 3.1, 3.2).
func checkEndpoint(url string) error {
	_, err := parseSecureURL(url)
	switch {
	case errors.Is(err, ErrInsecureURL):
		return fmt.Errorf("not https: %w", ErrInsecureURL)
	case err != nil:
		return fmt.Errorf("no absolute address without fragment and password: %w", ErrMetadataInvalid)
	}
	return nil
}

// requestParameters are all that an endpoint may be asked with.
var requestParameters = []string{
	"client_id", "client_secret", "client_assertion", "client_assertion_type",
	"response_type", "response_mode", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
	"prompt", "display", "max_age", "ui_locales", "id_token_hint", "login_hint", "acr_values", "claims", "request",
	"request_uri", "resource", "dpop_jkt", "registration",
	"grant_type", "code", "code_verifier", "refresh_token", "token", "token_type_hint", "username", "password",
	"post_logout_redirect_uri", "logout_hint", "access_token",
}

// checkQuery refuses an endpoint with a query that names a parameter of a
// request: that would come twice, and which one counts is anybody's guess
// (RFC 6749 3.1 and 3.2).
func checkQuery(endpoint string) error {
	_, query, _ := strings.Cut(endpoint, "?")
	values, err := parseQuery(query)
	if err != nil {
		return fmt.Errorf("an address with a query that cannot be read: %w", ErrMetadataInvalid)
	}
	for name := range values {
		if slices.Contains(requestParameters, name) {
			return fmt.Errorf("an address with the parameter %s, which is the client's: %w", name, ErrMetadataInvalid)
		}
	}
	return nil
}

// checkSupport fails for a provider that rules out what is always used.
// Silence on code_challenge_methods_supported is accepted: many providers do
// PKCE without saying so, and state and nonce protect the rest (RFC 9700 4.7.1).
func (m *Metadata) checkSupport() error {
	if !slices.Contains(m.ResponseTypesSupported, "code") {
		return lacks("code in response_types_supported")
	}
	if len(m.CodeChallengeMethodsSupported) > 0 && !slices.Contains(m.CodeChallengeMethodsSupported, "S256") {
		return lacks("S256 in code_challenge_methods_supported")
	}
	if len(m.IDTokenSigningAlgValuesSupported) == 0 {
		return fmt.Errorf("id_token_signing_alg_values_supported is missing: %w", ErrMetadataInvalid)
	}
	if len(m.SigningAlgorithms()) == 0 {
		return lacks("RS256, ES256 or the like in id_token_signing_alg_values_supported")
	}
	return nil
}

// lacks is [ErrUnsupported] for what the metadata does not have.
func lacks(what string) error {
	return fmt.Errorf("the metadata has no %s; have the provider offer it: %w", what, ErrUnsupported)
}

// unannounced is [ErrUnsupported] for what no member of the metadata says that the
// provider can. The app can say so.
func unannounced(what, member string) error {
	return fmt.Errorf("%s: the provider does not announce it in %s; switch it on there, or leave the setting out; if the provider can do it unannounced, say so with metadataSeed: %w", what, member, ErrUnsupported)
}

// checkResponseMode fails for one that the provider does not announce. Every
// provider has query and fragment (OIDC Discovery 3); those of JARM may be known
// by the algorithms alone.
func (m *Metadata) checkResponseMode(mode string) error {
	announced := m.ResponseModesSupported
	if len(announced) == 0 {
		announced = []string{"query", "fragment"}
		if len(m.AuthorizationSigningAlgValuesSupported) > 0 {
			announced = append(announced, jwtResponseModes...)
		}
	}
	if mode != "" && !slices.Contains(announced, mode) {
		return unannounced("response_mode "+mode, "response_modes_supported")
	}
	return nil
}

// SigningAlgorithms returns the algorithms that the provider signs ID Tokens
// with, less those that are never accepted from it: "none", and HMAC, whose
// key a public client would have to share (OIDC Core 3.1.3.7 steps 7 and 8).
func (m *Metadata) SigningAlgorithms() []string {
	var algorithms []string
	for _, alg := range m.IDTokenSigningAlgValuesSupported {
		if slices.Contains(asymmetricAlgorithms, alg) {
			algorithms = append(algorithms, alg)
		}
	}
	return algorithms
}
