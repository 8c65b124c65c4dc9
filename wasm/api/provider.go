package api

import (
	"fmt"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session"
)

// providerJSON are the settings about the provider itself.
type providerJSON struct {
	Metadata     strictjson.RawMessage `json:"metadata"`
	MetadataSeed strictjson.RawMessage `json:"metadataSeed"`
	MetadataURL  string                `json:"metadataUrl"`
	SigningKeys  strictjson.RawMessage `json:"signingKeys"`

	TrustedAudiences []string `json:"trusted_audiences"`
	AllowedTenants   []string `json:"allowed_tenants"`
}

// settings converts to the engine's. What is in the documents is checked there.
func (j *providerJSON) settings() (session.ProviderSettings, error) {
	settings := session.ProviderSettings{MetadataURL: j.MetadataURL}
	for _, document := range []struct {
		name string
		raw  strictjson.RawMessage
		to   *string
	}{
		{"metadata", j.Metadata, &settings.Metadata},
		{"metadataSeed", j.MetadataSeed, &settings.MetadataSeed},
	} {
		switch {
		case isNull(document.raw):
		case strings.HasPrefix(string(document.raw), "{"):
			*document.to = string(document.raw)
		default:
			return settings, fmt.Errorf("%s is no object: %w", document.name, oidc.ErrInvalidConfig)
		}
	}
	for _, list := range []struct {
		name   string
		values []string
		to     *string
	}{
		{"trusted_audiences", j.TrustedAudiences, &settings.TrustedAudiences},
		{"allowed_tenants", j.AllowedTenants, &settings.Tenants},
	} {
		*list.to = strings.Join(list.values, " ")
		if len(list.values) > most || len(oidc.SplitScope(*list.to)) != len(list.values) {
			return settings, fmt.Errorf("%s has an entry with a space, or too many: %w", list.name, oidc.ErrInvalidConfig)
		}
	}
	if j.AllowedTenants != nil && len(j.AllowedTenants) == 0 {
		return settings, fmt.Errorf("allowed_tenants names nobody; leave it out for all: %w", oidc.ErrInvalidConfig)
	}
	if !isNull(j.SigningKeys) {
		settings.SigningKeys = `{"keys":` + string(j.SigningKeys) + `}`
	}
	return settings, nil
}

// dpop decodes a setting that is true, false, or an object of options.
func dpop(raw strictjson.RawMessage) (bound, bindCode bool, err error) {
	if isNull(raw) {
		return false, false, nil
	}
	if strings.HasPrefix(string(raw), "{") {
		var options struct {
			BindCode bool `json:"bind_authorization_code"`
		}
		if err := strictjson.UnmarshalKnown(raw, &options); err != nil {
			return false, false, fmt.Errorf("dpop: %s: %w", err.Error(), oidc.ErrInvalidConfig)
		}
		return true, options.BindCode, nil
	}
	if strictjson.Unmarshal(raw, &bound) != nil {
		return false, false, fmt.Errorf("dpop has to be true, false or an object: %w", oidc.ErrInvalidConfig)
	}
	return bound, false, nil
}

// peers are the other clients of a page: each an array of an authority and its
// redirect URIs. What is none of that is passed over: it is not this client's.
func peers(raw []strictjson.RawMessage) []session.Peer {
	var known []session.Peer
	for _, entry := range raw {
		var names []string
		if strictjson.Unmarshal(entry, &names) == nil && len(names) > 1 {
			known = append(known, session.Peer{Issuer: names[0], RedirectURIs: names[1:]})
		}
	}
	return known
}
