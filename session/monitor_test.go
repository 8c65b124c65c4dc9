package session

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// opFrame is the provider's frame in a tab.
type opFrame struct {
	mu     sync.Mutex
	asked  []Check
	answer func(n int) (string, error) // by how often it was asked
}

func (f *opFrame) CheckSession(_ context.Context, check Check) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, check)
	return f.answer(len(f.asked))
}

func (f *opFrame) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked)
}

// says answers with the words, and then with the last of them.
func says(words string) func(int) (string, error) {
	list := strings.Fields(words)
	return func(n int) (string, error) {
		if n > len(list) {
			n = len(list)
		}
		if list[n-1] == "nothing" {
			return "", ErrFrameNoResponse
		}
		return list[n-1], nil
	}
}

// watched opens a tab with a frame of the provider.
func (w *world) watched(answer func(int) (string, error)) (*Client, *tab, *opFrame) {
	w.t.Helper()
	tab, frame := newTab(w.op), &opFrame{answer: answer}
	page := tab.page()
	page.Checker = frame
	client, err := w.registry.Open(w.settings, page, Hint{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		client.session.stopTimer()
		client.session.turn.Lock()
		client.session.monitor.stop()
		client.session.turn.Unlock()
		client.session.idle.stop()
	})
	return client, tab, frame
}

func newWatchedWorld(t *testing.T) *world {
	w := newWorld(t)
	w.op.CheckSession = true
	w.op.Lifetime = 24 * time.Hour
	w.settings.Monitor.Session = true
	return w
}

func TestMonitor(t *testing.T) {
	forever := map[string]func(*world){
		"signed out": func(w *world) { w.op.SignedIn = false },
		"another":    func(w *world) { w.op.Subject = "subject-2" },
		"down": func(w *world) {
			w.op.EditCallback = func(p url.Values) { p["state"] = []string{"other"} }
		},
		"the same": func(*world) {},
	}
	tests := []struct {
		name     string // "<section> <what the frame says>"
		provider string // who is signed in there by then
		frame    string
		events   []EventName // after userLoaded of the sign-in
		user     bool        // there is one in the end
		asked    int         // how often in ten minutes; -1 for no end
		renewals int         // silent ones in that time
		why      Unwatched
	}{
		{"3.2 unchanged", "signed out", "unchanged", nil, true, -1, 0, ""},
		{"3.2 changed, the same person", "the same", "unchanged changed unchanged", []EventName{UserLoaded, UserSessionChanged}, true, -1, 1, ""},
		{"3.2 changed, signed out", "signed out", "unchanged changed", []EventName{UserSignedOut, UserUnloaded}, false, 2, 2, ""}, // with the hint, and without
		{"3.2 changed, another person", "another", "unchanged changed", []EventName{UserSignedOut, UserUnloaded}, false, 2, 1, ""},
		{"3.1 error", "signed out", "unchanged error changed", nil, true, 2, 0, FrameError},
		{"5.1 always changed, signed in", "the same", "changed", []EventName{UserLoaded, UserSessionChanged}, true, 2, 1, FrameBlind},
		{"5.1 always changed, no cookies", "signed out", "changed", nil, true, 1, 2, FrameBlind},
		{"5.1 changed at once, another person", "another", "changed", []EventName{UserSignedOut, UserUnloaded}, false, 1, 1, ""},
		{"changed twice, unchanged between", "the same", "unchanged changed unchanged changed unchanged",
			[]EventName{UserLoaded, UserSessionChanged, UserLoaded, UserSessionChanged}, true, -1, 2, ""},
		{"the frame never answers", "signed out", "nothing", nil, true, 3, 0, FrameSilent},
		{"the frame misses one", "signed out", "nothing unchanged", nil, true, -1, 0, ""},
		{"another word", "signed out", "ready", nil, true, -1, 0, ""},
		{"the silent sign-in fails", "down", "unchanged changed", nil, true, -1, -1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatchedWorld(t)
				client, tab, frame := w.watched(says(tt.frame))
				w.signIn(client, tab)
				tab.heard()
				w.op.Edit(func() { forever[tt.provider](w) })
				w.op.ResetRequests()
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				if heard := tab.heard(); !slices.Equal(heard, tt.events) && len(heard)+len(tt.events) > 0 {
					t.Errorf("events = %v, want %v", heard, tt.events)
				}
				if user, _ := client.session.current(); (user != nil) != tt.user {
					t.Errorf("somebody is signed in: %t, want %t", user != nil, tt.user)
				}
				if n := frame.count(); n != tt.asked && (tt.asked >= 0 || n < 10) {
					t.Errorf("the frame was asked %d times, want %d", n, tt.asked)
				}
				if why := client.Stats().Unwatched; why != tt.why {
					t.Errorf("unwatched: %q, want %q", why, tt.why)
				}
				n := w.op.Count(oidctest.Authorize)
				if n != tt.renewals && tt.renewals >= 0 {
					t.Errorf("%d silent sign-ins, want %d", n, tt.renewals)
				}
				if n > 20 {
					t.Errorf("%d silent sign-ins in ten minutes", n)
				}
			})
		})
	}
}

