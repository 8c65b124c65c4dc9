package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answerUser is how pages of these tests get a user.
func answerUser(user *User) []byte {
	return fmt.Appendf(nil, "%s %s %d", user.Subject(), user.AccessToken, user.ExpiresAt)
}

// asks opens a tab with settings that asker tells from others.
func (w *world) asks(asker string, hint Hint) (*Client, *tab) {
	w.t.Helper()
	tab := newTab(w.op)
	page := tab.page()
	page.Asker = asker
	client, err := w.registry.Open(w.settings, page, hint)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		client.session.stopTimer()
		client.session.idle.stop()
		tab.over.Store(true)
	})
	return client, tab
}

// told is what worker.js answers a tab, out of what the shelf has; "" if nothing.
func (s *shelf) told(t *testing.T, asker string, hint Hint) string {
	t.Helper()
	var all []*keptSession
	if text := s.has(); text != "" && json.Unmarshal([]byte(text), &all) != nil {
		return ""
	}
	now := time.Now().UnixMilli()
	for _, kept := range all {
		a := kept.Answer
		if a != nil && hint.SignedIn && slices.Contains(a.Askers, asker) && a.Order == hint.Kept() && a.From <= now && now < a.Until {
			return a.User
		}
	}
	return ""
}

// withAsker is withShelf where the tab that signs in asks as "one".
func withAsker(t *testing.T, edit func(*world), run func(t *testing.T, w *world, s *shelf, client *Client, tab *tab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, s := newWorld(t), &shelf{}
		w.op.RefreshTokens = true
		if edit != nil {
			edit(w)
		}
		w.reload(s)
		client, tab := w.asks("one", Hint{})
		w.signIn(client, tab)
		run(t, w, s, client, tab)
	})
}

