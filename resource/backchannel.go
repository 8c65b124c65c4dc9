package resource

import (
	"cmp"
	"context"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const (
	// DefaultLogoutTokenAge is how old a logout token is at most.
	DefaultLogoutTokenAge = 10 * time.Minute
	// DefaultAccessTokenLifetime is how long a session that is over is remembered.
	DefaultAccessTokenLifetime = 24 * time.Hour

	// logoutBody bounds the body of a logout request, in bytes, logoutTime how long it may
	// take to come, and logoutsAtOnce how many are looked at at the same time: anybody
	// can send one.
	logoutBody    = 32 << 10
	logoutTime    = 10 * time.Second
	logoutsAtOnce = 32
)

// A SessionStore is an API's own memory of who is signed in.
type SessionStore interface {
	// EndSession ends the session of claims, or all of its subject if it names none,
	// but none that began after it was issued. It hears of a logout before anything
	// is remembered of that, so that none is lost, and so may hear of one twice. With an
	// error the provider is told to try again.
	EndSession(ctx context.Context, claims *oidc.LogoutClaims) error
}

// A BackChannelLogout describes where providers say that a session is over.
type BackChannelLogout struct {
	// Clients are the client_ids of the apps, by issuer as [Issuer] has it: a logout
	// token is for one of them. Those of other issuers are refused.
	Clients map[string][]string

	// Sessions is told of each logout; default: nobody is.
	Sessions SessionStore

	// AccessTokenLifetime is how long an access token lives at most: so long it is
	// remembered that its session is over. Default: [DefaultAccessTokenLifetime].
	AccessTokenLifetime time.Duration

	// MaxAge is how old a logout token is at most: so long it is remembered that it was
	// used. Default: [DefaultLogoutTokenAge].
	MaxAge time.Duration

	// Typed refuses tokens whose header typ is not logout+jwt. By default JWT, or
	// nothing, is accepted, too: their event tells them apart.
	Typed bool

	// Refused is told why a logout was refused, for a log. The error holds nothing out
	// of the token. Default: nobody is told.
	Refused func(r *http.Request, err error)
}

// backChannel is a [BackChannelLogout] at work.
type backChannel struct {
	BackChannelLogout
	middleware *Middleware
	issuers    map[*authority]oidc.LogoutTokenVerifier
	busy       chan struct{} // has room for those that are looked at
}

// BackChannelLogout returns a handler for the backchannel_logout_uri of the apps, for
// POST alone (Back-Channel Logout 2.5). What it is told is remembered in the
// Endings of [Config], which are required, before it answers 200. A token that fails a
// check gets status 400, and where keys, Endings or the SessionStore do not answer, 503.
// Codes: [oidc.ErrInvalidConfig].
func (m *Middleware) BackChannelLogout(config BackChannelLogout) (http.Handler, error) {
	if err := cmp.Or(
		m.checkEndings(),
		checkTime("MaxAge", config.MaxAge),
		checkTime("AccessTokenLifetime", config.AccessTokenLifetime),
	); err != nil {
		return nil, within("resource: ", err)
	}
	config.MaxAge = cmp.Or(config.MaxAge, DefaultLogoutTokenAge)
	config.AccessTokenLifetime = cmp.Or(config.AccessTokenLifetime, DefaultAccessTokenLifetime)
	b := &backChannel{config, m, map[*authority]oidc.LogoutTokenVerifier{}, make(chan struct{}, logoutsAtOnce)}
	for _, a := range m.issuers {
		clients := config.Clients[a.verifier.Issuer]
		if len(clients) == 0 {
			continue
		}
		b.issuers[a] = oidc.LogoutTokenVerifier{
			Issuer: a.verifier.Issuer, Tenants: a.verifier.Tenants, ClientIDs: slices.Clone(clients),
			Algorithms: a.verifier.Algorithms, Leeway: m.config.Leeway, MaxAge: config.MaxAge, Typed: config.Typed,
		}
	}
	if len(b.issuers) == 0 || len(b.issuers) != len(config.Clients) {
		return nil, within("resource: ", invalidMember("Clients", "has to name issuers as the Config has them, and clients of each"))
	}
	return b, nil
}

// checkEndings returns nil if it is remembered which sessions are over.
func (m *Middleware) checkEndings() error {
	if m.config.Endings == nil {
		return invalidMember("Endings", "has to be in the Config, for what the provider says is remembered there")
	}
	return nil
}

// ServeHTTP answers a logout request (Back-Channel Logout 2.5, 2.8).
func (b *backChannel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		b.refuse(w, r, http.StatusMethodNotAllowed, ErrInvalidRequest)
		return
	}
	token, err := logoutToken(w, r) // before there is a place for it: who sends slowly takes none
	select {
	case b.busy <- struct{}{}:
		defer func() { <-b.busy }()
	default:
		b.refuse(w, r, http.StatusServiceUnavailable, errBusy)
		return
	}
	if err == nil {
		err = b.logout(r.Context(), token)
	}
	switch away := (*awayError)(nil); {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.As(err, &away):
		b.refuse(w, r, http.StatusServiceUnavailable, err)
	default:
		b.refuse(w, r, http.StatusBadRequest, err)
	}
}

