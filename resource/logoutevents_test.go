package resource_test

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// A listener is a page that listens.
type listener struct {
	t     testing.TB
	resp  *http.Response
	lines *bufio.Scanner
	leave func()
}

// listen connects with a token, and waits for the first word. It is of a server of the
// handler.
func listen(t testing.TB, url, token string, fields ...string) *listener {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{t, resp, bufio.NewScanner(resp.Body), cancel}
	t.Cleanup(func() { cancel(); resp.Body.Close() })
	return l
}

// word returns the next event, without the empty line; "" at the end.
func (l *listener) word() string {
	var lines []string
	for l.lines.Scan() {
		if l.lines.Text() == "" {
			return strings.Join(lines, "|")
		}
		lines = append(lines, l.lines.Text())
	}
	return ""
}

// hears fails unless the next words are these; "" is the end.
func (l *listener) hears(words ...string) {
	l.t.Helper()
	for _, want := range words {
		if got := l.word(); !strings.HasPrefix(got, want) || want == "" && got != "" {
			l.t.Fatalf("heard %q, want %q", got, want)
		}
	}
}

// aLogout is what a page hears of a logout at noon.
var aLogout = "event: logout|id: " + strconv.FormatInt(noon.Unix(), 10) + `|data: {"iat":` + strconv.FormatInt(noon.Unix(), 10) + `,"session":"`

// here is what it hears of nothing.
const here = ": here"

// newStream serves logout events of m.
func newStream(t testing.TB, m *resource.Middleware, config resource.LogoutEvents) (*resource.LogoutStream, string) {
	t.Helper()
	stream, err := m.LogoutEvents(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(stream)
	t.Cleanup(server.Close)
	t.Cleanup(stream.Close)
	return stream, server.URL
}

// Who hears of a logout while it happens, and who of one that has.
func TestLogoutEvents(t *testing.T) {
	p := newProvider(t)
	sid, other := mark+"-sid-1", mark+"-other"
	tests := []struct {
		name          string
		logout, token claims
		since         string // Last-Event-ID
		hears         bool
	}{
		{"of the session", nil, claims{"sid": sid}, "", true},
		{"of another session", nil, claims{"sid": other}, "", false},
		{"of all sessions", claims{"sid": nil}, claims{"sid": other}, "", true},
		{"of another subject", claims{"sid": nil}, claims{"sid": other, "sub": other}, "", false},
		{"a token without sid", nil, claims{}, "", true},
		{"a token without sid, of another subject", nil, claims{"sub": other}, "", false},
		{"issued later", nil, claims{"sid": sid, "iat": noon.Unix() + 1}, "", false},
		{"issued later, and it has heard nothing since", nil, claims{"sid": sid, "iat": noon.Unix() + 1}, strconv.FormatInt(noon.Unix(), 10), true},
		{"issued later, and it has heard of that", nil, claims{"sid": sid, "iat": noon.Unix() + 1}, strconv.FormatInt(noon.Unix()+1, 10), false},
		{"a Last-Event-ID that is none", nil, claims{"sid": sid}, mark, true},
		{"it has heard of that already", nil, claims{"sid": sid}, strconv.FormatInt(noon.Unix()+1, 10), false},
	}
	for _, tt := range tests {
		for _, before := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				m, h := newBackChannel(t, p, newMemory(), nil)
				_, url := newStream(t, m, resource.LogoutEvents{})
				logsOut := func() {
					checkLogout(t, logOut(h, logoutForm(p.logoutToken(tt.logout))), 200, "")
				}
				if before {
					logsOut()
				}
				l := listen(t, url, p.token(tt.token), "Last-Event-ID", tt.since)
				if l.resp.StatusCode != 200 || l.resp.Header.Get("Content-Type") != "text/event-stream" || l.resp.Header.Get("Cache-Control") != "no-store" {
					t.Fatalf("status %d, %v", l.resp.StatusCode, l.resp.Header)
				}
				if !before || !tt.hears {
					l.hears(here)
				}
				if !before {
					logsOut()
				}
				if !tt.hears { // the next thing that it hears is what is meant for it
					last := claims{"jti": "2", "iat": noon.Unix() + 2, "sub": tt.token["sub"], "sid": tt.token["sid"]}
					if last["sub"] == nil {
						last["sub"] = mark + "-user"
					}
					checkLogout(t, logOut(h, logoutForm(p.logoutToken(last))), 200, "")
					l.hears("event: logout|id: " + strconv.FormatInt(noon.Unix()+2, 10))
					return
				}
				l.hears(aLogout)
			})
		}
	}
}

