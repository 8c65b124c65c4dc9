package api

import (
	"errors"
	"fmt"
	"slices"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/session"
)

// compatJSON are settings that apps have which come from oidc-client-ts.
type compatJSON struct {
	ExtraTokenParams       queryParams           `json:"extraTokenParams"`
	ExtraAtRefresh         bool                  `json:"extraTokenParamsAtRefresh"`
	ExtraHeaders           strictjson.RawMessage `json:"extraHeaders"`
	FilterProtocolClaims   strictjson.RawMessage `json:"filterProtocolClaims"`
	OmitScope              bool                  `json:"omitScopeWhenRequesting"`
	StaleStateAgeInSeconds strictjson.Seconds    `json:"staleStateAgeInSeconds"`
	Credentials            string                `json:"fetchRequestCredentials"`
	RevokeTokenTypes       []session.TokenType   `json:"revokeTokenTypes"`
	RefreshScope           string                `json:"refreshTokenAllowedScope"`
	TokenMembers           []string              `json:"extraTokenResponseKeys"`
	RequestTimeout         strictjson.Seconds    `json:"requestTimeoutInSeconds"`
	MergeClaims            struct {
		Array string `json:"array"`
	} `json:"mergeClaimsStrategy"`

	// DisablePKCE changes nothing: a provider that does not know PKCE passes its
	// parameters over (RFC 6749 3.1), and for any other it is a defence.
	DisablePKCE bool `json:"disablePKCE"`
}

// apply adds to settings. The error names the setting and has no code.
func (j *compatJSON) apply(settings *session.Settings) error {
	var err error
	if settings.ExtraToken, err = extraParams(j.ExtraTokenParams); err != nil {
		return fmt.Errorf("extraTokenParams: %w", err)
	}
	switch string(j.FilterProtocolClaims) {
	case "", "null", "true":
	case "false":
		settings.Profile.Omit = []string{}
	default:
		if err := strictjson.Unmarshal(j.FilterProtocolClaims, &settings.Profile.Omit); err != nil {
			return errors.New("filterProtocolClaims has to be true, false or an array of texts")
		}
	}
	// A store of settings has "same-origin" by default, whether the app meant it
	// or not: it counts as nothing.
	if !slices.Contains([]string{"", "omit", "same-origin", "include"}, j.Credentials) {
		return errors.New("fetchRequestCredentials has to be omit, same-origin or include")
	}
	settings.Provider.Cookies = j.Credentials == "include"
	if headers := string(j.ExtraHeaders); headers != "{}" && headers != "null" {
		settings.Provider.Headers = headers
	}
	if !slices.Contains([]string{"", "replace", "merge"}, j.MergeClaims.Array) {
		return errors.New("mergeClaimsStrategy.array has to be replace or merge")
	}
	settings.Profile.MergeArrays = j.MergeClaims.Array == "merge"
	for name, list := range map[string]int{
		"filterProtocolClaims": len(settings.Profile.Omit), "extraTokenResponseKeys": len(j.TokenMembers), "revokeTokenTypes": len(j.RevokeTokenTypes),
	} {
		if list > most {
			return fmt.Errorf("%s: %w", name, errTooMany)
		}
	}
	settings.ExtraAtRefresh = j.ExtraAtRefresh
	settings.RefreshScope = j.RefreshScope
	settings.TokenMembers = j.TokenMembers
	settings.Provider.RequestTimeout = duration(j.RequestTimeout)
	settings.OmitScope = j.OmitScope
	settings.RedirectTimeout = duration(j.StaleStateAgeInSeconds)
	settings.RevokeTypes = j.RevokeTokenTypes
	return nil
}
