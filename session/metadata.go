package session

import (
	"context"
	"fmt"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

// ProviderSettings are what the app knows of the provider itself, in JSON, which
// passes the same checks as what is fetched (OIDC Discovery 4.3), and how a tab
// sends its requests there.
type ProviderSettings struct {
	Metadata     string // the whole of it: none is fetched
	MetadataSeed string // members that take the place of those fetched
	MetadataURL  string // where it is; default: below the issuer
	SigningKeys  string // a JWK Set: none is fetched, whatever a token says

	TrustedAudiences, Tenants string // that its tokens may name, see [oidc.MetadataSource]

	// Headers go with every request to the provider: names and values. None
	// replaces one that belongs to a request. For those whose value is null or
	// empty a tab is asked before each request; see [HeaderSource].
	Headers string

	// RequestTimeout bounds each request. Default: that of the transport.
	RequestTimeout time.Duration

	// Cookies go with requests for metadata, tokens and claims, and with pushed
	// ones. The provider has to allow that by CORS.
	Cookies bool
}

// A source is where all that is known of a provider comes from. Providers of
// different sources are different, even if they have one issuer.
type source struct {
	oidc.MetadataSource
	keys string // a JWK Set, or empty
}

func (s *Settings) source() source {
	return source{
		MetadataSource: oidc.MetadataSource{
			Issuer: s.Issuer, Document: s.Provider.Metadata, Seed: s.Provider.MetadataSeed, URL: s.Provider.MetadataURL,
			TrustedAudiences: s.Provider.TrustedAudiences, Tenants: s.Provider.Tenants,
		},
		keys: s.Provider.SigningKeys,
	}
}

// check fails for what will not work.
func (s source) check() error {
	if err := s.Check(); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if s.keys != "" {
		if _, err := oidc.ParseKeys([]byte(s.keys)); err != nil {
			return fmt.Errorf("signingKeys: %w", err)
		}
	}
	return nil
}

// prepare fetches what it takes to read the response of a transaction. The
// code has not been used then: whoever fails here can try again.
func (p *provider) prepare(ctx context.Context, tx *oidc.Transaction) error {
	_, err := p.fetchMetadata(ctx)
	if err == nil && tx.SignedResponse() {
		_, err = p.fetchKeys(ctx, false)
	}
	return err
}
