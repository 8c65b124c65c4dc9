package session

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/session/pace"
)

// A keptSession is what another program needs of a session. It holds tokens: it is for the
// keeper alone.
type keptSession struct {
	Issuer, ClientID string
	Key              string // a digest of the session's
	At               int64  // milliseconds since the epoch
	IdleAt           int64  // when a user is signed out who does nothing; 0: never
	Standing         keptStanding
	Grant            keptGrant
	User             keptUser
	Answer           *keptAnswer // nil if there is none
}

// keptStanding are the numbers of a [standing] that mean the same to another program.
type keptStanding struct {
	Order            int64
	Act              act
	Last             string
	At, Asked        int64
	Closed, Explicit int64
}

// keptGrant is a [grant] in the open.
type keptGrant struct {
	Token, Shown   string
	Lost           int
	Spent, Refused bool
}

// keptUser is a [User] in the open. Its ID Token has passed its checks when it came.
type keptUser struct {
	AccessToken, TokenType, RefreshToken, IDToken string

	Scope                  string
	ExpiresAt              int64
	SessionState, URLState string
	State                  strictjson.RawMessage `json:",omitempty"`
	Profile, Extra, Kept   map[string]strictjson.RawMessage
	Response               map[string]string

	Claims   keptClaims
	Asked    *keptSettings // nil if the app has brought the user
	Resource []string
	Line     string
	Lifetime time.Duration
	Left     time.Duration // of the access token
}

// keptClaims are [oidc.IDTokenClaims] in the open.
type keptClaims struct {
	Issuer, Subject        string
	Audience               []string
	AuthorizedParty        string
	Expiry, IssuedAt       int64
	NotBefore, AuthTime    int64
	Nonce, AccessTokenHash string
	ACR, SessionID         string
	Members                map[string]strictjson.RawMessage
}

// keptSettings are those of the sign-in that [Settings.again] asks for again.
type keptSettings struct {
	Scope, RefreshScope           string
	OmitScope, DPoP, LoadUserinfo bool
	Request                       RequestSettings
	ExtraToken                    map[string]string
	Profile                       ProfileSettings
	TokenMembers                  []string
}

// name is a digest: the client may have a secret.
func (k key) name() string {
	text := fmt.Sprintf("%q %q %q %q %q %q", k.source.MetadataSource, k.source.keys, k.clientID,
		k.authentication.Method, k.authentication.Algorithm, k.authentication.Secret.Reveal())
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// kept is what another program needs to go on; nil if nobody is signed in, or with a key,
// which stays where it was made.
func (s *session) kept() *keptSession {
	idle := s.idle.endsAt()
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.user
	if u == nil || u.key != nil {
		return nil
	}
	now := s.config.Now()
	st, g, c := &s.carried, &s.grant, u.claims
	kept := &keptSession{
		Issuer: s.id.source.Issuer, ClientID: s.id.clientID, Key: s.id.name(), At: now.UnixMilli(), IdleAt: idle,
		Standing: keptStanding{st.order, st.act, st.last, st.at, st.asked, st.closed, st.explicit},
		Grant:    keptGrant{g.token.Reveal(), g.shown.Reveal(), g.Lost, g.Spent, g.Refused},
		User: keptUser{
			u.AccessToken.Reveal(), u.TokenType, u.RefreshToken.Reveal(), u.IDToken.Reveal(),
			u.Scope, u.ExpiresAt, u.SessionState, u.URLState, u.State, u.Profile, u.Extra, u.Kept, u.Response,
			keptClaims{
				c.Issuer, c.Subject, c.Audience, c.AuthorizedParty, c.Expiry, c.IssuedAt, c.NotBefore, c.AuthTime,
				c.Nonce.Reveal(), c.AccessTokenHash, c.ACR, c.SessionID, c.Members,
			},
			nil, u.resource, u.line, u.lifetime, u.left(now),
		},
	}
	if g.used {
		kept.Grant.Lost++ // whether it is used up nobody will know
	}
	if a := u.asked; a != nil {
		kept.User.Asked = &keptSettings{a.Scope, a.RefreshScope, a.OmitScope, a.DPoP, a.LoadUserinfo, a.Request, a.ExtraToken, a.Profile, a.TokenMembers}
	}
	kept.Answer = s.keptAnswer(kept, now)
	return kept
}

func (k *keptStanding) standing() standing {
	return standing{order: k.Order, act: k.Act, last: k.Last, at: k.At, asked: k.Asked, closed: k.Closed, explicit: k.Explicit}
}

func (k *keptGrant) grant() grant {
	return grant{token: oidc.Secret(k.Token), shown: oidc.Secret(k.Shown), Grant: pace.Grant{Lost: k.Lost, Spent: k.Spent, Refused: k.Refused}}
}

func (c *keptClaims) claims() *oidc.IDTokenClaims {
	return &oidc.IDTokenClaims{
		Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, AuthorizedParty: c.AuthorizedParty,
		Expiry: c.Expiry, IssuedAt: c.IssuedAt, NotBefore: c.NotBefore, AuthTime: c.AuthTime,
		Nonce: oidc.Secret(c.Nonce), AccessTokenHash: c.AccessTokenHash, ACR: c.ACR, SessionID: c.SessionID, Members: c.Members,
	}
}

// user returns the user, for a tab with such settings. The clock that nobody sets is of the
// program that has ended: the wall clock says how long that is ago, and takes nothing back.
func (kept *keptSession) user(settings *Settings, now time.Time) *User {
	k := &kept.User
	c := &k.Claims
	user := &User{
		AccessToken: oidc.Secret(k.AccessToken), TokenType: k.TokenType, RefreshToken: oidc.Secret(k.RefreshToken), IDToken: oidc.Secret(k.IDToken),
		Scope: k.Scope, ExpiresAt: k.ExpiresAt, SessionState: k.SessionState, URLState: k.URLState, State: k.State,
		Profile: k.Profile, Extra: k.Extra, Kept: k.Kept, Response: k.Response,
		claims:   c.claims(),
		resource: k.Resource, line: k.Line, lifetime: k.Lifetime,
	}
	user.deadline = time.Now().Add(k.Left - max(0, now.Sub(time.UnixMilli(kept.At))))
	if a := k.Asked; a != nil {
		user.asked = settings.again(&User{asked: &Settings{
			Scope: a.Scope, RefreshScope: a.RefreshScope, OmitScope: a.OmitScope, DPoP: a.DPoP, LoadUserinfo: a.LoadUserinfo,
			Request: a.Request, ExtraToken: a.ExtraToken, Profile: a.Profile, TokenMembers: a.TokenMembers,
		}})
	}
	return user
}