// Nobody is heard of by who shows no good token, or one of another API.
func TestLogoutEventsToken(t *testing.T) {
	p := newProvider(t)
	m, _ := newBackChannel(t, p, newMemory(), nil)
	_, url := newStream(t, m, resource.LogoutEvents{})
	for name, edit := range map[string]claims{
		"expired": {"exp": noon.Unix() - 30}, "of another API": {"aud": "x"}, "an ID Token": {"header typ": "JWT"},
	} {
		if l := listen(t, url, p.token(edit)); l.resp.StatusCode != 401 {
			t.Errorf("%s: status %d", name, l.resp.StatusCode)
		}
	}
}

// The bounds: how many streams there are, how long they live, and what ends them all.
func TestLogoutEventsBounds(t *testing.T) {
	p := newProvider(t)
	session := func(sid string) string { return p.token(claims{"sid": sid}) }
	t.Run("of one session", func(t *testing.T) {
		m, _ := newBackChannel(t, p, newMemory(), nil)
		_, url := newStream(t, m, resource.LogoutEvents{PerSession: 1})
		first := listen(t, url, session("1"))
		first.hears(here)
		if l := listen(t, url, session("1")); l.resp.StatusCode != 429 || l.resp.Header.Get("Retry-After") != "5" {
			t.Errorf("status %d, %v", l.resp.StatusCode, l.resp.Header)
		}
		listen(t, url, session("2")).hears(here)
	})
	t.Run("of one person with many sessions", func(t *testing.T) {
		m, _ := newBackChannel(t, p, newMemory(), nil)
		_, url := newStream(t, m, resource.LogoutEvents{Limit: 4})
		for i, want := range []int{200, 200, 429} {
			l := listen(t, url, session(strconv.Itoa(i)))
			if l.resp.StatusCode != want {
				t.Errorf("session %d: status %d, want %d", i, l.resp.StatusCode, want)
			}
		}
		listen(t, url, p.token(claims{"sub": "somebody", "sid": "x"})).hears(here)
	})
	t.Run("of all", func(t *testing.T) {
		m, _ := newBackChannel(t, p, newMemory(), nil)
		_, url := newStream(t, m, resource.LogoutEvents{Limit: 1})
		first := listen(t, url, session(mark+"-sid-1"))
		first.hears(here)
		if l := listen(t, url, session("2")); l.resp.StatusCode != 503 {
			t.Errorf("status %d", l.resp.StatusCode)
		}
		first.leave()
		for { // its place is free as soon as the server knows
			if l := listen(t, url, session("2")); l.resp.StatusCode == 200 {
				break
			}
		}
	})
	t.Run("as long as the token", func(t *testing.T) {
		m, _ := newBackChannel(t, p, newMemory(), nil)
		_, url := newStream(t, m, resource.LogoutEvents{})
		l := listen(t, url, p.token(claims{"exp": noon.Unix() + 1}))
		l.hears(here, "")
	})
	t.Run("a heartbeat", func(t *testing.T) {
		m, _ := newBackChannel(t, p, newMemory(), nil)
		_, url := newStream(t, m, resource.LogoutEvents{Heartbeat: time.Millisecond})
		listen(t, url, session("1")).hears(here, here, here)
	})
	t.Run("Close", func(t *testing.T) {
		m, _ := newBackChannel(t, p, newMemory(), nil)
		stream, url := newStream(t, m, resource.LogoutEvents{})
		l := listen(t, url, session("1"))
		l.hears(here)
		stream.Close()
		l.hears("")
		if l := listen(t, url, session("1")); l.resp.StatusCode != 503 {
			t.Errorf("status %d", l.resp.StatusCode)
		}
	})
	t.Run("the endings are away", func(t *testing.T) {
		m, _ := newBackChannel(t, p, &brokenEndings{}, nil)
		_, url := newStream(t, m, resource.LogoutEvents{})
		if l := listen(t, url, session("1")); l.resp.StatusCode != 503 {
			t.Errorf("status %d", l.resp.StatusCode)
		}
	})
	for _, tt := range []struct {
		name    string
		endings resource.Endings
		config  resource.LogoutEvents
		member  string
	}{
		{"no Endings", nil, resource.LogoutEvents{}, "Endings"},
		{"a heartbeat below nothing", newMemory(), resource.LogoutEvents{Heartbeat: -1}, "Heartbeat"},
		{"a heartbeat without a unit", newMemory(), resource.LogoutEvents{Heartbeat: 20}, "Heartbeat"},
		{"a limit below nothing", newMemory(), resource.LogoutEvents{Limit: -1}, "Limit"},
		{"a limit of a session below nothing", newMemory(), resource.LogoutEvents{PerSession: -1}, "PerSession"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newMiddleware(t, p, func(c *resource.Config) { c.Endings = tt.endings }).LogoutEvents(tt.config)
			checkMember(t, err, tt.member, oidc.ErrInvalidConfig)
		})
	}
}

