package session

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
)

// shortestOfRefreshToken is the shortest life of a refresh token that counts as the time that
// somebody may do nothing: what is shorter is for tests of a provider.
const shortestOfRefreshToken = 45 * time.Second

// timeout is the longest time without activity for a user; 0 if there is no end.
func (s *IdleSettings) timeout(user *User) time.Duration {
	if !s.OfRefreshToken || user == nil {
		return s.Timeout
	}
	life := user.refreshLife()
	if life < shortestOfRefreshToken || 0 < s.Timeout && s.Timeout < life {
		return s.Timeout
	}
	return life
}

// refreshLife is how long the refresh token is good for from when it came; 0 if that is not
// known, or has no end. No specification has it: it is what providers say in the token response, or in a
// token that is a JWT, which is not for the client and not checked.
func (u *User) refreshLife() time.Duration {
	if u.RefreshToken == "" {
		return 0
	}
	for _, name := range []string{"refresh_expires_in", "refresh_token_expires_in"} {
		if text := strings.Trim(string(u.Extra[name]), `"`); text != "" {
			return lifeOf(number(text))
		}
	}
	_, rest, _ := strings.Cut(u.RefreshToken.Reveal(), ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, _ := base64.RawURLEncoding.DecodeString(payload)
	var claims map[string]strictjson.RawMessage
	if strictjson.Unmarshal(text, &claims) != nil || claims["iat"] == nil {
		return 0
	}
	return lifeOf(number(string(claims["exp"])) - number(string(claims["iat"])))
}

func lifeOf(seconds int64) time.Duration {
	return time.Duration(max(0, min(seconds, maxLifetime))) * time.Second
}
