package session

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
)

const eventsURL = "https://api.example.test/events"

// An eventServer is an API that tells of logouts, in front of the provider. What it is
// asked waits for an answer of the test, which says how it ends.
type eventServer struct {
	oidc.Transport
	answer func(n int, req *oidc.Request, says func(text string) error) (*oidc.Response, error)

	lasts time.Duration // that a stream does on which nothing is said any more; 0: until that is noticed

	mu    sync.Mutex
	asked []*oidc.Request
	live  int
}

func (s *eventServer) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	if req.URL != eventsURL {
		return s.Transport.Do(ctx, req)
	}
	s.mu.Lock()
	s.asked = append(s.asked, req)
	s.live++
	n := len(s.asked)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.live--
	}()
	says := func(text string) error { return req.Stream.Take([]byte(text)) }
	resp, err := s.answer(n, req, says)
	if resp == nil && err == nil { // it says no more
		select {
		case <-ctx.Done():
			return nil, oidc.ErrAborted
		case <-time.After(cmp.Or(s.lasts, req.Stream.Silence)):
			if s.lasts > 0 {
				return okEnd()
			}
			return nil, oidc.ErrTimeout
		}
	}
	return resp, err
}

func (s *eventServer) count() (asked, live int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked), s.live
}

// requests are those that came.
func (s *eventServer) requests() []*oidc.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func okEnd() (*oidc.Response, error) { return &oidc.Response{Status: 200}, nil }

func answerOf(code int, header ...string) (*oidc.Response, error) {
	resp := &oidc.Response{Status: code, Header: map[string]string{}}
	for i := 0; i < len(header); i += 2 {
		resp.Header[header[i]] = header[i+1]
	}
	return resp, nil
}

// logoutEvent is what the server says of a logout.
func logoutEvent(iat int64, session string) string {
	return fmt.Sprintf("event: logout\nid: %d\ndata: {\"iat\":%d,\"session\":%q}\n\n", iat, iat, session)
}

func newHearing(t *testing.T) (*world, *eventServer) {
	w := newWorld(t)
	w.op.Lifetime, w.op.SessionID = 24*time.Hour, "sid-1"
	server := &eventServer{Transport: w.transport}
	w.settings.LogoutEvents, w.settings.Fetch.Allow = eventsURL, []API{{URL: "https://api.example.test/"}}
	w.registry = NewRegistry(Config{Transport: server, Logf: t.Logf})
	return w, server
}

// hears opens a tab and signs in.
func (w *world) hears() (*Client, *tab) {
	client, tab := w.open(false)
	w.t.Cleanup(func() {
		client.session.turn.Lock()
		defer client.session.turn.Unlock()
		client.session.logouts.stop()
	})
	w.signIn(client, tab)
	tab.heard()
	return client, tab
}

// What an event does.
func TestLogoutEvents(t *testing.T) {
	sid := func(w *world, value string) string { return oidc.LogoutDigest("sid", w.op.Issuer, value) }
	over := []EventName{UserSignedOut, UserUnloaded}
	tests := []struct {
		name   string
		says   func(w *world, now int64) string
		events []EventName
	}{
		{"of this session", func(w *world, now int64) string { return logoutEvent(now, sid(w, "sid-1")) }, over},
		{"of all sessions", func(_ *world, now int64) string { return logoutEvent(now, "") }, over},
		{"of another session", func(w *world, now int64) string { return logoutEvent(now, sid(w, "sid-2")) }, nil},
		{"of another session, and of this one", func(w *world, now int64) string {
			return logoutEvent(now, sid(w, "sid-2")) + logoutEvent(now+1, sid(w, "sid-1"))
		}, over},
		{"of another session, and of this one that ended before that", func(w *world, now int64) string {
			return logoutEvent(now+1, sid(w, "sid-2")) + logoutEvent(now, sid(w, "sid-1"))
		}, over},
		{"of one that had ended before", func(w *world, now int64) string { return logoutEvent(now-1, sid(w, "sid-1")) }, nil},
		{"a word of another kind", func(_ *world, now int64) string {
			return strings.Replace(logoutEvent(now, ""), "logout", "message", 1)
		}, nil},
		{"not JSON", func(*world, int64) string { return "event: logout\ndata: x\n\n" }, nil},
		{"no data", func(*world, int64) string { return "event: logout\n\n" }, nil},
		{"not complete", func(_ *world, now int64) string { return strings.TrimSuffix(logoutEvent(now, ""), "\n") }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, server := newHearing(t)
				said, signedIn := false, make(chan struct{})
				server.answer = func(_ int, _ *oidc.Request, says func(string) error) (*oidc.Response, error) {
					<-signedIn
					if !said {
						said = true
						if err := says(": here\n\n" + tt.says(w, time.Now().Unix())); err != nil {
							return nil, err
						}
					}
					return nil, nil
				}
				client, tab := w.hears()
				close(signedIn)
				synctest.Wait()
				if got := tab.heard(); !slices.Equal(got, tt.events) {
					t.Errorf("events %v, want %v", got, tt.events)
				}
				if (client.Current() == nil) != (tt.events != nil) {
					t.Errorf("user %v", client.Current())
				}
				if _, live := server.count(); (live == 0) != (tt.events != nil) {
					t.Errorf("%d streams", live)
				}
			})
		})
	}
}