// A plainWriter is what a log of answers may put in front of a handler.
type plainWriter struct{ under http.ResponseWriter }

func (w plainWriter) Header() http.Header         { return w.under.Header() }
func (w plainWriter) Write(b []byte) (int, error) { return w.under.Write(b) }
func (w plainWriter) WriteHeader(status int)      { w.under.WriteHeader(status) }

// Who gets no stream is answered at once, and Refused is told why.
func TestLogoutEventsRefused(t *testing.T) {
	p := newProvider(t)
	tests := []struct {
		name   string
		method string
		config resource.LogoutEvents
		front  func(http.Handler) http.Handler
		edit   func(*resource.Config)
		first  bool // somebody listens already
		status int
		told   string
	}{
		{name: "HEAD", method: "HEAD", status: 405, told: "resource: invalid request"},
		{name: "POST", method: "POST", status: 405, told: "resource: invalid request"},
		{name: "behind what cannot flush", method: "GET", front: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(plainWriter{w}, r) })
		}, status: 500, told: "resource: LogoutEvents is behind a ResponseWriter without Flush, or an Unwrap to one that has it"},
		{name: "no place for the session", method: "GET", config: resource.LogoutEvents{PerSession: 1}, first: true, status: 429, told: "resource: as many streams as there may be"},
		{name: "no place", method: "GET", config: resource.LogoutEvents{Limit: 1}, first: true, status: 503, told: "resource: as many streams as there may be"},
		{name: "the endings are away", method: "GET", edit: func(c *resource.Config) { c.Endings = &brokenEndings{} }, status: 503, told: errBroken.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var told []string
			stream, url := newStream(t, newMiddleware(t, p, func(c *resource.Config) {
				c.Endings = newMemory()
				c.Refused = func(_ *http.Request, err error) {
					mu.Lock()
					defer mu.Unlock()
					told = append(told, err.Error())
				}
				if tt.edit != nil {
					tt.edit(c)
				}
			}), tt.config)
			if tt.front != nil {
				server := httptest.NewServer(tt.front(stream))
				t.Cleanup(server.Close)
				url = server.URL
			}
			token := p.token(claims{"sid": "1"})
			if tt.first {
				listen(t, url, token).hears(here)
			}
			r, err := http.NewRequestWithContext(t.Context(), tt.method, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			mu.Lock()
			defer mu.Unlock()
			if resp.StatusCode != tt.status || len(told) != 1 || told[0] != tt.told {
				t.Errorf("status %d, want %d, told %q, want %q", resp.StatusCode, tt.status, told, tt.told)
			}
		})
	}
}

// What is remembered is forgotten when no token of that time lives any more.
func TestMemoryEndings(t *testing.T) {
	now := noon
	m := &resource.MemoryEndings{Now: func() time.Time { return now }, Limit: 2}
	ending := func(id string, iat time.Time) resource.Ending {
		return resource.Ending{ID: id, Session: "s", Subject: "u", IssuedAt: iat, Used: iat.Add(time.Minute), Forget: iat.Add(time.Hour)}
	}
	add := func(e resource.Ending, fresh bool, want error) {
		t.Helper()
		if got, err := m.Add(t.Context(), e); got != fresh || !errors.Is(err, want) {
			t.Errorf("Add(%s) = %t, %v", e.ID, got, err)
		}
	}
	last := func(key string, want time.Time) {
		t.Helper()
		e, err := m.Last(t.Context(), []string{"x", key})
		if err != nil || (e == nil) != want.IsZero() || e != nil && !e.IssuedAt.Equal(want) {
			t.Errorf("Last(%s) = %v, %v, want %v", key, e, err, want)
		}
	}
	last("sid:s", time.Time{})
	add(ending("1", noon), true, nil)
	add(ending("1", noon), false, nil)
	add(ending("2", noon.Add(-time.Second)), true, nil) // an earlier one that comes later
	last("sid:s", noon)
	last("any:u", noon)
	last("sub:u", time.Time{})
	add(ending("3", noon.Add(time.Second)), false, resource.ErrEndingsFull)
	last("sid:s", noon)
	now = noon.Add(2 * time.Minute)
	add(ending("3", now), true, nil)
	last("sid:s", now)
	now = now.Add(time.Hour)
	last("sid:s", time.Time{})
}