// errBusy means that as many requests as there may be are looked at.
var errBusy = errors.New("resource: too many logouts at once")

// An awayError is for what may succeed later.
type awayError struct{ error }

// Unwrap returns the cause.
func (e *awayError) Unwrap() error { return e.error }

// logoutToken returns the token of a request: the parameter comes once, in a form.
func logoutToken(w http.ResponseWriter, r *http.Request) (string, error) {
	if typ, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || typ != "application/x-www-form-urlencoded" {
		return "", ErrInvalidRequest
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(logoutTime)) // a recorder of tests has none
	r.Body = http.MaxBytesReader(w, r.Body, logoutBody)
	if err := r.ParseForm(); err != nil {
		return "", ErrInvalidRequest
	}
	if tokens := r.PostForm["logout_token"]; len(tokens) == 1 && tokens[0] != "" {
		return tokens[0], nil
	}
	return "", ErrInvalidRequest
}

// logout does what a token says.
func (b *backChannel) logout(ctx context.Context, token string) error {
	claims, err := b.verify(ctx, token)
	switch {
	case errors.Is(err, errNoKeys):
		return &awayError{err}
	case err != nil:
		return err
	}
	if b.Sessions != nil {
		if err := b.Sessions.EndSession(ctx, claims); err != nil {
			return &awayError{err}
		}
	}
	now := b.middleware.config.Now()
	margin := b.MaxAge + 2*max(b.middleware.config.Leeway, oidc.DefaultLeeway)
	fresh, err := b.middleware.config.Endings.Add(ctx, newEnding(claims, now.Add(margin), now.Add(b.AccessTokenLifetime+margin)))
	switch {
	case err != nil:
		return &awayError{err}
	case !fresh:
		return oidc.ErrLogoutTokenReplayed
	}
	return nil
}

// verify returns the claims of a good logout token.
func (b *backChannel) verify(ctx context.Context, token string) (claims *oidc.LogoutClaims, err error) {
	issuer, err := oidc.UnverifiedIssuer(token)
	if err != nil {
		return nil, err
	}
	a, err := b.middleware.issuerNamed(issuer)
	if err != nil {
		return nil, err
	}
	verifier := b.issuers[a] // of an issuer without clients: no token is for any
	err = a.keys.verify(ctx, func(t *trust) (err error) {
		ofKeys := verifier
		ofKeys.Issuer = t.issuer
		claims, err = ofKeys.Verify(token, t.keys, a.now())
		return err
	})
	return claims, err
}

// refuse answers a request that ended nothing.
func (b *backChannel) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	if b.Refused != nil {
		b.Refused(r, err)
	}
	header, body := w.Header(), `{"error":"invalid_request"`
	if status == http.StatusServiceUnavailable {
		header.Set("Retry-After", retryAfter)
		body = `{"error":"temporarily_unavailable"`
	}
	if code, ok := errors.AsType[oidc.Code](err); ok && status == http.StatusBadRequest {
		body += `,"error_description":"` + string(code) + `"`
	}
	header.Set("Content-Type", "application/json")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body + "}\n")) // fails only if the provider is gone
}

// checkEnded refuses a token of a session that has ended since it was issued: iat says when, or nbf. One
// that does not say may be of a session that began later, unless that names itself.
func (m *Middleware) checkEnded(ctx context.Context, scheme string, claims *oidc.AccessTokenClaims) error {
	if m.config.Endings == nil {
		return nil
	}
	keys, issued := endingKeys(claims), cmp.Or(claims.IssuedAt, claims.NotBefore)
	if issued == 0 {
		keys = slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, ofSession) })
	}
	if len(keys) == 0 {
		return nil
	}
	last, err := m.config.Endings.Last(ctx, keys)
	switch {
	case err != nil:
		return unavailable(err)
	case last != nil && issued <= last.IssuedAt.Unix():
		return invalidToken(scheme, oidc.ErrSessionEnded)
	}
	return nil
}