// What is asked: the provider's frame, at its origin, every two seconds, with
// the session_state that the user has then.
func TestMonitorQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatchedWorld(t)
		client, tab, frame := w.watched(says("unchanged changed unchanged"))
		before := w.signIn(client, tab)
		time.Sleep(7 * time.Second)
		synctest.Wait()
		after, _ := client.session.current()
		if before.SessionState == "" || after.SessionState == before.SessionState {
			t.Errorf("session_state is that of the sign-in, want that of the check")
		}
		if after.AccessToken != before.AccessToken {
			t.Error("the check replaced the tokens")
		}
		want := []string{before.SessionState, before.SessionState, after.SessionState}
		if len(frame.asked) != len(want) {
			t.Fatalf("asked %d times, want %d", len(frame.asked), len(want))
		}
		for i, check := range frame.asked {
			if check.URL != w.op.Issuer+"/check-session" || check.Origin != w.op.Issuer || check.Message != w.op.ClientID+" "+want[i] {
				t.Errorf("question %d = %+v", i+1, check)
			}
		}
	})
}

// Without the provider's part there is nothing to ask, and no setting means
// no question.
func TestMonitorNotAsked(t *testing.T) {
	tests := []struct {
		name string
		edit func(w *world)
	}{
		{"2 no session_state", func(w *world) {
			w.op.EditCallback = func(p url.Values) { delete(p, "session_state") }
		}},
		{"3.3 no check_session_iframe", func(w *world) {
			w.op.EditMetadata = func(m map[string]any) { delete(m, "check_session_iframe") }
		}},
		{"not wanted", func(w *world) { w.settings.Monitor.Session = false }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWatchedWorld(t)
				tt.edit(w)
				client, tab, frame := w.watched(says("unchanged"))
				w.signIn(client, tab)
				time.Sleep(time.Minute)
				if n := frame.count(); n != 0 {
					t.Errorf("the frame was asked %d times", n)
				}
			})
		})
	}
}

// The tab that holds the frame goes away: another one goes on.
func TestMonitorMovesToAnotherTab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatchedWorld(t)
		client, tab, first := w.watched(says("unchanged"))
		_, _, second := w.watched(says("unchanged"))
		w.signIn(client, tab)
		time.Sleep(5 * time.Second)
		if first.count() != 2 || second.count() != 0 {
			t.Errorf("asked %d and %d times, want one tab alone", first.count(), second.count())
		}
		first.mu.Lock()
		first.answer = func(int) (string, error) { return "", ErrPageGone }
		first.mu.Unlock()
		time.Sleep(10 * time.Second)
		if first.count() != 3 || second.count() != 5 {
			t.Errorf("asked %d and %d times, want the second to take over", first.count(), second.count())
		}
		client.Close()
		time.Sleep(10 * time.Second)
		if second.count() != 10 {
			t.Errorf("asked %d times after the first tab has left, want 10", second.count())
		}
	})
}

// A frame that cannot be relied on is asked again after the next sign-in.
func TestMonitorBeginsAgainAfterSignout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatchedWorld(t)
		client, tab, frame := w.watched(says("changed changed unchanged"))
		w.signIn(client, tab)
		time.Sleep(time.Minute)
		if _, err := client.SigninSilent(t.Context(), SigninArgs{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if n := frame.count(); n != 2 {
			t.Errorf("asked %d times, also after a renewal; want 2", n)
		}
		if err := client.RemoveUser(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.signIn(client, tab)
		time.Sleep(5 * time.Second)
		if n := frame.count(); n != 4 {
			t.Errorf("asked %d times, want 4", n)
		}
		if why := client.Stats().Unwatched; why != "" {
			t.Errorf("unwatched: %q", why)
		}
	})
}

func TestMonitorAnonymous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatchedWorld(t)
		w.op.SignedIn = false
		w.settings.Monitor = MonitorSettings{Anonymous: true}
		word := "unchanged"
		var mu sync.Mutex
		say := func(next string) {
			mu.Lock()
			defer mu.Unlock()
			word = next
		}
		_, tab, frame := w.watched(func(int) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			defer func() { word = "unchanged" }()
			return word, nil
		})
		steps := []struct {
			signedIn bool
			want     []EventName
		}{{false, nil}, {true, []EventName{UserSignedIn}}, {true, []EventName{UserSessionChanged}}, {false, []EventName{UserSignedOut}}}
		for i, step := range steps {
			w.op.Edit(func() { w.op.SignedIn = step.signedIn })
			if i > 0 {
				say("changed")
			}
			time.Sleep(6 * time.Second)
			if heard := tab.heard(); !slices.Equal(heard, step.want) && len(heard)+len(step.want) > 0 {
				t.Errorf("step %d: events = %v, want %v", i, heard, step.want)
			}
		}
		if frame.count() < 10 {
			t.Errorf("the frame was asked %d times", frame.count())
		}
	})
}

