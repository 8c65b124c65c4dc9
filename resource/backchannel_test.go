package resource_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// logoutToken returns a logout token of session "sid-1", good but for what edit sets.
func (p *provider) logoutToken(edit claims) string {
	p.t.Helper()
	set := map[string]any{
		"iss": issuer, "aud": "app", "sub": mark + "-user", "sid": mark + "-sid-1", "jti": mark + "-logout",
		"iat": noon.Unix(), "exp": noon.Add(2 * time.Minute).Unix(), "events": map[string]any{logoutEvent: map[string]any{}},
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return sign(p.t, p.key, map[string]any{"alg": p.alg, "kid": p.kid, "typ": "logout+jwt"}, set, edit)
}

// logOut posts a form, as the provider does.
func logOut(h http.Handler, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/logout", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func logoutForm(token string) string { return url.Values{"logout_token": {token}}.Encode() }

// newBackChannel returns a middleware that remembers endings, and the handler for the
// app, after edit.
func newBackChannel(t testing.TB, p *provider, endings resource.Endings, edit func(*resource.BackChannelLogout)) (*resource.Middleware, http.Handler) {
	t.Helper()
	m := newMiddleware(t, p, func(c *resource.Config) { c.Endings = endings })
	config := resource.BackChannelLogout{
		Clients: map[string][]string{issuer: {"app", "other app"}},
		Refused: func(_ *http.Request, err error) {
			if err == nil || strings.Contains(err.Error(), mark) {
				t.Errorf("refused with %v", err)
			}
		},
	}
	if edit != nil {
		edit(&config)
	}
	h, err := m.BackChannelLogout(config)
	if err != nil {
		t.Fatal(err)
	}
	return m, h
}

func newMemory() *resource.MemoryEndings {
	return &resource.MemoryEndings{Now: func() time.Time { return noon }}
}

// checkLogout compares an answer.
func checkLogout(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got := strings.TrimSpace(w.Body.String()); w.Code != status || got != body || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %s, %v, want %d %s", w.Code, got, w.Header(), status, body)
	}
}

// What the handler answers; each row differs in one thing from a good request.
func TestBackChannelLogout(t *testing.T) {
	p, stranger := newProvider(t), newProvider(t)
	refused := func(code string) string {
		return `{"error":"invalid_request","error_description":"` + code + `"}`
	}
	of := func(edit claims) string { return logoutForm(p.logoutToken(edit)) }
	tests := []struct {
		name   string
		form   string
		status int
		body   string
	}{
		{"2.8 good", of(nil), 200, ""},
		{"2.5 parameters more", of(nil) + "&x=1", 200, ""},
		{"2.4 typ of any JWT", of(claims{"header typ": "JWT"}), 200, ""},
		{"2.4 another app of ours", of(claims{"aud": []string{"other app"}}), 200, ""},
		{"2.5 no token", "x=1", 400, `{"error":"invalid_request"}`},
		{"2.5 an empty token", "logout_token=", 400, `{"error":"invalid_request"}`},
		{"2.5 two tokens", of(nil) + "&" + of(nil), 400, `{"error":"invalid_request"}`},
		{"2.5 longer than any", of(nil) + "&x=" + strings.Repeat("x", 32<<10), 400, `{"error":"invalid_request"}`},
		{"2.6 no token at all", logoutForm(mark), 400, refused("token_malformed")},
		{"2.6-2 another key", logoutForm(stranger.logoutToken(nil)), 400, refused("signature_invalid")},
		{"2.6-2 alg none", of(claims{"header alg": "none"}), 400, refused("alg_not_allowed")},
		{"2.6-3 another issuer", of(claims{"iss": issuer + "/"}), 400, refused("issuer_mismatch")},
		{"2.6-3 the API in the place of the app", of(claims{"aud": audience}), 400, refused("audience_mismatch")},
		{"2.6-3 expired", of(claims{"exp": noon.Unix() - 30}), 400, refused("token_expired")},
		{"2.6-3 of the future", of(claims{"iat": noon.Unix() + 31}), 400, refused("issued_in_future")},
		{"2.6-3 too old", of(claims{"iat": noon.Unix() - 630}), 400, refused("token_expired")},
		{"2.6-4 neither sub nor sid", of(claims{"sub": nil, "sid": nil}), 400, refused("claim_invalid")},
		{"2.6-5 an ID Token", of(claims{"header typ": "JWT", "events": nil}), 400, refused("typ_not_allowed")},
		{"2.6-6 a nonce", of(claims{"nonce": "x"}), 400, refused("typ_not_allowed")},
		{"2.4 an access token", logoutForm(p.token(claims{"aud": "app"})), 400, refused("typ_not_allowed")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, h := newBackChannel(t, p, newMemory(), nil)
			checkLogout(t, logOut(h, tt.form), tt.status, tt.body)
		})
	}
	t.Run("2.4 the type is demanded", func(t *testing.T) {
		_, h := newBackChannel(t, p, newMemory(), func(c *resource.BackChannelLogout) { c.Typed = true })
		checkLogout(t, logOut(h, of(claims{"header typ": "JWT"})), 400, refused("typ_not_allowed"))
	})
	t.Run("2.6-7 a replay", func(t *testing.T) {
		_, h := newBackChannel(t, p, newMemory(), nil)
		checkLogout(t, logOut(h, of(nil)), 200, "")
		checkLogout(t, logOut(h, of(claims{"sid": "another"})), 400, refused("logout_token_replayed"))
		checkLogout(t, logOut(h, of(claims{"jti": "another"})), 200, "")
	})
	t.Run("2.5 GET", func(t *testing.T) {
		_, h := newBackChannel(t, p, newMemory(), nil)
		w := request(h, "/logout?"+of(nil))
		checkLogout(t, w, 405, `{"error":"invalid_request"}`)
		if w.Header().Get("Allow") != "POST" {
			t.Errorf("Allow %q", w.Header().Get("Allow"))
		}
	})
	t.Run("2.5 JSON", func(t *testing.T) {
		_, h := newBackChannel(t, p, newMemory(), nil)
		r := httptest.NewRequest("POST", "/logout", strings.NewReader(of(nil)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		checkLogout(t, w, 400, `{"error":"invalid_request"}`)
	})
}

// Two issuers: each has its own apps.
func TestBackChannelLogoutIssuers(t *testing.T) {
	p := newProvider(t)
	const other = "https://other.example"
	issuers := func(c *resource.Config) {
		c.Endings = newMemory()
		c.Issuers = append(c.Issuers, resource.Issuer{
			Issuer: other, Audiences: []string{audience}, Keys: string(encode(t, p.jwks())),
		})
	}
	m := newMiddleware(t, p, issuers)
	tests := []struct {
		name    string
		clients map[string][]string
		iss     string
		status  int
	}{
		{"its own app", map[string][]string{issuer: {"x"}, other: {"app"}}, other, 200},
		{"the app of another", map[string][]string{issuer: {"app"}, other: {"x"}}, other, 400},
		{"no app there", map[string][]string{issuer: {"app"}}, other, 400},
		{"of the first", map[string][]string{issuer: {"app"}}, issuer, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := m.BackChannelLogout(resource.BackChannelLogout{Clients: tt.clients})
			if err != nil {
				t.Fatal(err)
			}
			if w := logOut(h, logoutForm(p.logoutToken(claims{"iss": tt.iss, "jti": tt.name}))); w.Code != tt.status {
				t.Errorf("status %d %s, want %d", w.Code, w.Body, tt.status)
			}
		})
	}
	t.Run("what one has ended goes on at another", func(t *testing.T) {
		m := newMiddleware(t, p, issuers)
		h, err := m.BackChannelLogout(resource.BackChannelLogout{Clients: map[string][]string{other: {"app"}}})
		if err != nil {
			t.Fatal(err)
		}
		checkLogout(t, logOut(h, logoutForm(p.logoutToken(claims{"iss": other}))), 200, "")
		session := claims{"sid": mark + "-sid-1"}
		check(t, get(m.Handler(reached), "Authorization", "Bearer "+p.token(session)), 204, "")
		session["iss"] = other
		check(t, get(m.Handler(reached), "Authorization", "Bearer "+p.token(session)), 401,
			`Bearer error="invalid_token", error_description="session_ended"`)
	})
}

func TestBackChannelLogoutConfig(t *testing.T) {
	p := newProvider(t)
	good := map[string][]string{issuer: {"app"}}
	tests := []struct {
		name    string
		endings resource.Endings
		config  resource.BackChannelLogout
		member  string
	}{
		{"no Endings", nil, resource.BackChannelLogout{Clients: good}, "Endings"},
		{"no clients", newMemory(), resource.BackChannelLogout{}, "Clients"},
		{"an issuer without clients", newMemory(), resource.BackChannelLogout{Clients: map[string][]string{issuer: {}}}, "Clients"},
		{"another issuer", newMemory(), resource.BackChannelLogout{Clients: map[string][]string{issuer: {"app"}, "https://x.example": {"app"}}}, "Clients"},
		{"a negative age", newMemory(), resource.BackChannelLogout{Clients: good, MaxAge: -1}, "MaxAge"},
		{"an age without a unit", newMemory(), resource.BackChannelLogout{Clients: good, MaxAge: 600}, "MaxAge"},
		{"a negative life", newMemory(), resource.BackChannelLogout{Clients: good, AccessTokenLifetime: -1}, "AccessTokenLifetime"},
		{"a life without a unit", newMemory(), resource.BackChannelLogout{Clients: good, AccessTokenLifetime: 3600}, "AccessTokenLifetime"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMiddleware(t, p, func(c *resource.Config) { c.Endings = tt.endings })
			_, err := m.BackChannelLogout(tt.config)
			checkMember(t, err, tt.member, oidc.ErrInvalidConfig)
		})
	}
}

