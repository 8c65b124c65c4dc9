package oidc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// An IssuerSource says where an API learns what it has to know of an issuer of access
// tokens. A client needs more: [MetadataSource].
type IssuerSource struct {
	// Issuer is what access tokens have as iss, or the authority whose metadata has a
	// template for that. It is only compared where one of the others below is given.
	Issuer string

	// Tenants are those whose tokens are accepted where the issuer is a template, with
	// {tenantid}: GUIDs in lower case, or "*" for all. There they have to be named.
	Tenants []string

	MetadataURL string // where the metadata is; default: below the issuer
	JWKSURI     string // where the keys are; no metadata is fetched then
	Keys        string // the keys themselves, a JWK Set; nothing is fetched then
}

// IssuerMetadata is what an API has to know of an issuer (RFC 8414 2, OIDC Discovery 3).
// Nothing else in a document is looked at.
type IssuerMetadata struct {
	Issuer  string // what access tokens have as iss, or a template for it
	JWKSURI string

	// IntrospectionEndpoint is where the provider is asked about tokens (RFC 7662 2), "" if
	// the document names none that can be used.
	IntrospectionEndpoint string
}

// Check returns nil if the source makes sense, as far as that shows without
// fetching. An error names the member. Codes: [ErrInvalidConfig], [ErrInsecureURL], [ErrKeysInvalid].
func (s *IssuerSource) Check() error {
	named, err := "Issuer", error(nil)
	switch {
	case s.JWKSURI != "" && s.MetadataURL != "", s.Keys != "" && s.MetadataURL+s.JWKSURI != "":
		return invalidMember("MetadataURL, JWKSURI, Keys", "one of them at most says where the keys are")
	case s.MetadataURL+s.JWKSURI+s.Keys == "":
		err = CheckIssuer(s.Issuer)
	case !IsVisible(s.Issuer):
		err = fmt.Errorf("has to be what access tokens have as iss: %w", ErrInvalidConfig)
	case s.MetadataURL != "":
		named = "MetadataURL"
		_, err = parseSecureURL(s.MetadataURL)
	case s.JWKSURI != "":
		named = "JWKSURI"
		_, err = parseSecureURL(s.JWKSURI)
	default:
		named = "Keys"
		if _, err = ParseKeys([]byte(s.Keys)); err != nil {
			err = fmt.Errorf("has to be a JWK Set with a public key that verifies signatures: %w", err)
		}
	}
	switch {
	case errors.Is(err, ErrInsecureURL):
		return fmt.Errorf("%s: has to be https, or http on a loopback host: %w", named, err)
	case err != nil:
		return fmt.Errorf("%s: %w", named, OfSetting(err))
	}
	for _, tenant := range s.Tenants {
		if tenant != "*" && !isTenant(tenant) {
			return invalidMember("Tenants", `each has to be a GUID in lower case, or "*"`)
		}
	}
	if s.JWKSURI+s.Keys != "" {
		return s.checkTenants(s.Issuer)
	}
	return nil
}

// invalidMember is for a member of a struct of settings, and what it has to be.
func invalidMember(name, expected string) error {
	return fmt.Errorf("%s: %s: %w", name, expected, ErrInvalidConfig)
}

// checkTenants wants tenants where the issuer is a template, and nowhere else: none of them
// could be told from another there.
func (s *IssuerSource) checkTenants(issuer string) error {
	switch template := strings.Contains(issuer, tenantMark); {
	case template && len(s.Tenants) == 0:
		return invalidMember("Tenants", "the issuer is one for each tenant, and none are named")
	case !template && len(s.Tenants) > 0:
		return invalidMember("Tenants", "some are named, and the issuer is one for all")
	}
	return nil
}

// Fetch returns the metadata. Without a URL it is where OIDC Discovery 4 says, or if nothing
// is there, where RFC 8414 3.1 says. Codes: those of [Transport] and [IssuerSource.Check],
// [ErrHTTPStatus], [ErrNotJSON], [ErrIssuerMismatch], [ErrMetadataInvalid].
func (s *IssuerSource) Fetch(ctx context.Context, t Transport) (*IssuerMetadata, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	switch {
	case s.JWKSURI != "":
		return &IssuerMetadata{Issuer: s.Issuer, JWKSURI: s.JWKSURI}, nil
	case s.MetadataURL != "":
		return s.fetch(ctx, t, s.MetadataURL)
	}
	m, err := s.fetch(ctx, t, ConfigurationURL(s.Issuer))
	if answer := (*TransportError)(nil); !errors.As(err, &answer) || answer.Status < 200 || answer.Status >= 500 {
		return m, err
	}
	if m, otherErr := s.fetch(ctx, t, authorizationServerURL(s.Issuer)); otherErr == nil {
		return m, nil
	}
	return nil, fmt.Errorf("no metadata below Issuer; if it is elsewhere, MetadataURL says where: %w", err)
}

// mismatch names the issuer of metadata that are not of Issuer, and how to mend that.
func (s *IssuerSource) mismatch(issuer string) error {
	if !IsVisible(issuer) || len(issuer) > 200 {
		return fmt.Errorf("the metadata is of no issuer that can be shown: %w", ErrIssuerMismatch)
	}
	cure := "set Issuer to that, and MetadataURL to where the metadata is"
	if strings.TrimSuffix(issuer, "/") == strings.TrimSuffix(s.Issuer, "/") {
		cure = "a slash at the end is all that differs; set Issuer to that"
	}
	return fmt.Errorf("setting Issuer is %s, and the metadata is of %s; %s: %w", s.Issuer, issuer, cure, ErrIssuerMismatch)
}

// authorizationServerURL returns where RFC 8414 3.1 has the metadata of an issuer: before
// its path.
func authorizationServerURL(issuer string) string {
	scheme, rest, _ := strings.Cut(issuer, "://")
	host, path, _ := strings.Cut(rest, "/")
	return strings.TrimSuffix(scheme+"://"+host+"/.well-known/oauth-authorization-server/"+path, "/")
}

func (s *IssuerSource) fetch(ctx context.Context, t Transport, url string) (*IssuerMetadata, error) {
	var raw strictjson.RawMessage
	var document struct {
		Issuer        string                `json:"issuer"`
		AccessToken   strictjson.RawMessage `json:"access_token_issuer"` // of ADFS
		JWKSURI       string                `json:"jwks_uri"`
		Introspection strictjson.RawMessage `json:"introspection_endpoint"`
	}
	req := &Request{Method: "GET", URL: url, Header: map[string]string{"Accept": "application/json"}, MayMove: true}
	if _, err := getJSON(ctx, t, "discovery", req, &raw); err != nil {
		return nil, err
	}
	if err := decodeObject(string(raw), &document, ErrMetadataInvalid); err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	m := &IssuerMetadata{Issuer: document.Issuer, JWKSURI: document.JWKSURI}
	if s.MetadataURL != "" && textOf(document.AccessToken) == s.Issuer {
		m.Issuer = s.Issuer
	}
	if endpoint := textOf(document.Introspection); checkEndpoint(endpoint) == nil { // who does not need it does not mind
		m.IntrospectionEndpoint = endpoint
	}
	// Code point by code point (OIDC Discovery 4.3, RFC 8414 3.3).
	err := s.checkTenants(m.Issuer)
	switch {
	case m.Issuer != s.Issuer && !isTemplateOf(m.Issuer, s.Issuer):
		err = s.mismatch(m.Issuer)
	case err == nil:
		err = checkEndpoint(m.JWKSURI)
	}
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	return m, nil
}
