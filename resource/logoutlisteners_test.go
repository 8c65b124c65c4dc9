package resource_test

import (
	"context"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

// Access tokens have no sid, and two sessions of one End-User end. A page that says which is its
// own hears of that, whichever came first, and whether it listened.
func TestLogoutEventsOfTwo(t *testing.T) {
	p := newProvider(t)
	own, at := oidc.LogoutDigest("sid", issuer, "own"), noon.Unix()
	type logout struct {
		sid string
		iat int64
	}
	tests := []struct {
		name    string
		logouts []logout
	}{
		{"its own before, in the same second", []logout{{"own", at}, {"other", at}}},
		{"its own after, in the same second", []logout{{"other", at}, {"own", at}}},
		{"its own a second before", []logout{{"own", at}, {"other", at + 1}}},
		{"its own a second before, and told later", []logout{{"other", at + 1}, {"own", at}}},
		{"its own alone", []logout{{"own", at}}},
	}
	for _, tt := range tests {
		for _, before := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				m, h := newBackChannel(t, p, newMemory(), nil)
				_, url := newStream(t, m, resource.LogoutEvents{})
				logsOut := func() {
					for _, l := range tt.logouts {
						checkLogout(t, logOut(h, logoutForm(p.logoutToken(claims{"sid": l.sid, "iat": l.iat, "jti": l.sid}))), 200, "")
					}
				}
				if before {
					logsOut()
				}
				l := listen(t, url, p.token(nil), "Last-Event-ID", strconv.FormatInt(at, 10)+"."+own)
				if !before {
					l.hears(here)
					logsOut()
				}
				l.hears(aLogout + own)
			})
		}
	}
}

// What a page says of its session, in the place of a token without sid, brings it nothing that
// concerns somebody else, and no more places.
func TestLogoutEventsOfWhoseSession(t *testing.T) {
	p := newProvider(t)
	since := func(digest string) string { return strconv.FormatInt(noon.Unix(), 10) + "." + digest }
	theirs := oidc.LogoutDigest("sid", issuer, mark+"-sid-1")
	const somebody = mark + "-somebody"
	tests := []struct {
		name          string
		logout, token claims
		since         string
		hears         bool
	}{
		{"its own", nil, claims{}, since(theirs), true},
		{"another of its own End-User", nil, claims{}, since(oidc.LogoutDigest("sid", issuer, "x")), false},
		{"of somebody else", nil, claims{"sub": somebody}, since(theirs), false},
		{"of whom the logout names nobody", claims{"sub": nil}, claims{}, since(theirs), true},
		{"all sessions", claims{"sid": nil}, claims{}, since(theirs), true},
		{"all sessions of somebody else", claims{"sid": nil}, claims{"sub": somebody}, since(theirs), false},
		{"the token says another", nil, claims{"sid": "x"}, since(theirs), false},
		{"no digest", nil, claims{}, since(theirs[1:]), true},
		{"no base64", nil, claims{}, since(strings.Repeat("*", 43)), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, h := newBackChannel(t, p, newMemory(), nil)
			_, url := newStream(t, m, resource.LogoutEvents{})
			checkLogout(t, logOut(h, logoutForm(p.logoutToken(tt.logout))), 200, "")
			want := here
			if tt.hears {
				want = aLogout
			}
			listen(t, url, p.token(tt.token), "Last-Event-ID", tt.since).hears(want)
		})
	}
	t.Run("places", func(t *testing.T) {
		m, _ := newBackChannel(t, p, newMemory(), nil)
		_, url := newStream(t, m, resource.LogoutEvents{PerSession: 1})
		listen(t, url, p.token(nil), "Last-Event-ID", since(theirs)).hears(here)
		if l := listen(t, url, p.token(nil), "Last-Event-ID", since(oidc.LogoutDigest("sid", issuer, "x"))); l.resp.StatusCode != 429 {
			t.Errorf("status %d", l.resp.StatusCode)
		}
		listen(t, url, p.token(claims{"sub": somebody}), "Last-Event-ID", since(theirs)).hears(here)
	})
}

// A watch goes on as long as somebody listens, and no longer.
func TestLogoutEventsWatch(t *testing.T) {
	p := newProvider(t)
	endings := &watchedEndings{ended: make(chan struct{}, 1)}
	endings.Now = func() time.Time { return noon }
	m, h := newBackChannel(t, p, endings, nil)
	_, url := newStream(t, m, resource.LogoutEvents{})
	for i := range 2 {
		l := listen(t, url, p.token(claims{"sid": strconv.Itoa(i)}))
		l.hears(here)
		l.leave()
		<-endings.ended
	}
	l := listen(t, url, p.token(claims{"sid": mark + "-sid-1"}))
	l.hears(here)
	checkLogout(t, logOut(h, logoutForm(p.logoutToken(nil))), 200, "")
	l.hears(aLogout)
}

// hangingEndings does not answer whoever wants to watch, until it has lost patience.
type hangingEndings struct {
	resource.MemoryEndings
	patience time.Duration // 0: it answers
	asked    int
}

func (e *hangingEndings) Watch(ctx context.Context) (<-chan resource.Ending, error) {
	e.asked++
	if e.patience == 0 {
		return e.MemoryEndings.Watch(ctx)
	}
	select {
	case <-time.After(e.patience):
	case <-ctx.Done():
	}
	return nil, errBroken
}

// Pages that come while the endings hang wait together, and none of them longer than it wants.
func TestLogoutEventsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t)
		endings := &hangingEndings{patience: time.Second}
		endings.Now = func() time.Time { return noon }
		m, h := newBackChannel(t, p, endings, nil)
		stream, err := m.LogoutEvents(resource.LogoutEvents{})
		if err != nil {
			t.Fatal(err)
		}
		type answer struct {
			*httptest.ResponseRecorder
			after time.Duration
		}
		connect := func(ctx context.Context) <-chan answer {
			start, to := time.Now(), make(chan answer, 1)
			go func() {
				to <- answer{requestIn(ctx, stream, "/events", "Authorization", "Bearer "+p.token(nil)), time.Since(start)}
			}()
			return to
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		first, second, third := connect(t.Context()), connect(t.Context()), connect(impatient)
		for _, page := range []struct {
			name  string
			to    <-chan answer
			after time.Duration
		}{{"who leaves", third, time.Millisecond}, {"the first", first, time.Second}, {"the second", second, time.Second}} {
			if a := <-page.to; a.Code != 503 || a.after != page.after {
				t.Errorf("%s: status %d after %v, want 503 after %v", page.name, a.Code, a.after, page.after)
			}
		}
		if endings.asked != 1 {
			t.Errorf("%d watches for pages that came together", endings.asked)
		}

		endings.patience = 0
		ctx, leave := context.WithCancel(t.Context())
		last := connect(ctx)
		synctest.Wait()
		checkLogout(t, logOut(h, logoutForm(p.logoutToken(nil))), 200, "")
		synctest.Wait()
		leave()
		if a := <-last; a.Code != 200 || !strings.Contains(a.Body.String(), "event: logout") {
			t.Errorf("afterwards: status %d, %s", a.Code, a.Body)
		}
	})
}

// watchedEndings says when a watch has ended.
type watchedEndings struct {
	resource.MemoryEndings
	ended chan struct{}
}

func (e *watchedEndings) Watch(ctx context.Context) (<-chan resource.Ending, error) {
	context.AfterFunc(ctx, func() { e.ended <- struct{}{} })
	return e.MemoryEndings.Watch(ctx)
}
