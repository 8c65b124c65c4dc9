package session

import (
	"maps"
	"slices"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// ProfileSettings say what becomes of claims in a profile.
type ProfileSettings struct {
	// Omit are the claims that are left out; nil means those that concern the
	// protocol alone. What says whose claims they are always stays.
	Omit []string
}

// protocolClaims are left out of a profile by default.
var protocolClaims = []string{
	"nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "at_hash",
}

// identityClaims say whose claims they are, from whom and until when.
var identityClaims = []string{"sub", "iss", "aud", "exp", "iat"}

// profile returns the claims without those to leave out.
func (s *ProfileSettings) profile(claims map[string]strictjson.RawMessage) map[string]strictjson.RawMessage {
	omit := s.Omit
	if omit == nil {
		omit = protocolClaims
	}
	profile := maps.Clone(claims)
	for _, name := range omit {
		if !slices.Contains(identityClaims, name) {
			delete(profile, name)
		}
	}
	return profile
}

// addUserinfo replaces claims of a profile by those of the userinfo endpoint,
// but for the ones that say whose they are.
func (s *ProfileSettings) addUserinfo(profile, claims map[string]strictjson.RawMessage) {
	for name, value := range s.profile(claims) {
		if !slices.Contains(identityClaims, name) {
			profile[name] = value
		}
	}
}
