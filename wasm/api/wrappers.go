package api

import (
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// ownOfWrappers are settings that vuex-oidc and pinia-oidc have for themselves
// and hand on to a UserManager, whether the app sets them or not.
var ownOfWrappers = []string{"automaticSilentSignin"}

// ofApp returns settings without what wrappers of oidc-client-ts put beside
// the app's, which nobody could delete: settings of their own, and copies in
// camel case, redirectUri beside redirect_uri. In camel case alone a setting
// is a mistake, and stays to be refused.
func ofApp(settings []byte) []byte {
	var members map[string]strictjson.RawMessage
	if strictjson.Unmarshal(settings, &members) != nil {
		return settings
	}
	for name := range members {
		if original := snakeCase(name); original != name && members[original] != nil {
			delete(members, name)
		}
	}
	for _, name := range ownOfWrappers {
		delete(members, name)
	}
	rest, err := strictjson.Marshal(members)
	if err != nil {
		return settings
	}
	return rest
}

// snakeCase returns redirect_uri for redirectUri.
func snakeCase(name string) string {
	var out strings.Builder
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			out.WriteByte('_')
			c += 'a' - 'A'
		}
		out.WriteRune(c)
	}
	return out.String()
}
