package session

import (
	"cmp"
	"crypto/rand"
	"maps"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session/pace"
)

// A User is an End-User who is signed in, and the tokens. It is not changed
// once made.
type User struct {
	AccessToken  oidc.Secret
	TokenType    string
	RefreshToken oidc.Secret
	IDToken      oidc.Secret
	Scope        string // what was granted
	ExpiresAt    int64  // of the access token, seconds since the epoch; 0 if the provider does not say
	SessionState string // OIDC Session Management 2

	// Profile are the claims about the End-User, less those that concern the
	// protocol alone.
	Profile map[string]strictjson.RawMessage

	// State is what the app gave to the sign-in to get back.
	State strictjson.RawMessage

	// URLState is what the app added to the state parameter.
	URLState string

	// Response are the parameters beside of the response that brought the user, until a renewal.
	Response map[string]string

	// Extra are the members of the token response that nobody here knows.
	Extra map[string]strictjson.RawMessage

	// Kept are those of them that [Settings].TokenMembers names. They stay when a
	// renewal does not bring them.
	Kept map[string]strictjson.RawMessage

	claims   *oidc.IDTokenClaims
	asked    *Settings           // what the sign-in asked for; nil if the app brought the user
	resource []string            // that a renewal asked for: the access token is for nothing else
	key      *oidc.DPoPTransport // that the tokens are bound to; nil for bearer tokens
	line     string              // what renewals of the same person pass on; see [same]
	lifetime time.Duration       // of the access token when it came
	deadline time.Time           // when it ends, on the clock that nobody sets
}

// maxLifetime bounds the life of an access token, so that it fits a
// [time.Duration].
const maxLifetime = 100 * 365 * 24 * 60 * 60 // seconds

// sessionDigest is of the session at the provider that the ID Token names; "" if it names none.
func (u *User) sessionDigest() string {
	return oidc.LogoutDigest("sid", u.claims.Issuer, u.claims.SessionID)
}

// newUser makes a user of a token response that passed all its checks. The
// life of the access token counts from when it was asked for.
func (s *Settings) newUser(tokens *oidc.TokenResponse, claims *oidc.IDTokenClaims, r round) *User {
	user := &User{
		AccessToken:  tokens.AccessToken,
		TokenType:    tokens.TokenType,
		RefreshToken: tokens.RefreshToken,
		IDToken:      tokens.IDToken,
		Scope:        tokens.Scope,
		Extra:        tokens.Extra,
		Kept:         pick(tokens.Extra, s.TokenMembers),
		Profile:      s.Profile.profile(claims.Members),
		claims:       claims,
		asked:        s,
		line:         rand.Text(),
	}
	if tokens.ExpiresIn != nil {
		user.ExpiresAt = r.sent.Unix() + *tokens.ExpiresIn
		user.lifetime = time.Duration(min(*tokens.ExpiresIn, maxLifetime)) * time.Second
		user.deadline = time.Now().Add(user.lifetime)
	}
	return user
}

// pick returns the members with these names; nil if there are none.
func pick(members map[string]strictjson.RawMessage, names []string) map[string]strictjson.RawMessage {
	var picked map[string]strictjson.RawMessage
	for _, name := range names {
		if value, ok := members[name]; ok {
			if picked == nil {
				picked = map[string]strictjson.RawMessage{}
			}
			picked[name] = value
		}
	}
	return picked
}

// left returns how long the access token is good for. The wall clock counts
// sleep, the other one cannot be set back: what ends first counts.
func (u *User) left(now time.Time) time.Duration {
	if u.ExpiresAt == 0 {
		return pace.Forever
	}
	return min(time.Unix(u.ExpiresAt, 0).Sub(now.Round(0)), time.Until(u.deadline))
}

// follow takes over from the user before a renewal what the renewal does not
// bring.
func (u *User) follow(previous *User) {
	u.State = previous.State
	u.URLState = cmp.Or(u.URLState, previous.URLState)
	u.SessionState = cmp.Or(u.SessionState, previous.SessionState)
	if previous.Kept != nil {
		kept := maps.Clone(previous.Kept)
		maps.Copy(kept, u.Kept)
		u.Kept = kept
	}
	u.line = previous.line
	if len(u.resource) > 0 { // what the userinfo endpoint said stays, which does not get that token
		profile := maps.Clone(previous.Profile)
		maps.Copy(profile, u.Profile)
		u.Profile = profile
	}
	if u.claims.SessionID == "" && previous.claims.SessionID != "" { // a refreshed ID Token may lack it, but the session is the same
		claims := *u.claims
		claims.SessionID = previous.claims.SessionID
		u.claims = &claims
	}
}

// unanswered returns the user without what the sign-in and its response have brought for
// who waited for that: it is no answer to another response, which anybody may have made up.
func (u *User) unanswered() *User {
	bare := *u
	bare.State, bare.URLState, bare.Response = nil, "", nil
	return &bare
}

// unsteppedFor returns the user without what sign-ins asked for beyond the settings of
// a tab and a provider may not go on with: a step-up that is over must not end the
// session. It is nil if that is nothing.
func (u *User) unsteppedFor(s *Settings) *User {
	if u == nil || u.asked == nil {
		return nil
	}
	asked, was := *u.asked, &u.asked.Request
	asked.Request.ACRValues, asked.Request.Claims = s.Request.ACRValues, s.Request.Claims
	if asked.Request.ACRValues == was.ACRValues && asked.Request.Claims == was.Claims {
		return nil
	}
	weaker := *u
	weaker.asked = &asked
	return &weaker
}

// Subject returns the sub claim, which with the issuer identifies the
// End-User (OIDC Core 5.7).
func (u *User) Subject() string { return u.claims.Subject }

// person is the subject; what the profile says where there is no ID Token,
// which is the app's word. Empty if nobody says.
func (u *User) person() string {
	subject := u.Subject()
	if said := u.Profile["sub"]; subject == "" && strictjson.Unmarshal(said, &subject) != nil {
		subject = string(said) // a number, perhaps
	}
	return subject
}

// same tells whether two users are one person. Those of whom nobody says who
// they are are so only if one is a renewal of the other. A subject is one of its issuer,
// of which there are several where the issuer is a template.
func same(a, b *User) bool {
	if person := a.person(); person != "" && b.person() != "" {
		one, other := a.claims.Issuer, b.claims.Issuer
		return person == b.person() && (one == other || one == "" || other == "")
	}
	return a.line == b.line
}

// Scopes returns the granted scopes.
func (u *User) Scopes() []string { return oidc.SplitScope(u.Scope) }
