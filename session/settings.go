package session

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/internal/strictjson"
	"github.com/oidcspa/oidcspa/oidc"
)

// Settings are those of one client. Issuer, ClientID and RedirectURI are
// required; a zero value means the default.
type Settings struct {
	Issuer                string
	ClientID              string
	RedirectURI           string
	SilentRedirectURI     string // default RedirectURI
	PostLogoutRedirectURI string // default: the provider decides where to stay
	SignoutByPost         bool   // see [oidc.EndSessionRequest]
	PopupRedirectURI      string // default RedirectURI

	// PopupPostLogoutRedirectURI has PostLogoutRedirectURI as its default.
	PopupPostLogoutRedirectURI string

	Scope string // default "openid"

	// Defaults of what a sign-in asks for; see [SigninArgs].
	Request RequestSettings

	// LoadUserinfo fetches claims from the userinfo endpoint after a sign-in.
	LoadUserinfo bool

	// ManualRenew turns off the renewal before the access token expires, or the refresh
	// token, where that is sooner and the provider says it. An access token
	// that has expired is still not handed out: [Client.Restore] renews it.
	ManualRenew bool

	// Restore says how a session is looked for that this program does not know
	// of. Default [RestoreSilent].
	Restore RestoreMode

	// ExpiringNotice is how long before its end an access token counts as
	// expiring. Default 60 s; a third of its life for a token that lives
	// less than three times that.
	ExpiringNotice time.Duration

	// SilentTimeout bounds the life of the hidden frame. Default: that of a
	// request to the provider, and 10 s without one.
	SilentTimeout time.Duration

	// Push says whether requests are pushed to the provider (RFC 9126).
	Push oidc.PushMode

	// DPoP binds the tokens to a key that does not leave this program
	// (RFC 9449); a provider that issues bearer tokens is refused.
	DPoP bool

	// Authentication is how the client proves who it is, if it has a secret.
	Authentication oidc.ClientAuthentication

	// BindCode binds the code to that key, too (dpop_jkt, RFC 9449 10). A key
	// that ends with the page is refused for a redirect.
	BindCode bool

	// Provider is what need not be fetched.
	Provider ProviderSettings

	// ExtraToken are parameters of token requests for a code, see
	// [oidc.AuthenticationRequest].
	ExtraToken map[string]string

	// ExtraAtRefresh has them go with requests with the refresh token, too, unless the
	// arguments have others.
	ExtraAtRefresh bool

	// PromptAfterSignout has the first sign-in after a sign-out ask the End-User to log in
	// (prompt=login), where the provider has no sign-out of its own and would let in whoever
	// was there before. Not where settings or arguments have a prompt.
	PromptAfterSignout bool

	// OmitScope leaves scope out of requests, see [oidc.AuthenticationRequest].
	OmitScope bool

	// RefreshScope are the scopes, separated by spaces, that a refresh request
	// may name; empty means all that were granted.
	RefreshScope string

	// RedirectTimeout is how long a sign-in or a sign-out that leaves the page
	// may take. Default 15 minutes.
	RedirectTimeout time.Duration

	// Profile is about the claims of the user.
	Profile ProfileSettings

	// TokenMembers are members of token responses that users keep, see
	// [User].Kept.
	TokenMembers []string

	// RevokeTypes are the tokens that [Client.RevokeTokens] and a sign-out
	// revoke, in this order. Default: both, and at a sign-out the refresh token.
	RevokeTypes []TokenType

	// RevokeAtSignout says whether a sign-out revokes tokens, which it does not wait
	// for long. Default: if they would outlive it.
	RevokeAtSignout *bool

	// Fetch is about requests of the app to APIs.
	Fetch FetchSettings

	// OmitIDTokenHint leaves id_token_hint out of silent sign-ins, for
	// providers that refuse it (OIDC Core 3.1.2.1 says it should be sent).
	OmitIDTokenHint bool

	Monitor MonitorSettings

	// LogoutEvents is where a server of the app tells of the end of the session, as
	// server-sent events; see resource.LogoutStream. It gets the access token, and so has to
	// be an address that Fetch allows. Empty means that nobody listens.
	LogoutEvents string

	Idle IdleSettings

	headers map[string]string // those of Provider, once they are checked
}

// A RestoreMode is a way to restore a session after a reload.
type RestoreMode string

// The ways to restore a session.
const (
	RestoreSilent   RestoreMode = "silent"   // in a hidden frame
	RestoreRedirect RestoreMode = "redirect" // one round trip of the tab with prompt=none
	RestoreOff      RestoreMode = "off"
)

// RequestSettings are optional parameters of an Authentication Request, as
// in [oidc.AuthenticationRequest].
type RequestSettings struct {
	Prompt       string            `json:"prompt,omitempty"`
	Display      string            `json:"display,omitempty"`
	MaxAge       *int64            `json:"max_age,omitempty"` // seconds
	UILocales    string            `json:"ui_locales,omitempty"`
	ACRValues    string            `json:"acr_values,omitempty"`
	Claims       string            `json:"claims,omitempty"` // JSON (OIDC Core 5.5)
	ResponseMode string            `json:"response_mode,omitempty"`
	Resource     []string          `json:"resource,omitempty"`
	Extra        map[string]string `json:"extra,omitempty"`
}

const (
	defaultExpiringNotice = 60 * time.Second
	defaultSilentTimeout  = 10 * time.Second
	defaultCheckInterval  = 2 * time.Second

	defaultRedirectTimeout = 15 * time.Minute
)