// What goes to the server: the access token, since when to tell, and of which session.
func TestLogoutEventsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, server := newHearing(t)
		server.answer = func(int, *oidc.Request, func(string) error) (*oidc.Response, error) { return nil, nil }
		start := time.Now().Unix()
		client, _ := w.hears()
		synctest.Wait()
		time.Sleep(30 * time.Second)
		renewed, err := client.SigninSilent(t.Context(), SigninArgs{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // the first stream breaks, and another one begins
		synctest.Wait()
		asked := server.requests()
		if len(asked) < 2 {
			t.Fatalf("%d requests", len(asked))
		}
		last := asked[len(asked)-1]
		want := map[string]string{
			"Authorization": "Bearer " + renewed.AccessToken.Reveal(), "Accept": "text/event-stream", "Last-Event-ID": fmt.Sprint(start) + "." + oidc.LogoutDigest("sid", w.op.Issuer, "sid-1"),
		}
		if last.Method != "GET" || !maps.Equal(last.Header, want) || last.MayRedirect || last.Cookies || !last.NoStore {
			t.Errorf("request %+v, want the header %v", last, want)
		}
		if asked[0].Header["Authorization"] == want["Authorization"] {
			t.Error("the first request had the token of the renewal")
		}
	})
}

// How often the server is asked in an hour: whatever it answers, there is a bound.
func TestLogoutEventsAgain(t *testing.T) {
	type answer = func(n int, req *oidc.Request, says func(string) error) (*oidc.Response, error)
	always := func(resp *oidc.Response, err error) answer {
		return func(int, *oidc.Request, func(string) error) (*oidc.Response, error) { return resp, err }
	}
	ok, _ := okEnd()
	busy, _ := answerOf(503, "retry-after", "600")
	refused, _ := answerOf(401)
	missing, _ := answerOf(404)
	tests := []struct {
		name        string
		answer      answer
		least, most int
	}{
		{"it ends at once", always(ok, nil), 20, 100},
		{"it cannot be reached", always(nil, oidc.ErrNetwork), 20, 100},
		{"it says nothing", always(nil, nil), 20, 60},
		{"it asks to wait", always(busy, nil), 4, 8},
		{"it refuses the token", always(refused, nil), 1, 1},
		{"there is nothing", always(missing, nil), 1, 1},
		{"it redirects", always(nil, oidc.ErrRedirectRefused), 1, 1},
		{"it does not allow the origin", always(nil, oidc.ErrCORSRefused), 1, 1},
		{"a line without an end", func(_ int, _ *oidc.Request, says func(string) error) (*oidc.Response, error) {
			return nil, says(strings.Repeat("x", 5000))
		}, 20, 100},
		{"another session, each time", func(_ int, _ *oidc.Request, says func(string) error) (*oidc.Response, error) {
			_ = says(logoutEvent(time.Now().Unix(), "x"))
			return ok, nil
		}, 20, 100},
		{"it lives for five minutes", always(nil, nil), 11, 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, server := newHearing(t)
				server.answer = tt.answer
				if strings.Contains(tt.name, "five minutes") {
					server.lasts = 5 * time.Minute
				}
				client, _ := w.hears()
				time.Sleep(time.Hour)
				if n, _ := server.count(); n < tt.least || n > tt.most {
					t.Errorf("%d requests in an hour, want %d to %d", n, tt.least, tt.most)
				}
				before, _ := server.count()
				for range 1000 { // a page that wakes up all the time
					client.Wake()
					time.Sleep(10 * time.Millisecond)
				}
				if n, _ := server.count(); n-before > 12 {
					t.Errorf("%d requests in ten seconds of a page that wakes up", n-before)
				}
				if client.Current() == nil {
					t.Error("nobody is signed in any more")
				}
			})
		})
	}
}

// A token that was refused, or has expired, is not shown again; the next one is.
func TestLogoutEventsNextToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, server := newHearing(t)
		server.answer = func(n int, _ *oidc.Request, _ func(string) error) (*oidc.Response, error) {
			if n == 1 {
				return answerOf(401)
			}
			return nil, nil
		}
		client, _ := w.hears()
		time.Sleep(time.Minute)
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if asked, live := server.count(); asked != 2 || live != 1 {
			t.Errorf("%d requests, %d streams", asked, live)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		w, server := newHearing(t)
		w.op.Lifetime, w.settings.ManualRenew = time.Minute, true
		server.answer = func(int, *oidc.Request, func(string) error) (*oidc.Response, error) { return nil, nil }
		server.lasts = time.Minute
		client, _ := w.hears()
		time.Sleep(time.Hour)
		if asked, _ := server.count(); asked != 1 {
			t.Errorf("%d requests with a token that has expired", asked)
		}
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, live := server.count(); live != 1 {
			t.Errorf("%d streams with the next token", live)
		}
	})
}