// Who is told before the program runs hears the same of it, and nothing is asked of the
// provider. Whoever must not be told is not.
func TestKeptAnswer(t *testing.T) {
	shortLived := func(w *world) { w.op.EditTokenResponse = func(r map[string]any) { r["expires_in"] = 30 } } // as good as expired with 3 s left
	soonIdle := func(w *world) { w.settings.Idle = IdleSettings{Timeout: 10 * time.Second, RemoveOnly: true} }
	tests := []struct {
		name  string
		edit  func(*world)
		do    func(*testing.T, *world, *shelf, *Client)
		asker string
		hint  func(Hint) Hint
		told  bool
		lives bool // the program, meanwhile
	}{
		{"as it is", nil, nil, "one", nil, true, false},
		{"with other settings", nil, nil, "two", nil, false, false},
		{"by a page that does not say with which", nil, nil, "", nil, false, false},
		{"the page has no hint", nil, nil, "one", func(h Hint) Hint { h.SignedIn = false; return h }, false, false},
		{"the page keeps no order", nil, nil, "one", func(h Hint) Hint { h.Order = 0; return h }, false, false},
		{"the page keeps an older order", nil, nil, "one", func(h Hint) Hint { h.Order--; return h }, false, false},
		{"the page keeps a newer order", nil, nil, "one", func(h Hint) Hint { h.Order++; return h }, false, false},
		{"the page knows of another sign-out", nil, nil, "one", func(h Hint) Hint { h.Out++; return h }, false, false},
		{"the page knows of somebody else", nil, nil, "one", func(h Hint) Hint { h.Who = stamp(h.Order, "other"); return h }, false, false},
		{"almost a minute old", nil, func(*testing.T, *world, *shelf, *Client) { time.Sleep(keptFor - time.Millisecond) }, "one", nil, true, false},
		{"a minute old", nil, func(*testing.T, *world, *shelf, *Client) { time.Sleep(keptFor) }, "one", nil, false, false},
		{"of a clock that was set back", nil, func(t *testing.T, _ *world, s *shelf, _ *Client) {
			s.edit(t, func(kept *keptSession) { kept.Answer.From, kept.Answer.Until = kept.Answer.From+1, kept.Answer.Until+1 })
		}, "one", nil, false, false},
		{"the access token is as good as expired", shortLived, func(*testing.T, *world, *shelf, *Client) { time.Sleep(27 * time.Second) }, "one", nil, false, false},
		{"the access token is good a moment longer", shortLived, func(*testing.T, *world, *shelf, *Client) { time.Sleep(26 * time.Second) }, "one", nil, true, false},
		{"idle for too long", soonIdle, func(*testing.T, *world, *shelf, *Client) { time.Sleep(10 * time.Second) }, "one", nil, false, false},
		{"idle for not quite too long", soonIdle, func(*testing.T, *world, *shelf, *Client) { time.Sleep(9 * time.Second) }, "one", nil, true, false},
		{"somebody has signed out since", nil, func(t *testing.T, _ *world, _ *shelf, c *Client) { _ = c.RemoveUser(t.Context()) }, "one", nil, false, true},
		{"the token was renewed since", nil, func(t *testing.T, _ *world, _ *shelf, c *Client) {
			if _, err := c.SigninSilent(t.Context(), SigninArgs{}); err != nil {
				t.Error(err)
			}
		}, "one", nil, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withAsker(t, tt.edit, func(t *testing.T, w *world, s *shelf, client *Client, _ *tab) {
				hint := client.session.standing.keeps()
				if !tt.lives {
					s.end()
					client.Close()
					client.session.stopTimer()
					client.session.idle.stop()
				}
				if tt.do != nil {
					tt.do(t, w, s, client)
				}
				if tt.hint != nil {
					hint = tt.hint(hint)
				}
				told := s.told(t, tt.asker, hint)
				if (told != "") != tt.told {
					t.Fatalf("told %t, want %t", told != "", tt.told)
				}
				if told == "" || strings.HasSuffix(tt.name, "a moment longer") { // the next program renews that at once
					return
				}
				w.reload(s)
				w.op.ResetRequests()
				again, other := w.asks("one", hint)
				user, err := again.Restore(t.Context(), "")
				if err != nil || user == nil || string(answerUser(user)) != told {
					t.Errorf("the program says something else: %v, %t", err, user != nil)
				}
				synctest.Wait()
				if n := w.requests(other); n != 0 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// edit changes the session that the shelf has.
func (s *shelf) edit(t *testing.T, change func(*keptSession)) {
	t.Helper()
	var all []*keptSession
	if err := json.Unmarshal([]byte(s.has()), &all); err != nil || len(all) != 1 {
		t.Fatalf("%v, %d sessions", err, len(all))
	}
	change(all[0])
	changed, _ := json.Marshal(all)
	s.put(string(changed))
}

// All settings that a session has had tabs with have the answer, the last of them, also in the
// next program before all of its tabs have come.
func TestKeptAnswerOfManySettings(t *testing.T) {
	withAsker(t, nil, func(t *testing.T, w *world, s *shelf, client *Client, _ *tab) {
		hint := client.session.standing.keeps()
		want := func(what string, askers ...string) {
			t.Helper()
			for _, asker := range askers {
				if s.told(t, asker, hint) == "" {
					t.Errorf("%s: %s is told nothing", what, asker)
				}
			}
		}
		w.asks("two", hint)
		want("two tabs", "one", "two")
		w.reload(s)
		w.asks("two", hint)
		want("one tab after a reload", "one", "two")
		for i := range mostAskers - 1 {
			w.asks(fmt.Sprint("more", i), hint)
		}
		want("many", "two", "more0")
		if s.told(t, "one", hint) != "" {
			t.Error("there is no bound")
		}
		other, tab := w.settings, newTab(w.op)
		other.ClientID = "other"
		page := tab.page()
		page.Asker = "of another client"
		if _, err := w.registry.Open(other, page, hint); err != nil {
			t.Fatal(err)
		}
		if s.told(t, "of another client", hint) != "" {
			t.Error("another client is told somebody")
		}
	})
}

// Between an act and what becomes of it the record is of before: the user of one act does not
// go with the order of the next.
func TestKeptAnswerDuringAct(t *testing.T) {
	withAsker(t, nil, func(t *testing.T, _ *world, s *shelf, client *Client, _ *tab) {
		session := client.session
		hint := session.standing.keeps()
		session.ask(func(st *standing) effects {
			return st.signedIn(st.began(time.Now().UnixMilli()), "somebody else", time.Now().UnixMilli()+1)
		})
		session.handOver()
		if next := session.standing.keeps(); next == hint || s.told(t, "one", next) != "" {
			t.Error("the next order goes with the user of before")
		}
		if s.told(t, "one", hint) == "" {
			t.Error("there is no answer")
		}
		s.edit(t, func(kept *keptSession) {
			if kept.Standing.Order != hint.Order {
				t.Errorf("the record has order %d, want %d", kept.Standing.Order, hint.Order)
			}
		})
	})
}

// What happens while the program starts counts, whatever the page was told: the page hears it
// as an event, or asks and finds out.
func TestKeptAnswerOvertaken(t *testing.T) {
	out := func(w *world, hint Hint) []byte {
		return fmt.Appendf(nil, `{"issuer":%q,"client_id":%q,"who":"","order":%d}`, w.op.Issuer, w.op.ClientID, hint.Order+1)
	}
	for _, tt := range []struct {
		name   string
		before func(w *world, hint Hint)
		after  func(w *world, c *Client, hint Hint)
		event  bool
	}{
		{"a sign-out is heard of before the page has opened", func(w *world, hint Hint) { w.registry.Heard(out(w, hint)) }, nil, false},
		{"a sign-out is heard of afterwards", nil, func(w *world, _ *Client, hint Hint) { w.registry.Heard(out(w, hint)) }, true},
		{"the page finds one in storage", nil, func(_ *world, c *Client, hint Hint) { c.Hinted(Hint{Order: hint.Order + 1, Out: hint.Order + 1}) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withAsker(t, nil, func(t *testing.T, w *world, s *shelf, client *Client, _ *tab) {
				hint := client.session.standing.keeps()
				w.settings.Restore = RestoreOff
				w.reload(s)
				if s.told(t, "one", hint) == "" {
					t.Fatal("the page is told nothing")
				}
				if tt.before != nil {
					tt.before(w, hint)
				}
				again, tab := w.asks("one", hint)
				if tt.after != nil {
					tt.after(w, again, hint)
				}
				synctest.Wait()
				heard := slices.Contains(tab.heard(), UserUnloaded)
				if heard != tt.event {
					t.Errorf("the page heard %t, want %t", heard, tt.event)
				}
				if user, err := again.Restore(t.Context(), ""); user != nil || err != nil {
					t.Errorf("it asks, and finds somebody: %t, %v", user != nil, err)
				}
			})
		})
	}
}