// check fills in the defaults. Codes: [oidc.ErrInvalidConfig],
// [oidc.ErrInsecureURL], those of [oidc.MetadataSource.Check] and
// [oidc.ParseKeys].
func (s *Settings) check() error {
	if err := oidc.CheckIssuer(s.Issuer); err != nil {
		return fmt.Errorf("authority: %w", err)
	}
	if text := s.Provider.Headers; text != "" && strictjson.Unmarshal([]byte(text), &s.headers) != nil {
		return fmt.Errorf("extraHeaders has to be an object of texts: %w", oidc.ErrInvalidConfig)
	}
	if s.BindCode && !s.DPoP {
		return fmt.Errorf("bind_authorization_code needs dpop: %w", oidc.ErrInvalidConfig)
	}
	request := new(SigninArgs).request(s) // that of a sign-in without arguments
	if err := cmp.Or(s.source().check(), s.Fetch.check(), s.checkLogoutEvents(), s.Authentication.Check(), oidc.OfSetting(request.Check())); err != nil {
		return err
	}
	for _, uri := range [][2]string{
		{"silent_redirect_uri", s.SilentRedirectURI}, {"popup_redirect_uri", s.PopupRedirectURI},
		{"post_logout_redirect_uri", s.PostLogoutRedirectURI}, {"popup_post_logout_redirect_uri", s.PopupPostLogoutRedirectURI},
	} {
		if err := oidc.CheckRedirectURI(uri[0], uri[1]); err != nil && uri[1] != "" {
			return oidc.OfSetting(err)
		}
	}
	switch s.Restore {
	case RestoreSilent, RestoreRedirect, RestoreOff:
	case "":
		s.Restore = RestoreSilent
	default:
		return fmt.Errorf("restore has to be silent, redirect or off: %w", oidc.ErrInvalidConfig)
	}
	s.SilentRedirectURI = cmp.Or(s.SilentRedirectURI, s.RedirectURI)
	s.PopupRedirectURI = cmp.Or(s.PopupRedirectURI, s.RedirectURI)
	s.PopupPostLogoutRedirectURI = cmp.Or(s.PopupPostLogoutRedirectURI, s.PostLogoutRedirectURI)
	s.ExpiringNotice = positive(s.ExpiringNotice, defaultExpiringNotice)
	s.RedirectTimeout = positive(s.RedirectTimeout, defaultRedirectTimeout)
	s.SilentTimeout = positive(s.SilentTimeout, s.Provider.RequestTimeout, defaultSilentTimeout)
	s.Monitor.Interval = positive(s.Monitor.Interval, defaultCheckInterval)
	return nil
}

// positive returns the first that is, or the last.
func positive(durations ...time.Duration) (d time.Duration) {
	for _, d = range durations {
		if d > 0 {
			break
		}
	}
	return d
}

// refreshScope returns those of the granted scopes that a refresh request names.
func (s *Settings) refreshScope(granted string) string {
	if s.RefreshScope == "" {
		return granted
	}
	allowed := setOf(oidc.SplitScope(s.RefreshScope))
	return strings.Join(slices.DeleteFunc(oidc.SplitScope(granted), func(scope string) bool { return !allowed[scope] }), " ")
}

// with returns the settings with what of a sign-in's arguments a renewal asks for
// again. How long ago the End-User may have signed in is for the sign-in alone: it
// would end the session that it began.
func (s Settings) with(a *SigninArgs) *Settings {
	override(&s.Scope, a.Scope)
	override(&s.Request.ACRValues, a.Request.ACRValues)
	override(&s.Request.Claims, a.Request.Claims)
	if a.Request.Resource != nil {
		s.Request.Resource = a.Request.Resource
	}
	if a.Request.Extra != nil {
		s.Request.Extra = a.Request.Extra
	}
	if a.ExtraToken != nil {
		s.ExtraToken = a.ExtraToken
	}
	return &s
}

// again returns the settings for a renewal of user: those of the tab that asks, and
// what the sign-in asked for, whichever tab that was in.
func (s *Settings) again(user *User) *Settings {
	if user == nil {
		return s
	}
	again, asked := *s, user.asked
	if asked == nil { // the app has brought the user
		again.Scope, again.DPoP = joinScopes(s.Scope, user.Scope), s.DPoP || isBound(user)
		return &again
	}
	again.Scope, again.OmitScope, again.RefreshScope = asked.Scope, asked.OmitScope, asked.RefreshScope
	again.Request, again.ExtraToken = asked.Request, asked.ExtraToken
	again.DPoP, again.BindCode = asked.DPoP, asked.BindCode
	again.LoadUserinfo, again.Profile, again.TokenMembers = asked.LoadUserinfo, asked.Profile, asked.TokenMembers
	return &again
}

// joinScopes returns the scopes of all lists, each once.
func joinScopes(lists ...string) string {
	var scopes []string
	known := map[string]bool{}
	for _, scope := range oidc.SplitScope(strings.Join(lists, " ")) {
		if !known[scope] {
			known[scope] = true
			scopes = append(scopes, scope)
		}
	}
	return strings.Join(scopes, " ")
}

// setOf is for lists whose length a page or a provider chooses: nothing
// interrupts a program in a worker, and all tabs wait for it.
func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, one := range list {
		set[one] = true
	}
	return set
}
