package op

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"
)

// A login is a session of an End-User at the provider.
type login struct {
	subject string
	name    string
	at      time.Time
}

// logins are the sessions by the value of their cookie.
type logins struct {
	mu   sync.Mutex // guards byID
	byID map[string]login
}

func newLogins() *logins { return &logins{byID: map[string]login{}} }

func (l *logins) start(session login) (id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id = rand.Text()
	l.byID[id] = session
	return id
}

func (l *logins) get(id string) (login, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	session, ok := l.byID[id]
	return session, ok
}

func (l *logins) end(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byID, id)
}

func (l *logins) endAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.byID)
}

// cookieName holds the port: cookies do not care about ports, and two
// providers on one host must not end each other's sessions.
func (p *Provider) cookieName() string { return "op_session_" + p.issuer.Port() }

// login returns the session of the browser that sent the request.
func (p *Provider) login(r *http.Request) (login, bool) {
	cookie, err := r.Cookie(p.cookieName())
	if err != nil {
		return login{}, false
	}
	return p.logins.get(cookie.Value)
}

// startLogin starts a session under a new id and ends the one before it.
func (p *Provider) startLogin(w http.ResponseWriter, r *http.Request, session login) {
	p.endLogin(w, r)
	http.SetCookie(w, p.cookie(p.logins.start(session)))
}

func (p *Provider) endLogin(w http.ResponseWriter, r *http.Request) {
	old, err := r.Cookie(p.cookieName())
	if err != nil {
		return
	}
	p.logins.end(old.Value)
	gone := p.cookie("")
	gone.MaxAge = -1
	http.SetCookie(w, gone)
}

// cookie is Lax on plain http, because browsers refuse None there; a frame
// on another site then has no session, as with many real providers.
func (p *Provider) cookie(value string) *http.Cookie {
	cookie := &http.Cookie{
		Name:     p.cookieName(),
		Value:    value,
		Path:     p.issuer.Path + "/",
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
	if p.issuer.Scheme == "https" {
		cookie.Secure, cookie.SameSite = true, http.SameSiteNoneMode
	}
	return cookie
}