func TestQuerySessionStatus(t *testing.T) {
	tests := []struct {
		name      string
		edit      func(w *world)
		want      string // sub
		state     bool
		wantError oidc.Code
	}{
		{"2 signed in", func(*world) {}, "subject-1", true, ""},
		{"2 somebody else", func(w *world) { w.op.Subject = "subject-2" }, "subject-2", true, ""},
		{"2 nobody", func(w *world) { w.op.SignedIn = false }, "", false, oidc.ErrProvider},
		{"2 nobody, who may be anonymous", func(w *world) { w.op.SignedIn, w.settings.Monitor.Anonymous = false, true }, "", true, ""},
		{"2 no session_state", func(w *world) { w.op.CheckSession = false }, "", false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWatchedWorld(t)
			w.settings.Monitor.Session = false
			tt.edit(w)
			client, tab, _ := w.watched(says("unchanged"))
			found, err := client.QuerySessionStatus(t.Context(), SigninArgs{})
			if tt.wantError != "" {
				mustFail(t, "QuerySessionStatus", err, tt.wantError)
			} else if err != nil {
				t.Fatal(err)
			}
			if (found != nil) != tt.state || found != nil && (found.Subject != tt.want || found.State == "") {
				t.Errorf("QuerySessionStatus = %+v, want sub %q", found, tt.want)
			}
			if heard := tab.heard(); len(heard) > 0 || client.session.user != nil {
				t.Errorf("the question changed something: %v", heard)
			}
		})
	}
}

// The arguments are those of a silent sign-in; the scope is the least unless
// they have one.
func TestQuerySessionStatusArguments(t *testing.T) {
	tests := []struct {
		name  string
		args  SigninArgs
		param string
		want  string
	}{
		{"no scope", SigninArgs{}, "scope", "openid"},
		{"a scope", SigninArgs{Scope: "openid email"}, "scope", "openid email"},
		{"login_hint", SigninArgs{LoginHint: "ada"}, "login_hint", "ada"},
		{"redirect_uri", SigninArgs{RedirectURI: "https://app.example.test/other"}, "redirect_uri", "https://app.example.test/other"},
		{"prompt stays none", SigninArgs{Request: RequestSettings{Prompt: "login"}}, "prompt", "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWatchedWorld(t)
			w.settings.Monitor.Session = false
			w.settings.LoadUserinfo = true
			client, tab, _ := w.watched(says("unchanged"))
			tab.frame = func(_ context.Context, address string) (string, error) {
				u, err := url.Parse(address)
				if err != nil || u.Query().Get(tt.param) != tt.want {
					t.Errorf("%s = %q, %v; want %q", tt.param, u.Query().Get(tt.param), err, tt.want)
				}
				return w.op.Visit(address), nil
			}
			if found, err := client.QuerySessionStatus(t.Context(), tt.args); err != nil || found == nil {
				t.Errorf("QuerySessionStatus = %v, %v", found, err)
			}
			if n := w.op.Count(oidctest.Userinfo); n != 0 {
				t.Errorf("%d userinfo requests for a user whom nobody gets", n)
			}
		})
	}
}

// What one tab says of the provider's frame counts as long as the tab is there.
func TestMonitorBlindedByATab(t *testing.T) {
	for _, lie := range []string{"error", "nothing", "changed"} {
		for _, gone := range []time.Duration{3 * time.Second, time.Minute} { // before and after it is believed
			t.Run(lie+" "+gone.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWatchedWorld(t)
					w.t = t
					hostile, _, hostileFrame := w.watched(says(lie))
					honest, honestTab, honestFrame := w.watched(says("unchanged"))
					w.signIn(honest, honestTab)
					time.Sleep(gone)
					synctest.Wait()
					if hostileFrame.count() == 0 || honestFrame.count() != 0 {
						t.Fatal("the other tab was asked")
					}
					hostile.Close()
					time.Sleep(time.Minute)
					w.op.Edit(func() { w.op.SignedIn = false })
					honestFrame.mu.Lock()
					honestFrame.answer = says("changed")
					honestFrame.mu.Unlock()
					time.Sleep(time.Minute)
					synctest.Wait()
					if honest.Current() != nil {
						t.Errorf("a sign-out at the provider was not noticed; the frame was asked %d times", honestFrame.count())
					}
					_ = honest.RemoveUser(t.Context())
					honest.Close()
				})
			})
		}
	}
}
