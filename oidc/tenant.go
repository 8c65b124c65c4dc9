package oidc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// tenantMark stands in the issuer of a provider with several tenants for the
// tenant whose tokens it issues. Whoever comes, of whichever tenant, is sent to
// the same endpoints: below an authority such as https://op.example/common.
const tenantMark = "{tenantid}"

// tenantOf returns what stands in issuer in the place of the mark, which is one
// whole segment of the path of template.
func tenantOf(template, issuer string) (string, bool) {
	before, after, found := strings.Cut(template, tenantMark)
	if !found || strings.Count(before, "/") < 3 || !strings.HasSuffix(before, "/") ||
		after != "" && after[0] != '/' || strings.Contains(after, tenantMark) {
		return "", false
	}
	rest, begins := strings.CutPrefix(issuer, before)
	tenant, ends := strings.CutSuffix(rest, after)
	return tenant, begins && ends && tenant != "" && !strings.Contains(tenant, "/")
}

// isTenant tells whether tenant is a GUID as tokens have it.
func isTenant(tenant string) bool {
	for i := range len(tenant) {
		c, hyphen := tenant[i], i == 8 || i == 13 || i == 18 || i == 23
		if hyphen != (c == '-') || !hyphen && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(tenant) == 36
}

// issuers are those that a provider with several tenants has.
type issuers struct {
	template string   // empty for a provider that is one issuer
	tenants  []string // those accepted; empty for all
	named    string   // the one that the response named; empty if it named none
}

// of returns the issuer of a tenant. It fails with [ErrIssuerMismatch] if that is none or not accepted.
func (s *issuers) of(tenant string) (string, error) {
	switch {
	case !isTenant(tenant):
		return "", fmt.Errorf("tid is absent or no GUID; the provider has to send it: %w", ErrIssuerMismatch)
	case len(s.tenants) > 0 && !slices.Contains(s.tenants, tenant):
		return "", fmt.Errorf("the tenant is none of allowed_tenants; add it there if its people may sign in: %w", ErrIssuerMismatch)
	}
	return strings.Replace(s.template, tenantMark, tenant, 1), nil
}

// checkNamed fails with [ErrIssuerMismatch] if a response of the provider may not name issuer
// as the one that it is from. Its ID Token has to be of the same.
func (m *Metadata) checkNamed(issuer string) error {
	if m.issuers.template == "" && issuer == m.Issuer {
		return nil
	}
	if tenant, ok := tenantOf(m.issuers.template, issuer); ok {
		_, err := m.issuers.of(tenant)
		return err
	}
	return fmt.Errorf("iss in the response is another: %w", ErrIssuerMismatch)
}

// isFor tells whether a key may verify a token with that payload. Where several tenants
// share a key set, a key says of which issuer it is, or that it is of all of a template: it
// is of no other's tokens
// (https://learn.microsoft.com/entra/identity-platform/access-tokens, Validate the signing key issuer).
func (k *jwk) isFor(payload []byte) bool {
	if k.issuer == "" {
		return true
	}
	claims, err := parseClaims(strictjson.Once(payload))
	issuer := k.issuer
	if tenant := textOf(claims["tid"]); isTenant(tenant) {
		issuer = strings.Replace(issuer, tenantMark, tenant, 1)
	}
	return err == nil && textOf(claims["iss"]) == issuer
}

// isTemplateOf tells whether the issuer of the metadata is a template for those of
// authority. Who names a tenant, by its domain say, means that one alone.
func isTemplateOf(issuer, authority string) bool {
	tenants, ok := tenantOf(issuer, authority)
	return ok && slices.Contains([]string{"common", "organizations", "consumers", tenantMark}, tenants)
}