// A sessionStore hears of logouts, and may fail.
type sessionStore struct {
	err   error
	heard []oidc.LogoutClaims
}

func (s *sessionStore) EndSession(_ context.Context, c *oidc.LogoutClaims) error {
	s.heard = append(s.heard, *c)
	return s.err
}

// brokenEndings fails.
type brokenEndings struct{ resource.MemoryEndings }

var errBroken = errors.New("broken")

func (*brokenEndings) Add(context.Context, resource.Ending) (bool, error) { return false, errBroken }

func (*brokenEndings) Last(context.Context, []string) (*resource.Ending, error) {
	return nil, errBroken
}

func (*brokenEndings) Watch(context.Context) (<-chan resource.Ending, error) { return nil, errBroken }

// The store of the API hears of a logout before that counts, and the provider tries
// again where something is away.
func TestBackChannelLogoutAway(t *testing.T) {
	const away = `{"error":"temporarily_unavailable"}`
	p := newProvider(t)
	t.Run("the store", func(t *testing.T) {
		store := &sessionStore{err: errBroken}
		m, h := newBackChannel(t, p, newMemory(), func(c *resource.BackChannelLogout) { c.Sessions = store })
		w := logOut(h, logoutForm(p.logoutToken(nil)))
		checkLogout(t, w, 503, away)
		if w.Header().Get("Retry-After") != "5" {
			t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
		}
		check(t, get(m.Handler(reached), "Authorization", "Bearer "+p.token(nil)), 204, "")
		store.err = nil
		checkLogout(t, logOut(h, logoutForm(p.logoutToken(nil))), 200, "")
		want := oidc.LogoutClaims{
			Issuer: issuer, Subject: mark + "-user", SessionID: mark + "-sid-1", ID: mark + "-logout",
			IssuedAt: noon.Unix(), Expiry: noon.Unix() + 120,
		}
		if !reflect.DeepEqual(store.heard, []oidc.LogoutClaims{want, want}) {
			t.Errorf("heard %+v", store.heard)
		}
		checkLogout(t, logOut(h, logoutForm(p.logoutToken(claims{"aud": "x"}))), 400,
			`{"error":"invalid_request","error_description":"audience_mismatch"}`)
		if len(store.heard) != 2 {
			t.Error("the store hears of what was refused")
		}
	})
	t.Run("the endings", func(t *testing.T) {
		m, h := newBackChannel(t, p, &brokenEndings{}, nil)
		checkLogout(t, logOut(h, logoutForm(p.logoutToken(nil))), 503, away)
		check(t, get(m.Handler(reached), "Authorization", "Bearer "+p.token(nil)), 503, "")
	})
	t.Run("the keys", func(t *testing.T) {
		p := newProvider(t)
		p.down = true
		_, h := newBackChannel(t, p, newMemory(), nil)
		checkLogout(t, logOut(h, logoutForm(p.logoutToken(nil))), 503, away)
	})
	t.Run("no room", func(t *testing.T) {
		endings := newMemory()
		endings.Limit = 1
		_, h := newBackChannel(t, p, endings, nil)
		checkLogout(t, logOut(h, logoutForm(p.logoutToken(nil))), 200, "")
		checkLogout(t, logOut(h, logoutForm(p.logoutToken(claims{"jti": "2"}))), 503, away)
	})
	t.Run("too many at once", func(t *testing.T) {
		p := newProvider(t)
		p.hold = make(chan struct{})
		_, h := newBackChannel(t, p, newMemory(), nil)
		answers := make(chan int)
		for range 33 {
			go func() { answers <- logOut(h, logoutForm(p.logoutToken(nil))).Code }()
		}
		if first := <-answers; first != 503 { // all others wait for the keys
			t.Errorf("status %d", first)
		}
		close(p.hold)
		fresh := 0
		for range 32 {
			if code := <-answers; code == 200 {
				fresh++
			} else if code != 400 {
				t.Errorf("status %d", code)
			}
		}
		if fresh != 1 {
			t.Errorf("%d of the same token were accepted", fresh)
		}
	})
}

// A slowWriter knows until when the body has to be there.
type slowWriter struct {
	*httptest.ResponseRecorder
	until time.Time
}

func (w *slowWriter) SetReadDeadline(until time.Time) error {
	w.until = until
	return nil
}

// Who sends slowly keeps no logout of others away, and not for ever.
func TestBackChannelLogoutSlow(t *testing.T) {
	p := newProvider(t)
	_, h := newBackChannel(t, p, newMemory(), nil)
	answers := make(chan time.Time)
	var bodies []*io.PipeWriter
	for range 32 { // as many as are looked at at the same time
		read, write := io.Pipe()
		bodies = append(bodies, write)
		go func() {
			r := httptest.NewRequest("POST", "/logout", read)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := &slowWriter{ResponseRecorder: httptest.NewRecorder()}
			h.ServeHTTP(w, r)
			answers <- w.until
		}()
		if _, err := write.Write([]byte("x")); err != nil { // it is over when that has been read
			t.Fatal(err)
		}
	}
	checkLogout(t, logOut(h, logoutForm(p.logoutToken(nil))), 200, "")
	for _, write := range bodies {
		write.Close()
		if until := <-answers; until.IsZero() {
			t.Error("a body may take for ever")
		}
	}
}
