package oidc

import (
	"context"
	"fmt"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// A MetadataSource says where the metadata of an issuer comes from. Issuer is
// required; with nothing else it is discovered (OIDC Discovery 4). Two sources
// that compare equal give the same metadata.
type MetadataSource struct {
	Issuer string

	// Document is the metadata in JSON, for a provider that cannot be asked:
	// nothing is fetched. What it does not say of response types, subject types
	// and signatures is what every provider has (OIDC Discovery 3): the code
	// flow, public subjects, RS256.
	Document string

	// Seed are members in JSON that take the place of those fetched.
	Seed string

	// URL is where the metadata is; default [ConfigurationURL].
	URL string

	// TrustedAudiences are those, separated by spaces, that may be in aud beside
	// the client where no azp says that the token is the client's.
	TrustedAudiences string

	// Tenants are those, separated by spaces, whose tokens are accepted where the
	// issuer in the metadata is a template, such as
	// https://op.example/{tenantid}/v2.0; default: all. A tenant is a GUID. An issuer that
	// is none is [ErrInvalidConfig].
	Tenants string
}

// everyProvider is what a document may leave out.
const everyProvider = `{"response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`

// Check returns nil if the source makes sense, as far as that shows without
// fetching. Codes: [ErrInvalidConfig], [ErrInsecureURL], and for Document
// those of [Metadata.Check].
func (s *MetadataSource) Check() error {
	if err := CheckIssuer(s.Issuer); err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	if s.URL != "" {
		if _, err := parseSecureURL(s.URL); err != nil {
			return fmt.Errorf("metadata URL: %w", err)
		}
	}
	for _, tenant := range SplitScope(s.Tenants) {
		if !isTenant(tenant) {
			return fmt.Errorf("allowed_tenants has an entry that is no GUID in lower case: %w", ErrInvalidConfig)
		}
	}
	if s.Document != "" {
		_, err := s.parse(everyProvider, s.Document)
		return err
	}
	if s.Seed == "" {
		return nil
	}
	return decodeObject(s.Seed, new(Metadata), ErrInvalidConfig)
}

// Fetch returns the metadata, which passed the same checks wherever it comes
// from (OIDC Discovery 4.3). Codes: those of [Transport] and [Metadata.Check],
// [ErrHTTPStatus], [ErrNotJSON].
func (s *MetadataSource) Fetch(ctx context.Context, t Transport) (*Metadata, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if s.Document != "" {
		return s.parse(everyProvider, s.Document)
	}
	url := s.URL
	if url == "" {
		url = ConfigurationURL(s.Issuer)
	}
	var raw strictjson.RawMessage
	req := &Request{Method: "GET", URL: url, Header: map[string]string{"Accept": "application/json"}, MayMove: true}
	if _, err := getJSON(ctx, t, "discovery", req, &raw); err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return s.parse(string(raw), s.Seed)
}

// parse decodes documents, of which a later one replaces members of those
// before, and checks the result.
func (s *MetadataSource) parse(documents ...string) (*Metadata, error) {
	m := &Metadata{}
	for _, document := range documents {
		if document == "" {
			continue
		}
		if err := decodeObject(document, m, ErrMetadataInvalid); err != nil {
			return nil, fmt.Errorf("discovery: %w", err)
		}
	}
	if err := s.Adopt(m); err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	return m, nil
}

// decodeObject decodes a JSON object into v. The error names the member that is
// not what it has to be.
func decodeObject(document string, v any, code Code) error {
	if !startsObject([]byte(document)) {
		return fmt.Errorf("no JSON object: %w", code)
	}
	if err := strictjson.Unmarshal([]byte(document), v); err != nil {
		return fmt.Errorf("%s: %w", err.Error(), code)
	}
	return nil
}

// Adopt checks metadata that came from this source earlier, and adds what the
// source says beside. Codes: those of [Metadata.Check].
func (s *MetadataSource) Adopt(m *Metadata) error {
	if err := m.Check(s.Issuer); err != nil {
		return err
	}
	m.audiences = SplitScope(s.TrustedAudiences)
	switch {
	case isTemplateOf(m.Issuer, s.Issuer):
		m.authority, m.issuers = s.Issuer, issuers{template: m.Issuer, tenants: SplitScope(s.Tenants)}
	case s.Tenants != "":
		return fmt.Errorf("allowed_tenants is set, and the issuer is %s alone, without {tenantid}; leave allowed_tenants out, or set authority to that of several tenants (Entra: common, organizations): %w", m.Issuer, ErrInvalidConfig)
	}
	return nil
}
