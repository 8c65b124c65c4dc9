package resource_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/oidcspa/oidcspa/internal/redistest"
	"github.com/oidcspa/oidcspa/resource"
	"github.com/oidcspa/oidcspa/resource/redisendings"
)

// Two instances of an API share a Redis: what one is told concerns both, and the pages
// that listen at either. Without Redis both refuse what needs it; with it they go on
// where they were, and nothing that was acknowledged is lost.
func TestRedisEndings(t *testing.T) {
	server := redistest.StartKept(t)
	p := newProvider(t)
	type instance struct {
		api, logout http.Handler
		events      string
	}
	start := func() instance {
		endings := redisendings.New(redistest.NewClient(t, server.Socket))
		endings.Now = func() time.Time { return noon }
		m, h := newBackChannel(t, p, endings, nil)
		_, url := newStream(t, m, resource.LogoutEvents{})
		return instance{m.Handler(reached), h, url}
	}
	one, two := start(), start()
	token := func(sid string) string { return p.token(claims{"sid": mark + sid}) }
	ends := func(i instance, sid, jti string, status int) {
		t.Helper()
		if w := logOut(i.logout, logoutForm(p.logoutToken(claims{"sid": mark + sid, "jti": jti}))); w.Code != status {
			t.Errorf("logout of %s: status %d %s, want %d", sid, w.Code, w.Body, status)
		}
	}
	passes := func(i instance, sid string, status int) {
		t.Helper()
		if w := get(i.api, "Authorization", "Bearer "+token(sid)); w.Code != status {
			t.Errorf("session %s: status %d, want %d", sid, w.Code, status)
		}
	}
	a, b, c := listen(t, one.events, token("a")), listen(t, two.events, token("a")), listen(t, two.events, token("b"))
	for _, l := range []*listener{a, b, c} {
		l.hears(here)
	}
	passes(two, "a", 204)
	ends(one, "a", "1", 200)
	ends(two, "a", "1", 400) // a replay, also elsewhere
	passes(one, "a", 401)
	passes(two, "a", 401)
	passes(two, "b", 204)
	a.hears(aLogout)
	b.hears(aLogout)

	server.Stop()
	ends(one, "b", "2", 503)
	passes(one, "a", 503) // perhaps over
	passes(one, "b", 503) // perhaps not
	if l := listen(t, one.events, token("b")); l.resp.StatusCode != 503 {
		t.Errorf("a stream without Redis: status %d", l.resp.StatusCode)
	}

	server.StartAgain()
	passes(one, "a", 401)
	passes(two, "b", 204)
	ends(one, "b", "2", 200)
	passes(two, "b", 401)
	c.hears(aLogout) // it has listened all the time
	listen(t, one.events, token("b")).hears(aLogout)
	listen(t, start().events, token("a")).hears(aLogout)
}
