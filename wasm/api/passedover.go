package api

import (
	"slices"
	"strings"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// ownOfWrappers are settings that vuex-oidc and pinia-oidc have for themselves
// and hand on to a UserManager, whether the app sets them or not.
var ownOfWrappers = []string{"automaticSilentSignin"}

// formerSettings are those of oidc-client 1 and oidc-client-ts 2 that version 3
// passes over. Apps that have come all that way have them still.
var formerSettings = []string{
	"accessTokenExpiringNotificationTime", "checkSessionInterval", "clockSkew", "clockSkewInSeconds", "mergeClaims",
	"refreshTokenCredentials", "revokeAccessTokenOnSignout", "silentRequestTimeout", "staleStateAge", "userInfoJwtIssuer",
}

// ofApp returns settings without what has no effect with oidc-client-ts 3,
// either: [formerSettings], and what wrappers put beside the app's, which
// nobody could delete: settings of their own, and copies in camel case,
// redirectUri beside redirect_uri. In camel case alone a setting is a mistake,
// and stays to be refused.
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
	for _, name := range slices.Concat(ownOfWrappers, formerSettings) {
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
