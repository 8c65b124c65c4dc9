package session

import (
	"maps"
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// ProfileSettings say what becomes of claims in a profile.
type ProfileSettings struct {
	// Omit are the claims that are left out; nil means those that concern the
	// protocol alone. What says whose claims they are always stays.
	Omit []string

	// MergeArrays adds the elements of an array of the userinfo endpoint to
	// those of the ID Token. By default it takes their place.
	MergeArrays bool
}

// protocolClaims are left out of a profile by default.
var protocolClaims = []string{"nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "at_hash"}

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

// addUserinfo merges the claims of the userinfo endpoint into a profile, but
// for the ones that say whose they are.
func (s *ProfileSettings) addUserinfo(profile, claims map[string]strictjson.RawMessage) {
	claims = s.profile(claims)
	for _, name := range identityClaims {
		delete(claims, name)
	}
	s.mergeInto(profile, claims)
}

func (s *ProfileSettings) mergeInto(claims, more map[string]strictjson.RawMessage) {
	for name, value := range more {
		claims[name] = s.merge(claims[name], value)
	}
}

// merge returns what becomes of a claim: objects are merged member by member,
// arrays if the settings say so; anything else is replaced.
func (s *ProfileSettings) merge(old, value strictjson.RawMessage) strictjson.RawMessage {
	var claims, more map[string]strictjson.RawMessage
	if strictjson.Unmarshal(old, &claims) == nil && strictjson.Unmarshal(value, &more) == nil && claims != nil && more != nil {
		s.mergeInto(claims, more)
		if merged, err := strictjson.Marshal(claims); err == nil {
			return merged
		}
	}
	if s.MergeArrays && old != nil && strings.Contains(string(old[:1])+string(value[:1]), "[") {
		return union(old, value)
	}
	return value
}

// union returns an array of the elements of both, each once; what is no array
// is an element. Those of a provider can be too many to be compared.
func union(a, b strictjson.RawMessage) strictjson.RawMessage {
	all, seen := strictjson.RawMessage("["), map[string]bool{}
	for _, raw := range []strictjson.RawMessage{a, b} {
		var elements []strictjson.RawMessage
		if strictjson.Unmarshal(raw, &elements) != nil {
			elements = []strictjson.RawMessage{raw}
		}
		for _, element := range elements {
			if !seen[string(element)] {
				seen[string(element)] = true
				if len(all) > 1 {
					all = append(all, ',')
				}
				all = append(all, element...)
			}
		}
	}
	return append(all, ']')
}