// What comes between the page and the provider for a moment keeps the stream away no longer
// than what comes between the page and the server does.
func TestLogoutEventsResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, server := newHearing(t)
		w.settings.Fetch.Allow = []API{{URL: "https://api.example.test/", Resource: "https://api.example.test/"}}
		server.answer = func(int, *oidc.Request, func(string) error) (*oidc.Response, error) { return nil, nil }
		away := &awayFor{Transport: server.Transport, until: time.Now().Add(30 * time.Second)}
		server.Transport = away
		client, _ := w.hears()
		time.Sleep(15 * time.Minute) // pauses are random, also those after a stream that has lasted
		synctest.Wait()
		if begun, _ := server.count(); begun == 0 || away.times == 0 || away.times > 10 {
			t.Errorf("%d streams, after %d requests for a token", begun, away.times)
		}
		if client.Current() == nil {
			t.Error("nobody is signed in any more")
		}
	})
}

// awayFor does not reach the provider for a while with what is posted after the sign-in.
type awayFor struct {
	oidc.Transport
	until  time.Time
	signed bool
	times  int
}

func (a *awayFor) Do(ctx context.Context, req *oidc.Request) (*oidc.Response, error) {
	if req.Method == "POST" {
		if a.signed && time.Now().Before(a.until) {
			a.times++
			return nil, oidc.ErrNetwork
		}
		a.signed = true
	}
	return a.Transport.Do(ctx, req)
}

// There is one stream for all tabs, as long as somebody is signed in and a tab wants it.
func TestLogoutEventsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, server := newHearing(t)
		server.answer = func(int, *oidc.Request, func(string) error) (*oidc.Response, error) { return nil, nil }
		streams := func(when string, want int) {
			t.Helper()
			synctest.Wait()
			if _, live := server.count(); live != want {
				t.Errorf("%s: %d streams, want %d", when, live, want)
			}
		}
		client, tab := w.open(false)
		time.Sleep(time.Hour)
		if asked, _ := server.count(); asked != 0 {
			t.Errorf("%d requests while nobody is signed in", asked)
		}
		w.signIn(client, tab)
		streams("signed in", 1)
		other, _ := w.open(true)
		streams("with another tab", 1)
		other.Close()
		streams("without it again", 1)
		if err := client.RemoveUser(t.Context()); err != nil {
			t.Fatal(err)
		}
		streams("removed", 0)
		w.signIn(client, tab)
		streams("signed in again", 1)
		w.settings.LogoutEvents = ""
		deaf, _ := w.open(true)
		streams("with a tab that wants none", 1)
		client.Close()
		streams("with that alone", 0)
		w.settings.LogoutEvents = eventsURL
		again, _ := w.open(true)
		streams("with one that does", 1)
		again.Close()
		deaf.Close()
		streams("without any tab", 0)
	})
}

// Where the access token may go decides where events may come from.
func TestLogoutEventsSetting(t *testing.T) {
	allow := []API{{URL: "https://api.example.test/v1"}}
	tests := []struct {
		name, address string
		allow         []API
		want          error
	}{
		{"allowed", "https://api.example.test/v1/events", allow, nil},
		{"none", "", nil, nil},
		{"not on the list", "https://api.example.test/v2/events", allow, oidc.ErrInvalidConfig},
		{"another origin", "https://other.example.test/v1/events", allow, oidc.ErrInvalidConfig},
		{"nothing is allowed", "https://api.example.test/v1/events", nil, oidc.ErrInvalidConfig},
		{"no address", "/v1/events", allow, oidc.ErrInvalidConfig},
		{"not secure", "http://api.example.test/v1/events", allow, oidc.ErrInvalidConfig},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, _ := newHearing(t)
			w.settings.LogoutEvents, w.settings.Fetch.Allow = tt.address, tt.allow
			client, err := w.registry.Open(w.settings, newTab(w.op).page(), Hint{})
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("Open: %v, want %v", err, tt.want)
			}
			if client != nil {
				client.Close()
			}
		})
	}
}

// A stream comes in pieces of any size, with any of the three ends of a line.
func TestEventLines(t *testing.T) {
	const said = "logout={\"iat\":1}\n=two\nthree\n"
	for _, end := range []string{"\n", "\r", "\r\n"} {
		text := strings.ReplaceAll(": here\n\nevent: logout\nid: 1\ndata: {\"iat\":1}\n\nevent: x\n\ndata:two\ndata: three\nother\n\nevent: y\ndata: z\n", "\n", end)
		for size := 1; size <= len(text); size++ {
			var lines eventLines
			got := ""
			for piece := range slices.Chunk([]byte(text), size) {
				err := lines.take(piece, func(name, data string) error { got += name + "=" + data + "\n"; return nil })
				if err != nil {
					t.Fatal(err)
				}
			}
			if got != said {
				t.Fatalf("end %q, pieces of %d: %q", end, size, got)
			}
		}
	}
	for name, text := range map[string]string{
		"a line": strings.Repeat("x", 1025), "a whole line": strings.Repeat("x", 1025) + "\n", "data": strings.Repeat("data: "+strings.Repeat("x", 600)+"\n", 2),
	} {
		if err := new(eventLines).take([]byte(text), nil); !errors.Is(err, errLineTooLong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
